//! Copying a SQLite database while another process uses it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::error::DbError;
use super::handle::Db;

/// The ending of a copy's name while it is made.
const UNFINISHED: &str = ".unfinished-copy";

fn unfinished(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(UNFINISHED);
    name.into()
}

/// Removes half a copy, and the journal with which SQLite made it and would change a later file of its name. Was there one?
fn discard(unfinished: &Path) -> bool {
    let mut journal = unfinished.as_os_str().to_owned();
    journal.push("-journal");
    let _ = std::fs::remove_file(journal);
    std::fs::remove_file(unfinished).is_ok()
}

/// Gives a finished copy its name, once it is on the disk.
fn keep(unfinished: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::File::open(unfinished)?.sync_all()?;
    std::fs::rename(unfinished, to)
}

impl Db {
    /// Copies a SQLite file to another, whole at one moment, also while a server writes to it; then checks the copy. The lock of
    /// the file is not needed. It is made as `to.unfinished-copy`: what has the name
    /// `to` is whole and checked.
    ///
    /// # Errors
    /// [`DbError::Open`], also when there is such a file, or the database's, a damaged copy included.
    pub async fn copy_sqlite(from: &Path, to: &Path) -> Result<(), DbError> {
        Self::copy_by_way_of(from, &unfinished(to), to).await
    }

    async fn copy_by_way_of(from: &Path, unfinished: &Path, to: &Path) -> Result<(), DbError> {
        let refused = |e: std::io::Error| DbError::Open { path: to.display().to_string(), reason: e.to_string() };
        if to.exists() {
            return Err(refused(std::io::ErrorKind::AlreadyExists.into()));
        }
        let access = std::fs::metadata(from).map_err(refused)?.permissions();
        // What a killed program left.
        discard(unfinished);
        // SQLite takes an empty file for none. Whoever may not read the shop may not read its copy, also while it is made.
        std::fs::File::create_new(unfinished).and_then(|copy| copy.set_permissions(access)).map_err(refused)?;
        let copied = Self::copy_into(from, unfinished).await;
        let kept = copied.and_then(|()| keep(unfinished, to).map_err(refused));
        if kept.is_err() {
            // The error is told; half a copy is of no use.
            discard(unfinished);
        }
        kept
    }

    /// Removes half a copy that a killed program left beside a SQLite file. Whoever calls this has the file's lock, so none is being made.
    pub(super) fn remove_unfinished_copy(&self) {
        if let Some(database) = self.url().strip_prefix("sqlite:")
            && discard(&unfinished(Path::new(database)))
        {
            tracing::info!("half a copy is removed that an interrupted start had left");
        }
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
    /// [`DbError::Backup`]; then there is no copy. A program that is killed meanwhile leaves `shop.db.unfinished-copy`, which the next start
    /// removes.
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
        let database = Path::new(database);
        Self::copy_by_way_of(database, &unfinished(database), &copy)
            .await
            .map_err(|error| DbError::Backup { path: copy.display().to_string(), reason: error.to_string() })?;
        tracing::info!(backup = %copy.display(), "the database is copied before it is migrated");
        Ok(Some(copy))
    }
}
