//! What somebody outside refused for good, or was not reached for: a capture, a refund, a mail, a webhook.
//!
//! Each is a row on the managers' first page, written in the transaction that learns of the refusal, until it succeeds (which ends the
//! row by itself), was settled in another way, or is dismissed with a reason. One thing has one open row, however often it is refused.
//! `refusal.opened` and `refusal.ended` are events with the order, where there is one, as their subject.

mod store;

use domain::Money;
use domain::id::{JobId, OrderId, PaymentId, RefundId, RefusalId};
use domain::messages::t;
use domain::permission::Permission;
use domain::view::{RefusalKind, RefusalView};
use domain::{Locale, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::payments::PaymentError;
use crate::platform::context::Forbidden;
use crate::platform::db::{DbError, Reader, Tx};
use crate::platform::events::{self, Event};
use crate::platform::{Context, jobs};
use crate::{Shop, orders, payments};

/// Strangers can have webhooks refused as often as they like: of each kind one is written down in this time, milliseconds.
const WEBHOOK_INTERVAL_MS: i64 = 60_000;

/// Why nothing was done about a refusal.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RefusalError {
    /// Not allowed.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// There is none, or it has ended.
    #[error("nothing of that kind is refused (any more)")]
    Unknown,
    /// Settling and dismissing need a reason.
    #[error("say how it was settled, or why nothing is done")]
    Note,
    /// Money.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl RefusalError {
    /// What to tell the reader; `None` for what is not theirs to mend.
    #[must_use]
    pub fn message(&self, locale: Locale) -> Option<String> {
        let message = match self {
            Self::Forbidden(_) => t::ERROR_FORBIDDEN_BODY,
            Self::Unknown => t::ADMIN_REFUSALS_GONE,
            Self::Note => t::ORDER_ERROR_REASON,
            Self::Payment(error) => return error.message(locale),
            Self::Db(_) => return None,
        };
        Some(message.text(locale).to_owned())
    }
}

/// Something refused, to be written down.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// Names what was refused; the same each time it is refused again.
    pub key: String,
    pub kind: RefusalKind,
    pub order: Option<OrderId>,
    pub payment: Option<PaymentId>,
    pub refund: Option<RefundId>,
    pub job: Option<JobId>,
    pub amount: Option<Money>,
    /// The outside's words, or one of the shop's own (`domain::view::refusal`). Never personal data.
    pub reason: String,
}

impl Refusal {
    /// Of a kind, without more.
    pub(crate) fn new(kind: RefusalKind, key: String, reason: impl Into<String>) -> Self {
        let reason = reason.into().chars().take(300).collect();
        Self { key, kind, order: None, payment: None, refund: None, job: None, amount: None, reason }
    }
}

/// Writes down that something was refused, in the transaction that learns of it.
pub(crate) async fn record(tx: &mut Tx, shop: &Shop, ctx: &Context, refusal: &Refusal) -> Result<(), DbError> {
    let at = shop.now();
    let (id, times) = store::record(tx, RefusalId(shop.id()), refusal, at).await?;
    // A mail to the staff that is refused must not cause another mail to the staff.
    let quiet = refusal.kind == RefusalKind::Mail && refusal.order.is_none();
    if times == 1 && !quiet {
        let data = json!({
            "refusal": id, "kind": refusal.kind, "order": refusal.order, "reason": refusal.reason,
            "amount": refusal.amount.map(|money| money.minor), "currency": refusal.amount.map(|money| money.currency),
        });
        events::append(tx, shop, ctx, at, &[Event::new("refusal.opened", subject(refusal.order, id), data)]).await?;
    }
    Ok(())
}

fn subject(order: Option<OrderId>, refusal: RefusalId) -> Uuid {
    order.map_or(refusal.0, |order| order.0)
}

/// It succeeded after all: the row ends by itself. False when none was open.
pub(crate) async fn succeeded(tx: &mut Tx, shop: &Shop, ctx: &Context, key: &str) -> Result<bool, DbError> {
    end_by_key(tx, shop, ctx, key, "done").await
}

/// Nobody wants it any more, as when its order is cancelled: the row ends by itself.
pub(crate) async fn not_wanted(tx: &mut Tx, shop: &Shop, ctx: &Context, key: &str) -> Result<(), DbError> {
    end_by_key(tx, shop, ctx, key, "dismissed").await.map(drop)
}

async fn end_by_key(tx: &mut Tx, shop: &Shop, ctx: &Context, key: &str, outcome: &str) -> Result<bool, DbError> {
    let at = shop.now();
    let ended = store::end_by_key(tx, key, outcome, &ctx.actor.to_string(), at).await?;
    let any = !ended.is_empty();
    tell_ended(tx, shop, ctx, ended, outcome, at).await?;
    Ok(any)
}

async fn tell_ended(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    ended: Vec<store::Ended>,
    outcome: &str,
    at: Timestamp,
) -> Result<(), DbError> {
    let events: Vec<Event> = ended
        .into_iter()
        .map(|(id, kind, order)| {
            let data = json!({ "refusal": id, "kind": kind, "order": order, "outcome": outcome });
            Event::new("refusal.ended", subject(order, id), data)
        })
        .collect();
    events::append(tx, shop, ctx, at, &events).await
}

/// A job was given up: whatever it was to do is refused.
pub(crate) async fn job_given_up(tx: &mut Tx, shop: &Shop, job: JobId, (kind, payload): (&str, &str), why: &str) -> Result<(), DbError> {
    let payload: Value = serde_json::from_str(payload).unwrap_or_default();
    let known = match payments::refusal_of(tx, kind, &payload, why).await? {
        Some(refusal) => refusal,
        None if kind.starts_with("mail.") => Refusal::new(RefusalKind::Mail, format!("job:{job}"), why),
        None => Refusal::new(RefusalKind::Job, format!("job:{job}"), format!("{kind}: {why}")),
    };
    let order = known.order.or_else(|| payload["order"].as_str().and_then(|id| id.parse().ok()));
    record(tx, shop, &shop.system(), &Refusal { order, job: Some(job), ..known }).await
}

/// A job was done: what it was given up for before is done with it.
pub(crate) async fn job_done(tx: &mut Tx, shop: &Shop, job: JobId) -> Result<(), DbError> {
    let at = shop.now();
    let ended = store::end_by_job(tx, job, at).await?;
    tell_ended(tx, shop, &shop.system(), ended, "done", at).await
}

/// Writes down, at most once a minute, that a webhook was not taken.
pub(crate) async fn webhook_refused(shop: &Shop, refusal: Refusal) -> Result<(), DbError> {
    let last = store::last_seen(&mut shop.db(), &refusal.key).await?;
    if last.is_some_and(|last| last.plus_millis(WEBHOOK_INTERVAL_MS) > shop.now()) {
        return Ok(());
    }
    let inner = shop.clone();
    shop.db()
        .write(async move |tx| {
            let ctx = inner.system();
            record(tx, &inner, &ctx, &refusal).await
        })
        .await
}

/// The signature of a webhook was right: what was wrong with the secret is mended.
pub(crate) async fn webhook_taken(shop: &Shop, key: &'static str) -> Result<(), DbError> {
    if store::last_seen(&mut shop.db(), key).await?.is_none() {
        return Ok(());
    }
    let inner = shop.clone();
    shop.db().write(async move |tx| succeeded(tx, &inner, &inner.system(), key).await.map(drop)).await
}

/// What is refused and not settled, the latest first, at most 50.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn open(shop: &Shop, ctx: &Context) -> Result<Vec<RefusalView>, RefusalError> {
    ctx.require(Permission::ReadOrders)?;
    let rows = store::open(&mut shop.db()).await?;
    let view = |row: store::Open| {
        let kind = RefusalKind::parse(&row.kind)?;
        Some(RefusalView {
            id: row.id,
            kind,
            mail: mail_of(&row),
            order: row.order_id.zip(row.number),
            amount: row.amount.zip(row.currency).map(|(minor, currency)| Money::new(minor, currency)),
            reason: row.reason,
            times: row.times,
            first_at: row.first_at,
            last_at: row.last_at,
            may_act: ctx.may(kind.permission()),
        })
    };
    Ok(rows.into_iter().filter_map(view).collect())
}

/// Which mail was refused: what its job tells of an order, or whom it is for.
fn mail_of(row: &store::Open) -> Option<String> {
    match row.job_kind.as_deref()?.strip_prefix("mail.")? {
        "order" => {
            let payload: Value = serde_json::from_str(row.job_payload.as_deref()?).ok()?;
            payload["kind"].as_str().map(str::to_owned)
        }
        other => Some(other.to_owned()),
    }
}

/// What an open refusal is about: its kind, the order's number, and the money.
pub(crate) async fn still_open(
    db: &mut impl Reader,
    id: RefusalId,
) -> Result<Option<(RefusalKind, Option<String>, Option<Money>)>, DbError> {
    let Some(row) = store::one(db, id).await? else { return Ok(None) };
    let amount = row.amount.zip(row.currency).map(|(minor, currency)| Money::new(minor, currency));
    Ok(RefusalKind::parse(&row.kind).map(|kind| (kind, row.number, amount)))
}

async fn allowed(shop: &Shop, ctx: &Context, id: RefusalId) -> Result<(store::Open, RefusalKind), RefusalError> {
    let row = store::one(&mut shop.db(), id).await?.ok_or(RefusalError::Unknown)?;
    let kind = RefusalKind::parse(&row.kind).ok_or(RefusalError::Unknown)?;
    ctx.require(kind.permission())?;
    Ok((row, kind))
}

/// Asks for what was refused once more. Money is asked for at once, so the answer says how it went; the rest is done by a job.
///
/// # Errors
/// What is refused again, among others.
pub async fn retry(shop: &Shop, ctx: &Context, id: RefusalId) -> Result<(), RefusalError> {
    let (row, kind) = allowed(shop, ctx, id).await?;
    match (kind, row.payment_id, row.refund_id, row.job_id) {
        (RefusalKind::Capture, Some(payment), ..) => Ok(payments::capture_again(shop, ctx, payment, row.amount.unwrap_or(0)).await?),
        (RefusalKind::Refund, _, Some(refund), _) => {
            if payments::refund_again(shop, ctx, refund).await? {
                Ok(())
            } else {
                Err(RefusalError::Unknown)
            }
        }
        (RefusalKind::Payment, Some(payment), _, None) => Ok(payments::look_again(shop, ctx, payment).await?),
        (_, _, _, Some(job)) => {
            let (inner, ctx) = (shop.clone(), ctx.clone());
            shop.db()
                .write(async move |tx| {
                    let at = inner.now();
                    jobs::revive(tx, job, at).await?;
                    let data = json!({ "refusal": id, "kind": kind, "order": row.order_id });
                    events::append(tx, &inner, &ctx, at, &[Event::new("refusal.retried", subject(row.order_id, id), data)]).await
                })
                .await?;
            Ok(())
        }
        _ => Err(RefusalError::Unknown),
    }
}

/// The money moved in another way, as in cash or by bank transfer: the books say so, and the row ends. The gateway is asked first, and
/// what it did meanwhile counts.
///
/// # Errors
/// [`RefusalError::Note`] without saying how; [`RefusalError::Unknown`] for what is not about money, or was done by the gateway;
/// [`PaymentError::Waiting`] when the gateway does not answer: the money may have moved there.
pub async fn settle(shop: &Shop, ctx: &Context, id: RefusalId, note: &str) -> Result<(), RefusalError> {
    let (row, kind) = allowed(shop, ctx, id).await?;
    let note = noted(note)?;
    match (kind, row.payment_id, row.refund_id) {
        (RefusalKind::Capture, Some(payment), _) => payments::look(shop, payment).await?,
        (RefusalKind::Refund, _, Some(refund)) => payments::look_for_refund(shop, refund).await?,
        _ => return Err(RefusalError::Unknown),
    }
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let calls = shop
        .db()
        .write(async move |tx| {
            lock(tx, row.order_id).await?;
            // Before the money moves, which would end it as a success of the gateway's.
            end(tx, &inner, &ctx, id, "settled", &note).await?;
            match (kind, row.payment_id, row.refund_id) {
                (RefusalKind::Capture, Some(payment), _) => {
                    Ok(payments::captured_otherwise(tx, &inner, &ctx, payment, row.amount.unwrap_or(0)).await?)
                }
                (RefusalKind::Refund, _, Some(refund)) => {
                    payments::refunded_otherwise(tx, &inner, &ctx, refund).await?;
                    Ok(Vec::new())
                }
                _ => Err(RefusalError::Unknown),
            }
        })
        .await?;
    payments::carry_out(shop, calls).await;
    shop.feed().wake();
    Ok(())
}

/// Nothing is done about it; why is kept. A refund of which the gateway knows nothing is given up, so that its money can be given back
/// in another way.
///
/// # Errors
/// [`RefusalError::Note`] without a reason; [`PaymentError::Waiting`] for a refund of which the gateway says nothing: it may have been
/// made.
pub async fn dismiss(shop: &Shop, ctx: &Context, id: RefusalId, note: &str) -> Result<(), RefusalError> {
    let (row, kind) = allowed(shop, ctx, id).await?;
    let note = noted(note)?;
    if let (RefusalKind::Refund, Some(refund)) = (kind, row.refund_id) {
        payments::look_for_refund(shop, refund).await?;
    }
    let (inner, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            lock(tx, row.order_id).await?;
            end(tx, &inner, &ctx, id, "dismissed", &note).await?;
            match (kind, row.payment_id, row.refund_id) {
                (RefusalKind::Capture, Some(payment), _) => Ok::<_, RefusalError>(payments::give_up_capture(tx, payment).await?),
                (RefusalKind::Refund, _, Some(refund)) => Ok(payments::give_up_refund(tx, &inner, &ctx, refund).await?),
                _ => Ok(()),
            }
        })
        .await?;
    shop.feed().wake();
    Ok(())
}

/// Whoever changes anything about an order takes its lock first.
async fn lock(tx: &mut Tx, order: Option<OrderId>) -> Result<(), DbError> {
    if let Some(order) = order {
        orders::lock(tx, order).await?;
    }
    Ok(())
}

fn noted(note: &str) -> Result<String, RefusalError> {
    let note: String = note.trim().chars().take(200).collect();
    if note.is_empty() { Err(RefusalError::Note) } else { Ok(note) }
}

async fn end(tx: &mut Tx, shop: &Shop, ctx: &Context, id: RefusalId, outcome: &str, note: &str) -> Result<(), RefusalError> {
    let at = shop.now();
    let ended = store::end(tx, id, outcome, note, &ctx.actor.to_string(), at).await?.ok_or(RefusalError::Unknown)?;
    Ok(tell_ended(tx, shop, ctx, vec![ended], outcome, at).await?)
}
