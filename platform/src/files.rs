//! Files that are named by their contents, wherever they are kept.

use std::io;
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// Keeps files under names of 3 to 200 letters, digits, `-`, `_` and `.` (not first).
pub trait FileStore: Send + Sync {
    /// Keeps bytes under a name, whole or not at all.
    ///
    /// # Errors
    /// The store's; a full disk leaves nothing behind.
    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// The bytes under a name.
    ///
    /// # Errors
    /// The store's.
    fn get(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Is there a file of this name?
    fn has(&self, name: &str) -> bool;
}

#[derive(Clone)]
pub struct Files(Arc<dyn FileStore>);

impl Files {
    #[must_use]
    pub const fn new(store: Arc<dyn FileStore>) -> Self {
        Self(store)
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

    /// Keeps bytes under a name, whole or not at all.
    ///
    /// # Errors
    /// The store's.
    pub fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.put(name, bytes)
    }

    /// The bytes under a name.
    ///
    /// # Errors
    /// The store's.
    pub fn get(&self, name: &str) -> io::Result<Vec<u8>> {
        self.0.get(name)
    }

    /// Is there a file of this name?
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.has(name)
    }
}
