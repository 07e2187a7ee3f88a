//! Refunds that the gateway accepted and could not deliver: days later the money is with the shop again.

use domain::books::{Account, EntryKind};
use domain::id::{PaymentId, RefundId};

use platform::db::Tx;

use crate::{Shop, accounting, orders};

use super::events::RefundFailed;
use super::gateway::GatewayError;
use super::{PaymentError, context_of, refund, store};

/// Asks the gateway about a payment's refunds, and reverses those in the books that failed. Called for each webhook about the payment.
///
/// # Errors
/// The database's, or that the gateway does not answer: then the webhook is to be sent again.
pub(super) async fn check(shop: &Shop, payment: PaymentId) -> Result<(), PaymentError> {
    let refunds = store::refunds_at_gateway(&mut shop.db(), payment).await?;
    if refunds.is_empty() {
        return Ok(());
    }
    let attempt = store::attempt(&mut shop.db(), payment).await?;
    let (Some(gateway), Some(reference)) = (super::open_gateway(shop), attempt.gateway_ref) else { return Ok(()) };
    for refund in refunds {
        match gateway.refunded(&reference, refund.id).await {
            Ok(Some(found)) => {
                if let Some(why) = found.failure {
                    let ctx = context_of(shop.id(), Some(&refund.actor));
                    shop.write(&ctx, async move |tx| reverse(tx, refund.id, &why).await).await?;
                }
            }
            Ok(None) | Err(GatewayError::Missing(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Reverses a refund that failed: the money is here, and owed again.
async fn reverse(tx: &mut Tx, refund: RefundId, why: &str) -> Result<(), PaymentError> {
    let (order, refund) = refund::lock(tx, refund).await?;
    match refund.state.as_str() {
        "pending" => return refund::fail(tx, &refund, why).await,
        "done" => {}
        _ => return Ok(()),
    }
    if !store::refund_failed(tx, refund.id, "done", why).await? {
        return Ok(());
    }
    let (amount, currency) = (refund.amount, order.currency);
    store::add_refunded(tx, &refund, -amount).await?;
    let postings = if order.cancelled_at.is_some() {
        vec![(Account::AccountsReceivable, -amount), (Account::GatewayClearing, amount)]
    } else {
        // As it was posted.
        refund::refund_postings(tx, &refund, Account::GatewayClearing).await?.map(|(account, minor)| (account, -minor)).into()
    };
    accounting::post(tx, EntryKind::RefundReversed, Some(order.id), refund.id.0, currency, &postings).await?;
    let failed = RefundFailed { payment: refund.payment_id, refund: refund.id, amount, currency: Some(currency), failure: why.to_owned() };
    store::insert_event(tx, refund.payment_id, "refund_failed", amount, &failed).await?;
    orders::refresh_states(tx, &order).await?;
    tx.record(order.id, failed);
    refund::show_to_staff(tx, &refund, why).await
}
