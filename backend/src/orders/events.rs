//! Events of orders. What happens to parcels and payments is in their areas.

use domain::id::{OrderId, OrderLineId, UserId};
use domain::order::{Channel, PaymentMethod};
use domain::{Currency, Money};
use serde::{Deserialize, Serialize};

use platform::events::Event;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderPlaced {
    pub number: String,
    pub total: Money,
    pub channel: Channel,
    /// Missing in the events of November 2026's first releases.
    #[serde(default)]
    pub payment: Option<PaymentMethod>,
}

impl Event for OrderPlaced {
    const KIND: &'static str = "order.placed";
    type Subject = OrderId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderCancelled {
    pub reason: String,
}

impl Event for OrderCancelled {
    const KIND: &'static str = "order.cancelled";
    type Subject = OrderId;
}

/// Units of an order that did not leave yet were cancelled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderReduced {
    pub reason: String,
    pub units: i64,
    /// Which units of which lines.
    #[serde(default)]
    pub lines: Vec<(OrderLineId, i64)>,
    /// Minor units.
    pub amount: i64,
    pub currency: Currency,
}

impl Event for OrderReduced {
    const KIND: &'static str = "order.reduced";
    type Subject = OrderId;
}

/// A guest asked for the link of their order; it is mailed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderLinkRequested {}

impl Event for OrderLinkRequested {
    const KIND: &'static str = "order.link_requested";
    type Subject = OrderId;
}

/// Somebody downloads the orders of a filter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrdersExportBegun {
    pub payment: String,
    pub fulfilment: String,
    pub queue: String,
    /// Milliseconds since 1970: from the first until before the second day; none for all days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<(i64, i64)>,
    /// Whether there was a search; its words may be a name.
    pub searched: bool,
}

impl Event for OrdersExportBegun {
    const KIND: &'static str = "orders.export_begun";
    type Subject = UserId;
}

/// A file of orders left the shop, or the part of it until it was broken off.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrdersExported {
    pub rows: u64,
    pub complete: bool,
}

impl Event for OrdersExported {
    const KIND: &'static str = "orders.exported";
    type Subject = UserId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_was_placed_before_events_named_the_payment_is_read() {
        let stored = r#"{"number":"1001","total":{"minor":500,"currency":"PHP"},"channel":"web"}"#;
        let placed: OrderPlaced = serde_json::from_str(stored).unwrap();
        assert_eq!((placed.number.as_str(), placed.payment), ("1001", None));
    }
}
