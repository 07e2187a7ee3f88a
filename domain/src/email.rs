//! E-mail addresses and telephone numbers, as far as a shop can check them.

/// The address in the form that is kept and compared: trimmed, the domain in small letters. `None` when it cannot be one.
///
/// Deliberately lenient: something before and after one `@`, a dot in the domain, no spaces, at most 254 characters (RFC 5321).
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | '"' | '\\' | '@');
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    let fits = text.len() <= 254 && !local.is_empty() && local.len() <= 64;
    let good = fits && dotted && local.chars().all(plain) && domain.chars().all(plain);
    good.then(|| format!("{local}@{}", domain.to_lowercase()))
}

/// What two spellings of one address share, for look-up: all in small letters.
#[must_use]
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A telephone number as E.164 writes it, `+639171234567`. A number without `+` is taken as Philippine (`0917…`). `None`
/// when it has fewer than 8 or more than 15 digits or other signs.
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
    (plain && (8..=15).contains(&full.len())).then(|| format!("+{full}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_leniently() {
        assert_eq!(email(" Ana@Example.COM ").as_deref(), Some("Ana@example.com"));
        for wrong in ["ana", "ana@", "@b.c", "a b@c.de", "a@b", "a@b..c", "a<b@c.de"] {
            assert_eq!(email(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn philippine_numbers_need_no_country_code() {
        assert_eq!(phone("0917 123-4567").as_deref(), Some("+639171234567"));
        assert_eq!(phone("+81 3 1234 5678").as_deref(), Some("+81312345678"));
        assert_eq!(phone("12"), None);
        assert_eq!(phone("call me"), None);
    }
}
