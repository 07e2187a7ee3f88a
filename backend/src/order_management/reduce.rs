//! Orders of which units come back or are not sent: their price is waived or refunded.

use std::collections::BTreeMap;

use domain::books::{Account, EntryKind};
use domain::credit::{self, Credit};
use domain::id::{LocationId, OrderId, OrderLineId, ParcelId};
use domain::order::{CancelCause, DeliveryState, FulfilmentState, PaymentMethod, PaymentState, ReturnCause, ReturnedItems, ReturnedMoney};
use domain::permission::Permission;
use domain::text;
use uuid::Uuid;

use crate::fulfilment::Returned;
use crate::inventory::events::StockReleased;
use crate::orders::events::OrderReduced;
use crate::orders::{self, BY_SHOPPER, Line, LockedOrder, UnitState, refresh_states};
use crate::{Shop, accounting, fulfilment, inventory, payments};
use platform::Context;
use platform::db::{DbError, Tx};
use platform::request_keys;

use super::OrderChangeError;
use super::cancel::{cancel_rows, change_order, refuse_when_packed, release_all};

/// The cancel reason of an order of which every unit was returned. Pages show it translated.
pub(crate) const fn returned_reason(cause: ReturnCause) -> &'static str {
    match cause {
        ReturnCause::Refused => "parcel.refused",
        ReturnCause::Undeliverable => "parcel.undeliverable",
    }
}

#[derive(Clone, Debug)]
pub struct CancelledUnits {
    /// Which units of which lines.
    pub lines: Vec<(OrderLineId, i64)>,
    /// With the delivery fee's share by their value?
    pub with_fee: bool,
    /// Whether they are for sale again, or are broken and written off.
    pub items: ReturnedItems,
}

/// [`cancel_some`], of units that are for sale again.
///
/// # Errors
/// As [`cancel_some`].
pub async fn cancel_units(
    shop: &Shop,
    ctx: &Context,
    order: OrderId,
    lines: Vec<(OrderLineId, i64)>,
    with_fee: bool,
    reason: &str,
) -> Result<(), OrderChangeError> {
    cancel_some(shop, ctx, order, CancelledUnits { lines, with_fee, items: ReturnedItems::Restock }, reason).await
}

/// Cancels units of an order that did not leave yet: their stock becomes available, or is written off as the loss that it is; open parcels
/// lose them, and their price is waived or refunded; with the delivery fee's share by the value of these units where that is asked
/// for. When nothing was sent and nothing is left to send, the order is cancelled with its fee.
///
/// # Errors
/// [`OrderChangeError::Units`] without any; [`OrderChangeError::TooManyUnits`] for more than are open; [`OrderChangeError::NotCaptured`]
/// while the gateway is asked to capture; [`OrderChangeError::Reason`].
pub async fn cancel_some(
    shop: &Shop,
    ctx: &Context,
    order: OrderId,
    cancelled: CancelledUnits,
    reason: &str,
) -> Result<(), OrderChangeError> {
    ctx.require(Permission::CancelOrders)?;
    let reason = text::reason(reason).ok_or(OrderChangeError::Reason)?;
    change_order(shop, ctx, order, async move |tx, order| {
        let ctx = tx.ctx().clone();
        let contents = format!("{} {cancelled:?} {reason}", order.id);
        if request_keys::answered(tx, &ctx, "order.cancel_units", &contents).await?.is_some() {
            return Ok(Vec::new());
        }
        let calls = cancel_unit_rows(tx, order, &cancelled, &reason).await?;
        request_keys::keep(tx, &ctx, "order.cancel_units", &contents, "").await?;
        Ok(calls)
    })
    .await
}

/// A shopper cancels units of their own order, with the fee's share, as long as no parcel of it is packed; the caller has checked that it
/// is theirs.
///
/// # Errors
/// As [`cancel_units`], and [`OrderChangeError::Packed`] once a parcel is packed or sent.
pub async fn cancel_own_units(
    shop: &Shop,
    ctx: &Context,
    order: OrderId,
    lines: Vec<(OrderLineId, i64)>,
    cause: CancelCause,
) -> Result<(), OrderChangeError> {
    change_order(shop, ctx, order, async move |tx, order| {
        let ctx = tx.ctx().clone();
        let contents = format!("{} {lines:?} {cause}", order.id);
        if request_keys::answered(tx, &ctx, "order.cancel_own_units", &contents).await?.is_some() {
            return Ok(Vec::new());
        }
        refuse_when_packed(tx, order).await?;
        let cancelled = CancelledUnits { lines: lines.clone(), with_fee: true, items: ReturnedItems::Restock };
        let calls = cancel_unit_rows(tx, order, &cancelled, &format!("{BY_SHOPPER}{cause}")).await?;
        request_keys::keep(tx, &ctx, "order.cancel_own_units", &contents, "").await?;
        Ok(calls)
    })
    .await
}

/// Cancels all units of an order that did not leave yet; see [`cancel_units`]. The delivery fee stays when a parcel was sent.
///
/// # Errors
/// [`OrderChangeError::Sent`] when all of it was sent; as [`cancel_units`].
pub async fn cancel_rest(shop: &Shop, ctx: &Context, order: OrderId, reason: &str) -> Result<(), OrderChangeError> {
    ctx.require(Permission::CancelOrders)?;
    let reason = text::reason(reason).ok_or(OrderChangeError::Reason)?;
    change_order(shop, ctx, order, async move |tx, order| {
        if fulfilment::count_parcels(tx, order.id).await?.sent == 0 {
            return cancel_rows(tx, order, &reason).await;
        }
        let lines = orders::lines(tx, order.id).await?;
        let open: Vec<(OrderLineId, i64)> = lines.iter().map(|line| (line.id, line.open())).filter(|(_, units)| *units > 0).collect();
        if open.is_empty() && order.cancelled_at.is_none() {
            return Err(OrderChangeError::Sent);
        }
        let open = CancelledUnits { lines: open, with_fee: false, items: ReturnedItems::Restock };
        cancel_unit_rows(tx, order, &open, &reason).await
    })
    .await
}

/// [`cancel_units`] inside a transaction. Returns the gateway calls to be made after the commit.
async fn cancel_unit_rows(
    tx: &mut Tx,
    order: &LockedOrder,
    cancelled: &CancelledUnits,
    reason: &str,
) -> Result<Vec<payments::GatewayCall>, OrderChangeError> {
    if order.cancelled_at.is_some() {
        return Ok(Vec::new());
    }
    let lines = orders::lines(tx, order.id).await?;
    let lines_off = units_to_cancel(&lines, &cancelled.lines)?;
    let units: i64 = lines_off.iter().map(|(_, units)| units).sum();
    let is_rest = units == lines.iter().map(Line::open).sum::<i64>();
    if is_rest && fulfilment::count_parcels(tx, order.id).await?.sent == 0 {
        let places = inventory::reserved_units(tx, order.id).await?;
        let calls = cancel_rows(tx, order, reason).await?;
        lose(tx, order, cancelled.items, &places, reason).await?;
        return Ok(calls);
    }
    if payments::is_capturing(tx, order).await? {
        return Err(OrderChangeError::NotCaptured);
    }
    let places =
        fulfilment::remove_units(tx, order, &lines_off).await?.ok_or(OrderChangeError::Stock(inventory::InventoryError::NotReserved))?;
    inventory::release_units(tx, order.id, &places).await?;
    lose(tx, order, cancelled.items, &places, reason).await?;
    if !orders::count_units(tx, order, UnitState::Cancelled, lines_off.iter().copied()).await? {
        return Err(DbError::Invariant("more units were cancelled than were open".into()).into());
    }
    tx.record(order.id, StockReleased { units });
    let credits = credit::of_units(&orders::price_parts(tx, order.id).await?, &lines_off, cancelled.with_fee);
    let (amount, _) = credit::sum(&credits);
    tx.record(order.id, OrderReduced { reason: reason.to_owned(), units, lines: lines_off, amount, currency: order.currency });
    settle(tx, order, None, &credits, (ReturnedMoney::Refund, reason)).await
}

/// Writes released units off, where that is what becomes of them.
async fn lose(
    tx: &mut Tx,
    order: &LockedOrder,
    items: ReturnedItems,
    places: &[(OrderLineId, LocationId, i64)],
    reason: &str,
) -> Result<(), OrderChangeError> {
    match items {
        ReturnedItems::Restock => Ok(()),
        ReturnedItems::WriteOff => Ok(inventory::write_off(tx, order.id, places, reason).await?),
    }
}

/// What is to be cancelled, each line once.
fn units_to_cancel(lines: &[Line], wanted: &[(OrderLineId, i64)]) -> Result<Vec<(OrderLineId, i64)>, OrderChangeError> {
    let mut sums: BTreeMap<OrderLineId, i64> = BTreeMap::new();
    for (id, units) in wanted {
        let line = lines.iter().find(|line| line.id == *id).ok_or(OrderChangeError::Unknown)?;
        let sum = sums.entry(*id).or_default();
        *sum = sum.saturating_add((*units).max(0));
        if *sum > line.open() || *units < 0 {
            return Err(OrderChangeError::TooManyUnits { line: *id, left: line.open() });
        }
    }
    sums.retain(|_, units| *units > 0);
    if sums.is_empty() { Err(OrderChangeError::Units) } else { Ok(sums.into_iter().collect()) }
}

/// Settles an order of which this parcel with these units was returned. When nothing of it is left, it is cancelled, unless its paid money is kept;
/// otherwise what is due is reduced. Returns the gateway calls to be made after the commit.
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
    let is_all = facts.units().fulfilment() == FulfilmentState::Returned;
    if is_all && (money == ReturnedMoney::Refund || !(paid || held)) {
        return cancel_rows(tx, order, returned_reason(cause)).await;
    }
    if facts.held > 0 && money == ReturnedMoney::Keep {
        return Ok(Vec::new());
    }
    if payments::is_capturing(tx, order).await? {
        return Err(OrderChangeError::NotCaptured);
    }
    let parts = orders::price_parts(tx, order.id).await?;
    // Nothing is left of it: the fee is not due either, and the money that is kept is for its units.
    let fee = parts.iter().filter(|part| is_all && part.part.line().is_none());
    let mut credits = fee.flat_map(|fee| credit::spread(std::slice::from_ref(fee), fee.left())).collect::<Vec<_>>();
    credits.extend(credit::of_units(&parts, units, false));
    settle(tx, order, Some(parcel.0), &credits, (money, returned_reason(cause))).await
}

/// Takes parts of its price off an order: what is still owed is waived, the rest is refunded or kept. When the order is delivered by then,
/// its cash is collected, but for what staff recorded as missing. `cause` is what the books refer to: the parcel that came back, otherwise
/// the first of the credit lines.
async fn settle(
    tx: &mut Tx,
    order: &LockedOrder,
    cause: Option<Uuid>,
    credits: &[Credit],
    (money, reason): (ReturnedMoney, &str),
) -> Result<Vec<payments::GatewayCall>, OrderChangeError> {
    let facts = orders::facts(tx, order.id).await?.ok_or(OrderChangeError::Unknown)?;
    let owed = (facts.payment().total - facts.captured).max(0);
    let (waived, paid) = credit::split(credits, owed);
    let mut calls = Vec::new();
    let first = orders::insert_credits(tx, order, None, &waived).await?;
    let (less, of_tax) = credit::sum(&waived);
    if less > 0 {
        calls.extend(payments::lower_due(tx, order, less).await?);
        let fee: i64 = waived.iter().filter(|credit| credit.part.is_delivery()).map(|credit| credit.amount - credit.tax).sum();
        let postings = [
            (Account::Sales, less - of_tax - fee),
            (Account::DeliveryIncome, fee),
            (Account::VatPayable, of_tax),
            (Account::AccountsReceivable, -less),
        ];
        let cause = cause.or(first.map(|line| line.0)).unwrap_or(order.id.0);
        accounting::post(tx, EntryKind::OrderReduced, Some(order.id), cause, order.currency, &postings).await?;
    }
    if money == ReturnedMoney::Refund && !paid.is_empty() {
        calls.extend(payments::refund_rows(tx, order, &paid, reason).await?);
        release_when_refunded(tx, order).await?;
    }
    refresh_states(tx, order).await?;
    let now = orders::head(tx, order.id).await?.ok_or(OrderChangeError::Unknown)?;
    if now.delivery_state == DeliveryState::Delivered && now.payment_method == PaymentMethod::Cash {
        payments::collect_rest(tx, order).await?;
    }
    Ok(calls)
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
    let units = release_all(tx, order).await?;
    if units > 0 {
        tx.record(order.id, StockReleased { units });
    }
    refresh_states(tx, order).await
}
