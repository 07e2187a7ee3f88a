//! The shop's name and address.

use leptos::prelude::*;

/// The shop's name and address, provided by the shell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    /// The shop's name.
    pub name: String,
    /// `https://shop.example`, without a path.
    pub origin: String,
}

/// The shop's name and address.
#[must_use]
pub fn use_brand() -> Brand {
    use_context().unwrap_or_default()
}
