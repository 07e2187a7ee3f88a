//! Webhooks of the gateway.

use domain::view::{RefusalKind, reasons};

use crate::Shop;
use crate::refusals::{self, Refusal};

use super::attempt::settle_one;
use super::gateway::{GatewayError, WebhookError};
use super::{PaymentError, failed_refund, jobs, lost, store};

/// The key of the refusal for webhooks that were not accepted.
const NOT_TAKEN: &str = "webhook:not_taken";

/// Accepts a webhook: checks its signature over the raw bytes, stores its id, and fetches the payment from the gateway. So it may come
/// twice, late, out of order, or before the answer to the request that caused it. The answer is the HTTP status: 200 when it was
/// accepted (or is none of ours), 400 when it must not be believed, 404 without a gateway, 500 when it is to be sent again.
pub async fn webhook(shop: &Shop, signature: Option<&str>, body: &[u8]) -> u16 {
    match accept(shop, signature.unwrap_or_default(), body).await {
        Ok(status) => status,
        Err(error) => {
            tracing::error!(%error, "a webhook was not stored");
            500
        }
    }
}

async fn accept(shop: &Shop, signature: &str, body: &[u8]) -> Result<u16, PaymentError> {
    let Some(gateway) = super::open_gateway(shop) else { return Ok(404) };
    let event = match gateway.read_webhook(signature, body, shop.now()) {
        Ok(event) => event,
        Err(error) => {
            tracing::warn!(%error, "a webhook was refused");
            // Without a signature it can come from anybody, and is not shown to the staff.
            if !signature.is_empty() {
                let reason = match error {
                    WebhookError::Signature => reasons::SIGNATURE,
                    WebhookError::Malformed => reasons::UNREADABLE,
                };
                let row = Refusal::new(RefusalKind::Webhook, NOT_TAKEN.to_owned(), reason);
                refusals::webhook_refused(shop, row).await?;
            }
            return Ok(400);
        }
    };
    refusals::webhook_taken(shop, NOT_TAKEN).await?;
    let Some(reference) = event.reference else { return Ok(200) };
    let found = match store::by_reference(&mut shop.db(), &reference).await? {
        Some(attempt) => Some(attempt),
        None => match event.payment {
            // It overtook the answer that names the intent.
            Some(payment) => store::by_id(&mut shop.db(), payment).await?,
            None => None,
        },
    };
    let Some(attempt) = found else {
        // One row for all of them: others may take payments with the same account.
        let row = Refusal::new(RefusalKind::Webhook, "webhook:unknown".to_owned(), reasons::UNKNOWN_PAYMENT);
        refusals::webhook_refused(shop, row).await?;
        return Ok(200);
    };
    let (payment, event_id) = (attempt.id, event.id.clone());
    let (account, intent) = (super::account(shop), reference.clone());
    shop.db()
        .write(async move |tx| {
            store::set_reference(tx, payment, &intent, account.as_deref()).await?;
            store::insert_webhook(tx, payment, &event.id, &event.kind).await
        })
        .await?;
    match settle_one(shop, payment, &reference).await {
        Ok(_) => {}
        Err(PaymentError::Db(error)) => return Err(error.into()),
        Err(PaymentError::Gateway(error)) if error.is_passing() => {
            shop.db().write(async move |tx| jobs::settle_later(tx, payment, &event_id).await).await?;
        }
        Err(PaymentError::Gateway(GatewayError::Missing(_))) => lost::report(shop, payment, reasons::NOT_KNOWN).await?,
        Err(error) => {
            tracing::error!(%payment, %error, "a webhook does not fit its payment");
            lost::report(shop, payment, reasons::MISMATCH).await?;
        }
    }
    failed_refund::check(shop, payment).await?;
    Ok(200)
}
