//! The SQL of an order's page.

use domain::Timestamp;
use domain::id::{ContactId, OrderId, OrderLineId, ParcelId, PictureId, UserId, VariantId};
use domain::order::{ParcelState, ReturnCause};

use platform::db::{DbError, Read, json_ids};
use platform::events::RecordedEvent;

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Line {
    pub id: OrderLineId,
    pub sku: String,
    pub name: String,
    pub options: String,
    pub picture_id: Option<PictureId>,
    pub quantity: i64,
    pub unit_price: i64,
    pub discount: i64,
    pub tax: i64,
    pub total: i64,
    pub shipped: i64,
}

/// A parcel with one of its lines.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::orders) struct ParcelRow {
    pub id: ParcelId,
    pub state: ParcelState,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub shipped_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub returned_at: Option<Timestamp>,
    pub return_cause: Option<ReturnCause>,
    pub return_note: String,
    pub order_line_id: Option<OrderLineId>,
    pub quantity: Option<i64>,
}

pub(in crate::orders) async fn parcels(db: &mut impl Read, order: OrderId) -> Result<Vec<ParcelRow>, DbError> {
    db.fetch_all(
        "select s.id, s.state, s.carrier, s.tracking_number, s.shipped_at, s.delivered_at, s.returned_at, s.return_cause, s.return_note,
            l.order_line_id, l.quantity
         from shipments s left join shipment_lines l on l.shipment_id = s.id
         where s.order_id = $1 order by s.created_at, s.id, l.order_line_id",
        &[&order],
    )
    .await
}

/// Units that are reserved and not sent.
#[derive(sqlx::FromRow)]
pub(in crate::orders) struct Unsent {
    pub units: i64,
    /// Those of them that are in an open parcel.
    pub in_parcels: i64,
}

pub(in crate::orders) async fn unsent(db: &mut impl Read, order: OrderId) -> Result<Unsent, DbError> {
    db.fetch_one(
            "select (select coalesce(cast(sum(quantity - shipped) as bigint), 0) from reservations where order_id = $1 and state = 'open') as units,
            (select coalesce(cast(sum(l.quantity) as bigint), 0) from shipments s join shipment_lines l on l.shipment_id = s.id
             where s.order_id = $1 and s.state in ('picked', 'packed')) as in_parcels",
            &[&order],
        )
        .await
}

pub(crate) async fn lines(db: &mut impl Read, order: OrderId) -> Result<Vec<Line>, DbError> {
    db.fetch_all(
        "select l.id, l.sku, l.name, l.options, l.picture_id, l.quantity, l.unit_price, l.discount, l.tax,
            l.total,
            (select coalesce(cast(sum(p.quantity) as bigint), 0) from shipments s join shipment_lines p on p.shipment_id = s.id
             where s.order_id = l.order_id and p.order_line_id = l.id and s.state in ('shipped', 'delivered')) as shipped
         from order_lines l where l.order_id = $1 order by l.position",
        &[&order],
    )
    .await
}

/// What was paid for an order, minor units.
#[derive(sqlx::FromRow)]
pub(crate) struct Paid {
    pub captured: i64,
    pub refunded: i64,
    /// Why the latest attempt failed.
    pub failure: Option<String>,
}

pub(crate) async fn paid(db: &mut impl Read, order: OrderId) -> Result<Paid, DbError> {
    db.fetch_one(
        "select (select coalesce(cast(sum(captured) as bigint), 0) from payments where order_id = $1) as captured,
            (select coalesce(cast(sum(refunded) as bigint), 0) from payments where order_id = $1) as refunded,
            (select failure from payments where order_id = $1 order by attempt desc limit 1) as failure",
        &[&order],
    )
    .await
}

#[derive(sqlx::FromRow)]
pub(in crate::orders) struct Ordered {
    pub variant_id: VariantId,
    pub quantity: i64,
}

pub(in crate::orders) async fn ordered(db: &mut impl Read, order: OrderId) -> Result<Vec<Ordered>, DbError> {
    db.fetch_all("select variant_id, quantity from order_lines where order_id = $1 order by position", &[&order]).await
}

/// An order's events, oldest first, at most 500.
pub(in crate::orders) async fn events(db: &mut impl Read, order: OrderId) -> Result<Vec<RecordedEvent>, DbError> {
    let sql = "select seq, id, kind, subject, actor, data, at from events where subject = $1 order by seq limit 500";
    db.fetch_all(sql, &[&order]).await
}

/// The contact of an account.
#[derive(sqlx::FromRow)]
pub(in crate::orders) struct UserContact {
    #[sqlx(rename = "id")]
    pub user_id: UserId,
    pub contact_id: ContactId,
}

pub(in crate::orders) async fn contacts_of(db: &mut impl Read, users: &[UserId]) -> Result<Vec<UserContact>, DbError> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    db.fetch_all("select id, contact_id from users where id in (select unhex(value->>'id') from json_each($1))", &[&json_ids(users)]).await
}
