use leptos::prelude::*;

/// Provided by the layout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    pub name: String,
    /// `https://shop.example`, without a path.
    pub origin: String,
    /// The address of the style sheet with the owner's colours; only the server knows it.
    pub stylesheet: String,
}

#[must_use]
pub fn use_brand() -> Brand {
    use_context().unwrap_or_default()
}
