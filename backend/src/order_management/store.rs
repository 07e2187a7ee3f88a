//! The SQL of an order's page, and of what is reversed when an order is cancelled or reduced.

use domain::Timestamp;
use domain::id::{ContactId, OrderId, OrderLineId, ParcelId, UserId, VariantId};
use domain::order::{ParcelState, ReturnCause};

use crate::orders::{money_is_missing, open_units};
use platform::db::{DbError, Read, json_ids};
use platform::events::RecordedEvent;

/// A parcel with one of its lines.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(super) struct ParcelRow {
    pub id: ParcelId,
    pub state: ParcelState,
    pub courier: Option<String>,
    pub tracking_number: Option<String>,
    pub shipped_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub returned_at: Option<Timestamp>,
    pub return_cause: Option<ReturnCause>,
    pub return_note: String,
    pub order_line_id: Option<OrderLineId>,
    pub quantity: Option<i64>,
}

pub(super) async fn parcels(db: &mut impl Read, order: OrderId) -> Result<Vec<ParcelRow>, DbError> {
    db.fetch_all(
        "select p.id, p.state, p.courier, p.tracking_number, p.shipped_at, p.delivered_at, p.returned_at, p.return_cause, p.return_note,
            l.order_line_id, l.quantity
         from parcels p left join parcel_lines l on l.parcel_id = p.id
         where p.order_id = $1 order by p.created_at, p.id, l.n",
        &[&order],
    )
    .await
}

/// Units that are to be sent and did not leave yet.
#[derive(platform::db::FromRow)]
pub(super) struct Unsent {
    pub units: i64,
    /// Those of them that are in an open parcel.
    pub in_parcels: i64,
}

pub(super) async fn unsent(db: &mut impl Read, order: OrderId) -> Result<Unsent, DbError> {
    db.fetch_one(
        concat!(
            "select (select coalesce(cast(sum(",
            open_units!("ol"),
            ") as bigint), 0) from order_lines ol where ol.order_id = $1) as units,
            (select coalesce(cast(sum(l.quantity) as bigint), 0) from parcels p join parcel_lines l on l.parcel_id = p.id
             where p.order_id = $1 and p.state in ('picked', 'packed')) as in_parcels"
        ),
        &[&order],
    )
    .await
}

#[derive(platform::db::FromRow)]
pub(super) struct Ordered {
    pub variant_id: VariantId,
    pub quantity: i64,
}

pub(super) async fn ordered(db: &mut impl Read, order: OrderId) -> Result<Vec<Ordered>, DbError> {
    db.fetch_all("select variant_id, quantity from order_lines where order_id = $1 order by position", &[&order]).await
}

/// An order's events, oldest first, at most 500.
pub(super) async fn events(db: &mut impl Read, order: OrderId) -> Result<Vec<RecordedEvent>, DbError> {
    let sql = "select seq, id, kind, subject, actor, data, at from events where subject = $1 order by seq limit 500";
    db.fetch_all(sql, &[&order]).await
}

/// The contact of an account.
#[derive(platform::db::FromRow)]
pub(super) struct UserContact {
    #[sqlx(rename = "id")]
    pub user_id: UserId,
    pub contact_id: ContactId,
}

pub(super) async fn contacts_of(db: &mut impl Read, users: &[UserId]) -> Result<Vec<UserContact>, DbError> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    db.fetch_all("select id, contact_id from users where id in (select unhex(value->>'id') from json_each($1))", &[&json_ids(users)]).await
}

/// A card order without money.
#[derive(Clone, Copy, Debug, platform::db::FromRow)]
pub(super) struct UnpaidOrder {
    pub id: OrderId,
    pub placed_at: Timestamp,
}

/// Unpaid card orders that were placed before a moment, oldest first, those after one of them; at most 100.
pub(super) async fn unpaid_before(db: &mut impl Read, before: Timestamp, last: UnpaidOrder) -> Result<Vec<UnpaidOrder>, DbError> {
    db.fetch_all(
        concat!(
            "select o.id, o.placed_at from orders o where (o.placed_at, o.id) > ($2, $3) and ",
            money_is_missing!(),
            " and o.payment_state not in ('authorised', 'partly_paid', 'partly_refunded') and o.placed_at <= $1
                and o.payment_method = 'card' and o.fulfilment_state = 'unfulfilled' and o.total > 0
             order by o.placed_at, o.id limit 100"
        ),
        &[&before, &last.placed_at, &last.id],
    )
    .await
}
