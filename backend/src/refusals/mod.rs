//! Refusals: what an outside service refused for good or never answered, such as a capture, a refund, a mail, a webhook.
//!
//! Each is a row on the admin's first page, written in the transaction that learns of it. The row ends when the same succeeds later, is
//! settled in another way, or is dismissed with a reason. One thing has one open row, however often it is refused. The events
//! `refusal.opened` and `refusal.ended` have the order, where there is one, as their subject.

pub mod events;
mod store;

use domain::id::{JobId, OrderId, PaymentId, RefundId, RefusalId};
use domain::messages::t;
use domain::permission::Permission;
use domain::view::{RefusalKind, RefusalView};
use domain::{Locale, Money};
use serde_json::Value;
use uuid::Uuid;

use crate::orders::LockedOrder;
use crate::payments::PaymentError;
use crate::{Shop, orders, payments};
use platform::context::Forbidden;
use platform::db::{DbError, Read, Tx};
use platform::{Context, jobs};

use events::{Outcome, RefusalEnded, RefusalOpened, RefusalRetried};

/// Anybody can send webhooks that are refused, so at most one of each kind is recorded in this time.
const WEBHOOK_INTERVAL_MS: i64 = 60_000;

/// Why nothing was done about a refusal.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RefusalError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error("nothing of that kind is refused (any more)")]
    Unknown,
    #[error("say how it was settled, or why nothing is done")]
    Note,
    #[error(transparent)]
    Payment(#[from] PaymentError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl RefusalError {
    /// The message for the user; `None` for an internal error.
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

/// A refusal to be recorded.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// Names what was refused; the same each time.
    pub key: String,
    pub kind: RefusalKind,
    pub order: Option<OrderId>,
    pub payment: Option<PaymentId>,
    pub refund: Option<RefundId>,
    pub job: Option<JobId>,
    pub amount: Option<Money>,
    /// The outside service's message, or one of the shop's own (`domain::view::refusal`). Never personal data.
    pub reason: String,
}

impl Refusal {
    pub(crate) fn new(kind: RefusalKind, key: String, reason: impl Into<String>) -> Self {
        let reason = reason.into().chars().take(300).collect();
        Self { key, kind, order: None, payment: None, refund: None, job: None, amount: None, reason }
    }
}

/// Records a refusal, in the transaction that learns of it.
pub(crate) async fn record(tx: &mut Tx, ctx: &Context, refusal: &Refusal) -> Result<(), DbError> {
    let store::Recorded { id, times } = store::record(tx, refusal).await?;
    // No event for a refused mail to the staff: it would cause another mail to the staff.
    let quiet = refusal.kind == RefusalKind::Mail && refusal.order.is_none();
    if times == 1 && !quiet {
        let opened = RefusalOpened {
            refusal: id,
            kind: refusal.kind,
            order: refusal.order,
            reason: refusal.reason.clone(),
            amount: refusal.amount.map(|money| money.minor),
            currency: refusal.amount.map(|money| money.currency),
        };
        tx.record_as(ctx, subject(refusal.order, id), opened);
    }
    Ok(())
}

fn subject(order: Option<OrderId>, refusal: RefusalId) -> Uuid {
    order.map_or(refusal.0, |order| order.0)
}

/// Ends the row of what succeeded after all. False when none was open.
pub(crate) async fn succeeded(tx: &mut Tx, ctx: &Context, key: &str) -> Result<bool, DbError> {
    end_by_key(tx, ctx, key, Outcome::Done).await
}

/// Ends the row of what is not needed any more, as when its order was cancelled.
pub(crate) async fn not_wanted(tx: &mut Tx, ctx: &Context, key: &str) -> Result<(), DbError> {
    end_by_key(tx, ctx, key, Outcome::Dismissed).await.map(drop)
}

async fn end_by_key(tx: &mut Tx, ctx: &Context, key: &str, outcome: Outcome) -> Result<bool, DbError> {
    let ended = store::end_by_key(tx, key, outcome.as_str(), &ctx.actor.to_string()).await?;
    let any = !ended.is_empty();
    record_ended(tx, ctx, ended, outcome);
    Ok(any)
}

fn record_ended(tx: &mut Tx, ctx: &Context, ended: Vec<store::Ended>, outcome: Outcome) {
    for row in ended {
        // A row of a kind that this program does not know has no event.
        if let Some(kind) = RefusalKind::parse(&row.kind) {
            let event = RefusalEnded { refusal: row.id, kind, order: row.order_id, outcome };
            tx.record_as(ctx, subject(row.order_id, row.id), event);
        }
    }
}

/// Records that a job was given up.
pub(crate) async fn job_given_up(tx: &mut Tx, job: JobId, (kind, payload): (&str, &str), why: &str) -> Result<(), DbError> {
    let payload: Value = serde_json::from_str(payload).unwrap_or_default();
    let refusal = match payments::refusal_of(tx, kind, &payload, why).await? {
        Some(refusal) => refusal,
        None if kind.starts_with("mail.") => Refusal::new(RefusalKind::Mail, format!("job:{job}"), why),
        None => Refusal::new(RefusalKind::Job, format!("job:{job}"), format!("{kind}: {why}")),
    };
    let order = refusal.order.or_else(|| payload["order"].as_str().and_then(|id| id.parse().ok()));
    let ctx = tx.ctx().clone();
    record(tx, &ctx, &Refusal { order, job: Some(job), ..refusal }).await
}

/// Ends the row of a job that was given up before and succeeded now.
pub(crate) async fn job_done(tx: &mut Tx, job: JobId) -> Result<(), DbError> {
    let ended = store::end_by_job(tx, job).await?;
    let ctx = tx.ctx().clone();
    record_ended(tx, &ctx, ended, Outcome::Done);
    Ok(())
}

/// Records that a webhook was not accepted, at most once in [`WEBHOOK_INTERVAL_MS`].
pub(crate) async fn webhook_refused(shop: &Shop, refusal: Refusal) -> Result<(), DbError> {
    let last = store::last_seen(&mut shop.db(), &refusal.key).await?;
    if last.is_some_and(|last| last.plus_millis(WEBHOOK_INTERVAL_MS) > shop.now()) {
        return Ok(());
    }
    shop.db()
        .write(async move |tx| {
            let ctx = tx.ctx().clone();
            record(tx, &ctx, &refusal).await
        })
        .await
}

/// Ends the row of refused webhooks: the signature of one was right again.
pub(crate) async fn webhook_taken(shop: &Shop, key: &'static str) -> Result<(), DbError> {
    if store::last_seen(&mut shop.db(), key).await?.is_none() {
        return Ok(());
    }
    shop.db()
        .write(async move |tx| {
            let ctx = tx.ctx().clone();
            succeeded(tx, &ctx, key).await.map(drop)
        })
        .await
}

/// Open refusals, the latest first, at most 50.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn open(shop: &Shop, ctx: &Context) -> Result<Vec<RefusalView>, RefusalError> {
    ctx.require(Permission::ReadOrders)?;
    let rows = store::open(&mut shop.db()).await?;
    let view = |row: store::OpenRefusal| {
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

/// Which mail was refused: the kind of an order's mail, or the kind of the job.
fn mail_of(row: &store::OpenRefusal) -> Option<String> {
    match row.job_kind.as_deref()?.strip_prefix("mail.")? {
        "order" => {
            let payload: Value = serde_json::from_str(row.job_payload.as_deref()?).ok()?;
            payload["kind"].as_str().map(str::to_owned)
        }
        other => Some(other.to_owned()),
    }
}

/// What an open refusal is about: its kind, the order's number, and the money.
pub(crate) async fn still_open(db: &mut impl Read, id: RefusalId) -> Result<Option<(RefusalKind, Option<String>, Option<Money>)>, DbError> {
    let Some(row) = store::one(db, id).await? else { return Ok(None) };
    let amount = row.amount.zip(row.currency).map(|(minor, currency)| Money::new(minor, currency));
    Ok(RefusalKind::parse(&row.kind).map(|kind| (kind, row.number, amount)))
}

async fn allowed(shop: &Shop, ctx: &Context, id: RefusalId) -> Result<(store::OpenRefusal, RefusalKind), RefusalError> {
    let row = store::one(&mut shop.db(), id).await?.ok_or(RefusalError::Unknown)?;
    let kind = RefusalKind::parse(&row.kind).ok_or(RefusalError::Unknown)?;
    ctx.require(kind.permission())?;
    Ok((row, kind))
}

/// Tries again what was refused. Money is moved at once, so the result is known; the rest is done by a job.
///
/// # Errors
/// Among others that it is refused again.
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
        (RefusalKind::Payment, Some(payment), _, None) => Ok(payments::check_payment_again(shop, ctx, payment).await?),
        (_, _, _, Some(job)) => {
            let order = row.order_id;
            shop.write(ctx, async move |tx| {
                jobs::revive(tx, job).await?;
                tx.record(subject(order, id), RefusalRetried { refusal: id, kind, order });
                Ok(())
            })
            .await
        }
        _ => Err(RefusalError::Unknown),
    }
}

/// Records that the money moved in another way, as in cash or by bank transfer, and ends the row. The gateway is asked first whether it
/// has moved it meanwhile.
///
/// # Errors
/// [`RefusalError::Note`] without a note; [`RefusalError::Unknown`] for what is not about money, or was done by the gateway meanwhile;
/// [`PaymentError::Waiting`] when the gateway does not answer: the money may have moved there.
pub async fn settle(shop: &Shop, ctx: &Context, id: RefusalId, note: &str) -> Result<(), RefusalError> {
    let (row, kind) = allowed(shop, ctx, id).await?;
    let note = required_note(note)?;
    match (kind, row.payment_id, row.refund_id) {
        (RefusalKind::Capture, Some(payment), _) => payments::check_payment(shop, payment).await?,
        (RefusalKind::Refund, _, Some(refund)) => payments::check_refund(shop, refund).await?,
        _ => return Err(RefusalError::Unknown),
    }
    let calls = shop
        .write(ctx, async move |tx| {
            let order = lock(tx, row.order_id).await?;
            // Before the money moves: that would end the row as a success of the gateway.
            end(tx, id, Outcome::Settled, &note).await?;
            match (kind, row.payment_id, row.refund_id) {
                (RefusalKind::Capture, Some(payment), _) => {
                    let order = order.ok_or(RefusalError::Unknown)?;
                    Ok(payments::captured_otherwise(tx, &order, payment, row.amount.unwrap_or(0)).await?)
                }
                (RefusalKind::Refund, _, Some(refund)) => {
                    payments::refunded_otherwise(tx, refund).await?;
                    Ok(Vec::new())
                }
                _ => Err(RefusalError::Unknown),
            }
        })
        .await?;
    payments::carry_out(shop, calls).await;
    Ok(())
}

/// Ends a row without doing anything, with a reason. A refund that the gateway does not know is given up, so that the money can be
/// refunded in another way.
///
/// # Errors
/// [`RefusalError::Note`] without a reason; [`PaymentError::Waiting`] when the gateway does not answer about a refund: it may have been
/// made.
pub async fn dismiss(shop: &Shop, ctx: &Context, id: RefusalId, note: &str) -> Result<(), RefusalError> {
    let (row, kind) = allowed(shop, ctx, id).await?;
    let note = required_note(note)?;
    if let (RefusalKind::Refund, Some(refund)) = (kind, row.refund_id) {
        payments::check_refund(shop, refund).await?;
    }
    shop.write(ctx, async move |tx| {
        lock(tx, row.order_id).await?;
        end(tx, id, Outcome::Dismissed, &note).await?;
        match (kind, row.payment_id, row.refund_id) {
            (RefusalKind::Capture, Some(payment), _) => Ok(payments::give_up_capture(tx, payment).await?),
            (RefusalKind::Refund, _, Some(refund)) => Ok(payments::give_up_refund(tx, refund).await?),
            _ => Ok(()),
        }
    })
    .await
}

async fn lock(tx: &mut Tx, order: Option<OrderId>) -> Result<Option<LockedOrder>, DbError> {
    match order {
        Some(order) => orders::lock(tx, order).await,
        None => Ok(None),
    }
}

fn required_note(note: &str) -> Result<String, RefusalError> {
    let note: String = note.trim().chars().take(200).collect();
    if note.is_empty() { Err(RefusalError::Note) } else { Ok(note) }
}

async fn end(tx: &mut Tx, id: RefusalId, outcome: Outcome, note: &str) -> Result<(), RefusalError> {
    let ctx = tx.ctx().clone();
    let ended = store::end(tx, id, outcome.as_str(), note, &ctx.actor.to_string()).await?.ok_or(RefusalError::Unknown)?;
    record_ended(tx, &ctx, vec![ended], outcome);
    Ok(())
}
