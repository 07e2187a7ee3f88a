//! Cancelling: stock, money and books go back together.

use std::collections::HashMap;

use domain::id::OrderId;
use domain::order::CancelCause;
use domain::permission::Permission;
use serde_json::json;

use crate::platform::Context;
use crate::platform::db::Tx;
use crate::platform::events::{self, Event};
use crate::{Shop, accounting, fulfilment, inventory, payments, pricing};

use super::{BY_SHOPPER, OrderError, refresh_states, store};

/// Cancels an order of which nothing was sent: what is reserved becomes available, parcels in preparation are unpacked, the sale is
/// taken out of the books, and the payment is given up or given back. Cancelled twice is cancelled once.
///
/// Money that is with the card gateway is asked back after the commit; where the gateway does not answer, a job repeats it.
///
/// # Errors
/// [`OrderError::Sent`] once a parcel left; [`OrderError::Reason`] without a reason.
pub async fn cancel(shop: &Shop, ctx: &Context, order: OrderId, reason: &str) -> Result<(), OrderError> {
    ctx.require(Permission::CancelOrders)?;
    let reason: String = reason.trim().chars().take(200).collect();
    if reason.is_empty() {
        return Err(OrderError::Reason);
    }
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let calls = shop.db().write(async move |tx| cancel_rows(tx, &inner, &ctx, order, &reason).await).await?;
    payments::carry_out(shop, calls).await;
    shop.feed().wake();
    Ok(())
}

/// A shopper cancels their own order, as long as no parcel of it is packed; the caller has checked that it is theirs. Whether a packer
/// or the shopper was first, the order's lock decides.
///
/// # Errors
/// [`OrderError::Packed`] once a parcel is packed.
pub async fn cancel_own(shop: &Shop, ctx: &Context, order: OrderId, cause: CancelCause) -> Result<(), OrderError> {
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let calls = shop
        .db()
        .write(async move |tx| {
            store::lock(tx, order).await?.ok_or(OrderError::Unknown)?;
            if fulfilment::beyond_picking(tx, order).await? != (0, 0) {
                return Err(OrderError::Packed);
            }
            cancel_rows(tx, &inner, &ctx, order, &format!("{BY_SHOPPER}{cause}")).await
        })
        .await?;
    payments::carry_out(shop, calls).await;
    shop.feed().wake();
    Ok(())
}

/// The shopper gives up a card order that is not paid. The gateway is told first to take no money for it any more. Given up twice is
/// given up once.
///
/// # Errors
/// [`OrderError::Paid`] when it was paid meanwhile, or takes no card; [`OrderError::Payment`] when the gateway does not answer.
pub async fn give_up_unpaid(shop: &Shop, ctx: &Context, order: OrderId) -> Result<(), OrderError> {
    let head = store::head(&mut shop.db(), order).await?.ok_or(OrderError::Unknown)?;
    if head.cancelled_at.is_some() {
        return Ok(());
    }
    if !payments::is_unpaid(&head) || payments::close_attempts(shop, order).await? {
        return Err(OrderError::Paid);
    }
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let calls = shop
        .db()
        .write(async move |tx| {
            let head = store::lock(tx, order).await?.ok_or(OrderError::Unknown)?;
            if head.cancelled_at.is_none() && (!payments::is_unpaid(&head) || payments::is_paid(tx, order).await?) {
                return Err(OrderError::Paid);
            }
            cancel_rows(tx, &inner, &ctx, order, &format!("{BY_SHOPPER}{}", CancelCause::Unsaid)).await
        })
        .await?;
    payments::carry_out(shop, calls).await;
    shop.feed().wake();
    Ok(())
}

/// The same inside a transaction; says what is to be done at the gateway afterwards.
pub(crate) async fn cancel_rows(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    order: OrderId,
    reason: &str,
) -> Result<Vec<payments::GatewayCall>, OrderError> {
    let head = store::lock(tx, order).await?.ok_or(OrderError::Unknown)?;
    if head.cancelled_at.is_some() {
        return Ok(Vec::new());
    }
    let at = shop.now();
    if fulfilment::beyond_picking(tx, order).await?.1 > 0 {
        return Err(OrderError::Sent);
    }
    fulfilment::give_up_open(tx, order).await?;
    let units = inventory::release(tx, order).await?;
    reverse(tx, shop, order, &head).await?;
    store::set_cancelled(tx, order, at, reason).await?;
    if let Some(code) = head.discount_code {
        // Who does not buy does not use it up.
        pricing::use_codes(tx, &HashMap::from([(code, -1)])).await?;
    }
    let calls = payments::unwind_rows(tx, shop, ctx, order).await?;
    refresh_states(tx, order).await?;
    let data = json!({ "reason": reason });
    let released = json!({ "units": units });
    let happened = [Event::new("order.cancelled", order.0, data), Event::new("stock.released", order.0, released)];
    events::append(tx, shop, ctx, at, &happened).await?;
    Ok(calls)
}

/// Takes the sale out of the books. What was refunded before becomes part of the reversal: afterwards the receivable is what was
/// captured and not yet given back, as a debt to the shopper.
async fn reverse(tx: &mut Tx, shop: &Shop, order: OrderId, head: &store::Head) -> Result<(), OrderError> {
    let mut postings: Vec<(&'static str, i64)> = Vec::new();
    let mut receivable = 0_i64;
    for (account, amount) in store::booked(tx, order).await? {
        match account.as_str() {
            "sales" => postings.push(("sales", -amount)),
            "shipping_income" => postings.push(("shipping_income", -amount)),
            "vat_payable" => postings.push(("vat_payable", -amount)),
            "sales_returns" => postings.push(("sales_returns", -amount)),
            // The receivable itself, and cash that refunds have paid already: what balances the rest.
            _ => {}
        }
    }
    for (_, amount) in &postings {
        receivable -= amount;
    }
    postings.push(("accounts_receivable", receivable));
    accounting::post(tx, shop, shop.now(), "order.cancelled", Some(order), order.0, head.currency, &postings).await?;
    Ok(())
}
