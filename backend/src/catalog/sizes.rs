//! The order of sizes: S before M before L, 36 before 37, 250 g before 1 kg.

/// Letters and words of sizes, the smallest first.
const NAMED: [(&str, i64); 19] = [
    ("free size", 0),
    ("one size", 0),
    ("xxs", 1),
    ("extra small", 2),
    ("xs", 2),
    ("small", 3),
    ("s", 3),
    ("medium", 4),
    ("m", 4),
    ("large", 5),
    ("l", 5),
    ("extra large", 6),
    ("xl", 6),
    ("xxl", 7),
    ("2xl", 7),
    ("xxxl", 8),
    ("3xl", 8),
    ("4xl", 9),
    ("5xl", 10),
];

/// Units of weight, volume and length in thousandths of a gram, a millilitre or a millimetre.
const UNITS: [(&str, i64); 9] = [
    ("mg", 1),
    ("g", 1_000),
    ("kg", 1_000_000),
    ("ml", 1_000),
    ("cl", 10_000),
    ("l", 1_000_000),
    ("mm", 1_000),
    ("cm", 10_000),
    ("m", 1_000_000),
];

/// Where a filter's value (`size:small, 16 cm`) stands among sizes; none for what is no size. Named sizes come before numbers;
/// numbers are read in thousandths of the unit that follows them.
pub(super) fn size(key: &str) -> Option<i64> {
    let text = key.split_once(':').map_or(key, |(_, value)| value).trim().to_lowercase();
    let name = text.split([',', '(', '/']).next().unwrap_or_default().trim();
    // Text may follow the name: `small, 16 cm`.
    if let Some((_, rank)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some(*rank);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut thousandths = whole.parse::<i64>().ok()?.checked_mul(1_000)?;
    for (place, digit) in [100, 10, 1].into_iter().zip(fraction.chars()) {
        thousandths += place * i64::from(digit.to_digit(10)?);
    }
    let rest = match rest.strip_prefix('½') {
        Some(rest) => {
            thousandths += 500;
            rest
        }
        None => rest,
    };
    let unit = rest.trim().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let factor = UNITS.iter().find(|(known, _)| *known == unit).map_or(1, |(_, factor)| *factor);
    thousandths.checked_mul(factor)?.checked_add(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_stand_in_their_order() {
        for ordered in [
            ["S", "M", "L", "XL", "2XL"],
            ["size:extra small", "size:small, 16 cm", "size:medium, 20 cm", "size:large (tall)", "size:3xl"],
            ["36", "37", "37½", "38.5", "100"],
            ["80 g", "250 g", "0.5 kg", "1 kg", "1.5 kg"],
            ["250 ml", "50 cl", "1 l", "1 L bottle", "2 l"],
        ] {
            let ranks: Vec<_> = ordered.iter().map(|text| size(text).unwrap()).collect();
            assert!(ranks.is_sorted(), "{ordered:?} {ranks:?}");
        }
        for none in ["Oat", "Dark roast", "", "size:", "colour:natural"] {
            assert_eq!(size(none), None, "{none}");
        }
    }
}
