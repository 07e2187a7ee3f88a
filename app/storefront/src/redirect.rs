//! What is shown at a former address of a product or category.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
#[cfg(not(feature = "ssr"))]
use leptos_router::{NavigateOptions, hooks::use_navigate};

/// Leads on to the address of now, with the same query: by status 301, or by replacing the address where the page is changed in place.
#[component]
pub(crate) fn Moved(#[prop(into)] path: String) -> impl IntoView {
    let search = use_location().search.get_untracked();
    let search = search.trim_start_matches('?');
    let to = if search.is_empty() { path } else { format!("{path}?{search}") };
    #[cfg(feature = "ssr")]
    web::request::moved(&to);
    #[cfg(not(feature = "ssr"))]
    {
        let navigate = use_navigate();
        Effect::new(move || navigate(&to, NavigateOptions { replace: true, ..Default::default() }));
    }
    ().into_any()
}
