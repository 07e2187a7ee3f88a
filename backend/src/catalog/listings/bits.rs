//! A set of small numbers, one bit each.

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::catalog) struct BitSet(Vec<u64>);

impl BitSet {
    pub fn insert(&mut self, n: u32) {
        let word = (n / 64) as usize;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (n % 64);
    }
    pub fn remove(&mut self, n: u32) {
        if let Some(word) = self.0.get_mut((n / 64) as usize) {
            *word &= !(1 << (n % 64));
        }
    }
    pub fn contains(&self, n: u32) -> bool {
        self.0.get((n / 64) as usize).is_some_and(|word| word & (1 << (n % 64)) != 0)
    }
    pub fn intersect_with(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        for (word, with) in self.0.iter_mut().zip(&other.0) {
            *word &= with;
        }
    }
    pub fn union_with(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, with) in self.0.iter_mut().zip(&other.0) {
            *word |= with;
        }
    }
    pub fn intersection_count(&self, other: &Self) -> i64 {
        self.0.iter().zip(&other.0).map(|(a, b)| i64::from((a & b).count_ones())).sum()
    }
    pub fn count(&self) -> i64 {
        self.intersection_count(self)
    }
    pub fn first_in_intersection(&self, other: &Self) -> Option<u32> {
        let found = self.0.iter().zip(&other.0).enumerate().find(|(_, (a, b))| **a & **b != 0);
        found.and_then(|(word, (a, b))| Some(u32::try_from(word).ok()? * 64 + (a & b).trailing_zeros()))
    }
    pub fn first(&self) -> Option<u32> {
        self.first_in_intersection(self)
    }
}
