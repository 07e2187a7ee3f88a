use leptos::prelude::*;

/// A figure with its name, as a link to the list it is made of.
#[component]
pub fn StatTile(
    #[prop(into)] label: String,
    /// The figure as text; it may change while the page is open.
    #[prop(into)]
    value: Signal<String>,
    #[prop(into)] href: String,
    /// What it compares with: "A week ago: ₱1,200.00".
    #[prop(optional, into)]
    beside: Option<Signal<String>>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <a href=href class="group flex flex-col gap-1 bg-raised border border-hairline rounded-card p-4 hover:border-field">
            <span class="text-sm text-quiet group-hover:underline underline-offset-4">{label}</span>
            <span class="text-2xl font-semibold figures leading-tight">{move || value.get()}</span>
            {beside.map(|beside| view! { <span class="text-sm text-quiet">{move || beside.get()}</span> })}
            {children.map(|children| view! { <span class="mt-2 block">{children()}</span> })}
        </a>
    }
}
