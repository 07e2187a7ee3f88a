//! Timed work: a table, a lease, backoff, and a place for what was given up. See `docs/platform/jobs.md`.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Duration;

use domain::Timestamp;
use domain::id::JobId;
use domain::permission::Permission;
use domain::view::DeadJobView;
use futures::FutureExt;
use serde_json::{Value, json};

use super::db::{DbError, Tx};
use super::events::{self, Event};
use super::{Context, Forbidden};
use crate::{Shop, refusals};

/// Tries before a job is given up: some 21 hours, so that a bank or a mail server may be away for a day's work.
pub const TRIES: i64 = 32;
/// How long a worker may take, milliseconds; afterwards another may try.
const LEASE: i64 = 60_000;
/// The first pause after a failure, milliseconds; each further one is twice as long, up to the longest.
const FIRST_PAUSE_MS: i64 = 2_000;
/// The longest pause, milliseconds.
const MAX_PAUSE_MS: i64 = 60 * 60 * 1_000;

/// How long a job that was done is kept, milliseconds: its key keeps what it is about from being done twice.
const RETENTION_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Jobs that one program does at the same time: a mail server that does not answer must not hold up payments.
const WORKERS: usize = 4;

/// Why a job was not done; it is kept with the job, so it must not hold personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Something that passes: it is tried again after a while.
    Passing(String),
    /// A no that stays: it is given up at once.
    Final(String),
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self::Passing(why)
    }
}
impl From<&str> for Failure {
    fn from(why: &str) -> Self {
        Self::Passing(why.to_owned())
    }
}

/// What a handler returns.
pub type Done = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;
/// Does one kind of job. It may be called again for the same job, so it must not mind.
pub type Handler = Box<dyn Fn(Shop, Value) -> Done + Send + Sync>;
/// Handlers by kind.
pub type Handlers = HashMap<&'static str, Handler>;

/// Why jobs were not shown or tried again.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JobsError {
    /// Not allowed.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
}

macro_rules! insert {
    ($on_conflict:literal) => {
        concat!(
            "insert into jobs (id, kind, payload, key, run_at, created_at) values ($1, $2, $3, $4, $5, $6) on conflict (key) ",
            $on_conflict
        )
    };
}

/// Puts a job on the table in the transaction of the change. A `key` makes it unique: a second one with the same key is ignored.
///
/// # Errors
/// The database's.
pub async fn enqueue(tx: &mut Tx, shop: &Shop, kind: &str, payload: &Value, run_at: Timestamp, key: Option<&str>) -> Result<(), DbError> {
    let sql = insert!("do nothing");
    tx.execute(sql, &[&JobId(shop.id()), &kind, &payload.to_string(), &key, &run_at, &shop.now()]).await.map(drop)
}

/// Puts a job on the table that may be wanted again after it was done or given up: of equal keys, one waits.
///
/// # Errors
/// The database's.
pub async fn enqueue_again(tx: &mut Tx, shop: &Shop, kind: &str, payload: &Value, run_at: Timestamp, key: &str) -> Result<(), DbError> {
    let sql = insert!("do update set state = 'waiting', attempts = 0, run_at = excluded.run_at where jobs.state in ('done', 'dead')");
    tx.execute(sql, &[&JobId(shop.id()), &kind, &payload.to_string(), &key, &run_at, &shop.now()]).await.map(drop)
}

/// Adds to what a job that waits under this key has in its `items`, at most `most` of them, and makes the job where there is none. False when
/// the job under this key does not wait any more.
///
/// # Errors
/// The database's.
pub async fn gather(
    tx: &mut Tx,
    shop: &Shop,
    kind: &str,
    payload: &Value,
    (items, most): (&[Value], usize),
    (key, run_at): (&str, Timestamp),
) -> Result<bool, DbError> {
    let mut payload = payload.clone();
    payload["items"] = json!([]);
    enqueue(tx, shop, kind, &payload, run_at, Some(key)).await?;
    tx.lock("select 1 from jobs where key = $1 for update", &[&key]).await?;
    let waiting: Option<(String,)> =
        tx.fetch_optional("select payload from jobs where key = $1 and state = 'waiting' and attempts = 0", &[&key]).await?;
    let Some((text,)) = waiting else { return Ok(false) };
    let mut payload: Value = serde_json::from_str(&text).map_err(|error| DbError::Lost(error.to_string()))?;
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

type Leased = (JobId, String, String, i64);

/// Does everything that is due, one after the other; says how many jobs were tried.
///
/// # Errors
/// The database's. A job that fails is no error: it is tried again later.
pub async fn run_due(shop: &Shop, handlers: &Handlers) -> Result<u64, DbError> {
    let mut tried = 0;
    while let Some((id, kind, payload, attempts)) = lease(shop).await? {
        tried += 1;
        let outcome = match handlers.get(kind.as_str()) {
            // Its last worker never came back: it may be what ends the program.
            _ if attempts > TRIES => Err("the program ended each time it was tried".into()),
            Some(handler) => {
                let payload = serde_json::from_str(&payload).unwrap_or(Value::Null);
                let done = AssertUnwindSafe(async { handler(shop.clone(), payload).await }).catch_unwind().await;
                done.unwrap_or_else(|_| Err("it panicked".into()))
            }
            None => Err(format!("nobody does “{kind}”").into()),
        };
        finish(shop, id, (&kind, &payload), attempts, outcome).await?;
    }
    Ok(tried)
}

async fn lease(shop: &Shop) -> Result<Option<Leased>, DbError> {
    let now = shop.now();
    let sql = if shop.db().is_postgres() {
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
    let due: Option<(i64,)> = shop
        .db()
        .fetch_optional(
            "select 1 from jobs where (state = 'waiting' and run_at <= $1) or (state = 'running' and lease_until < $1) limit 1",
            &[&now],
        )
        .await?;
    if due.is_none() {
        return Ok(None);
    }
    shop.db().write(async move |tx| tx.fetch_optional::<Leased>(sql, &[&now, &now.plus_millis(LEASE)]).await).await
}

/// Says what became of a try, unless its lease ran out and another worker has it now. What is given up is shown to the staff.
async fn finish(shop: &Shop, id: JobId, (kind, payload): (&str, &str), attempts: i64, outcome: Result<(), Failure>) -> Result<(), DbError> {
    let now = shop.now();
    let mut random = [0; 2];
    shop.rng().fill(&mut random);
    let pause = (FIRST_PAUSE_MS << (attempts - 1).clamp(0, 12)).min(MAX_PAUSE_MS);
    let jitter = pause * i64::from(u16::from_le_bytes(random)) / (4 * i64::from(u16::MAX));
    let (inner, kind, payload) = (shop.clone(), kind.to_owned(), payload.to_owned());
    shop.db()
        .write(async move |tx| match &outcome {
            Ok(()) => {
                let sql = "update jobs set state = 'done', lease_until = null, last_error = null
                     where id = $1 and state = 'running' and attempts = $2";
                tx.execute(sql, &[&id, &attempts]).await?;
                refusals::job_done(tx, &inner, id).await
            }
            Err(failure) => {
                let (why, given_up) = match failure {
                    Failure::Passing(why) => (why, attempts >= TRIES),
                    Failure::Final(why) => (why, true),
                };
                let state = if given_up { "dead" } else { "waiting" };
                let why: String = why.chars().take(500).collect();
                let sql = "update jobs set state = $2, run_at = $3, lease_until = null, last_error = $4
                     where id = $1 and state = 'running' and attempts = $5";
                let kept = tx.execute(sql, &[&id, &state, &now.plus_millis(pause + jitter), &why, &attempts]).await?;
                if given_up && kept == 1 {
                    refusals::job_given_up(tx, &inner, id, (&kind, &payload), &why).await?;
                }
                Ok(())
            }
        })
        .await
}

/// The jobs that were given up, the latest first, at most 100.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn dead(shop: &Shop, ctx: &Context) -> Result<Vec<DeadJobView>, JobsError> {
    ctx.require(Permission::ReadSettings)?;
    let rows: Vec<(JobId, String, String, Option<String>, Timestamp)> = shop
        .db()
        .fetch_all(
            "select id, kind, payload, last_error, created_at from jobs where state = 'dead' order by run_at desc, id desc limit 100",
            &[],
        )
        .await?;
    let view =
        |(id, kind, about, why, since): (_, _, _, Option<String>, _)| DeadJobView { id, kind, about, why: why.unwrap_or_default(), since };
    Ok(rows.into_iter().map(view).collect())
}

/// Tries a job that was given up again, from the beginning; false when there is none.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn try_again(shop: &Shop, ctx: &Context, job: JobId) -> Result<bool, JobsError> {
    ctx.require(Permission::WriteSettings)?;
    let (inner, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            let now = inner.now();
            let Some(kind) = revive(tx, job, now).await? else { return Ok(false) };
            events::append(tx, &inner, &ctx, now, &[Event::new("job.retried", job.0, json!({ "kind": kind }))]).await?;
            Ok(true)
        })
        .await
}

/// Lets a job that was given up wait for a worker again, from the beginning; says its kind.
pub(crate) async fn revive(tx: &mut Tx, job: JobId, now: Timestamp) -> Result<Option<String>, DbError> {
    let sql = "update jobs set state = 'waiting', attempts = 0, run_at = $2 where id = $1 and state = 'dead' returning kind";
    Ok(tx.fetch_optional::<(String,)>(sql, &[&job, &now]).await?.map(|(kind,)| kind))
}

/// Removes jobs that were done more than 30 days ago; says how many. What was given up stays until somebody looks at it.
///
/// # Errors
/// The database's.
pub async fn tidy(shop: &Shop) -> Result<u64, DbError> {
    let before = shop.now().plus_millis(-RETENTION_MS);
    shop.db().write(async move |tx| tx.execute("delete from jobs where state = 'done' and run_at < $1", &[&before]).await).await
}

/// Works for as long as the program runs.
pub fn run(shop: &Shop, handlers: Handlers) -> tokio::task::JoinHandle<()> {
    let shop = shop.clone();
    tokio::spawn(async move {
        futures::future::join_all((0..WORKERS).map(|_| work(&shop, &handlers))).await;
    })
}

async fn work(shop: &Shop, handlers: &Handlers) {
    loop {
        match run_due(shop, handlers).await {
            Ok(_) => {}
            Err(DbError::Stopped) => return,
            Err(error) => tracing::warn!(%error, "jobs could not be looked at; tried again in a second"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
