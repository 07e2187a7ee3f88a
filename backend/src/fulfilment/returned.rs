//! Parcels that come back: refused at the door, or not to be delivered.

use domain::id::{OrderLineId, ShipmentId};
use domain::order::{ReturnCause, ReturnedGoods, ReturnedMoney, ShipmentState};
use domain::permission::Permission;
use serde_json::json;

use crate::accounting::AccountingError;
use crate::platform::Context;
use crate::platform::events::{self, Event};
use crate::{Shop, accounting, inventory, orders, payments};

use super::{FulfilmentError, step, store, told};

/// What staff say of a parcel that came back.
#[derive(Clone, Debug)]
pub struct Returned {
    /// Why.
    pub cause: ReturnCause,
    /// What becomes of the goods.
    pub goods: ReturnedGoods,
    /// What becomes of money that was paid for them. Cash that was not collected is no longer due, whatever is said here.
    pub money: ReturnedMoney,
    /// A note for the staff, at most 200 characters.
    pub note: String,
}

/// A parcel that left is back: its goods are on the shelf again, or written off, and the books no longer carry their cost. What they cost is
/// no longer due, or goes back the way it came. With the last of an order the order is cancelled, unless its money is kept; a delivery
/// fee is then not due either.
///
/// # Errors
/// [`FulfilmentError::Step`] unless the parcel is on its way; [`FulfilmentError::NotCaptured`] when money is to go back that the bank still
/// holds, of an order that goes on; not allowed, also when paid money is to go back and the caller may not refund.
pub async fn take_back(shop: &Shop, ctx: &Context, parcel: ShipmentId, back: Returned) -> Result<(), FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    let note: String = back.note.trim().chars().take(200).collect();
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let calls = shop
        .db()
        .write(async move |tx| {
            let at = inner.now();
            let found = step(tx, parcel, ShipmentState::Returned, at).await?;
            store::set_cause(tx, parcel, back.cause, &note).await?;
            let lines = store::lines(tx, parcel).await?;
            let units: Vec<(OrderLineId, i64)> = lines.iter().map(|line| (line.0, line.1)).collect();
            inventory::take_back(tx, &inner, at, (found.order, found.location), &units, back.goods, back.cause.as_str()).await?;
            let cost = lines.iter().try_fold(0_i64, |sum, (_, units, cost)| sum.checked_add(units.checked_mul(*cost)?));
            let cost = cost.ok_or(AccountingError::Overflow("shipment.returned"))?;
            let worth = match back.goods {
                ReturnedGoods::Restock => "inventory",
                ReturnedGoods::WriteOff => "inventory_adjustment",
            };
            let (order, currency) = (found.order, found.currency);
            let postings = [(worth, cost), ("cost_of_goods_sold", -cost)];
            accounting::post(tx, &inner, at, "shipment.returned", Some(order), parcel.0, currency, &postings).await?;
            let sum: i64 = units.iter().map(|line| line.1).sum();
            let arrived = Event::new("stock.returned", order.0, json!({ "shipment": parcel, "units": sum, "goods": back.goods }));
            events::append(tx, &inner, &ctx, at, &[arrived]).await?;
            let data = json!({ "shipment": parcel, "cause": back.cause, "goods": back.goods, "units": sum });
            told(tx, &inner, &ctx, "shipment.returned", &found, data).await?;
            Ok::<_, FulfilmentError>(orders::take_off(tx, &inner, &ctx, order, &units, back.cause, back.money).await?)
        })
        .await?;
    payments::carry_out(shop, calls).await;
    shop.feed().wake();
    Ok(())
}
