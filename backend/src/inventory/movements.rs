//! Movements: stock that is received, shipped and taken back.

use std::collections::BTreeMap;

use domain::books::{Account, EntryKind};
use domain::id::{LocationId, MovementId, OrderId, OrderLineId, ParcelId, ProductId, VariantId};
use domain::stock::StockReason;
use domain::{Money, Timestamp};
use uuid::Uuid;

use crate::accounting::AccountingError;
use crate::{Shop, accounting, settings};
use platform::db::{DbError, Tx};

use super::cost::{issue, share};
use super::{InventoryError, store};

/// The document that a movement comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    Parcel(ParcelId),
    /// The product with its first stock, as it was made or imported.
    Product(ProductId),
}

impl Source {
    /// Its name in the table.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Parcel(_) => "parcel",
            Self::Product(_) => "product",
        }
    }

    pub(super) const fn id(self) -> Uuid {
        match self {
            Self::Parcel(parcel) => parcel.0,
            Self::Product(product) => product.0,
        }
    }
}

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
    /// What the units cost together, negative when they leave.
    pub value: Money,
    pub reason: StockReason,
    /// What staff typed beside the reason.
    pub note: String,
    /// None for what was counted.
    pub source: Option<Source>,
    pub at: Timestamp,
}

/// Takes reserved units of the lines of a parcel out of the stock: movements, stock, cost layers and reservations together. Only what is
/// reserved at this location is taken, oldest reservation first. Returns what the units of each line had cost, by moving average; that
/// is for the caller to book.
///
/// # Errors
/// [`InventoryError::NotReserved`] when less is reserved than is to be shipped.
pub async fn ship(
    tx: &mut Tx,
    order: OrderId,
    (parcel, location): (ParcelId, LocationId),
    lines: &[(OrderLineId, i64)],
) -> Result<Vec<Money>, InventoryError> {
    let mut open = store::open_reservations(tx, order).await?;
    let mut wanted = Vec::with_capacity(lines.len());
    for (line, units) in lines {
        let mut rest = *units;
        let mut variant = None;
        for r in open.iter_mut().filter(|r| r.line == *line && r.location == location) {
            let part = rest.min(r.units - r.shipped);
            if part > 0 {
                r.shipped += part;
                rest -= part;
                variant = Some(r.variant);
                store::mark_shipped(tx, r.id, r.shipped, r.shipped == r.units).await?;
            }
        }
        match variant {
            Some(variant) if rest == 0 => wanted.push(((variant, location), *units)),
            _ => return Err(InventoryError::NotReserved),
        }
    }
    let costs = issue(tx, &wanted, true).await?.ok_or(InventoryError::NotReserved)?;
    let mut shipped: BTreeMap<VariantId, (i64, Money)> = BTreeMap::new();
    for (((variant, _), units), cost) in wanted.iter().zip(&costs) {
        let sum = shipped.entry(*variant).or_insert((0, Money::zero(cost.currency)));
        *sum = (sum.0 + units, sum.1.plus(*cost).map_err(AccountingError::from)?);
    }
    let mut moves = Vec::with_capacity(shipped.len());
    for (variant, (units, cost)) in shipped {
        moves.push(Movement {
            id: MovementId(tx.id()),
            variant,
            location,
            kind: "shipped",
            units: -units,
            value: Money::new(-cost.minor, cost.currency),
            reason: StockReason::Order,
            note: String::new(),
            source: Some(Source::Parcel(parcel)),
            at: tx.now(),
        });
    }
    store::insert_movements(tx, &moves).await?;
    Ok(costs)
}

/// Units of an order line that come back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReturnedLine {
    pub(crate) line: OrderLineId,
    pub(crate) units: i64,
    /// Those of `units` that are for sale again; the others are written off.
    pub(crate) restocked: i64,
    /// What they had cost together when they left.
    pub(crate) cost: Money,
}

impl ReturnedLine {
    /// What the restocked units had cost.
    pub(crate) fn restocked_cost(&self) -> Money {
        Money::new(share(self.restocked, self.units, self.cost.minor), self.cost.currency)
    }
}

/// Takes returned units of a parcel back at the location that they were shipped from. Restocked ones come in at the cost at which they
/// left; for those that are written off the movements show a return and a loss. The caller books their cost, and counts the units of the lines, so that each comes back once.
///
/// # Errors
/// [`InventoryError::NotReserved`] when more is returned than was shipped of a line.
pub(crate) async fn take_back(
    tx: &mut Tx,
    order: OrderId,
    (parcel, location): (ParcelId, LocationId),
    lines: &[ReturnedLine],
    reason: StockReason,
) -> Result<(), InventoryError> {
    let all = store::reservations(tx, order).await?;
    let (mut restocked, mut gone) = (Vec::new(), Vec::new());
    for returned in lines {
        let there = || all.iter().filter(|r| r.line == returned.line && r.location == location);
        let variant = there().next().map(|r| r.variant).ok_or(InventoryError::NotReserved)?;
        if there().map(|r| r.shipped).sum::<i64>() < returned.units {
            return Err(InventoryError::NotReserved);
        }
        let (back, lost) = (returned.restocked_cost(), returned.units - returned.restocked);
        let movement = |kind, units, value| Movement {
            id: MovementId(tx.id()),
            variant,
            location,
            kind,
            units,
            value: Money::new(value, returned.cost.currency),
            reason,
            note: String::new(),
            source: Some(Source::Parcel(parcel)),
            at: tx.now(),
        };
        if returned.restocked > 0 {
            restocked.push(movement("returned", returned.restocked, back.minor));
        }
        if lost > 0 {
            let value = returned.cost.minor - back.minor;
            gone.push(movement("returned", lost, value));
            gone.push(movement("adjusted", -lost, -value));
        }
    }
    put_in(tx, &restocked).await?;
    store::insert_movements(tx, &gone).await?;
    Ok(())
}

/// Adds units to the stock at their cost: movements of one currency with their units, value and cost layers. Missing rows of `stock`
/// are created. The caller books the value.
pub(super) async fn put_in(tx: &mut Tx, movements: &[Movement]) -> Result<(), DbError> {
    store::insert_movements(tx, movements).await?;
    store::add_on_hand(tx, movements).await?;
    store::insert_layers(tx, movements).await
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

/// Receives stock at its cost, many movements of one currency at once, and books their value. Units must not be negative.
///
/// # Errors
/// The books' and the database's.
pub async fn receive(tx: &mut Tx, movements: &[Movement]) -> Result<(), AccountingError> {
    let Some(first) = movements.first() else { return Ok(()) };
    let value = movements.iter().try_fold(Money::zero(first.value.currency), |sum, movement| sum.plus(movement.value))?;
    put_in(tx, movements).await?;
    if value.minor == 0 {
        return Ok(());
    }
    let accounts = (Account::Inventory, Account::InventoryAdjustment);
    accounting::post_between(tx, EntryKind::StockReceived, None, first.id.0, value, accounts).await
}
