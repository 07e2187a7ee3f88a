//! Checkout: one page in three steps, the order that waits for its payment, and the page to come back to from the bank.

mod calls;
mod offers;
mod page;
mod returned;
mod summary;
mod unpaid;
mod ways;

use session::Access;

pub use calls::{CheckoutStart, Next, Offer, PlaceOrder, begin_checkout, read_offers};
pub use page::CheckoutPage;
pub use returned::ReturnPage;
#[cfg(feature = "ssr")]
pub(crate) use unpaid::remember_order;
pub(crate) use unpaid::{BackIntoCart, LINK, LatestOrderNote, UnpaidActions};
pub use unpaid::{FinishOrder, LatestOrder, read_latest_order};

/// Server functions of the checkout.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [calls::ACCESS, returned::ACCESS, unpaid::ACCESS].concat()
}
