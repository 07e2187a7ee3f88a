//! Colours, and which can be read on which (WCAG 2.2).

/// An sRGB colour, `#0F5C4A`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// The light theme's background.
pub const PAPER: Colour = Colour { red: 0xFB, green: 0xF8, blue: 0xF3 };
/// The light theme's text.
pub const INK: Colour = Colour { red: 0x1C, green: 0x23, blue: 0x21 };
pub const DARK_BACKGROUND: Colour = Colour { red: 0x12, green: 0x1A, blue: 0x17 };

impl Colour {
    /// From `#rrggbb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self { red: part(0)?, green: part(2)?, blue: part(4)? })
    }

    /// As `#rrggbb`.
    #[must_use]
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }

    /// Contrast with another colour, 1 to 21, by WCAG 2.2.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Relative luminance by WCAG 2.2, 0 to 1.
    fn luminance(self) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(self.red) + 0.7152 * channel(self.green) + 0.0722 * channel(self.blue)
    }

    /// Paper or ink, whichever has more contrast with this colour.
    #[must_use]
    pub fn text_colour(self) -> Self {
        if self.contrast(PAPER) >= self.contrast(INK) { PAPER } else { INK }
    }

    /// This colour, moved towards black or white until it is readable on the background.
    #[must_use]
    pub fn readable_on(self, ground: Self) -> Self {
        let towards = if ground.luminance() > 0.2 { 0 } else { 255 };
        let mut colour = self;
        for step in 1..=20_u16 {
            if colour.contrast(ground) >= 4.5 {
                break;
            }
            colour = Self { red: mix(self.red, towards, step), green: mix(self.green, towards, step), blue: mix(self.blue, towards, step) };
        }
        colour
    }
}

/// A colour channel, `step` twentieths of the way to another.
fn mix(from: u8, to: u8, step: u16) -> u8 {
    let value = (u16::from(from) * (20 - step) + u16::from(to) * step) / 20;
    u8::try_from(value).unwrap_or(to)
}

#[cfg(test)]
mod tests {
    use super::{Colour, DARK_BACKGROUND, PAPER};

    #[test]
    fn a_colour_is_six_hexadecimal_digits() {
        assert_eq!(Colour::parse("#0F5C4A").map(Colour::hex).as_deref(), Some("#0f5c4a"));
        for nonsense in ["", "#fff", "0F5C4A", "#0F5C4G", "#0F5C4A;}", "#₱₱"] {
            assert_eq!(Colour::parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn an_owners_colour_is_made_readable() {
        for hex in ["#0F5C4A", "#F2A81D", "#FFFFFF", "#000000", "#FF00FF", "#FFFF00"] {
            let colour = Colour::parse(hex).unwrap();
            assert!(colour.readable_on(PAPER).contrast(PAPER) >= 4.5, "{hex} on paper");
            assert!(colour.readable_on(DARK_BACKGROUND).contrast(DARK_BACKGROUND) >= 4.5, "{hex} at night");
            assert!(colour.contrast(colour.text_colour()) >= 4.0, "words on {hex}");
        }
    }
}
