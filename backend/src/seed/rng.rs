//! Random numbers that are the same for the same seed in every version of the program.

use domain::Timestamp;
use uuid::Uuid;

/// `SplitMix64` (Steele, Lea, Flood 2014). Generators of libraries may change.
#[derive(Clone, Debug)]
pub struct SeedRng(u64);

impl SeedRng {
    /// Each `stream` of a seed has its own numbers, so that products do not depend on each other.
    pub(super) const fn new(seed: u64, stream: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    /// One that goes on from this state: for the story of the past, which has one stream.
    #[must_use]
    pub const fn from_state(state: u64) -> Self {
        Self(state)
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    /// From `from` to `to`, both included.
    pub fn range(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.next() % u64::try_from(to - from + 1).unwrap_or(1)).unwrap_or(0)
    }

    /// A UUIDv7 (RFC 9562) of this time.
    pub(super) fn id(&mut self, at: Timestamp) -> Uuid {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.next().to_le_bytes());
        random[8..].copy_from_slice(&self.next().to_le_bytes()[..2]);
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(at.millis()).unwrap_or(0), &random).into_uuid()
    }

    /// The numbers below `end` in another order.
    pub(super) fn shuffled(&mut self, end: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..end).collect();
        for i in (1..end).rev() {
            all.swap(i, self.below(i + 1));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (mut a, mut b, mut c) = (SeedRng::new(7, 1), SeedRng::new(7, 1), SeedRng::new(8, 1));
        let first = a.next();
        assert_eq!(first, b.next());
        assert_ne!(first, c.next());
    }
}
