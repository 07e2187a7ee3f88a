//! Orders of which only a part arrives in the end: what came back or is not sent any more is not to be paid.

use domain::id::{OrderId, OrderLineId};
use domain::order::{AttemptState, DeliveryState, PaymentMethod, PaymentState, ReturnCause, ReturnedMoney};
use domain::permission::Permission;
use serde_json::json;

use crate::platform::Context;
use crate::platform::db::{DbError, Tx};
use crate::platform::events::{self, Event};
use crate::{Shop, accounting, fulfilment, inventory, payments};

use super::{OrderError, cancel_rows, refresh_states, store};

/// What an order that is cancelled because all of it came back has for a reason; shown in the reader's words.
pub(crate) const fn returned_reason(cause: ReturnCause) -> &'static str {
    match cause {
        ReturnCause::Refused => "parcel.refused",
        ReturnCause::Undeliverable => "parcel.undeliverable",
    }
}

/// Cancels what has not left of an order of which a parcel did: its stock becomes available, parcels in preparation are unpacked, and
/// what it costs is no longer due, or goes back the way it came. The delivery fee stays.
///
/// # Errors
/// [`OrderError::Sent`] when all of it left; [`OrderError::NotCaptured`] while the bank holds the money; [`OrderError::Reason`].
pub async fn cancel_rest(shop: &Shop, ctx: &Context, order: OrderId, reason: &str) -> Result<(), OrderError> {
    ctx.require(Permission::CancelOrders)?;
    let reason: String = reason.trim().chars().take(200).collect();
    if reason.is_empty() {
        return Err(OrderError::Reason);
    }
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let calls = shop
        .db()
        .write(async move |tx| {
            let head = store::lock(tx, order).await?.ok_or(OrderError::Unknown)?;
            if head.cancelled_at.is_some() {
                return Ok(Vec::new());
            }
            let (_, left) = fulfilment::beyond_picking(tx, order).await?;
            if left == 0 {
                return cancel_rows(tx, &inner, &ctx, order, &reason).await;
            }
            let open: Vec<(OrderLineId, i64)> =
                inventory::open_units(tx, order).await?.into_iter().map(|(line, _, units)| (line, units)).collect();
            if open.is_empty() {
                return Err(OrderError::Sent);
            }
            release_rest(tx, &inner, &ctx, order).await?;
            let (price, tax) = price_of(tx, order, &open).await?;
            let units: i64 = open.iter().map(|line| line.1).sum();
            let data = json!({ "reason": &reason, "units": units, "amount": price, "currency": head.currency });
            events::append(tx, &inner, &ctx, inner.now(), &[Event::new("order.reduced", order.0, data)]).await?;
            settle_less(tx, &inner, &ctx, &head, (price, tax), ReturnedMoney::Refund, &reason).await
        })
        .await?;
    payments::carry_out(shop, calls).await;
    shop.feed().wake();
    Ok(())
}

/// What follows for an order when these units of it came back: without anything left of it, the order is cancelled, unless its paid
/// money is kept; otherwise it is settled with less. Says what is to be done at the gateway afterwards.
///
/// # Errors
/// See [`fulfilment::take_back`].
pub(crate) async fn take_off(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    order: OrderId,
    units: &[(OrderLineId, i64)],
    cause: ReturnCause,
    money: ReturnedMoney,
) -> Result<Vec<payments::GatewayCall>, OrderError> {
    let head = store::lock(tx, order).await?.ok_or(OrderError::Unknown)?;
    let facts = store::facts(tx, order).await?.ok_or(OrderError::Unknown)?;
    if head.cancelled_at.is_some() {
        return Ok(Vec::new());
    }
    let paid = facts.captured > facts.refunded;
    let held = head.payment_state == PaymentState::Authorised;
    if money == ReturnedMoney::Refund && (paid || held) {
        ctx.require(Permission::RefundPayments)?;
    }
    if facts.goods().fulfilment() == domain::order::FulfilmentState::Returned {
        return if money == ReturnedMoney::Keep && (paid || held) {
            Ok(Vec::new())
        } else {
            cancel_rows(tx, shop, ctx, order, returned_reason(cause)).await
        };
    }
    let sum = price_of(tx, order, units).await?;
    settle_less(tx, shop, ctx, &head, sum, money, returned_reason(cause)).await
}

/// What these units cost and the tax inside it, minor units: their share of their lines. Shares of a line add up to it when all of its
/// units came back or are not sent.
async fn price_of(tx: &mut Tx, order: OrderId, units: &[(OrderLineId, i64)]) -> Result<(i64, i64), OrderError> {
    let share =
        |of: i64, units: i64, all: i64| i64::try_from(i128::from(of) * i128::from(units) / i128::from(all.max(1))).unwrap_or(i64::MAX);
    let (mut price, mut tax) = (0, 0);
    for (line, total, of_tax, quantity, off) in store::units_off(tx, order).await? {
        // `off` counts these units too: they have come back, or their reservation is gone.
        let these: i64 = units.iter().filter(|(id, _)| *id == line).map(|(_, units)| *units).sum();
        price += share(total, off, quantity) - share(total, off - these, quantity);
        tax += share(of_tax, off, quantity) - share(of_tax, off - these, quantity);
    }
    Ok((price, tax))
}

/// Takes a sum off what an order has to bring: what is owed is waived, the rest goes back or stays. Cash of which nothing more is
/// awaited is collected.
async fn settle_less(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    head: &store::Head,
    (price, tax): (i64, i64),
    money: ReturnedMoney,
    reason: &str,
) -> Result<Vec<payments::GatewayCall>, OrderError> {
    let (order, at) = (head.id, shop.now());
    let facts = store::facts(tx, order).await?.ok_or(OrderError::Unknown)?;
    if facts.latest == AttemptState::Authorised {
        // The bank holds all of it and pays all of it; what is not due of it can go back only then.
        return if money == ReturnedMoney::Keep { Ok(Vec::new()) } else { Err(OrderError::NotCaptured) };
    }
    let owed = (facts.total - facts.waived - facts.captured).max(0);
    let less = price.min(owed);
    if less > 0 {
        let of_tax = i64::try_from(i128::from(tax) * i128::from(less) / i128::from(price)).unwrap_or(tax);
        store::waive(tx, order, less, of_tax).await?;
        if head.payment_method == PaymentMethod::Cod {
            payments::lower_cash(tx, order, less, at).await?;
        }
        let postings = [("sales", less - of_tax), ("vat_payable", of_tax), ("accounts_receivable", -less)];
        accounting::post(tx, shop, at, "order.reduced", Some(order), shop.id(), head.currency, &postings).await?;
    }
    let mut calls = Vec::new();
    if price > less && money == ReturnedMoney::Refund {
        calls.extend(payments::refund_rows(tx, shop, ctx, order, price - less, reason).await?);
    }
    refresh_states(tx, order).await?;
    let now = store::head(tx, order).await?.ok_or(OrderError::Unknown)?;
    if now.delivery_state == DeliveryState::Delivered && now.payment_method == PaymentMethod::Cod {
        payments::collect_cash(tx, shop, ctx, order, None).await?;
    }
    Ok(calls)
}

/// Unpacks what did not leave, and gives back what is still reserved.
async fn release_rest(tx: &mut Tx, shop: &Shop, ctx: &Context, order: OrderId) -> Result<(), OrderError> {
    fulfilment::give_up_open(tx, order).await?;
    let units = inventory::release(tx, order).await?;
    if units > 0 {
        let released = Event::new("stock.released", order.0, json!({ "units": units }));
        events::append(tx, shop, ctx, shop.now(), &[released]).await?;
    }
    Ok(())
}

/// An order whose whole money went back is not sent any more: nothing stays reserved for it.
///
/// # Errors
/// The database's.
pub(crate) async fn let_go_when_refunded(tx: &mut Tx, shop: &Shop, ctx: &Context, order: OrderId) -> Result<(), DbError> {
    let Some(head) = store::head(tx, order).await? else { return Ok(()) };
    if head.payment_state != PaymentState::Refunded || head.cancelled_at.is_some() {
        return Ok(());
    }
    match release_rest(tx, shop, ctx, order).await {
        Ok(()) => refresh_states(tx, order).await,
        Err(OrderError::Db(error)) => Err(error),
        Err(other) => Err(DbError::Lost(other.to_string())),
    }
}
