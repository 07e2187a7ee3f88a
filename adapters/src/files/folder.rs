//! Files in a folder of this machine, or one that several machines share.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::OnceLock;

use async_trait::async_trait;
use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::{Error, ObjectStoreExt};
use platform::files::{FileStore, FilesError, StoredFile};

/// A file is written under another name, on the disk before it has its own, and never there by half.
pub(super) struct Folder {
    path: PathBuf,
    opened: OnceLock<LocalFileSystem>,
}

impl Folder {
    /// Uses this folder, which the first file makes.
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, opened: OnceLock::new() }
    }

    /// None while there is no such folder.
    fn opened(&self) -> Result<Option<&LocalFileSystem>, FilesError> {
        if let Some(opened) = self.opened.get() {
            return Ok(Some(opened));
        }
        match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.refused(&error)),
            Ok(_) => {}
        }
        let opened = LocalFileSystem::new_with_prefix(&self.path).map_err(|error| self.failed(error))?.with_fsync(true);
        Ok(Some(self.opened.get_or_init(|| opened)))
    }

    fn refused(&self, why: &dyn std::fmt::Display) -> FilesError {
        FilesError::Refused(format!("the folder {}: {why}", self.path.display()))
    }

    fn failed(&self, error: Error) -> FilesError {
        match error {
            Error::NotFound { .. } => FilesError::Missing,
            // The system's own words, without the library's.
            other => self.refused(&super::refusal::cause(&other)),
        }
    }
}

#[async_trait]
impl FileStore for Folder {
    fn shown(&self) -> String {
        format!("the folder {}", self.path.display())
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), FilesError> {
        let location = super::location(name)?;
        if self.opened()?.is_none() {
            std::fs::create_dir_all(&self.path).map_err(|error| self.refused(&error))?;
        }
        let Some(store) = self.opened()? else { return Err(self.refused(&"it was removed")) };
        super::put(store, &location, bytes).await.map_err(|error| self.failed(error))
    }

    async fn get(&self, name: &str) -> Result<Bytes, FilesError> {
        let location = super::location(name)?;
        let store = self.opened()?.ok_or(FilesError::Missing)?;
        super::get(store, &location).await.map_err(|error| self.failed(error))
    }

    async fn list(&self, begin: &str) -> Result<Vec<StoredFile>, FilesError> {
        let Some(store) = self.opened()? else { return Ok(Vec::new()) };
        super::list(store, begin).await.map_err(|error| self.failed(error))
    }

    async fn remove(&self, name: &str) -> Result<(), FilesError> {
        let location = super::location(name)?;
        let Some(store) = self.opened()? else { return Ok(()) };
        match store.delete(&location).await.map_err(|error| self.failed(error)) {
            Err(FilesError::Missing) => Ok(()),
            removed => removed,
        }
    }
}
