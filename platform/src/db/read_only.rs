//! Looking into a database that is there: without making it, without bringing its schema up to date, without the lock of the server
//! that may be serving it.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::sync::Notify;

use super::error::DbError;
use super::handle::{Db, Inner, Pool};
use super::migrate::Migrations;
use super::open::is_postgres_address;
use super::reachability::{Reach, Server};
use crate::clock::SystemClock;
use crate::rng::SystemRng;

impl Db {
    /// Opens a database to read it. Nothing can be written.
    ///
    /// # Errors
    /// [`DbError::Missing`], [`DbError::NoShop`], [`DbError::Older`], [`DbError::Newer`], [`DbError::Changed`], or as [`Db::open`].
    pub async fn open_to_read(url: &str, migrations: &Migrations) -> Result<Self, DbError> {
        let db = match url.strip_prefix("sqlite:") {
            Some(path) => Self::sqlite_to_read(path.strip_prefix("//").unwrap_or(path)).await?,
            // Opening makes nothing there. A replica can be read too.
            None if is_postgres_address(url) => Self::postgres(url, Server::Any, Arc::new(SystemClock), Arc::new(SystemRng)).await?,
            None => return Err(DbError::Url(url.to_owned())),
        };
        let checked = db.check_schema(migrations.of(&db)).await;
        if checked.is_err() {
            db.close().await;
        }
        checked.map(|()| db)
    }

    async fn sqlite_to_read(path: &str) -> Result<Self, DbError> {
        if !Path::new(path).is_file() {
            return Err(DbError::Missing(path.to_owned()));
        }
        let options = SqliteConnectOptions::new().filename(path).read_only(true).create_if_missing(false);
        let options = options.busy_timeout(Duration::from_secs(5)).pragma("temp_store", "memory").disable_statement_logging();
        let failed = |e: sqlx::Error| DbError::Open { path: path.to_owned(), reason: e.to_string() };
        let pool = SqlitePoolOptions::new().max_connections(2).test_before_acquire(false).connect_with(options).await.map_err(failed)?;
        Ok(Self(Arc::new(Inner {
            queue: Mutex::new(None),
            pool: Pool::Sqlite(pool),
            writers: None,
            writer: Mutex::new(None),
            changed: Arc::new(Notify::new()),
            url: format!("sqlite:{path}"),
            lock: None,
            reach: Reach::new(),
            looking: None,
            full: Arc::new(AtomicBool::new(false)),
            statements: Arc::default(),
            clock: Arc::new(SystemClock),
            rng: Arc::new(SystemRng),
        })))
    }
}
