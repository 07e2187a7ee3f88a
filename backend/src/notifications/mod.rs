//! Mails to shoppers: what happened to their order, in its language, with a link that needs no account. Mails to staff are in [`staff`].
//!
//! The event feed is followed ([`handle`]), each event that concerns the shopper becomes a job (unique by what it tells, so that
//! nothing is told twice), and the job writes and sends the mail. Names and addresses are opened only there; neither the job nor its
//! errors hold any. A program that dies after the mail server took a mail and before that was noted sends it again, under the same
//! `Message-ID`.
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
//! | `order.cancelled`, `payment.refunded` | cancelled (unless that it came back says it), money on its way back |
//! | `order.link_requested` | the link to follow the order, again |
//!
//! Nobody has proved that an address is theirs, so a mail carries no words of whoever gave it but a first name ([`template::greeting`]),
//! and an address gets the mails of [`MAX_ORDERS`] orders a day. Another mail goes to the former address of an account
//! (`account.rs`).

mod account;
mod staff;
mod template;
mod write;

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

pub(crate) use account::email_changed;
pub use staff::{choose, chosen};

const SUBSCRIBER: &str = "notifications";
const JOB: &str = "mail.order";
/// How long an unpaid or declined card waits before it is worth a mail: most shoppers are at the bank's page, or take another card
/// at once.
const CARD_DELAY_MS: i64 = 5 * 60 * 1_000;

/// Orders of a day that one address gets mails about. More are placed by somebody who plays with a stranger's address.
const MAX_ORDERS: i64 = 10;

/// What a mail tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderMail {
    /// The order is in.
    Confirmed,
    /// It waits for its payment by card.
    Unpaid,
    /// The card was declined.
    PaymentFailed,
    /// A parcel left.
    Shipped,
    /// A parcel arrived.
    Delivered,
    /// The order was cancelled.
    Cancelled,
    /// Money is on its way back.
    Refunded,
    /// A parcel came back.
    Returned,
    /// A part will not be sent.
    Reduced,
    /// The link was asked for again.
    Link,
}

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    /// The event that is told.
    event: EventId,
    kind: OrderMail,
    order: OrderId,
    data: Value,
}

/// Follows the event feed for as long as the program runs.
pub fn follow(shop: &Shop) -> tokio::task::JoinHandle<()> {
    events::subscribe(shop, SUBSCRIBER, handle)
}

/// Turns what is in the feed by now into jobs; says how many events were read. For tests and the simulation.
///
/// # Errors
/// The database's.
pub async fn catch_up(shop: &Shop) -> Result<u64, DbError> {
    events::catch_up(shop, SUBSCRIBER, &handle).await
}

/// Adds the jobs that write and send mails.
pub fn register(handlers: &mut Handlers) {
    handlers.insert(JOB, Box::new(|shop, payload| -> Done { Box::pin(deliver(shop, payload)) }));
    account::register(handlers);
    staff::register(handlers);
}

/// Turns events into jobs.
pub fn handle(shop: Shop, events: Vec<RecordedEvent>) -> Handled {
    Box::pin(async move {
        if !shop.mailer().is_configured() {
            return Ok(());
        }
        let for_staff = staff::concerned(&events);
        let jobs: Vec<(String, i64, Payload)> = events.into_iter().filter_map(job).collect();
        if jobs.is_empty() && for_staff.is_empty() {
            return Ok(());
        }
        let inner = shop.clone();
        shop.db()
            .write(async move |tx| {
                for (key, delay, payload) in &jobs {
                    let payload = serde_json::to_value(payload).map_err(|e| DbError::Lost(e.to_string()))?;
                    let run_at = inner.now().plus_millis(*delay);
                    jobs::enqueue(tx, &inner, JOB, &payload, run_at, Some(key)).await?;
                }
                staff::gather(tx, &inner, &for_staff).await
            })
            .await
    })
}

/// The job of an event: its key, how long it waits, and what it tells.
fn job(event: RecordedEvent) -> Option<(String, i64, Payload)> {
    let order = OrderId(event.subject);
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let (kind, delay) = match event.kind.as_str() {
        "order.placed" if waits_for_card(&data) => (OrderMail::Unpaid, CARD_DELAY_MS),
        // Whether an order that was placed is worth a mail already is decided when it is written.
        "order.placed" | "order.payment_changed" | "payment.authorised" | "payment.captured" => (OrderMail::Confirmed, 0),
        "payment.failed" => (OrderMail::PaymentFailed, CARD_DELAY_MS),
        "shipment.shipped" => (OrderMail::Shipped, 0),
        "shipment.delivered" => (OrderMail::Delivered, 0),
        "order.cancelled" => (OrderMail::Cancelled, 0),
        "payment.refunded" => (OrderMail::Refunded, 0),
        "shipment.returned" => (OrderMail::Returned, 0),
        "order.reduced" => (OrderMail::Reduced, 0),
        crate::orders::LINK_REQUESTED => (OrderMail::Link, 0),
        _ => return None,
    };
    let key = match (kind, event.kind.as_str()) {
        // Events about the card ask for the same mail, so they have one key.
        (OrderMail::Confirmed, "order.placed") => format!("mail.placed:{order}"),
        (OrderMail::Unpaid, _) => format!("mail.unpaid:{order}"),
        (OrderMail::Confirmed, _) => format!("mail.paid:{order}"),
        // Told once: whoever tries card after card must not have a stranger's mailbox filled.
        (OrderMail::PaymentFailed, _) => format!("mail.failed:{order}"),
        _ => format!("mail:{}", event.id),
    };
    let paid = event.kind.starts_with("payment.");
    Some((key, delay, Payload { event: event.id, kind, order, data: json!({ "event": data, "paid": paid }) }))
}

/// Is an order that was just placed still to be paid by card?
fn waits_for_card(placed: &Value) -> bool {
    placed["payment"] == json!(PaymentMethod::Card) && placed["total"]["minor"].as_i64().unwrap_or(0) > 0
}

async fn deliver(shop: Shop, payload: Value) -> Result<(), Failure> {
    let payload: Payload = serde_json::from_value(payload).map_err(|e| e.to_string())?;
    let mail = write::mail(&shop, payload.event, payload.kind, payload.order, &payload.data).await.map_err(|e| e.to_string())?;
    match mail {
        Some(mail) => send(&shop, &mail).await,
        None => Ok(()),
    }
}

async fn send(shop: &Shop, mail: &Mail) -> Result<(), Failure> {
    // What a mail server answers may name the reader: it is not kept.
    shop.mailer().send(mail).await.map_err(|error| match error {
        MailError::NoServer => "no mail server is configured".into(),
        MailError::Address => Failure::Final("the reader's or the shop's address is none".into()),
        MailError::Refused(code) => Failure::Final(format!("{}{code}", reasons::MAIL)),
        MailError::Server(_) => "the mail server was not ready, or did not answer".into(),
    })
}
