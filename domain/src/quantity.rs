//! How many units of a variant.

use serde::{Deserialize, Serialize};

/// A number of units on one line: from 1 to [`Quantity::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(u32);

/// Why a number is not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is a whole number from 1 to 9,999, not {0}")]
pub struct QuantityError(pub i64);

impl Quantity {
    /// The most units on one line.
    pub const MAX: i64 = 9_999;

    pub const ONE: Self = Self(1);

    /// # Errors
    /// [`QuantityError`] outside 1 to [`Quantity::MAX`].
    pub fn new(count: i64) -> Result<Self, QuantityError> {
        match u32::try_from(count) {
            Ok(n) if (1..=Self::MAX).contains(&count) => Ok(Self(n)),
            _ => Err(QuantityError(count)),
        }
    }

    /// The nearest allowed quantity.
    #[must_use]
    pub fn clamped(count: i64) -> Self {
        Self::new(count.clamp(1, Self::MAX)).unwrap_or(Self::ONE)
    }

    #[must_use]
    pub const fn get(self) -> i64 {
        self.0 as i64
    }
}

impl TryFrom<i64> for Quantity {
    type Error = QuantityError;
    fn try_from(count: i64) -> Result<Self, QuantityError> {
        Self::new(count)
    }
}
impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        quantity.get()
    }
}
