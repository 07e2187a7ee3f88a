//! News from the gateway.

use domain::id::PaymentEventId;

use crate::Shop;

use super::attempt::settle_one;
use super::{PaymentError, jobs, store};

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
            return Ok(400);
        }
    };
    let Some(reference) = notice.reference else { return Ok(200) };
    let known = match store::by_reference(&mut shop.db(), &reference).await? {
        Some(attempt) => Some(attempt),
        None => match notice.payment {
            // It overtook the answer that names the intent.
            Some(payment) => store::by_id(&mut shop.db(), payment).await?,
            None => None,
        },
    };
    let Some(attempt) = known else { return Ok(200) };
    let (inner, payment) = (shop.clone(), attempt.id);
    let (event, kind) = (notice.event, notice.kind);
    let (named, intent) = (event.clone(), reference.clone());
    shop.db()
        .write(async move |tx| {
            let at = inner.now();
            store::set_reference(tx, payment, &intent, at).await?;
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
        Err(error) => tracing::error!(%payment, %error, "a webhook does not fit its payment"),
    }
    Ok(200)
}
