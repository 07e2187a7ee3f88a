//! The handle of a database: writes go to its one writer, reads to a pool.
//!
//! `db.write(async move |tx| …)` runs its work in a transaction on one writer thread, detached from the caller: a client that
//! goes away cannot cut it in half. On SQLite many callers share one commit (a savepoint each); on Postgres each has a
//! transaction, tried again when it fails to serialise. An error, a panic, a swallowed database error or a nested write
//! undoes only its own caller.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::{PgPool, SqlitePool};
use tokio::sync::{Notify, mpsc};

use super::bind::Binds;
use super::derived_reads::derived_reads;
use super::error::DbError;
use super::file_lock::FileLock;
use super::reachability::{MAX_TRIES, PooledConnection, Reach, away};
use super::row::{self, FromDb, RawRow, Scalar};
use super::tx::{Read, Tx, postgres_args, sqlite_args};
use super::writer::{Limits, WriteTask, is_writer_thread, write_task};
use crate::Context;
use crate::clock::Clock;
use crate::rng::Rng;

/// How long a write may take on Postgres, from its beginning to its commit. After it the connection is given up: a network that
/// swallows packets would hold it for a quarter of an hour.
const WRITE_LIMITS: Limits = Limits { timeout: Duration::from_secs(60), begin: "BEGIN" };
/// How long a reading may take on Postgres.
const READ_TIMEOUT: Duration = Duration::from_secs(120);

pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

pub(super) struct Inner {
    pub(super) queue: Mutex<Option<mpsc::Sender<Box<dyn WriteTask>>>>,
    pub(super) pool: Pool,
    /// Connections for writes on Postgres.
    pub(super) writers: Option<PgPool>,
    pub(super) writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    pub(super) changed: Arc<Notify>,
    pub(super) url: String,
    pub(super) lock: Option<FileLock>,
    pub(super) reach: Arc<Reach>,
    /// Looks whether Postgres answers, on a connection of its own; ends with the database.
    pub(super) looking: Option<tokio::task::AbortHandle>,
    /// The last write was refused because the disk is full.
    pub(super) full: Arc<AtomicBool>,
    /// Counts statements, those that begin and end transactions among them.
    pub(super) statements: Arc<AtomicU64>,
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
    /// What `work` returns, or the writer's own: [`DbError::Busy`], [`DbError::Away`], [`DbError::Lost`], [`DbError::Nested`], [`DbError::Stopped`],
    /// [`DbError::Panicked`], [`DbError::InDoubt`].
    pub async fn write_in<T, E, F>(&self, ctx: &Context, work: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.write_within(WRITE_LIMITS, ctx.clone(), work).await
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
        self.write_within(WRITE_LIMITS, self.system(), work).await
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

    /// The same within other limits on Postgres.
    pub(super) async fn write_within<T, E, F>(&self, limits: Limits, ctx: Context, work: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        if is_writer_thread() {
            return Err(DbError::Nested.into());
        }
        let (task, answer) = write_task(work, ctx, Arc::clone(&self.0.clock), limits);
        let sent = match &*self.0.queue.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(queue) => queue.try_send(task).map_err(|e| match e {
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

    /// Is the database known to be unreachable? Callers get the error at once then.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.0.reach.is_away()
    }

    /// Was the last write refused because the disk is full?
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.full.load(Ordering::Relaxed)
    }

    /// Statements that were sent to the database by this program, those that begin and end transactions among them. Only the difference
    /// of two answers means something.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.0.statements.load(Ordering::Relaxed)
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
        self.0.statements.fetch_add(1, Ordering::Relaxed);
        Ok(match &self.0.pool {
            Pool::Sqlite(pool) => {
                let args = sqlite_args(binds)?;
                sqlx::query_with(sql, args).fetch_all(pool).await?.into_iter().map(RawRow::Sqlite).collect()
            }
            Pool::Postgres(pool) => {
                let args = postgres_args(binds)?;
                let reading = async {
                    let mut lease = PooledConnection::of(pool).await?;
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
        drop(self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
        if let Some(looking) = &self.0.looking {
            looking.abort();
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

impl Read for &Db {
    async fn fetch_all<T: FromDb>(&mut self, sql: &'static str, binds: Binds<'_>) -> Result<Vec<T>, DbError> {
        Db::fetch_all(self, sql, binds).await
    }
}
