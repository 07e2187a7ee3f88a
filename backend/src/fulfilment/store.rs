//! The parcels' SQL.

use domain::id::{LocationId, OrderId, OrderLineId, ShipmentId};
use domain::order::{ReturnCause, ShipmentState};
use domain::{Currency, Timestamp};

use crate::platform::db::{DbError, Reader, Rows, Tx};

crate::rows! {
    pub(super) struct Parcel {
        pub order: OrderId,
        pub location: LocationId,
        pub state: ShipmentState,
        pub currency: Currency,
    }
}

pub(super) async fn order_of(tx: &mut Tx, parcel: ShipmentId) -> Result<Option<OrderId>, DbError> {
    let row: Option<(OrderId,)> = tx.fetch_optional("select order_id from shipments where id = $1", &[&parcel]).await?;
    Ok(row.map(|r| r.0))
}

pub(super) async fn parcel(tx: &mut Tx, parcel: ShipmentId) -> Result<Option<Parcel>, DbError> {
    tx.fetch_optional(
        "select s.order_id, s.location_id, s.state, o.currency from shipments s join orders o on o.id = s.order_id where s.id = $1",
        &[&parcel],
    )
    .await
}

pub(super) async fn insert(
    tx: &mut Tx,
    id: ShipmentId,
    order: OrderId,
    location: LocationId,
    lines: &[(OrderLineId, i64)],
    at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "insert into shipments (id, order_id, location_id, state, created_at) values ($1, $2, $3, 'picked', $4)",
        &[&id, &order, &location, &at],
    )
    .await?;
    let mut rows = Rows::new();
    for (line, units) in lines {
        rows.row(&[line, units]);
    }
    tx.execute(
        "insert into shipment_lines (shipment_id, order_line_id, quantity)
         select $1, unhex(value->>0), cast(value->>1 as bigint) from json_each($2)",
        &[&id, &rows.end()],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_state(tx: &mut Tx, id: ShipmentId, state: ShipmentState, at: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "update shipments set state = $2,
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

pub(super) async fn set_carrier(tx: &mut Tx, id: ShipmentId, carrier: &str, tracking: &str) -> Result<(), DbError> {
    let tracking = Some(tracking).filter(|t| !t.is_empty());
    tx.execute("update shipments set carrier = $2, tracking_number = $3 where id = $1", &[&id, &carrier, &tracking]).await?;
    Ok(())
}

pub(super) async fn set_cause(tx: &mut Tx, id: ShipmentId, cause: ReturnCause, note: &str) -> Result<(), DbError> {
    tx.execute("update shipments set return_cause = $2, return_note = $3 where id = $1", &[&id, &cause, &note]).await?;
    Ok(())
}

/// Line, units, cost of one.
pub(super) async fn lines(tx: &mut Tx, id: ShipmentId) -> Result<Vec<(OrderLineId, i64, i64)>, DbError> {
    tx.fetch_all(
        "select p.order_line_id, p.quantity, l.unit_cost from shipment_lines p join order_lines l on l.id = p.order_line_id
         where p.shipment_id = $1 order by p.order_line_id",
        &[&id],
    )
    .await
}

/// Units in parcels that did not leave yet.
pub(super) async fn in_preparation(tx: &mut Tx, order: OrderId) -> Result<Vec<(OrderLineId, LocationId, i64)>, DbError> {
    tx.fetch_all(
        "select p.order_line_id, s.location_id, p.quantity from shipments s join shipment_lines p on p.shipment_id = s.id
         where s.order_id = $1 and s.state in ('picked', 'packed')",
        &[&order],
    )
    .await
}

/// Parcels of an order that are packed, or left and did not come back.
pub(crate) async fn beyond_picking(tx: &mut Tx, order: OrderId) -> Result<(i64, i64), DbError> {
    tx.fetch_one(
        "select (select count(*) from shipments where order_id = $1 and state = 'packed'),
            (select count(*) from shipments where order_id = $1 and state in ('shipped', 'delivered'))",
        &[&order],
    )
    .await
}

/// Gives up the parcels of an order that did not leave.
pub(crate) async fn give_up_open(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    tx.execute("update shipments set state = 'cancelled' where order_id = $1 and state in ('picked', 'packed')", &[&order]).await.map(drop)
}

/// An article to be taken from a shelf for one order: place, SKU, name, options, units, the order.
pub(super) type ToPick = (String, String, String, String, i64, OrderId);

/// What is reserved for these orders and not in a packed parcel yet.
pub(super) async fn to_pick(db: &mut impl Reader, orders: &[OrderId]) -> Result<Vec<ToPick>, DbError> {
    let asked: Rows = orders.iter().collect();
    db.fetch_all(
        "select p.name, l.sku, l.name, l.options, r.units - coalesce(b.units, 0), l.order_id
         from (select order_id, order_line_id, location_id, cast(sum(quantity - shipped) as bigint) as units from reservations
               where order_id in (select unhex(value->>0) from json_each($1)) and state = 'open'
               group by order_id, order_line_id, location_id) r
         join order_lines l on l.id = r.order_line_id
         join locations p on p.id = r.location_id
         left join (select s.order_id, c.order_line_id, s.location_id, cast(sum(c.quantity) as bigint) as units
               from shipments s join shipment_lines c on c.shipment_id = s.id
               where s.order_id in (select unhex(value->>0) from json_each($1)) and s.state = 'packed'
               group by s.order_id, c.order_line_id, s.location_id) b
            on b.order_line_id = r.order_line_id and b.location_id = r.location_id
         where r.units > coalesce(b.units, 0)
         order by p.position, p.id, l.sku, l.order_id",
        &[&asked.end()],
    )
    .await
}
