//! Files in a bucket of an S3-compatible service, in bounded time and memory.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ObjectStoreExt, RetryConfig};
use platform::cache::Cache;
use platform::files::{Bucket, FileStore, Files, FilesError, StoredFile};
use tokio::sync::Semaphore;

use super::refusal::explain;
use super::transport::{Transport, sending_time};

/// Requests at a time; more wait.
const AT_A_TIME: usize = 64;
/// Tries after the first, while no more time than this went by.
const RETRIES: usize = 2;
const RETRY_TIME: Duration = Duration::from_secs(2);
/// What reading a served picture may take with all tries, and what a large file or a list may.
const SMALL_LIMIT: Duration = Duration::from_secs(10);
const LARGE_LIMIT: Duration = Duration::from_secs(30);
/// A picture that is cached has about this many bytes.
const TYPICAL_BYTES: u64 = 50_000;

pub(super) struct BucketFiles {
    bucket: Bucket,
    store: PrefixStore<AmazonS3>,
    turns: Semaphore,
    rest: Rest,
    /// Pictures as they are served. They never change.
    recent: Cache<String, Bytes>,
}

impl BucketFiles {
    /// # Errors
    /// Why it cannot be used as it is configured.
    pub(super) fn open(bucket: &Bucket) -> Result<Self, String> {
        let access = &bucket.access;
        let backoff =
            BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_millis(500), ..BackoffConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&access.region)
            .with_access_key_id(&access.access_key)
            .with_secret_access_key(&access.secret_key)
            .with_virtual_hosted_style_request(!access.path_style)
            // Not every service can remove many at once.
            .with_disable_bulk_delete(true)
            .with_retry(RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY_TIME })
            .with_http_connector(Transport::new()?);
        if let Some(endpoint) = &access.endpoint {
            builder = builder.with_endpoint(if access.path_style { endpoint.clone() } else { hosted(endpoint, &bucket.name) });
        }
        let store = builder.build().map_err(|error| super::refusal::cause(&error))?;
        let typical = usize::try_from(access.cache_bytes / TYPICAL_BYTES).unwrap_or(usize::MAX).max(1);
        Ok(Self {
            bucket: bucket.clone(),
            store: PrefixStore::new(store, bucket.prefix.as_str()),
            turns: Semaphore::new(AT_A_TIME),
            rest: Rest::default(),
            recent: Cache::weighed(typical, access.cache_bytes, |name, bytes| (name.len() + bytes.len()) as u64),
        })
    }

    /// Asks the bucket, unless it was found to be away a moment ago.
    async fn ask<T>(&self, limit: Duration, question: impl Future<Output = object_store::Result<T>>) -> Result<T, FilesError> {
        self.rest.enter()?;
        let asked = async {
            let _turn = self.turns.acquire().await;
            question.await
        };
        let answer = match tokio::time::timeout(limit, asked).await {
            Ok(answer) => answer.map_err(|error| explain(&self.bucket, &error)),
            Err(_) => Err(FilesError::Unavailable(format!("{} took longer than {} s", self.bucket, limit.as_secs()))),
        };
        self.rest.leave(answer.as_ref().err());
        answer
    }
}

/// The address that has the bucket's name in its host.
fn hosted(endpoint: &str, bucket: &str) -> String {
    endpoint.replacen("://", &format!("://{bucket}."), 1)
}

#[async_trait]
impl FileStore for BucketFiles {
    fn shown(&self) -> String {
        self.bucket.to_string()
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), FilesError> {
        let location = super::location(name)?;
        let limit = sending_time(bytes.len()) + LARGE_LIMIT;
        match self.ask(limit, super::put(&self.store, &location, bytes)).await {
            // There is nothing to be missing but the bucket.
            Err(FilesError::Missing) => Err(FilesError::Refused(format!("{}: there is no such bucket; correct files", self.bucket))),
            kept => kept,
        }
    }

    async fn get(&self, name: &str) -> Result<Bytes, FilesError> {
        let location = super::location(name)?;
        if Files::is_original(name) {
            return self.ask(LARGE_LIMIT, super::get(&self.store, &location)).await;
        }
        let read = async {
            match self.ask(SMALL_LIMIT, super::get(&self.store, &location)).await {
                Err(FilesError::Missing) => Ok(None),
                read => read.map(Some),
            }
        };
        self.recent.get_or_read(name.to_owned(), read).await?.ok_or(FilesError::Missing)
    }

    async fn list(&self, begin: &str) -> Result<Vec<StoredFile>, FilesError> {
        self.ask(LARGE_LIMIT, super::list(&self.store, begin)).await
    }

    async fn remove(&self, name: &str) -> Result<(), FilesError> {
        let location = super::location(name)?;
        match self.ask(SMALL_LIMIT, self.store.delete(&location)).await {
            Err(FilesError::Missing) => Ok(()),
            removed => removed,
        }
    }
}

/// Failures without a success between them after which the bucket counts as away.
const AWAY_AFTER: u32 = 3;
/// How long it is then not asked.
const REST: Duration = Duration::from_secs(2);
/// How long one alone asks it after that.
const TRIAL: Duration = Duration::from_secs(5);

/// Whether the bucket is away: then it is not asked for a while, so that nobody waits for time-outs, and then by one alone.
#[derive(Default)]
struct Rest(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    /// Until when it is not asked, and why.
    away: Option<(Instant, String)>,
}

impl Rest {
    fn enter(&self) -> Result<(), FilesError> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((until, why)) = &mut state.away {
            if Instant::now() < *until {
                return Err(FilesError::Unavailable(why.clone()));
            }
            *until = Instant::now() + TRIAL;
        }
        Ok(())
    }

    fn leave(&self, error: Option<&FilesError>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(FilesError::Unavailable(why)) = error {
            state.failures = state.failures.saturating_add(1);
            if state.failures >= AWAY_AFTER {
                if state.away.is_none() {
                    tracing::error!(why, "files cannot be read or kept for now");
                }
                state.away = Some((Instant::now() + REST, why.clone()));
            }
        } else {
            if state.away.is_some() {
                tracing::info!("files can be read and kept again");
            }
            *state = State::default();
        }
    }
}
