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

/// A handle that is unique for the text: the text itself where it is a slug, otherwise its slug and a hash of the text,
/// so that `Tee` and `tee`, `piña` and `pina`, and names with the same first 80 letters differ. The same text always gives the
/// same handle.
#[must_use]
pub fn handle(written: &str) -> String {
    let written = written.trim();
    if is_slug(written) { written.to_owned() } else { marked(&slug(written), "p", written) }
}

/// A key for the value of an option: the slug of a plain name, with a hash where the slug leaves out a sign that means something
/// (`7½`, `-5 °C`, `+`).
#[must_use]
pub fn key(name: &str) -> String {
    let (name, short) = (name.trim(), slug(name));
    let plain = |c: char| c.is_ascii_alphanumeric() || fold(c).is_some();
    let passed_over = |c: char| matches!(c, ' ' | '-' | '.' | ',' | '(' | ')' | '/' | '&' | ':' | '\'' | '’' | '"');
    let says_all = name.starts_with(plain) && name.chars().all(|c| plain(c) || passed_over(c)) && short.len() < 80;
    if says_all { short } else { marked(&short, "v", name) }
}

/// The key with the hash always: for names whose slugs are the same.
#[must_use]
pub fn key_apart(name: &str) -> String {
    marked(&slug(name), "v", name.trim())
}

/// A slug with the eight digits of [`mark`].
fn marked(slug: &str, instead: &str, text: &str) -> String {
    let short = slug.get(..slug.len().min(70)).unwrap_or_default().trim_end_matches('-');
    format!("{}-{}", if short.is_empty() { instead } else { short }, mark(text))
}

/// A hash of a text in eight hexadecimal digits: FNV-1a of 64 bits, folded to 32.
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
