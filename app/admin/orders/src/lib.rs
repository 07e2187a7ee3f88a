//! Admin pages: the home, the orders, an order with its parcels and money, the pick list, refusals. Their addresses are in
//! `app/src/admin.rs`.

#![forbid(unsafe_code)]
#![recursion_limit = "512"]

mod answers;
mod bulk_outcome;
mod contents;
pub mod home;
pub mod list;
mod list_dates;
mod money;
pub mod order;
mod parcel;
pub mod pick_list;
mod refund;
pub mod refusals;
mod units;

use admin_layout::states;
use web::Access;

/// Every server function of these pages and of the layout, with its access.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [admin_layout::ACCESS, home::ACCESS, list::ACCESS, order::ACCESS, parcel::ACCESS, pick_list::ACCESS, refusals::ACCESS].concat()
}
