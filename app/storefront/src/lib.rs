//! The storefront: shopping, account and checkout.
//!
//! A page is one file: its server functions with their access, then its view. What a first visit does not
//! need (cart page, checkout, account, an order's page) is loaded when it is first opened.

#![forbid(unsafe_code)]
#![recursion_limit = "256"]

pub mod account;
pub mod address;
pub mod cancel;
pub mod cart;
pub mod checkout;
pub mod delivery_place;
pub mod error_page;
mod filters;
pub mod find_order;
pub mod follow;
pub mod home;
pub mod layout;
pub mod listing;
mod order;
pub mod product;
pub mod query;
pub mod scroll;
pub mod search;
mod seo;

use session::Access;

/// Every server function of the storefront with its access.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [
        layout::ACCESS,
        home::ACCESS,
        listing::ACCESS,
        product::ACCESS,
        search::ACCESS,
        cart::ACCESS,
        address::ACCESS,
        delivery_place::ACCESS,
        &checkout::access(),
        follow::ACCESS,
        cancel::ACCESS,
        find_order::ACCESS,
        account::ACCESS,
    ]
    .concat()
}
