//! Texts without accents and capitals, as they are compared with what people type.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The text in small letters without accents, however those are written: `Piña`, in one character or two, becomes `pina`. Apostrophes
/// are left out, so that `Sili't` is one word.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.nfkd().flat_map(char::to_lowercase).filter(|letter| !is_combining_mark(*letter)) {
        match letter {
            '\'' | '’' | '‘' | 'ʼ' => {}
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ø' => plain.push('o'),
            'đ' | 'ð' => plain.push('d'),
            'ł' => plain.push('l'),
            'ı' => plain.push('i'),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_capitals_make_no_difference() {
        for written in ["piña", "PIÑA", "pin\u{303}a", "Pina"] {
            assert_eq!(plain(written), "pina");
        }
        assert_eq!(plain("Sili’t Bawang & Crème Brûlée, 5 ½ Øre"), "silit bawang & creme brulee, 5 1⁄2 ore");
    }
}
