//! Texts as the index holds them and as queries ask for them: plain words, singulars, neighbours written together, codes.

use platform::plain_text::plain;

/// Longer words are cut.
const MAX_LETTERS: usize = 40;

const STOP_WORDS: &[&str] =
    &["a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with", "ang", "ay", "at", "mga", "na", "ng", "ni", "para", "sa", "si"];

/// The words of a text in small letters without accents. A number ends where letters begin, so that `500g` is `500 g`.
pub(super) fn words(text: &str) -> Vec<String> {
    #[derive(PartialEq)]
    enum Kind {
        Letter,
        Digit,
        Other,
    }
    let mut words = Vec::new();
    let (mut word, mut before) = (String::new(), Kind::Other);
    for c in plain(text).chars().chain([' ']) {
        let kind = match c {
            c if c.is_numeric() => Kind::Digit,
            c if c.is_alphanumeric() => Kind::Letter,
            _ => Kind::Other,
        };
        if kind != before && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if kind != Kind::Other && word.chars().count() < MAX_LETTERS {
            word.push(c);
        }
        before = kind;
    }
    words
}

/// The words of a query: without those that stand in every other text, unless there are no others.
pub(super) fn query_words(text: &str, max: usize) -> Vec<String> {
    let is_stop = |word: &String| STOP_WORDS.contains(&word.as_str());
    let mut words = words(text);
    if !words.iter().all(is_stop) {
        words.retain(|word| !is_stop(word));
    }
    words.truncate(max);
    words
}

/// One form for an English word and its plural: `knife` and `knives`, `box` and `boxes`. Not always a word, and only ever compared
/// with other such forms.
pub(super) fn singular(word: &str) -> String {
    const IRREGULAR: &[(&str, &str)] =
        &[("men", "man"), ("women", "woman"), ("children", "child"), ("feet", "foot"), ("teeth", "tooth"), ("mice", "mouse")];
    const ENDS: &[(&str, &str)] = &[
        ("ves", "f"),
        ("fe", "f"),
        ("ve", "f"),
        ("ies", "y"),
        ("ie", "y"),
        ("sses", "ss"),
        ("sse", "ss"),
        ("shes", "sh"),
        ("she", "sh"),
        ("ches", "ch"),
        ("che", "ch"),
        ("xes", "x"),
        ("xe", "x"),
        ("zes", "z"),
        ("ze", "z"),
        ("oes", "o"),
        ("oe", "o"),
    ];
    if let Some((_, one)) = IRREGULAR.iter().find(|(many, _)| *many == word) {
        return (*one).to_owned();
    }
    if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word.to_owned();
    }
    if let Some((begin, end)) = ENDS.iter().find_map(|(many, one)| word.strip_suffix(many).map(|begin| (begin, one))) {
        return format!("{begin}{end}");
    }
    match word.strip_suffix('s') {
        Some(one) if !one.ends_with(['s', 'u', 'i']) => one.to_owned(),
        _ => word.to_owned(),
    }
}

/// A word as it is spelt without `ñ`: `pinya` and `piña` are one fruit.
pub(super) fn respelt(word: &str) -> Option<String> {
    word.contains("ny").then(|| word.replace("ny", "n"))
}

/// What is indexed of a text: its words, each with its other spelling, and its singular where the text is English.
pub(super) fn indexed(text: &str, is_english: bool) -> String {
    let mut all = Vec::new();
    for word in words(text) {
        let one = if is_english { singular(&word) } else { word.clone() };
        all.extend(respelt(&word));
        if one != word {
            all.push(one);
        }
        all.push(word);
    }
    all.join(" ")
}

/// Each two neighbours of a text as one word, for who writes `powerbank` or `giftboxes`; with its singular where the text is English.
pub(super) fn joined(text: &str, is_english: bool) -> String {
    let mut all = Vec::new();
    for pair in words(text).windows(2) {
        let together = pair.concat();
        let one = format!("{}{}", pair[0], singular(&pair[1]));
        if is_english && one != together {
            all.push(one);
        }
        all.push(together);
    }
    all.join(" ")
}

/// A SKU or barcode without what is typed differently: capitals, signs, zeros in front of a number.
pub(super) fn code(text: &str) -> String {
    let code: String = plain(text).chars().filter(|c| c.is_alphanumeric()).collect();
    if code.bytes().all(|b| b.is_ascii_digit()) { code.trim_start_matches('0').to_owned() } else { code }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_plain_words() {
        assert_eq!(words("Pin\u{303}a & Sili’t-Bawang 500g, 10 000mAh"), ["pina", "silit", "bawang", "500", "g", "10", "000", "mah"]);
        assert_eq!(query_words("the lamp of Tala", 9), ["lamp", "tala"]);
        assert_eq!(query_words("sa mga", 9), ["sa", "mga"]);
        assert_eq!(query_words("a b c d", 2), ["b", "c"]);
        assert!(words("🎁 \"(:*^~").is_empty());
    }

    #[test]
    fn a_word_and_its_plural_have_one_form() {
        for (one, many) in [
            ("knife", "knives"),
            ("box", "boxes"),
            ("glove", "gloves"),
            ("shelf", "shelves"),
            ("berry", "berries"),
            ("cookie", "cookies"),
            ("glass", "glasses"),
            ("dish", "dishes"),
            ("mango", "mangoes"),
            ("mango", "mangos"),
            ("shoe", "shoes"),
            ("size", "sizes"),
            ("watch", "watches"),
            ("candle", "candles"),
            ("vase", "vases"),
            ("nut", "nuts"),
            ("woman", "women"),
        ] {
            assert_eq!(singular(one), singular(many), "{one} {many}");
        }
        for alone in ["gas", "bus", "citrus", "tennis", "glass"] {
            assert_eq!(singular(alone), alone);
        }
    }

    #[test]
    fn filipino_texts_are_not_stemmed() {
        assert_eq!(indexed("Mangkok, tasas, pinya", false), "mangkok tasas pina pinya");
        assert_eq!(indexed("Roasted nuts", true), "roasted nut nuts");
        assert_eq!(joined("Gift boxes, two", true), "giftbox giftboxes boxestwo");
    }

    #[test]
    fn codes_are_the_same_in_any_case_and_with_any_signs() {
        assert_eq!([code("Mug-Oat"), code("mug oat"), code("MUGOAT")], ["mugoat"; 3]);
        assert_eq!([code("0 12345 67890 5"), code("0012345678905")], ["12345678905"; 2]);
    }
}
