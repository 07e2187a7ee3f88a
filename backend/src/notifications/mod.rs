//! Mails to shoppers about their orders, in the order's language, with a link that needs no account; mails to staff ([`staff_mail`]); and
//! mails about accounts ([`account_mail`]).
//!
//! A subscriber ([`handle`]) turns events into jobs, with a key so that no mail is sent twice; a job composes and sends its mail. Names
//! and addresses are unsealed only there; neither jobs nor their errors contain any. If the program dies between the mail server's
//! answer and the end of the job, the mail is sent again with the same `Message-ID`.
//!
//! | event | mail |
//! |---|---|
//! | `order.placed`, with cash on delivery or nothing to pay | confirmation |
//! | `payment.authorised`, `payment.captured` of a card | confirmation, once |
//! | `order.placed`, to be paid by card | after five minutes the link to pay, unless it was paid meanwhile |
//! | `order.payment_changed`, to cash on delivery | confirmation |
//! | `payment.failed` | after five minutes, unless it was paid meanwhile; once an order |
//! | `shipment.shipped`, `shipment.delivered` | on its way, arrived |
//! | `shipment.returned`, `order.reduced` | came back, a part will not be sent |
//! | `order.cancelled`, `payment.refunded` | cancelled (unless the mail about the return says so), money on its way back |
//! | `order.link_requested` | the link to follow the order, again |
//!
//! Addresses are not verified. So that the shop cannot be used to mail strangers, a mail contains no text of the buyer but a first name
//! ([`template::greeting`]), and an address gets mails about at most [`MAX_ORDERS_PER_DAY`] orders a day.

mod account_mail;
mod order_mail;
mod staff_mail;
mod staff_notices;
mod template;

use domain::id::{EventId, OrderId};
use domain::order::PaymentMethod;
use domain::view::reasons;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Shop;
use crate::platform::db::DbError;
use crate::platform::events::{self, Handled, RecordedEvent};
use crate::platform::jobs::{self, Done, Failure, Handlers};
use crate::platform::mail::{Mail, MailError};

pub(crate) use account_mail::send_email_changed;
pub use staff_notices::{save_staff_notices, staff_notices};

const SUBSCRIBER: &str = "notifications";
const JOB: &str = "mail.order";
/// Mails about an unpaid or declined card wait so long: most shoppers are still at the bank's page, or take another card at once.
const CARD_DELAY_MS: i64 = 5 * 60 * 1_000;

/// An address gets mails about so many orders a day; more point to abuse of a stranger's address.
const MAX_ORDERS_PER_DAY: i64 = 10;

/// The kind of a mail about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderMail {
    Confirmed,
    /// Its card payment was not completed.
    Unpaid,
    PaymentFailed,
    Shipped,
    Delivered,
    Cancelled,
    Refunded,
    Returned,
    /// A part of it will not be sent.
    Reduced,
    /// The link to follow it, again.
    Link,
}

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    event: EventId,
    kind: OrderMail,
    order: OrderId,
    data: Value,
}

/// Follows the event feed until the program ends.
pub fn follow(shop: &Shop) -> tokio::task::JoinHandle<()> {
    events::subscribe(shop, SUBSCRIBER, handle)
}

/// Turns the events recorded so far into jobs; returns the number of events. For tests and the simulation.
///
/// # Errors
/// The database's.
pub async fn catch_up(shop: &Shop) -> Result<u64, DbError> {
    events::catch_up(shop, SUBSCRIBER, &handle).await
}

/// Registers the handlers of mail jobs.
pub fn register(handlers: &mut Handlers) {
    handlers.insert(JOB, Box::new(|shop, payload| -> Done { Box::pin(deliver(shop, payload)) }));
    account_mail::register(handlers);
    staff_mail::register(handlers);
}

fn handle(shop: Shop, events: Vec<RecordedEvent>) -> Handled {
    Box::pin(async move {
        if !shop.mailer().is_configured() {
            return Ok(());
        }
        let for_staff = staff_mail::notices_of(&events);
        let jobs: Vec<(String, i64, Payload)> = events.into_iter().filter_map(job).collect();
        if jobs.is_empty() && for_staff.is_empty() {
            return Ok(());
        }
        let own = shop.clone();
        shop.db()
            .write(async move |tx| {
                for (key, delay, payload) in &jobs {
                    let payload = serde_json::to_value(payload).map_err(|e| DbError::Lost(e.to_string()))?;
                    let run_at = own.now().plus_millis(*delay);
                    jobs::enqueue(tx, &own, JOB, &payload, run_at, Some(key)).await?;
                }
                staff_mail::collect(tx, &own, &for_staff).await
            })
            .await
    })
}

/// The job of an event: its key, its delay in milliseconds, and its payload.
fn job(event: RecordedEvent) -> Option<(String, i64, Payload)> {
    let order = OrderId(event.subject);
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let (kind, delay) = match event.kind.as_str() {
        "order.placed" if waits_for_card(&data) => (OrderMail::Unpaid, CARD_DELAY_MS),
        // Whether the order needs a confirmation yet is decided when the mail is composed.
        "order.placed" | "order.payment_changed" | "payment.authorised" | "payment.captured" => (OrderMail::Confirmed, 0),
        "payment.failed" => (OrderMail::PaymentFailed, CARD_DELAY_MS),
        "shipment.shipped" => (OrderMail::Shipped, 0),
        "shipment.delivered" => (OrderMail::Delivered, 0),
        "order.cancelled" => (OrderMail::Cancelled, 0),
        "payment.refunded" => (OrderMail::Refunded, 0),
        "shipment.returned" => (OrderMail::Returned, 0),
        "order.reduced" => (OrderMail::Reduced, 0),
        <crate::orders::events::OrderLinkRequested as platform::events::Event>::KIND => (OrderMail::Link, 0),
        _ => return None,
    };
    let key = match (kind, event.kind.as_str()) {
        // Authorisation and capture lead to the same mail, so they share a key.
        (OrderMail::Confirmed, "order.placed") => format!("mail.placed:{order}"),
        (OrderMail::Unpaid, _) => format!("mail.unpaid:{order}"),
        (OrderMail::Confirmed, _) => format!("mail.paid:{order}"),
        // Once an order, so that trying card after card does not fill a stranger's mailbox.
        (OrderMail::PaymentFailed, _) => format!("mail.failed:{order}"),
        _ => format!("mail:{}", event.id),
    };
    let paid = event.kind.starts_with("payment.");
    Some((key, delay, Payload { event: event.id, kind, order, data: json!({ "event": data, "paid": paid }) }))
}

/// Must a new order be paid by card?
fn waits_for_card(placed: &Value) -> bool {
    placed["payment"] == json!(PaymentMethod::Card) && placed["total"]["minor"].as_i64().unwrap_or(0) > 0
}

async fn deliver(shop: Shop, payload: Value) -> Result<(), Failure> {
    let payload: Payload = serde_json::from_value(payload).map_err(|e| e.to_string())?;
    let mail = order_mail::compose(&shop, payload.event, payload.kind, payload.order, &payload.data).await.map_err(|e| e.to_string())?;
    match mail {
        Some(mail) => send(&shop, &mail).await,
        None => Ok(()),
    }
}

async fn send(shop: &Shop, mail: &Mail) -> Result<(), Failure> {
    // The mail server's answer may name the recipient, so it is not stored.
    shop.mailer().send(mail).await.map_err(|error| match error {
        MailError::NoServer => "no mail server is configured".into(),
        MailError::Address => Failure::Final("the recipient's or the shop's address is invalid".into()),
        MailError::Refused(code) => Failure::Final(format!("{}{code}", reasons::MAIL)),
        MailError::Server(_) => "the mail server was not ready, or did not answer".into(),
    })
}
