//! The single writer, and reads over a pool.
//!
//! `db.write(async move |tx| …)` runs its work in a transaction on one writer thread, detached from the caller: a client that
//! goes away cannot cut it in half. On SQLite many callers share one commit (a savepoint each); on Postgres each has a
//! transaction, tried again when it fails to serialise. An error, a panic, a swallowed database error or a nested write
//! undoes only its own caller.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use sqlx::{PgPool, SqlitePool};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

use super::bind::Binds;
use super::derived_reads::derived_reads;
use super::error::DbError;
use super::open::Lock;
use super::reachability::{Lease, Reach};
use super::row::{self, FromDb, RawRow, Scalar};
use super::tx::{Conn, Read, Tx, postgres_args, sqlite_args};
use crate::Context;
use crate::clock::Clock;
use crate::rng::Rng;

thread_local! { static IN_WRITER: Cell<bool> = const { Cell::new(false) }; }

/// Calls in one SQLite commit, at most.
pub(super) const MAX_GROUP: usize = 64;
/// Calls that wait for the writer, at most; more are refused as busy.
pub(super) const MAX_QUEUED: usize = 4_096;

/// How long a write may take on Postgres, from its beginning to its commit. After it the connection is given up: a network that
/// swallows packets would hold it for a quarter of an hour.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a reading may take on Postgres.
const READ_TIMEOUT: Duration = Duration::from_secs(120);

pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

pub(super) struct Inner {
    pub(super) queue: Mutex<Option<mpsc::Sender<Box<dyn WriteTask>>>>,
    pub(super) pool: Pool,
    pub(super) writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    pub(super) changed: Arc<Notify>,
    pub(super) url: String,
    pub(super) lock: Option<Lock>,
    pub(super) reach: Arc<Reach>,
    /// Looks whether Postgres answers; ends with the database.
    pub(super) looking: Option<tokio::task::AbortHandle>,
    /// The last write was refused because the disk is full.
    pub(super) full: Arc<AtomicBool>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(looking) = &self.looking {
            looking.abort();
        }
    }
}

/// A database. Cloning it gives another handle to the same one.
#[derive(Clone)]
pub struct Db(pub(super) Arc<Inner>);

impl Db {
    derived_reads!(self: &Self);

    /// Runs `work` in a write transaction and returns after the commit. `work` may run more than once (Postgres, serialisation
    /// failure), so it must change nothing outside `tx`. When it returns an error, or a statement failed, only its own changes
    /// are undone.
    ///
    /// # Errors
    /// What `work` returns, or the writer's own: [`DbError::Busy`], [`DbError::Away`], [`DbError::Nested`], [`DbError::Stopped`],
    /// [`DbError::Lost`].
    pub async fn write_in<T, E, F>(&self, ctx: &Context, work: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.write_within(WRITE_TIMEOUT, ctx.clone(), work).await
    }

    /// The same for what the program does by itself.
    ///
    /// # Errors
    /// As [`Db::write_in`].
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.write_within(WRITE_TIMEOUT, self.system(), work).await
    }

    /// A context for what the program does by itself.
    #[must_use]
    pub fn system(&self) -> Context {
        Context::system(domain::id::RequestId(self.id()))
    }

    #[must_use]
    pub fn now(&self) -> domain::Timestamp {
        self.0.clock.now()
    }

    /// A new UUIDv7.
    #[must_use]
    pub fn id(&self) -> uuid::Uuid {
        self.0.rng.uuid(self.now())
    }

    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// Randomness.
    #[must_use]
    pub fn rng(&self) -> &Arc<dyn Rng> {
        &self.0.rng
    }

    /// The same, given up on Postgres when it is not done after this time.
    pub(super) async fn write_within<T, E, F>(&self, timeout: Duration, ctx: Context, work: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        if IN_WRITER.get() {
            return Err(DbError::Nested.into());
        }
        let (reply, answer) = oneshot::channel();
        let call: Box<dyn WriteTask> = Box::new(WriteCall { work, ctx, clock: Arc::clone(&self.0.clock), timeout, outcome: None, reply });
        let sent = match &*self.0.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
            Some(queue) => queue.try_send(call).map_err(|e| match e {
                mpsc::error::TrySendError::Full(_) => DbError::Busy,
                mpsc::error::TrySendError::Closed(_) => DbError::Stopped,
            }),
            None => Err(DbError::Stopped),
        };
        sent?;
        answer.await.unwrap_or_else(|_| Err(DbError::Stopped.into()))
    }

    /// All rows of a query, outside any transaction.
    ///
    /// # Errors
    /// The database's.
    pub async fn fetch_all<T: FromDb>(&self, sql: &'static str, binds: Binds<'_>) -> Result<Vec<T>, DbError> {
        Ok(row::read(&self.raw_rows(sql, binds).await?)?)
    }

    async fn raw_rows(&self, sql: &'static str, binds: Binds<'_>) -> Result<Vec<RawRow>, DbError> {
        let mut tries = 0;
        loop {
            match self.read(sql, binds).await {
                // Reading changes nothing, so it may be done again on another connection.
                Err(error) if error.lost_connection() && tries < MAX_TRIES => tries += 1,
                Err(error) if error.lost_connection() => return Err(away(&error)),
                done => return done,
            }
        }
    }

    /// Is it known not to answer? Whoever needs it is told so at once.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.0.reach.is_away()
    }

    /// Was the last write refused because the disk is full?
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.full.load(Ordering::Relaxed)
    }

    /// Writes a little and waits until it is kept, to find out whether writing works; after a disk was full as much as several
    /// orders would take.
    ///
    /// # Errors
    /// The database's.
    pub async fn try_to_write(&self, id: uuid::Uuid) -> Result<(), DbError> {
        let filling = " ".repeat(if self.is_full() { 256 << 10 } else { 1 << 10 });
        self.write(async move |tx| {
            if tx.is_postgres() {
                // Several nodes try, and none must wait for another's row.
                tx.execute("insert into trials (id, filling) values ($1, $2)", &[&id, &filling]).await?;
                tx.execute("delete from trials where id = $1", &[&id]).await
            } else {
                tx.execute(
                    "insert into trials (id, filling) values (unhex('00'), $1) on conflict (id) do update set filling = excluded.filling",
                    &[&filling],
                )
                .await
            }
        })
        .await
        .map(drop)
    }

    async fn read(&self, sql: &'static str, binds: Binds<'_>) -> Result<Vec<RawRow>, DbError> {
        Ok(match &self.0.pool {
            Pool::Sqlite(pool) => {
                let args = sqlite_args(binds)?;
                sqlx::query_with(sql, args).fetch_all(pool).await?.into_iter().map(RawRow::Sqlite).collect()
            }
            Pool::Postgres(pool) => {
                let args = postgres_args(binds)?;
                let reading = async {
                    let mut lease = Lease::of(pool).await?;
                    lease.ask(async |c| sqlx::query_with(sql, args).fetch_all(c).await).await
                };
                let read = tokio::time::timeout(READ_TIMEOUT, Box::pin(self.0.reach.run(reading))).await;
                read.unwrap_or(Err(DbError::Busy))?.into_iter().map(RawRow::Postgres).collect()
            }
        })
    }

    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.0.pool, Pool::Postgres(_))
    }

    /// Woken after each commit that wrote events.
    #[must_use]
    pub fn changed(&self) -> &Arc<Notify> {
        &self.0.changed
    }

    /// Bytes that the database takes on disk, for `tindahan doctor`.
    ///
    /// # Errors
    /// The database's.
    pub async fn size(&self) -> Result<i64, DbError> {
        let sql = if self.is_postgres() {
            "select pg_database_size(current_database())"
        } else {
            "select c.page_count * s.page_size from pragma_page_count() c, pragma_page_size() s"
        };
        self.fetch_scalar(sql, &[]).await
    }

    /// The address it was opened with, without a password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Takes no more writes, finishes those that wait, and closes. On SQLite the file is then whole by itself.
    pub async fn close(&self) {
        drop(self.0.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
        let writer = self.0.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
        match &self.0.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => pool.close().await,
        }
        if let Some(lock) = &self.0.lock {
            lock.release();
        }
    }
}

/// What a connection that was lost again and again means; the log says how it was lost.
fn away(error: &DbError) -> DbError {
    tracing::warn!(%error, "no connection to the database lasts");
    DbError::Away
}

impl Read for &Db {
    async fn fetch_all<T: FromDb>(&mut self, sql: &'static str, binds: Binds<'_>) -> Result<Vec<T>, DbError> {
        Db::fetch_all(self, sql, binds).await
    }
}

struct WriteCall<T, E, F> {
    work: F,
    ctx: Context,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

/// One caller's work with its types erased.
pub(super) trait WriteTask: Send {
    /// How long it may take on Postgres.
    fn timeout(&self) -> Duration;
    /// Runs the work; true when its changes are to be committed.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> LocalBoxFuture<'a, bool>;
    /// Answers the caller. `committed`: whether the transaction was committed.
    fn finish(self: Box<Self>, committed: Result<(), DbError>);
}

impl<T, E, F> WriteTask for WriteCall<T, E, F>
where
    F: AsyncFn(&mut Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> LocalBoxFuture<'a, bool> {
        Box::pin(async move {
            let before = tx.announced;
            tx.begin_unit(self.ctx.clone(), self.clock.now());
            let done = AssertUnwindSafe((self.work)(tx)).catch_unwind().await;
            if matches!(done, Ok(Ok(_))) && tx.failed.is_none() {
                // A failure stays with the transaction, which is looked at below.
                let _ = tx.write_events().await;
            }
            let outcome = match (done, &tx.failed) {
                (Err(_), _) => Err(DbError::Lost("the work panicked".into()).into()),
                (Ok(Ok(_)), Some(error)) => Err(error.clone().into()),
                (Ok(outcome), _) => outcome,
            };
            let keep = outcome.is_ok();
            tx.announced = before || keep && tx.announced;
            self.outcome = Some(outcome);
            keep
        })
    }

    fn finish(self: Box<Self>, committed: Result<(), DbError>) {
        let outcome = match (self.outcome, committed) {
            (Some(Ok(_)), Err(error)) | (None, Err(error)) => Err(error.into()),
            (Some(outcome), _) => outcome,
            (None, Ok(())) => Err(DbError::Stopped.into()),
        };
        // The caller may have gone.
        let _ = self.reply.send(outcome);
    }
}

/// Marks this thread as the writer, where a write would wait for itself.
pub(super) fn mark_writer_thread() {
    IN_WRITER.set(true);
}

/// SQLite: runs all queued calls in one transaction and answers each.
pub(super) async fn sqlite_writer(mut tx: Tx, mut queue: mpsc::Receiver<Box<dyn WriteTask>>, changed: &Notify, full: &AtomicBool) {
    let mut group: Vec<Box<dyn WriteTask>> = Vec::with_capacity(MAX_GROUP);
    while queue.recv_many(&mut group, MAX_GROUP).await > 0 {
        let committed = sqlite_group(&mut tx, &mut group).await;
        if committed.is_err() {
            // Fails where SQLite rolled back by itself, which is as good.
            let _ = tx.control("ROLLBACK").await;
        }
        full.store(matches!(committed, Err(DbError::Full)) || matches!(tx.failed, Some(DbError::Full)), Ordering::Relaxed);
        if std::mem::take(&mut tx.announced) && committed.is_ok() {
            changed.notify_waiters();
        }
        for task in group.drain(..) {
            task.finish(committed.clone());
        }
    }
    if let Conn::Sqlite(conn) = tx.conn {
        let _ = sqlx::Connection::close(conn).await;
    }
}

async fn sqlite_group(tx: &mut Tx, group: &mut [Box<dyn WriteTask>]) -> Result<(), DbError> {
    tx.control("BEGIN IMMEDIATE").await?;
    if let [only] = group {
        let keep = only.run(tx).await;
        return tx.control(if keep { "COMMIT" } else { "ROLLBACK" }).await;
    }
    for task in group.iter_mut() {
        tx.control("SAVEPOINT caller").await?;
        if !task.run(tx).await {
            // When SQLite has ended the whole transaction (disk full, I/O error) this fails, and so does the group.
            tx.control("ROLLBACK TO caller").await?;
        }
        tx.control("RELEASE caller").await?;
    }
    tx.control("COMMIT").await
}

/// What Postgres' write tasks share.
#[derive(Clone)]
pub(super) struct Writers {
    pub(super) pool: PgPool,
    pub(super) reach: Arc<Reach>,
    pub(super) changed: Arc<Notify>,
    pub(super) full: Arc<AtomicBool>,
    pub(super) rng: Arc<dyn Rng>,
}

/// Postgres: a transaction each, as many at once as there are connections.
pub(super) async fn postgres_writer(writers: Writers, mut queue: mpsc::Receiver<Box<dyn WriteTask>>, at_once: usize) {
    let permits = Arc::new(Semaphore::new(at_once));
    while let Some(mut task) = queue.recv().await {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        let writers = writers.clone();
        tokio::task::spawn_local(async move {
            let committed = writers.write(&mut task).await;
            if matches!(committed, Ok(true)) {
                writers.changed.notify_waiters();
            }
            task.finish(committed.map(drop));
            drop(permit);
        });
    }
    // Those that still run.
    let all = u32::try_from(at_once).unwrap_or(u32::MAX);
    drop(permits.acquire_many(all).await);
    writers.pool.close().await;
}

const MAX_TRIES: u32 = 10;
/// How long a connection may take to begin a transaction, which is no work.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(1);

/// How far a transaction was when its time was over.
#[derive(PartialEq)]
enum Stage {
    Open,
    Committing,
}

impl Writers {
    /// A transaction that is open. A connection that the server closed in the meantime, or on which nothing comes back, is only found
    /// out when it is used: then the next one is tried.
    async fn begin(&self) -> Result<Tx, DbError> {
        let mut tries = 0;
        loop {
            let begun = async {
                let mut tx = Tx::new(Conn::Postgres(Lease::of(&self.pool).await?), Arc::clone(&self.rng));
                match tokio::time::timeout(BEGIN_TIMEOUT, tx.control("BEGIN")).await {
                    Ok(begun) => begun.map(|()| Some(tx)),
                    Err(_) => Ok(None),
                }
            };
            // Boxed, as all that only Postgres needs: futures are as large as all they may hold, and those of SQLite are these too.
            match Box::pin(self.reach.run(begun)).await {
                Ok(Some(tx)) => return Ok(tx),
                Ok(None) if tries < MAX_TRIES => tries += 1,
                Ok(None) => return Err(DbError::Busy),
                Err(error) if error.lost_connection() && tries < MAX_TRIES => tries += 1,
                Err(error) if error.lost_connection() => return Err(away(&error)),
                Err(error) => return Err(error),
            }
        }
    }

    /// True when events were committed.
    async fn write(&self, task: &mut Box<dyn WriteTask>) -> Result<bool, DbError> {
        let mut tries = 0;
        loop {
            let mut tx = self.begin().await?;
            let (timeout, stage) = (task.timeout(), Cell::new(Stage::Open));
            let written = async {
                let keep = task.run(&mut tx).await;
                if !keep {
                    return (false, tx.control("ROLLBACK").await);
                }
                stage.set(Stage::Committing);
                (true, tx.control("COMMIT").await)
            };
            let Ok((keep, ended)) = tokio::time::timeout(timeout, Box::pin(written)).await else {
                tx.abandon();
                tracing::error!("the database did not answer within a transaction; its connection was given up");
                // What was not committed is undone by the server, which is told by the closed connection or finds out by itself.
                return Err(match stage.into_inner() {
                    Stage::Open => DbError::Busy,
                    Stage::Committing => DbError::Lost("the database did not say whether it was kept".into()),
                });
            };
            if let Some(error) = tx.failed.as_ref().or(ended.as_ref().err()) {
                self.reach.hear(error);
                if matches!(error, DbError::Full) {
                    self.full.store(true, Ordering::Relaxed);
                }
                if error.retryable() && tries < MAX_TRIES {
                    tries += 1;
                    let micros = rand::random_range(0..1_000_u64 << tries.min(6));
                    tokio::time::sleep(Duration::from_micros(micros)).await;
                    continue;
                }
            }
            if ended.is_err() {
                // Nobody else is given a connection whose transaction did not end.
                tx.abandon();
            } else if keep {
                self.full.store(false, Ordering::Relaxed);
            }
            // A roll-back that fails ends with its connection, which undoes the work as well.
            return if keep { ended.map(|()| tx.announced) } else { Ok(false) };
        }
    }
}
