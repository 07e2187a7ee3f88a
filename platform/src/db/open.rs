//! Opening a database by its address.

use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor};
use tokio::sync::{Notify, mpsc, oneshot};

use super::error::DbError;
use super::file_lock::{FileLock, refuse_several_names};
use super::handle::{Db, Inner, Pool};
use super::migrate::{SQLITE_TABLES, foreign_among};
use super::postgres_writer::{Writers, postgres_writer};
use super::reachability::{Reach, Server};
use super::tx::{Conn, Tx};
use super::writer::{MAX_QUEUED, mark_writer_thread, sqlite_writer};
use crate::clock::{Clock, SystemClock};
use crate::rng::{Rng, SystemRng};

/// Connections of Postgres for writes, and as many for reads.
pub(super) const POSTGRES_CONNECTIONS: u32 = 8;
/// How long a write waits for a lock, and a start for a database that does not answer.
pub(super) const LOCKED: Duration = Duration::from_secs(5);
/// What is told to Postgres beside. A program that stands still within a transaction holds what others want to buy: its session ends
/// after five seconds. So does one whose machine no longer answers, after 20.
const POSTGRES_SESSION: [(&str, &str); 7] = [
    ("jit", "off"),
    ("random_page_cost", "1.1"),
    ("idle_in_transaction_session_timeout", "5s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "2"),
    ("tcp_user_timeout", "20000"),
];
/// A single statement of a write takes no longer. It does not cut a commit short that waits for a synchronous replica.
const STATEMENT: &str = "50s";
/// Connections of SQLite for reads.
const SQLITE_READERS: u32 = 4;
/// What a connection of SQLite keeps of the file in memory, in kilobytes (negative, as `cache_size` takes it): the writer, and each reader.
/// The system keeps the rest, for all of them together.
const WRITER_CACHE: &str = "-32768";
const READER_CACHE: &str = "-8192";

impl Db {
    /// Opens `sqlite:FILE` (made when missing) or `postgres://…`. Migrates nothing.
    ///
    /// # Errors
    /// [`DbError::Url`], [`DbError::Open`], [`DbError::InUse`], [`DbError::SeveralNames`], [`DbError::ReadOnly`] or [`DbError::Foreign`] of
    /// a SQLite file, each with what to do; the file is as it was then.
    pub async fn open(url: &str) -> Result<Self, DbError> {
        Self::open_with(url, Arc::new(SystemClock), Arc::new(SystemRng)).await
    }

    /// The same with another clock and other randomness.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn open_with(url: &str, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, DbError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(DbError::Url(url.to_owned()));
            }
            Self::sqlite(path, clock, rng).await
        } else if is_postgres_address(url) {
            Self::postgres(url, Server::Primary, clock, rng).await
        } else {
            Err(DbError::Url(url.to_owned()))
        }
    }

    async fn sqlite(path: &str, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, DbError> {
        if let Some(folder) = Path::new(path).parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| DbError::Open { path: path.to_owned(), reason: e.to_string() })?;
        }
        let lock = FileLock::take(Path::new(path))?;
        refuse_several_names(path)?;
        let (queue, jobs) = mpsc::channel(MAX_QUEUED);
        let (up, ready) = oneshot::channel();
        let file = path.to_owned();
        let (changed, full) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let (wake, is_full) = (Arc::clone(&changed), Arc::clone(&full));
        let statements = Arc::new(AtomicU64::new(0));
        let (writer_rng, count) = (Arc::clone(&rng), Arc::clone(&statements));
        let writer = spawn_writer(move || async move {
            match open_sqlite_writer(&file).await {
                Ok(conn) => {
                    let _ = up.send(Ok(()));
                    sqlite_writer(Tx::new(Conn::Sqlite(conn), writer_rng, count), jobs, &wake, &is_full).await;
                }
                Err(e) => drop(up.send(Err(e))),
            }
        })?;
        ready.await.map_err(|_| DbError::Stopped)??;
        let pool = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .test_before_acquire(false)
            .connect_with(sqlite_options(path, READER_CACHE).pragma("query_only", "true"))
            .await?;
        Ok(Self(Arc::new(Inner {
            queue: Mutex::new(Some(queue)),
            pool: Pool::Sqlite(pool),
            writers: None,
            writer: Mutex::new(Some(writer)),
            changed,
            url: format!("sqlite:{path}"),
            lock: Some(lock),
            reach: Reach::new(),
            looking: None,
            full,
            statements,
            clock,
            rng,
        })))
    }

    pub(super) async fn postgres(url: &str, server: Server, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, DbError> {
        let options = PgConnectOptions::from_str(url).map_err(|_| DbError::Url("postgres://…".into()))?.disable_statement_logging();
        let shown = format!("postgres://{}:{}/{}", options.get_host(), options.get_port(), options.get_database().unwrap_or_default());
        let failed = |e: sqlx::Error| DbError::Open { path: shown.clone(), reason: e.to_string() };
        // A pool would retry for its whole time limit; a mistyped address must fail at once.
        let first = tokio::time::timeout(LOCKED, options.connect()).await;
        let mut first = first.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))).map_err(failed)?;
        server.check(&mut first).await.map_err(failed)?;
        let (reach, alone) = (Reach::new(), options.clone());
        let locked = format!("{}s", LOCKED.as_secs());
        let options = options.options(POSTGRES_SESSION).options([("lock_timeout", &locked)]);
        let reads = server.pool().acquire_timeout(Duration::from_secs(10)).connect_with(options.clone()).await.map_err(failed)?;
        // Writes read by key only: nothing that reads a whole table or index may be frozen into a plan that was made while it was empty. So
        // one plan serves all values, and no write is planned more than once a connection.
        let by_key = [
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("plan_cache_mode", "force_generic_plan"),
            ("statement_timeout", STATEMENT),
        ];
        let writes = server.pool().connect_with(options.options(by_key)).await.map_err(failed)?;
        let (queue, jobs) = mpsc::channel(MAX_QUEUED);
        let (changed, full) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let statements = Arc::new(AtomicU64::new(0));
        let writers = Writers {
            pool: writes.clone(),
            reach: Arc::clone(&reach),
            changed: Arc::clone(&changed),
            full: Arc::clone(&full),
            rng: Arc::clone(&rng),
            statements: Arc::clone(&statements),
        };
        let writer = spawn_writer(move || async move {
            tokio::task::LocalSet::new().run_until(postgres_writer(writers, jobs, POSTGRES_CONNECTIONS as usize)).await;
        })?;
        let looking = tokio::spawn(Arc::clone(&reach).watch(first, alone, server)).abort_handle();
        Ok(Self(Arc::new(Inner {
            queue: Mutex::new(Some(queue)),
            pool: Pool::Postgres(reads),
            writers: Some(writes),
            writer: Mutex::new(Some(writer)),
            changed,
            url: shown,
            lock: None,
            reach,
            looking: Some(looking),
            full,
            statements,
            clock,
            rng,
        })))
    }
}

pub(super) fn is_postgres_address(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// What is written and undone to find out whether a file may be written to: without it a program without permission would begin to serve.
/// `begin immediate` alone succeeds on such a file.
const TRY_TO_WRITE: &str = "begin immediate; pragma user_version = 1; rollback";

/// The connection that writes. Nothing is changed of a file that is another program's, or may not be written to.
async fn open_sqlite_writer(path: &str) -> Result<SqliteConnection, DbError> {
    let failed = |error: sqlx::Error| {
        let (path, reason) = (path.to_owned(), error.to_string());
        if DbError::from(error).is_read_only() { DbError::ReadOnly(path) } else { DbError::Open { path, reason } }
    };
    let mut writer = sqlite_options(path, WRITER_CACHE).connect().await.map_err(failed)?;
    let tables: Vec<String> = sqlx::query_scalar(SQLITE_TABLES).fetch_all(&mut writer).await.map_err(failed)?;
    if let Some(table) = foreign_among(tables) {
        writer.close().await.map_err(failed)?;
        return Err(DbError::Foreign { database: format!("sqlite:{path}"), table });
    }
    writer.execute(TRY_TO_WRITE).await.map_err(failed)?;
    // The file keeps it, for the other connections too.
    writer.execute("pragma journal_mode = wal").await.map_err(failed)?;
    Ok(writer)
}

fn spawn_writer<F: Future<Output = ()>>(work: impl FnOnce() -> F + Send + 'static) -> Result<std::thread::JoinHandle<()>, DbError> {
    let stopped = |e: std::io::Error| DbError::Thread(Arc::new(e));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(stopped)?;
    std::thread::Builder::new()
        .name("writer".into())
        .spawn(move || {
            mark_writer_thread();
            runtime.block_on(work());
        })
        .map_err(stopped)
}

fn sqlite_options(path: &str, cache: &'static str) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(LOCKED)
        // The savepoints' journal stays in memory; by default it spills to a file.
        .pragma("temp_store", "memory")
        .pragma("cache_size", cache)
        .pragma("wal_autocheckpoint", "4000")
        .statement_cache_capacity(512)
        .disable_statement_logging()
}
