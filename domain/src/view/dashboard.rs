use serde::{Deserialize, Serialize};

use super::{OrderRowView, QueueCounts, RefusalView, StockRowView};
use crate::{Money, Timestamp};

/// What a shop lacks before anybody can buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// No delivery method is offered: orders cannot be placed.
    Delivery,
    /// No product is published.
    Products,
    /// No tax rate of the standard class in the shop's country.
    Tax,
}

/// What the admin's first page shows: the day, two weeks, what waits, and what is not set up yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DashboardView {
    /// Orders placed today, shop's time; by card once the card is authorised.
    pub orders: i64,
    pub sales: Money,
    /// Orders and sales, minor units, of the same day a week ago until this time.
    pub week_ago: (i64, i64),
    /// What is ordered until then counts as ordered today, of all delivery methods the first; none when today has none any more.
    pub cut_off: Option<Timestamp>,
    /// Orders by what is to be done with them.
    pub queues: QueueCounts,
    /// Open refusals, the latest first, at most 50.
    pub refusals: Vec<RefusalView>,
    pub missing: Vec<Missing>,
    /// Sales of each of the last 14 days, oldest first, minor units.
    pub last_days: Vec<(Timestamp, i64)>,
    pub latest: Vec<OrderRowView>,
    /// Rows of stock that are low: the first of them, fewest first.
    pub low_stock: Vec<StockRowView>,
    /// How many there are, counted up to [`MOST_COUNTED`](Self::MOST_COUNTED) and one.
    pub low_stock_count: i64,
}

impl DashboardView {
    /// Rows that are low in stock are counted up to this many.
    pub const MOST_COUNTED: i64 = 1_000;
}
