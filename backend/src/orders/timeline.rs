//! What happened to an order, in words.

use domain::messages::{Msg, t};
use domain::view::TimelineEntry;
use domain::{Currency, Locale, Money, Timestamp};
use serde_json::Value;

/// What an event says to the reader; `None` for what is of no interest on an order's page.
pub(super) fn entry(
    locale: Locale,
    currency: Currency,
    staff: bool,
    (kind, actor, data, at): (String, String, String, Timestamp),
) -> Option<TimelineEntry> {
    let data: Value = serde_json::from_str(&data).unwrap_or_default();
    let amount = || locale.money(Money::new(data["amount"].as_i64().unwrap_or(0), currency));
    let plain = |message: Msg| message.text(locale).to_owned();
    let text = match kind.as_str() {
        "order.placed" => plain(t::ORDER_EVENT_PLACED),
        "order.cancelled" => plain(t::ORDER_EVENT_CANCELLED),
        "payment.authorised" => plain(t::ORDER_EVENT_AUTHORISED),
        "payment.captured" => plain(t::ORDER_EVENT_PAID),
        "payment.failed" => plain(t::ORDER_EVENT_PAYMENT_FAILED),
        "payment.refunded" => t::ORDER_EVENT_REFUNDED.with(locale, &[("amount", &amount())]),
        "shipment.picked" => plain(t::ORDER_EVENT_PICKED),
        "shipment.packed" => plain(t::ORDER_EVENT_PACKED),
        "shipment.shipped" => {
            let courier = data["carrier"].as_str().filter(|c| !c.is_empty()).unwrap_or(t::ORDER_COURIER.text(locale));
            t::ORDER_EVENT_SHIPPED.with(locale, &[("courier", courier)])
        }
        "shipment.delivered" => plain(t::ORDER_EVENT_DELIVERED),
        "payment.voided" if staff => plain(t::ORDER_EVENT_VOIDED),
        "payment.refund_failed" if staff => t::ORDER_EVENT_REFUND_FAILED.with(locale, &[("amount", &amount())]),
        "shipment.cancelled" if staff => plain(t::ORDER_EVENT_UNPACKED),
        _ => return None,
    };
    Some(TimelineEntry { at, kind, text, actor: if staff { actor } else { String::new() } })
}
