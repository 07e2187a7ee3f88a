//! The SQL of the stock.

mod on_hand;
mod pattern;
mod read;

use std::collections::BTreeMap;

use domain::id::{LocationId, OrderId, OrderLineId, ReservationId, VariantId};
use domain::stock::StockReason;
use domain::{Currency, Money, Timestamp};
use serde::Serialize;

use platform::db::{DbError, Hex, JsonRows, Tx, hex, json_ids};

use super::{Movement, Source};

pub(super) use on_hand::{OnHand, StockKey, add_on_hand, insert_layers, lock_on_hand, open_layers, set_remaining, write_on_hand};
pub(crate) use read::{NamedVariant, named, running_low};
pub(super) use read::{available_by_channel, count_low, list, list_value, location_choices, low, movements};

/// What the stock of a variant is worth over all locations, minor units.
pub(super) async fn worth(tx: &mut Tx, variant: VariantId) -> Result<i64, DbError> {
    tx.fetch_scalar("select coalesce(cast(sum(value) as bigint), 0) from stock where variant_id = $1", &[&variant]).await
}

/// Units of a variant at a location.
#[derive(Serialize)]
struct UnitsRow<'a> {
    variant: Hex<'a>,
    location: Hex<'a>,
    units: i64,
}

/// For `json_each`: `variant`, `location`, `units`.
pub(super) fn unit_rows(sums: &BTreeMap<(VariantId, LocationId), i64>) -> String {
    let rows: JsonRows = sums
        .iter()
        .map(|((variant, location), units)| UnitsRow { variant: hex(variant), location: hex(location), units: *units })
        .collect();
    rows.finish()
}

pub(super) async fn unreserve(tx: &mut Tx, sums: &BTreeMap<(VariantId, LocationId), i64>) -> Result<u64, DbError> {
    let rows = unit_rows(sums);
    lock_rows(tx, &rows).await?;
    tx.execute(
        "update stock set available = available + d.units, reserved = reserved - d.units
         from (select unhex(value->>'variant') as variant, unhex(value->>'location') as location,
                cast(value->>'units' as bigint) as units from json_each($1)) d
         where stock.variant_id = d.variant and stock.location_id = d.location and stock.status = 'sellable'",
        &[&rows],
    )
    .await
}

/// Locks in id order, so that two writers do not deadlock.
async fn lock_rows(tx: &mut Tx, rows: &String) -> Result<(), DbError> {
    tx.lock(
        "select 1 from stock where variant_id in (select unhex(value->>'variant') from json_each($1))
         order by variant_id, location_id for update",
        &[rows],
    )
    .await
}

/// Units that are reserved for a line of an order.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(super) struct Reservation {
    pub id: ReservationId,
    #[sqlx(rename = "order_line_id")]
    pub line: OrderLineId,
    #[sqlx(rename = "variant_id")]
    pub variant: VariantId,
    #[sqlx(rename = "location_id")]
    pub location: LocationId,
    #[sqlx(rename = "quantity")]
    pub units: i64,
    pub shipped: i64,
}

pub(super) async fn open_reservations(tx: &mut Tx, order: OrderId) -> Result<Vec<Reservation>, DbError> {
    tx.lock("select 1 from reservations where order_id = $1 order by id for update", &[&order]).await?;
    tx.fetch_all(
        "select id, order_line_id, variant_id, location_id, quantity, shipped from reservations
         where order_id = $1 and state = 'open' order by id",
        &[&order],
    )
    .await
}

pub(super) async fn reservations(tx: &mut Tx, order: OrderId) -> Result<Vec<Reservation>, DbError> {
    tx.fetch_all(
        "select id, order_line_id, variant_id, location_id, quantity, shipped from reservations where order_id = $1 order by id",
        &[&order],
    )
    .await
}

/// A reservation of which a part was shipped becomes `shipped` with that part; the rest is released.
pub(super) async fn close_reservations(tx: &mut Tx, order: OrderId) -> Result<u64, DbError> {
    tx.execute(
        "update reservations set state = case when shipped > 0 then 'shipped' else 'released' end, expires_at = null
         where order_id = $1 and state = 'open'",
        &[&order],
    )
    .await
}

/// Takes units out of an open reservation: they become a released one. A reservation of which nothing stays open is closed.
pub(super) async fn release_part(tx: &mut Tx, reservation: &Reservation, units: i64) -> Result<(), DbError> {
    let rest = reservation.units - units;
    if rest == reservation.shipped {
        let state = if reservation.shipped > 0 { "shipped" } else { "released" };
        let sql = "update reservations set state = $2, expires_at = null where id = $1";
        return tx.execute(sql, &[&reservation.id, &state]).await.map(drop);
    }
    let id = ReservationId(tx.id());
    tx.execute(
        "insert into reservations (id, order_id, order_line_id, variant_id, location_id, quantity, state, at)
         select $2, order_id, order_line_id, variant_id, location_id, $3, 'released', $4 from reservations where id = $1",
        &[&reservation.id, &id, &units, &tx.now()],
    )
    .await?;
    tx.execute("update reservations set quantity = $2 where id = $1", &[&reservation.id, &rest]).await.map(drop)
}

pub(super) async fn mark_shipped(tx: &mut Tx, id: ReservationId, shipped: i64, all: bool) -> Result<(), DbError> {
    let state = if all { "shipped" } else { "open" };
    tx.execute("update reservations set shipped = $2, state = $3 where id = $1", &[&id, &shipped, &state]).await?;
    Ok(())
}

#[derive(Serialize)]
struct MovementRow<'a> {
    id: Hex<'a>,
    variant: Hex<'a>,
    location: Hex<'a>,
    kind: &'a str,
    units: i64,
    worth: i64,
    currency: Currency,
    reason: StockReason,
    note: &'a str,
    actor: &'a str,
    source_kind: Option<&'a str>,
    source: Option<Hex<'a>>,
    at: Timestamp,
}

/// Movements by the actor of the transaction.
pub(super) async fn insert_movements(tx: &mut Tx, movements: &[Movement]) -> Result<(), DbError> {
    let actor = tx.ctx().actor.to_string();
    let mut rows = JsonRows::new();
    for m in movements {
        let source = m.source.map(Source::id);
        rows.push(&MovementRow {
            id: hex(&m.id),
            variant: hex(&m.variant),
            location: hex(&m.location),
            kind: m.kind,
            units: m.units,
            worth: m.value.minor,
            currency: m.value.currency,
            reason: m.reason,
            note: &m.note,
            actor: &actor,
            source_kind: m.source.map(Source::kind),
            source: source.as_ref().map(hex),
            at: m.at,
        });
    }
    tx.write_rows(
        "insert into stock_movements
            (id, variant_id, location_id, kind, quantity, value, currency, reason, note, actor, source_kind, source_id, at)
         select unhex(value->>'id'), unhex(value->>'variant'), unhex(value->>'location'), value->>'kind',
            cast(value->>'units' as bigint), cast(value->>'worth' as bigint), value->>'currency', value->>'reason',
            value->>'note', value->>'actor', value->>'source_kind', unhex(value->>'source'), cast(value->>'at' as bigint) from json_each($1)",
        rows,
    )
    .await
}

pub(super) async fn first_location(tx: &mut Tx) -> Result<Option<LocationId>, DbError> {
    tx.fetch_optional_scalar("select id from stock_locations order by active desc, position, id limit 1", &[]).await
}

/// Creates the first location of a shop, unless another transaction just did.
pub(super) async fn create_location(tx: &mut Tx, id: LocationId, name: &str) -> Result<(), DbError> {
    tx.execute(
        "insert into stock_locations (id, code, name, kind, position) values ($1, 'main', $2, 'store', 1) on conflict (code) do nothing",
        &[&id, &name],
    )
    .await
    .map(drop)
}

/// Creates a row of `stock` at this location for each variant that has none anywhere.
pub(super) async fn insert_stock(tx: &mut Tx, location: LocationId, variants: &[VariantId]) -> Result<(), DbError> {
    if variants.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into stock (variant_id, location_id, currency)
         select v.id, $2, v.cost_currency from (select unhex(value->>'id') as id from json_each($1)) j join variants v on v.id = j.id
         where not exists (select 1 from stock s where s.variant_id = v.id) on conflict (variant_id, location_id, status) do nothing",
        &[&json_ids(variants), &location],
    )
    .await
    .map(drop)
}

/// The cost of one unit of a variant, when variant and location exist. The variant is locked until the end of the transaction.
pub(super) async fn lock_cost(tx: &mut Tx, variant: VariantId, location: LocationId) -> Result<Option<Money>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        cost: i64,
        cost_currency: Currency,
    }
    tx.lock("select 1 from variants where id = $1 for no key update", &[&variant]).await?;
    let sql = "select v.cost, v.cost_currency from variants v join stock_locations l on l.id = $2 where v.id = $1";
    let row: Option<Row> = tx.fetch_optional(sql, &[&variant, &location]).await?;
    Ok(row.map(|row| Money::new(row.cost, row.cost_currency)))
}

#[derive(Default, platform::db::FromRow)]
pub(super) struct Units {
    pub available: i64,
    pub reserved: i64,
}

/// Units of a variant at a location.
pub(super) async fn units(tx: &mut Tx, variant: VariantId, location: LocationId) -> Result<Units, DbError> {
    let sql = "select available, reserved from stock where variant_id = $1 and location_id = $2 and status = 'sellable'";
    Ok(tx.fetch_optional(sql, &[&variant, &location]).await?.unwrap_or_default())
}
