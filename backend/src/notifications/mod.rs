//! Mails to shoppers about their orders, in the order's language, with a link that needs no account; and mails to staff
//! ([`staff_mail`]). How a mail looks and is sent is in [`crate::mails`].
//!
//! A subscriber ([`subscriber`]) turns events into jobs, with a key so that no mail is sent twice; a job composes and sends its mail. Names
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
//! | `parcel.shipped`, `parcel.delivered` | on its way, arrived |
//! | `parcel.returned`, `order.reduced` | came back, a part will not be sent |
//! | `order.cancelled`, `payment.refunded` | cancelled (unless the mail about the return has it), money on its way back |
//! | `order.link_requested` | the link to follow the order, again |
//!
//! An order of which nobody's name was taken, at a counter, has none of these mails.
//!
//! Addresses are not verified. So that the shop cannot be used to mail strangers, a mail contains no text of the buyer but a first name
//! ([`crate::mails::greeting`]), and an address gets mails about at most [`MAX_ORDERS_PER_DAY`] orders a day.

pub mod events;
mod order_mail;
mod staff_mail;
mod staff_notices;

use domain::id::OrderId;
use domain::order::PaymentMethod;
use platform::db::{DbError, Tx};
use platform::events::{Event, RecordedEvent, Subscriber};
use platform::follows;
use platform::jobs::{Handlers, enqueue};
use serde::{Deserialize, Serialize};

use self::order_mail::{MailCause, SendOrderMail};
use crate::Shop;
use crate::fulfilment::events::{ParcelDelivered, ParcelReturned, ParcelShipped};
use crate::inventory::events::{StockAdjusted, StockReleased, StockReserved, StockReturned, StockShipped};
use crate::orders::events::{OrderCancelled, OrderLinkRequested, OrderPlaced, OrderReduced};
use crate::payments::events::{PaymentAuthorised, PaymentCaptured, PaymentFailed, PaymentMethodChanged, PaymentRefunded};
use crate::refusals::events::RefusalOpened;

pub use staff_notices::{save_staff_notices, staff_notices};

/// Mails about an unpaid or declined card wait so long: most shoppers are still at the bank's page, or take another card at once.
const CARD_DELAY_MS: i64 = 5 * 60 * 1_000;

/// An address gets mails about so many orders a day; more point to abuse of a stranger's address.
const MAX_ORDERS_PER_DAY: i64 = 10;

/// The kind of a mail about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OrderMail {
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

/// The name under which their place in the feed is kept.
pub(crate) const FOLLOWER: &str = "notifications";

fn subscriber(shop: &Shop) -> Subscriber {
    let shop = shop.clone();
    let kinds = follows![
        OrderPlaced,
        OrderCancelled,
        OrderReduced,
        OrderLinkRequested,
        PaymentMethodChanged,
        PaymentAuthorised,
        PaymentCaptured,
        PaymentFailed,
        PaymentRefunded,
        ParcelShipped,
        ParcelDelivered,
        ParcelReturned,
        RefusalOpened,
        StockReserved,
        StockReleased,
        StockShipped,
        StockReturned,
        StockAdjusted,
    ];
    Subscriber::new(FOLLOWER, kinds, move |tx, events| {
        let is_configured = shop.mailer().is_configured();
        Box::pin(async move { if is_configured { enqueue_mails(tx, events).await } else { Ok(()) } })
    })
}

/// Follows the event feed until the program ends.
pub fn follow(shop: &Shop) -> tokio::task::JoinHandle<()> {
    platform::events::subscribe(shop.db(), subscriber(shop))
}

/// Turns the events recorded so far into jobs; returns the number of events. For tests and the simulation.
///
/// # Errors
/// The database's.
pub async fn catch_up(shop: &Shop) -> Result<u64, DbError> {
    platform::events::catch_up(shop.db(), &subscriber(shop)).await
}

pub fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<SendOrderMail>();
    staff_mail::register(handlers);
}

async fn enqueue_mails(tx: &mut Tx, events: &[RecordedEvent]) -> Result<(), DbError> {
    for mail in events.iter().filter_map(order_mail_of) {
        enqueue(tx, &mail.job, tx.now().plus_millis(mail.delay_ms), Some(&mail.key)).await?;
    }
    staff_mail::collect(tx, &staff_mail::notices_of(events)).await
}

struct PendingMail {
    job: SendOrderMail,
    key: String,
    delay_ms: i64,
}

/// The mail to the shopper that follows from an event.
fn order_mail_of(event: &RecordedEvent) -> Option<PendingMail> {
    let order = OrderId(event.subject);
    let once_an_order = |name: &str| format!("mail.{name}:{order}");
    let once_an_event = || format!("mail:{}", event.id);
    let (kind, key, delay_ms) = match event.kind.as_str() {
        <OrderPlaced as Event>::KIND => {
            let (_, placed) = event.read::<OrderPlaced>()?;
            if placed.payment == Some(PaymentMethod::Card) && placed.total.minor > 0 {
                (OrderMail::Unpaid, once_an_order("unpaid"), CARD_DELAY_MS)
            } else {
                (OrderMail::Confirmed, once_an_order("placed"), 0)
            }
        }
        // They lead to the same mail, so they share a key. Whether the order needs a confirmation yet is decided when it is composed.
        <PaymentMethodChanged as Event>::KIND | <PaymentAuthorised as Event>::KIND | <PaymentCaptured as Event>::KIND => {
            (OrderMail::Confirmed, once_an_order("paid"), 0)
        }
        // Once an order, so that trying card after card does not fill a stranger's mailbox.
        <PaymentFailed as Event>::KIND => (OrderMail::PaymentFailed, once_an_order("failed"), CARD_DELAY_MS),
        <ParcelShipped as Event>::KIND => (OrderMail::Shipped, once_an_event(), 0),
        <ParcelDelivered as Event>::KIND => (OrderMail::Delivered, once_an_event(), 0),
        <ParcelReturned as Event>::KIND => (OrderMail::Returned, once_an_event(), 0),
        <OrderCancelled as Event>::KIND => (OrderMail::Cancelled, once_an_event(), 0),
        <OrderReduced as Event>::KIND => (OrderMail::Reduced, once_an_event(), 0),
        <PaymentRefunded as Event>::KIND => (OrderMail::Refunded, once_an_event(), 0),
        <OrderLinkRequested as Event>::KIND => (OrderMail::Link, once_an_event(), 0),
        _ => return None,
    };
    let data =
        MailCause { event: serde_json::from_str(&event.data).unwrap_or_default(), is_payment_event: event.kind.starts_with("payment.") };
    Some(PendingMail { job: SendOrderMail { event: event.id, kind, order, data }, key, delay_ms })
}
