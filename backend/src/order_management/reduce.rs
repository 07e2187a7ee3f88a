//! Orders of which a part is returned or not sent: that part is no longer due, or refunded.

use domain::books::{Account, EntryKind};
use domain::id::{OrderId, OrderLineId, ParcelId};
use domain::order::{AttemptState, DeliveryState, PaymentMethod, PaymentState, ReturnCause, ReturnedMoney};
use domain::permission::Permission;
use domain::text;
use uuid::Uuid;

use crate::fulfilment::Returned;
use crate::inventory::events::StockReleased;
use crate::orders::events::OrderReduced;
use crate::orders::{self, Facts, LockedOrder, lock, refresh_states};
use crate::{Shop, accounting, fulfilment, inventory, payments};
use platform::Context;
use platform::db::{DbError, Tx};

use super::cancel::cancel_rows;
use super::{OrderChangeError, store};

/// The cancel reason of an order of which every unit was returned. Pages show it translated.
pub(crate) const fn returned_reason(cause: ReturnCause) -> &'static str {
    match cause {
        ReturnCause::Refused => "parcel.refused",
        ReturnCause::Undeliverable => "parcel.undeliverable",
    }
}

/// Cancels the unsent rest of an order of which a parcel was sent: its stock becomes available, open parcels are cancelled, and its
/// price is no longer due, or refunded. The delivery fee stays.
///
/// # Errors
/// [`OrderChangeError::Sent`] when all of it was sent; [`OrderChangeError::NotCaptured`] while the card is only authorised;
/// [`OrderChangeError::Reason`].
pub async fn cancel_rest(shop: &Shop, ctx: &Context, order: OrderId, reason: &str) -> Result<(), OrderChangeError> {
    ctx.require(Permission::CancelOrders)?;
    let reason = text::reason(reason).ok_or(OrderChangeError::Reason)?;
    let calls = shop
        .write(ctx, async move |tx| {
            let order = lock(tx, order).await?.ok_or(OrderChangeError::Unknown)?;
            if order.cancelled_at.is_some() {
                return Ok(Vec::new());
            }
            if fulfilment::beyond_picking(tx, order.id).await?.sent == 0 {
                return cancel_rows(tx, &order, &reason).await;
            }
            let open: Vec<(OrderLineId, i64)> =
                inventory::open_units(tx, order.id).await?.into_iter().map(|(line, _, units)| (line, units)).collect();
            if open.is_empty() {
                return Err(OrderChangeError::Sent);
            }
            release_rest(tx, &order).await?;
            let price = price_of(tx, order.id, &open).await?;
            let units: i64 = open.iter().map(|line| line.1).sum();
            tx.record(order.id, OrderReduced { reason: reason.clone(), units, amount: price.total, currency: order.currency });
            let facts = orders::facts(tx, order.id).await?.ok_or(OrderChangeError::Unknown)?;
            reduce(tx, (&order, &facts), order.id.0, price, (ReturnedMoney::Refund, &reason)).await
        })
        .await?;
    payments::carry_out(shop, calls).await;
    Ok(())
}

/// Settles an order of which this parcel with these units was returned. When nothing of it is left, it is cancelled, unless its paid
/// money is kept; otherwise what is due is reduced. Returns the gateway calls to be made after the commit.
///
/// # Errors
/// See [`take_back`](super::take_back).
pub(super) async fn settle_returned(
    tx: &mut Tx,
    order: &LockedOrder,
    parcel: ParcelId,
    units: &[(OrderLineId, i64)],
    &Returned { cause, money, .. }: &Returned,
) -> Result<Vec<payments::GatewayCall>, OrderChangeError> {
    let facts = orders::facts(tx, order.id).await?.ok_or(OrderChangeError::Unknown)?;
    if order.cancelled_at.is_some() {
        return Ok(Vec::new());
    }
    let paid = facts.captured > facts.refunded;
    let held = facts.payment_state == PaymentState::Authorised;
    if money == ReturnedMoney::Refund && (paid || held) {
        tx.ctx().require(Permission::RefundPayments)?;
    }
    if facts.units().fulfilment() == domain::order::FulfilmentState::Returned {
        return if money == ReturnedMoney::Keep && (paid || held) {
            Ok(Vec::new())
        } else {
            cancel_rows(tx, order, returned_reason(cause)).await
        };
    }
    let price = price_of(tx, order.id, units).await?;
    reduce(tx, (order, &facts), parcel.0, price, (money, returned_reason(cause))).await
}

/// What some units of an order were charged with, minor units.
#[derive(Clone, Copy)]
struct Price {
    total: i64,
    /// Tax inside `total`.
    tax: i64,
}

/// The price of these units and the tax inside it, minor units: their share of their lines, rounded down over all units of a line that
/// are off so far. So the shares of a line add up to it when all of its units are off.
async fn price_of(tx: &mut Tx, order: OrderId, units: &[(OrderLineId, i64)]) -> Result<Price, OrderChangeError> {
    let share =
        |of: i64, units: i64, all: i64| i64::try_from(i128::from(of) * i128::from(units) / i128::from(all.max(1))).unwrap_or(i64::MAX);
    let mut price = Price { total: 0, tax: 0 };
    for line in store::units_off(tx, order).await? {
        // `off` includes these units: they were returned, or their reservation released, before.
        let these: i64 = units.iter().filter(|(id, _)| *id == line.id).map(|(_, units)| *units).sum();
        price.total += share(line.total, line.off, line.quantity) - share(line.total, line.off - these, line.quantity);
        price.tax += share(line.tax, line.off, line.quantity) - share(line.tax, line.off - these, line.quantity);
    }
    Ok(price)
}

/// Takes a sum off an order: what is still owed is waived, the rest is refunded or kept. When the order is delivered by then, its cash
/// is collected. `cause` is what the books refer to.
async fn reduce(
    tx: &mut Tx,
    (order, facts): (&LockedOrder, &Facts),
    cause: Uuid,
    price: Price,
    (money, reason): (ReturnedMoney, &str),
) -> Result<Vec<payments::GatewayCall>, OrderChangeError> {
    if facts.latest == AttemptState::Authorised {
        // An authorised card is captured in full; a part can be refunded only after that.
        return if money == ReturnedMoney::Keep { Ok(Vec::new()) } else { Err(OrderChangeError::NotCaptured) };
    }
    let owed = (facts.total - facts.waived - facts.captured).max(0);
    let less = price.total.min(owed);
    if less > 0 {
        let of_tax = i64::try_from(i128::from(price.tax) * i128::from(less) / i128::from(price.total)).unwrap_or(price.tax);
        orders::waive(tx, order, less, of_tax).await?;
        if order.payment_method == PaymentMethod::Cod {
            payments::lower_cash(tx, order, less).await?;
        }
        let postings = [(Account::Sales, less - of_tax), (Account::VatPayable, of_tax), (Account::AccountsReceivable, -less)];
        accounting::post(tx, EntryKind::OrderReduced, Some(order.id), cause, order.currency, &postings).await?;
    }
    let mut calls = Vec::new();
    if price.total > less && money == ReturnedMoney::Refund {
        calls.extend(payments::refund_rows(tx, order, price.total - less, reason).await?);
        release_when_refunded(tx, order).await?;
    }
    refresh_states(tx, order).await?;
    let now = orders::head(tx, order.id).await?.ok_or(OrderChangeError::Unknown)?;
    if now.delivery_state == DeliveryState::Delivered && now.payment_method == PaymentMethod::Cod {
        payments::collect_cash(tx, order, None).await?;
    }
    Ok(calls)
}

/// Cancels open parcels, and releases what is still reserved.
async fn release_rest(tx: &mut Tx, order: &LockedOrder) -> Result<(), DbError> {
    fulfilment::cancel_open_parcels(tx, order).await?;
    let units = inventory::release(tx, order.id).await?;
    if units > 0 {
        tx.record(order.id, StockReleased { units });
    }
    Ok(())
}

/// Releases what is reserved for an order that was refunded in full: it is not sent any more.
///
/// # Errors
/// The database's.
pub(crate) async fn release_when_refunded(tx: &mut Tx, order: &LockedOrder) -> Result<(), DbError> {
    let Some(now) = orders::head(tx, order.id).await? else { return Ok(()) };
    if now.payment_state != PaymentState::Refunded || now.cancelled_at.is_some() {
        return Ok(());
    }
    release_rest(tx, order).await?;
    refresh_states(tx, order).await
}
