//! What staff do about a refusal: retry, settle it in another way, or dismiss it.

use domain::Locale;
use domain::id::{OrderId, RefusalId};
use domain::messages::t;
use domain::text;
use domain::view::RefusalKind;

use crate::orders::LockedOrder;
use crate::payments::PaymentError;
use crate::refusals::events::{RefusalOutcome, RefusalRetried};
use crate::refusals::{self, OpenRefusal};
use crate::{Shop, orders, payments};
use platform::context::Forbidden;
use platform::db::{DbError, Tx};
use platform::{Context, jobs};

use super::release_when_refunded;

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
    #[error("{0}")]
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

async fn allowed(shop: &Shop, ctx: &Context, id: RefusalId) -> Result<(OpenRefusal, RefusalKind), RefusalError> {
    let row = refusals::one(&mut shop.db(), id).await?.ok_or(RefusalError::Unknown)?;
    let kind: RefusalKind = row.kind.parse().map_err(|_| RefusalError::Unknown)?;
    ctx.require(kind.permission())?;
    Ok((row, kind))
}

/// Retries what was refused. Money is moved at once, so the result is known; the rest is done by a job.
///
/// # Errors
/// Among others that it is refused again.
pub async fn retry(shop: &Shop, ctx: &Context, id: RefusalId) -> Result<(), RefusalError> {
    let (row, kind) = allowed(shop, ctx, id).await?;
    match (kind, row.payment_id, row.refund_id, row.job_id) {
        (RefusalKind::Capture, Some(payment), ..) => Ok(payments::retry_capture(shop, ctx, payment, row.amount.unwrap_or(0)).await?),
        (RefusalKind::Refund, _, Some(refund), _) => {
            if payments::retry_refund(shop, ctx, refund).await? {
                Ok(())
            } else {
                Err(RefusalError::Unknown)
            }
        }
        (RefusalKind::Payment, Some(payment), _, None) => Ok(payments::retry_check(shop, ctx, payment).await?),
        (_, _, _, Some(job)) => {
            let order = row.order_id;
            shop.write(ctx, async move |tx| {
                jobs::retry(tx, job).await?;
                tx.record(refusals::subject(order, id), RefusalRetried { refusal: id, kind, order });
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
    let note = text::reason(note).ok_or(RefusalError::Note)?;
    match (kind, row.payment_id, row.refund_id) {
        (RefusalKind::Capture, Some(payment), _) => payments::check_payment(shop, payment).await?,
        (RefusalKind::Refund, _, Some(refund)) => payments::check_refund(shop, refund).await?,
        _ => return Err(RefusalError::Unknown),
    }
    let calls = shop
        .write(ctx, async move |tx| {
            let order = lock(tx, row.order_id).await?;
            // Before the money moves: that would end the row as a success of the gateway.
            end(tx, id, RefusalOutcome::Settled, &note).await?;
            match (kind, row.payment_id, row.refund_id) {
                (RefusalKind::Capture, Some(payment), _) => {
                    let order = order.ok_or(RefusalError::Unknown)?;
                    Ok(payments::captured_otherwise(tx, &order, payment, row.amount.unwrap_or(0)).await?)
                }
                (RefusalKind::Refund, _, Some(refund)) => {
                    payments::refunded_otherwise(tx, refund).await?;
                    if let Some(order) = &order {
                        release_when_refunded(tx, order).await?;
                    }
                    Ok(Vec::new())
                }
                _ => Err(RefusalError::Unknown),
            }
        })
        .await?;
    payments::carry_out(shop, calls).await;
    Ok(())
}

/// Ends a row without doing anything, with a reason. A refund that is missing at the gateway is set to failed, so that the money can be
/// refunded in another way.
///
/// # Errors
/// [`RefusalError::Note`] without a reason; [`PaymentError::Waiting`] when the gateway does not answer about a refund: it may have been
/// made.
pub async fn dismiss(shop: &Shop, ctx: &Context, id: RefusalId, note: &str) -> Result<(), RefusalError> {
    let (row, kind) = allowed(shop, ctx, id).await?;
    let note = text::reason(note).ok_or(RefusalError::Note)?;
    if let (RefusalKind::Refund, Some(refund)) = (kind, row.refund_id) {
        payments::check_refund(shop, refund).await?;
    }
    shop.write(ctx, async move |tx| {
        lock(tx, row.order_id).await?;
        end(tx, id, RefusalOutcome::Dismissed, &note).await?;
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

async fn end(tx: &mut Tx, id: RefusalId, outcome: RefusalOutcome, note: &str) -> Result<(), RefusalError> {
    if refusals::end(tx, id, outcome, note).await? { Ok(()) } else { Err(RefusalError::Unknown) }
}
