use leptos::prelude::*;

use crate::Tone;

/// A figure with its name, as a link to the list it is made of.
#[component]
pub fn StatTile(
    #[prop(into)] label: String,
    /// The figure as text; it may change while the page is open.
    #[prop(into)]
    value: Signal<String>,
    #[prop(into)] href: String,
    /// How it compares: "12% more than yesterday".
    #[prop(optional, into)]
    change: Option<String>,
    /// The meaning of the change.
    #[prop(optional)]
    tone: Tone,
    #[prop(optional)] children: Option<Children>,
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
