//! What a WebAssembly knows of the pages that it does not have: their addresses, which are other documents.

use leptos::prelude::*;
use leptos_router::any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute};
use leptos_router::components::Route;
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};

/// The admin's addresses.
#[cfg(not(feature = "admin"))]
#[component(transparent)]
pub fn Admin() -> AnyNestedRoute {
    view! { <Route path=path!("admin/*any") view=LoadFromServer ssr=SsrMode::Async/> }.into_inner().into_any_nested_route()
}

/// All addresses that are not the admin's.
#[cfg(not(feature = "shop"))]
#[component(transparent)]
pub fn Shop() -> AnyNestedRoute {
    view! { <Route path=path!("*any") view=LoadFromServer ssr=SsrMode::Async/> }.into_inner().into_any_nested_route()
}

/// Loads the page of this address from the server.
#[component]
fn LoadFromServer() -> impl IntoView {
    let location = use_location();
    Effect::new(move || {
        let there = [location.pathname.get_untracked(), location.search.get_untracked(), location.hash.get_untracked()].concat();
        // The address is one of the shop's own.
        let _ = window().location().replace(&there);
    });
}
