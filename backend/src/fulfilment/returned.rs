//! Parcels that are returned: refused at the door, or undeliverable.

use domain::books::{Account, EntryKind};
use domain::id::{OrderLineId, ParcelId};
use domain::order::{ParcelState, ReturnCause, ReturnedItems, ReturnedMoney};
use domain::text;

use crate::inventory::events::StockReturned;
use crate::orders::LockedOrder;
use crate::{accounting, inventory};
use platform::db::Tx;

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

/// Marks a parcel as returned: its units are restocked or written off, and the books no longer carry their cost. Returns the order as it
/// was before, and the units of its lines.
///
/// # Errors
/// [`FulfilmentError::Step`] unless the parcel is on its way.
pub(crate) async fn return_parcel(
    tx: &mut Tx,
    parcel: ParcelId,
    back: &Returned,
) -> Result<(LockedOrder, Vec<(OrderLineId, i64)>), FulfilmentError> {
    let note = text::reason(&back.note).unwrap_or_default();
    let (order, location) = step(tx, parcel, ParcelState::Returned).await?;
    store::set_cause(tx, parcel, back.cause, &note).await?;
    let Contents { lines, units, cost } = Contents::of(tx, &order, parcel).await?;
    inventory::take_back(tx, (order.id, location), &lines, back.items, back.cause.as_str()).await?;
    let account = match back.items {
        ReturnedItems::Restock => Account::Inventory,
        ReturnedItems::WriteOff => Account::InventoryAdjustment,
    };
    let accounts = (account, Account::CostOfGoodsSold);
    accounting::transfer(tx, EntryKind::ShipmentReturned, Some(order.id), parcel.0, cost, accounts).await?;
    tx.record(order.id, StockReturned { parcel, units, items: back.items });
    tx.record(order.id, ParcelReturned { parcel, cause: back.cause, items: back.items, units });
    Ok((order, lines))
}
