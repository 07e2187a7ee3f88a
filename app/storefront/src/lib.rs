//! The storefront: shopping, account and checkout.
//!
//! A page is one file: its server functions with their access, then its view. What a first visit does not
//! need (cart page, checkout, account, an order's page) is loaded when it is first opened.

#![forbid(unsafe_code)]
#![recursion_limit = "256"]

pub mod account;
pub mod address;
pub mod back_in_stock;
pub mod cancel;
pub mod cart;
pub mod checkout;
mod choice;
pub mod content;
pub mod delivery_place;
pub mod error_page;
mod filters;
pub mod find_order;
mod free_delivery;
pub mod home;
pub mod layout;
pub mod listing;
mod order;
mod order_actions;
pub mod order_by_link;
mod pictures;
mod place_search;
pub mod preview;
mod price_filter;
pub mod product;
mod recent;
mod redirect;
pub mod scroll;
pub mod search;
mod seo;
mod size_guide;
mod tell_when_back;
mod viewer;

pub use domain::query;
use web::Access;

/// Every server function of the storefront with its access.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [
        layout::ACCESS,
        home::ACCESS,
        preview::ACCESS,
        content::ACCESS,
        listing::ACCESS,
        product::ACCESS,
        back_in_stock::ACCESS,
        search::ACCESS,
        cart::ACCESS,
        address::ACCESS,
        place_search::ACCESS,
        delivery_place::ACCESS,
        &checkout::access(),
        order_by_link::ACCESS,
        cancel::ACCESS,
        find_order::ACCESS,
        &account::access(),
    ]
    .concat()
}
