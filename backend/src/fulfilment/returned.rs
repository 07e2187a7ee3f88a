//! Parcels that are returned: refused at the door, or undeliverable.

use std::collections::BTreeMap;

use domain::books::{Account, EntryKind};
use domain::id::{OrderLineId, ParcelId};
use domain::order::{ParcelState, ReturnCause, ReturnedItems, ReturnedMoney};
use domain::stock::StockReason;
use domain::{Money, text};

use crate::inventory::ReturnedLine;
use crate::inventory::events::StockReturned;
use crate::orders::{self, LockedOrder, UnitState};
use crate::{accounting, inventory};
use platform::db::{DbError, Tx};

use super::events::ParcelReturned;
use super::store::ParcelLine;
use super::{FulfilmentError, step, store, sum_of};

/// What staff enter about a returned parcel.
#[derive(Clone, Debug)]
pub struct Returned {
    pub cause: ReturnCause,
    /// What becomes of its units.
    pub items: ReturnedItems,
    /// Units of lines that are written off where the others are restocked; none where all are written off.
    pub written_off: Vec<(OrderLineId, i64)>,
    /// For money that was paid. Cash that was not collected is waived in either case.
    pub money: ReturnedMoney,
    /// A note for the staff, at most 200 characters.
    pub note: String,
}

/// Marks a parcel as returned: its units are restocked or written off, and the books no longer carry their cost. Returns the order as it
/// was before, and the units of its lines.
///
/// # Errors
/// [`FulfilmentError::Step`] unless the parcel is on its way; [`FulfilmentError::TooManyDamaged`] when more units are written off than are
/// in it; [`FulfilmentError::AllAndSomeDamaged`] when all are and some are named besides; [`FulfilmentError::TooMany`] when a unit would
/// come back twice.
pub(crate) async fn return_parcel(
    tx: &mut Tx,
    parcel: ParcelId,
    back: &Returned,
) -> Result<(LockedOrder, Vec<(OrderLineId, i64)>), FulfilmentError> {
    let note = text::reason(&back.note).unwrap_or_default();
    let (order, location) = step(tx, parcel, ParcelState::Returned).await?;
    store::set_cause(tx, parcel, back.cause, &note).await?;
    let lines = store::lines(tx, parcel).await?;
    let returned = returned_lines(&lines, back)?;
    let (restocked, gone) = (returned.iter().map(|l| (l.line, l.restocked)), returned.iter().map(|l| (l.line, l.units - l.restocked)));
    let counted = orders::count_units(tx, &order, UnitState::Restocked, restocked.filter(|(_, units)| *units > 0)).await?
        && orders::count_units(tx, &order, UnitState::Returned, gone.filter(|(_, units)| *units > 0)).await?;
    if !counted {
        return Err(FulfilmentError::TooMany);
    }
    store::set_restocked(tx, parcel, lines.iter().map(|line| line.n).zip(&returned)).await?;
    let reason = match back.cause {
        ReturnCause::Refused => StockReason::Refused,
        ReturnCause::Undeliverable => StockReason::Undeliverable,
    };
    inventory::take_back(tx, order.id, (parcel, location), &returned, reason).await?;
    orders::refresh_states(tx, &order).await?;
    let cost = sum_of(returned.iter().map(|line| line.cost))?.unwrap_or(Money::zero(order.currency));
    let restocked = sum_of(returned.iter().map(ReturnedLine::restocked_cost))?.map_or(0, |restocked| restocked.minor);
    let postings =
        [(Account::Inventory, restocked), (Account::InventoryAdjustment, cost.minor - restocked), (Account::CostOfGoodsSold, -cost.minor)];
    accounting::post(tx, EntryKind::ParcelReturned, Some(order.id), parcel.0, cost.currency, &postings).await?;
    let units = lines.iter().map(|line| line.quantity).sum();
    tx.record(order.id, StockReturned { parcel, units, items: back.items });
    tx.record(order.id, ParcelReturned { parcel, cause: back.cause, items: back.items, units });
    Ok((order, lines.iter().map(|line| (line.order_line_id, line.quantity)).collect()))
}

/// What becomes of each line's units of a parcel that came back, in the order of the lines.
fn returned_lines(lines: &[ParcelLine], back: &Returned) -> Result<Vec<ReturnedLine>, FulfilmentError> {
    let mut written_off: BTreeMap<OrderLineId, i64> = BTreeMap::new();
    for (line, units) in &back.written_off {
        let most = lines.iter().filter(|row| row.order_line_id == *line).map(|row| row.quantity).sum();
        let sum = written_off.entry(*line).or_default();
        *sum = sum.saturating_add(*units);
        if *units < 0 || *sum > most {
            return Err(FulfilmentError::TooManyDamaged { line: *line, most });
        }
        if *units > 0 && back.items == ReturnedItems::WriteOff {
            return Err(FulfilmentError::AllAndSomeDamaged { line: *line });
        }
    }
    let mut returned = Vec::with_capacity(lines.len());
    for row in lines {
        let (line, units) = (row.order_line_id, row.quantity);
        let lost = match back.items {
            ReturnedItems::WriteOff => units,
            ReturnedItems::Restock => written_off.get_mut(&line).map_or(0, |rest| {
                let part = units.min(*rest);
                *rest -= part;
                part
            }),
        };
        let cost = row.cost().ok_or_else(|| DbError::Invariant("a parcel that left has lines without a cost".to_owned()))?;
        returned.push(ReturnedLine { line, units, restocked: units - lost, cost });
    }
    Ok(returned)
}
