//! What happened to an order, in words.

use std::collections::HashMap;

use domain::id::UserId;
use domain::messages::{Msg, t};
use domain::view::TimelineEntry;
use domain::{Currency, Locale, Money, Timestamp};
use serde_json::Value;

/// Kind, actor, details and time of an event.
pub(super) type Row = (String, String, String, Timestamp);

/// The members of staff who did something.
pub(super) fn staff_in<'a>(actors: impl Iterator<Item = &'a str>) -> Vec<UserId> {
    let mut users: Vec<UserId> = actors.filter_map(staff_id).collect();
    users.sort();
    users.dedup();
    users
}

fn staff_id(actor: &str) -> Option<UserId> {
    actor.strip_prefix("staff:")?.parse().ok()
}

/// Who did it, for staff.
pub(super) fn name_of(locale: Locale, actor: &str, names: &HashMap<UserId, String>) -> String {
    let message = match actor {
        "system" => t::ORDER_ACTOR_SYSTEM,
        _ if actor.starts_with("key_") => t::ORDER_ACTOR_KEY,
        _ => match staff_id(actor) {
            Some(user) => return names.get(&user).cloned().unwrap_or_else(|| user.to_string()),
            None => t::ORDER_ACTOR_SHOPPER,
        },
    };
    message.text(locale).to_owned()
}

/// What an event says to the reader; `None` for what is of no interest on an order's page. `names` are those of the staff, for staff;
/// `reasons` those of refunds.
pub(super) fn entry(
    locale: Locale,
    currency: Currency,
    names: Option<&HashMap<UserId, String>>,
    reasons: &HashMap<String, String>,
    (kind, actor, data, at): Row,
) -> Option<TimelineEntry> {
    let data: Value = serde_json::from_str(&data).unwrap_or_default();
    let staff = names.is_some();
    let amount = || locale.money(Money::new(data["amount"].as_i64().unwrap_or(0), currency));
    let plain = |message: Msg| message.text(locale).to_owned();
    let text = match kind.as_str() {
        "order.placed" => plain(t::ORDER_EVENT_PLACED),
        "order.cancelled" => plain(t::ORDER_EVENT_CANCELLED),
        "order.payment_changed" => plain(t::ORDER_EVENT_CASH_INSTEAD),
        "payment.authorised" => plain(t::ORDER_EVENT_AUTHORISED),
        "payment.captured" => t::ORDER_EVENT_PAID_AMOUNT.with(locale, &[("amount", &amount())]),
        "payment.failed" => plain(t::ORDER_EVENT_PAYMENT_FAILED),
        "payment.refunded" => {
            let refunded = t::ORDER_EVENT_REFUNDED.with(locale, &[("amount", &amount())]);
            // A reason is a note of the staff; the shopper is not its reader.
            match data["refund"].as_str().and_then(|refund| reasons.get(refund)).filter(|_| staff) {
                Some(reason) => format!("{refunded}: {reason}"),
                None => refunded,
            }
        }
        "shipment.picked" => plain(t::ORDER_EVENT_PICKED),
        "shipment.packed" => plain(t::ORDER_EVENT_PACKED),
        "shipment.shipped" => {
            let courier = data["carrier"].as_str().filter(|c| !c.is_empty()).unwrap_or(t::ORDER_COURIER.text(locale));
            t::ORDER_EVENT_SHIPPED.with(locale, &[("courier", courier)])
        }
        "shipment.delivered" => plain(t::ORDER_EVENT_DELIVERED),
        "shipment.returned" if data["cause"] == "refused" => plain(t::ORDER_EVENT_REFUSED_AT_DOOR),
        "shipment.returned" => plain(t::ORDER_EVENT_UNDELIVERABLE),
        "order.reduced" => t::ORDER_EVENT_REDUCED.with(locale, &[("amount", &amount())]),
        "payment.voided" if staff => plain(t::ORDER_EVENT_VOIDED),
        "payment.refund_failed" if staff => t::ORDER_EVENT_REFUND_FAILED.with(locale, &[("amount", &amount())]),
        super::LINK_REQUESTED if staff => plain(t::ORDER_EVENT_LINK_REQUESTED),
        "payment.cash_missing" if staff => t::ORDER_EVENT_CASH_MISSING.with(locale, &[("amount", &amount())]),
        "payment.capture_kept" if staff => t::ORDER_EVENT_CAPTURE_KEPT.with(locale, &[("amount", &amount())]),
        "refusal.opened" if staff => plain(match data["kind"].as_str()? {
            "capture" => t::ORDER_EVENT_CAPTURE_REFUSED,
            "mail" => t::ORDER_EVENT_MAIL_REFUSED,
            "payment" => t::ORDER_EVENT_PAYMENT_LOST,
            // The refund's own event says it.
            _ => return None,
        }),
        "refusal.ended" if staff => plain(match data["outcome"].as_str()? {
            "settled" => t::ORDER_EVENT_SETTLED,
            "dismissed" => t::ORDER_EVENT_DISMISSED,
            _ => return None,
        }),
        "shipment.cancelled" if staff => plain(t::ORDER_EVENT_UNPACKED),
        _ => return None,
    };
    Some(TimelineEntry { at, kind, text, actor: names.map(|names| name_of(locale, &actor, names)).unwrap_or_default() })
}
