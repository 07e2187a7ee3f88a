//! Badges: a state as a short text with a colour.

use leptos::prelude::*;

/// The meaning of a colour. The text always has it too, for those who do not see colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Neutral,
    /// Worth knowing, or under way.
    Info,
    /// Went well; finished.
    Success,
    /// Look at this soon.
    Warning,
    Danger,
    /// For what is new (mango).
    Accent,
    /// For sales (clay).
    Sale,
}

impl Tone {
    /// The class that sets the colours.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "tone-neutral",
            Self::Info => "tone-info",
            Self::Success => "tone-success",
            Self::Warning => "tone-warning",
            Self::Danger => "tone-danger",
            Self::Accent => "tone-accent",
            Self::Sale => "tone-sale",
        }
    }
}

/// A word on a coloured ground.
#[component]
pub fn Badge(
    /// The meaning of its colour.
    #[prop(optional)]
    tone: Tone,
    /// Full colour, for a badge over a picture.
    #[prop(optional)]
    full: bool,
    children: Children,
) -> impl IntoView {
    let ground = if full { "toned-full" } else { "toned" };
    view! {
        <span class=format!("{ground} {} inline-flex items-center gap-1 rounded-full px-2.5 py-0.5 font-sans text-xs tracking-normal font-semibold whitespace-nowrap", tone.class())>
            {children()}
        </span>
    }
}

/// A state in a list: a dot and a word, quieter than a badge.
#[component]
pub fn StatusBadge(
    /// The meaning of its colour.
    #[prop(optional)]
    tone: Tone,
    /// A final state: the dot is full. Otherwise it is a ring.
    #[prop(optional)]
    settled: bool,
    #[prop(into)] text: String,
) -> impl IntoView {
    let dot = if settled { "tone-dot border-transparent" } else { "border-(--tone)" };
    view! {
        <span class=format!("toned {} inline-flex items-center gap-1.5 rounded-full ps-2 pe-2.5 py-0.5 font-sans text-xs tracking-normal font-semibold whitespace-nowrap", tone.class())>
            <span class=format!("size-2 rounded-full border-2 {dot}") aria-hidden="true"></span>
            {text}
        </span>
    }
}
