//! Shares in percent, as managers type and read them.

use domain::Locale;

/// Basis points of a share in percent, `12` or `12.5`, with at most two decimals.
#[cfg(any(feature = "ssr", test))]
pub(crate) fn basis_points(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches('%').trim_end();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str, most: usize| text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole, 6) || !digits(part, 2) {
        return None;
    }
    let hundredths = format!("{part:0<2}").parse::<i64>().ok()?;
    Some(whole.parse::<i64>().ok()? * 100 + hundredths)
}

/// Basis points as percent: `12.5%`.
pub(crate) fn percent(locale: Locale, basis_points: i64) -> String {
    let part = format!("{:02}", basis_points % 100);
    let part = part.trim_end_matches('0');
    let sign = if part.is_empty() { "" } else { "." };
    format!("{}{sign}{part}%", locale.number(basis_points / 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_read_as_they_are_shown() {
        for (text, basis) in [("12", 1_200), ("12.5%", 1_250), (" 0.25 ", 25), ("100", 10_000), ("0", 0)] {
            assert_eq!(basis_points(text), Some(basis), "{text}");
        }
        for text in ["", "-1", "12,5", "1.234", "twelve", "%", ".5", "9999999"] {
            assert_eq!(basis_points(text), None, "{text}");
        }
        assert_eq!([1_200, 1_250, 5, 0].map(|basis| percent(Locale::En, basis)), ["12%", "12.5%", "0.05%", "0%"]);
    }
}
