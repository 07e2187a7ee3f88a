//! Jobs of two nodes: each is done once, and one whose node was killed is done by the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use platform::clock::SimulatedClock;
use platform::db::{Backup, Db, DbError, Tx};
use platform::jobs::{Failure, Handler, Handlers, Job, enqueue};
use platform::rng::SystemRng;

use super::{Process, Task, until};
use crate::support::postgres_url;

#[derive(serde::Serialize, serde::Deserialize)]
struct Rest {}

impl Job for Rest {
    const KIND: &'static str = "test.rest";
    type State = Db;
    /// Longer than any test.
    async fn run(self, _: Db) -> Result<(), Failure> {
        tokio::time::sleep(Duration::from_secs(600)).await;
        Ok(())
    }
}

/// What a process does with [`Rest`].
pub(super) fn resting() -> Handlers<Db> {
    let mut handlers = Handlers::new();
    handlers.add::<Rest>();
    handlers
}

/// Counts what it does of [`Rest`].
fn counting(done: &Arc<AtomicI64>) -> Handlers<Db> {
    let (mut handlers, done) = (Handlers::new(), Arc::clone(done));
    let count: Handler<Db> = Box::new(move |_, _| {
        done.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(3)).await;
            Ok(())
        })
    });
    handlers.insert(Rest::KIND, count);
    handlers
}

async fn enqueued(db: &Db, count: usize) {
    db.write(async move |tx: &mut Tx| {
        for _ in 0..count {
            enqueue(tx, &Rest {}, tx.now(), None).await?;
        }
        Ok::<_, DbError>(())
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_job_is_done_by_one_of_two_nodes() {
    let url = postgres_url().await;
    let first = Db::open(&url).await.unwrap();
    first.migrate(&backend::SCHEMA, Backup::Make).await.unwrap();
    let second = Db::open(&url).await.unwrap();
    enqueued(&first, 300).await;
    let counts = [Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0))];
    let working = [(&first, &counts[0]), (&second, &counts[1])].map(|(db, done)| Task(platform::jobs::run(db, db.clone(), counting(done))));
    let sql = "select count(*) from jobs where state = 'done' and attempts = 1";
    until("all jobs are done", 30, async || first.fetch_scalar::<i64>(sql, &[]).await.unwrap() == 300).await;
    let done = counts.map(|count| count.load(Ordering::SeqCst));
    assert!(done[0] + done[1] == 300 && done[0] > 0 && done[1] > 0, "{done:?}");
    drop(working);
    second.close().await;
    first.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_a_killed_node_is_done_by_another_when_its_lease_ends() {
    let url = postgres_url().await;
    let db = Db::open(&url).await.unwrap();
    db.migrate(&backend::SCHEMA, Backup::Make).await.unwrap();
    enqueued(&db, 1).await;
    let node = Process::start(&url);
    let running = "select count(*) from jobs where state = 'running'";
    until("the job runs", 30, async || db.fetch_scalar::<i64>(running, &[]).await.unwrap() == 1).await;
    node.signal("KILL");
    let clock = Arc::new(SimulatedClock::at(db.now()));
    let other = Db::open_with(&url, clock.clone(), Arc::new(SystemRng)).await.unwrap();
    let done = Arc::new(AtomicI64::new(0));
    assert_eq!(platform::jobs::run_due(&other, &other, &counting(&done)).await.unwrap(), 0, "it is still leased");
    clock.advance(61_000);
    assert_eq!(platform::jobs::run_due(&other, &other, &counting(&done)).await.unwrap(), 1);
    let sql = "select attempts from jobs where state = 'done'";
    assert_eq!((done.load(Ordering::SeqCst), other.fetch_scalar::<i64>(sql, &[]).await.unwrap()), (1, 2));
    other.close().await;
    db.close().await;
}
