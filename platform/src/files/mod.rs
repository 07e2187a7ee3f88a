//! Files that are named by their contents, wherever they are kept: in a folder or in a bucket.

mod address;
mod copy;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::db::hex;

pub use address::{Access, Bucket, FilesAddress};
pub use copy::{CopyReport, copy};

/// Why a file could not be read or kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    #[error("there is no such file")]
    Missing,
    /// It may work in a moment: the store is not reached, is too slow, or says so itself.
    #[error("{0}")]
    Unavailable(String),
    /// It will not work until somebody does something: a key, a bucket, a permission, a full disk. The message has the remedy.
    #[error("{0}")]
    Refused(String),
}

/// A file of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Keeps files under the names that [`Files::is_name`] allows.
#[async_trait]
pub trait FileStore: Send + Sync {
    /// Where it is, as people may read it.
    fn shown(&self) -> String;

    /// Keeps bytes under a name, whole or not at all, in place of what is there.
    ///
    /// # Errors
    /// The store's; a full disk leaves nothing behind.
    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), FilesError>;

    /// The bytes under a name.
    ///
    /// # Errors
    /// [`FilesError::Missing`], or the store's.
    async fn get(&self, name: &str) -> Result<Bytes, FilesError>;

    /// All files whose names begin with these two digits.
    ///
    /// # Errors
    /// The store's.
    async fn list(&self, begin: &str) -> Result<Vec<StoredFile>, FilesError>;

    /// Removes a file; one that is not there is no error.
    ///
    /// # Errors
    /// The store's.
    async fn remove(&self, name: &str) -> Result<(), FilesError>;
}

#[derive(Clone)]
pub struct Files(Arc<dyn FileStore>);

/// Hexadecimal digits of a SHA-256.
const DIGITS: usize = 64;

impl Files {
    #[must_use]
    pub const fn new(store: Arc<dyn FileStore>) -> Self {
        Self(store)
    }

    /// The name that bytes are kept under: 64 hexadecimal digits of SHA-256.
    #[must_use]
    pub fn name(bytes: &[u8]) -> String {
        hex(&Sha256::digest(bytes)).to_string()
    }

    /// May a file have this name? It begins as [`Files::name`] has it; what was made of that file has an ending of letters, digits, `-`,
    /// `_` and `.` besides. No such name leads out of a folder.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        let is_digit = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
        let is_plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let bytes = name.as_bytes();
        (DIGITS..=200).contains(&bytes.len()) && bytes[..DIGITS].iter().all(|b| is_digit(*b)) && bytes.iter().all(is_plain)
    }

    /// Is this the name of its file's own contents, and of nothing that was made of them?
    #[must_use]
    pub const fn is_original(name: &str) -> bool {
        name.len() == DIGITS
    }

    /// What all names together begin with: for [`Files::list`].
    pub fn begins() -> impl Iterator<Item = String> {
        (0..=u8::MAX).map(|byte| format!("{byte:02x}"))
    }

    /// Where they are kept, as people may read it.
    #[must_use]
    pub fn shown(&self) -> String {
        self.0.shown()
    }

    /// Keeps bytes under a name, whole or not at all, in place of what is there.
    ///
    /// # Errors
    /// The store's.
    pub async fn put(&self, name: &str, bytes: Bytes) -> Result<(), FilesError> {
        self.0.put(name, bytes).await
    }

    /// The bytes under a name.
    ///
    /// # Errors
    /// [`FilesError::Missing`], or the store's.
    pub async fn get(&self, name: &str) -> Result<Bytes, FilesError> {
        self.0.get(name).await
    }

    /// All files whose names begin with these two digits.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, begin: &str) -> Result<Vec<StoredFile>, FilesError> {
        self.0.list(begin).await
    }

    /// Writes a small file, reads it, finds it in the list and removes it again.
    ///
    /// # Errors
    /// The first of these that fails, by name, and why.
    pub async fn probe(&self) -> Result<(), (&'static str, FilesError)> {
        let bytes = Bytes::from(format!("tried by tindahan {}", uuid::Uuid::new_v4()));
        let name = Self::name(&bytes);
        self.0.put(&name, bytes.clone()).await.map_err(|error| ("written", error))?;
        let found = self.find(&name, &bytes).await;
        // Also where it is not found: nothing of it may stay.
        let removed = self.0.remove(&name).await.map_err(|error| ("removed", error));
        found.and(removed)
    }

    async fn find(&self, name: &str, bytes: &Bytes) -> Result<(), (&'static str, FilesError)> {
        let read = self.0.get(name).await.map_err(|error| ("read", error))?;
        if read != *bytes {
            return Err(("read", FilesError::Refused("what was written is not what is read".to_owned())));
        }
        let listed = self.0.list(&name[..2]).await.map_err(|error| ("listed", error))?;
        if !listed.iter().any(|file| file.name == name) {
            return Err(("listed", FilesError::Refused("what was written is not in the list".to_owned())));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_file_leads_out_of_its_store() {
        let hash = Files::name(b"mango");
        for good in [hash.clone(), format!("{hash}-1280.avif"), format!("{hash}-1.webp")] {
            assert!(Files::is_name(&good), "{good}");
        }
        for bad in [
            String::new(),
            "..".to_owned(),
            hash.to_uppercase(),
            hash[1..].to_owned(),
            format!("../{hash}"),
            format!("{hash}/../x"),
            format!("{hash}\\x"),
            format!("{hash}%2fx"),
            format!("{hash}#1"),
            format!("{hash}\0"),
            format!("{hash}{hash}{hash}{hash}"),
        ] {
            assert!(!Files::is_name(&bad), "{bad}");
        }
        assert_eq!(Files::begins().count(), 256);
    }
}
