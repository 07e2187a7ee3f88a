//! Stock: on hand, reserved and available for each variant and location.
//!
//! Movements are the truth and never edited; the `stock` row is their sum, changed in the same transaction:
//! `available = on_hand − reserved`, never below nothing. A reservation is taken by the transaction that makes its order, and
//! is closed by shipping or by release. `tindahan audit` proves the sums.

mod read;
mod store;

use std::collections::{BTreeMap, HashMap};

use domain::Timestamp;
use domain::id::{LocationId, MovementId, OrderId, OrderLineId, ReservationId, VariantId};
use domain::order::ReturnedGoods;
use domain::permission::Permission;
use uuid::Uuid;

use crate::accounting::{self, AccountingError};
use crate::platform::Context;
use crate::platform::context::Forbidden;
use crate::platform::db::{DbError, Tx};
use crate::platform::events::{self, Event};
use crate::platform::once::{self, KeyError};
use crate::{Shop, settings};

pub use read::{article, available_of, list, low, movements};
pub(crate) use store::{named, running_low};

/// Why stock was not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InventoryError {
    /// Not allowed.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Fewer are available than would have to go.
    #[error("only {available} can be taken away; {reserved} more are promised to orders")]
    NotEnough {
        /// Units that are free.
        available: i64,
        /// Units that are promised.
        reserved: i64,
    },
    /// Nothing reserved for this line, or less than is to be shipped.
    #[error("less is reserved for this order than is to be shipped")]
    NotReserved,
    /// An adjustment of nothing, or of more than a million units.
    #[error("an adjustment is a whole number from −1,000,000 to 1,000,000, and not 0")]
    Amount,
    /// An adjustment needs a reason.
    #[error("say why the stock changes")]
    Reason,
    /// No such variant or location.
    #[error("there is no such article at this place")]
    Unknown,
    /// The form's key was used for something else.
    #[error("this form was sent before with other contents")]
    KeyReused,
    #[error(transparent)]
    Books(#[from] AccountingError),
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
}

impl From<KeyError> for InventoryError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Reused => Self::KeyReused,
            KeyError::Db(error) => Self::Db(error),
        }
    }
}

/// What one order wants of stock.
#[derive(Clone, Debug)]
pub struct Need {
    /// Line and variant and units.
    pub lines: Vec<(OrderLineId, VariantId, i64)>,
}

/// What one order got: where each line's units are taken from.
pub type Taken = Vec<(OrderLineId, VariantId, LocationId, i64)>;

/// Locks the stock of these variants without waiting; says which of them somebody else holds, and [`take`] must not be asked for.
///
/// # Errors
/// The database's.
pub(crate) async fn lock_free(
    tx: &mut Tx,
    variants: &std::collections::BTreeSet<VariantId>,
) -> Result<std::collections::BTreeSet<VariantId>, DbError> {
    store::lock_free(tx, variants).await
}

/// Waits for the stock of a variant, as long as the transaction may wait for a lock.
///
/// # Errors
/// The database's; [`DbError::Busy`] when it was held for too long.
pub(crate) async fn wait_for(tx: &mut Tx, variant: VariantId) -> Result<(), DbError> {
    store::wait_for(tx, variant).await
}

/// Takes stock for many orders at once, who came first first. An order gets all it needs or nothing; one place for the whole
/// order where there is one, otherwise the places in their order. The answer has one entry for each need, in order.
///
/// # Errors
/// The database's; [`DbError::Lost`] when a rival took the same stock in between, after which the caller is tried again alone.
pub async fn take(tx: &mut Tx, needs: &[Need]) -> Result<Vec<Option<Taken>>, DbError> {
    let variants: std::collections::BTreeSet<VariantId> = needs.iter().flat_map(|n| n.lines.iter().map(|l| l.1)).collect();
    let mut left: HashMap<VariantId, Vec<(LocationId, i64)>> = HashMap::new();
    for (variant, location, available) in store::available_for_update(tx, &variants).await? {
        left.entry(variant).or_default().push((location, available));
    }
    let mut sums: BTreeMap<(VariantId, LocationId), i64> = BTreeMap::new();
    let mut answers = Vec::with_capacity(needs.len());
    for need in needs {
        let taken = choose(need, &left);
        for (_, variant, location, units) in taken.iter().flatten() {
            *sums.entry((*variant, *location)).or_default() += units;
            let place = left.get_mut(variant).and_then(|places| places.iter_mut().find(|p| p.0 == *location));
            if let Some(place) = place {
                place.1 -= units;
            }
        }
        answers.push(taken);
    }
    if !sums.is_empty() && store::reserve(tx, &sums).await? != sums.len() as u64 {
        return Err(DbError::Lost("another order took the same stock".into()));
    }
    Ok(answers)
}

/// Where an order's units come from; `None` when there is not enough.
fn choose(need: &Need, left: &HashMap<VariantId, Vec<(LocationId, i64)>>) -> Option<Taken> {
    let mut wanted: BTreeMap<VariantId, i64> = BTreeMap::new();
    for (_, variant, units) in &need.lines {
        *wanted.entry(*variant).or_default() += units;
    }
    for (variant, units) in &wanted {
        let all: i64 = left.get(variant)?.iter().map(|p| p.1).sum();
        if all < *units {
            return None;
        }
    }
    let first = need.lines.first().and_then(|l| left.get(&l.1))?;
    let has_all = |place: &LocationId| {
        wanted.iter().all(|(v, units)| left.get(v).is_some_and(|ps| ps.iter().any(|p| p.0 == *place && p.1 >= *units)))
    };
    if let Some((place, _)) = first.iter().find(|(place, _)| has_all(place)) {
        return Some(need.lines.iter().map(|(line, variant, units)| (*line, *variant, *place, *units)).collect());
    }
    let mut rest: HashMap<VariantId, Vec<(LocationId, i64)>> = wanted.keys().filter_map(|v| Some((*v, left.get(v)?.clone()))).collect();
    let mut taken = Vec::new();
    for (line, variant, units) in &need.lines {
        let mut open = *units;
        for place in rest.get_mut(variant)?.iter_mut() {
            let part = open.min(place.1);
            if part > 0 {
                place.1 -= part;
                open -= part;
                taken.push((*line, *variant, place.0, part));
            }
        }
        if open > 0 {
            return None;
        }
    }
    Some(taken)
}

/// A reservation to be written.
#[derive(Clone, Debug)]
pub struct NewReservation {
    pub id: ReservationId,
    /// For which order.
    pub order: OrderId,
    /// For which line.
    pub line: OrderLineId,
    /// What.
    pub variant: VariantId,
    /// Where.
    pub location: LocationId,
    pub units: i64,
    /// When it lapses if the order is not paid by then.
    pub expires_at: Option<Timestamp>,
}

pub(crate) use store::insert_reservations;

/// Gives back what is still reserved for an order; says how many units.
///
/// # Errors
/// The database's.
pub async fn release(tx: &mut Tx, order: OrderId) -> Result<i64, InventoryError> {
    let open = store::open_reservations(tx, order).await?;
    let mut back: BTreeMap<(VariantId, LocationId), i64> = BTreeMap::new();
    for r in &open {
        *back.entry((r.variant, r.location)).or_default() += r.units - r.shipped;
    }
    let units = back.values().sum();
    if !open.is_empty() {
        store::unreserve(tx, &back).await?;
        store::close_reservations(tx, order).await?;
    }
    Ok(units)
}

/// The reservation of an order can no longer lapse: it was paid.
///
/// # Errors
/// The database's.
pub async fn hold_for_good(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    store::hold_for_good(tx, order).await
}

/// Takes reserved units out of the house: movements, stock and reservations together. Says what the goods cost, minor units.
/// Only what is reserved at this place is taken, oldest reservation first.
///
/// # Errors
/// [`InventoryError::NotReserved`] when less is reserved than is to be shipped.
pub async fn ship(
    tx: &mut Tx,
    shop: &Shop,
    at: Timestamp,
    order: OrderId,
    location: LocationId,
    lines: &[(OrderLineId, i64)],
) -> Result<(), InventoryError> {
    let mut open = store::open_reservations(tx, order).await?;
    let mut gone: BTreeMap<(VariantId, LocationId), i64> = BTreeMap::new();
    for (line, units) in lines {
        let mut rest = *units;
        for r in open.iter_mut().filter(|r| r.line == *line && r.location == location) {
            let part = rest.min(r.units - r.shipped);
            if part > 0 {
                r.shipped += part;
                rest -= part;
                *gone.entry((r.variant, r.location)).or_default() += part;
                store::mark_shipped(tx, r.id, r.shipped, r.shipped == r.units).await?;
            }
        }
        if rest > 0 {
            return Err(InventoryError::NotReserved);
        }
    }
    store::take_out(tx, &gone).await?;
    let moves: Vec<Movement> = gone
        .iter()
        .map(|((variant, location), units)| Movement {
            id: MovementId(shop.id()),
            variant: *variant,
            location: *location,
            kind: "shipped",
            units: -units,
            reason: "order".into(),
            order: Some(order),
            at,
        })
        .collect();
    store::insert_movements(tx, &moves).await?;
    Ok(())
}

/// Takes units back that came back from an order, at the place that they left from: onto the shelf, or to be written off, which the
/// movements show as a return and a loss.
///
/// # Errors
/// [`InventoryError::NotReserved`] when more comes back than was shipped on a line.
pub async fn take_back(
    tx: &mut Tx,
    shop: &Shop,
    at: Timestamp,
    (order, location): (OrderId, LocationId),
    lines: &[(OrderLineId, i64)],
    goods: ReturnedGoods,
    reason: &str,
) -> Result<(), InventoryError> {
    let all = store::reservations(tx, order).await?;
    let mut moves = Vec::new();
    for (line, units) in lines {
        let mut rest = *units;
        for r in all.iter().filter(|r| r.line == *line && r.location == location) {
            let part = rest.min(r.shipped);
            if part == 0 {
                continue;
            }
            rest -= part;
            let (variant, reason, order) = (r.variant, reason.to_owned(), Some(order));
            let back = Movement { id: MovementId(shop.id()), variant, location, kind: "returned", units: part, reason, order, at };
            if goods == ReturnedGoods::WriteOff {
                moves.push(Movement { id: MovementId(shop.id()), kind: "adjusted", units: -part, ..back.clone() });
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

/// One movement to be written.
#[derive(Clone, Debug)]
pub struct Movement {
    pub id: MovementId,
    /// What.
    pub variant: VariantId,
    /// Where.
    pub location: LocationId,
    /// `received`, `shipped`, `returned` or `adjusted`.
    pub kind: &'static str,
    /// Units, negative when they leave.
    pub units: i64,
    /// Why.
    pub reason: String,
    /// For which order.
    pub order: Option<OrderId>,
    /// When.
    pub at: Timestamp,
}

/// Gives each of these variants that has none yet a place where its stock is counted: the shop's first. A shop without any
/// place gets one, named like the shop. Says which it is.
///
/// # Errors
/// The database's.
pub async fn place(tx: &mut Tx, shop: &Shop, variants: &[VariantId]) -> Result<LocationId, DbError> {
    let first = match store::first_place(tx).await? {
        Some(place) => place,
        None => {
            store::make_place(tx, LocationId(shop.id()), &settings::shop(shop).name).await?;
            store::first_place(tx).await?.ok_or(DbError::NotFound)?
        }
    };
    store::count_at(tx, first, variants).await?;
    Ok(first)
}

/// Receives goods: many movements at once, the rows of `stock` made where they are missing. For the seed, imports and new
/// variants; units must not be negative.
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

/// Changes the stock of a variant by so many units, with a reason; books the value at cost.
///
/// # Errors
/// [`InventoryError::NotEnough`] when more would go than is free.
pub async fn adjust(
    shop: &Shop,
    ctx: &Context,
    variant: VariantId,
    location: LocationId,
    delta: i64,
    reason: &str,
) -> Result<(), InventoryError> {
    ctx.require(Permission::WriteStock)?;
    if delta == 0 || delta.unsigned_abs() > 1_000_000 {
        return Err(InventoryError::Amount);
    }
    let reason = reason.trim().chars().take(200).collect::<String>();
    if reason.is_empty() {
        return Err(InventoryError::Reason);
    }
    let (shop, ctx) = (shop.clone(), ctx.clone());
    shop.clone()
        .db()
        .write(async move |tx| {
            let at = shop.now();
            // Held until the end: who sends the same form meanwhile waits for the answer to the first.
            let cost = store::lock_cost(tx, variant, location).await?;
            let wish = format!("{variant} {location} {delta} {reason}");
            if once::answered(tx, &ctx, "stock.adjust", &wish).await?.is_some() {
                return Ok(());
            }
            once::keep(tx, &ctx, "stock.adjust", &wish, "", at).await?;
            let Some((cost,)) = cost else {
                return Err(InventoryError::Unknown);
            };
            if !store::adjust(tx, variant, location, delta).await? {
                let (available, reserved) = store::free_and_promised(tx, variant, location).await?;
                return Err(InventoryError::NotEnough { available, reserved });
            }
            let movement = Movement {
                id: MovementId(shop.id()),
                variant,
                location,
                kind: "adjusted",
                units: delta,
                reason: reason.clone(),
                order: None,
                at,
            };
            store::insert_movements(tx, std::slice::from_ref(&movement)).await?;
            let value = cost.checked_mul(delta).ok_or(InventoryError::Amount)?;
            if value != 0 {
                let postings = [("inventory", value), ("inventory_adjustment", -value)];
                let currency = settings::shop_currency(&shop);
                accounting::post(tx, &shop, at, "stock.adjusted", None, movement.id.0, currency, &postings).await?;
            }
            let data = serde_json::json!({ "variant": variant, "location": location, "delta": delta, "reason": reason });
            events::append(tx, &shop, &ctx, at, &[Event::new("stock.adjusted", variant.0, data)]).await?;
            Ok(())
        })
        .await
}

/// Reserved rows as the transaction functions see them.
#[derive(Clone, Debug)]
pub(crate) struct Reserved {
    pub id: ReservationId,
    pub line: OrderLineId,
    pub variant: VariantId,
    pub location: LocationId,
    pub units: i64,
    pub shipped: i64,
}

/// Where an order's open units are: line, place and units, for pick lists.
///
/// # Errors
/// The database's.
pub async fn open_units(tx: &mut Tx, order: OrderId) -> Result<Vec<(OrderLineId, LocationId, i64)>, DbError> {
    let open = store::open_reservations(tx, order).await?;
    Ok(open.into_iter().map(|r| (r.line, r.location, r.units - r.shipped)).collect())
}

/// The id under which a reference to an order is booked.
#[must_use]
pub const fn reference(order: OrderId) -> Uuid {
    order.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn two_units_in_two_houses_make_two_reservations() {
        let need = Need { lines: vec![(OrderLineId(id(1)), VariantId(id(2)), 2)] };
        let left = HashMap::from([(VariantId(id(2)), vec![(LocationId(id(3)), 1), (LocationId(id(4)), 1)])]);
        assert_eq!(choose(&need, &left).map(|t| t.len()), Some(2));
    }

    #[test]
    fn two_lines_of_one_article_are_added_up_first() {
        let line = |n| (OrderLineId(id(n)), VariantId(id(2)), 2);
        let left = HashMap::from([(VariantId(id(2)), vec![(LocationId(id(3)), 3)])]);
        assert!(choose(&Need { lines: vec![line(1), line(5)] }, &left).is_none());
    }

    #[test]
    fn the_place_that_has_the_whole_order_is_chosen() {
        let need = Need { lines: vec![(OrderLineId(id(1)), VariantId(id(2)), 2), (OrderLineId(id(9)), VariantId(id(8)), 1)] };
        let (a, b) = (LocationId(id(3)), LocationId(id(4)));
        let left = HashMap::from([(VariantId(id(2)), vec![(a, 5), (b, 2)]), (VariantId(id(8)), vec![(b, 1)])]);
        let taken = choose(&need, &left).unwrap_or_default();
        assert!(taken.len() == 2 && taken.iter().all(|t| t.2 == b));
    }
}
