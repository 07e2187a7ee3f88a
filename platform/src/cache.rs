//! A copy in memory of what is expensive to read. See `docs/platform/cache.md`.
//!
//! What must not be forgotten, such as a count of failed attempts, does not belong here: entries that are used least make room for others.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::Timestamp;
use quick_cache::sync::{Cache as QuickCache, DefaultLifecycle, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, Equivalent, Weighter};

use super::clock::Clock;

/// One of the states that something in memory has between two invalidations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

/// Counts invalidations, so that what was read before one is told from what was read after it.
#[derive(Debug, Default)]
pub struct VersionCounter(AtomicU64);

impl VersionCounter {
    /// The version of what is read from now on.
    #[must_use]
    pub fn current(&self) -> Version {
        Version(self.0.load(Ordering::SeqCst))
    }

    /// Begins a new version: what was read before is old.
    pub fn begin_next(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// The begin of a reading whose result is to be cached.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    version: Version,
    /// The epoch in a cache without a greatest age.
    began: Timestamp,
}

/// Values by key: at most so many, and of at most some age. An invalidation removes all of them.
///
/// The version is part of each entry's key, so a value whose reading began before an invalidation is never found after it.
pub struct Cache<K, V> {
    versions: VersionCounter,
    entries: QuickCache<Versioned<K>, Entry<V>, EntryWeighter<K, V>>,
    max_age: Option<(i64, Arc<dyn Clock>)>,
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    /// Holds about so many entries.
    #[must_use]
    pub fn new(max_entries: usize) -> Self {
        Self::weighed(max_entries, max_entries as u64, |_, _| 1)
    }

    /// Holds entries that together weigh at most `max_weight`, which are about `typical_count`. `weight` is asked often and must answer the
    /// same for the same entry.
    #[must_use]
    pub fn weighed(typical_count: usize, max_weight: u64, weight: fn(&K, &V) -> u64) -> Self {
        let entries = QuickCache::with_weighter(typical_count, max_weight, EntryWeighter(weight));
        Self { versions: VersionCounter::default(), entries, max_age: None }
    }

    /// The same, with values that are read again once this much time has gone by since their reading began; also when the clock was set
    /// back meanwhile.
    #[must_use]
    pub fn with_max_age(mut self, age: Duration, clock: Arc<dyn Clock>) -> Self {
        self.max_age = Some((i64::try_from(age.as_millis()).unwrap_or(i64::MAX), clock));
        self
    }

    /// Removes all values. Those that are being read are not kept either.
    pub fn invalidate(&self) {
        self.versions.begin_next();
        self.entries.clear();
    }

    /// The value of a key.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.get(&Lookup { version: self.versions.current(), key })?;
        self.is_fresh(&entry).then_some(entry.value)
    }

    /// To be called before the source is read, for [`Cache::insert`].
    pub fn begin_reading(&self) -> Reading {
        let began = self.max_age.as_ref().map_or(Timestamp::from_millis(0), |(_, clock)| clock.now());
        Reading { version: self.versions.current(), began }
    }

    /// Keeps a value, unless the cache was invalidated since its reading began.
    pub fn insert(&self, reading: Reading, key: K, value: V) {
        let Reading { version, began } = reading;
        if version == self.versions.current() {
            self.entries.insert(Versioned { version, key }, Entry { value, began });
        }
    }

    /// The value of a key, read where there is none; what is not found is not kept. Several callers at once read each for themselves, so
    /// that none waits for the failure of another.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn get_or_read<E>(&self, key: K, read: impl Future<Output = Result<Option<V>, E>>) -> Result<Option<V>, E> {
        let reading = self.begin_reading();
        if let Some(value) = self.get(&key) {
            return Ok(Some(value));
        }
        let found = read.await?;
        if let Some(value) = &found {
            self.insert(reading, key, value.clone());
        }
        Ok(found)
    }

    fn is_fresh(&self, entry: &Entry<V>) -> bool {
        self.max_age.as_ref().is_none_or(|(age, clock)| {
            let millis = clock.now().millis().saturating_sub(entry.began.millis());
            (0..*age).contains(&millis)
        })
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// The value of a key, or the right to be the one who makes it. Others who ask for the same key and version wait until a value is
    /// inserted or the right is dropped; then one of them has it.
    ///
    /// # Errors
    /// The right to make the value, where there is none.
    pub async fn get_or_reserve(&self, key: &K) -> Result<V, Reservation<'_, K, V>> {
        let Reading { version, began } = self.begin_reading();
        let key = Versioned { version, key: key.clone() };
        loop {
            match self.entries.get_value_or_guard_async(&key).await {
                Ok(entry) if self.is_fresh(&entry) => return Ok(entry.value),
                Ok(_) => drop(self.entries.remove_if(&key, |entry| !self.is_fresh(entry))),
                Err(guard) => return Err(Reservation { guard, began }),
            }
        }
    }
}

/// The library's right to fill a place of the cache.
type Placeholder<'a, K, V, L = DefaultLifecycle<Versioned<K>, Entry<V>>> =
    PlaceholderGuard<'a, Versioned<K>, Entry<V>, EntryWeighter<K, V>, DefaultHashBuilder, L>;

/// The right to make the value of a key while others wait for it.
pub struct Reservation<'a, K, V> {
    guard: Placeholder<'a, K, V>,
    began: Timestamp,
}

impl<K: Hash + Eq, V: Clone> Reservation<'_, K, V> {
    /// Gives the value to all who wait for it, and keeps it unless the cache was invalidated meanwhile.
    pub fn insert(self, value: V) {
        // Refused when the cache was invalidated: this version is then not asked for any more.
        let _ = self.guard.insert(Entry { value, began: self.began });
    }
}

#[derive(Clone)]
struct Entry<V> {
    value: V,
    /// When its reading began.
    began: Timestamp,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Versioned<K> {
    version: Version,
    key: K,
}

/// A [`Versioned`] key whose own key is borrowed. It is hashed as that is.
#[derive(Hash)]
struct Lookup<'a, Q: ?Sized> {
    version: Version,
    key: &'a Q,
}

impl<K: Borrow<Q>, Q: Eq + ?Sized> Equivalent<Versioned<K>> for Lookup<'_, Q> {
    fn equivalent(&self, other: &Versioned<K>) -> bool {
        let other_key: &Q = other.key.borrow();
        self.version == other.version && self.key == other_key
    }
}

struct EntryWeighter<K, V>(fn(&K, &V) -> u64);

impl<K, V> Clone for EntryWeighter<K, V> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<K, V> Weighter<Versioned<K>, Entry<V>> for EntryWeighter<K, V> {
    fn weight(&self, key: &Versioned<K>, entry: &Entry<V>) -> u64 {
        (self.0)(&key.key, &entry.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;

    fn numbers() -> Cache<String, u64> {
        Cache::new(100)
    }

    #[test]
    fn what_was_read_before_an_invalidation_is_not_kept_after_it() {
        let cache = numbers();
        let reading = cache.begin_reading();
        cache.invalidate();
        cache.insert(reading, "a".into(), 1);
        assert_eq!(cache.get("a"), None);
        cache.insert(cache.begin_reading(), "a".into(), 2);
        assert_eq!(cache.get("a"), Some(2));
        cache.insert(reading, "a".into(), 1);
        assert_eq!(cache.get("a"), Some(2), "a late value does not replace a new one");
        cache.invalidate();
        assert_eq!(cache.get("a"), None);
    }

    #[tokio::test]
    async fn a_value_is_read_again_when_the_cache_was_invalidated_while_it_was_read() {
        let cache = numbers();
        let read = async |value: Option<u64>| cache.get_or_read("a".to_owned(), async { Ok::<_, ()>(value) }).await;
        let interrupted = async {
            cache.invalidate();
            Ok::<_, ()>(Some(1))
        };
        assert_eq!(cache.get_or_read("a".to_owned(), interrupted).await, Ok(Some(1)));
        assert_eq!(read(None).await, Ok(None), "what is not found is not kept");
        assert_eq!(read(Some(2)).await, Ok(Some(2)));
        assert_eq!(read(Some(3)).await, Ok(Some(2)));
        assert_eq!(cache.get_or_read("b".to_owned(), async { Err(()) }).await, Err(()));
    }

    #[tokio::test]
    async fn a_value_is_kept_until_it_has_its_greatest_age() {
        let clock = Arc::new(SimulatedClock::at(Timestamp::from_millis(10_000)));
        let cache = numbers().with_max_age(Duration::from_secs(5), clock.clone());
        let reading = cache.begin_reading();
        clock.advance(1_000);
        cache.insert(reading, "a".into(), 1);
        clock.advance(3_999);
        assert_eq!(cache.get("a"), Some(1));
        clock.advance(1);
        assert_eq!(cache.get("a"), None, "its age counts from the begin of its reading");
        clock.set(Timestamp::from_millis(9_000));
        assert_eq!(cache.get("a"), None, "the clock was set back");
        clock.set(Timestamp::from_millis(15_000));
        let Err(reserved) = cache.get_or_reserve(&"a".to_owned()).await else { panic!("an old value was given") };
        reserved.insert(2);
        assert_eq!(cache.get("a"), Some(2));
    }

    #[test]
    fn a_cache_holds_no_more_than_its_bound() {
        for max in [1, 100] {
            let cache = Cache::new(max);
            for n in 0..10_000_u64 {
                cache.insert(cache.begin_reading(), n, n);
            }
            let held = (0..10_000_u64).filter(|n| cache.get(n).is_some()).count();
            assert!((1..=max).contains(&held), "{held} of at most {max}");
        }
        let cache: Cache<u64, String> = Cache::weighed(10, 1_000, |_, text| text.len() as u64);
        for n in 0..100 {
            cache.insert(cache.begin_reading(), n, "x".repeat(100));
        }
        let held = (0..100_u64).filter(|n| cache.get(n).is_some()).count();
        assert!((1..=10).contains(&held), "{held}");
    }

    #[tokio::test]
    async fn one_makes_a_value_and_the_others_wait_for_it() {
        let cache = Arc::new(numbers());
        let key = "a".to_owned();
        let Err(reserved) = cache.get_or_reserve(&key).await else { panic!("there is none") };
        let waiting = tokio::spawn({
            let (cache, key) = (Arc::clone(&cache), key.clone());
            async move { cache.get_or_reserve(&key).await.ok() }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        reserved.insert(1);
        assert_eq!(waiting.await.unwrap(), Some(1));

        // Whoever asks after an invalidation does not wait for what began before it.
        cache.invalidate();
        let Err(late) = cache.get_or_reserve(&key).await else { panic!("there is none") };
        cache.invalidate();
        let Err(reserved) = cache.get_or_reserve(&key).await else { panic!("there is none") };
        late.insert(2);
        assert_eq!(cache.get("a"), None);
        reserved.insert(3);
        assert_eq!(cache.get("a"), Some(3));
        drop(cache.get_or_reserve(&"b".to_owned()).await);
        assert!(cache.get_or_reserve(&"b".to_owned()).await.is_err(), "a right that was dropped is given to the next");
    }
}
