//! Barcodes: GTINs with their check digit, and codes of the shop's own.

use crate::messages::{Msg, t};

/// Why a text is not a barcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BarcodeError {
    /// Longer than 32, or with other than visible ASCII characters.
    #[error("a barcode has at most 32 letters, digits and signs")]
    Characters,
    /// As long as a GTIN, with another check digit.
    #[error("the check digit is wrong")]
    CheckDigit,
    /// A number as spreadsheets shorten it (`4.80602E+12`): its last digits are gone.
    #[error("a spreadsheet rounded it")]
    Rounded,
}

impl BarcodeError {
    #[must_use]
    pub const fn message(self) -> Msg {
        match self {
            Self::Characters => t::FIELD_BARCODE_CHARACTERS,
            Self::CheckDigit => t::FIELD_BARCODE_INVALID,
            Self::Rounded => t::FIELD_BARCODE_ROUNDED,
        }
    }
}

/// Accepts a GTIN, or a code of the shop's own: up to 32 letters, digits and signs that cannot be taken for a GTIN. An empty text
/// means no barcode and is accepted.
///
/// # Errors
/// [`BarcodeError`] for any other text.
pub fn check(text: &str) -> Result<(), BarcodeError> {
    if is_rounded(text) {
        return Err(BarcodeError::Rounded);
    }
    let like_gtin = matches!(text.len(), 8 | 12 | 13 | 14) && text.bytes().all(|b| b.is_ascii_digit());
    if like_gtin {
        return if is_gtin(text) { Ok(()) } else { Err(BarcodeError::CheckDigit) };
    }
    let plain = text.len() <= 32 && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if plain { Ok(()) } else { Err(BarcodeError::Characters) }
}

/// `4.80602E+12`, `4,80602e12`: digits, a mark with more of them, `E`, digits.
fn is_rounded(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let Some((number, exponent)) = text.split_once(['e', 'E']) else { return false };
    let (signed, exponent) = exponent.strip_prefix('+').map_or((false, exponent), |exponent| (true, exponent));
    let (whole, fraction) = number.split_once(['.', ',']).map_or((number, None), |(whole, fraction)| (whole, Some(fraction)));
    // `12E4` is a code that a shop may have given.
    digits(exponent) && whole.len() == 1 && digits(whole) && fraction.map_or(signed, digits)
}

/// GTIN-8, -12, -13 or -14 with the right check digit (GS1 General Specifications 7.9: weights 3 and 1 from the right).
fn is_gtin(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|d| matches!(d.len(), 8 | 12 | 13 | 14)) else {
        return false;
    };
    let sum: u32 = digits.iter().rev().enumerate().map(|(place, digit)| digit * if place % 2 == 0 { 1 } else { 3 }).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_verified() {
        assert!(is_gtin("4809990000016") && is_gtin("96385074"));
        assert!(!is_gtin("4809990000017") && !is_gtin("480999000001") && !is_gtin("48O9990000016") && !is_gtin(""));
        for text in ["", "SHELF-7", "96385074", "12E4", "E12", "5E"] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        assert_eq!(check("96385075"), Err(BarcodeError::CheckDigit));
        assert_eq!(check("naïve"), Err(BarcodeError::Characters));
    }

    #[test]
    fn a_barcode_rounded_by_a_spreadsheet_is_refused() {
        for text in ["4.80602E+12", "4,80602E+12", "4.80602e12", "5E+12"] {
            assert_eq!(check(text), Err(BarcodeError::Rounded), "{text}");
        }
    }
}
