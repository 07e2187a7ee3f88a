//! The theme a user chose, and the colours a shop owner chose.

use std::fmt::Write;

/// Light, dark, or as on the user's device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// All three, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// The theme of a code, as in a cookie or a form.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.code() == code)
    }

    /// The short code, as stored in the cookie and sent by the form.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The value of `data-theme` on the root element; none where the device decides.
    #[must_use]
    pub const fn data_theme(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::Light => Some("tindahan"),
            Self::Dark => Some("tindahan-dark"),
        }
    }
}

/// An sRGB colour, `#0F5C4A`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

const PAPER: Colour = Colour { red: 0xFB, green: 0xF8, blue: 0xF3 };
const INK: Colour = Colour { red: 0x1C, green: 0x23, blue: 0x21 };
/// The dark theme's background.
const DARK_BACKGROUND: Colour = Colour { red: 0x12, green: 0x1A, blue: 0x17 };

impl Colour {
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
    fn text_colour(self) -> Self {
        if self.contrast(PAPER) >= self.contrast(INK) { PAPER } else { INK }
    }

    /// This colour, moved towards black or white until it is readable on the background.
    fn readable_on(self, ground: Self) -> Self {
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

/// The style sheet that overrides the theme's colours with the owner's; empty when there are none.
///
/// Served after the main style sheet. Text colours are moved until their contrast is at least
/// 4.5, and text on a colour is paper or ink, whichever has more contrast.
#[must_use]
pub fn brand_stylesheet(primary: Option<Colour>, accent: Option<Colour>) -> String {
    let mut light = String::new();
    let mut dark = String::new();
    if let Some(colour) = primary {
        let day = colour.readable_on(PAPER);
        let night = colour.readable_on(DARK_BACKGROUND);
        let words = day.text_colour().hex();
        write_pair(&mut light, "primary", &day.hex(), &words);
        let _ = write!(light, "--front:{};--front-content:{words};", day.hex());
        write_pair(&mut dark, "primary", &night.hex(), &night.text_colour().hex());
    }
    if let Some(colour) = accent {
        let words = colour.text_colour().hex();
        write_pair(&mut light, "accent", &colour.hex(), &words);
        write_pair(&mut dark, "accent", &colour.hex(), &words);
        let _ = write!(light, "--weave:{};", colour.hex());
    }
    if light.is_empty() {
        return light;
    }
    format!(
        ":root,:root[data-theme=tindahan]{{{light}}}:root[data-theme=tindahan-dark]{{{dark}}}\
         @media (prefers-color-scheme:dark){{:root:not([data-theme]){{{dark}}}}}"
    )
}

fn write_pair(into: &mut String, name: &str, colour: &str, words: &str) {
    // Writing to a String cannot fail.
    let _ = write!(into, "--color-{name}:{colour};--color-{name}-content:{words};");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at what is not as expected")]

    use super::{Colour, DARK_BACKGROUND, PAPER, Theme, brand_stylesheet};

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

    #[test]
    fn without_own_colours_there_is_no_style_sheet() {
        assert_eq!(brand_stylesheet(None, None), "");
        let sheet = brand_stylesheet(Colour::parse("#0F5C4A"), Colour::parse("#F2A81D"));
        assert!(sheet.contains("--color-primary:#0f5c4a;--color-primary-content:#fbf8f3;"));
        assert!(sheet.contains("--color-accent:#f2a81d;--color-accent-content:#1c2321;"));
    }

    #[test]
    fn themes_are_read_back() {
        for theme in Theme::ALL {
            assert_eq!(Theme::parse(theme.code()), Some(theme));
        }
        assert_eq!(Theme::parse("purple"), None);
    }
}
