//! Reversing the payments of an order that takes no more money: what was captured is refunded, what was not is voided.

use domain::id::PaymentId;
use domain::order::{AttemptState, CaptureState, Tender};

use platform::db::Tx;

use crate::orders::{LockedOrder, OrderHeader};
use crate::{Shop, orders, refusals};

use super::attempt::{apply, apply_rows, sync_attempt};
use super::gateway::{GatewayError, Intent};
use super::store::Attempt;
use super::{GatewayCall, PaymentError, capture, jobs, reconciliation, refund, store};

/// Voids or refunds every payment of a cancelled order. Requests to the gateway get a job each and are returned.
///
/// # Errors
/// The database's and the books'.
pub(crate) async fn reverse_payments(tx: &mut Tx, order: &LockedOrder) -> Result<Vec<GatewayCall>, PaymentError> {
    let mut calls = Vec::new();
    for attempt in store::of_order(tx, order.id).await? {
        store::end_capture(tx, attempt.id, CaptureState::Withdrawn, None).await?;
        refusals::not_wanted(tx, &capture::refusal_key(attempt.id)).await?;
        calls.extend(reverse_attempt(tx, &attempt).await?);
    }
    Ok(calls)
}

/// Releases what the bank still holds for an order of which all is paid, as when the shopper paid by two attempts. Requests to the gateway
/// get a job each and are returned.
pub(super) async fn release_surplus(tx: &mut Tx, order: &OrderHeader) -> Result<Vec<GatewayCall>, PaymentError> {
    let mut calls = Vec::new();
    if orders::owed(tx, order).await? > 0 {
        return Ok(calls);
    }
    for attempt in store::of_order(tx, order.id).await? {
        if attempt.state == AttemptState::Authorised {
            calls.extend(reverse_attempt(tx, &attempt).await?);
        }
    }
    Ok(calls)
}

/// Voids or refunds one payment.
pub(super) async fn reverse_attempt(tx: &mut Tx, attempt: &Attempt) -> Result<Vec<GatewayCall>, PaymentError> {
    let mut calls = Vec::new();
    match (attempt.state, &attempt.gateway_ref) {
        (AttemptState::Voided, _) => {}
        (AttemptState::Captured, _) => {
            let left = store::refundable(tx, attempt).await?;
            if left > 0 {
                let refund = refund::begin(tx, attempt, left, super::CANCELLED, &[]).await?;
                if attempt.tender == Tender::Card {
                    calls.push(GatewayCall::Refund(refund));
                }
            }
        }
        (_, Some(_)) => {
            jobs::void_later(tx, attempt.id).await?;
            calls.push(GatewayCall::Void(attempt.id));
        }
        (_, None) => void_locally(tx, attempt.id).await?,
    }
    Ok(calls)
}

/// Voids an attempt that was not begun at the gateway, or is unknown there.
pub(super) async fn void_locally(tx: &mut Tx, payment: PaymentId) -> Result<(), PaymentError> {
    apply_rows(tx, payment, &Intent::without_reference(payment, AttemptState::Voided), None).await.map(drop)
}

/// Sends a transaction's requests to the gateway. What does not succeed is left to the jobs.
pub(crate) async fn carry_out(shop: &Shop, calls: Vec<GatewayCall>) {
    for call in calls {
        let done = match call {
            GatewayCall::Void(payment) => void(shop, payment).await,
            GatewayCall::Refund(refund) => refund::perform(shop, refund).await,
        };
        if let Err(error) = done {
            tracing::warn!(?call, %error, "the gateway was not reached; a job asks it again");
        }
    }
}

/// Voids an attempt at the gateway. If it was paid meanwhile, the gateway's state counts.
pub(super) async fn void(shop: &Shop, payment: PaymentId) -> Result<(), PaymentError> {
    let attempt = store::attempt(&mut shop.db(), payment).await?;
    let Some(reference) = attempt.gateway_ref.clone() else { return Ok(()) };
    if matches!(attempt.state, AttemptState::Voided | AttemptState::Captured) {
        return Ok(());
    }
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    match gateway.cancel(&reference, &format!("void-{payment}")).await {
        Ok(intent) => apply(shop, payment, &intent).await,
        Err(GatewayError::Refused { message: refusal, .. }) => match sync_attempt(shop, payment, &reference).await {
            Err(PaymentError::Gateway(GatewayError::Missing(_))) => reconciliation::give_up(shop, payment, None).await,
            // The shopper's money stays held: the staff look at it.
            Ok(intent) if intent.state == AttemptState::Authorised => reconciliation::report(shop, payment, &refusal).await,
            other => other.map(drop),
        },
        // Nothing can be paid or held there.
        Err(GatewayError::Missing(_)) => reconciliation::give_up(shop, payment, None).await,
        Err(_) => Err(PaymentError::Waiting),
    }
}
