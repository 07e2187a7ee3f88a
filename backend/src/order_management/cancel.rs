//! Cancelling: stock, payment and books are reversed in one transaction.

use std::collections::BTreeMap;

use domain::books::{Account, EntryKind};
use domain::id::OrderId;
use domain::order::CancelCause;
use domain::permission::Permission;
use domain::text;

use crate::inventory::events::StockReleased;
use crate::orders::events::OrderCancelled;
use crate::orders::{self, BY_SHOPPER, LockedOrder, UnitState, lock, refresh_states};
use crate::{Shop, accounting, fulfilment, inventory, payments, pricing};
use platform::Context;
use platform::db::{DbError, Tx};

use super::OrderChangeError;

/// Cancels an order of which nothing was sent: reserved stock becomes available, open parcels are cancelled, the sale is reversed in
/// the books, and the payment is voided or refunded. Cancelling twice has no further effect.
///
/// The card gateway is called after the commit; where it does not answer, a job repeats the call.
///
/// # Errors
/// [`OrderChangeError::Sent`] once a parcel left; [`OrderChangeError::Reason`] without a reason.
pub async fn cancel(shop: &Shop, ctx: &Context, order: OrderId, reason: &str) -> Result<(), OrderChangeError> {
    ctx.require(Permission::CancelOrders)?;
    let reason = text::reason(reason).ok_or(OrderChangeError::Reason)?;
    change_order(shop, ctx, order, async move |tx, order| cancel_rows(tx, order, &reason).await).await
}

/// A shopper cancels their own order, as long as no parcel of it is packed; the caller has checked that it is theirs. The order's lock
/// decides between a shopper who cancels and a member of staff who packs.
///
/// # Errors
/// [`OrderChangeError::Packed`] once a parcel is packed.
pub async fn cancel_own(shop: &Shop, ctx: &Context, order: OrderId, cause: CancelCause) -> Result<(), OrderChangeError> {
    change_order(shop, ctx, order, async move |tx, order| {
        refuse_when_packed(tx, order).await?;
        cancel_rows(tx, order, &format!("{BY_SHOPPER}{cause}")).await
    })
    .await
}

/// A shopper cancels only as long as nothing of the order is packed; see `can_cancel` of the order's page.
pub(super) async fn refuse_when_packed(tx: &mut Tx, order: &LockedOrder) -> Result<(), OrderChangeError> {
    let parcels = fulfilment::count_parcels(tx, order.id).await?;
    if parcels.packed + parcels.sent > 0 { Err(OrderChangeError::Packed) } else { Ok(()) }
}

/// The shopper cancels a card order that is not paid. Its payments are cancelled at the gateway first, so that no money arrives
/// afterwards. Giving up twice has no further effect.
///
/// # Errors
/// [`OrderChangeError::Paid`] when it was paid meanwhile, or takes no card; [`OrderChangeError::Payment`] when the gateway does not answer.
pub async fn give_up_unpaid(shop: &Shop, ctx: &Context, order: OrderId) -> Result<(), OrderChangeError> {
    let head = orders::head(&mut shop.db(), order).await?.ok_or(OrderChangeError::Unknown)?;
    if head.cancelled_at.is_some() {
        return Ok(());
    }
    if !payments::is_unpaid(&head) || payments::close_attempts(shop, order).await? {
        return Err(OrderChangeError::Paid);
    }
    change_order(shop, ctx, order, async move |tx, order| {
        if order.cancelled_at.is_none() && (!payments::is_unpaid(order) || payments::is_paid(tx, order.id).await?) {
            return Err(OrderChangeError::Paid);
        }
        cancel_rows(tx, order, &format!("{BY_SHOPPER}{}", CancelCause::Unsaid)).await
    })
    .await
}

/// Changes an order under its lock, and makes the gateway calls that the change returns after the commit.
///
/// # Errors
/// [`OrderChangeError::Unknown`]; what `change` returns.
pub(super) async fn change_order<F>(shop: &Shop, ctx: &Context, order: OrderId, change: F) -> Result<(), OrderChangeError>
where
    F: AsyncFn(&mut Tx, &LockedOrder) -> Result<Vec<payments::GatewayCall>, OrderChangeError> + Send + 'static,
{
    let calls = shop
        .write(ctx, async move |tx| {
            let order = lock(tx, order).await?.ok_or(OrderChangeError::Unknown)?;
            change(tx, &order).await
        })
        .await?;
    payments::carry_out(shop, calls).await;
    Ok(())
}

/// [`cancel`] inside a transaction. Returns the gateway calls to be made after the commit.
pub(super) async fn cancel_rows(tx: &mut Tx, order: &LockedOrder, reason: &str) -> Result<Vec<payments::GatewayCall>, OrderChangeError> {
    if order.cancelled_at.is_some() {
        return Ok(Vec::new());
    }
    if fulfilment::count_parcels(tx, order.id).await?.sent > 0 {
        return Err(OrderChangeError::Sent);
    }
    let units = release_all(tx, order).await?;
    reverse(tx, order).await?;
    orders::set_cancelled(tx, order, reason).await?;
    let codes: BTreeMap<String, i64> = orders::discount_codes(tx, order.id).await?.into_iter().map(|code| (code, 1)).collect();
    if !codes.is_empty() {
        // A cancelled order does not count as a use of its code.
        pricing::return_code_uses(tx, &codes).await?;
    }
    let calls = payments::reverse_payments(tx, order).await?;
    refresh_states(tx, order).await?;
    tx.record(order.id, OrderCancelled { reason: reason.to_owned() });
    tx.record(order.id, StockReleased { units });
    Ok(calls)
}

/// Cancels open parcels and releases what is still reserved; returns the units.
pub(super) async fn release_all(tx: &mut Tx, order: &LockedOrder) -> Result<i64, DbError> {
    fulfilment::cancel_open_parcels(tx, order).await?;
    let released = inventory::release(tx, order.id).await?;
    let units = released.iter().map(|(_, units)| *units).sum();
    if !orders::count_units(tx, order, UnitState::Cancelled, released).await? {
        return Err(DbError::Invariant("more units are reserved than are open of their lines".into()));
    }
    Ok(units)
}

/// Reverses the sale in the books, refunds included: afterwards the receivable is what was captured and not yet refunded, as a debt
/// to the shopper.
async fn reverse(tx: &mut Tx, order: &LockedOrder) -> Result<(), OrderChangeError> {
    // The receivable balances them; money that refunds have paid stays paid.
    const REVERSED: [Account; 4] = [Account::Sales, Account::DeliveryIncome, Account::VatPayable, Account::SalesReturns];
    let kinds = [EntryKind::OrderPlaced, EntryKind::OrderReduced, EntryKind::PaymentRefunded, EntryKind::RefundReversed];
    let booked = accounting::posted_of_order(tx, order.id, &kinds).await?;
    let amount = |account: Account| booked.iter().filter(|sum| sum.0 == account).map(|sum| -sum.1).sum::<i64>();
    let mut postings: Vec<(Account, i64)> = REVERSED.map(|account| (account, amount(account))).into();
    postings.push((Account::AccountsReceivable, -postings.iter().map(|(_, amount)| amount).sum::<i64>()));
    accounting::post(tx, EntryKind::OrderCancelled, Some(order.id), order.id.0, order.currency, &postings).await?;
    Ok(())
}
