//! The user's language in views: [`use_locale`], [`tr!`](crate::tr) and [`trn!`](crate::trn).

use domain::Locale;
use leptos::prelude::*;

/// The language of this page, provided once by the layout with `provide_context(locale)`; English without one.
#[must_use]
pub fn use_locale() -> Locale {
    use_context::<Locale>().unwrap_or_default()
}

/// A message of the catalogue in the user's language.
///
/// `tr!(CART_EMPTY_TITLE)` is a `&'static str`; `tr!(COMMON_FROM_PRICE, price = "₱120.00")` is a `String`.
#[macro_export]
macro_rules! tr {
    ($name:ident) => {
        $crate::t::$name.text($crate::use_locale())
    };
    ($name:ident, $($parameter:ident = $value:expr),+ $(,)?) => {
        $crate::t::$name.with(
            $crate::use_locale(),
            &[$((stringify!($parameter), ::std::string::ToString::to_string(&$value).as_str())),+],
        )
    };
}

/// A message that depends on a count: `trn!(CART_ITEMS, 3)`.
#[macro_export]
macro_rules! trn {
    ($name:ident, $count:expr $(, $parameter:ident = $value:expr)* $(,)?) => {
        $crate::t::$name.with(
            $crate::use_locale(),
            $crate::count($count),
            &[$((stringify!($parameter), ::std::string::ToString::to_string(&$value).as_str())),*],
        )
    };
}

/// Any whole number as the count of a message, saturating.
pub fn count(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
