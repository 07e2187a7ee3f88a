//! Messages: every visible text in every language, checked at build time.
//!
//! The texts live in `messages/en.toml` and `messages/fil.toml`. A key `empty_title` in the section `[cart]` becomes
//! the constant [`t::CART_EMPTY_TITLE`]; `{name}` in a text is a parameter; a text that depends on a count is
//! written as `items = { one = "{count} item", other = "{count} items" }` and becomes a [`PluralMsg`].
//!
//! ```
//! use domain::{Locale, messages::t};
//!
//! assert_eq!(t::CART_EMPTY_TITLE.text(Locale::En), "Your cart is empty");
//! assert_eq!(t::COMMON_FROM_PRICE.with(Locale::Fil, &[("price", "₱120.00")]), "mula ₱120.00");
//! assert_eq!(t::CART_ITEMS.with(Locale::En, 3, &[]), "3 items");
//! ```
//!
//! **Adding a text:** put the key into the fitting section of *both* files (sections and keys are in alphabetical
//! order where it helps), use the constant. The build fails if a language lacks the key or uses other parameters; a
//! test fails if no code uses it. In views use the macros `tr!` and `trn!` of the `ui` crate, which know the user's language.
//!
//! Messages are constants rather than one table, so that a program carries only those it uses.

use crate::Locale;

/// A text in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Msg {
    /// Where the text stands in the catalogue, for example `cart.empty_title`.
    pub key: &'static str,
    texts: [&'static str; Locale::ALL.len()],
}

impl Msg {
    /// The text in this language, as written in the catalogue.
    #[must_use]
    pub const fn text(self, locale: Locale) -> &'static str {
        self.texts[locale as usize]
    }

    /// The text with each `{name}` replaced by its value. A parameter that is not given stays as it is.
    #[must_use]
    pub fn with(self, locale: Locale, parameters: &[(&str, &str)]) -> String {
        fill(self.text(locale), parameters)
    }
}

/// The texts of one language for one thing and for any other number of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Forms {
    one: &'static str,
    other: &'static str,
}

/// A text in every language that depends on a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluralMsg {
    /// Where the text stands in the catalogue, for example `cart.items`.
    pub key: &'static str,
    texts: [Forms; Locale::ALL.len()],
}

impl PluralMsg {
    /// The text for this many things, as written in the catalogue.
    ///
    /// Filipino follows the catalogue's own use, figures before the noun, where one thing differs from several as in
    /// English. (CLDR's finer Filipino rule is about the linker after a number that is spelled out.)
    #[must_use]
    pub const fn text(self, locale: Locale, count: i64) -> &'static str {
        let forms = self.texts[locale as usize];
        if count == 1 { forms.one } else { forms.other }
    }

    /// The text for this many things, with `{count}` written as the locale writes numbers and each other `{name}` replaced.
    #[must_use]
    pub fn with(self, locale: Locale, count: i64, parameters: &[(&str, &str)]) -> String {
        let number = locale.number(count);
        let mut text = fill(self.text(locale, count), &[("count", &number)]);
        if !parameters.is_empty() {
            text = fill(&text, parameters);
        }
        text
    }
}

/// Replaces `{name}` in one pass, so that a value with braces in it is never read as a parameter.
fn fill(template: &str, parameters: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let value =
            after.split_once('}').and_then(|(name, tail)| parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value, tail)));
        if let Some((value, tail)) = value {
            out.push_str(value);
            rest = tail;
        } else {
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// The catalogue's messages as constants, named by their section and key.
pub mod t {
    use super::{Forms, Msg, PluralMsg};

    include!(concat!(env!("OUT_DIR"), "/messages.rs"));
}

#[cfg(test)]
mod tests {
    use super::{fill, t};
    use crate::Locale;

    #[test]
    fn a_text_is_in_the_users_language() {
        assert_eq!(t::COMMON_ADD.text(Locale::En), "Add");
        assert_eq!(t::COMMON_ADD.text(Locale::Fil), "Idagdag");
        assert_eq!(t::COMMON_ADD.key, "common.add");
    }

    #[test]
    fn a_value_with_braces_is_not_a_parameter() {
        assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "2")]), "{b} and 2");
        assert_eq!(fill("open { brace", &[("a", "1")]), "open { brace");
        assert_eq!(fill("{unknown} {a}", &[("a", "1")]), "{unknown} 1");
    }

    #[test]
    fn one_item_and_several_items_read_differently() {
        assert_eq!(t::CART_ITEMS.with(Locale::En, 1, &[]), "1 item");
        assert_eq!(t::CART_ITEMS.with(Locale::En, 1200, &[]), "1,200 items");
        assert_eq!(t::CART_ITEMS.with(Locale::Fil, 0, &[]), "0 item");
    }
}
