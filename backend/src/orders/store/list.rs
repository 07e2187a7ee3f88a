//! The SQL of lists of orders.

use domain::id::{ContactId, OrderId, UserId};
use domain::order::{Channel, DeliveryState, FulfilmentState, OrderQueue, PaymentMethod, PaymentState};
use domain::{Currency, Timestamp};
use uuid::Uuid;

use platform::db::{DbError, Read, json_ids};

use crate::orders::of_discount_code;

#[derive(Clone, Debug, platform::db::FromRow)]
pub(in crate::orders) struct OrderRow {
    pub id: OrderId,
    pub number: String,
    pub placed_at: Timestamp,
    pub contact_id: Option<ContactId>,
    pub currency: Currency,
    pub total: i64,
    pub waived: i64,
    pub units: i64,
    pub payment_method: PaymentMethod,
    pub payment_state: PaymentState,
    pub fulfilment_state: FulfilmentState,
    pub delivery_state: DeliveryState,
    pub channel: Channel,
}

/// The key of a page: it has orders before this time and id.
pub(in crate::orders) type PageKey = (Timestamp, Uuid);

macro_rules! rows {
    () => {
        "select o.id, o.number, o.placed_at, o.contact_id, o.currency, o.total, o.waived,
            (select coalesce(cast(sum(l.quantity) as bigint), 0) from order_lines l where l.order_id = o.id) as units,
            o.payment_method, o.payment_state, o.fulfilment_state, o.delivery_state, o.channel"
    };
}

macro_rules! newest {
    ($condition:expr) => {
        concat!(
            rows!(),
            " from orders o where (o.placed_at, o.id) < ($1, $2) and ",
            $condition,
            " order by o.placed_at desc, o.id desc limit 51"
        )
    };
}

/// Orders with these states; an empty state stands for all.
pub(in crate::orders) async fn by_state(
    db: &mut impl Read,
    (at, id): PageKey,
    payment: &str,
    fulfilment: &str,
) -> Result<Vec<OrderRow>, DbError> {
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

/// The condition that the money of an order `o` is not there yet, or not all of it, as the index `orders_unpaid` has it.
macro_rules! money_is_missing {
    () => {
        "o.cancelled_at is null
            and (o.payment_state in ('pending', 'requires_action', 'failed', 'authorised', 'partly_paid', 'voided') or o.rest_due = 1)"
    };
}
pub(crate) use money_is_missing;

/// The condition of a queue, the same for its list and its count.
macro_rules! in_queue {
    (to_pack) => {
        "o.fulfilment_state in ('unfulfilled', 'partial') and o.cancelled_at is null
         and (o.payment_method = 'cod' or o.payment_state in ('authorised', 'partly_paid', 'paid', 'partly_refunded'))
         and o.payment_state not in ('refunded', 'voided')
         and (select coalesce(sum(l.quantity - l.cancelled - l.shipped), 0) from order_lines l where l.order_id = o.id)
            > (select coalesce(sum(pl.quantity), 0) from parcels p join parcel_lines pl on pl.parcel_id = p.id
               where p.order_id = o.id and p.state = 'packed')"
    };
    (to_ship) => {
        // Both conditions of a parcel: the second is that of the index of those that wait.
        "o.cancelled_at is null and o.id in (select p.order_id from parcels p where p.state = 'packed' and p.state in ('picked', 'packed'))"
    };
    (unpaid) => {
        // Sent although the card was only authorised or voided: not paid either. Nor is one of which the card took a part that went back.
        concat!(
            money_is_missing!(),
            " and o.payment_method = 'card' and (o.payment_state in ('pending', 'requires_action', 'failed') or o.rest_due = 1
                or o.fulfilment_state in ('partial', 'fulfilled'))"
        )
    };
    (cash_due) => {
        // Pending, partly paid or partly refunded: a part may have been paid and refunded already. The states that it is not in are named, and so
        // its orders are found by the payments that wait, and not among all that were partly refunded.
        "o.payment_state not in ('requires_action', 'authorised', 'paid', 'refunded', 'failed', 'voided') and o.cancelled_at is null
         and o.payment_method = 'cod' and o.delivery_state in ('in_transit', 'delivered')
         and o.id in (select p.order_id from payments p where p.tender = 'cod' and p.state = 'pending' and p.amount > 0)"
    };
}

/// The orders of a queue, newest first.
pub(in crate::orders) async fn by_queue(db: &mut impl Read, (at, id): PageKey, queue: OrderQueue) -> Result<Vec<OrderRow>, DbError> {
    match queue {
        OrderQueue::ToPack => db.fetch_all(newest!(in_queue!(to_pack)), &[&at, &id]).await,
        OrderQueue::ToShip => db.fetch_all(newest!(in_queue!(to_ship)), &[&at, &id]).await,
        OrderQueue::Unpaid => db.fetch_all(newest!(in_queue!(unpaid)), &[&at, &id]).await,
        OrderQueue::CashDue => db.fetch_all(newest!(in_queue!(cash_due)), &[&at, &id]).await,
    }
}

/// How many orders are in each queue.
#[derive(platform::db::FromRow)]
pub(in crate::orders) struct Counts {
    pub to_pack: i64,
    pub to_ship: i64,
    pub unpaid: i64,
    pub cash_due: i64,
}

pub(in crate::orders) async fn queue_counts(db: &mut impl Read) -> Result<Counts, DbError> {
    db.fetch_one(
        concat!(
            "select (select count(*) from orders o where ",
            in_queue!(to_pack),
            ") as to_pack, (select count(*) from orders o where ",
            in_queue!(to_ship),
            ") as to_ship, (select count(*) from orders o where ",
            in_queue!(unpaid),
            ") as unpaid, (select count(*) from orders o where ",
            in_queue!(cash_due),
            ") as cash_due"
        ),
        &[],
    )
    .await
}

/// Numbers from `from` up to, but without, `to`, in their order: a short beginning has too many to sort them by time. A page begins after
/// the number of the order in its key.
pub(in crate::orders) async fn by_number(
    db: &mut impl Read,
    (_, id): PageKey,
    (from, to): (&str, &str),
    payment: &str,
    fulfilment: &str,
) -> Result<Vec<OrderRow>, DbError> {
    db.fetch_all(
        concat!(
            rows!(),
            " from orders o where o.number >= $2 and o.number < $3
                and o.number > coalesce((select k.number from orders k where k.id = $1), '')
                and ($4 = '' or o.payment_state = $4) and ($5 = '' or o.fulfilment_state = $5)
             order by o.number limit 51"
        ),
        &[&id, &from, &to, &payment, &fulfilment],
    )
    .await
}

/// Orders that used a discount code, in the order of their ids, as [`by_sku`]. One is found by the first share of the code that it has.
pub(in crate::orders) async fn by_discount(
    db: &mut impl Read,
    (_, id): PageKey,
    code: &str,
    payment: &str,
    fulfilment: &str,
) -> Result<Vec<OrderRow>, DbError> {
    db.fetch_all(
        concat!(
            rows!(),
            " from order_adjustments a join orders o on o.id = a.order_id where ",
            of_discount_code!(),
            " and a.reference = $2 and a.order_id < $1
                and not exists (select 1 from order_adjustments b
                    where b.order_id = a.order_id and b.n < a.n and b.source = a.source and b.reference = a.reference)
                and ($3 = '' or o.payment_state = $3) and ($4 = '' or o.fulfilment_state = $4)
             order by a.order_id desc limit 51"
        ),
        &[&id, &code, &payment, &fulfilment],
    )
    .await
}

pub(in crate::orders) async fn by_contacts(
    db: &mut impl Read,
    (at, id): PageKey,
    contacts: &[ContactId],
    payment: &str,
    fulfilment: &str,
) -> Result<Vec<OrderRow>, DbError> {
    db.fetch_all(
        newest!(
            "o.contact_id in (select unhex(value->>'id') from json_each($3))
             and ($4 = '' or o.payment_state = $4) and ($5 = '' or o.fulfilment_state = $5)"
        ),
        &[&at, &id, &json_ids(contacts), &payment, &fulfilment],
    )
    .await
}

/// Orders with a line of this variant, in the order of their ids: that in which they were made, and that of the index of lines.
pub(in crate::orders) async fn by_sku(
    db: &mut impl Read,
    (_, id): PageKey,
    sku: &str,
    payment: &str,
    fulfilment: &str,
) -> Result<Vec<OrderRow>, DbError> {
    db.fetch_all(
        concat!(
            rows!(),
            " from order_lines s join orders o on o.id = s.order_id
             where s.variant_id = (select v.id from variants v where v.sku = $2) and s.order_id < $1
                and ($3 = '' or o.payment_state = $3) and ($4 = '' or o.fulfilment_state = $4)
             order by s.order_id desc limit 51"
        ),
        &[&id, &sku, &payment, &fulfilment],
    )
    .await
}

pub(in crate::orders) async fn of_user(db: &mut impl Read, (at, id): PageKey, user: UserId) -> Result<Vec<OrderRow>, DbError> {
    db.fetch_all(newest!("o.user_id = $3"), &[&at, &id, &user]).await
}
