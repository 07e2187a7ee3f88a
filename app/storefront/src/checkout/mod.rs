//! Checkout: one page in three steps, the order that waits for its payment, and the return page from the gateway.

mod calls;
mod methods;
mod offers;
mod page;
mod return_page;
mod summary;
mod unpaid;

use web::Access;

pub use calls::{CheckoutStart, Next, Offer, PlaceOrder, begin_checkout, read_offers};
pub use page::CheckoutPage;
pub use return_page::ReturnPage;
#[cfg(feature = "ssr")]
pub(crate) use unpaid::remember_order;
pub(crate) use unpaid::{BackIntoCart, LINK, LatestOrderNote, UnpaidActions};
pub use unpaid::{FinishOrder, LatestOrder, read_latest_order};

/// Server functions of the checkout.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [calls::ACCESS, return_page::ACCESS, unpaid::ACCESS].concat()
}
