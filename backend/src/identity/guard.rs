//! What identity remembers between requests: who was seen a moment ago, who guessed wrong too often, how many passwords are
//! being hashed. All of it is in memory and may be lost.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use domain::Timestamp;
use domain::id::ApiKeyId;
use domain::permission::Permission;
use domain::view::Me;
use tokio::sync::Semaphore;

use super::IdentityError;
use super::password::{self, Cost};

/// Wrong passwords before an e-mail has to wait.
const FAILURES: u32 = 10;
/// The first wait; each further failure doubles it, up to [`LONGEST_WAIT`].
const FIRST_WAIT: i64 = 60_000;
const LONGEST_WAIT: i64 = 15 * 60_000;
/// Failures are forgotten after so long without one.
const FORGET: i64 = 60 * 60_000;
/// How long an answer is trusted. A session that is revoked by another node lives on here for at most this long.
const FRESH: i64 = 5_000;
/// Entries kept, at most, of each kind.
const MOST: usize = 20_000;
/// Passwords hashed at once: each takes 19 MiB and a processor.
const AT_ONCE: usize = 2;

/// The SHA-256 of a token or secret.
pub(super) type Digest = [u8; 32];

/// The state of [`identity`](super), held by the shop.
#[derive(Debug)]
pub struct Guard {
    cost: Cost,
    hashing: Semaphore,
    nobody: OnceLock<String>,
    failures: Mutex<HashMap<Vec<u8>, Failures>>,
    people: Recent<Digest, Me>,
    keys: Recent<Digest, (ApiKeyId, Vec<Permission>)>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl Guard {
    /// Nobody seen yet.
    #[must_use]
    pub fn new(cost: Cost) -> Self {
        Self {
            cost,
            hashing: Semaphore::new(AT_ONCE),
            nobody: OnceLock::new(),
            failures: Mutex::default(),
            people: Recent::new(),
            keys: Recent::new(),
        }
    }

    /// Hashes a password on a thread of its own.
    pub(super) async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String, IdentityError> {
        let _turn = self.hashing.acquire().await.map_err(|_| IdentityError::Hash)?;
        let (cost, password) = (self.cost, password.to_owned());
        let hash = tokio::task::spawn_blocking(move || password::hash(cost, &password, salt)).await;
        hash.ok().flatten().ok_or(IdentityError::Hash)
    }

    /// Checks a password on a thread of its own; against nobody's hash where there is none, so that an unknown e-mail takes
    /// as long as a known one.
    pub(super) async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool, IdentityError> {
        let _turn = self.hashing.acquire().await.map_err(|_| IdentityError::Hash)?;
        let known = hash.is_some();
        let nobody = || self.nobody.get_or_init(|| password::hash(self.cost, "nobody", [0; 16]).unwrap_or_default()).clone();
        let (hash, password) = (hash.unwrap_or_else(nobody), password.to_owned());
        let fits = tokio::task::spawn_blocking(move || password::verify(&password, &hash)).await;
        Ok(fits.map_err(|_| IdentityError::Hash)? && known)
    }

    /// Counts an attempt to sign in as a failure until [`Guard::succeeded`] says otherwise, so that many at once count too.
    pub(super) fn attempt(&self, email_hash: &[u8], now: Timestamp) -> Result<(), IdentityError> {
        let mut all = lock(&self.failures);
        if all.len() >= MOST {
            all.retain(|_, seen| seen.last.plus_millis(FORGET) > now);
        }
        if all.len() >= MOST {
            // Somebody tries a flood of addresses: forget rather than grow; the limit by network address holds.
            all.clear();
        }
        let seen = all.entry(email_hash.to_vec()).or_insert(Failures { count: 0, last: now });
        if seen.last.plus_millis(FORGET) <= now {
            seen.count = 0;
        }
        if let Some(over) = seen.count.checked_sub(FAILURES) {
            let wait = FIRST_WAIT.saturating_mul(1 << over.min(10)).min(LONGEST_WAIT);
            let until = seen.last.plus_millis(wait);
            if until > now {
                return Err(IdentityError::Wait { minutes: (until.millis() - now.millis() + 59_999) / 60_000 });
            }
        }
        seen.count = seen.count.saturating_add(1);
        seen.last = now;
        Ok(())
    }

    pub(super) fn succeeded(&self, email_hash: &[u8]) {
        lock(&self.failures).remove(email_hash);
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
        if answers.map.len() >= MOST {
            answers.map.retain(|_, (_, until)| *until > now);
        }
        if answers.map.len() < MOST && answers.epoch == epoch {
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

    #[test]
    fn after_ten_wrong_passwords_an_e_mail_waits_ever_longer() {
        let guard = Guard::new(Cost::Test);
        let at = |millis| Timestamp::from_millis(millis);
        for _ in 0..10 {
            guard.attempt(b"ana", at(0)).unwrap();
        }
        assert!(matches!(guard.attempt(b"ana", at(0)), Err(IdentityError::Wait { minutes: 1 })));
        guard.attempt(b"ben", at(0)).unwrap();
        guard.attempt(b"ana", at(60_000)).unwrap();
        assert!(matches!(guard.attempt(b"ana", at(61_000)), Err(IdentityError::Wait { minutes: 2 })));
        guard.succeeded(b"ana");
        guard.attempt(b"ana", at(61_000)).unwrap();
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

    #[test]
    fn failures_are_forgotten_after_an_hour() {
        let guard = Guard::new(Cost::Test);
        for _ in 0..10 {
            guard.attempt(b"ana", Timestamp::from_millis(0)).unwrap();
        }
        for _ in 0..10 {
            guard.attempt(b"ana", Timestamp::from_millis(FORGET)).unwrap();
        }
    }
}
