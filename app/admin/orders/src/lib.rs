//! Managers' pages: the day, the orders, an order.
//!
//! Routes to mount, all under the parent [`AdminShell`] at `/admin`:
//!
//! | path | page |
//! |---|---|
//! | `""` | [`home::Home`] |
//! | `/orders` | [`list::Orders`] |
//! | `/orders/pick-list` | [`pick_list::PickList`] |
//! | `/orders/:order` | [`order::OrderPage`] |

#![forbid(unsafe_code)]
#![recursion_limit = "512"]

pub mod home;
pub mod list;
mod money;
pub mod order;
mod parcel;
pub mod pick_list;
pub mod refusals;
mod states;

pub use admin_frame::{AdminShell, Missing};
use session::Access;

/// Every server function of these pages and of the frame, with what it asks of its caller.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [admin_frame::ACCESS, home::ACCESS, list::ACCESS, order::ACCESS, parcel::ACCESS, pick_list::ACCESS, refusals::ACCESS].concat()
}
