//! Files compressed once, at build time, as small as can be: `name.br` and `name.gz` beside `name`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Result;

use crate::site::listed;

/// What is worth it. Pictures and fonts are compressed already.
const KINDS: [&str; 8] = ["css", "html", "js", "json", "svg", "txt", "wasm", "webmanifest"];

/// Compresses every file in a folder and in those below that can become smaller.
///
/// # Errors
/// A file that cannot be read or written.
pub fn folder(folder: &Path) -> Result<()> {
    let worth = |path: &PathBuf| path.extension().and_then(|end| end.to_str()).is_some_and(|end| KINDS.contains(&end));
    let files = Mutex::new(listed(folder)?.into_iter().filter(worth).collect::<Vec<_>>());
    let next = || files.lock().ok().and_then(|mut files| files.pop());
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    while let Some(path) = next() {
                        file(&path)?;
                    }
                    Ok(())
                })
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a compressing thread ended early"))))
    })
}

fn file(path: &Path) -> Result<()> {
    let bytes = fs::read(path)?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&bytes)?;
    let mut brotli = brotli::CompressorWriter::new(Vec::new(), 64 * 1024, 11, 24);
    brotli.write_all(&bytes)?;
    for (packed, end) in [(gzip.finish()?, "gz"), (brotli.into_inner(), "br")] {
        if packed.len() < bytes.len() {
            let mut name = path.as_os_str().to_owned();
            name.push(".");
            name.push(end);
            fs::write(PathBuf::from(name), packed)?;
        }
    }
    Ok(())
}
