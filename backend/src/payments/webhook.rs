//! News from the gateway.

use domain::id::PaymentEventId;
use domain::view::{RefusalKind, reasons};

use crate::Shop;
use crate::refusals::{self, Refusal};

use super::attempt::settle_one;
use super::gateway::{GatewayError, NoticeError};
use super::{PaymentError, failed_refund, jobs, lost, store};

/// Names webhooks that were not taken among refusals.
const NOT_TAKEN: &str = "webhook:not_taken";

/// Takes a webhook: checks its signature over the raw bytes, keeps its id, and asks the gateway where the payment stands now. So
/// it may come twice, late, out of order, or before the answer to the request that caused it. The answer is the HTTP status: 200
/// when it was taken (or is none of ours), 400 when it must not be believed, 404 without a gateway, 500 when it is to be sent again.
pub async fn webhook(shop: &Shop, signature: Option<&str>, body: &[u8]) -> u16 {
    match take(shop, signature.unwrap_or_default(), body).await {
        Ok(status) => status,
        Err(error) => {
            tracing::error!(%error, "a webhook was not kept");
            500
        }
    }
}

async fn take(shop: &Shop, signature: &str, body: &[u8]) -> Result<u16, PaymentError> {
    let Some(gateway) = super::open_gateway(shop) else { return Ok(404) };
    let notice = match gateway.notice(signature, body, shop.now()) {
        Ok(notice) => notice,
        Err(error) => {
            tracing::warn!(%error, "a webhook was refused");
            // What is not even signed comes from anybody and says nothing.
            if !signature.is_empty() {
                let reason = match error {
                    NoticeError::Signature => reasons::SIGNATURE,
                    NoticeError::Malformed => reasons::UNREADABLE,
                };
                let row = Refusal::new(RefusalKind::Webhook, NOT_TAKEN.to_owned(), reason);
                refusals::webhook_refused(shop, row).await?;
            }
            return Ok(400);
        }
    };
    refusals::webhook_taken(shop, NOT_TAKEN).await?;
    let Some(reference) = notice.reference else { return Ok(200) };
    let known = match store::by_reference(&mut shop.db(), &reference).await? {
        Some(attempt) => Some(attempt),
        None => match notice.payment {
            // It overtook the answer that names the intent.
            Some(payment) => store::by_id(&mut shop.db(), payment).await?,
            None => None,
        },
    };
    let Some(attempt) = known else {
        // One row for all of them: others may take payments with the same account.
        let row = Refusal::new(RefusalKind::Webhook, "webhook:unknown".to_owned(), reasons::UNKNOWN_PAYMENT);
        refusals::webhook_refused(shop, row).await?;
        return Ok(200);
    };
    let (inner, payment) = (shop.clone(), attempt.id);
    let (event, kind) = (notice.event, notice.kind);
    let (named, intent) = (event.clone(), reference.clone());
    shop.db()
        .write(async move |tx| {
            let at = inner.now();
            store::set_reference(tx, payment, &intent, super::account(&inner), at).await?;
            store::note_notice(tx, PaymentEventId(inner.id()), payment, &event, &kind, at).await
        })
        .await?;
    match settle_one(shop, payment, &reference).await {
        Ok(_) => {}
        Err(PaymentError::Db(error)) => return Err(error.into()),
        Err(PaymentError::Gateway(error)) if error.is_passing() => {
            let inner = shop.clone();
            shop.db().write(async move |tx| jobs::settle_later(tx, &inner, payment, &named).await).await?;
        }
        Err(PaymentError::Gateway(GatewayError::Missing(_))) => lost::note(shop, payment, reasons::NOT_KNOWN).await?,
        Err(error) => {
            tracing::error!(%payment, %error, "a webhook does not fit its payment");
            lost::note(shop, payment, reasons::MISMATCH).await?;
        }
    }
    failed_refund::look(shop, payment).await?;
    Ok(200)
}
