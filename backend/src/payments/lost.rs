//! Payments that the gateway cannot say anything about: it does not know them, or nobody answers. The shop does not wait for ever: the
//! attempt ends, and the staff look at it.

use domain::Money;
use domain::id::PaymentId;
use domain::order::AttemptState;
use domain::view::{RefusalKind, reasons};

use crate::platform::Context;
use crate::platform::db::Tx;
use crate::refusals::{self, Refusal};
use crate::{Shop, orders};

use super::attempt::{is_unwanted, settle_one};
use super::gateway::GatewayError;
use super::refund::void_unasked;
use super::{PaymentError, store};

/// Names a payment among refusals.
pub(super) fn key_of(payment: PaymentId) -> String {
    format!("payment:{payment}")
}

/// Ends an attempt that the gateway does not know, or that `reason` is known of, and writes it down for the staff.
pub(super) async fn lost(shop: &Shop, payment: PaymentId, reason: Option<&'static str>) -> Result<(), PaymentError> {
    let inner = shop.clone();
    shop.db()
        .write(async move |tx| {
            let found = store::by_id(tx, payment).await?.ok_or(PaymentError::Unknown)?;
            orders::lock(tx, found.order_id).await?;
            let here = super::account(&inner);
            let reason = reason.unwrap_or(if found.gateway_account.is_some() && found.gateway_account != here {
                reasons::OTHER_ACCOUNT
            } else {
                reasons::NOT_KNOWN
            });
            void_unasked(tx, &inner, &inner.system(), payment).await?;
            write_down(tx, &inner, payment, reason).await
        })
        .await?;
    shop.feed().wake();
    Ok(())
}

/// Writes down that something is wrong with a payment; the attempt stays as it is.
pub(super) async fn note(shop: &Shop, payment: PaymentId, reason: &str) -> Result<(), PaymentError> {
    let (inner, reason) = (shop.clone(), reason.to_owned());
    shop.db().write(async move |tx| write_down(tx, &inner, payment, &reason).await).await?;
    shop.feed().wake();
    Ok(())
}

async fn write_down(tx: &mut Tx, shop: &Shop, payment: PaymentId, reason: &str) -> Result<(), PaymentError> {
    let attempt = store::by_id(tx, payment).await?.ok_or(PaymentError::Unknown)?;
    let row = Refusal::new(RefusalKind::Payment, key_of(payment), reason);
    let amount = Some(Money::new(attempt.amount, attempt.currency));
    let row = Refusal { order: Some(attempt.order_id), payment: Some(payment), amount, ..row };
    Ok(refusals::record(tx, &shop.system(), &row).await?)
}

/// Asks the gateway where a payment stands, before its money is taken as come in another way. What it says counts.
///
/// # Errors
/// [`PaymentError::Waiting`] when it does not answer.
pub(crate) async fn look(shop: &Shop, payment: PaymentId) -> Result<(), PaymentError> {
    let attempt = store::by_id(&mut shop.db(), payment).await?.ok_or(PaymentError::Unknown)?;
    let Some(reference) = &attempt.gateway_ref else { return Ok(()) };
    match settle_one(shop, payment, reference).await {
        Err(PaymentError::Gateway(error)) if error.is_passing() => Err(PaymentError::Waiting),
        Ok(_) | Err(PaymentError::Gateway(_) | PaymentError::NoGateway | PaymentError::Mismatch(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Asks the gateway once more where a payment stands; what it knows counts, and the row ends, unless money is still held that nobody
/// wants.
///
/// # Errors
/// What it says, or that it does not.
pub(crate) async fn look_again(shop: &Shop, ctx: &Context, payment: PaymentId) -> Result<(), PaymentError> {
    let attempt = store::by_id(&mut shop.db(), payment).await?.ok_or(PaymentError::Unknown)?;
    if let Some(reference) = &attempt.gateway_ref {
        let head = orders::head(&mut shop.db(), attempt.order_id).await?.ok_or(PaymentError::Unknown)?;
        match settle_one(shop, payment, reference).await {
            // A job lets it go; until then the row stays.
            Ok(intent) if intent.state == AttemptState::Authorised && is_unwanted(&head, &attempt) => return Ok(()),
            Ok(_) => {}
            Err(error @ PaymentError::Gateway(GatewayError::Missing(_))) => {
                note(shop, payment, reasons::NOT_KNOWN).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
    }
    let ctx = ctx.clone();
    shop.db().write(async move |tx| refusals::succeeded(tx, &ctx, &key_of(payment)).await).await?;
    shop.feed().wake();
    Ok(())
}
