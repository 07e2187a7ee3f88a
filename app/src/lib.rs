//! The web app: shell, router and pages.

#![forbid(unsafe_code)]
#![recursion_limit = "512"]

#[cfg(feature = "admin")]
mod admin;
#[cfg(feature = "ssr")]
mod authenticate;
#[cfg(feature = "ssr")]
mod calendar;
#[cfg(feature = "ssr")]
mod exports;
mod files;
#[cfg(feature = "ssr")]
mod for_crawlers;
#[cfg(feature = "ssr")]
mod form_fallback;
#[cfg(any(not(feature = "admin"), not(feature = "shop")))]
mod other_app_routes;
mod page_context;
#[cfg(feature = "ssr")]
mod router;
#[cfg(feature = "shop")]
mod shop;

#[cfg(feature = "admin")]
use admin::Admin;
use files::Load;
use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};
#[cfg(not(feature = "admin"))]
use other_app_routes::Admin;
#[cfg(not(feature = "shop"))]
use other_app_routes::Shop;
#[cfg(feature = "shop")]
use shop::Shop;
use ui::{HeadLinks, provide_toasts, use_locale, use_time_zone};
use web::{TitleBetweenPages, use_brand};

pub use files::{SiteFiles, WasmFiles};
#[cfg(feature = "ssr")]
pub use router::{Frontends, router, takes_files};
pub use ui::hydrate_deferred;
pub use web::HYDRATED;

/// Every server function with its access.
#[cfg(feature = "ssr")]
#[must_use]
pub fn access() -> Vec<(&'static str, web::Access)> {
    [
        storefront::access(),
        admin_content::access(),
        admin_customers::access(),
        admin_orders::access(),
        admin_products::access(),
        admin_settings::access(),
    ]
    .concat()
}

/// The address of every admin page, as in its route, with its permission.
#[cfg(feature = "ssr")]
#[must_use]
pub fn admin_pages() -> Vec<(String, web::Permission)> {
    admin::PAGES.iter().map(|page| (page.address(), page.needs)).collect()
}

/// The HTML document around the app.
pub fn shell(options: LeptosOptions, css: String, wasm: WasmFiles) -> impl IntoView {
    let locale = use_locale();
    let theme = page_context::use_theme();
    view! {
        <!DOCTYPE html>
        <html lang=locale.tag() dir=locale.dir() data-theme=theme.data_theme() data-time-zone=use_time_zone().name()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="application-name" content=use_brand().name/>
                <HeadLinks/>
                // Scripts that wait for the document run in their order: this one hears of clicks and of Back before the router does, which
                // the next one starts.
                <script src="/boot.js" defer></script>
                <Load css wasm/>
                <link id="brand" rel="stylesheet" href=use_brand().stylesheet/>
                <AutoReload options/>
                <MetaTags/>
            </head>
            <body class="flex flex-col">
                <App/>
            </body>
        </html>
    }
}

/// Every page by its address.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    page_context::provide_page_context();
    provide_toasts();
    #[cfg(feature = "shop")]
    storefront::cart::provide_cart();
    #[cfg(feature = "shop")]
    storefront::scroll::provide_scroll();
    view! {
        <TitleBetweenPages/>
        <Router>
            <Routes fallback=not_found>
                <Route path=path!("ui") view=gallery ssr=SsrMode::Async/>
                <Admin/>
                <Shop/>
            </Routes>
        </Router>
    }
}

/// `/ui`: every component in its states, in builds with the feature `gallery`; nothing in the others.
fn gallery() -> AnyView {
    #[cfg(feature = "gallery")]
    return view! {
        <main id="content">
            <ui::Gallery/>
            <ui::GalleryShop/>
            <ui::GalleryAdmin/>
        </main>
        <ui::ToastRegion/>
    }
    .into_any();
    #[cfg(not(feature = "gallery"))]
    not_found()
}

/// The page for unknown addresses; those of the admin have their own.
fn not_found() -> AnyView {
    #[cfg(feature = "shop")]
    return view! { <storefront::layout::Layout><storefront::error_page::NotFound/></storefront::layout::Layout> }.into_any();
    #[cfg(not(feature = "shop"))]
    ().into_any()
}
