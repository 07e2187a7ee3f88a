//! An order's number, as it is made, read however it is typed, and searched by its beginning.

/// An order's number: `T` and eight of Crockford's 32 letters, from 40 random bits, with a hyphen in the middle: `TK4WX-9QPM`. It says
/// nothing about how much a shop sells.
#[must_use]
pub fn from_random(random: [u8; 5]) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = random.iter().fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    let mut number = String::with_capacity(10);
    number.push('T');
    for i in (0..8).rev() {
        // Always below 32.
        number.push(char::from(LETTERS[((bits >> (i * 5)) & 31) as usize]));
        if i == 4 {
            number.push('-');
        }
    }
    number
}

/// An order's number as it is stored: `TK4WX-9Q1` for `#tk4wx9q1`.
#[must_use]
pub fn parse(typed: &str) -> Option<String> {
    let mut number: String = typed.trim().trim_start_matches('#').chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    number.make_ascii_uppercase();
    let is_number = number.starts_with('T') && number.bytes().all(|b| b.is_ascii_alphanumeric());
    if number.len() < 6 || number.len() > 16 || !is_number {
        return None;
    }
    number.insert(5, '-');
    Some(number)
}

/// The range of numbers with the typed prefix, when it looks like a number: in any case, with the hyphen or without.
#[must_use]
pub fn prefix_range(search: &str) -> Option<(String, String)> {
    let mut typed = search.trim_start_matches('#').to_ascii_uppercase().replace('-', "");
    let plausible = typed.starts_with('T') && (2..=9).contains(&typed.len()) && typed.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plausible {
        return None;
    }
    if typed.len() > 5 {
        typed.insert(5, '-');
    }
    // `[` follows `Z`, the greatest letter in a number.
    let end = format!("{typed}[");
    Some((typed, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_use_letters_that_cannot_be_misread() {
        assert_eq!(from_random([0xff; 5]), "TZZZZ-ZZZZ");
        assert_eq!(from_random([0; 5]), "T0000-0000");
    }

    #[test]
    fn a_number_is_read_however_it_is_typed() {
        for typed in ["TK4WX-9Q1", " #tk4wx9q1 ", "tk4wx 9q1"] {
            assert_eq!(parse(typed).as_deref(), Some("TK4WX-9Q1"), "{typed}");
        }
        for nonsense in ["", "T", "Ana Reyes, Mandaluyong", "TK4WX%", "€€€€€€€€"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_number_is_found_however_it_is_typed() {
        let range = Some(("TK4WX-9Q".to_owned(), "TK4WX-9Q[".to_owned()));
        assert_eq!(prefix_range("tk4wx9q"), range);
        assert_eq!(prefix_range("#TK4WX-9Q"), range);
        assert_eq!(prefix_range("teresa@example.ph"), None);
        assert_eq!(prefix_range("Ana"), None);
    }
}
