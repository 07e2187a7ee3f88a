//! Files beside the database, named by their contents.

use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A folder of files.
#[derive(Clone, Debug)]
pub struct Files(PathBuf);

impl Files {
    /// Uses this folder, and makes it.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self(folder.to_owned()))
    }

    /// The name that bytes are kept under: 64 hexadecimal digits of SHA-256.
    #[must_use]
    pub fn name(bytes: &[u8]) -> String {
        Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut name, byte| {
            use std::fmt::Write;
            let _ = write!(name, "{byte:02x}");
            name
        })
    }

    /// Letters, digits, `-`, `_` and `.`, not first: a name never leaves the folder.
    fn check(name: &str) -> std::io::Result<()> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if (3..=200).contains(&name.len()) && !name.starts_with('.') && name.chars().all(plain) {
            return Ok(());
        }
        Err(std::io::Error::new(std::io::ErrorKind::NotFound, "there is no file of such a name"))
    }

    /// Where a file of this name is, or would be.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        let folder = name.get(..2).unwrap_or("__");
        self.0.join(folder).join(name)
    }

    /// Keeps bytes under a name, whole or not at all.
    ///
    /// # Errors
    /// The file system's; a full disk leaves nothing behind.
    pub fn put(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        Self::check(name)?;
        let path = self.path(name);
        if path.exists() {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(&self.0).to_owned();
        std::fs::create_dir_all(&folder)?;
        let unfinished = folder.join(format!(".{name}.{}", uuid::Uuid::new_v4().simple()));
        let written = std::fs::File::create(&unfinished)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&unfinished, &path))
            .and_then(|()| std::fs::File::open(&folder)?.sync_all());
        if written.is_err() {
            let _ = std::fs::remove_file(&unfinished);
        }
        written
    }

    /// The bytes under a name.
    ///
    /// # Errors
    /// The file system's.
    pub fn get(&self, name: &str) -> std::io::Result<Vec<u8>> {
        Self::check(name)?;
        std::fs::read(self.path(name))
    }
}
