//! The SQL of parcels.

use domain::id::{LocationId, OrderId, OrderLineId, ParcelId};
use domain::order::{ParcelState, ReturnCause};
use domain::{Currency, Money};
use serde::Serialize;

use crate::inventory::ReturnedLine;
use crate::orders::LockedOrder;
use platform::db::{DbError, Hex, JsonRows, Read, Tx, hex, json_ids};

#[derive(Clone, Debug, platform::db::FromRow)]
pub(super) struct Parcel {
    pub location_id: LocationId,
    pub state: ParcelState,
}

pub(super) async fn order_of(tx: &mut Tx, parcel: ParcelId) -> Result<Option<OrderId>, DbError> {
    tx.fetch_optional_scalar("select order_id from parcels where id = $1", &[&parcel]).await
}

pub(super) async fn parcel(tx: &mut Tx, parcel: ParcelId) -> Result<Option<Parcel>, DbError> {
    tx.fetch_optional("select location_id, state from parcels where id = $1", &[&parcel]).await
}

pub(super) async fn insert(
    tx: &mut Tx,
    order: &LockedOrder,
    location: LocationId,
    lines: &[(OrderLineId, i64)],
) -> Result<ParcelId, DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        n: i64,
        line: Hex<'a>,
        units: i64,
    }
    let (id, at) = (ParcelId(tx.id()), tx.now());
    tx.execute(
        "insert into parcels (id, order_id, location_id, state, created_at) values ($1, $2, $3, 'picked', $4)",
        &[&id, &order.id, &location, &at],
    )
    .await?;
    let rows: JsonRows = (0..).zip(lines).map(|(n, (line, units))| Row { n, line: hex(line), units: *units }).collect();
    tx.execute(
        "insert into parcel_lines (parcel_id, n, order_line_id, quantity)
         select $1, cast(value->>'n' as bigint), unhex(value->>'line'), cast(value->>'units' as bigint) from json_each($2)",
        &[&id, &rows.finish()],
    )
    .await?;
    Ok(id)
}

pub(super) async fn set_state(tx: &mut Tx, id: ParcelId, state: ParcelState) -> Result<(), DbError> {
    let at = tx.now();
    tx.execute(
        "update parcels set state = $2,
            packed_at = case when $2 = 'packed' then $3 else packed_at end,
            shipped_at = case when $2 = 'shipped' then $3 else shipped_at end,
            delivered_at = case when $2 = 'delivered' then $3 else delivered_at end,
            returned_at = case when $2 = 'returned' then $3 else returned_at end
         where id = $1",
        &[&id, &state, &at],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_courier(tx: &mut Tx, id: ParcelId, courier: &str, tracking: &str) -> Result<(), DbError> {
    let [courier, tracking] = [courier, tracking].map(|text| Some(text).filter(|text| !text.is_empty()));
    tx.execute("update parcels set courier = $2, tracking_number = $3 where id = $1", &[&id, &courier, &tracking]).await?;
    Ok(())
}

pub(super) async fn set_cause(tx: &mut Tx, id: ParcelId, cause: ReturnCause, note: &str) -> Result<(), DbError> {
    tx.execute("update parcels set return_cause = $2, return_note = $3 where id = $1", &[&id, &cause, &note]).await?;
    Ok(())
}

/// Keeps how many units of a returned parcel's lines went into the stock again.
pub(super) async fn set_restocked<'a>(
    tx: &mut Tx,
    id: ParcelId,
    returned: impl Iterator<Item = (i64, &'a ReturnedLine)>,
) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row {
        n: i64,
        units: i64,
    }
    let rows: JsonRows = returned.map(|(n, returned)| Row { n, units: returned.restocked }).collect();
    tx.execute(
        "update parcel_lines set restocked = d.units
         from (select cast(value->>'n' as bigint) as n, cast(value->>'units' as bigint) as units from json_each($2)) d
         where parcel_lines.parcel_id = $1 and parcel_lines.n = d.n",
        &[&id, &rows.finish()],
    )
    .await
    .map(drop)
}

/// A line of an order in a parcel.
#[derive(platform::db::FromRow)]
pub(super) struct ParcelLine {
    pub n: i64,
    pub order_line_id: OrderLineId,
    pub quantity: i64,
    cost: Option<i64>,
    cost_currency: Option<Currency>,
}

impl ParcelLine {
    /// What the units had cost together; none before they left the stock.
    pub fn cost(&self) -> Option<Money> {
        Some(Money::new(self.cost?, self.cost_currency?))
    }
}

pub(super) async fn lines(tx: &mut Tx, id: ParcelId) -> Result<Vec<ParcelLine>, DbError> {
    tx.fetch_all("select n, order_line_id, quantity, cost, cost_currency from parcel_lines where parcel_id = $1 order by n", &[&id]).await
}

/// Keeps what the units of a parcel's lines had cost.
pub(super) async fn set_costs(tx: &mut Tx, id: ParcelId, costs: impl Iterator<Item = (i64, Money)>) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row {
        n: i64,
        cost: i64,
        currency: Currency,
    }
    let rows: JsonRows = costs.map(|(n, cost)| Row { n, cost: cost.minor, currency: cost.currency }).collect();
    tx.execute(
        "update parcel_lines set cost = d.cost, cost_currency = d.currency
         from (select cast(value->>'n' as bigint) as n, cast(value->>'cost' as bigint) as cost, value->>'currency' as currency
               from json_each($2)) d
         where parcel_lines.parcel_id = $1 and parcel_lines.n = d.n",
        &[&id, &rows.finish()],
    )
    .await
    .map(drop)
}

/// A row of an open parcel: units of a line, of one lot.
#[derive(Clone, platform::db::FromRow)]
pub(super) struct Preparing {
    pub parcel_id: ParcelId,
    pub n: i64,
    pub state: ParcelState,
    pub order_line_id: OrderLineId,
    pub location_id: LocationId,
    pub quantity: i64,
}

pub(super) async fn in_preparation(tx: &mut Tx, order: OrderId) -> Result<Vec<Preparing>, DbError> {
    tx.fetch_all(
        "select p.id as parcel_id, l.n, p.state, l.order_line_id, p.location_id, l.quantity
         from parcels p join parcel_lines l on l.parcel_id = p.id
         where p.order_id = $1 and p.state in ('picked', 'packed') order by p.id, l.order_line_id, l.n",
        &[&order],
    )
    .await
}

/// So many units of a row stay in an open parcel; with none the row leaves it.
pub(super) async fn set_units(tx: &mut Tx, parcel: ParcelId, n: i64, units: i64) -> Result<(), DbError> {
    if units > 0 {
        tx.execute("update parcel_lines set quantity = $3 where parcel_id = $1 and n = $2", &[&parcel, &n, &units]).await.map(drop)
    } else {
        tx.execute("delete from parcel_lines where parcel_id = $1 and n = $2", &[&parcel, &n]).await.map(drop)
    }
}

/// How many of an order's parcels are packed, and how many left.
#[derive(platform::db::FromRow)]
pub(crate) struct ParcelCounts {
    pub packed: i64,
    /// Shipped or delivered.
    pub sent: i64,
}

pub(crate) async fn count_parcels(tx: &mut Tx, order: OrderId) -> Result<ParcelCounts, DbError> {
    tx.fetch_one(
        "select (select count(*) from parcels where order_id = $1 and state = 'packed') as packed,
            (select count(*) from parcels where order_id = $1 and state in ('shipped', 'delivered')) as sent",
        &[&order],
    )
    .await
}

/// Cancels the parcels of an order that are picked or packed.
pub(crate) async fn cancel_open_parcels(tx: &mut Tx, order: &LockedOrder) -> Result<(), DbError> {
    tx.execute("update parcels set state = 'cancelled' where order_id = $1 and state in ('picked', 'packed')", &[&order.id]).await.map(drop)
}

/// A variant to be picked for one order.
#[derive(platform::db::FromRow)]
pub(super) struct ToPick {
    pub location: String,
    pub sku: String,
    pub name: String,
    pub options: String,
    pub units: i64,
    pub order_id: OrderId,
}

/// What is reserved for these orders and not in a packed parcel yet.
pub(super) async fn to_pick(db: &mut impl Read, orders: &[OrderId]) -> Result<Vec<ToPick>, DbError> {
    db.fetch_all(
        "select s.name as location, l.sku, l.name, l.options, r.units - coalesce(packed.units, 0) as units, l.order_id
         from (select order_id, order_line_id, location_id, cast(sum(quantity - shipped) as bigint) as units from reservations
               where order_id in (select unhex(value->>'id') from json_each($1)) and state = 'open'
               group by order_id, order_line_id, location_id) r
         join order_lines l on l.id = r.order_line_id
         join stock_locations s on s.id = r.location_id
         left join (select p.order_id, pl.order_line_id, p.location_id, cast(sum(pl.quantity) as bigint) as units
               from parcels p join parcel_lines pl on pl.parcel_id = p.id
               where p.order_id in (select unhex(value->>'id') from json_each($1)) and p.state = 'packed'
               group by p.order_id, pl.order_line_id, p.location_id) packed
            on packed.order_line_id = r.order_line_id and packed.location_id = r.location_id
         where r.units > coalesce(packed.units, 0)
         order by s.position, s.id, l.sku, l.order_id",
        &[&json_ids(orders)],
    )
    .await
}
