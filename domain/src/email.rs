//! E-mail addresses, as far as a shop can check them.

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
}
