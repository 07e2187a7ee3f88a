use leptos::prelude::*;

use crate::Stall;

/// An empty page or list. Its text describes what will be shown here, and its action is the next step.
#[component]
pub fn EmptyState(
    #[prop(into)] title: String,
    /// What will be here, or how to get it.
    #[prop(into)]
    body: String,
    /// Without the drawing, for inside a panel.
    #[prop(optional)]
    plain: bool,
    /// The heading's level: 1 as the whole page, 2 inside one.
    #[prop(default = 2)]
    level: u8,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let pad = if plain { "py-8" } else { "py-12 md:py-16" };
    let heading = if level == 1 {
        view! { <h1 class="text-2xl">{title}</h1> }.into_any()
    } else {
        view! { <h2 class="text-xl">{title}</h2> }.into_any()
    };
    view! {
        <div class=format!("flex flex-col items-center text-center gap-3 px-4 {pad}")>
            {(!plain).then(|| view! { <div class="mb-3"><Stall/></div> }.into_any())}
            {heading}
            <p class="text-quiet max-w-[46ch]">{body}</p>
            {children.map(|children| view! { <div class="mt-3 flex flex-wrap justify-center gap-3">{children()}</div> }.into_any())}
        </div>
    }
}
