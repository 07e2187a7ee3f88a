//! Files in a folder of this machine.

use std::io::{self, Write};
use std::path::PathBuf;

use platform::files::FileStore;

pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Uses this folder, which the first file makes.
    pub(crate) const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Where a file of this name is, or would be. A name never leaves the folder.
    fn path(&self, name: &str) -> io::Result<PathBuf> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !(3..=200).contains(&name.len()) || name.starts_with('.') || !name.chars().all(plain) {
            return Err(io::Error::new(io::ErrorKind::NotFound, "there is no file of such a name"));
        }
        Ok(self.0.join(&name[..2]).join(name))
    }
}

impl FileStore for Folder {
    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(name)?;
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

    fn get(&self, name: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.path(name)?)
    }

    fn has(&self, name: &str) -> bool {
        self.path(name).is_ok_and(|path| path.exists())
    }
}
