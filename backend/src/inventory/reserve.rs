//! Reserving stock for orders, and releasing it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::Timestamp;
use domain::id::{LocationId, OrderId, OrderLineId, ReservationId, VariantId};

use platform::db::{DbError, Tx};

use super::{InventoryError, store};

/// What one order needs of the stock.
#[derive(Clone, Debug)]
pub struct Need {
    /// Line, variant and units.
    pub lines: Vec<(OrderLineId, VariantId, i64)>,
}

/// What one order got: line, variant, location and units.
pub type Taken = Vec<(OrderLineId, VariantId, LocationId, i64)>;

/// Locks the stock of these variants without waiting. Returns those that another transaction holds; [`take`] would wait for them.
///
/// # Errors
/// The database's.
pub(crate) async fn lock_free(tx: &mut Tx, variants: &BTreeSet<VariantId>) -> Result<BTreeSet<VariantId>, DbError> {
    store::lock_free(tx, variants).await
}

/// Waits for the stock of a variant, as long as the transaction may wait for a lock.
///
/// # Errors
/// The database's; [`DbError::Busy`] when the lock took too long.
pub(crate) async fn wait_for(tx: &mut Tx, variant: VariantId) -> Result<(), DbError> {
    store::wait_for(tx, variant).await
}

/// Takes stock for many orders at once, in their order. An order gets all it needs or nothing; from one location that has the whole
/// order where there is one, otherwise from the locations in their order. The answer has one entry for each need, in order.
///
/// # Errors
/// The database's; [`DbError::Lost`] when another transaction took the same stock meanwhile: the caller is then tried again alone.
pub async fn take(tx: &mut Tx, needs: &[Need]) -> Result<Vec<Option<Taken>>, DbError> {
    let variants: BTreeSet<VariantId> = needs.iter().flat_map(|n| n.lines.iter().map(|l| l.1)).collect();
    let mut left: HashMap<VariantId, Vec<(LocationId, i64)>> = HashMap::new();
    for row in store::available_for_update(tx, &variants).await? {
        left.entry(row.variant_id).or_default().push((row.location_id, row.available));
    }
    let mut sums: BTreeMap<(VariantId, LocationId), i64> = BTreeMap::new();
    let mut answers = Vec::with_capacity(needs.len());
    for need in needs {
        let taken = choose(need, &left);
        for (_, variant, location, units) in taken.iter().flatten() {
            *sums.entry((*variant, *location)).or_default() += units;
            let free = left.get_mut(variant).and_then(|locations| locations.iter_mut().find(|free| free.0 == *location));
            if let Some(free) = free {
                free.1 -= units;
            }
        }
        answers.push(taken);
    }
    if !sums.is_empty() && store::reserve(tx, &sums).await? != sums.len() as u64 {
        return Err(DbError::Lost("another order took the same stock".into()));
    }
    Ok(answers)
}

/// The locations that an order's units are taken from; `None` when there are not enough.
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
    let has_all = |location: &LocationId| {
        wanted.iter().all(|(v, units)| left.get(v).is_some_and(|free| free.iter().any(|f| f.0 == *location && f.1 >= *units)))
    };
    if let Some((location, _)) = first.iter().find(|(location, _)| has_all(location)) {
        return Some(need.lines.iter().map(|(line, variant, units)| (*line, *variant, *location, *units)).collect());
    }
    let mut rest: HashMap<VariantId, Vec<(LocationId, i64)>> = wanted.keys().filter_map(|v| Some((*v, left.get(v)?.clone()))).collect();
    let mut taken = Vec::new();
    for (line, variant, units) in &need.lines {
        let mut open = *units;
        for (location, free) in rest.get_mut(variant)?.iter_mut() {
            let part = open.min(*free);
            if part > 0 {
                *free -= part;
                open -= part;
                taken.push((*line, *variant, *location, part));
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
    pub order: OrderId,
    pub line: OrderLineId,
    pub variant: VariantId,
    pub location: LocationId,
    pub units: i64,
    /// When it expires if the order is not paid by then.
    pub expires_at: Option<Timestamp>,
}

/// Releases what is still reserved for an order. Returns the units.
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

/// The reservation of an order no longer expires: it was paid.
///
/// # Errors
/// The database's.
pub async fn hold_for_good(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    store::hold_for_good(tx, order).await
}

/// An order's reserved units that are not shipped: line, location and units.
///
/// # Errors
/// The database's.
pub async fn open_units(tx: &mut Tx, order: OrderId) -> Result<Vec<(OrderLineId, LocationId, i64)>, DbError> {
    let open = store::open_reservations(tx, order).await?;
    Ok(open.into_iter().map(|r| (r.line, r.location, r.units - r.shipped)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

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
    fn two_lines_of_one_variant_are_added_up_first() {
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
