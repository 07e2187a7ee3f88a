//! The colours that the values of a colour option are shown with.

/// The keys of options whose values are colours.
const OPTIONS: &[&str] = &["color", "colour", "kulay"];

/// Words for colours in English and Filipino, sorted, each with an sRGB colour.
const WORDS: &[(&str, &str)] = &[
    ("abo", "#8a8f94"),
    ("aqua", "#4fc1c4"),
    ("asul", "#2f5fa8"),
    ("beige", "#dccbb0"),
    ("berde", "#2f7d4f"),
    ("berdeng", "#2f7d4f"),
    ("black", "#1b1b1d"),
    ("blue", "#2f5fa8"),
    ("bronze", "#8a6a3b"),
    ("brown", "#6f4a2f"),
    ("bughaw", "#2f5fa8"),
    ("burgundy", "#6d1f33"),
    ("charcoal", "#3a3d42"),
    ("chocolate", "#4e3023"),
    ("clay", "#b4573a"),
    ("copper", "#b06a43"),
    ("coral", "#ee7a63"),
    ("cream", "#f3e9d2"),
    ("dilaw", "#f2c53d"),
    ("gintong", "#c69c3a"),
    ("ginto", "#c69c3a"),
    ("gold", "#c69c3a"),
    ("gray", "#8a8f94"),
    ("green", "#2f7d4f"),
    ("grey", "#8a8f94"),
    ("indigo", "#38337d"),
    ("itim", "#1b1b1d"),
    ("ivory", "#f6f0df"),
    ("kahel", "#e8822e"),
    ("kayumanggi", "#6f4a2f"),
    ("khaki", "#b5a276"),
    ("krema", "#f3e9d2"),
    ("lavender", "#b7a3d9"),
    ("lila", "#7a4fa3"),
    ("lilac", "#c3a9dc"),
    ("luntian", "#2f7d4f"),
    ("luntiang", "#2f7d4f"),
    ("magenta", "#b8307f"),
    ("maroon", "#6d1f2b"),
    ("mint", "#a9d9c2"),
    ("mustard", "#cf9f2b"),
    ("natural", "#d9c6a4"),
    ("navy", "#1f2f52"),
    ("olive", "#6f7339"),
    ("orange", "#e8822e"),
    ("peach", "#f3b493"),
    ("pilak", "#c3c7cb"),
    ("pink", "#e79ab4"),
    ("plum", "#6a355f"),
    ("pula", "#c0392f"),
    ("pulang", "#c0392f"),
    ("purple", "#6d428f"),
    ("puti", "#ffffff"),
    ("puting", "#ffffff"),
    ("red", "#c0392f"),
    ("rosas", "#e79ab4"),
    ("rose", "#d98695"),
    ("sage", "#9fb097"),
    ("sand", "#dcc9a3"),
    ("silver", "#c3c7cb"),
    ("sky", "#8cc3e6"),
    ("tan", "#c7a57a"),
    ("teal", "#1f7a7c"),
    ("terracotta", "#b4573a"),
    ("tsokolate", "#4e3023"),
    ("turquoise", "#41b5b0"),
    ("ube", "#6a355f"),
    ("violet", "#7a4fa3"),
    ("white", "#ffffff"),
    ("yellow", "#f2c53d"),
];

/// Words that join several colours in one name.
const JOINING: &[&str] = &["and", "at", "with", "may"];

/// The colour, as `#rrggbb`, that the name of a colour option's value says: its first word that is a colour. None for other options, for
/// names that say no known colour, and for those that say several ("Black and white").
#[must_use]
pub fn swatch(option_key: &str, value_name: &str) -> Option<&'static str> {
    if !OPTIONS.contains(&option_key) || value_name.contains(['/', '&', '+', ',']) {
        return None;
    }
    let name = value_name.to_lowercase();
    let mut words = name.split(|sign: char| !sign.is_alphabetic()).filter(|word| !word.is_empty());
    if words.clone().any(|word| JOINING.contains(&word)) {
        return None;
    }
    words.find_map(|word| WORDS.iter().find(|(known, _)| *known == word).map(|(_, colour)| *colour))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_from_its_name_in_both_languages() {
        assert_eq!(swatch("colour", "Palm green"), swatch("colour", "Berdeng palma"));
        assert_eq!(swatch("color", "Navy blue"), Some("#1f2f52"));
        assert!(swatch("kulay", "PUTI").is_some());
        assert_eq!(swatch("colour", "Black and white"), None);
        assert_eq!(swatch("colour", "Red/Blue"), None);
        assert_eq!(swatch("colour", "Jungle"), None);
        assert_eq!(swatch("size", "Red"), None);
    }

    #[test]
    fn each_word_has_one_colour_that_can_be_drawn() {
        let mut words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), WORDS.len());
        assert!(WORDS.iter().all(|(_, colour)| crate::Colour::parse(colour).is_some()));
    }
}
