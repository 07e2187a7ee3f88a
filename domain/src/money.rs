//! Money: whole minor units and a currency.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::number_input::{self, NumberError};

/// A currency by its ISO 4217 code.
///
/// The exponent is the number of digits of the minor unit as ISO 4217 lists it: 2 for most, 0 for yen and won, 3 for the
/// Gulf's dinars.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    pub const PHP: Self = Self(*b"PHP");
    pub const USD: Self = Self(*b"USD");
    /// The Japanese yen, which has no minor unit.
    pub const JPY: Self = Self(*b"JPY");
    /// The Kuwaiti dinar, which has three digits of minor unit.
    pub const KWD: Self = Self(*b"KWD");

    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Digits of the minor unit, ISO 4217 table A.1.
    #[must_use]
    pub fn exponent(self) -> u8 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV"
            | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(code: &str) -> Result<Self, MoneyError> {
        match code.as_bytes() {
            [a, b, c] if code.bytes().all(|b| b.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(MoneyError::Currency(code.chars().take(10).collect())),
        }
    }
}
#[cfg(feature = "sqlx")]
text_column!(Currency);
impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(code: String) -> Result<Self, MoneyError> {
        code.parse()
    }
}
impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why an amount could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Beyond what 64 bits of minor units hold.
    #[error("the amount is too large")]
    Overflow,
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be added")]
    CurrencyMismatch(Currency, Currency),
    /// Not three capital letters.
    #[error("“{0}” is not a currency code")]
    Currency(String),
    /// Not an amount that can be read in one way only.
    #[error("the amount cannot be read: {0}")]
    Amount(#[from] NumberError),
}

/// An amount in whole minor units (centavos for pesos), positive or negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in this currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads an amount in major units as the shop writes it (`1,234.50`), with at most the currency's decimals; see [`number_input`].
    ///
    /// # Errors
    /// [`MoneyError::Amount`] for what is not such a number or has another meaning with a decimal comma.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        Ok(Self::new(number_input::decimal(text, currency.exponent())?, currency))
    }

    /// The plain decimal in major units, as [`Money::parse`] reads it: `1234.50`.
    #[must_use]
    pub fn decimal(self) -> String {
        let exponent = self.currency.exponent();
        if exponent == 0 {
            return self.minor.to_string();
        }
        let unit = 10_u64.pow(u32::from(exponent));
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        format!("{sign}{}.{:0width$}", minor / unit, minor % unit, width = usize::from(exponent))
    }

    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] for two currencies, [`MoneyError::Overflow`] beyond 64 bits.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }

    /// # Errors
    /// As [`Money::plus`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(Self::new(other.minor.checked_neg().ok_or(MoneyError::Overflow)?, other.currency))
    }

    /// The amount `count` times.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] beyond 64 bits.
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(count).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }

    /// The share of `basis_points` ten-thousandths, rounded half away from zero.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] beyond 64 bits.
    pub fn share(self, basis_points: i64) -> Result<Self, MoneyError> {
        let minor = rounded_division(i128::from(self.minor) * i128::from(basis_points), 10_000)?;
        Ok(Self::new(minor, self.currency))
    }

    /// The tax contained in a tax-inclusive amount at a rate in basis points: `amount × rate ÷ (10,000 + rate)`, rounded half
    /// away from zero.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] for a rate of −100 % or beyond 64 bits.
    pub fn tax_inside(self, rate_basis_points: i64) -> Result<Self, MoneyError> {
        let base = 10_000 + rate_basis_points;
        let minor = rounded_division(i128::from(self.minor) * i128::from(rate_basis_points), i128::from(base))?;
        Ok(Self::new(minor, self.currency))
    }

    /// Splits the amount in proportion to `weights`, so that the parts add up to it exactly: whole shares first, then one
    /// minor unit each to the largest remainders (the earlier part on a tie). Without any weight the first part takes all.
    #[must_use]
    pub fn allocate(self, weights: &[i64]) -> Vec<Self> {
        let total: i128 = weights.iter().map(|w| i128::from((*w).max(0))).sum();
        if weights.is_empty() {
            return Vec::new();
        }
        if total == 0 {
            let mut parts = vec![Self::zero(self.currency); weights.len()];
            if let Some(first) = parts.first_mut() {
                first.minor = self.minor;
            }
            return parts;
        }
        let exact = |w: i64| i128::from(self.minor) * i128::from(w.max(0));
        // Within i64: each share is at most the amount.
        let mut parts: Vec<i64> = weights.iter().map(|w| i64::try_from(exact(*w) / total).unwrap_or_default()).collect();
        let mut left = self.minor - parts.iter().sum::<i64>();
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by_key(|i| (-(exact(weights[*i]) % total).abs(), *i));
        for i in order {
            if left == 0 {
                break;
            }
            parts[i] += left.signum();
            left -= left.signum();
        }
        parts.into_iter().map(|minor| Self::new(minor, self.currency)).collect()
    }
}

/// Rounds a half away from zero.
fn rounded_division(a: i128, b: i128) -> Result<i64, MoneyError> {
    if b == 0 {
        return Err(MoneyError::Overflow);
    }
    let (sign, a, b) = (a.signum() * b.signum(), a.abs(), b.abs());
    i64::try_from(sign * ((a + b / 2) / b)).map_err(|_| MoneyError::Overflow)
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.decimal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_in_the_digits_of_their_currency() {
        assert_eq!(Money::parse("1,234.5", Currency::PHP).map(|m| m.minor), Ok(123_450));
        assert_eq!(Money::parse("500", Currency::JPY).map(|m| m.minor), Ok(500));
        assert_eq!(Money::parse("1.250", Currency::KWD).map(|m| m.minor), Ok(1_250));
        assert_eq!(Money::parse("1.00", Currency::JPY).map(|m| m.minor), Ok(1));
        let refused = |text: &str, currency, why| assert_eq!(Money::parse(text, currency), Err(MoneyError::Amount(why)), "{text}");
        refused("1.5", Currency::JPY, NumberError::Malformed);
        refused("450.000", Currency::JPY, NumberError::Ambiguous);
        refused("1.290", Currency::PHP, NumberError::Ambiguous);
        refused("0,50", Currency::PHP, NumberError::Ambiguous);
        refused("1,290", Currency::KWD, NumberError::Ambiguous);
        refused("99999999999999999999", Currency::PHP, NumberError::TooLarge);
        assert_eq!(number_input::decimal_with("0,50", Currency::PHP.exponent(), number_input::DecimalMark::Comma), Ok(50));
    }

    #[test]
    fn tax_inside_twelve_percent() {
        let tax = Money::new(11_200, Currency::PHP).tax_inside(1_200);
        assert_eq!(tax.map(|t| t.minor), Ok(1_200));
    }

    #[test]
    fn a_hundred_percent_share_is_the_whole() {
        assert_eq!(Money::new(9_999, Currency::PHP).share(10_000).map(|m| m.minor), Ok(9_999));
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(minor in -1_000_000_000_i64..1_000_000_000, weights in prop::collection::vec(0_i64..1_000_000, 1..20)) {
            let parts = Money::new(minor, Currency::PHP).allocate(&weights);
            prop_assert_eq!(parts.len(), weights.len());
            prop_assert_eq!(parts.iter().map(|p| p.minor).sum::<i64>(), minor);
        }

        #[test]
        fn a_formatted_amount_is_parsed_back(minor in any::<i64>()) {
            for currency in [Currency::PHP, Currency::JPY, Currency::KWD] {
                let money = Money::new(minor, currency);
                prop_assert_eq!(Money::parse(&money.decimal(), currency), Ok(money));
            }
        }
    }
}
