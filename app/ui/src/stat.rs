//! A figure that matters, and where it comes from.

use leptos::prelude::*;

use crate::Tone;

/// A figure with its name. The whole tile leads to what the figure is made of.
#[component]
pub fn StatTile(
    /// What is counted.
    #[prop(into)]
    label: String,
    /// The figure, already written; may change while one looks.
    #[prop(into)]
    value: Signal<String>,
    /// The list it is made of.
    #[prop(into)]
    href: String,
    /// How it compares, in words: "12% more than yesterday".
    #[prop(optional, into)]
    change: Option<String>,
    /// Whether that is good.
    #[prop(optional)]
    tone: Tone,
    /// A small chart.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <a href=href class="group flex flex-col gap-1 bg-raised border border-hairline rounded-card p-4 hover:border-field">
            <span class="text-sm text-quiet group-hover:underline underline-offset-4">{label}</span>
            <span class="text-2xl font-semibold figures leading-tight">{move || value.get()}</span>
            {change.map(|change| view! { <span class=format!("text-sm tone-ink {}", tone.class())>{change}</span> })}
            {children.map(|children| view! { <span class="mt-2 block">{children()}</span> })}
        </a>
    }
}
