//! Copies files from one store to another, as between a folder and a bucket.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};

use super::{Files, FilesError, StoredFile};

/// Files that are copied at a time.
const AT_A_TIME: usize = 8;
/// How often a store is asked that is not there for the moment, and the time between.
const MAX_TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(3);
/// Damaged files that are named; more are counted.
const MAX_NAMED: usize = 100;

/// What a copy came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopyReport {
    pub copied: u64,
    pub copied_bytes: u64,
    /// Files that were there already.
    pub present: u64,
    /// Files that are not what their names or sizes say, and were left out.
    pub damaged: u64,
    /// The names of the first hundred of them.
    pub damaged_names: Vec<String>,
}

/// What was done about one file.
enum Done {
    Copied(u64),
    Present,
    Damaged(String),
}

/// Copies all files of `from` that `to` does not have. Called again it goes on where it stopped. What is there in the same size counts
/// as present; with `compare` it is read on both sides, and replaced when it differs. After each part of the names the sizes are
/// compared. `progress` is told of parts that are done, of how many.
///
/// # Errors
/// A store's, when it lasts; what is copied by then stays.
pub async fn copy(from: &Files, to: &Files, compare: bool, progress: &(dyn Fn(u64, u64) + Send + Sync)) -> Result<CopyReport, FilesError> {
    let mut report = CopyReport::default();
    let parts: Vec<String> = Files::begins().collect();
    for (begin, part) in (1..).zip(&parts) {
        let there = sizes(to, part).await?;
        let listed = patiently(async || from.list(part).await).await?;
        let mut work = stream::iter(listed)
            .map(|file| {
                let present = there.get(&file.name).is_some_and(|size| *size == file.size);
                copy_one(from, to, file, present, compare)
            })
            .buffer_unordered(AT_A_TIME);
        let mut copied = Vec::new();
        while let Some(done) = work.next().await {
            match done? {
                (file, Done::Copied(bytes)) => {
                    report.copied += 1;
                    report.copied_bytes += bytes;
                    copied.push(file);
                }
                (_, Done::Present) => report.present += 1,
                (_, Done::Damaged(name)) => {
                    report.damaged += 1;
                    if report.damaged_names.len() < MAX_NAMED {
                        report.damaged_names.push(name);
                    }
                }
            }
        }
        check(to, part, &copied).await?;
        progress(begin, parts.len() as u64);
    }
    Ok(report)
}

async fn sizes(files: &Files, begin: &str) -> Result<HashMap<String, u64>, FilesError> {
    let listed = patiently(async || files.list(begin).await).await?;
    Ok(listed.into_iter().map(|file| (file.name, file.size)).collect())
}

async fn copy_one(from: &Files, to: &Files, file: StoredFile, present: bool, compare: bool) -> Result<(StoredFile, Done), FilesError> {
    if present && !compare {
        return Ok((file, Done::Present));
    }
    let name = &file.name;
    let bytes = patiently(async || from.get(name).await).await?;
    if !is_whole(&file, &bytes) {
        let name = name.clone();
        return Ok((file, Done::Damaged(name)));
    }
    if present && patiently(async || to.get(name).await).await? == bytes {
        return Ok((file, Done::Present));
    }
    patiently(async || to.put(name, bytes.clone()).await).await?;
    Ok((file, Done::Copied(bytes.len() as u64)))
}

/// Has it the size that was listed, and the contents that an original is named by?
fn is_whole(file: &StoredFile, bytes: &Bytes) -> bool {
    bytes.len() as u64 == file.size && (!Files::is_original(&file.name) || Files::name(bytes) == file.name)
}

/// Are the files that were copied listed in their sizes?
async fn check(to: &Files, begin: &str, copied: &[StoredFile]) -> Result<(), FilesError> {
    if copied.is_empty() {
        return Ok(());
    }
    let there = sizes(to, begin).await?;
    match copied.iter().find(|file| there.get(&file.name) != Some(&file.size)) {
        None => Ok(()),
        Some(file) => Err(FilesError::Refused(format!("{} was copied to {} and is not listed there in its size", file.name, to.shown()))),
    }
}

/// Asks again while the store is not there for the moment.
async fn patiently<T>(ask: impl AsyncFn() -> Result<T, FilesError>) -> Result<T, FilesError> {
    for _ in 1..MAX_TRIES {
        match ask().await {
            Err(FilesError::Unavailable(why)) => tracing::warn!(why, "asked again in {} s", PAUSE.as_secs()),
            other => return other,
        }
        tokio::time::sleep(PAUSE).await;
    }
    ask().await
}
