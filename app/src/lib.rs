//! What people see: shell, router and session.

#![forbid(unsafe_code)]
#![recursion_limit = "512"]

#[cfg(feature = "admin")]
mod admin;
#[cfg(not(feature = "admin"))]
#[path = "admin_elsewhere.rs"]
mod admin;
mod files;
#[cfg(feature = "ssr")]
mod posted;
mod reader;
#[cfg(feature = "ssr")]
mod router;

use admin::Admin;
use files::Load;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{Lazy, SsrMode, path};
use storefront::account::{AccountPage, AddressesPage, MyOrderPage, MyOrdersPage, PreferencesPage, SignInPage, SignUpPage};
use storefront::cart::{CartPage, provide_cart};
use storefront::checkout::{CheckoutPage, ReturnPage};
use storefront::follow::FollowPage;
use storefront::frame::{Frame, ShopFrame, use_brand};
use storefront::home::HomePage;
use storefront::listing::{CategoriesPage, ListingPage};
use storefront::product::ProductPage;
use storefront::search::SearchPage;
use storefront::trouble::NotFound;
use ui::{HeadLinks, provide_toasts, use_locale};

pub use files::Files;
#[cfg(feature = "ssr")]
pub use router::{Frontends, router};
pub use session::ALIVE;

/// Every server function with what it asks of its caller.
#[cfg(feature = "ssr")]
#[must_use]
pub fn access() -> Vec<(&'static str, session::Access)> {
    [storefront::access(), admin_orders::access(), admin_products::access(), admin_settings::access()].concat()
}

/// The document around the app, which these files bring to life.
pub fn shell(options: LeptosOptions, files: Files) -> impl IntoView {
    let locale = use_locale();
    let theme = reader::use_theme();
    view! {
        <!DOCTYPE html>
        <html lang=locale.tag() dir=locale.dir() data-theme=theme.data_theme()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="application-name" content=use_brand().name/>
                <HeadLinks/>
                <Load files/>
                <link rel="stylesheet" href="/brand.css"/>
                <AutoReload options/>
                <script src="/boot.js" defer></script>
                <MetaTags/>
            </head>
            <body class="flex flex-col">
                <App/>
            </body>
        </html>
    }
}

/// The app: every page by its address.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    reader::provide_reader();
    provide_toasts();
    provide_cart();
    let shop = use_brand().name;
    let named = move |title: String| if title.is_empty() { shop.clone() } else { format!("{title} · {shop}") };
    view! {
        <Title formatter=named/>
        <Router>
            <Routes fallback=|| view! { <Frame><NotFound/></Frame> }>
                <ParentRoute path=path!("") view=ShopFrame ssr=SsrMode::Async>
                    <Route path=path!("") view={Lazy::<HomePage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("c") view={Lazy::<ListingPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("c/:slug") view={Lazy::<ListingPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("p/:slug") view=ProductPage ssr=SsrMode::Async/>
                    <Route path=path!("categories") view={Lazy::<CategoriesPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("search") view={Lazy::<SearchPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("cart") view={Lazy::<CartPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("checkout") view={Lazy::<CheckoutPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("checkout/return") view={Lazy::<ReturnPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("orders/follow/:token") view={Lazy::<FollowPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("sign-in") view={Lazy::<SignInPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("sign-up") view={Lazy::<SignUpPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("account") view={Lazy::<AccountPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("account/orders") view={Lazy::<MyOrdersPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("account/orders/:order") view={Lazy::<MyOrderPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("account/addresses") view={Lazy::<AddressesPage>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("account/preferences") view={Lazy::<PreferencesPage>::new()} ssr=SsrMode::Async/>
                </ParentRoute>
                <Route path=path!("ui") view=gallery ssr=SsrMode::Async/>
                <Admin/>
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
    view! { <Frame><NotFound/></Frame> }.into_any()
}
