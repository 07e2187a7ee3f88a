//! The subject and text of each mail to shoppers.

use domain::id::{EventId, OrderId};
use domain::messages::{Msg, t};
use domain::order::{DeliveryState, FulfilmentState, PaymentMethod, PaymentState, ReturnCause};
use domain::view::CancelledMoney;
use domain::{Locale, TimeZone};
use platform::db::DbError;
use platform::events::Event;
use platform::jobs::{Failure, Job};
use platform::mail::Mail;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MAX_ORDERS_PER_DAY, OrderMail};
use crate::contacts::ContactError;
use crate::fulfilment::events::{ParcelReturned, ParcelShipped};
use crate::mails::{MailContent, greeting};
use crate::orders::events::OrderReduced;
use crate::orders::{self, BY_SHOPPER, EXPIRED, Line, NOT_SENT, OrderError, OrderHeader};
use crate::payments::events::PaymentRefunded;
use crate::{Shop, contacts, mails, order_management, payments, settings};

/// Composes and sends a mail about an order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SendOrderMail {
    pub event: EventId,
    pub kind: OrderMail,
    pub order: OrderId,
    pub data: MailCause,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MailCause {
    /// The JSON of the event.
    pub event: Value,
    /// Is the event about a payment by card?
    #[serde(rename = "paid")]
    pub is_payment_event: bool,
}

impl MailCause {
    fn read<E: Event>(&self) -> Result<E, serde_json::Error> {
        E::deserialize(&self.event)
    }
}

impl Job for SendOrderMail {
    const KIND: &'static str = "order_mail.send";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        mails::send_composed(&shop, compose(&shop, &self).await).await
    }
}

#[derive(Debug, thiserror::Error)]
enum ComposeError {
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error(transparent)]
    Customer(#[from] ContactError),
    #[error("{0}")]
    Db(#[from] DbError),
    #[error("the event of the mail cannot be read: {0}")]
    Event(#[from] serde_json::Error),
}

/// The mail; none when it no longer applies, or when there is nobody to write to.
async fn compose(shop: &Shop, job: &SendOrderMail) -> Result<Option<Mail>, ComposeError> {
    let (order, kind) = (job.order, job.kind);
    let head = orders::head(&mut shop.db(), order).await?.ok_or(OrderError::Unknown)?;
    if !still_applies(kind, &head, job.data.is_payment_event) {
        return Ok(None);
    }
    let Some(contact) = head.contact_id else { return Ok(None) };
    // Requests for the link have a limit of their own.
    if kind != OrderMail::Link && orders::of_address_within_a_day(&mut shop.db(), &head).await? > MAX_ORDERS_PER_DAY {
        tracing::warn!(%order, "an address had mails of many orders today: no more are sent to it");
        return Ok(None);
    }
    let lines = orders::lines(&mut shop.db(), order).await?;
    let contact = contacts::open_contact(shop, contact).await?;
    let captured = orders::paid(&mut shop.db(), order).await?.captured;
    let by_hand = match kind {
        OrderMail::Refunded => !payments::is_made_by_gateway(&mut shop.db(), job.data.read::<PaymentRefunded>()?.refund).await?,
        _ => false,
    };
    let about = About { head: &head, lines: &lines, captured, by_hand };
    let mut template = template(shop, job, &about, &contact.name)?;
    // Expired and unsent orders have texts of their own about the money.
    if kind == OrderMail::Cancelled && !matches!(head.cancel_reason.as_deref(), Some(EXPIRED | NOT_SENT)) {
        let refunds = payments::refunds_of(&mut shop.db(), order).await?;
        let back = payments::returned_on_cancel(&head, captured, &refunds);
        let money = CancelledMoney::of(head.payment_method, head.money(back));
        template.body = format!("{} {}", template.body, money.words(template.locale));
    }
    // Without the name, which may be anything: the address may be a stranger's.
    let to = (String::new(), contact.email);
    Ok(Some(mails::mail(shop, to, &job.event.0.simple().to_string(), template)))
}

fn still_applies(kind: OrderMail, head: &OrderHeader, about_payment: bool) -> bool {
    match kind {
        // A card order is confirmed after its payment, by a job with another key.
        OrderMail::Confirmed => {
            let paid_by_card = head.payment_method == PaymentMethod::Card && head.total > 0;
            head.cancelled_at.is_none() && paid_by_card == about_payment
        }
        OrderMail::Unpaid => payments::is_unpaid(head) && head.payment_state != PaymentState::Failed,
        OrderMail::PaymentFailed => head.cancelled_at.is_none() && head.payment_state == PaymentState::Failed,
        // The mail about the returned parcel has it already.
        OrderMail::Cancelled => {
            !ReturnCause::ALL.iter().any(|cause| head.cancel_reason.as_deref() == Some(order_management::returned_reason(*cause)))
        }
        OrderMail::Shipped | OrderMail::Delivered | OrderMail::Refunded | OrderMail::Returned | OrderMail::Reduced | OrderMail::Link => {
            true
        }
    }
}

/// What a mail is about.
struct About<'a> {
    head: &'a OrderHeader,
    lines: &'a [Line],
    /// What was paid, minor units.
    captured: i64,
    /// Is the refund made by the staff, in cash or by transfer?
    by_hand: bool,
}

/// The subject, and the text below the greeting.
fn subject_and_body(job: &SendOrderMail, about: &About, zone: TimeZone) -> Result<(String, String), serde_json::Error> {
    let head = about.head;
    let locale = head.language();
    let number = ("number", head.number.as_str());
    let texts = match job.kind {
        OrderMail::Confirmed => (t::MAIL_CONFIRM_SUBJECT.with(locale, &[number]), t::MAIL_CONFIRM_BODY.text(locale).to_owned()),
        OrderMail::Unpaid => {
            let until = locale.date_time(head.placed_at.plus_millis(payments::UNPAID_FOR_MS), zone);
            (t::MAIL_UNPAID_SUBJECT.with(locale, &[number]), t::MAIL_UNPAID_BODY.with(locale, &[number, ("time", &until)]))
        }
        OrderMail::PaymentFailed => {
            (t::MAIL_PAYMENT_FAILED_SUBJECT.with(locale, &[number]), t::MAIL_PAYMENT_FAILED_BODY.with(locale, &[number]))
        }
        OrderMail::Shipped => {
            let parcel: ParcelShipped = job.data.read()?;
            let courier = ("courier", if parcel.courier.is_empty() { t::ORDER_COURIER.text(locale) } else { &parcel.courier });
            let body = if parcel.tracking.is_empty() {
                t::MAIL_SHIPPED_WITHOUT_NUMBER_BODY.with(locale, &[number, courier])
            } else {
                t::MAIL_SHIPPED_BODY.with(locale, &[number, courier, ("tracking", &parcel.tracking)])
            };
            let is_part = head.fulfilment_state == FulfilmentState::Partial;
            let subject = if is_part { t::MAIL_PART_SHIPPED_SUBJECT } else { t::MAIL_SHIPPED_SUBJECT };
            (subject.with(locale, &[number]), body)
        }
        OrderMail::Delivered => {
            let (subject, body) = if head.delivery_state == DeliveryState::Delivered {
                (t::MAIL_DELIVERED_SUBJECT, t::MAIL_DELIVERED_BODY)
            } else {
                (t::MAIL_PART_DELIVERED_SUBJECT, t::MAIL_PART_DELIVERED_BODY)
            };
            (subject.with(locale, &[number]), body.with(locale, &[number]))
        }
        OrderMail::Cancelled => {
            let body = match head.cancel_reason.as_deref() {
                Some(EXPIRED) => t::MAIL_CANCELLED_EXPIRED_BODY,
                Some(NOT_SENT) => t::MAIL_CANCELLED_NOT_SENT_BODY,
                _ => t::MAIL_CANCELLED_BODY,
            };
            (t::MAIL_CANCELLED_SUBJECT.with(locale, &[number]), body.with(locale, &[number]))
        }
        OrderMail::Link => (t::MAIL_LINK_SUBJECT.with(locale, &[number]), t::MAIL_LINK_BODY.with(locale, &[number])),
        OrderMail::Refunded => {
            let refund: PaymentRefunded = job.data.read()?;
            let amount = locale.money(head.money(refund.amount));
            let with = [number, ("amount", amount.as_str())];
            let (subject, body) = if about.by_hand {
                (t::MAIL_REFUNDED_BY_HAND_SUBJECT, t::MAIL_REFUNDED_BY_HAND_BODY)
            } else {
                (t::MAIL_REFUNDED_SUBJECT, t::MAIL_REFUNDED_BODY)
            };
            (subject.with(locale, &with), body.with(locale, &with))
        }
        OrderMail::Returned => {
            let parcel: ParcelReturned = job.data.read()?;
            let body = match parcel.cause {
                ReturnCause::Refused => t::MAIL_RETURNED_REFUSED_BODY,
                ReturnCause::Undeliverable => t::MAIL_RETURNED_UNDELIVERABLE_BODY,
            };
            (t::MAIL_RETURNED_SUBJECT.with(locale, &[number]), body.with(locale, &[number]))
        }
        OrderMail::Reduced => {
            let reduced: OrderReduced = job.data.read()?;
            (t::MAIL_REDUCED_SUBJECT.with(locale, &[number]), reduced_body(&reduced, about))
        }
    };
    Ok(texts)
}

/// What was cancelled of an order, by whom, and what that means for its money: less is due, or it is refunded.
fn reduced_body(reduced: &OrderReduced, about: &About) -> String {
    let (locale, head) = (about.head.language(), about.head);
    let label = |id| about.lines.iter().find(|line| line.id == id).map(|line| format!("{} {}", line.name, line.options).trim().to_owned());
    let items = order_management::reduced_items(locale, reduced, label);
    let what = if reduced.reason.starts_with(BY_SHOPPER) { t::MAIL_REDUCED_BY_YOU_BODY } else { t::MAIL_REDUCED_BODY };
    let (amount, total) = (locale.money(head.money(reduced.amount)), locale.money(head.money(head.price_now())));
    // As long as something is owed, what is taken off was not paid.
    let is_paid = about.captured > 0 && about.captured >= head.price_now();
    let money = if is_paid { t::MAIL_REDUCED_PAID } else { t::MAIL_REDUCED_DUE };
    let what = what.with(locale, &[("number", &head.number), ("items", &items)]);
    format!("{what} {}", money.with(locale, &[("amount", &amount), ("total", &total)]))
}

fn template(shop: &Shop, job: &SendOrderMail, about: &About, name: &str) -> Result<MailContent, serde_json::Error> {
    let head = about.head;
    let settings = settings::shop(shop);
    let (shop_name, zone) = (settings.name.clone(), settings.zone());
    let (locale, kind) = (head.language(), job.kind);
    let (subject, body) = subject_and_body(job, about, zone)?;
    let action = match kind {
        OrderMail::Unpaid => t::MAIL_UNPAID_ACTION,
        OrderMail::PaymentFailed => t::MAIL_PAYMENT_FAILED_ACTION,
        _ => t::MAIL_CONFIRM_ACTION,
    };
    let link = format!("{}{}", shop.config().public_url, orders::link(shop, head.id));
    let (rows, sums) = if matches!(kind, OrderMail::Confirmed | OrderMail::Unpaid) {
        contents(locale, head, about.lines)
    } else {
        (Vec::new(), Vec::new())
    };
    Ok(MailContent {
        facts: facts(locale, zone, head, kind),
        locale,
        subject,
        greeting: greeting(locale, name),
        body,
        title: t::ORDER_NUMBER.with(locale, &[("number", &head.number)]),
        note: if sums.is_empty() { String::new() } else { tax_note(locale, head) },
        rows,
        sums,
        action: (action.text(locale).to_owned(), link),
        footer: t::MAIL_FOOTER.with(locale, &[("shop", &shop_name)]),
        shop: shop_name,
    })
}

/// When the order was placed, how it is paid and when it arrives, as far as a mail of this kind is about that.
fn facts(locale: Locale, zone: TimeZone, head: &OrderHeader, kind: OrderMail) -> Pairs {
    let is_new = matches!(kind, OrderMail::Confirmed | OrderMail::Unpaid);
    let mut facts = Vec::new();
    let mut fact = |label: Msg, value: String| facts.push((label.text(locale).to_owned(), value));
    if is_new {
        let method = head.payment_method.words(head.delivery_address_id.is_some());
        fact(t::MAIL_PLACED, locale.date(head.placed_at, zone));
        fact(t::ORDER_PAYMENT, method.text(locale).to_owned());
    }
    if is_new && let Some(name) = &head.delivery_name {
        fact(t::CHECKOUT_DELIVERY_TITLE, name.clone());
    }
    if (is_new || kind == OrderMail::Shipped)
        && let Some((from, to)) = head.promised_from.zip(head.promised_to)
    {
        let [from, to] = [from, to].map(|day| locale.weekday_date(day, zone));
        fact(t::MAIL_ARRIVES, if from == to { to } else { t::MAIL_ARRIVES_BETWEEN.with(locale, &[("from", &from), ("to", &to)]) });
    }
    facts
}

/// The tax inside the total.
fn tax_note(locale: Locale, head: &OrderHeader) -> String {
    t::CART_TAX_INCLUDED.with(locale, &[("amount", &locale.money(head.money(head.tax - head.waived_tax)))])
}

type Pairs = Vec<(String, String)>;

/// The lines of the order, and its sums.
fn contents(locale: Locale, head: &OrderHeader, lines: &[Line]) -> (Pairs, Pairs) {
    let rows = lines
        .iter()
        .map(|line| {
            let options = if line.options.is_empty() { String::new() } else { format!(" ({})", line.options) };
            let what = format!("{} × {}{options}", locale.number(line.quantity), line.name);
            (what, locale.money(head.money(line.unit_price.saturating_mul(line.quantity))))
        })
        .collect();
    let mut sums = vec![(t::CART_SUBTOTAL.text(locale).to_owned(), locale.money(head.money(head.subtotal)))];
    if head.discount > 0 {
        sums.push((t::CART_DISCOUNT.text(locale).to_owned(), locale.money(head.money(-head.discount))));
    }
    let delivery_fee =
        if head.delivery_fee == 0 { t::CART_DELIVERY_FREE.text(locale).to_owned() } else { locale.money(head.money(head.delivery_fee)) };
    sums.push((t::CART_DELIVERY_FEE.text(locale).to_owned(), delivery_fee));
    if head.waived > 0 {
        sums.push((t::ORDER_WAIVED.text(locale).to_owned(), locale.money(head.money(-head.waived))));
    }
    sums.push((t::CART_TOTAL.text(locale).to_owned(), locale.money(head.money(head.price_now()))));
    (rows, sums)
}
