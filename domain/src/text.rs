//! Texts that people type.

/// Is it empty, or only spaces and characters of no width?
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_unseen)
}

/// Of a reason or note that staff type.
const MAX_REASON_CHARS: usize = 200;

/// The reason or note that staff typed, without spaces around it and at most 200 characters of it; none when nothing was typed.
#[must_use]
pub fn reason(typed: &str) -> Option<String> {
    let reason: String = typed.trim().chars().take(MAX_REASON_CHARS).collect();
    (!reason.is_empty()).then_some(reason)
}

/// The parts of a list that is written with commas, without spaces around them; empty ones are left out.
#[must_use]
pub fn comma_separated(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Characters that show nothing (Unicode: `Default_Ignorable_Code_Point` and what renders blank).
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_trimmed_and_cut() {
        assert_eq!(reason("  broken  ").as_deref(), Some("broken"));
        assert_eq!(reason(" \n "), None);
        assert_eq!(reason(&"ñ".repeat(201)), Some("ñ".repeat(200)));
    }

    #[test]
    fn a_list_has_no_empty_parts() {
        assert_eq!(comma_separated(" NCR, Luzon,,"), ["NCR", "Luzon"]);
        assert!(comma_separated("").is_empty());
    }

    #[test]
    fn text_without_a_visible_character_is_blank() {
        for blank in ["", "  \t", "\u{200b}", "\u{feff}\u{200d} \u{2060}", "\u{3164}", "\u{2800}"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for seen in ["a", "ñ", "李", "\u{200b}x", "👩\u{200d}🌾"] {
            assert!(!is_blank(seen), "{seen}");
        }
    }
}
