//! The theme a user chose, and the colours a shop owner chose.

use std::fmt::Write;

use domain::Colour;
use domain::colour::{DARK_BACKGROUND, PAPER};

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

/// The address of that style sheet. It names what the sheet holds, so that a colour that was changed is seen at the next page, and the
/// sheet may be kept for long.
#[must_use]
pub fn brand_address(sheet: &str) -> String {
    // FNV-1a, of 64 bits.
    let hash = sheet.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("/brand.css?v={hash:016x}")
}

fn write_pair(into: &mut String, name: &str, colour: &str, words: &str) {
    // Writing to a String cannot fail.
    let _ = write!(into, "--color-{name}:{colour};--color-{name}-content:{words};");
}

#[cfg(test)]
mod tests {
    use super::{Colour, Theme, brand_address, brand_stylesheet};

    #[test]
    fn without_own_colours_there_is_no_style_sheet() {
        assert_eq!(brand_stylesheet(None, None), "");
        let sheet = brand_stylesheet(Colour::parse("#0F5C4A"), Colour::parse("#F2A81D"));
        assert!(sheet.contains("--color-primary:#0f5c4a;--color-primary-content:#fbf8f3;"));
        assert!(sheet.contains("--color-accent:#f2a81d;--color-accent-content:#1c2321;"));
    }

    #[test]
    fn other_colours_have_another_address() {
        let of = |primary: &str| brand_address(&brand_stylesheet(Colour::parse(primary), None));
        assert_eq!(of("#0F5C4A"), of("#0f5c4a"));
        assert!(of("#0F5C4A") != of("#0F5C4B") && of("") != of("#0F5C4A"));
    }

    #[test]
    fn themes_are_read_back() {
        for theme in Theme::ALL {
            assert_eq!(Theme::parse(theme.code()), Some(theme));
        }
        assert_eq!(Theme::parse("purple"), None);
    }
}
