//! Payments that cannot be reconciled with the gateway: it knows nothing of them, or does not answer about them. The shop does not wait
//! for ever: the attempt ends, and it is shown to the staff.

use domain::Money;
use domain::id::PaymentId;
use domain::order::AttemptState;
use domain::view::{RefusalKind, reasons};

use platform::Context;
use platform::db::Tx;

use crate::refusals::{self, Refusal};
use crate::{Shop, orders};

use super::attempt::{self, is_unwanted, sync_attempt};
use super::gateway::GatewayError;
use super::reversal::void_locally;
use super::{PaymentError, store};

/// The key of a payment's refusal.
pub(super) fn refusal_key(payment: PaymentId) -> String {
    format!("payment:{payment}")
}

/// Ends an attempt and records a refusal for staff. Without a reason it is one that is missing at the gateway.
pub(super) async fn give_up(shop: &Shop, payment: PaymentId, reason: Option<&'static str>) -> Result<(), PaymentError> {
    let here = super::account(shop).map(|account| account.key);
    shop.db()
        .write(async move |tx| {
            let (_, attempt) = attempt::lock(tx, payment).await?;
            let reason = reason.unwrap_or(if attempt.gateway_account.is_some() && attempt.gateway_account != here {
                reasons::OTHER_ACCOUNT
            } else {
                reasons::NOT_KNOWN
            });
            void_locally(tx, payment).await?;
            record(tx, payment, reason).await
        })
        .await
}

/// Shows the staff that something is wrong with a payment; the attempt stays as it is.
pub(super) async fn report(shop: &Shop, payment: PaymentId, reason: &str) -> Result<(), PaymentError> {
    let reason = reason.to_owned();
    shop.db().write(async move |tx| record(tx, payment, &reason).await).await
}

async fn record(tx: &mut Tx, payment: PaymentId, reason: &str) -> Result<(), PaymentError> {
    let attempt = store::attempt(tx, payment).await?;
    let row = Refusal::new(RefusalKind::Payment, refusal_key(payment), reason);
    let amount = Some(Money::new(attempt.amount, attempt.currency));
    let row = Refusal { order: Some(attempt.order_id), payment: Some(payment), amount, ..row };
    Ok(refusals::record(tx, &row).await?)
}

/// Brings a payment to the gateway's state, before staff record that its money came in another way.
///
/// # Errors
/// [`PaymentError::Waiting`] when it does not answer.
pub(crate) async fn check_payment(shop: &Shop, payment: PaymentId) -> Result<(), PaymentError> {
    let attempt = store::attempt(&mut shop.db(), payment).await?;
    let Some(reference) = &attempt.gateway_ref else { return Ok(()) };
    match sync_attempt(shop, payment, reference).await {
        Err(PaymentError::Gateway(error)) if error.is_transient() => Err(PaymentError::Waiting),
        Ok(_) | Err(PaymentError::Gateway(_) | PaymentError::NoGateway | PaymentError::Mismatch(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Brings a payment to the gateway's state and ends its refusal, unless the bank still holds money that the order does not take.
///
/// # Errors
/// The gateway's.
pub(crate) async fn retry_check(shop: &Shop, ctx: &Context, payment: PaymentId) -> Result<(), PaymentError> {
    let attempt = store::attempt(&mut shop.db(), payment).await?;
    if let Some(reference) = &attempt.gateway_ref {
        let head = orders::head(&mut shop.db(), attempt.order_id).await?.ok_or(PaymentError::Unknown)?;
        match sync_attempt(shop, payment, reference).await {
            // A job lets it go; until then the row stays.
            Ok(intent) if intent.state == AttemptState::Authorised && is_unwanted(&head, &attempt) => return Ok(()),
            Ok(_) => {}
            Err(error @ PaymentError::Gateway(GatewayError::Missing(_))) => {
                report(shop, payment, reasons::NOT_KNOWN).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
    }
    shop.write(ctx, async move |tx| {
        refusals::succeeded(tx, &refusal_key(payment)).await?;
        Ok(())
    })
    .await
}
