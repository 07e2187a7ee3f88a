//! Reserving stock for orders, and releasing it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::Timestamp;
use domain::id::{LocationId, OrderId, OrderLineId, ReservationId, VariantId};
use domain::order::Channel;
use serde::Serialize;

use platform::db::{DbError, Hex, JsonRows, Tx, hex, json_ids, json_texts};

use super::{InventoryError, store};

/// Units that an order line needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    pub(crate) line: OrderLineId,
    pub(crate) variant: VariantId,
    pub(crate) units: i64,
}

/// What the lines of an order need.
#[derive(Clone, Debug)]
pub(crate) struct OrderDemand {
    /// Only locations that serve it are considered.
    pub(crate) channel: Channel,
    pub(crate) lines: Vec<Demand>,
}

/// Units that an order line gets from one location.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allocation {
    pub(crate) line: OrderLineId,
    pub(crate) variant: VariantId,
    pub(crate) location: LocationId,
    pub(crate) units: i64,
}

/// Waits for the stock of a variant, as long as the transaction may wait for a lock.
///
/// # Errors
/// The database's; [`DbError::Busy`] when the lock took too long.
pub(crate) async fn wait_for_stock(tx: &mut Tx, variant: VariantId) -> Result<(), DbError> {
    tx.lock("select 1 from stock where variant_id = $1 order by location_id for update", &[&variant]).await
}

/// Locks the stock of these variants without waiting. Returns those that another transaction holds.
///
/// # Errors
/// The database's.
pub(crate) async fn try_lock_stock(tx: &mut Tx, variants: &BTreeSet<VariantId>) -> Result<BTreeSet<VariantId>, DbError> {
    #[derive(PartialEq, Eq, PartialOrd, Ord, platform::db::FromRow)]
    struct Row {
        variant_id: VariantId,
        location_id: LocationId,
    }
    if variants.is_empty() || !tx.is_postgres() {
        return Ok(BTreeSet::new());
    }
    let ids = json_ids(variants);
    let locked: Vec<Row> = tx
        .fetch_all(
            "select variant_id, location_id from stock where variant_id in (select unhex(value->>'id') from json_each($1))
             order by variant_id, location_id for update skip locked",
            &[&ids],
        )
        .await?;
    let locked: BTreeSet<Row> = locked.into_iter().collect();
    let all: Vec<Row> = tx
        .fetch_all("select variant_id, location_id from stock where variant_id in (select unhex(value->>'id') from json_each($1))", &[&ids])
        .await?;
    Ok(all.into_iter().filter(|row| !locked.contains(row)).map(|row| row.variant_id).collect())
}

/// Reserves stock for many orders at once, in their order; [`try_lock_stock`] has locked its rows. An order gets all it needs or nothing,
/// from active locations that serve its channel; from one location that has the whole order where there is one, otherwise from the
/// locations in their order. The answer has one entry for each order, in order; [`insert_reservations`] writes what each got. `None` when another transaction took the same
/// stock meanwhile: the caller rolls back.
///
/// # Errors
/// The database's.
pub(crate) async fn reserve(tx: &mut Tx, orders: &[OrderDemand]) -> Result<Option<Vec<Option<Vec<Allocation>>>>, DbError> {
    let mut available = read_available(tx, orders).await?;
    let mut sums: BTreeMap<(VariantId, LocationId), i64> = BTreeMap::new();
    let mut allocated = Vec::with_capacity(orders.len());
    for OrderDemand { channel, lines } in orders {
        let allocations = available.get(channel).and_then(|available| allocate(lines, available));
        for Allocation { variant, location, units, .. } in allocations.iter().flatten() {
            *sums.entry((*variant, *location)).or_default() += units;
            for available in available.values_mut() {
                let there = available.get_mut(variant).and_then(|locations| locations.iter_mut().find(|there| there.0 == *location));
                if let Some(there) = there {
                    there.1 -= units;
                }
            }
        }
        allocated.push(allocations);
    }
    if !sums.is_empty() && move_to_reserved(tx, &sums).await? != sums.len() as u64 {
        return Ok(None);
    }
    Ok(Some(allocated))
}

/// Available units of variants, by location in the locations' order.
type Available = HashMap<VariantId, Vec<(LocationId, i64)>>;

/// What these orders can get, by channel.
async fn read_available(tx: &mut Tx, orders: &[OrderDemand]) -> Result<BTreeMap<Channel, Available>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        channel: Channel,
        variant_id: VariantId,
        location_id: LocationId,
        available: i64,
    }
    let variants: BTreeSet<VariantId> = orders.iter().flat_map(|order| &order.lines).map(|demand| demand.variant).collect();
    let channels: BTreeSet<Channel> = orders.iter().map(|order| order.channel).collect();
    let mut available: BTreeMap<Channel, Available> = BTreeMap::new();
    if variants.is_empty() {
        return Ok(available);
    }
    let ids = json_ids(variants);
    let rows: Vec<Row> = tx
        .fetch_all(
            concat!(
                "select c.channel, s.variant_id, s.location_id, s.available
                 from (select unhex(value->>'id') as id from json_each($1)) j
                 join stock s on s.variant_id = j.id join stock_locations l on l.id = s.location_id
                 cross join (select value->>'text' as channel from json_each($2)) c
                 where s.available > 0 and ",
                serves!("c.channel"),
                " order by l.position, l.id"
            ),
            &[&ids, &json_texts(channels.iter().map(|channel| channel.as_str()))],
        )
        .await?;
    for row in rows {
        available.entry(row.channel).or_default().entry(row.variant_id).or_default().push((row.location_id, row.available));
    }
    Ok(available)
}

/// Changes stock from available to reserved, as far as that much is available; returns how many rows were.
async fn move_to_reserved(tx: &mut Tx, sums: &BTreeMap<(VariantId, LocationId), i64>) -> Result<u64, DbError> {
    tx.execute(
        "update stock set available = available - d.units, reserved = reserved + d.units
         from (select unhex(value->>'variant') as variant, unhex(value->>'location') as location,
                cast(value->>'units' as bigint) as units from json_each($1)) d
         where stock.variant_id = d.variant and stock.location_id = d.location and stock.available >= d.units",
        &[&store::unit_rows(sums)],
    )
    .await
}

/// The locations that an order's units are taken from; `None` when there are not enough.
fn allocate(demands: &[Demand], available: &Available) -> Option<Vec<Allocation>> {
    let mut wanted: BTreeMap<VariantId, i64> = BTreeMap::new();
    for demand in demands {
        *wanted.entry(demand.variant).or_default() += demand.units;
    }
    for (variant, units) in &wanted {
        let all: i64 = available.get(variant)?.iter().map(|there| there.1).sum();
        if all < *units {
            return None;
        }
    }
    let candidates = demands.first().and_then(|demand| available.get(&demand.variant))?;
    let has_all = |location: &LocationId| {
        wanted.iter().all(|(v, units)| available.get(v).is_some_and(|there| there.iter().any(|l| l.0 == *location && l.1 >= *units)))
    };
    if let Some((location, _)) = candidates.iter().find(|(location, _)| has_all(location)) {
        let here = |d: &Demand| Allocation { line: d.line, variant: d.variant, location: *location, units: d.units };
        return Some(demands.iter().map(here).collect());
    }
    let mut rest: Available = wanted.keys().filter_map(|v| Some((*v, available.get(v)?.clone()))).collect();
    let mut allocations = Vec::new();
    for Demand { line, variant, units } in demands {
        let mut missing = *units;
        for (location, there) in rest.get_mut(variant)?.iter_mut() {
            let part = missing.min(*there);
            if part > 0 {
                *there -= part;
                missing -= part;
                allocations.push(Allocation { line: *line, variant: *variant, location: *location, units: part });
            }
        }
        if missing > 0 {
            return None;
        }
    }
    Some(allocations)
}

/// What [`reserve`] allocated to an order.
pub(crate) struct NewReservations<'a> {
    pub(crate) order: OrderId,
    pub(crate) allocations: &'a [Allocation],
    /// When they expire if the order is not paid by then.
    pub(crate) expires_at: Option<Timestamp>,
}

/// Inserts a reservation for each allocation of these orders; the orders and their lines are there already.
///
/// # Errors
/// The database's.
pub(crate) async fn insert_reservations(
    tx: &mut Tx,
    at: Timestamp,
    orders: impl Iterator<Item = NewReservations<'_>>,
) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        order: Hex<'a>,
        line: Hex<'a>,
        variant: Hex<'a>,
        location: Hex<'a>,
        units: i64,
        expires_at: Option<Timestamp>,
    }
    let mut rows = JsonRows::new();
    for NewReservations { order, allocations, expires_at } in orders {
        for Allocation { line, variant, location, units } in allocations {
            let id = ReservationId(tx.id());
            let (id, order) = (hex(&id), hex(&order));
            rows.push(&Row { id, order, line: hex(line), variant: hex(variant), location: hex(location), units: *units, expires_at });
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into reservations (id, order_id, order_line_id, variant_id, location_id, quantity, state, expires_at, at)
         select unhex(value->>'id'), unhex(value->>'order'), unhex(value->>'line'), unhex(value->>'variant'), unhex(value->>'location'),
            cast(value->>'units' as bigint), 'open', cast(value->>'expires_at' as bigint), $2 from json_each($1)",
        &[&rows.finish(), &at],
    )
    .await
    .map(drop)
}

/// Releases what is still reserved for an order. Returns the units of its lines.
///
/// # Errors
/// The database's.
pub(crate) async fn release(tx: &mut Tx, order: OrderId) -> Result<Vec<(OrderLineId, i64)>, DbError> {
    let open = store::open_reservations(tx, order).await?;
    let mut back: BTreeMap<(VariantId, LocationId), i64> = BTreeMap::new();
    for r in &open {
        *back.entry((r.variant, r.location)).or_default() += r.units - r.shipped;
    }
    if !open.is_empty() {
        store::unreserve(tx, &back).await?;
        store::close_reservations(tx, order).await?;
    }
    Ok(open.into_iter().map(|r| (r.line, r.units - r.shipped)).collect())
}

/// Releases some of the units that are reserved for an order: line, location and units of each.
///
/// # Errors
/// [`InventoryError::NotReserved`] when fewer are reserved there.
pub(crate) async fn release_units(tx: &mut Tx, order: OrderId, units: &[(OrderLineId, LocationId, i64)]) -> Result<(), InventoryError> {
    let mut open = store::open_reservations(tx, order).await?;
    let mut back: BTreeMap<(VariantId, LocationId), i64> = BTreeMap::new();
    for (line, location, units) in units {
        let mut rest = *units;
        for r in open.iter_mut().filter(|r| r.line == *line && r.location == *location) {
            let part = rest.min(r.units - r.shipped);
            if part == 0 {
                continue;
            }
            store::release_part(tx, r, part).await?;
            r.units -= part;
            rest -= part;
            *back.entry((r.variant, r.location)).or_default() += part;
        }
        if rest > 0 {
            return Err(InventoryError::NotReserved);
        }
    }
    store::unreserve(tx, &back).await?;
    Ok(())
}

/// The reservations of an order no longer expire: it is paid or authorised, or will be paid in cash.
///
/// # Errors
/// The database's.
pub async fn clear_expiry(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    tx.execute("update reservations set expires_at = null where order_id = $1 and state = 'open'", &[&order]).await.map(drop)
}

/// An order's reserved units that are not shipped: line, location and units.
///
/// # Errors
/// The database's.
pub async fn reserved_units(tx: &mut Tx, order: OrderId) -> Result<Vec<(OrderLineId, LocationId, i64)>, DbError> {
    let open = store::open_reservations(tx, order).await?;
    Ok(open.into_iter().map(|r| (r.line, r.location, r.units - r.shipped)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn demand(line: u128, variant: u128, units: i64) -> Demand {
        Demand { line: OrderLineId(Uuid::from_u128(line)), variant: self::variant(variant), units }
    }

    fn variant(n: u128) -> VariantId {
        VariantId(Uuid::from_u128(n))
    }

    fn location(n: u128) -> LocationId {
        LocationId(Uuid::from_u128(n))
    }

    #[test]
    fn two_units_in_two_locations_make_two_reservations() {
        let available = HashMap::from([(variant(2), vec![(location(3), 1), (location(4), 1)])]);
        assert_eq!(allocate(&[demand(1, 2, 2)], &available).map(|all| all.len()), Some(2));
    }

    #[test]
    fn two_lines_of_one_variant_are_added_up_first() {
        let available = HashMap::from([(variant(2), vec![(location(3), 3)])]);
        assert!(allocate(&[demand(1, 2, 2), demand(5, 2, 2)], &available).is_none());
    }

    #[test]
    fn the_location_that_has_the_whole_order_is_chosen() {
        let (a, b) = (location(3), location(4));
        let available = HashMap::from([(variant(2), vec![(a, 5), (b, 2)]), (variant(8), vec![(b, 1)])]);
        let all = allocate(&[demand(1, 2, 2), demand(9, 8, 1)], &available).unwrap_or_default();
        assert!(all.len() == 2 && all.iter().all(|allocation| allocation.location == b));
    }
}
