//! The managers' list of orders, and what is to be taken from the shelves for them.

use serde::{Deserialize, Serialize};

use super::OrderRowView;
use crate::Timestamp;
use crate::id::SavedFilterId;

/// Search and filters of the list of orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderQuery {
    /// A number, an e-mail, a phone or words of a name.
    pub search: String,
    /// A payment state; empty for all.
    pub payment: String,
    /// A fulfilment state; empty for all.
    pub fulfilment: String,
    /// An [`OrderQueue`](crate::order::OrderQueue) in place of states and search; empty for none.
    pub queue: String,
    /// Where the page begins, as a former answer's `next`.
    pub after: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderListView {
    /// Up to 50, newest first.
    pub orders: Vec<OrderRowView>,
    /// For the next page.
    pub next: Option<String>,
}

/// The number of orders in each queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueCounts {
    /// [`OrderQueue::ToPack`](crate::order::OrderQueue::ToPack)
    pub to_pack: i64,
    /// [`OrderQueue::ToShip`](crate::order::OrderQueue::ToShip)
    pub to_ship: i64,
    /// [`OrderQueue::Unpaid`](crate::order::OrderQueue::Unpaid)
    pub unpaid: i64,
    /// [`OrderQueue::CashDue`](crate::order::OrderQueue::CashDue)
    pub cash_due: i64,
}

/// A line of a pick list: a variant at a location.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickLine {
    pub location: String,
    pub sku: String,
    /// Product and options, for example `Mug, blue`.
    pub name: String,
    /// Units over all orders.
    pub units: i64,
    /// Numbers of the orders that need it, with the units for each.
    pub orders: Vec<(String, i64)>,
}

/// What is to be picked for some orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickListView {
    pub made_at: Timestamp,
    /// By location and SKU.
    pub lines: Vec<PickLine>,
    /// Chosen orders that are not in it: number, and why.
    pub left_out: Vec<(String, String)>,
}

/// A search that a member of staff kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFilterView {
    pub id: SavedFilterId,
    pub name: String,
    /// Its address query, `payment=pending`.
    pub query: String,
}
