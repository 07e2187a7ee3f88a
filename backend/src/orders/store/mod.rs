//! The SQL of one order: head, lines, facts, what is paid of it. Lists are in `list.rs`.

mod list;
mod lookup;
mod of_person;
mod saved_filters;

use domain::id::{AddressId, ContactId, OrderId, OrderLineId, PictureId, ProductId, UserId};
use domain::order::{AttemptState, Channel, DeliveryState, FulfilmentState, PaymentFacts, PaymentMethod, PaymentState, open_units};
use domain::{Currency, Timestamp};

use platform::db::{DbError, Flag, Read, Tx};

use super::LockedOrder;

pub(crate) use list::money_is_missing;
pub(super) use list::{
    OrderRow, PageKey, RowOrder, Slice, Span, by_contacts, by_discount, by_number, by_queue, by_sku, by_state, by_tracking, of_user,
    queue_counts,
};
pub(super) use lookup::{links_since, of_address};
pub(super) use of_person::of_person;
pub(crate) use of_person::{PersonKeys, Sale, Spent, addresses_of, count_of, give_guest_orders, sales_of, spent_of};
pub(super) use saved_filters::{SavedFilter, delete_filter, filters, save_filter};

/// An order without its lines.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(crate) struct OrderHeader {
    pub id: OrderId,
    pub number: String,
    pub contact_id: Option<ContactId>,
    pub user_id: Option<UserId>,
    pub channel: Channel,
    pub currency: Currency,
    pub locale: String,
    pub delivery_address_id: Option<AddressId>,
    pub billing_address_id: Option<AddressId>,
    pub delivery_code: Option<String>,
    pub delivery_name: Option<String>,
    /// Sealed.
    pub gift_note: Option<Vec<u8>>,
    pub promised_from: Option<Timestamp>,
    pub promised_to: Option<Timestamp>,
    pub payment_method: PaymentMethod,
    pub subtotal: i64,
    pub discount: i64,
    pub delivery_fee: i64,
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

/// What an order's states follow from.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(crate) struct Facts {
    pub id: OrderId,
    pub payment_state: PaymentState,
    pub fulfilment_state: FulfilmentState,
    pub delivery_state: DeliveryState,
    /// See [`PaymentFacts::is_rest_due`].
    pub rest_due: Flag,
    pub total: i64,
    pub waived: i64,
    pub cancelled_at: Option<Timestamp>,
    pub captured: i64,
    pub refunded: i64,
    /// Attempts of which the bank holds money, in the way that the order is paid. What it holds otherwise goes back.
    pub held: i64,
    pub latest: AttemptState,
    pub ordered: i64,
    pub shipped: i64,
    pub delivered: i64,
    pub returned: i64,
    pub released: i64,
    pub packed: i64,
    pub preparing: i64,
}

pub(crate) async fn head(db: &mut impl Read, order: OrderId) -> Result<Option<OrderHeader>, DbError> {
    db.fetch_optional(
        "select id, number, contact_id, user_id, channel, currency, locale, delivery_address_id, billing_address_id, delivery_code,
            delivery_name, gift_note, promised_from, promised_to, payment_method, subtotal, discount, delivery_fee, tax, total,
            waived, waived_tax, payment_state, fulfilment_state, delivery_state, placed_at, cancelled_at, cancel_reason, version
         from orders where id = $1",
        &[&order],
    )
    .await
}

pub(super) async fn lock(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    tx.lock("select 1 from orders where id = $1 for update", &[&order]).await
}

/// Counts the orders of the same e-mail in the 24 hours up to and including this one, at most to 100; none without a contact.
pub(crate) async fn of_address_within_a_day(db: &mut impl Read, head: &OrderHeader) -> Result<i64, DbError> {
    db.fetch_scalar(
        "select count(*) from (
                select 1 from contacts own join contacts c on c.email_hash = own.email_hash join orders o on o.contact_id = c.id
                where own.id = $1 and o.placed_at > $2 and (o.placed_at, o.id) <= ($3, $4) limit 100) counted",
        &[&head.contact_id, &head.placed_at.plus_millis(-Timestamp::DAY), &head.placed_at, &head.id],
    )
    .await
}

/// The columns `captured` and `refunded` of an order: what payment allocations say came, and went back.
macro_rules! paid_of {
    ($order:literal) => {
        concat!(
            "(select coalesce(cast(sum(a.amount) as bigint), 0) from payment_allocations a where a.order_id = ",
            $order,
            " and a.capture_id is not null) as captured,
            (select coalesce(cast(-sum(a.amount) as bigint), 0) from payment_allocations a where a.order_id = ",
            $order,
            " and a.refund_id is not null) as refunded"
        )
    };
}
pub(crate) use paid_of;

/// Selects [`Facts`] of the orders `o` that match the condition behind it. The audit reads them too.
macro_rules! facts_of {
    () => {
        concat!(
            "select o.id, o.payment_state, o.fulfilment_state, o.delivery_state, o.rest_due, o.total, o.waived, o.cancelled_at, ",
            $crate::orders::paid_of!("o.id"),
            ",
            (select count(*) from payments where order_id = o.id and state = 'authorised' and tender = o.payment_method) as held,
            coalesce((select state from payments where order_id = o.id order by attempt desc limit 1), 'pending') as latest,
            (select coalesce(cast(sum(quantity) as bigint), 0) from order_lines where order_id = o.id) as ordered,
            (select coalesce(cast(sum(shipped - returned) as bigint), 0) from order_lines where order_id = o.id) as shipped,
            (select coalesce(cast(sum(delivered) as bigint), 0) from order_lines where order_id = o.id) as delivered,
            (select coalesce(cast(sum(returned) as bigint), 0) from order_lines where order_id = o.id) as returned,
            (select coalesce(cast(sum(cancelled) as bigint), 0) from order_lines where order_id = o.id) as released,
            (select coalesce(cast(sum(l.quantity) as bigint), 0) from parcels p join parcel_lines l on l.parcel_id = p.id
             where p.order_id = o.id and p.state = 'packed') as packed,
            (select count(*) from parcels where order_id = o.id and state in ('picked', 'packed')) as preparing
         from orders o"
        )
    };
}
pub(crate) use facts_of;

pub(crate) async fn facts(tx: &mut Tx, order: OrderId) -> Result<Option<Facts>, DbError> {
    tx.fetch_optional(concat!(facts_of!(), " where o.id = $1"), &[&order]).await
}

pub(super) async fn set_states(
    tx: &mut Tx,
    order: &LockedOrder,
    payment: PaymentFacts,
    fulfilment: FulfilmentState,
    delivery: DeliveryState,
) -> Result<(), DbError> {
    tx.execute(
        "update orders set payment_state = $2, fulfilment_state = $3, delivery_state = $4, rest_due = $5, version = version + 1 where id = $1",
        &[&order.id, &payment.state(), &fulfilment, &delivery, &i64::from(payment.is_rest_due())],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_payment_method(tx: &mut Tx, order: &LockedOrder, method: PaymentMethod) -> Result<(), DbError> {
    tx.execute("update orders set payment_method = $2 where id = $1", &[&order.id, &method]).await?;
    Ok(())
}

pub(crate) async fn set_cancelled(tx: &mut Tx, order: &LockedOrder, reason: &str) -> Result<(), DbError> {
    let at = tx.now();
    tx.execute("update orders set cancelled_at = $2, cancel_reason = $3 where id = $1", &[&order.id, &at, &reason]).await?;
    Ok(())
}

#[derive(Clone, Debug, platform::db::FromRow)]
pub(crate) struct Line {
    pub id: OrderLineId,
    pub product_id: ProductId,
    pub sku: String,
    pub name: String,
    pub options: String,
    pub picture_id: Option<PictureId>,
    pub quantity: i64,
    pub unit_price: i64,
    pub discount: i64,
    pub tax: i64,
    pub total: i64,
    /// Units given up before they left.
    pub cancelled: i64,
    /// Units that left with a parcel.
    pub shipped: i64,
    pub delivered: i64,
    /// Units that came back.
    pub returned: i64,
    /// Units of `returned` that are in the stock again.
    pub restocked: i64,
}

impl Line {
    /// Units that can still be cancelled, or sent.
    pub(crate) const fn open(&self) -> i64 {
        open_units(self.quantity, self.cancelled, self.shipped)
    }
}

pub(crate) async fn lines(db: &mut impl Read, order: OrderId) -> Result<Vec<Line>, DbError> {
    db.fetch_all(
        "select id, product_id, sku, name, options, picture_id, quantity, unit_price, discount, tax, total, cancelled, shipped, delivered, returned,
            restocked
         from order_lines where order_id = $1 order by position",
        &[&order],
    )
    .await
}

/// What was paid for an order, minor units.
#[derive(platform::db::FromRow)]
pub(crate) struct Paid {
    pub captured: i64,
    /// Asked of the gateway, and not answered.
    pub capturing: i64,
    pub refunded: i64,
    /// Why the latest attempt failed, as long as none brought money.
    pub failure: Option<String>,
}

pub(crate) async fn paid(db: &mut impl Read, order: OrderId) -> Result<Paid, DbError> {
    db.fetch_one(
        concat!(
            "select ",
            paid_of!("$1"),
            ", (select coalesce(cast(sum(c.amount) as bigint), 0) from captures c join payments p on p.id = c.payment_id
                where p.order_id = $1 and c.state = 'requested') as capturing,
             (select failure from payments where order_id = $1
                and not exists (select 1 from payments m where m.order_id = $1 and m.state in ('authorised', 'captured'))
                order by attempt desc limit 1) as failure"
        ),
        &[&order],
    )
    .await
}

/// What was paid of an order beyond its price and did not go back, nor is on its way back, minor units. What refunds gave back of the
/// price is no part of it.
pub(crate) async fn overpaid(db: &mut impl Read, order: &OrderHeader) -> Result<i64, DbError> {
    let of_debt: i64 = db
        .fetch_scalar(
            "select coalesce((select cast(sum(r.amount) as bigint) from refunds r where r.order_id = $1 and r.state <> 'failed'), 0)
                - coalesce((select cast(sum(c.amount) as bigint) from credit_lines c join refunds r on r.id = c.refund_id
                    where c.order_id = $1 and r.state <> 'failed'), 0)",
            &[&order.id],
        )
        .await?;
    Ok((-owed(db, order).await? - of_debt).max(0))
}

/// What is still to be paid of an order, minor units; less than nothing when more than its price was paid. Refunds do not raise it.
pub(crate) async fn owed(db: &mut impl Read, order: &OrderHeader) -> Result<i64, DbError> {
    Ok(order.price_now() - paid(db, order.id).await?.captured)
}
