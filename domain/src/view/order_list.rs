//! The managers' list of orders, and what is to be taken from the shelves for them.

use serde::{Deserialize, Serialize};

use super::OrderRowView;
use crate::id::{OrderId, SavedFilterId};
use crate::{Date, Timestamp};

named! {
    /// The order of a list of orders.
    OrderSort {
        Newest "newest",
        Oldest "oldest",
        /// By the price, less what is not charged: the highest first.
        TotalDown "total_down",
        /// The lowest first.
        TotalUp "total_up",
    }

    /// Days up to today, by the calendar of the shop.
    OrderPeriod {
        Today "today",
        /// Today and the six days before.
        Week "7d",
        /// Today and the 29 days before.
        Month "30d",
    }
}

impl OrderSort {
    /// Orders are sorted by price of at most so many days, the last of those that are asked for: all of them are read for it.
    pub const TOTAL_DAYS: i64 = 92;

    #[must_use]
    pub const fn is_by_total(self) -> bool {
        matches!(self, Self::TotalDown | Self::TotalUp)
    }
}

impl OrderPeriod {
    /// How many days it has.
    #[must_use]
    pub const fn days(self) -> i64 {
        match self {
            Self::Today => 1,
            Self::Week => 7,
            Self::Month => 30,
        }
    }
}

/// Search and filters of the list of orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderQuery {
    /// A number, a discount code, a tracking number, an e-mail, a phone, words of a name, or a SKU in any case.
    pub search: String,
    /// A payment state; empty for all.
    pub payment: String,
    /// A fulfilment state; empty for all.
    pub fulfilment: String,
    /// An [`OrderQueue`](crate::order::OrderQueue) in place of states and search; empty for none.
    pub queue: String,
    /// Not empty for orders that count as sales: neither cancelled nor unpaid by card. Has no effect on a queue or a search.
    pub sales: String,
    /// An [`OrderPeriod`], where none of the days below is given.
    pub period: String,
    /// The first day on which they were placed, by the shop's calendar, as `2026-11-24`; empty for no beginning.
    pub from: String,
    /// The last day; empty for no end.
    pub to: String,
    /// An [`OrderSort`]; empty for the newest first. What a search finds is in the order of time.
    pub sort: String,
    /// Where the page begins, as a former answer's `next`.
    pub after: String,
    /// Where the page ends, as a former answer's `previous`.
    pub before: String,
}

/// The days that a list is narrowed to, both included; none for no beginning or no end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderDays {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl OrderQuery {
    /// The days that it asks for; `today` is the shop's.
    ///
    /// # Errors
    /// The names of the fields `from` and `to` that are no days.
    pub fn days(&self, today: Date) -> Result<OrderDays, Vec<&'static str>> {
        let has_days = [&self.from, &self.to].iter().any(|day| !day.trim().is_empty());
        if let Some(period) = self.period.parse::<OrderPeriod>().ok().filter(|_| !has_days) {
            return Ok(OrderDays { from: Some(today.plus_days(1 - period.days())), to: Some(today) });
        }
        let day = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(|text| Date::parse(text).ok_or(()));
        let (from, to) = (day(&self.from), day(&self.to));
        let wrong: Vec<_> =
            [("from", from), ("to", to)].iter().filter(|(_, day)| matches!(day, Some(Err(())))).map(|(name, _)| *name).collect();
        if wrong.is_empty() { Ok(OrderDays { from: from.and_then(Result::ok), to: to.and_then(Result::ok) }) } else { Err(wrong) }
    }

    /// The order in which it is answered.
    #[must_use]
    pub fn order(&self) -> OrderSort {
        let sort = self.sort.parse().unwrap_or(OrderSort::Newest);
        let searches = self.queue.trim().is_empty() && !self.search.trim().is_empty();
        if searches && sort.is_by_total() { OrderSort::Newest } else { sort }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderListView {
    /// Up to 50, in the order that was asked for.
    pub orders: Vec<OrderRowView>,
    /// For the page before.
    pub previous: Option<String>,
    /// For the page after.
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
    /// The number of each order with a gift note, and the note.
    pub gift_notes: Vec<(String, String)>,
    /// Chosen orders that are not in it.
    pub left_out: Vec<LeftOutView>,
    /// Of a queue that has more: how many orders are in it.
    pub cut_at: Option<i64>,
}

/// An order that was chosen with others, and was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutView {
    pub order: OrderId,
    /// Empty where there is no such order.
    pub number: String,
    /// A sentence.
    pub why: String,
}

/// What became of orders that were picked together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickedOrdersView {
    /// Id and number of those that are being picked now.
    pub picked: Vec<(OrderId, String)>,
    pub left_out: Vec<LeftOutView>,
}

/// A search that a member of staff kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFilterView {
    pub id: SavedFilterId,
    pub name: String,
    /// Its address query, `payment=pending`.
    pub query: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_chosen_by_name_or_by_the_calendar() {
        let today = Date::parse("2026-03-01").unwrap();
        let of = |period: &str, from: &str, to: &str| {
            let query = OrderQuery { period: period.into(), from: from.into(), to: to.into(), ..OrderQuery::default() };
            query.days(today).map(|days| [days.from, days.to].map(|day| day.map(|day| day.to_string()).unwrap_or_default()))
        };
        let days = |from: &str, to: &str| Ok([from.to_owned(), to.to_owned()]);
        assert_eq!(of("today", "", ""), days("2026-03-01", "2026-03-01"));
        assert_eq!(of("7d", "", ""), days("2026-02-23", "2026-03-01"));
        assert_eq!(of("7d", "2020-01-01", ""), days("2020-01-01", ""));
        assert_eq!(of("", " 2026-02-01", "2026-02-28"), days("2026-02-01", "2026-02-28"));
        assert_eq!(of("", "", ""), days("", ""));
        assert_eq!(of("", "yesterday", "2026-02-30"), Err(vec!["from", "to"]));
    }

    #[test]
    fn what_a_search_finds_is_in_the_order_of_time() {
        let of = |search: &str, queue: &str, sort: &str| {
            OrderQuery { search: search.into(), queue: queue.into(), sort: sort.into(), ..OrderQuery::default() }.order()
        };
        assert_eq!([of("", "", ""), of("", "", "oldest"), of("", "", "x")], [OrderSort::Newest, OrderSort::Oldest, OrderSort::Newest]);
        assert_eq!([of("", "", "total_up"), of("ana", "", "total_up")], [OrderSort::TotalUp, OrderSort::Newest]);
        assert_eq!([of("ana", "", "oldest"), of("ana", "to_pack", "total_down")], [OrderSort::Oldest, OrderSort::TotalDown]);
    }
}
