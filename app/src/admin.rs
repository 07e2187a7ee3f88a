//! The admin's pages by their addresses.
//!
//! Releases have two WebAssemblies: one with the shop's pages (feature `shop`) and one with the admin's (feature `admin`). Neither
//! has the other's pages, not even in parts that load later: the words and tables of such parts stay in the first download. A
//! link that leads from one to the other loads the page anew, see `elsewhere.rs`. Development builds have one with both.

use admin_orders::home::Home;
use admin_orders::list::Orders;
use admin_orders::order::OrderPage;
use admin_orders::pick_list::PickList;
use admin_orders::{AdminShell, Missing};
use admin_products::categories::Categories;
use admin_products::category::EditCategory;
use admin_products::edit::EditProduct;
use admin_products::import::Import;
use admin_products::list::Products;
use admin_products::movements::Movements;
use admin_products::stock::Stock;
use admin_settings::delivery::Delivery;
use admin_settings::denials::Denials;
use admin_settings::discount::EditDiscount;
use admin_settings::discounts::Discounts;
use admin_settings::general::General;
use admin_settings::jobs::Jobs;
use admin_settings::keys::Keys;
use admin_settings::method::EditMethod;
use admin_settings::mine::Mine;
use admin_settings::staff::Staff;
use admin_settings::taxes::Taxes;
use leptos::prelude::*;
use leptos_router::any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute};
use leptos_router::components::{ParentRoute, Route};
use leptos_router::{Lazy, SsrMode, path};

/// The admin's pages.
#[component(transparent)]
pub fn Admin() -> AnyNestedRoute {
    view! {
        <ParentRoute path=path!("admin") view=AdminShell ssr=SsrMode::Async>
            <Route path=path!("") view={Lazy::<Home>::new()} ssr=SsrMode::Async/>
            <Route path=path!("orders") view={Lazy::<Orders>::new()} ssr=SsrMode::Async/>
            <Route path=path!("orders/pick-list") view={Lazy::<PickList>::new()} ssr=SsrMode::Async/>
            <Route path=path!("orders/:order") view={Lazy::<OrderPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("products") view={Lazy::<Products>::new()} ssr=SsrMode::Async/>
            <Route path=path!("products/import") view={Lazy::<Import>::new()} ssr=SsrMode::Async/>
            <Route path=path!("products/:product") view={Lazy::<EditProduct>::new()} ssr=SsrMode::Async/>
            <Route path=path!("categories") view={Lazy::<Categories>::new()} ssr=SsrMode::Async/>
            <Route path=path!("categories/:category") view={Lazy::<EditCategory>::new()} ssr=SsrMode::Async/>
            <Route path=path!("stock") view={Lazy::<Stock>::new()} ssr=SsrMode::Async/>
            <Route path=path!("stock/:variant") view={Lazy::<Movements>::new()} ssr=SsrMode::Async/>
            <Route path=path!("settings") view={Lazy::<General>::new()} ssr=SsrMode::Async/>
            <Route path=path!("settings/taxes") view={Lazy::<Taxes>::new()} ssr=SsrMode::Async/>
            <Route path=path!("settings/delivery") view={Lazy::<Delivery>::new()} ssr=SsrMode::Async/>
            <Route path=path!("settings/delivery/:code") view={Lazy::<EditMethod>::new()} ssr=SsrMode::Async/>
            <Route path=path!("settings/jobs") view={Lazy::<Jobs>::new()} ssr=SsrMode::Async/>
            <Route path=path!("settings/discounts") view={Lazy::<Discounts>::new()} ssr=SsrMode::Async/>
            <Route path=path!("settings/discounts/:code") view={Lazy::<EditDiscount>::new()} ssr=SsrMode::Async/>
            <Route path=path!("settings/staff") view={Lazy::<Staff>::new()} ssr=SsrMode::Async/>
            <Route path=path!("preferences") view={Lazy::<Mine>::new()} ssr=SsrMode::Async/>
            <Route path=path!("settings/keys") view={Lazy::<Keys>::new()} ssr=SsrMode::Async/>
            <Route path=path!("settings/denials") view={Lazy::<Denials>::new()} ssr=SsrMode::Async/>
            <Route path=path!("*any") view=Missing ssr=SsrMode::Async/>
        </ParentRoute>
    }
    .into_inner()
    .into_any_nested_route()
}
