//! Refunds that the gateway took and could not deliver: days later the money is with the shop again.

use domain::id::{PaymentEventId, PaymentId};
use serde_json::json;

use crate::platform::db::Tx;
use crate::platform::events::{self, Event};
use crate::{Shop, accounting, orders};

use super::gateway::GatewayError;
use super::store::Refund;
use super::{PaymentError, asked_by, refund, store};

/// Asks the gateway where a payment's refunds stand, and takes back from the books those that failed. Called for each webhook about
/// the payment.
///
/// # Errors
/// The database's, or that the gateway does not answer: then the webhook is to be sent again.
pub(super) async fn look(shop: &Shop, payment: PaymentId) -> Result<(), PaymentError> {
    let refunds = store::refunds_at_gateway(&mut shop.db(), payment).await?;
    if refunds.is_empty() {
        return Ok(());
    }
    let attempt = store::by_id(&mut shop.db(), payment).await?.ok_or(PaymentError::Unknown)?;
    let (Some(gateway), Some(reference)) = (super::open_gateway(shop), attempt.gateway_ref) else { return Ok(()) };
    for refund in refunds {
        match gateway.refunded(&reference, refund.id).await {
            Ok(Some(found)) => {
                if let Some(why) = found.failure {
                    let inner = shop.clone();
                    shop.db().write(async move |tx| came_back(tx, &inner, &refund, &why).await).await?;
                    shop.feed().wake();
                }
            }
            Ok(None) | Err(GatewayError::Missing(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A refund failed: the money is here, and owed again.
async fn came_back(tx: &mut Tx, shop: &Shop, refund: &Refund, why: &str) -> Result<(), PaymentError> {
    let head = orders::lock(tx, refund.order_id).await?.ok_or(PaymentError::Unknown)?;
    let refund = store::refund(tx, refund.id).await?.ok_or(PaymentError::Unknown)?;
    match refund.state.as_str() {
        "pending" => return refund::fail(tx, shop, &refund, why).await,
        "done" => {}
        _ => return Ok(()),
    }
    if !store::refund_failed(tx, refund.id, "done", why).await? {
        return Ok(());
    }
    let (at, order, amount) = (shop.now(), refund.order_id, refund.amount);
    store::add_refunded(tx, refund.payment_id, -amount, at).await?;
    let postings = if head.cancelled_at.is_some() {
        vec![("accounts_receivable", -amount), ("cash", amount)]
    } else {
        // As it was posted: what is due of the order may have changed since.
        let tax = accounting::posted(tx, "payment.refunded", refund.id.0, "vat_payable").await?;
        vec![("sales_returns", tax - amount), ("vat_payable", -tax), ("cash", amount)]
    };
    accounting::post(tx, "payment.refund_reversed", Some(order), refund.id.0, head.currency, &postings).await?;
    let ctx = asked_by(shop, Some(refund.actor.as_str()));
    let data = json!({ "payment": refund.payment_id, "refund": refund.id, "amount": amount, "currency": head.currency, "failure": why });
    store::note(tx, PaymentEventId(shop.id()), refund.payment_id, "refund_failed", amount, &data, at).await?;
    orders::refresh_states(tx, &head).await?;
    events::append(tx, shop, &ctx, at, &[Event::new("payment.refund_failed", order.0, data)]).await?;
    refund::told_refused(tx, &ctx, &refund, why).await
}
