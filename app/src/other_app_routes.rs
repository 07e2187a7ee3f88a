//! The routes of the other WebAssembly: their pages are loaded as new documents.

use leptos::prelude::*;
use leptos_router::any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute};
use leptos_router::components::Route;
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};

/// The admin's addresses, which this WebAssembly leaves to the server: each is loaded as a new document.
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
        let _ = window().location().replace(&there);
    });
}
