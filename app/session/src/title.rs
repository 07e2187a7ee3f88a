//! The document's title.

use crate::use_brand;
use leptos::prelude::*;
use leptos::text_prop::TextProp;

/// Names the page in the browser's tab, followed by the shop.
#[component]
pub fn Title(
    /// What the page is called; the shop's name alone where it is empty.
    #[prop(into)]
    text: TextProp,
) -> impl IntoView {
    let shop = use_brand().name;
    let text = move || {
        let title = text.get();
        in_document(if title.is_empty() { shop.clone() } else { format!("{title} · {shop}") })
    };
    view! { <leptos_meta::Title text/> }
}

/// The title while no page gives one: between two pages, and before a page that the server wrote is hydrated. Without it
/// `leptos_meta` would empty the title for that time.
#[component]
pub fn TitleBetweenPages() -> impl IntoView {
    #[cfg(feature = "ssr")]
    let text = {
        let shop = use_brand().name;
        move || in_document(shop.clone())
    };
    #[cfg(not(feature = "ssr"))]
    let text = {
        let first = document().title();
        move || Some(document().title()).filter(|title| !title.is_empty()).unwrap_or_else(|| first.clone())
    };
    view! { <leptos_meta::Title text/> }
}

/// A text as it is put into `<title>`. On the server `leptos_meta` 0.8.7 writes it into the document as it is, so markup is
/// escaped here; in the browser it is set as text.
fn in_document(text: String) -> String {
    #[cfg(feature = "ssr")]
    return text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    #[cfg(not(feature = "ssr"))]
    text
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    #[test]
    fn markup_in_a_title_stays_text() {
        assert_eq!(super::in_document("Salt & <Pepper></title>".into()), "Salt &amp; &lt;Pepper&gt;&lt;/title&gt;");
    }
}
