use crate::use_brand;
use leptos::prelude::*;
use leptos::text_prop::TextProp;
use ui::raw_text;

/// The page's title, followed by the shop's name.
#[component]
pub fn Title(
    /// Empty for the shop's name alone.
    #[prop(into)]
    text: TextProp,
) -> impl IntoView {
    let shop = use_brand().name;
    let text = move || {
        let title = text.get();
        raw_text(if title.is_empty() { shop.clone() } else { format!("{title} · {shop}") })
    };
    view! { <leptos_meta::Title text/> }
}

/// The title while no page sets one: between two pages, and before a page is hydrated. Without it
/// `leptos_meta` would empty the title for that time.
#[component]
pub fn TitleBetweenPages() -> impl IntoView {
    #[cfg(feature = "ssr")]
    let text = {
        let shop = use_brand().name;
        move || raw_text(shop.clone())
    };
    #[cfg(not(feature = "ssr"))]
    let text = {
        let first = document().title();
        move || Some(document().title()).filter(|title| !title.is_empty()).unwrap_or_else(|| first.clone())
    };
    view! { <leptos_meta::Title text/> }
}
