//! Slugs: the readable part of an address.

/// A slug of a name: small letters, digits and single hyphens, at most 80 characters; accents are folded. Empty when the name
/// has no letter or digit.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match fold(c) {
            Some(letters) => out.push_str(letters),
            None if c.is_ascii_alphanumeric() => out.push(c.to_ascii_lowercase()),
            None if c == '\'' || c == '’' => {}
            None if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            None => {}
        }
        if out.len() >= 80 {
            break;
        }
    }
    out.truncate(80);
    out.trim_end_matches('-').to_owned()
}

/// The plain letters of an accented one.
fn fold(c: char) -> Option<&'static str> {
    Some(match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' | 'Á' | 'À' | 'Â' | 'Ä' | 'Ã' | 'Å' => "a",
        'é' | 'è' | 'ê' | 'ë' | 'É' | 'È' | 'Ê' | 'Ë' => "e",
        'í' | 'ì' | 'î' | 'ï' | 'Í' | 'Ì' | 'Î' | 'Ï' => "i",
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' | 'Ó' | 'Ò' | 'Ô' | 'Ö' | 'Õ' | 'Ø' => "o",
        'ú' | 'ù' | 'û' | 'ü' | 'Ú' | 'Ù' | 'Û' | 'Ü' => "u",
        'ñ' | 'Ñ' => "n",
        'ç' | 'Ç' => "c",
        'ß' => "ss",
        'æ' | 'Æ' => "ae",
        _ => return None,
    })
}

/// A handle that no other text has: the text itself where it is a slug, otherwise its slug and a mark of what the slug leaves out,
/// so that `Tee` and `tee`, `piña` and `pina`, and names alike in their first 80 letters stay apart. The same text always gives the
/// same handle.
#[must_use]
pub fn handle(written: &str) -> String {
    let written = written.trim();
    if is_slug(written) { written.to_owned() } else { marked(&slug(written), "p", written) }
}

/// A key of an option's value that another name does not have, as far as names can be told: the slug of a plain name, with a mark
/// where it leaves out a sign that means something (`7½`, `-5 °C`, `+`).
#[must_use]
pub fn key(name: &str) -> String {
    let (name, made) = (name.trim(), slug(name));
    let plain = |c: char| c.is_ascii_alphanumeric() || fold(c).is_some();
    let passed_over = |c: char| matches!(c, ' ' | '-' | '.' | ',' | '(' | ')' | '/' | '&' | ':' | '\'' | '’' | '"');
    let says_all = name.starts_with(plain) && name.chars().all(|c| plain(c) || passed_over(c)) && made.len() < 80;
    if says_all { made } else { marked(&made, "v", name) }
}

/// The same key for one of several names of which each must have its own.
#[must_use]
pub fn key_apart(name: &str) -> String {
    marked(&slug(name), "v", name.trim())
}

/// A slug with eight digits that stand for the whole text.
fn marked(slug: &str, instead: &str, text: &str) -> String {
    let short = slug.get(..slug.len().min(70)).unwrap_or_default().trim_end_matches('-');
    format!("{}-{}", if short.is_empty() { instead } else { short }, mark(text))
}

/// Eight digits that stand for a text: FNV-1a of 64 bits, folded to 32. Two texts have the same once in four thousand million times.
#[must_use]
pub fn mark(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{:08x}", (hash >> 32) ^ (hash & 0xffff_ffff))
}

/// Is it written as [`slug`] writes?
#[must_use]
pub fn is_slug(text: &str) -> bool {
    !text.is_empty() && slug(text) == text
}

/// The words of a text for look-up: folded, small, without punctuation, each once.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text.split_whitespace().map(slug).filter(|w| !w.is_empty()).collect();
    words.sort();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_slugs() {
        assert_eq!(slug("Piña & Niño’s  Mug (L)"), "pina-ninos-mug-l");
        assert_eq!(slug("—"), "");
        assert!(is_slug("dried-mango") && !is_slug("Dried mango"));
    }

    #[test]
    fn different_texts_have_different_handles_and_keys() {
        let long = "a".repeat(80);
        let apart = ["Tee", "tee", "TEE", "piña", "pina", "お茶", "—", &long, &format!("{long}b"), &format!("{long}c")];
        let handles: Vec<_> = apart.iter().map(|text| handle(text)).collect();
        let keys: Vec<_> = ["7", "7½", "7¼", "+", "-", "5 °C", "-5 °C", "−5 °C"].into_iter().map(key).collect();
        for made in [handles, keys] {
            assert!(made.iter().all(|made| is_slug(made)), "{made:?}");
            assert_eq!(made.iter().collect::<std::collections::HashSet<_>>().len(), made.len(), "{made:?}");
        }
        assert_eq!((handle("dried-mango"), handle(" tee ")), ("dried-mango".into(), "tee".into()));
        assert_eq!((key("16 cm"), key("Añejo"), key("1.5 L"), key("M/L")), ("16-cm".into(), "anejo".into(), "1-5-l".into(), "m-l".into()));
    }
}
