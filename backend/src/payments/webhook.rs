//! What the card gateway tells by webhooks.

use domain::id::PaymentId;
use domain::view::{RefusalKind, reasons};

use crate::Shop;
use crate::refusals::{self, Refusal};

use super::attempt::sync_attempt;
use super::gateway::{GatewayAccount, GatewayError, WebhookError, WebhookEvent};
use super::store::Attempt;
use super::{PaymentError, failed_refund, jobs, reconciliation, store};

/// The key of the refusal for webhooks that were not accepted.
const NOT_ACCEPTED: &str = "webhook:not_taken";

/// Accepts a webhook: checks its signature over the raw bytes, fetches the payment from the gateway, and stores its id: one that comes
/// again changes nothing. It may come late, out of order, or before the answer to the request that caused it. The answer is the HTTP status:
/// 200 when it was accepted (or concerns no payment of the shop), 400 when its signature is wrong, 404 without a gateway, 500 when it is to
/// be sent again.
pub async fn accept_webhook(shop: &Shop, signature: Option<&str>, body: &[u8]) -> u16 {
    match accept(shop, signature.unwrap_or_default(), body).await {
        Ok(status) => status,
        Err(error) => {
            tracing::error!(%error, "a webhook was not stored");
            500
        }
    }
}

async fn accept(shop: &Shop, signature: &str, body: &[u8]) -> Result<u16, PaymentError> {
    let (Some(gateway), Some(account)) = (super::open_gateway(shop), super::account(shop)) else { return Ok(404) };
    let event = match gateway.read_webhook(signature, body, shop.now()) {
        Ok(event) => event,
        Err(error) => {
            tracing::warn!(%error, "a webhook was refused");
            record_unbelieved(shop, signature, &error).await?;
            return Ok(400);
        }
    };
    refusals::webhook_accepted(shop, NOT_ACCEPTED).await?;
    let Some(reference) = event.reference.clone() else { return Ok(200) };
    let Some(attempt) = attempt_of(shop, &account, &event, &reference).await? else {
        // One row for all of them: others may take payments with the same account.
        let row = Refusal::new(RefusalKind::Webhook, "webhook:unknown".to_owned(), reasons::UNKNOWN_PAYMENT);
        refusals::webhook_refused(shop, row).await?;
        return Ok(200);
    };
    let (payment, account) = (attempt.id, account.key);
    if store::is_known_webhook(&mut shop.db(), &account, &event.id).await? {
        return Ok(200);
    }
    if attempt.gateway_ref.is_none() {
        let (account, intent) = (account.clone(), reference.clone());
        shop.db().write(async move |tx| store::set_reference(tx, payment, &intent, Some(&account)).await).await?;
    }
    follow(shop, payment, &reference, event.id.clone()).await?;
    failed_refund::check(shop, payment).await?;
    // Last: what fails before is sent again, and followed then.
    shop.db().write(async move |tx| store::insert_webhook(tx, payment, &account, &event.id, &event.kind).await).await?;
    Ok(200)
}

/// Without a signature it can come from anybody, and is not shown to the staff.
async fn record_unbelieved(shop: &Shop, signature: &str, error: &WebhookError) -> Result<(), PaymentError> {
    if signature.is_empty() {
        return Ok(());
    }
    let reason = match error {
        WebhookError::Signature => reasons::SIGNATURE,
        WebhookError::Malformed => reasons::UNREADABLE,
    };
    Ok(refusals::webhook_refused(shop, Refusal::new(RefusalKind::Webhook, NOT_ACCEPTED.to_owned(), reason)).await?)
}

/// The attempt that a webhook is about.
async fn attempt_of(shop: &Shop, account: &GatewayAccount, event: &WebhookEvent, reference: &str) -> Result<Option<Attempt>, PaymentError> {
    match (store::by_reference(&mut shop.db(), account, reference).await?, event.payment) {
        (Some(attempt), _) => Ok(Some(attempt)),
        // It overtook the answer that names the intent.
        (None, Some(payment)) => Ok(store::find_attempt(&mut shop.db(), payment).await?),
        (None, None) => Ok(None),
    }
}

/// Brings the payment to the gateway's state; a job does it later when the gateway does not answer.
async fn follow(shop: &Shop, payment: PaymentId, reference: &str, event_id: String) -> Result<(), PaymentError> {
    match sync_attempt(shop, payment, reference).await {
        Ok(_) => Ok(()),
        Err(PaymentError::Db(error)) => Err(error.into()),
        Err(PaymentError::Gateway(error)) if error.is_transient() => {
            shop.db().write(async move |tx| jobs::sync_later(tx, payment, &event_id).await).await?;
            Ok(())
        }
        Err(PaymentError::Gateway(GatewayError::Missing(_))) => reconciliation::report(shop, payment, reasons::NOT_KNOWN).await,
        Err(error) => {
            tracing::error!(%payment, %error, "a webhook does not fit its payment");
            reconciliation::report(shop, payment, reasons::MISMATCH).await
        }
    }
}
