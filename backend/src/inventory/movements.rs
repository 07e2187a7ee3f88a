//! Movements: stock that is received, shipped and taken back.

use std::collections::BTreeMap;

use domain::books::{Account, EntryKind};
use domain::id::{LocationId, MovementId, OrderId, OrderLineId, VariantId};
use domain::{Money, Timestamp};

use crate::accounting::AccountingError;
use crate::{Shop, accounting, settings};
use platform::db::{DbError, Tx};

use super::{InventoryError, store};

/// A movement to be written.
#[derive(Clone, Debug)]
pub struct Movement {
    pub id: MovementId,
    pub variant: VariantId,
    pub location: LocationId,
    /// `received`, `shipped`, `returned` or `adjusted`.
    pub kind: &'static str,
    /// Units, negative when they leave.
    pub units: i64,
    pub reason: String,
    pub order: Option<OrderId>,
    pub at: Timestamp,
}

/// Takes reserved units out of the stock: movements, stock and reservations together. Only what is reserved at this location is taken,
/// oldest reservation first.
///
/// # Errors
/// [`InventoryError::NotReserved`] when less is reserved than is to be shipped.
pub async fn ship(tx: &mut Tx, order: OrderId, location: LocationId, lines: &[(OrderLineId, i64)]) -> Result<(), InventoryError> {
    let mut open = store::open_reservations(tx, order).await?;
    let mut shipped: BTreeMap<(VariantId, LocationId), i64> = BTreeMap::new();
    for (line, units) in lines {
        let mut rest = *units;
        for r in open.iter_mut().filter(|r| r.line == *line && r.location == location) {
            let part = rest.min(r.units - r.shipped);
            if part > 0 {
                r.shipped += part;
                rest -= part;
                *shipped.entry((r.variant, r.location)).or_default() += part;
                store::mark_shipped(tx, r.id, r.shipped, r.shipped == r.units).await?;
            }
        }
        if rest > 0 {
            return Err(InventoryError::NotReserved);
        }
    }
    store::take_out(tx, &shipped).await?;
    let moves: Vec<Movement> = shipped
        .iter()
        .map(|((variant, location), units)| Movement {
            id: MovementId(tx.id()),
            variant: *variant,
            location: *location,
            kind: "shipped",
            units: -units,
            reason: "order".into(),
            order: Some(order),
            at: tx.now(),
        })
        .collect();
    store::insert_movements(tx, &moves).await?;
    Ok(())
}

/// Units of an order's line that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReturnedLine {
    pub(crate) line: OrderLineId,
    pub(crate) units: i64,
    /// Those of `units` that are for sale again; the others are written off.
    pub(crate) restocked: i64,
}

/// Takes returned units of an order back at the location that they were shipped from: restocked, or written off, which the movements
/// show as a return and a loss. The caller counts the units of the lines, so that each comes back once.
///
/// # Errors
/// [`InventoryError::NotReserved`] when more is returned than was shipped of a line.
pub(crate) async fn take_back(
    tx: &mut Tx,
    (order, location): (OrderId, LocationId),
    lines: &[ReturnedLine],
    reason: &str,
) -> Result<(), InventoryError> {
    let all = store::reservations(tx, order).await?;
    let mut moves = Vec::new();
    for ReturnedLine { line, units, restocked } in lines {
        let (mut rest, mut lost) = (*units, units - restocked);
        for r in all.iter().filter(|r| r.line == *line && r.location == location) {
            let part = rest.min(r.shipped);
            if part == 0 {
                continue;
            }
            rest -= part;
            let (variant, reason, order, at) = (r.variant, reason.to_owned(), Some(order), tx.now());
            let back = Movement { id: MovementId(tx.id()), variant, location, kind: "returned", units: part, reason, order, at };
            let written_off = lost.min(part);
            if written_off > 0 {
                lost -= written_off;
                moves.push(Movement { id: MovementId(tx.id()), kind: "adjusted", units: -written_off, ..back.clone() });
            }
            moves.push(back);
        }
        if rest > 0 {
            return Err(InventoryError::NotReserved);
        }
    }
    store::insert_movements(tx, &moves).await?;
    store::add_on_hand(tx, &moves).await?;
    Ok(())
}

/// Gives each of these variants that has no stock row one at the shop's first location, and returns that location. A shop without any
/// location gets one, named like the shop.
///
/// # Errors
/// The database's.
pub async fn ensure_location(tx: &mut Tx, shop: &Shop, variants: &[VariantId]) -> Result<LocationId, DbError> {
    let first = match store::first_location(tx).await? {
        Some(location) => location,
        None => {
            store::create_location(tx, LocationId(tx.id()), &settings::shop(shop).name).await?;
            store::first_location(tx).await?.ok_or(DbError::NotFound)?
        }
    };
    store::insert_stock(tx, first, variants).await?;
    Ok(first)
}

/// Receives stock: many movements at once; missing rows of `stock` are created. For the seed, imports and new variants; units must not
/// be negative.
///
/// # Errors
/// The database's.
pub async fn receive(tx: &mut Tx, movements: &[Movement]) -> Result<(), DbError> {
    if movements.is_empty() {
        return Ok(());
    }
    store::insert_movements(tx, movements).await?;
    store::add_on_hand(tx, movements).await
}

/// [`receive`] of units that are worth this, which is booked.
///
/// # Errors
/// The books' and the database's.
pub(crate) async fn receive_at_cost(tx: &mut Tx, movements: &[Movement], value: Money) -> Result<(), AccountingError> {
    receive(tx, movements).await?;
    match movements.first() {
        Some(first) if value.minor != 0 => {
            let accounts = (Account::Inventory, Account::InventoryAdjustment);
            accounting::transfer(tx, EntryKind::StockReceived, None, first.id.0, value, accounts).await
        }
        _ => Ok(()),
    }
}
