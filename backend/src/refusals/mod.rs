//! Refusals: what an outside service refused for good or never answered, such as a capture, a refund, a mail, a webhook.
//!
//! Each is a row on the admin's first page, written in the transaction that learns of it. The row ends when the same succeeds later, is
//! settled in another way, or is dismissed with a reason. One thing has one open row, however often it is refused. The events
//! `refusal.opened` and `refusal.ended` have the order, where there is one, as their subject.

pub mod events;
mod store;

use domain::Money;
use domain::id::{JobId, OrderId, PaymentId, RefundId, RefusalId};
use domain::permission::Permission;
use domain::view::{RefusalKind, RefusalView};
use serde_json::Value;
use uuid::Uuid;

use crate::Shop;
use platform::Context;
use platform::context::Forbidden;
use platform::db::{DbError, Read, Tx};

use events::{RefusalEnded, RefusalOpened, RefusalOutcome};
pub(crate) use store::{OpenRefusal, one};

/// Anybody can send webhooks that are refused, so at most one of each kind is recorded in this time.
const WEBHOOK_INTERVAL_MS: i64 = 60_000;

/// Why refusals were not shown.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error("{0}")]
    Db(#[from] DbError),
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
pub(crate) async fn record(tx: &mut Tx, refusal: &Refusal) -> Result<(), DbError> {
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
        tx.record(subject(refusal.order, id), opened);
    }
    Ok(())
}

/// What an event of a refusal is about: the order, or the refusal itself where there is none.
pub(crate) fn subject(order: Option<OrderId>, refusal: RefusalId) -> Uuid {
    order.map_or(refusal.0, |order| order.0)
}

/// Ends the row of what succeeded after all. False when none was open.
pub(crate) async fn succeeded(tx: &mut Tx, key: &str) -> Result<bool, DbError> {
    let ctx = tx.ctx().clone();
    succeeded_as(tx, &ctx, key).await
}

/// [`succeeded`] in the name of whoever requested it, where that is not whose transaction it is.
pub(crate) async fn succeeded_as(tx: &mut Tx, ctx: &Context, key: &str) -> Result<bool, DbError> {
    end_by_key(tx, ctx, key, RefusalOutcome::Done).await
}

/// Ends the row of what is not needed any more, as when its order was cancelled.
pub(crate) async fn not_wanted(tx: &mut Tx, key: &str) -> Result<(), DbError> {
    let ctx = tx.ctx().clone();
    end_by_key(tx, &ctx, key, RefusalOutcome::Dismissed).await.map(drop)
}

async fn end_by_key(tx: &mut Tx, ctx: &Context, key: &str, outcome: RefusalOutcome) -> Result<bool, DbError> {
    let ended = store::end_by_key(tx, key, outcome.as_str(), &ctx.actor.to_string()).await?;
    let any = !ended.is_empty();
    record_ended(tx, ctx, ended, outcome);
    Ok(any)
}

fn record_ended(tx: &mut Tx, ctx: &Context, ended: Vec<store::Ended>, outcome: RefusalOutcome) {
    for row in ended {
        // A row of an unknown kind, written by a newer program, has no event.
        if let Ok(kind) = row.kind.parse() {
            let event = RefusalEnded { refusal: row.id, kind, order: row.order_id, outcome };
            tx.record_as(ctx, subject(row.order_id, row.id), event);
        }
    }
}

/// What the kinds of all jobs that send a mail end with.
const MAIL_JOB: &str = "_mail.send";

/// Records a dead job. `refusal` is what it was about, where its area gives it.
pub(crate) async fn job_died(
    tx: &mut Tx,
    job: JobId,
    (kind, payload): (&str, &Value),
    why: &str,
    refusal: Option<Refusal>,
) -> Result<(), DbError> {
    let refusal = match refusal {
        Some(refusal) => refusal,
        None if kind.ends_with(MAIL_JOB) => Refusal::new(RefusalKind::Mail, format!("job:{job}"), why),
        None => Refusal::new(RefusalKind::Job, format!("job:{job}"), format!("{kind}: {why}")),
    };
    let order = refusal.order.or_else(|| payload["order"].as_str().and_then(|id| id.parse().ok()));
    record(tx, &Refusal { order, job: Some(job), ..refusal }).await
}

/// Ends the row of a dead job that succeeded when it was retried.
pub(crate) async fn job_done(tx: &mut Tx, job: JobId) -> Result<(), DbError> {
    let ended = store::end_by_job(tx, job).await?;
    let ctx = tx.ctx().clone();
    record_ended(tx, &ctx, ended, RefusalOutcome::Done);
    Ok(())
}

/// Records that a webhook was not accepted, at most once in [`WEBHOOK_INTERVAL_MS`].
pub(crate) async fn webhook_refused(shop: &Shop, refusal: Refusal) -> Result<(), DbError> {
    let last = store::last_seen(&mut shop.db(), &refusal.key).await?;
    if last.is_some_and(|last| last.plus_millis(WEBHOOK_INTERVAL_MS) > shop.now()) {
        return Ok(());
    }
    shop.db().write(async move |tx| record(tx, &refusal).await).await
}

/// Ends the row of refused webhooks: the signature of one was right again.
pub(crate) async fn webhook_accepted(shop: &Shop, key: &'static str) -> Result<(), DbError> {
    if store::last_seen(&mut shop.db(), key).await?.is_none() {
        return Ok(());
    }
    shop.db().write(async move |tx| succeeded(tx, key).await.map(drop)).await
}

/// Open refusals, the latest first, at most 50.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn open(shop: &Shop, ctx: &Context) -> Result<Vec<RefusalView>, ReadError> {
    ctx.require(Permission::ReadOrders)?;
    let rows = store::open(&mut shop.db()).await?;
    let view = |row: OpenRefusal| {
        let kind: RefusalKind = row.kind.parse().ok()?;
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
fn mail_of(row: &OpenRefusal) -> Option<String> {
    match row.job_kind.as_deref()?.strip_suffix(MAIL_JOB)? {
        "order" => {
            let payload: Value = serde_json::from_str(row.job_payload.as_deref()?).ok()?;
            payload["kind"].as_str().map(str::to_owned)
        }
        other => Some(other.to_owned()),
    }
}

/// What an open refusal is about: its kind, the order's number, and the money.
pub(crate) async fn still_open(db: &mut impl Read, id: RefusalId) -> Result<Option<(RefusalKind, Option<String>, Option<Money>)>, DbError> {
    let Some(row) = one(db, id).await? else { return Ok(None) };
    let amount = row.amount.zip(row.currency).map(|(minor, currency)| Money::new(minor, currency));
    Ok(row.kind.parse().ok().map(|kind| (kind, row.number, amount)))
}

/// Ends a row with the outcome that staff chose; false when it had ended before.
pub(crate) async fn end(tx: &mut Tx, id: RefusalId, outcome: RefusalOutcome, note: &str) -> Result<bool, DbError> {
    let ctx = tx.ctx().clone();
    let Some(ended) = store::end(tx, id, outcome.as_str(), note, &ctx.actor.to_string()).await? else { return Ok(false) };
    record_ended(tx, &ctx, vec![ended], outcome);
    Ok(true)
}
