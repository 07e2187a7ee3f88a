//! Limits of unpaid orders. They reserve stock for whoever types a name: cash orders until they are sent, card orders until the time to
//! pay is over.
//!
//! Each order of a shopper stores marks: keyed hashes of e-mail, telephone number, address and network address. The settings limit how
//! many cash orders and how many unpaid card orders may be open at once for one mark. Marks are deleted when the order was sent or
//! cancelled. Staff and API keys have no limits.
//!
//! A cash order that nobody begins to send is cancelled after some days ([`expire_cash`](crate::order_management::expire_cash)), so that no stock is held for ever.

use std::collections::HashMap;
use std::net::IpAddr;

use domain::id::OrderId;
use domain::order::PaymentMethod;
use domain::view::{CheckoutForm, OrderLimits};
use domain::{email, slug};

use serde::Serialize;

use platform::context::{Actor, Context};
use platform::db::{DbError, Flag, Hex, JsonRows, Tx, hex, json_ids};

use crate::{Shop, customers, settings};

/// What an order is counted by.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) hash: Vec<u8>,
    is_client: bool,
}

impl Mark {
    /// The most open orders of this kind for it; none for any number.
    fn limit(&self, limits: &OrderLimits, method: PaymentMethod) -> Option<i64> {
        let limit = match (method, self.is_client) {
            (PaymentMethod::Cod, true) => limits.cash_per_client,
            (PaymentMethod::Cod, false) => limits.cash_per_person,
            (PaymentMethod::Card, true) => limits.card_per_client,
            (PaymentMethod::Card, false) => limits.card_per_person,
        };
        (limit > 0).then_some(limit)
    }
}

/// Does the shop know nothing of them but what they typed?
pub(super) const fn is_stranger(ctx: &Context) -> bool {
    matches!(ctx.actor, Actor::Nobody | Actor::Customer(_))
}

/// The limits of whoever orders.
pub(super) fn limits(shop: &Shop, ctx: &Context) -> OrderLimits {
    if is_stranger(ctx) { settings::shop(shop).limits } else { OrderLimits::NONE }
}

/// Does the shop take cash on delivery from whoever asks?
#[must_use]
pub fn is_taken(shop: &Shop, ctx: &Context) -> bool {
    limits(shop, ctx).cash
}

/// The marks of an order.
pub(super) fn marks(shop: &Shop, ctx: &Context, form: &CheckoutForm) -> Vec<Mark> {
    if !is_stranger(ctx) {
        return Vec::new();
    }
    let address = &form.shipping;
    let parts =
        [&address.line1, &address.line2, &address.place, &address.city, &address.postal_code].map(|part| slug::words(part).join(" "));
    let person = [
        Some(format!("e-mail {}", email::email_key(&form.contact.email))),
        email::phone(&form.contact.phone).map(|phone| format!("phone {phone}")),
        Some(format!("address {} {}", address.country, parts.join(" "))),
    ];
    // Requests from this machine itself are not counted: behind a proxy that is not trusted, all shoppers would be one.
    let client = ctx.client.filter(|client| !is_local(*client)).map(|client| format!("client {client}"));
    let mark = |text: String, is_client| Mark { hash: customers::blind(shop, "cash", &text), is_client };
    person.into_iter().flatten().map(|text| mark(text, false)).chain(client.map(|text| mark(text, true))).collect()
}

const fn is_local(client: IpAddr) -> bool {
    client.is_loopback() || client.is_unspecified()
}

/// Numbers of orders that are open and not paid, by mark and payment method.
pub(super) type OpenOrders = HashMap<(Vec<u8>, PaymentMethod), i64>;

/// Counts what is open for these marks.
pub(super) async fn open_orders(tx: &mut Tx, marks: impl Iterator<Item = &Mark>) -> Result<OpenOrders, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        mark: Vec<u8>,
        payment_method: PaymentMethod,
        orders: i64,
    }
    let mut marks = marks.map(|mark| &mark.hash).peekable();
    if marks.peek().is_none() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Row> = tx
        .fetch_all(
            "select m.mark, o.payment_method, count(*) as orders
             from (select distinct unhex(value->>'id', '') as mark from json_each($1)) j
             join order_marks m on m.mark = j.mark join orders o on o.id = m.order_id
             where o.fulfilment_state = 'unfulfilled' and o.cancelled_at is null
                and (o.payment_method = 'cod' or o.payment_state in ('pending', 'requires_action', 'failed', 'voided'))
             group by m.mark, o.payment_method",
            &[&json_ids(marks)],
        )
        .await?;
    Ok(rows.into_iter().map(|row| ((row.mark, row.payment_method), row.orders)).collect())
}

/// May one more order with this payment method be open for all these marks? If so, it is counted.
pub(super) fn admits(open: &mut OpenOrders, marks: &[Mark], limits: &OrderLimits, method: PaymentMethod) -> bool {
    let count = |mark: &Mark| open.get(&(mark.hash.clone(), method)).copied().unwrap_or_default();
    if marks.iter().any(|mark| mark.limit(limits, method).is_some_and(|limit| count(mark) >= limit)) {
        return false;
    }
    for mark in marks {
        *open.entry((mark.hash.clone(), method)).or_default() += 1;
    }
    true
}

/// May this order, placed to be paid by card, be paid in cash instead?
///
/// # Errors
/// The database's.
pub(super) async fn may_be_cash(tx: &mut Tx, limits: &OrderLimits, order: OrderId, total: i64) -> Result<bool, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        mark: Vec<u8>,
        is_client: Flag,
    }
    if !limits.takes_cash(total) {
        return Ok(false);
    }
    let rows: Vec<Row> = tx.fetch_all("select mark, is_client from order_marks where order_id = $1", &[&order]).await?;
    let marks: Vec<Mark> = rows.into_iter().map(|row| Mark { hash: row.mark, is_client: row.is_client.0 }).collect();
    let mut counts = open_orders(tx, marks.iter()).await?;
    Ok(admits(&mut counts, &marks, limits, PaymentMethod::Cod))
}

/// Stores the marks of orders.
pub(super) async fn insert(tx: &mut Tx, marks: impl Iterator<Item = (OrderId, &[Mark])>) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        mark: Hex<'a>,
        order: Hex<'a>,
        is_client: Flag,
    }
    let mut rows = JsonRows::new();
    for (order, marks) in marks {
        for mark in marks {
            rows.push(&Row { mark: hex(&mark.hash), order: hex(&order), is_client: mark.is_client.into() });
        }
    }
    tx.write_rows(
        "insert into order_marks (mark, order_id, is_client)
         select unhex(value->>'mark', ''), unhex(value->>'order'), cast(value->>'is_client' as bigint) from json_each($1) where true
         on conflict (mark, order_id) do nothing",
        rows,
    )
    .await
}

/// Deletes the marks of orders that are not open any more; returns how many.
///
/// # Errors
/// The database's.
pub async fn tidy(shop: &Shop) -> Result<u64, DbError> {
    let sql = "delete from order_marks where exists (select 1 from orders o
        where o.id = order_marks.order_id and (o.fulfilment_state <> 'unfulfilled' or o.cancelled_at is not null))";
    shop.db().write(async move |tx| tx.execute(sql, &[]).await).await
}
