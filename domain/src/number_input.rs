//! Numbers as people type them and files hold them: read in one way or not at all.
//!
//! The shop writes `1,234.50`: a point before the decimals, commas between whole groups of three digits. Half the world writes
//! `1.234,50`, so `1.234` may mean a thousand or a little more than one. Such a text is refused as
//! [`NumberError::Ambiguous`], apart from what is no number in any notation ([`NumberError::Malformed`]), so that the caller can
//! ask for the [`DecimalMark`].

use crate::messages::{Msg, t};

/// The sign before the decimals; the other one stands between groups of three digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DecimalMark {
    /// `1,234.50`, as the shop writes.
    #[default]
    Point,
    /// `1.234,50`
    Comma,
}

impl DecimalMark {
    const fn signs(self) -> (char, char) {
        match self {
            Self::Point => ('.', ','),
            Self::Comma => (',', '.'),
        }
    }
}

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// It is a number in the notation with decimal commas, and another one or none in the shop's own.
    #[error("it can be read in two ways")]
    Ambiguous,
    /// It is a number in no notation, or has more decimals than are allowed.
    #[error("it is not such a number")]
    Malformed,
    /// The number does not fit into 64 bits.
    #[error("it is too large")]
    TooLarge,
}

impl NumberError {
    /// The message for a whole number.
    #[must_use]
    pub const fn of_whole(self) -> Msg {
        match self {
            Self::Ambiguous => t::FIELD_WHOLE_AMBIGUOUS,
            Self::Malformed | Self::TooLarge => t::FIELD_WHOLE_INVALID,
        }
    }

    /// The message for a number with decimals.
    #[must_use]
    pub const fn of_decimal(self) -> Msg {
        match self {
            Self::Ambiguous => t::FIELD_DECIMAL_AMBIGUOUS,
            Self::Malformed | Self::TooLarge => t::FIELD_NUMBER_INVALID,
        }
    }

    /// The message for an amount of money.
    #[must_use]
    pub const fn of_amount(self) -> Msg {
        match self {
            Self::Ambiguous => t::FIELD_DECIMAL_AMBIGUOUS,
            Self::Malformed | Self::TooLarge => t::FIELD_AMOUNT_INVALID,
        }
    }
}

/// A number with at most `decimals` decimals, in units of the last of them: `1,234.5` with two decimals is 123,450. More decimals
/// are read where they are zeros and cannot be a group.
///
/// # Errors
/// [`NumberError::Ambiguous`] for what has another or its only meaning with a decimal comma (`4,20`; `1.290` with two decimals;
/// `1,290` with three), otherwise as [`decimal_with`].
pub fn decimal(text: &str, decimals: u8) -> Result<i64, NumberError> {
    let (ours, theirs) = (read(text, decimals, DecimalMark::Point, false), read(text, decimals, DecimalMark::Comma, false));
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) if ours == theirs => Ok(ours),
        // With all decimals, as the shop itself writes a number that has three.
        (Ok(ours), Ok(_)) if text.trim().rsplit_once('.').is_some_and(|(_, fraction)| fraction.len() == usize::from(decimals)) => Ok(ours),
        (_, Ok(_)) => Err(NumberError::Ambiguous),
        (Ok(ours), Err(_)) => Ok(ours),
        (Err(NumberError::TooLarge), Err(_)) | (Err(_), Err(NumberError::TooLarge)) => Err(NumberError::TooLarge),
        (Err(_), Err(_)) => read(text, decimals, DecimalMark::Point, true),
    }
}

/// The same with a known decimal mark.
///
/// # Errors
/// [`NumberError::Malformed`] for what is no number in this notation, [`NumberError::TooLarge`] beyond 64 bits.
pub fn decimal_with(text: &str, decimals: u8, mark: DecimalMark) -> Result<i64, NumberError> {
    read(text, decimals, mark, true)
}

/// A whole number, negative ones too: `1,234`, `-5`, `250.0`.
///
/// # Errors
/// As [`decimal`]: `1.5` and `1,5` are no whole numbers, `1.234` is ambiguous.
pub fn whole(text: &str) -> Result<i64, NumberError> {
    decimal(text, 0)
}

fn read(text: &str, decimals: u8, mark: DecimalMark, zeros_may_follow: bool) -> Result<i64, NumberError> {
    let decimals = usize::from(decimals);
    let (point, comma) = mark.signs();
    let text = text.trim();
    let (sign, digits) = text.strip_prefix(['-', '−']).map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once(point).map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(comma);
    let first = groups.next().unwrap_or_default();
    let mut grouped = false;
    for group in groups {
        grouped = true;
        if group.len() != 3 || !all_digits(group) {
            return Err(NumberError::Malformed);
        }
    }
    // `.50` is half a peso; `0,500` is no group of thousands.
    let well_begun = if grouped {
        all_digits(first) && first.len() <= 3 && !first.starts_with('0')
    } else {
        all_digits(first) || (first.is_empty() && fraction.is_some())
    };
    if !well_begun || fraction.is_some_and(|fraction| !all_digits(fraction)) {
        return Err(NumberError::Malformed);
    }
    let fraction = fraction.unwrap_or_default();
    let (kept, extra) = fraction.split_at(decimals.min(fraction.len()));
    if !extra.is_empty() && (!zeros_may_follow || extra.bytes().any(|b| b != b'0')) {
        return Err(NumberError::Malformed);
    }
    let whole = whole.replace(comma, "");
    format!("{sign}{whole}{kept:0<decimals$}").parse().map_err(|_| NumberError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_decimal_comma_is_never_taken_for_a_group() {
        use NumberError::{Ambiguous, Malformed, TooLarge};
        for (text, decimals, expected) in [
            ("1,234.5", 2, Ok(123_450)),
            ("1,234", 2, Ok(123_400)),
            ("12,345,678.90", 2, Ok(1_234_567_890)),
            (" 149 ", 2, Ok(14_900)),
            (".5", 2, Ok(50)),
            ("-0.50", 2, Ok(-50)),
            ("−0.50", 2, Ok(-50)),
            ("12.5000", 2, Ok(1_250)),
            ("0.500", 2, Ok(50)),
            ("450,000", 0, Ok(450_000)),
            ("1.00", 0, Ok(1)),
            ("1.250", 3, Ok(1_250)),
            ("0,50", 2, Err(Ambiguous)),
            ("12,50", 2, Err(Ambiguous)),
            ("4,20", 2, Err(Ambiguous)),
            ("1,5", 2, Err(Ambiguous)),
            ("1.290", 2, Err(Ambiguous)),
            ("1.290,00", 2, Err(Ambiguous)),
            ("1.290.000", 2, Err(Ambiguous)),
            ("450.000", 0, Err(Ambiguous)),
            ("1,290", 3, Err(Ambiguous)),
            ("56.7", 6, Ok(56_700_000)),
            ("226.796185", 6, Ok(226_796_185)),
            ("1.290", 6, Err(Ambiguous)),
            ("1,29,0", 2, Err(Malformed)),
            ("1,2345", 2, Err(Malformed)),
            ("1234,567.00", 2, Err(Malformed)),
            ("12.345", 1, Err(Ambiguous)),
            ("12.3456", 2, Err(Malformed)),
            ("1.2.3", 2, Err(Malformed)),
            ("", 2, Err(Malformed)),
            (".", 2, Err(Malformed)),
            ("5.", 2, Err(Malformed)),
            (",5", 0, Err(Malformed)),
            ("--5", 2, Err(Malformed)),
            ("+5", 2, Err(Malformed)),
            ("4.80602E+12", 2, Err(Malformed)),
            ("٣", 2, Err(Malformed)),
            ("1 290", 2, Err(Malformed)),
            ("99999999999999999999", 2, Err(TooLarge)),
        ] {
            assert_eq!(decimal(text, decimals), expected, "{text}");
        }
    }

    #[test]
    fn whole_numbers_have_no_decimals() {
        use NumberError::{Ambiguous, Malformed};
        for (text, expected) in [
            ("12", Ok(12)),
            ("-5", Ok(-5)),
            ("1,200", Ok(1_200)),
            ("250.0", Ok(250)),
            ("1,5", Err(Malformed)),
            ("56,7", Err(Malformed)),
            ("56.7", Err(Malformed)),
            ("1.200", Err(Ambiguous)),
            ("", Err(Malformed)),
        ] {
            assert_eq!(whole(text), expected, "{text}");
        }
    }

    #[test]
    fn a_given_decimal_sign_settles_an_ambiguous_number() {
        use DecimalMark::{Comma, Point};
        for (text, mark, expected) in [
            ("4,20", Comma, Ok(420)),
            ("1.290", Comma, Ok(129_000)),
            ("1.290", Point, Ok(129)),
            ("1.290,00", Comma, Ok(129_000)),
            ("4.20", Comma, Err(NumberError::Malformed)),
            ("1,234.50", Comma, Err(NumberError::Malformed)),
        ] {
            assert_eq!(decimal_with(text, 2, mark), expected, "{text}");
        }
    }

    /// A number in a notation, with groups or without.
    fn written(number: i64, decimals: u8, mark: DecimalMark, grouped: bool) -> String {
        let (point, comma) = mark.signs();
        let width = usize::from(decimals);
        let digits = format!("{:0>1$}", number.unsigned_abs(), width + 1);
        let (whole, fraction) = digits.split_at(digits.len() - width);
        let mut out = String::new();
        for (at, digit) in whole.char_indices() {
            if grouped && at > 0 && (whole.len() - at) % 3 == 0 {
                out.push(comma);
            }
            out.push(digit);
        }
        let sign = if number < 0 { "-" } else { "" };
        if width == 0 { format!("{sign}{out}") } else { format!("{sign}{out}{point}{fraction}") }
    }

    proptest! {
        #[test]
        fn every_number_that_the_shop_writes_can_be_parsed(number in any::<i64>(), decimals in 0_u8..4, grouped in any::<bool>()) {
            let text = written(number, decimals, DecimalMark::Point, grouped);
            prop_assert_eq!(decimal_with(&text, decimals, DecimalMark::Point), Ok(number));
            prop_assert_eq!(decimal(&text, decimals), Ok(number), "{}", text);
        }

        #[test]
        fn decimal_commas_are_refused_or_mean_the_same(number in any::<i64>(), decimals in 0_u8..5, grouped in any::<bool>()) {
            let text = written(number, decimals, DecimalMark::Comma, grouped);
            prop_assert_eq!(decimal_with(&text, decimals, DecimalMark::Comma), Ok(number));
            match decimal(&text, decimals) {
                Ok(read) => prop_assert_eq!(read, number, "{}", text),
                Err(error) => prop_assert_eq!(error, NumberError::Ambiguous, "{}", text),
            }
        }

        #[test]
        fn a_parsed_number_equals_the_digits_typed(text in "-?[0-9.,]{0,12}", decimals in 0_u8..4) {
            if let Ok(number) = decimal(&text, decimals) {
                let typed = text.replace(',', "");
                let (whole, fraction) = typed.split_once('.').unwrap_or((&typed, ""));
                let (fraction, width) = (fraction.trim_end_matches('0'), usize::from(decimals));
                prop_assert!(fraction.len() <= width, "{}", text);
                prop_assert_eq!(format!("{whole}{fraction:0<width$}").parse::<i128>(), Ok(i128::from(number)), "{}", text);
            }
        }

        #[test]
        fn parsing_any_text_never_panics(text in ".*", decimals in 0_u8..5) {
            let _ = decimal(&text, decimals);
            let _ = decimal_with(&text, decimals, DecimalMark::Comma);
        }
    }
}
