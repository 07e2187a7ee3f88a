//! Parcels that are returned: refused at the door, or undeliverable.

use domain::id::ParcelId;
use domain::order::{ParcelState, ReturnCause, ReturnedItems, ReturnedMoney};
use domain::permission::Permission;

use crate::inventory::events::StockReturned;
use crate::{Shop, accounting, inventory, orders, payments};
use platform::Context;

use super::events::ParcelReturned;
use super::{Contents, FulfilmentError, step, store};

/// What staff enter about a returned parcel.
#[derive(Clone, Debug)]
pub struct Returned {
    pub cause: ReturnCause,
    pub items: ReturnedItems,
    /// For money that was paid. Cash that was not collected is no longer due in either case.
    pub money: ReturnedMoney,
    /// A note for the staff, at most 200 characters.
    pub note: String,
}

/// Takes a shipped parcel back: its units are restocked or written off, and the books no longer carry their cost. Their price is no
/// longer due, or refunded. When nothing of the order is left, it is cancelled with its delivery fee, unless its money is kept.
///
/// # Errors
/// [`FulfilmentError::Step`] unless the parcel is on its way; [`FulfilmentError::NotCaptured`] when a part of a card payment that is only
/// authorised is to be refunded; not allowed, also when paid money is to be refunded and the caller may not refund.
pub async fn take_back(shop: &Shop, ctx: &Context, parcel: ParcelId, back: Returned) -> Result<(), FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    let note: String = back.note.trim().chars().take(200).collect();
    let calls = shop
        .write(ctx, async move |tx| {
            let (order, location) = step(tx, parcel, ParcelState::Returned).await?;
            store::set_cause(tx, parcel, back.cause, &note).await?;
            let Contents { lines, units, cost } = Contents::of(tx, parcel, "shipment.returned").await?;
            inventory::take_back(tx, (order.id, location), &lines, back.items, back.cause.as_str()).await?;
            let account = match back.items {
                ReturnedItems::Restock => "inventory",
                ReturnedItems::WriteOff => "inventory_adjustment",
            };
            let postings = [(account, cost), ("cost_of_goods_sold", -cost)];
            accounting::post(tx, "shipment.returned", Some(order.id), parcel.0, order.currency, &postings).await?;
            tx.record(order.id, StockReturned { parcel, units, items: back.items });
            tx.record(order.id, ParcelReturned { parcel, cause: back.cause, items: back.items, units });
            Ok::<_, FulfilmentError>(orders::settle_returned(tx, &order, &lines, back.cause, back.money).await?)
        })
        .await?;
    payments::carry_out(shop, calls).await;
    Ok(())
}
