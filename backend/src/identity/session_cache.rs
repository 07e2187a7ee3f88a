//! Remembers for a few seconds who holds a session token or an API key's secret, in memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::Timestamp;
use domain::id::ApiKeyId;
use domain::permission::Permission;
use domain::view::Me;

use super::Digest;

/// A session that another node revoked lives on here for at most this long.
const TTL_MS: i64 = 5_000;
const MAX_ENTRIES: usize = 20_000;

#[derive(Debug)]
pub struct SessionCache {
    pub(super) sessions: TtlCache<Digest, Me>,
    pub(super) api_keys: TtlCache<Digest, (ApiKeyId, Vec<Permission>)>,
}

impl Default for SessionCache {
    fn default() -> Self {
        Self { sessions: TtlCache::new(), api_keys: TtlCache::new() }
    }
}

#[derive(Debug)]
pub(super) struct TtlCache<K, V>(Mutex<Entries<K, V>>);

#[derive(Debug)]
struct Entries<K, V> {
    /// Grows with each invalidation. What was read from the database at an older version may be stale and is not stored.
    version: u64,
    /// Values with the time until which they are valid.
    map: HashMap<K, (V, Timestamp)>,
}

impl<K: Hash + Eq, V: Clone> TtlCache<K, V> {
    fn new() -> Self {
        Self(Mutex::new(Entries { version: 0, map: HashMap::new() }))
    }

    /// To be read before the database is, and given to [`insert`](Self::insert).
    pub(super) fn version(&self) -> u64 {
        lock(&self.0).version
    }

    pub(super) fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let entries = lock(&self.0);
        entries.map.get(key).filter(|(_, until)| *until > now).map(|(value, _)| value.clone())
    }

    /// Does nothing if the cache was invalidated since `version`, or is full.
    pub(super) fn insert(&self, version: u64, key: K, value: V, now: Timestamp) {
        let mut entries = lock(&self.0);
        if entries.map.len() >= MAX_ENTRIES {
            entries.map.retain(|_, (_, until)| *until > now);
        }
        if entries.map.len() < MAX_ENTRIES && entries.version == version {
            entries.map.insert(key, (value, now.plus_millis(TTL_MS)));
        }
    }

    /// Forgets everything. Changes are rare, and asking the database again is cheap.
    pub(super) fn invalidate(&self) {
        let mut entries = lock(&self.0);
        entries.version += 1;
        entries.map.clear();
    }
}

/// Nothing is left half done under this lock, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_all_was_forgotten_is_not_remembered() {
        let cache: TtlCache<u8, &str> = TtlCache::new();
        let (version, now) = (cache.version(), Timestamp::from_millis(0));
        cache.invalidate();
        cache.insert(version, 1, "stale", now);
        assert_eq!(cache.get(&1, now), None);
        cache.insert(cache.version(), 1, "fresh", now);
        assert_eq!(cache.get(&1, now), Some("fresh"));
        assert_eq!(cache.get(&1, now.plus_millis(TTL_MS)), None);
    }
}
