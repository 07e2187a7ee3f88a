//! Copying a SQLite database while another process uses it.

use std::path::{Path, PathBuf};
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
        let refused = |e: std::io::Error| DbError::Open { path: to.display().to_string(), reason: e.to_string() };
        let access = std::fs::metadata(from).map_err(refused)?.permissions();
        // SQLite takes an empty file for none. Whoever may not read the shop may not read its copy, also while it is made.
        std::fs::File::create_new(to).and_then(|copy| copy.set_permissions(access)).map_err(refused)?;
        let copied = Self::copy_into(from, to).await;
        if copied.is_err() {
            // The error is told; half a copy is of no use.
            let _ = std::fs::remove_file(to);
        }
        copied
    }

    async fn copy_into(from: &Path, to: &Path) -> Result<(), DbError> {
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

    /// Copies a SQLite file to one beside it, `shop.db.before-0002_gift_cards`, before this migration runs, and says its name. No other
    /// file is removed or written over. For Postgres, which has its own tool, the log says how to make a backup.
    ///
    /// # Errors
    /// [`DbError::Backup`]; then there is no copy.
    pub(super) async fn back_up_before(&self, migration: &str) -> Result<Option<PathBuf>, DbError> {
        let Some(database) = self.url().strip_prefix("sqlite:") else {
            let address = self.url();
            tracing::warn!(
                "{address} is migrated without a backup made by this program; to have one, run this before the new release: \
                 pg_dump --format=custom --file=before-{migration}.dump '{address}'"
            );
            return Ok(None);
        };
        let first = format!("{database}.before-{migration}");
        let numbered = (2_u32..).map(|n| format!("{first}-{n}"));
        let Some(copy) = std::iter::once(first.clone()).chain(numbered).map(PathBuf::from).find(|copy| !copy.exists()) else {
            return Ok(None);
        };
        Self::copy_sqlite(Path::new(database), &copy)
            .await
            .map_err(|error| DbError::Backup { path: copy.display().to_string(), reason: error.to_string() })?;
        tracing::info!(backup = %copy.display(), "the database is copied before it is migrated");
        Ok(Some(copy))
    }
}
