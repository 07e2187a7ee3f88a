//! Chance that is the same each time, for the story and for what the shop itself draws.

use std::sync::Mutex;

use backend::seed::{SeedRng, past};
use domain::Timestamp;
use platform::rng::Rng;
use uuid::Uuid;

#[derive(Clone, Debug)]
pub struct Random(SeedRng);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(SeedRng::from_state(seed))
    }

    pub const fn next(&mut self) -> u64 {
        self.0.next()
    }

    /// From `from` to `to`, both included.
    pub fn range(&mut self, from: i64, to: i64) -> i64 {
        self.0.range(from, to)
    }

    /// Does what happens so many times in a thousand happen?
    pub fn chance(&mut self, in_thousand: i64) -> bool {
        self.range(1, 1_000) <= in_thousand
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.next() % from.len() as u64).unwrap()]
    }

    /// The place of one of these, each as likely as its weight says.
    pub fn weighted(&mut self, weights: &[i64]) -> usize {
        let mut left = self.range(1, weights.iter().sum::<i64>().max(1));
        for (n, weight) in weights.iter().enumerate() {
            left -= weight;
            if left <= 0 {
                return n;
            }
        }
        weights.len() - 1
    }
}

/// What the shop draws while its past is made. Ids are those of the past, in the order in which they are asked for.
pub struct PastRng(Mutex<(i64, Random)>);

impl PastRng {
    pub const fn new() -> Self {
        Self(Mutex::new((0, Random::new(11))))
    }
}

impl Rng for PastRng {
    fn fill(&self, bytes: &mut [u8]) {
        let (_, random) = &mut *self.0.lock().unwrap();
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&random.next().to_le_bytes()[..chunk.len()]);
        }
    }

    fn uuid(&self, _: Timestamp) -> Uuid {
        let (next, _) = &mut *self.0.lock().unwrap();
        *next += 1;
        past::id(*next)
    }
}
