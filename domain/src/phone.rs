//! Telephone numbers, as far as a shop can check them.

/// A telephone number as E.164 writes it, `+639171234567`. A number without `+` is taken as Philippine (`0917…`). `None`
/// when it has fewer than 8 or more than 15 digits, too few or too many for a Philippine one, or other signs.
#[must_use]
pub fn phone(text: &str) -> Option<String> {
    let text = text.trim();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '.' | '/'));
    let full = if text.starts_with('+') {
        digits
    } else if let Some(rest) = digits.strip_prefix("00") {
        rest.to_owned()
    } else if let Some(rest) = digits.strip_prefix('0') {
        format!("63{rest}")
    } else if digits.starts_with("63") {
        digits
    } else {
        format!("63{digits}")
    };
    // In the Philippines a mobile number has ten digits, a number of a landline eight to ten with its area.
    let lengths = match full.strip_prefix("63") {
        Some(own) if own.starts_with('9') => 12..=12,
        Some(_) => 9..=12,
        None => 8..=15,
    };
    (plain && lengths.contains(&full.len())).then(|| format!("+{full}"))
}

#[cfg(test)]
mod tests {
    use super::phone;

    #[test]
    fn philippine_numbers_need_no_country_code() {
        assert_eq!(phone("0917 123-4567").as_deref(), Some("+639171234567"));
        assert_eq!(phone("+81 3 1234 5678").as_deref(), Some("+81312345678"));
        assert_eq!(phone("12"), None);
        for short in ["0917 123 456", "+63 917 123 456", "0917 123 45678", "02 123 45"] {
            assert_eq!(phone(short), None, "{short}");
        }
        assert_eq!(phone("(02) 8123 4567").as_deref(), Some("+63281234567"));
        assert_eq!(phone("call me"), None);
    }
}
