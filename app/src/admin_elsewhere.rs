//! The admin as the shop's own WebAssembly knows it: another document, see `admin.rs`.

use leptos::prelude::*;
use leptos_router::any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute};
use leptos_router::components::Route;
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};

/// The admin's addresses.
#[component(transparent)]
pub fn Admin() -> AnyNestedRoute {
    view! { <Route path=path!("admin/*any") view=Leave ssr=SsrMode::Async/> }.into_inner().into_any_nested_route()
}

/// Loads the page of this address from the server.
#[component]
fn Leave() -> impl IntoView {
    let location = use_location();
    Effect::new(move || {
        let there = format!("{}{}", location.pathname.get_untracked(), location.search.get_untracked());
        // The address is one of the shop's own.
        let _ = window().location().replace(&there);
    });
}
