//! Timed work: a table, a lease, backoff, and dead jobs. See `docs/platform/jobs.md`.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use domain::id::JobId;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::db::{Db, DbError, Hex, JsonRows, Tx, hex};

/// Tries before a job is dead: some 21 hours, so that a bank or a mail server may be down for a day.
pub const TRIES: i64 = 32;
/// How long a worker may take; afterwards another may try.
const LEASE_MS: i64 = 60_000;
/// The first pause after a failure; each further one is twice as long, up to the longest.
const FIRST_PAUSE_MS: i64 = 2_000;
const MAX_PAUSE_MS: i64 = 60 * 60 * 1_000;

/// How long a job that was done is kept, milliseconds: its key keeps what it is about from being done twice.
const RETENTION_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// After this time a worker looks again, even if nothing it knows of is due: other nodes enqueue too.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Jobs that one program does at the same time: a mail server that does not answer must not hold up payments.
const WORKERS: usize = 4;

/// Why a job was not done; it is kept with the job, so it must not hold personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Something that passes: it is tried again after a while.
    Transient(String),
    /// A failure for good: the job is dead at once.
    Permanent(String),
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self::Transient(why)
    }
}
impl From<&str> for Failure {
    fn from(why: &str) -> Self {
        Self::Transient(why.to_owned())
    }
}

/// Timed work: a struct with what it is about, kept as JSON until it is done. It may be run again, so it must be idempotent.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// `payment.capture`; it is stored, so it stays.
    const KIND: &'static str;
    /// What the handler is given, such as the shop.
    type State: Clone + Send + Sync + 'static;
    /// Does the work. A passing failure is tried again later.
    fn run(self, state: Self::State) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What a handler returns.
pub type Done = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;
/// Does one kind of job.
pub type Handler<S> = Box<dyn Fn(S, Value) -> Done + Send + Sync>;

/// What becomes of a job.
pub enum Ended<'a> {
    Done,
    /// It is not tried again.
    Dead {
        kind: &'a str,
        payload: &'a str,
        why: &'a str,
    },
}

/// Told in the same transaction what became of a job.
pub type Observer = Arc<dyn for<'a> Fn(&'a mut Tx, JobId, Ended<'a>) -> LocalBoxFuture<'a, Result<(), DbError>> + Send + Sync>;

/// The jobs that this program can do.
pub struct Handlers<S> {
    by_kind: HashMap<&'static str, Handler<S>>,
    observer: Option<Observer>,
}

impl<S> Default for Handlers<S> {
    fn default() -> Self {
        Self { by_kind: HashMap::new(), observer: None }
    }
}

impl<S: Clone + Send + Sync + 'static> Handlers<S> {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind of job.
    pub fn add<J: Job<State = S>>(&mut self) {
        let run = |state, payload| -> Done {
            Box::pin(async move {
                let job: J = serde_json::from_value(payload).map_err(|error| error.to_string())?;
                job.run(state).await
            })
        };
        self.insert(J::KIND, Box::new(run));
    }

    /// Has a kind of job done by this handler.
    pub fn insert(&mut self, kind: &'static str, handler: Handler<S>) {
        self.by_kind.insert(kind, handler);
    }

    /// Calls this with the outcome of each job.
    pub fn observe<O>(&mut self, observer: O)
    where
        O: for<'a> Fn(&'a mut Tx, JobId, Ended<'a>) -> LocalBoxFuture<'a, Result<(), DbError>> + Send + Sync + 'static,
    {
        self.observer = Some(Arc::new(observer));
    }
}

macro_rules! insert {
    ($on_conflict:literal) => {
        concat!(
            "insert into jobs (id, kind, payload, key, run_at, created_at) values ($1, $2, $3, $4, $5, $6) on conflict (key) ",
            $on_conflict
        )
    };
}

/// Enqueues a job in the transaction of the change. A `key` makes it unique: a second one with the same key is ignored.
///
/// # Errors
/// The database's.
pub async fn enqueue<J: Job>(tx: &mut Tx, job: &J, run_at: Timestamp, key: Option<&str>) -> Result<(), DbError> {
    insert(tx, insert!("do nothing"), J::KIND, &serde_json::to_value(job)?, run_at, key).await
}

/// Enqueues many jobs with one statement, each with when to run it and its key.
///
/// # Errors
/// The database's.
pub async fn enqueue_all<J: Job>(tx: &mut Tx, jobs: &[(J, Timestamp, String)]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        payload: String,
        key: &'a str,
        run_at: Timestamp,
    }
    if jobs.is_empty() {
        return Ok(());
    }
    let mut rows = JsonRows::new();
    for (job, run_at, key) in jobs {
        rows.push(&Row { id: hex(&tx.id()), payload: serde_json::to_value(job)?.to_string(), key, run_at: *run_at });
    }
    tx.execute(
        "insert into jobs (id, kind, payload, key, run_at, created_at)
         select unhex(value->>'id'), $2, value->>'payload', value->>'key', cast(value->>'run_at' as bigint), $3
         from json_each($1) where true on conflict (key) do nothing",
        &[&rows.finish(), &J::KIND, &tx.now()],
    )
    .await
    .map(drop)
}

/// Enqueues a job that may be enqueued again after it was done or is dead: of equal keys, one waits.
///
/// # Errors
/// The database's.
pub async fn enqueue_again<J: Job>(tx: &mut Tx, job: &J, run_at: Timestamp, key: &str) -> Result<(), DbError> {
    let sql = insert!("do update set state = 'waiting', attempts = 0, run_at = excluded.run_at where jobs.state in ('done', 'dead')");
    insert(tx, sql, J::KIND, &serde_json::to_value(job)?, run_at, Some(key)).await
}

async fn insert(tx: &mut Tx, sql: &'static str, kind: &str, payload: &Value, run_at: Timestamp, key: Option<&str>) -> Result<(), DbError> {
    tx.execute(sql, &[&JobId(tx.id()), &kind, &payload.to_string(), &key, &run_at, &tx.now()]).await.map(drop)
}

/// Adds to what a job that waits under this key has in its `items`, at most `most` of them, and makes the job where there is none.
/// False when the job under this key does not wait any more.
///
/// # Errors
/// The database's.
pub async fn gather<J: Job>(
    tx: &mut Tx,
    job: &J,
    (items, most): (&[Value], usize),
    (key, run_at): (&str, Timestamp),
) -> Result<bool, DbError> {
    let mut payload = serde_json::to_value(job)?;
    payload["items"] = json!([]);
    insert(tx, insert!("do nothing"), J::KIND, &payload, run_at, Some(key)).await?;
    tx.lock("select 1 from jobs where key = $1 for update", &[&key]).await?;
    let waiting: Option<String> =
        tx.fetch_optional_scalar("select payload from jobs where key = $1 and state = 'waiting' and attempts = 0", &[&key]).await?;
    let Some(text) = waiting else { return Ok(false) };
    let mut payload: Value = serde_json::from_str(&text)?;
    if let Some(known) = payload["items"].as_array_mut() {
        for item in items {
            if known.len() < most && !known.contains(item) {
                known.push(item.clone());
            }
        }
    }
    tx.execute("update jobs set payload = $2 where key = $1", &[&key, &payload.to_string()]).await?;
    Ok(true)
}

/// A job that this worker has for a while.
#[derive(sqlx_macros::FromRow)]
struct Leased {
    id: JobId,
    kind: String,
    payload: String,
    attempts: i64,
}

/// Runs all jobs that are due, one after the other; returns how many were tried.
///
/// # Errors
/// The database's. A job that fails is no error: it is tried again later.
pub async fn run_due<S>(db: &Db, state: &S, handlers: &Handlers<S>) -> Result<u64, DbError>
where
    S: Clone + Send + Sync + 'static,
{
    let mut tried = 0;
    while let Some(job) = lease(db).await? {
        tried += 1;
        let outcome = match handlers.by_kind.get(job.kind.as_str()) {
            // Its last worker never came back: it may be what ends the program.
            _ if job.attempts > TRIES => Err("the program ended each time it was tried".into()),
            Some(handler) => {
                let payload = serde_json::from_str(&job.payload).unwrap_or(Value::Null);
                let done = AssertUnwindSafe(async { handler(state.clone(), payload).await }).catch_unwind().await;
                done.unwrap_or_else(|_| Err("it panicked".into()))
            }
            None => Err(format!("nobody does “{}”", job.kind).into()),
        };
        finish(db, handlers.observer.clone(), job, outcome).await?;
    }
    Ok(tried)
}

async fn lease(db: &Db) -> Result<Option<Leased>, DbError> {
    let now = db.now();
    let sql = if db.is_postgres() {
        "update jobs set state = 'running', attempts = attempts + 1, lease_until = $2
         where id = (select id from jobs where (state = 'waiting' and run_at <= $1) or (state = 'running' and lease_until < $1)
                     order by run_at, id limit 1 for update skip locked)
         returning id, kind, payload, attempts"
    } else {
        "update jobs set state = 'running', attempts = attempts + 1, lease_until = $2
         where id = (select id from jobs where (state = 'waiting' and run_at <= $1) or (state = 'running' and lease_until < $1)
                     order by run_at, id limit 1)
         returning id, kind, payload, attempts"
    };
    // A look without a write first: most of the time nothing is due.
    let due: Option<JobId> = db
        .fetch_optional_scalar(
            "select id from jobs where (state = 'waiting' and run_at <= $1) or (state = 'running' and lease_until < $1) limit 1",
            &[&now],
        )
        .await?;
    if due.is_none() {
        return Ok(None);
    }
    db.write(async move |tx| tx.fetch_optional::<Leased>(sql, &[&now, &now.plus_millis(LEASE_MS)]).await).await
}

/// How long a job waits after so many tries, milliseconds: twice as long each time, and up to a quarter more, so that jobs that failed
/// together are not tried again together.
fn retry_pause_ms(db: &Db, attempts: i64) -> i64 {
    let mut random = [0; 2];
    db.rng().fill(&mut random);
    let pause = (FIRST_PAUSE_MS << (attempts - 1).clamp(0, 12)).min(MAX_PAUSE_MS);
    pause + pause * i64::from(u16::from_le_bytes(random)) / (4 * i64::from(u16::MAX))
}

/// Says what became of a try, unless its lease ran out and another worker has it now.
async fn finish(db: &Db, observer: Option<Observer>, job: Leased, outcome: Result<(), Failure>) -> Result<(), DbError> {
    let retry_pause = retry_pause_ms(db, job.attempts);
    db.write(async move |tx| match &outcome {
        Ok(()) => {
            let sql = "update jobs set state = 'done', lease_until = null, last_error = null
                 where id = $1 and state = 'running' and attempts = $2";
            tx.execute(sql, &[&job.id, &job.attempts]).await?;
            match &observer {
                Some(observer) => observer(tx, job.id, Ended::Done).await,
                None => Ok(()),
            }
        }
        Err(failure) => {
            let (why, is_dead) = match failure {
                Failure::Transient(why) => (why, job.attempts >= TRIES),
                Failure::Permanent(why) => (why, true),
            };
            let next = if is_dead { "dead" } else { "waiting" };
            let why: String = why.chars().take(500).collect();
            let sql = "update jobs set state = $2, run_at = $3, lease_until = null, last_error = $4
                 where id = $1 and state = 'running' and attempts = $5";
            let kept = tx.execute(sql, &[&job.id, &next, &tx.now().plus_millis(retry_pause), &why, &job.attempts]).await?;
            match &observer {
                Some(observer) if is_dead && kept == 1 => {
                    observer(tx, job.id, Ended::Dead { kind: &job.kind, payload: &job.payload, why: &why }).await
                }
                _ => Ok(()),
            }
        }
    })
    .await
}

/// Retries a dead job with all its tries; returns its kind.
pub async fn retry(tx: &mut Tx, job: JobId) -> Result<Option<String>, DbError> {
    let sql = "update jobs set state = 'waiting', attempts = 0, run_at = $2 where id = $1 and state = 'dead' returning kind";
    tx.fetch_optional_scalar(sql, &[&job, &tx.now()]).await
}

/// Deletes jobs that were done more than 30 days ago; returns how many. Dead jobs stay until staff retry them.
///
/// # Errors
/// The database's.
pub async fn delete_done(db: &Db) -> Result<u64, DbError> {
    let before = db.now().plus_millis(-RETENTION_MS);
    db.write(async move |tx| tx.execute("delete from jobs where state = 'done' and run_at < $1", &[&before]).await).await
}

/// Deletes the jobs of a kind that are done, whenever that was; returns how many.
///
/// # Errors
/// The database's.
pub async fn delete_done_of<J: Job>(tx: &mut Tx) -> Result<u64, DbError> {
    tx.execute("delete from jobs where state = 'done' and kind = $1", &[&J::KIND]).await
}

/// Works for as long as the program runs.
pub fn run<S>(db: &Db, state: S, handlers: Handlers<S>) -> tokio::task::JoinHandle<()>
where
    S: Clone + Send + Sync + 'static,
{
    let db = db.clone();
    tokio::spawn(async move {
        futures::future::join_all((0..WORKERS).map(|_| work(&db, &state, &handlers))).await;
    })
}

async fn work<S>(db: &Db, state: &S, handlers: &Handlers<S>)
where
    S: Clone + Send + Sync + 'static,
{
    loop {
        let looked = match run_due(db, state, handlers).await {
            Ok(_) => until_next(db).await,
            Err(error) => Err(error),
        };
        let pause = match looked {
            Ok(pause) => pause,
            Err(DbError::Stopped) => return,
            Err(error) => {
                tracing::warn!(%error, "jobs could not be looked at; tried again in a second");
                POLL_INTERVAL
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// The time until the next job that is not due yet, at most [`POLL_INTERVAL`].
async fn until_next(db: &Db) -> Result<Duration, DbError> {
    let now = db.now();
    let next: Option<Timestamp> = db.fetch_scalar("select min(run_at) from jobs where state = 'waiting' and run_at > $1", &[&now]).await?;
    let pause = next.and_then(|next| u64::try_from(next.millis() - now.millis()).ok()).map_or(POLL_INTERVAL, Duration::from_millis);
    Ok(pause.min(POLL_INTERVAL))
}
