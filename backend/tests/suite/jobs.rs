//! Timed work, on both databases.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::support::{Folder, both, number, open_shop};
use backend::Shop;
use backend::jobs::{self, JobsError};
use domain::id::{JobId, RequestId, UserId};
use domain::permission::Role;
use platform::Context;
use platform::db::{DbError, Tx};
use platform::jobs::{Failure, Handler, Handlers, Job, TRIES, enqueue, enqueue_again};

/// A job whose handler each test gives.
#[derive(serde::Serialize, serde::Deserialize)]
struct Told {}

impl Job for Told {
    const KIND: &'static str = "test.told";
    type State = Shop;
    async fn run(self, _: Shop) -> Result<(), Failure> {
        Ok(())
    }
}

/// A job that never succeeds.
#[derive(serde::Serialize, serde::Deserialize)]
struct Fails {}

impl Job for Fails {
    const KIND: &'static str = "test.fails";
    type State = Shop;
    async fn run(self, _: Shop) -> Result<(), Failure> {
        Err("no".into())
    }
}

async fn put<J: Job>(shop: &Shop, job: J) {
    shop.db().write(async move |tx: &mut Tx| enqueue(tx, &job, tx.now(), None).await).await.unwrap();
}

/// Does [`Told`] so, and whatever else the shop has to do.
fn handlers(told: Handler<Shop>) -> Handlers<Shop> {
    let mut handlers = jobs::handlers();
    handlers.add::<Fails>();
    handlers.insert(Told::KIND, told);
    handlers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_retried_with_longer_pauses_until_it_is_dead() {
    both(async |shop| {
        shop.db()
            .write(async |tx: &mut Tx| {
                for _ in 0..2 {
                    enqueue(tx, &Fails {}, tx.now(), Some("once")).await?;
                }
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
        assert_eq!(number(shop, "select count(*) from jobs").await, 1);
        let handlers = handlers(Box::new(|_, _| Box::pin(async { Ok(()) })));
        for n in 1..=TRIES {
            assert_eq!(jobs::run_due(shop, &handlers).await.unwrap(), 1, "try {n}");
            assert_eq!(jobs::run_due(shop, &handlers).await.unwrap(), 0, "it waits after try {n}");
            shop.clock.advance(86_400_000);
        }
        assert_eq!(jobs::run_due(shop, &handlers).await.unwrap(), 0);
        assert_eq!(number(shop, "select count(*) from jobs where state = 'dead'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_panics_is_tried_again() {
    both(async |shop| {
        put(shop, Told {}).await;
        let handler: Handler<Shop> = Box::new(|shop: Shop, _| {
            assert!(shop.now() > crate::support::START, "on purpose");
            Box::pin(async { Ok(()) })
        });
        let handlers = handlers(handler);
        assert_eq!(jobs::run_due(shop, &handlers).await.unwrap(), 1);
        assert_eq!(number(shop, "select count(*) from jobs where state = 'waiting' and last_error = 'it panicked'").await, 1);
        shop.clock.advance(10_000);
        assert_eq!(jobs::run_due(shop, &handlers).await.unwrap(), 1);
        assert_eq!(number(shop, "select count(*) from jobs where state = 'done'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_lease_ended_changes_nothing() {
    both(async |shop| {
        put(shop, Told {}).await;
        let clock = Arc::clone(&shop.clock);
        let slow: Handler<Shop> = Box::new(move |shop, _| {
            let clock = Arc::clone(&clock);
            Box::pin(async move {
                // Its lease runs out, and another worker does the job.
                clock.advance(61_000);
                let quick: Handler<Shop> = Box::new(|_, _| Box::pin(async { Ok(()) }));
                assert_eq!(jobs::run_due(&shop, &handlers(quick)).await.unwrap(), 1);
                Err("too late".into())
            })
        });
        jobs::run_due(shop, &handlers(slow)).await.unwrap();
        assert_eq!(number(shop, "select count(*) from jobs where state = 'done' and last_error is null").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_never_do_the_same_job() {
    both(async |shop| {
        for _ in 0..20 {
            put(shop, Told {}).await;
        }
        let done = Arc::new(AtomicI64::new(0));
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let (shop, done) = (shop.shop.clone(), Arc::clone(&done));
                tokio::spawn(async move {
                    let handler: Handler<Shop> = Box::new(move |_, _| {
                        done.fetch_add(1, Ordering::SeqCst);
                        Box::pin(async { Ok(()) })
                    });
                    jobs::run_due(&shop, &handlers(handler)).await.unwrap()
                })
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        // A worker may find the last job taken and stop before the others have finished, but none is done twice.
        assert_eq!(done.load(Ordering::SeqCst), 20);
        assert_eq!(number(shop, "select count(*) from jobs where state = 'done' and attempts = 1").await, 20);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_rests_does_a_job_when_its_time_comes() {
    let folder = Folder::new();
    let config = backend::ShopConfig::new(format!("sqlite:{}", folder.path().join("shop.db").display()), folder.path(), "http://127.0.0.1");
    let shop = open_shop(config).await.unwrap();
    let due = shop.now().plus_millis(300);
    shop.db().write(async move |tx: &mut Tx| enqueue(tx, &Told {}, due, None).await).await.unwrap();
    let (told, mut at) = tokio::sync::mpsc::unbounded_channel();
    let handler: Handler<Shop> = Box::new(move |shop, _| {
        told.send(shop.now()).unwrap();
        Box::pin(async { Ok(()) })
    });
    let working = platform::jobs::run(shop.db(), shop.clone(), handlers(handler));
    let late = at.recv().await.unwrap().millis() - due.millis();
    assert!((0..500).contains(&late), "{late} ms");
    working.abort();
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_jobs_are_listed_and_can_be_retried() {
    both(async |shop| {
        put(shop, Fails {}).await;
        let handlers = handlers(Box::new(|_, _| Box::pin(async { Ok(()) })));
        for _ in 0..TRIES {
            jobs::run_due(shop, &handlers).await.unwrap();
            shop.clock.advance(86_400_000);
        }
        let [manager, clerk] = [Role::Manager, Role::Clerk].map(|role| Context::staff(UserId(shop.id()), role, RequestId(shop.id())));
        let dead = jobs::dead(shop, &manager).await.unwrap();
        assert_eq!((dead.len(), dead[0].why.as_str()), (1, "no"));
        assert!(matches!(jobs::dead(shop, &clerk).await, Err(JobsError::Forbidden(_))));
        assert!(matches!(jobs::retry(shop, &clerk, dead[0].id).await, Err(JobsError::Forbidden(_))));
        assert!(jobs::retry(shop, &manager, dead[0].id).await.unwrap());
        assert!(!jobs::retry(shop, &manager, JobId(shop.id())).await.unwrap());
        assert_eq!(number(shop, "select count(*) from events where kind = 'job.retried'").await, 1);
        assert!(jobs::dead(shop, &manager).await.unwrap().is_empty());
        assert_eq!(jobs::run_due(shop, &handlers).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_enqueued_again_waits_once_and_runs_again_after_it_ended() {
    both(async |shop| {
        let handlers = handlers(Box::new(|_, _| Box::pin(async { Ok(()) })));
        let want = async || {
            shop.db().write(async |tx: &mut Tx| enqueue_again(tx, &Told {}, tx.now(), "a").await).await.unwrap();
        };
        want().await;
        want().await;
        assert_eq!(jobs::run_due(shop, &handlers).await.unwrap(), 1, "it waits once");
        want().await;
        assert_eq!(jobs::run_due(shop, &handlers).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finished_jobs_are_removed_after_a_time_and_dead_ones_stay() {
    both(async |shop| {
        const DAY: i64 = 86_400_000;
        let handlers = handlers(Box::new(|_, _| Box::pin(async { Ok(()) })));
        put(shop, Told {}).await;
        put(shop, Fails {}).await;
        for _ in 0..TRIES {
            jobs::run_due(shop, &handlers).await.unwrap();
            shop.clock.advance(DAY / 12);
        }
        shop.clock.advance(28 * DAY - TRIES * (DAY / 12));
        put(shop, Told {}).await;
        jobs::run_due(shop, &handlers).await.unwrap();
        assert_eq!(jobs::delete_done(shop).await.unwrap(), 0, "28 days");
        shop.clock.advance(3 * DAY);
        assert_eq!(jobs::delete_done(shop).await.unwrap(), 1, "31 days");
        assert_eq!(number(shop, "select count(*) from jobs where state = 'done'").await, 1);
        shop.clock.advance(365 * DAY);
        jobs::delete_done(shop).await.unwrap();
        assert_eq!(number(shop, "select count(*) from jobs where state = 'dead'").await, 1);
    })
    .await;
}
