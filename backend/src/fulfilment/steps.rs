//! The steps of a parcel after picking: packed or unpacked, shipped, delivered.

use domain::Money;
use domain::books::{Account, EntryKind};
use domain::id::{OrderLineId, ParcelId};
use domain::order::{DeliveryState, ParcelState, PaymentMethod};
use domain::permission::Permission;

use crate::inventory::events::StockShipped;
use crate::{Shop, accounting, inventory, orders, payments};
use platform::Context;
use platform::db::Tx;

use super::events::{ParcelCancelled, ParcelDelivered, ParcelPacked, ParcelShipped};
use super::{FulfilmentError, sendable, step, store, sum_of};

/// Marks a picked parcel as packed.
///
/// # Errors
/// [`FulfilmentError::Step`] unless the parcel is picked.
pub async fn pack(shop: &Shop, ctx: &Context, parcel: ParcelId) -> Result<(), FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    shop.write(ctx, async move |tx| {
        let (order, _) = step(tx, parcel, ParcelState::Packed).await?;
        tx.record(order.id, ParcelPacked { parcel });
        Ok(())
    })
    .await
}

/// Cancels a parcel that was not shipped: its units are open again.
///
/// # Errors
/// [`FulfilmentError::Step`] once it is shipped.
pub async fn unpack(shop: &Shop, ctx: &Context, parcel: ParcelId) -> Result<(), FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    shop.write(ctx, async move |tx| {
        let (order, _) = step(tx, parcel, ParcelState::Cancelled).await?;
        tx.record(order.id, ParcelCancelled { parcel });
        Ok(())
    })
    .await
}

/// Hands a packed parcel to a courier: its units leave the stock, the books carry their cost, an authorised card is captured. The
/// tracking number may be empty. Of an order without a delivery, from a counter, the courier may be empty too: it is handed over, and so is
/// delivered at once.
///
/// # Errors
/// [`FulfilmentError::Step`] unless the parcel is packed; [`FulfilmentError::Courier`].
pub async fn ship(shop: &Shop, ctx: &Context, parcel: ParcelId, courier: &str, tracking: &str) -> Result<(), FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    let (courier, tracking) = (courier.trim().to_owned(), tracking.trim().to_owned());
    if courier.chars().count() > 100 || tracking.chars().count() > 100 {
        return Err(FulfilmentError::Courier);
    }
    shop.write(ctx, async move |tx| {
        let (order, location) = step(tx, parcel, ParcelState::Shipped).await?;
        sendable(&order)?;
        let is_handed_over = courier.is_empty();
        if is_handed_over && order.delivery_code.is_some() {
            return Err(FulfilmentError::Courier);
        }
        store::set_courier(tx, parcel, &courier, &tracking).await?;
        let lines = store::lines(tx, parcel).await?;
        let wanted: Vec<(OrderLineId, i64)> = lines.iter().map(|line| (line.order_line_id, line.quantity)).collect();
        let costs = inventory::ship(tx, order.id, (parcel, location), &wanted).await?;
        store::set_costs(tx, parcel, lines.iter().map(|line| line.n).zip(costs.iter().copied())).await?;
        let cost = sum_of(costs)?.unwrap_or(Money::zero(order.currency));
        let accounts = (Account::CostOfGoodsSold, Account::Inventory);
        accounting::post_between(tx, EntryKind::ParcelShipped, Some(order.id), parcel.0, cost, accounts).await?;
        payments::request_capture(tx, &order).await?;
        tx.record(order.id, StockShipped { parcel, units: lines.iter().map(|line| line.quantity).sum() });
        tx.record(order.id, ParcelShipped { parcel, courier: courier.clone(), tracking: tracking.clone() });
        if is_handed_over { arrive(tx, parcel, Cash::AllDue).await } else { Ok(()) }
    })
    .await
}

/// Marks a parcel as delivered. With the last one of a cash-on-delivery order all of its cash is captured.
///
/// # Errors
/// [`FulfilmentError::Step`] unless the parcel is on its way.
pub async fn deliver(shop: &Shop, ctx: &Context, parcel: ParcelId) -> Result<(), FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    shop.write(ctx, async move |tx| arrive(tx, parcel, Cash::AllDue).await).await
}

/// [`deliver`] with the cash that the courier received for the parcel, minor units; none where none was to be collected for it. What is
/// missing stays due.
///
/// # Errors
/// As [`deliver`]; [`PaymentError::TooMuch`](payments::PaymentError::TooMuch) for more than is due, and then the parcel stays as it was.
pub async fn deliver_for(shop: &Shop, ctx: &Context, parcel: ParcelId, received: Option<i64>) -> Result<(), FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    let cash = received.map_or(Cash::NotAsked, Cash::Received);
    shop.write(ctx, async move |tx| arrive(tx, parcel, cash).await).await
}

/// The cash that came with a parcel.
#[derive(Clone, Copy)]
enum Cash {
    /// With the last parcel, all that is due of the order.
    AllDue,
    /// Minor units.
    Received(i64),
    /// None was to be collected for it. Where it is the last parcel all the same, as when another arrived meanwhile, what is due is missing.
    NotAsked,
}

async fn arrive(tx: &mut Tx, parcel: ParcelId, cash: Cash) -> Result<(), FulfilmentError> {
    let (order, _) = step(tx, parcel, ParcelState::Delivered).await?;
    tx.record(order.id, ParcelDelivered { parcel });
    let head = orders::head(tx, order.id).await?.ok_or(FulfilmentError::Unknown)?;
    let all_arrived = head.delivery_state == DeliveryState::Delivered;
    let received = match cash {
        Cash::Received(minor) => Some(minor),
        Cash::NotAsked => Some(0),
        Cash::AllDue => None,
    };
    if head.payment_method == PaymentMethod::Cash && (all_arrived || matches!(cash, Cash::Received(_))) {
        payments::collect_cash(tx, &order, received).await?;
    }
    Ok(())
}
