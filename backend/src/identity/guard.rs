//! What identity remembers between requests: who was seen a moment ago, and how many passwords are being hashed. All of it is in
//! memory and may be lost.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use domain::Timestamp;
use domain::id::ApiKeyId;
use domain::permission::Permission;
use domain::view::Me;
use tokio::sync::Semaphore;

use super::IdentityError;
use super::password::{self, Cost};

/// How long an answer is trusted. A session that is revoked by another node lives on here for at most this long.
const FRESH: i64 = 5_000;
/// Entries kept, at most, of each kind.
const MAX_ENTRIES: usize = 20_000;
/// Passwords hashed at once: each takes 19 MiB and a processor.
const MAX_CONCURRENT_HASHES: usize = 2;
/// Passwords that wait to be hashed, at most: at two at once, some two seconds.
const IN_LINE: usize = 64;

/// The SHA-256 of a token or secret.
pub(super) type Digest = [u8; 32];

/// The state of [`identity`](super), held by the shop.
#[derive(Debug)]
pub struct Guard {
    cost: Cost,
    hashing: Arc<Semaphore>,
    in_line: AtomicUsize,
    nobody: OnceLock<String>,
    people: Recent<Digest, Me>,
    keys: Recent<Digest, (ApiKeyId, Vec<Permission>)>,
}

impl Guard {
    /// Nobody seen yet.
    #[must_use]
    pub fn new(cost: Cost) -> Self {
        Self {
            cost,
            hashing: Arc::new(Semaphore::new(MAX_CONCURRENT_HASHES)),
            in_line: AtomicUsize::new(0),
            nobody: OnceLock::new(),
            people: Recent::new(),
            keys: Recent::new(),
        }
    }

    /// Hashes a password on a thread of its own.
    pub(super) async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String, IdentityError> {
        let (cost, password) = (self.cost, password.to_owned());
        self.in_turn(move || password::hash(cost, &password, salt)).await?.ok_or(IdentityError::Hash)
    }

    /// Checks a password on a thread of its own; against nobody's hash where there is none, so that an unknown e-mail takes
    /// as long as a known one.
    pub(super) async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool, IdentityError> {
        let known = hash.is_some();
        let nobody = || self.nobody.get_or_init(|| password::hash(self.cost, "nobody", [0; 16]).unwrap_or_default()).clone();
        let (hash, password) = (hash.unwrap_or_else(nobody), password.to_owned());
        Ok(self.in_turn(move || password::verify(&password, &hash)).await? && known)
    }

    /// Does what takes a processor when its turn comes. The turn lasts as long as the work, even when whoever asked went away.
    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, IdentityError> {
        let waiting = InLine::join(&self.in_line)?;
        let turn = self.hashing.clone().acquire_owned().await.map_err(|_| IdentityError::Hash)?;
        drop(waiting);
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|_| IdentityError::Hash)
    }

    pub(super) fn seen(&self, session: &Digest, now: Timestamp) -> Option<Me> {
        self.people.get(session, now)
    }

    /// To be asked before the database is: what has changed since is not remembered.
    pub(super) fn people_epoch(&self) -> u64 {
        self.people.epoch()
    }

    pub(super) fn remember(&self, epoch: u64, session: Digest, me: Me, now: Timestamp) {
        self.people.put(epoch, session, me, now);
    }

    /// Forgets everybody: somebody's sessions, role or details changed. It is rare, and asking the database again is cheap.
    pub(super) fn forget_people(&self) {
        self.people.clear();
    }

    pub(super) fn key(&self, secret: &Digest, now: Timestamp) -> Option<(ApiKeyId, Vec<Permission>)> {
        self.keys.get(secret, now)
    }

    /// As [`Guard::people_epoch`].
    pub(super) fn keys_epoch(&self) -> u64 {
        self.keys.epoch()
    }

    pub(super) fn remember_key(&self, epoch: u64, secret: Digest, key: (ApiKeyId, Vec<Permission>), now: Timestamp) {
        self.keys.put(epoch, secret, key, now);
    }

    pub(super) fn forget_keys(&self) {
        self.keys.clear();
    }
}

/// A place in the line of passwords to be hashed.
struct InLine<'a>(&'a AtomicUsize);

impl<'a> InLine<'a> {
    fn join(line: &'a AtomicUsize) -> Result<Self, IdentityError> {
        let place = Self(line);
        if line.fetch_add(1, Ordering::Relaxed) >= IN_LINE { Err(IdentityError::Busy) } else { Ok(place) }
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Answers of the last seconds.
#[derive(Debug)]
struct Recent<K, V>(Mutex<Answers<K, V>>);

#[derive(Debug)]
struct Answers<K, V> {
    /// How often all were forgotten. An answer that was read before the last time is out of date.
    epoch: u64,
    map: HashMap<K, (V, Timestamp)>,
}

impl<K: Hash + Eq, V: Clone> Recent<K, V> {
    fn new() -> Self {
        Self(Mutex::new(Answers { epoch: 0, map: HashMap::new() }))
    }

    fn epoch(&self) -> u64 {
        lock(&self.0).epoch
    }

    fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let answers = lock(&self.0);
        answers.map.get(key).filter(|(_, until)| *until > now).map(|(value, _)| value.clone())
    }

    fn put(&self, epoch: u64, key: K, value: V, now: Timestamp) {
        let mut answers = lock(&self.0);
        if answers.map.len() >= MAX_ENTRIES {
            answers.map.retain(|_, (_, until)| *until > now);
        }
        if answers.map.len() < MAX_ENTRIES && answers.epoch == epoch {
            answers.map.insert(key, (value, now.plus_millis(FRESH)));
        }
    }

    fn clear(&self) {
        let mut answers = lock(&self.0);
        answers.epoch += 1;
        answers.map.clear();
    }
}

/// Nothing is left half done under these locks, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at what is not as expected")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_lasts_as_long_as_the_work_of_whoever_went_away() {
        let guard = Arc::new(Guard::new(Cost::Test));
        let (running, at_once) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let work = || {
            let (running, at_once, gate) = (running.clone(), at_once.clone(), gate.clone());
            move || {
                at_once.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let _ = lock(&gate).recv();
                running.fetch_sub(1, Ordering::SeqCst);
            }
        };
        // Six ask, and go away as soon as their work has begun or they wait.
        for _ in 0..6 {
            let mut asking = Box::pin(guard.in_turn(work()));
            assert!(futures::poll!(&mut asking).is_pending());
        }
        assert_eq!(guard.in_line.load(Ordering::Relaxed), 0, "whoever goes away leaves the line");
        let after = tokio::spawn({
            let (guard, work) = (guard.clone(), work());
            async move { guard.in_turn(work).await.is_ok() }
        });
        for _ in 0..3 {
            go.send(()).unwrap();
        }
        assert!(after.await.unwrap());
        assert!(at_once.load(Ordering::SeqCst) <= MAX_CONCURRENT_HASHES);
    }

    #[tokio::test]
    async fn a_long_line_takes_nobody_more() {
        let guard = Guard::new(Cost::Test);
        let turns: Vec<_> = (0..MAX_CONCURRENT_HASHES).map(|_| guard.hashing.clone().try_acquire_owned().unwrap()).collect();
        let mut line: Vec<_> = (0..IN_LINE).map(|_| Box::pin(guard.in_turn(|| ()))).collect();
        for waiting in &mut line {
            assert!(futures::poll!(waiting).is_pending());
        }
        assert!(matches!(guard.in_turn(|| ()).await, Err(IdentityError::Busy)));
        drop((line, turns));
        guard.in_turn(|| ()).await.unwrap();
    }

    #[test]
    fn what_was_read_before_all_was_forgotten_is_not_remembered() {
        let recent: Recent<u8, &str> = Recent::new();
        let (epoch, now) = (recent.epoch(), Timestamp::from_millis(0));
        recent.clear();
        recent.put(epoch, 1, "stale", now);
        assert_eq!(recent.get(&1, now), None);
        recent.put(recent.epoch(), 1, "fresh", now);
        assert_eq!(recent.get(&1, now), Some("fresh"));
        assert_eq!(recent.get(&1, now.plus_millis(FRESH)), None);
    }
}
