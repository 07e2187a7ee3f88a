//! Percentages, as typed.

#[cfg(any(feature = "ssr", test))]
use domain::messages::{Msg, t};
#[cfg(any(feature = "ssr", test))]
use domain::number_input::{self, NumberError};

/// Parses a percentage, `12` or `12.5`, with at most two decimals, to basis points.
#[cfg(any(feature = "ssr", test))]
pub(crate) fn basis_points(text: &str) -> Result<i64, NumberError> {
    let basis = number_input::decimal(text.trim().trim_end_matches('%'), 2)?;
    if (0..=99_999_999).contains(&basis) { Ok(basis) } else { Err(NumberError::Malformed) }
}

/// What is wrong with a text that is no percentage.
#[cfg(any(feature = "ssr", test))]
pub(crate) fn message(text: &str, error: NumberError) -> Msg {
    let number = text.trim().trim_end_matches('%').trim_end();
    let has_more = number.rsplit_once('.').is_some_and(|(_, decimals)| decimals.len() > 2) && number_input::decimal(number, 9).is_ok();
    if has_more && error == NumberError::Malformed { t::FIELD_TWO_DECIMALS } else { error.of_decimal() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Locale;

    #[test]
    fn percents_are_read_as_they_are_shown() {
        for (text, basis) in [("12", 1_200), ("12.5%", 1_250), (" 0.25 ", 25), ("100", 10_000), ("0", 0), (".5", 50), ("12.5 %", 1_250)] {
            assert_eq!(basis_points(text), Ok(basis), "{text}");
        }
        for text in ["12,5", "1.234", "0,50"] {
            assert_eq!(basis_points(text), Err(NumberError::Ambiguous), "{text}");
        }
        for text in ["", "-1", "twelve", "%", "9999999"] {
            assert_eq!(basis_points(text), Err(NumberError::Malformed), "{text}");
        }
        let said = |text: &str| basis_points(text).map_err(|error| message(text, error).text(Locale::En)).unwrap_err();
        assert_eq!(said("12.345678"), "Enter a number with at most two decimals.");
        assert_eq!((said("twelve"), said("1.x")), ("Enter a number.", "Enter a number."));
        assert_eq!([1_200, 1_250, 5, 0].map(|basis| Locale::En.percent(basis)), ["12%", "12.5%", "0.05%", "0%"]);
    }
}
