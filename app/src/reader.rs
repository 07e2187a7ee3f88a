//! What is known of the reader before anything is rendered: language, colours, and which shop this is. On the server the
//! router provides it; the browser reads it from the page that it got.

use domain::Locale;
use leptos::prelude::*;
#[cfg(not(feature = "ssr"))]
use session::Brand;
use ui::Theme;

/// Provides language, colours and the shop's name where the router has not.
pub fn provide_reader() {
    if use_context::<Locale>().is_none() {
        #[cfg(not(feature = "ssr"))]
        provide_from_page();
    }
}

#[cfg(not(feature = "ssr"))]
fn provide_from_page() {
    let root = document().document_element();
    let attribute = |name: &str| root.as_ref().and_then(|root| root.get_attribute(name)).unwrap_or_default();
    provide_context(Locale::parse(&attribute("lang")).unwrap_or_default());
    let theme = Theme::ALL.into_iter().find(|theme| theme.data_theme() == Some(attribute("data-theme").as_str()));
    provide_context(theme.unwrap_or_default());
    // The selector is a constant and no nonsense.
    let name = document().query_selector("meta[name=application-name]").ok().flatten().and_then(|meta| meta.get_attribute("content"));
    provide_context(Brand { name: name.unwrap_or_default(), origin: location().origin().unwrap_or_default() });
}

/// The reader's colours.
#[must_use]
pub fn use_theme() -> Theme {
    use_context().unwrap_or_default()
}
