//! One program for each SQLite file.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::error::DbError;

/// Symbolic links that are followed one after the other, as many as Linux follows.
const MAX_LINKS: usize = 40;

/// An exclusive lock beside a SQLite file, so that no second program writes to it. It goes with the process that holds it.
pub struct FileLock {
    held: Mutex<Option<File>>,
    database: PathBuf,
}

impl FileLock {
    /// Locks the SQLite file that this path leads to, be it through symbolic links. The file itself is not opened and need not be there:
    /// closing it would end the locks that SQLite holds on it in this process.
    ///
    /// # Errors
    /// [`DbError::InUse`], or [`DbError::Open`] when the lock's file cannot be made.
    pub fn take(path: &Path) -> Result<Self, DbError> {
        let shown = path.display().to_string();
        let failed = |error: std::io::Error| DbError::Open { path: shown.clone(), reason: error.to_string() };
        let database = real_path(path).map_err(failed)?;
        let mut name = database.clone().into_os_string();
        name.push(".lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(name).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { held: Mutex::new(Some(file)), database }),
            Err(TryLockError::WouldBlock) => Err(DbError::InUse(shown)),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The database's file, where it really is.
    #[must_use]
    pub fn database(&self) -> &Path {
        &self.database
    }

    pub(super) fn release(&self) {
        drop(self.held.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Where a path leads to, whether there is a file or not.
fn real_path(path: &Path) -> std::io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(target) = std::fs::read_link(&path) else { break };
        path = folder_of(&path).join(target);
    }
    Ok(std::fs::canonicalize(folder_of(&path))?.join(path.file_name().unwrap_or_default()))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Refuses a file with several names (hard links). SQLite keeps the newest changes in a file beside the one name that was opened, so
/// the database is damaged by being opened with another; see <https://www.sqlite.org/howtocorrupt.html#multiple_links_to_the_same_file>.
#[cfg(unix)]
pub(super) fn refuse_several_names(path: &str) -> Result<(), DbError> {
    let names = std::fs::metadata(path).map_or(1, |file| std::os::unix::fs::MetadataExt::nlink(&file));
    let is_file = Path::new(path).is_file();
    if is_file && names > 1 { Err(DbError::SeveralNames { path: path.to_owned(), names }) } else { Ok(()) }
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "as on Unix")]
pub(super) fn refuse_several_names(_: &str) -> Result<(), DbError> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_file_through_links_that_there_is_no_file_at_yet() -> std::io::Result<()> {
        let folder = std::env::temp_dir().join(format!("tindahan-links-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(folder.join("real"))?;
        std::fs::create_dir_all(folder.join("links"))?;
        let real = std::fs::canonicalize(&folder)?.join("real/shop.db");
        std::os::unix::fs::symlink("../real/shop.db", folder.join("links/one.db"))?;
        std::os::unix::fs::symlink(folder.join("links/one.db"), folder.join("links/two.db"))?;
        std::os::unix::fs::symlink(folder.join("links/round.db"), folder.join("links/round.db"))?;
        let paths = ["real/shop.db", "links/one.db", "links/two.db"];
        let there = || paths.map(|path| real_path(&folder.join(path)).ok());
        let absent = there();
        std::fs::write(&real, "")?;
        let present = there();
        let round = real_path(&folder.join("links/round.db"));
        std::fs::remove_dir_all(&folder)?;
        assert_eq!([absent, present], [[(); 3].map(|()| Some(real.clone())), [(); 3].map(|()| Some(real.clone()))]);
        assert!(round.is_ok(), "SQLite refuses it");
        Ok(())
    }
}
