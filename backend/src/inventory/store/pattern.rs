//! What a search in the stock looks for, as a pattern of `glob`.

use platform::plain_text::plain;

/// The letters that a plain one may stand for.
const ACCENTED: &[(char, &str)] = &[
    ('a', "áàâäãåā"),
    ('c', "çč"),
    ('e', "éèêëē"),
    ('i', "íìîïī"),
    ('n', "ñń"),
    ('o', "óòôöõøō"),
    ('s', "šś"),
    ('u', "úùûüū"),
    ('y', "ýÿ"),
    ('z', "žź"),
];

/// The pattern of texts that contain what was searched, with any accents and in any case. Signs of patterns are no such signs where they
/// were typed: of those that a set cannot hold, nothing is found.
pub(super) fn pattern(search: &str) -> String {
    let mut pattern = String::from("*");
    for letter in plain(search).chars() {
        match letter {
            ' ' | '-' => pattern.push_str("[ -]"),
            '*' | '?' | '[' | ']' | '^' | '\\' => pattern.push('\u{1}'),
            letter if letter.is_alphabetic() => {
                let accented = ACCENTED.iter().find(|(plain, _)| *plain == letter).map_or("", |(_, accented)| accented);
                let small = [letter].into_iter().chain(accented.chars());
                pattern.push('[');
                pattern.extend(small.flat_map(|letter| [letter].into_iter().chain(letter.to_uppercase())));
                pattern.push(']');
            }
            letter => pattern.extend(['[', letter, ']']),
        }
    }
    pattern.push('*');
    pattern
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn a_search_becomes_a_pattern_of_any_case_and_accents() {
        assert_eq!(pattern(""), "**");
        assert_eq!(pattern("Mñ-1%"), "*[mM][nNñÑńŃ][ -][1][%]*");
        assert_eq!(pattern("*"), "*\u{1}*");
    }
}
