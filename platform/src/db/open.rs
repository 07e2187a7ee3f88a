//! Opening a database by its address.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Notify, mpsc, oneshot};

use super::error::DbError;
use super::handle::{Db, Inner, Pool};
use super::postgres_writer::{Writers, postgres_writer};
use super::reachability::Reach;
use super::tx::{Conn, Tx};
use super::writer::{MAX_QUEUED, mark_writer_thread, sqlite_writer};
use crate::clock::{Clock, SystemClock};
use crate::rng::{Rng, SystemRng};

/// Connections of Postgres for writes, and as many for reads.
const POSTGRES_CONNECTIONS: u32 = 8;
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
/// A single statement of a write takes no longer.
const STATEMENT: &str = "50s";
/// Connections of SQLite for reads.
const SQLITE_READERS: u32 = 4;
/// What a connection of SQLite keeps of the file in memory, in kilobytes (negative, as `cache_size` takes it): the writer, and each reader.
/// The system keeps the rest, for all of them together.
const WRITER_CACHE: &str = "-32768";
const READER_CACHE: &str = "-8192";

/// An exclusive lock beside a SQLite file, so that no second server writes to it.
pub(super) struct Lock(Mutex<Option<File>>);

impl Lock {
    fn take(database: &Path) -> Result<Self, DbError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let shown = database.display().to_string();
        let open_error = |e: std::io::Error| DbError::Open { path: shown.clone(), reason: e.to_string() };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(PathBuf::from(name)).map_err(open_error)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(Mutex::new(Some(file)))),
            Err(std::fs::TryLockError::WouldBlock) => Err(DbError::InUse(shown)),
            Err(std::fs::TryLockError::Error(e)) => Err(open_error(e)),
        }
    }

    pub(super) fn release(&self) {
        drop(self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
    }
}

impl Db {
    /// Opens `sqlite:FILE` (made when missing) or `postgres://…`. Migrates nothing.
    ///
    /// # Errors
    /// [`DbError::Url`], [`DbError::Open`] or [`DbError::InUse`], each with what to do.
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
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::postgres(url, clock, rng).await
        } else {
            Err(DbError::Url(url.to_owned()))
        }
    }

    async fn sqlite(path: &str, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, DbError> {
        if let Some(folder) = Path::new(path).parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| DbError::Open { path: path.to_owned(), reason: e.to_string() })?;
        }
        let lock = Lock::take(Path::new(path))?;
        let (queue, jobs) = mpsc::channel(MAX_QUEUED);
        let (up, ready) = oneshot::channel();
        let options = sqlite_options(path, WRITER_CACHE);
        let (changed, full) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let (wake, is_full) = (Arc::clone(&changed), Arc::clone(&full));
        let writer_rng = Arc::clone(&rng);
        let writer = spawn_writer(move || async move {
            match options.connect().await {
                Ok(conn) => {
                    let _ = up.send(Ok(()));
                    sqlite_writer(Tx::new(Conn::Sqlite(conn), writer_rng), jobs, &wake, &is_full).await;
                }
                Err(e) => drop(up.send(Err(e))),
            }
        })?;
        let opened = ready.await.map_err(|_| DbError::Stopped)?;
        opened.map_err(|e| DbError::Open { path: path.to_owned(), reason: e.to_string() })?;
        let pool = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .test_before_acquire(false)
            .connect_with(sqlite_options(path, READER_CACHE).pragma("query_only", "true"))
            .await?;
        Ok(Self(Arc::new(Inner {
            queue: Mutex::new(Some(queue)),
            pool: Pool::Sqlite(pool),
            writer: Mutex::new(Some(writer)),
            changed,
            url: format!("sqlite:{path}"),
            lock: Some(lock),
            reach: Reach::new(),
            looking: None,
            full,
            clock,
            rng,
        })))
    }

    async fn postgres(url: &str, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, DbError> {
        let options = PgConnectOptions::from_str(url).map_err(|_| DbError::Url("postgres://…".into()))?.disable_statement_logging();
        let shown = format!("postgres://{}:{}/{}", options.get_host(), options.get_port(), options.get_database().unwrap_or_default());
        let failed = |e: sqlx::Error| DbError::Open { path: shown.clone(), reason: e.to_string() };
        // A pool would retry for its whole time limit; a mistyped address must fail at once.
        let first = tokio::time::timeout(LOCKED, options.connect()).await;
        let first = first.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))).map_err(failed)?;
        first.close().await.map_err(failed)?;
        let (reach, alone) = (Reach::new(), options.clone());
        let locked = format!("{}s", LOCKED.as_secs());
        let options = options.options(POSTGRES_SESSION).options([("lock_timeout", &locked)]);
        let reads = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await
            .map_err(failed)?;
        // Writes read by key only: nothing that reads a whole table or index may be frozen into a plan that was made while it was empty.
        let by_key = [("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off"), ("statement_timeout", STATEMENT)];
        let writes = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .test_before_acquire(false)
            .connect_with(options.options(by_key))
            .await
            .map_err(failed)?;
        let (queue, jobs) = mpsc::channel(MAX_QUEUED);
        let (changed, full) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let writers = Writers {
            pool: writes,
            reach: Arc::clone(&reach),
            changed: Arc::clone(&changed),
            full: Arc::clone(&full),
            rng: Arc::clone(&rng),
        };
        let writer = spawn_writer(move || async move {
            tokio::task::LocalSet::new().run_until(postgres_writer(writers, jobs, POSTGRES_CONNECTIONS as usize)).await;
        })?;
        let looking = tokio::spawn(Arc::clone(&reach).watch(alone)).abort_handle();
        Ok(Self(Arc::new(Inner {
            queue: Mutex::new(Some(queue)),
            pool: Pool::Postgres(reads),
            writer: Mutex::new(Some(writer)),
            changed,
            url: shown,
            lock: None,
            reach,
            looking: Some(looking),
            full,
            clock,
            rng,
        })))
    }
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
        .journal_mode(SqliteJournalMode::Wal)
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
