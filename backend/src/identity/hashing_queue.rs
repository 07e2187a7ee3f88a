//! Hashes and checks passwords, a few at a time: each takes 19 MiB and a core. Who comes when the queue is full is refused at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;

use super::IdentityError;
use super::password_hash::{self, Cost};

const MAX_CONCURRENT: usize = 2;
/// Two at a time, the last of so many waits some two seconds.
const MAX_WAITING: usize = 64;

#[derive(Debug)]
pub struct HashingQueue {
    cost: Cost,
    running: Arc<Semaphore>,
    waiting: AtomicUsize,
    dummy_hash: OnceLock<String>,
}

impl HashingQueue {
    #[must_use]
    pub fn new(cost: Cost) -> Self {
        Self { cost, running: Arc::new(Semaphore::new(MAX_CONCURRENT)), waiting: AtomicUsize::new(0), dummy_hash: OnceLock::new() }
    }

    pub(super) async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String, IdentityError> {
        let (cost, password) = (self.cost, password.to_owned());
        self.run(move || password_hash::hash(cost, &password, salt)).await?.ok_or(IdentityError::Hash)
    }

    /// Checks a password; against a dummy hash where there is none, so that an unknown e-mail takes as long as a known one.
    pub(super) async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool, IdentityError> {
        let has_hash = hash.is_some();
        let dummy_hash = || self.dummy_hash.get_or_init(|| password_hash::hash(self.cost, "nobody", [0; 16]).unwrap_or_default()).clone();
        let (hash, password) = (hash.unwrap_or_else(dummy_hash), password.to_owned());
        Ok(self.run(move || password_hash::verify(&password, &hash)).await? && has_hash)
    }

    /// Runs CPU-bound work on a blocking thread. It holds its slot until it has ended, also when the caller was dropped.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, IdentityError> {
        let place_in_queue = PlaceInQueue::take(&self.waiting)?;
        let slot = self.running.clone().acquire_owned().await.map_err(|_| IdentityError::Hash)?;
        drop(place_in_queue);
        let result = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(slot);
            result
        });
        result.await.map_err(|_| IdentityError::Hash)
    }
}

/// Counts a waiting caller until it is dropped.
struct PlaceInQueue<'a>(&'a AtomicUsize);

impl<'a> PlaceInQueue<'a> {
    fn take(waiting: &'a AtomicUsize) -> Result<Self, IdentityError> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING { Err(IdentityError::Busy) } else { Ok(place) }
    }
}

impl Drop for PlaceInQueue<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn a_hashing_turn_is_held_until_the_work_ends_though_the_caller_left() {
        let queue = Arc::new(HashingQueue::new(Cost::Test));
        let (running, at_once) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let work = || {
            let (running, at_once, gate) = (running.clone(), at_once.clone(), gate.clone());
            move || {
                at_once.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let _ = gate.lock().unwrap().recv();
                running.fetch_sub(1, Ordering::SeqCst);
            }
        };
        // Six ask, and go away as soon as their work has begun or they wait.
        for _ in 0..6 {
            let mut asking = Box::pin(queue.run(work()));
            assert!(futures::poll!(&mut asking).is_pending());
        }
        assert_eq!(queue.waiting.load(Ordering::Relaxed), 0, "whoever goes away leaves the line");
        let after = tokio::spawn({
            let (queue, work) = (queue.clone(), work());
            async move { queue.run(work).await.is_ok() }
        });
        for _ in 0..3 {
            go.send(()).unwrap();
        }
        assert!(after.await.unwrap());
        assert!(at_once.load(Ordering::SeqCst) <= MAX_CONCURRENT);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_further_hashing() {
        let queue = HashingQueue::new(Cost::Test);
        let turns: Vec<_> = (0..MAX_CONCURRENT).map(|_| queue.running.clone().try_acquire_owned().unwrap()).collect();
        let mut line: Vec<_> = (0..MAX_WAITING).map(|_| Box::pin(queue.run(|| ()))).collect();
        for run in &mut line {
            assert!(futures::poll!(run).is_pending());
        }
        assert!(matches!(queue.run(|| ()).await, Err(IdentityError::Busy)));
        drop((line, turns));
        queue.run(|| ()).await.unwrap();
    }
}
