//! The orders' SQL.

use domain::id::{AddressId, ContactId, OrderId, OrderLineId, PictureId, SavedFilterId, ShipmentId, UserId, VariantId};
use domain::order::{
    AttemptState, Channel, DeliveryState, FulfilmentState, OrderQueue, PaymentMethod, PaymentState, ReturnCause, ShipmentState,
};
use domain::{Currency, Timestamp};
use uuid::Uuid;

use crate::platform::db::{DbError, Reader, Rows, Tx};

crate::rows! {
    /// An order without its lines.
    pub(crate) struct Head {
        pub id: OrderId,
        pub number: String,
        pub contact_id: ContactId,
        pub user_id: Option<UserId>,
        pub channel: Channel,
        pub currency: Currency,
        pub locale: String,
        pub shipping_address_id: AddressId,
        pub billing_address_id: AddressId,
        pub delivery_code: String,
        pub delivery_name: String,
        pub promised_from: Timestamp,
        pub promised_to: Timestamp,
        pub payment_method: PaymentMethod,
        pub subtotal: i64,
        pub discount: i64,
        pub discount_code: Option<String>,
        pub shipping: i64,
        pub tax: i64,
        pub total: i64,
        pub waived: i64,
        pub waived_tax: i64,
        pub payment_state: PaymentState,
        pub fulfilment_state: FulfilmentState,
        pub delivery_state: DeliveryState,
        pub placed_at: Timestamp,
        pub cancelled_at: Option<Timestamp>,
        pub cancel_reason: Option<String>,
        pub version: i64,
    }
}

crate::rows! {
    /// A line of an order.
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
}

crate::rows! {
    /// What an order's states follow from.
    pub(crate) struct Facts {
        pub id: OrderId,
        pub payment_state: PaymentState,
        pub fulfilment_state: FulfilmentState,
        pub delivery_state: DeliveryState,
        pub total: i64,
        pub waived: i64,
        pub cancelled_at: Option<Timestamp>,
        pub captured: i64,
        pub refunded: i64,
        pub latest: AttemptState,
        pub ordered: i64,
        pub shipped: i64,
        pub delivered: i64,
        pub returned: i64,
        pub released: i64,
        pub packed: i64,
        pub preparing: i64,
    }
}

pub(crate) async fn head(db: &mut impl Reader, order: OrderId) -> Result<Option<Head>, DbError> {
    db.fetch_optional(
        "select id, number, contact_id, user_id, channel, currency, locale, shipping_address_id, billing_address_id, delivery_code,
            delivery_name, promised_from, promised_to, payment_method, subtotal, discount, discount_code, shipping, tax, total, waived,
            waived_tax, payment_state, fulfilment_state, delivery_state, placed_at, cancelled_at, cancel_reason, version
         from orders where id = $1",
        &[&order],
    )
    .await
}

/// The order, locked until the transaction ends: whoever changes anything about an order takes this lock first.
pub(crate) async fn lock(tx: &mut Tx, order: OrderId) -> Result<Option<Head>, DbError> {
    tx.lock("select 1 from orders where id = $1 for update", &[&order]).await?;
    head(tx, order).await
}

/// Orders that the same e-mail placed within the day that ends with this one, this one too; counted to 100.
pub(crate) async fn of_address_within_a_day(db: &mut impl Reader, head: &Head) -> Result<i64, DbError> {
    let count: Option<(i64,)> = db
        .fetch_optional(
            "select count(*) from (
                select 1 from contacts own join contacts c on c.email_hash = own.email_hash join orders o on o.contact_id = c.id
                where own.id = $1 and o.placed_at > $2 and (o.placed_at, o.id) <= ($3, $4) limit 100) counted",
            &[&head.contact_id, &head.placed_at.plus_millis(-Timestamp::DAY), &head.placed_at, &head.id],
        )
        .await?;
    Ok(count.map_or(0, |row| row.0))
}

pub(crate) async fn lines(db: &mut impl Reader, order: OrderId) -> Result<Vec<Line>, DbError> {
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

/// Reads [`Facts`]; what follows says of which orders `o`. The audit reads them too.
macro_rules! facts_of {
    () => {
        "select o.id, o.payment_state, o.fulfilment_state, o.delivery_state, o.total, o.waived, o.cancelled_at,
            (select coalesce(cast(sum(captured) as bigint), 0) from payments where order_id = o.id) as captured,
            (select coalesce(cast(sum(refunded) as bigint), 0) from payments where order_id = o.id) as refunded,
            coalesce((select state from payments where order_id = o.id order by attempt desc limit 1), 'pending') as latest,
            (select coalesce(cast(sum(quantity) as bigint), 0) from order_lines where order_id = o.id) as ordered,
            (select coalesce(cast(sum(l.quantity) as bigint), 0) from shipments s join shipment_lines l on l.shipment_id = s.id
             where s.order_id = o.id and s.state in ('shipped', 'delivered')) as shipped,
            (select coalesce(cast(sum(l.quantity) as bigint), 0) from shipments s join shipment_lines l on l.shipment_id = s.id
             where s.order_id = o.id and s.state = 'delivered') as delivered,
            (select coalesce(cast(sum(l.quantity) as bigint), 0) from shipments s join shipment_lines l on l.shipment_id = s.id
             where s.order_id = o.id and s.state = 'returned') as returned,
            (select coalesce(cast(sum(quantity - shipped) as bigint), 0) from reservations
             where order_id = o.id and state in ('released', 'shipped')) as released,
            (select coalesce(cast(sum(l.quantity) as bigint), 0) from shipments s join shipment_lines l on l.shipment_id = s.id
             where s.order_id = o.id and s.state = 'packed') as packed,
            (select count(*) from shipments where order_id = o.id and state in ('picked', 'packed')) as preparing
         from orders o"
    };
}
pub(crate) use facts_of;

pub(super) async fn facts(tx: &mut Tx, order: OrderId) -> Result<Option<Facts>, DbError> {
    tx.fetch_optional(concat!(facts_of!(), " where o.id = $1"), &[&order]).await
}

pub(super) async fn set_states(
    tx: &mut Tx,
    order: OrderId,
    payment: PaymentState,
    fulfilment: FulfilmentState,
    delivery: DeliveryState,
) -> Result<(), DbError> {
    tx.execute(
        "update orders set payment_state = $2, fulfilment_state = $3, delivery_state = $4, version = version + 1 where id = $1",
        &[&order, &payment, &fulfilment, &delivery],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_payment_method(tx: &mut Tx, order: OrderId, method: PaymentMethod) -> Result<(), DbError> {
    tx.execute("update orders set payment_method = $2 where id = $1", &[&order, &method]).await?;
    Ok(())
}

/// Articles of an order and how many of each, to be put into a cart again.
pub(super) async fn articles(db: &mut impl Reader, order: OrderId) -> Result<Vec<(VariantId, i64)>, DbError> {
    db.fetch_all("select variant_id, quantity from order_lines where order_id = $1 order by position", &[&order]).await
}

pub(super) async fn set_cancelled(tx: &mut Tx, order: OrderId, at: Timestamp, reason: &str) -> Result<(), DbError> {
    tx.execute("update orders set cancelled_at = $2, cancel_reason = $3 where id = $1", &[&order, &at, &reason]).await?;
    Ok(())
}

/// So much more of an order is no longer due, with the tax inside it.
pub(super) async fn waive(tx: &mut Tx, order: OrderId, less: i64, tax: i64) -> Result<(), DbError> {
    tx.execute("update orders set waived = waived + $2, waived_tax = waived_tax + $3 where id = $1", &[&order, &less, &tax]).await.map(drop)
}

/// Of each line of an order: what it costs, the tax inside it, its units, and how many of them came back or will not be sent.
pub(super) async fn units_off(tx: &mut Tx, order: OrderId) -> Result<Vec<(OrderLineId, i64, i64, i64, i64)>, DbError> {
    tx.fetch_all(
        "select l.id, l.total, l.tax, l.quantity,
            (select coalesce(cast(sum(p.quantity) as bigint), 0) from shipments s join shipment_lines p on p.shipment_id = s.id
             where s.order_id = l.order_id and p.order_line_id = l.id and s.state = 'returned')
            + (select coalesce(cast(sum(quantity - shipped) as bigint), 0) from reservations
               where order_id = l.order_id and order_line_id = l.id and state in ('released', 'shipped'))
         from order_lines l where l.order_id = $1 order by l.position",
        &[&order],
    )
    .await
}

/// What stands in the books for an order, by account: what it was placed with, and what refunds and reductions took back of it.
pub(super) async fn booked(tx: &mut Tx, order: OrderId) -> Result<Vec<(String, i64)>, DbError> {
    tx.fetch_all(
        "select p.account, cast(sum(p.amount) as bigint) from journal_entries e join postings p on p.entry_id = e.id
         where e.order_id = $1 and e.kind in ('order.placed', 'order.reduced', 'payment.refunded', 'payment.refund_reversed')
         group by p.account order by p.account",
        &[&order],
    )
    .await
}

crate::rows! {
    /// A parcel with one of its lines.
    pub(super) struct ParcelRow {
        pub id: ShipmentId,
        pub state: ShipmentState,
        pub carrier: Option<String>,
        pub tracking_number: Option<String>,
        pub shipped_at: Option<Timestamp>,
        pub delivered_at: Option<Timestamp>,
        pub returned_at: Option<Timestamp>,
        pub return_cause: Option<ReturnCause>,
        pub return_note: String,
        pub line: Option<OrderLineId>,
        pub quantity: Option<i64>,
    }
}

pub(super) async fn parcels(db: &mut impl Reader, order: OrderId) -> Result<Vec<ParcelRow>, DbError> {
    db.fetch_all(
        "select s.id, s.state, s.carrier, s.tracking_number, s.shipped_at, s.delivered_at, s.returned_at, s.return_cause, s.return_note,
            l.order_line_id, l.quantity
         from shipments s left join shipment_lines l on l.shipment_id = s.id
         where s.order_id = $1 order by s.created_at, s.id, l.order_line_id",
        &[&order],
    )
    .await
}

/// Units that are reserved and not sent, and those of them that are in a parcel.
pub(super) async fn unsent(db: &mut impl Reader, order: OrderId) -> Result<(i64, i64), DbError> {
    let row = db
        .fetch_optional(
            "select (select coalesce(cast(sum(quantity - shipped) as bigint), 0) from reservations where order_id = $1 and state = 'open'),
            (select coalesce(cast(sum(l.quantity) as bigint), 0) from shipments s join shipment_lines l on l.shipment_id = s.id
             where s.order_id = $1 and s.state in ('picked', 'packed'))",
            &[&order],
        )
        .await?;
    Ok(row.unwrap_or_default())
}

/// Captured, refunded, and why the latest attempt failed.
pub(crate) async fn money(db: &mut impl Reader, order: OrderId) -> Result<Option<(i64, i64, Option<String>)>, DbError> {
    db.fetch_optional(
        "select (select coalesce(cast(sum(captured) as bigint), 0) from payments where order_id = $1),
            (select coalesce(cast(sum(refunded) as bigint), 0) from payments where order_id = $1),
            (select failure from payments where order_id = $1 order by attempt desc limit 1)",
        &[&order],
    )
    .await
}

/// Kind, actor, details and time of what happened, oldest first.
pub(super) async fn events(db: &mut impl Reader, order: OrderId) -> Result<Vec<(String, String, String, Timestamp)>, DbError> {
    db.fetch_all("select kind, actor, data, at from events where subject = $1 order by seq limit 500", &[&order]).await
}

crate::rows! {
    /// An order in a list.
    pub(super) struct Row {
        pub id: OrderId,
        pub number: String,
        pub placed_at: Timestamp,
        pub contact_id: ContactId,
        pub currency: Currency,
        pub total: i64,
        pub units: i64,
        pub payment_method: PaymentMethod,
        pub payment_state: PaymentState,
        pub fulfilment_state: FulfilmentState,
        pub delivery_state: DeliveryState,
        pub channel: Channel,
    }
}

/// The contacts of accounts.
pub(super) async fn contacts_of(db: &mut impl Reader, users: &[UserId]) -> Result<Vec<(UserId, ContactId)>, DbError> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let asked: Rows = users.iter().collect();
    db.fetch_all("select id, contact_id from users where id in (select unhex(value->>0) from json_each($1))", &[&asked.end()]).await
}

/// Where a page begins: orders older than this.
pub(super) type Before = (Timestamp, Uuid);

macro_rules! newest {
    ($condition:expr) => {
        concat!(
            "select o.id, o.number, o.placed_at, o.contact_id, o.currency, o.total,
                (select coalesce(cast(sum(l.quantity) as bigint), 0) from order_lines l where l.order_id = o.id) as units,
                o.payment_method, o.payment_state, o.fulfilment_state, o.delivery_state, o.channel
             from orders o where (o.placed_at, o.id) < ($1, $2) and ",
            $condition,
            " order by o.placed_at desc, o.id desc limit 51"
        )
    };
}

/// Newest first; an empty state stands for all.
pub(super) async fn by_state(db: &mut impl Reader, (at, id): Before, payment: &str, fulfilment: &str) -> Result<Vec<Row>, DbError> {
    match (payment.is_empty(), fulfilment.is_empty()) {
        (true, true) => db.fetch_all(newest!("true"), &[&at, &id]).await,
        (false, true) => db.fetch_all(newest!("o.payment_state = $3"), &[&at, &id, &payment]).await,
        (true, false) => db.fetch_all(newest!("o.fulfilment_state = $3"), &[&at, &id, &fulfilment]).await,
        (false, false) => {
            let sql = newest!("o.payment_state = $3 and o.fulfilment_state = $4");
            db.fetch_all(sql, &[&at, &id, &payment, &fulfilment]).await
        }
    }
}

/// Which orders are in a queue; the same for its list and its count.
macro_rules! in_queue {
    (to_pack) => {
        "o.fulfilment_state in ('unfulfilled', 'partial') and o.cancelled_at is null
         and (o.payment_method = 'cod' or o.payment_state in ('authorised', 'partly_paid', 'paid', 'partly_refunded'))
         and o.payment_state not in ('refunded', 'voided')
         and (select coalesce(sum(r.quantity - r.shipped), 0) from reservations r where r.order_id = o.id and r.state = 'open')
            > (select coalesce(sum(c.quantity), 0) from shipments s join shipment_lines c on c.shipment_id = s.id
               where s.order_id = o.id and s.state = 'packed')"
    };
    (to_ship) => {
        "o.cancelled_at is null and o.id in (select s.order_id from shipments s where s.state = 'packed' and s.state in ('picked', 'packed'))"
    };
    (unpaid) => {
        // Goods that left while the bank only holds the money, or lets it go, are not paid either.
        "o.cancelled_at is null and o.payment_method = 'card' and (o.payment_state in ('pending', 'requires_action', 'failed')
            or (o.payment_state in ('authorised', 'partly_paid', 'voided') and o.fulfilment_state in ('partial', 'fulfilled')))"
    };
    (cash_due) => {
        // Some of what came may have gone back already.
        "o.payment_state in ('pending', 'partly_paid', 'partly_refunded') and o.cancelled_at is null and o.payment_method = 'cod'
         and o.delivery_state in ('in_transit', 'delivered')
         and exists (select 1 from payments p where p.order_id = o.id and p.state = 'pending' and p.amount > 0)"
    };
}

/// The orders of a queue, newest first.
pub(super) async fn by_queue(db: &mut impl Reader, (at, id): Before, queue: OrderQueue) -> Result<Vec<Row>, DbError> {
    match queue {
        OrderQueue::ToPack => db.fetch_all(newest!(in_queue!(to_pack)), &[&at, &id]).await,
        OrderQueue::ToShip => db.fetch_all(newest!(in_queue!(to_ship)), &[&at, &id]).await,
        OrderQueue::Unpaid => db.fetch_all(newest!(in_queue!(unpaid)), &[&at, &id]).await,
        OrderQueue::CashDue => db.fetch_all(newest!(in_queue!(cash_due)), &[&at, &id]).await,
    }
}

/// How many orders are in each queue, in the order of [`OrderQueue::ALL`].
pub(super) async fn queue_counts(db: &mut impl Reader) -> Result<(i64, i64, i64, i64), DbError> {
    let row = db
        .fetch_optional(
            concat!(
                "select (select count(*) from orders o where ",
                in_queue!(to_pack),
                "), (select count(*) from orders o where ",
                in_queue!(to_ship),
                "), (select count(*) from orders o where ",
                in_queue!(unpaid),
                "), (select count(*) from orders o where ",
                in_queue!(cash_due),
                ")"
            ),
            &[],
        )
        .await?;
    Ok(row.unwrap_or_default())
}

/// Numbers from `from` up to, but without, `to`.
pub(super) async fn by_number(
    db: &mut impl Reader,
    (at, id): Before,
    (from, to): (&str, &str),
    payment: &str,
    fulfilment: &str,
) -> Result<Vec<Row>, DbError> {
    db.fetch_all(
        newest!("o.number >= $3 and o.number < $4 and ($5 = '' or o.payment_state = $5) and ($6 = '' or o.fulfilment_state = $6)"),
        &[&at, &id, &from, &to, &payment, &fulfilment],
    )
    .await
}

/// Orders that used a discount code.
pub(super) async fn by_discount(
    db: &mut impl Reader,
    (at, id): Before,
    code: &str,
    payment: &str,
    fulfilment: &str,
) -> Result<Vec<Row>, DbError> {
    db.fetch_all(
        newest!("o.discount_code = $3 and ($4 = '' or o.payment_state = $4) and ($5 = '' or o.fulfilment_state = $5)"),
        &[&at, &id, &code, &payment, &fulfilment],
    )
    .await
}

pub(super) async fn by_contacts(
    db: &mut impl Reader,
    (at, id): Before,
    contacts: &[ContactId],
    payment: &str,
    fulfilment: &str,
) -> Result<Vec<Row>, DbError> {
    let asked: Rows = contacts.iter().collect();
    db.fetch_all(
        newest!(
            "o.contact_id in (select unhex(value->>0) from json_each($3))
             and ($4 = '' or o.payment_state = $4) and ($5 = '' or o.fulfilment_state = $5)"
        ),
        &[&at, &id, &asked.end(), &payment, &fulfilment],
    )
    .await
}

pub(super) async fn by_sku(
    db: &mut impl Reader,
    (at, id): Before,
    sku: &str,
    payment: &str,
    fulfilment: &str,
) -> Result<Vec<Row>, DbError> {
    db.fetch_all(
        newest!(
            "o.id in (select l.order_id from order_lines l join variants v on v.id = l.variant_id where v.sku = $3)
             and ($4 = '' or o.payment_state = $4) and ($5 = '' or o.fulfilment_state = $5)"
        ),
        &[&at, &id, &sku, &payment, &fulfilment],
    )
    .await
}

pub(super) async fn of_user(db: &mut impl Reader, (at, id): Before, user: UserId) -> Result<Vec<Row>, DbError> {
    db.fetch_all(newest!("o.user_id = $3"), &[&at, &id, &user]).await
}

pub(super) async fn filters(db: &mut impl Reader, user: UserId) -> Result<Vec<(SavedFilterId, Vec<u8>, Vec<u8>)>, DbError> {
    db.fetch_all("select id, name_hash, sealed from saved_filters where user_id = $1 and list = 'orders' order by id limit 100", &[&user])
        .await
}

/// Keeps a filter; one with the same name is replaced.
pub(super) async fn save_filter(
    tx: &mut Tx,
    id: SavedFilterId,
    user: UserId,
    name_hash: &Vec<u8>,
    sealed: &Vec<u8>,
    at: Timestamp,
) -> Result<SavedFilterId, DbError> {
    let row: (SavedFilterId,) = tx
        .fetch_one(
            "insert into saved_filters (id, user_id, list, name_hash, sealed, created_at) values ($1, $2, 'orders', $3, $4, $5)
             on conflict (user_id, list, name_hash) do update set sealed = excluded.sealed returning id",
            &[&id, &user, name_hash, sealed, &at],
        )
        .await?;
    Ok(row.0)
}

pub(super) async fn delete_filter(tx: &mut Tx, id: SavedFilterId, user: UserId) -> Result<u64, DbError> {
    tx.execute("delete from saved_filters where id = $1 and user_id = $2", &[&id, &user]).await
}

/// The order with this number that was placed with this e-mail. Its contact is locked: requests for one address are counted one by one.
pub(super) async fn of_address(tx: &mut Tx, number: &str, email_hash: &[u8]) -> Result<Option<OrderId>, DbError> {
    tx.lock("select 1 from contacts where email_hash = $1 order by id for update", &[&email_hash]).await?;
    let found: Option<(OrderId,)> = tx
        .fetch_optional(
            "select o.id from orders o join contacts c on c.id = o.contact_id where o.number = $1 and c.email_hash = $2",
            &[&number, &email_hash],
        )
        .await?;
    Ok(found.map(|(order,)| order))
}

/// How many events of a kind there were since then about the orders of this e-mail.
pub(super) async fn links_since(tx: &mut Tx, email_hash: &[u8], kind: &str, since: Timestamp) -> Result<i64, DbError> {
    let (count,): (i64,) = tx
        .fetch_one(
            "select count(*) from contacts c join orders o on o.contact_id = c.id join events e on e.subject = o.id
             where c.email_hash = $1 and e.kind = $2 and e.at > $3",
            &[&email_hash, &kind, &since],
        )
        .await?;
    Ok(count)
}
