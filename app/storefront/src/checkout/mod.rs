//! Checkout: one page in three steps, and the page to come back to from the bank.

mod calls;
mod page;
mod returned;

use session::Access;

pub use calls::*;
pub use page::CheckoutPage;
pub use returned::ReturnPage;

/// Server functions of the checkout.
pub const ACCESS: &[(&str, Access)] = calls::ACCESS;
