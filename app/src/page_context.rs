//! The context of a page: the user's language and theme, and the shop's name, address and time zone. On the server the
//! router provides it; in the browser it is read from the page.

use domain::Locale;
#[cfg(not(feature = "ssr"))]
use domain::TimeZone;
use leptos::prelude::*;
use ui::Theme;
#[cfg(not(feature = "ssr"))]
use web::Brand;

/// Provides language, theme, time zone and brand where the router did not, as the page's root element has them.
pub fn provide_page_context() {
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
    let zone = root.as_ref().and_then(|root| TimeZone::named(&root.get_attribute("data-time-zone")?));
    provide_context(zone.unwrap_or(TimeZone::DEFAULT));
    // The selector is valid.
    let name = document().query_selector("meta[name=application-name]").ok().flatten().and_then(|meta| meta.get_attribute("content"));
    provide_context(Brand { name: name.unwrap_or_default(), origin: location().origin().unwrap_or_default(), ..Brand::default() });
}

#[must_use]
pub fn use_theme() -> Theme {
    use_context().unwrap_or_default()
}
