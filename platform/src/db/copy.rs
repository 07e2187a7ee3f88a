//! Copying a SQLite database while another process uses it.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::error::DbError;
use super::handle::Db;

impl Db {
    /// Copies a SQLite file to another, whole at one moment, also while a server writes to it; then checks the copy. The lock of
    /// the file is not needed.
    ///
    /// # Errors
    /// [`DbError::Open`] or the database's, a damaged copy included.
    pub async fn copy_sqlite(from: &Path, to: &Path) -> Result<(), DbError> {
        let failed = |e: sqlx::Error| DbError::Open { path: from.display().to_string(), reason: e.to_string() };
        let options = SqliteConnectOptions::new().busy_timeout(Duration::from_secs(30)).disable_statement_logging();
        let mut source = options.clone().filename(from).read_only(true).connect().await.map_err(failed)?;
        sqlx::query("vacuum into $1").bind(to.display().to_string()).execute(&mut source).await?;
        source.close().await?;
        let mut copy = options.filename(to).connect().await?;
        let verdict: String = sqlx::query_scalar("select integrity_check from pragma_integrity_check limit 1").fetch_one(&mut copy).await?;
        copy.close().await?;
        if verdict == "ok" { Ok(()) } else { Err(DbError::Damaged(verdict)) }
    }
}
