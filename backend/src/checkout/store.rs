//! Checkout's SQL: one statement a table, for many orders at once.

use std::collections::{HashMap, HashSet};

use domain::cart::Totals;
use domain::id::{CartId, OrderId, PaymentId, UserId, VariantId};
use domain::order::PaymentState;
use domain::{Currency, Money, Quantity, Timestamp};
use uuid::Uuid;

use crate::inventory;
use crate::platform::db::{DbError, Rows, Tx};

use super::place::{Line, Row};
use super::{CheckoutError, Command, PAYMENT_TIME, PlacedOrder, billing_id};

/// An order that a cart has become, and whose it is: the account's, or else whoever gave this e-mail.
pub(super) struct Ordered {
    user: Option<UserId>,
    email_hash: Option<Vec<u8>>,
    /// Of the form that it was placed with; none for orders that were made without one.
    body_hash: Option<Vec<u8>>,
    made: PlacedOrder,
}

impl Ordered {
    /// The answer opens the order, so it is for whoever placed it: who only knows the cart learns nothing.
    pub(super) fn answer_for(&self, command: &Command) -> Result<PlacedOrder, CheckoutError> {
        let theirs = if self.user.is_some() { self.user == command.user } else { self.email_hash == command.contact.email_hash };
        if !theirs {
            return Err(CheckoutError::NoCart);
        }
        if self.body_hash.as_ref().is_some_and(|hash| *hash != command.body_hash) {
            return Err(CheckoutError::Ordered { order: self.made.order, number: self.made.number.clone() });
        }
        Ok(self.made.clone())
    }
}

/// What was ordered before.
#[derive(Default)]
pub(super) struct Known {
    pub(super) keys: HashMap<String, (Vec<u8>, PlacedOrder)>,
    pub(super) carts: HashMap<CartId, Ordered>,
}

type MadeRow = (OrderId, String, Currency, i64, String);

fn made((order, number, currency, total, method): MadeRow) -> Option<PlacedOrder> {
    Some(PlacedOrder { order, number, total: Money::new(total, currency), payment: method.parse().ok()?, replay: true })
}

type CartMadeRow = (CartId, Option<UserId>, Option<Vec<u8>>, Option<Vec<u8>>, OrderId, String, Currency, i64, String);
type KeyRow = (String, Vec<u8>, OrderId, String, Currency, i64, String);

/// Which keys and carts have an order.
pub(super) async fn known(tx: &mut Tx, commands: &[Command]) -> Result<Known, DbError> {
    let (mut keys, mut carts) = (Rows::new(), Rows::new());
    for command in commands {
        keys.row(&[&command.key]);
        carts.row(&[&command.cart]);
    }
    let mut known = Known::default();
    let rows: Vec<KeyRow> = tx
        .fetch_all(
            "select k.key, k.body_hash, o.id, o.number, o.currency, o.total, o.payment_method
             from (select distinct value->>0 as key from json_each($1)) j
             join idempotency_keys k on k.key = j.key join orders o on o.id = k.order_id",
            &[&keys.end()],
        )
        .await?;
    for (key, hash, id, number, currency, total, method) in rows {
        if let Some(made) = made((id, number, currency, total, method)) {
            known.keys.insert(key, (hash, made));
        }
    }
    let rows: Vec<CartMadeRow> = tx
        .fetch_all(
            "select o.cart_id, o.user_id, c.email_hash, k.body_hash, o.id, o.number, o.currency, o.total, o.payment_method
             from (select distinct unhex(value->>0) as id from json_each($1)) j
             join orders o on o.cart_id = j.id join contacts c on c.id = o.contact_id
             left join idempotency_keys k on k.order_id = o.id",
            &[&carts.end()],
        )
        .await?;
    for (cart, user, email_hash, body_hash, id, number, currency, total, method) in rows {
        if let Some(made) = made((id, number, currency, total, method)) {
            known.carts.insert(cart, Ordered { user, email_hash, body_hash, made });
        }
    }
    Ok(known)
}

/// A cart that is being bought.
pub(super) struct Cart {
    pub(super) user: Option<UserId>,
    pub(super) currency: Currency,
    pub(super) discount_code: Option<String>,
    pub(super) items: Vec<(VariantId, Quantity)>,
}

/// Locks these carts without waiting; says which of them somebody else holds: one that is changed at this moment.
pub(super) async fn lock_carts(tx: &mut Tx, ids: impl Iterator<Item = CartId>) -> Result<HashSet<CartId>, DbError> {
    if !tx.is_postgres() {
        return Ok(HashSet::new());
    }
    let asked: Rows = ids.collect();
    let asked = asked.end();
    let got: Vec<(CartId,)> = tx
        .fetch_all(
            "select id from carts where id in (select unhex(value->>0) from json_each($1)) order by id for update skip locked",
            &[&asked],
        )
        .await?;
    let all: Vec<(CartId,)> =
        tx.fetch_all("select id from carts where id in (select unhex(value->>0) from json_each($1))", &[&asked]).await?;
    let got: HashSet<_> = got.into_iter().collect();
    Ok(all.into_iter().filter(|row| !got.contains(row)).map(|(id,)| id).collect())
}

/// Locks these discount codes without waiting; says which of them somebody else holds.
pub(super) async fn lock_codes(tx: &mut Tx, codes: &HashSet<&String>) -> Result<HashSet<String>, DbError> {
    if codes.is_empty() || !tx.is_postgres() {
        return Ok(HashSet::new());
    }
    let asked: Rows = codes.iter().copied().collect();
    let asked = asked.end();
    let got: Vec<(String,)> = tx
        .fetch_all(
            "select code from discount_codes where code in (select value->>0 from json_each($1)) order by code for update skip locked",
            &[&asked],
        )
        .await?;
    let all: Vec<(String,)> =
        tx.fetch_all("select code from discount_codes where code in (select value->>0 from json_each($1))", &[&asked]).await?;
    let got: HashSet<_> = got.into_iter().collect();
    Ok(all.into_iter().filter(|row| !got.contains(row)).map(|(code,)| code).collect())
}

/// Waits for a row, as long as the transaction may wait for a lock.
pub(super) async fn wait_for(tx: &mut Tx, row: &Row) -> Result<(), DbError> {
    match row {
        Row::Cart(id) => tx.lock("select 1 from carts where id = $1 for update", &[id]).await,
        Row::Code(code) => tx.lock("select 1 from discount_codes where code = $1 for update", &[code]).await,
        Row::Stock(variant) => inventory::wait_for(tx, *variant).await,
    }
}

type CartRow = (CartId, Option<UserId>, Currency, Option<String>, Option<VariantId>, Option<i64>);

/// What these carts hold; they are locked.
pub(super) async fn carts(tx: &mut Tx, ids: impl Iterator<Item = CartId>) -> Result<HashMap<CartId, Cart>, DbError> {
    let asked: Rows = ids.into_iter().collect();
    let asked = asked.end();
    let rows: Vec<CartRow> = tx
        .fetch_all(
            "select c.id, c.user_id, c.currency, c.discount_code, l.variant_id, l.quantity
             from (select unhex(value->>0) as id from json_each($1)) j
             join carts c on c.id = j.id left join cart_lines l on l.cart_id = c.id order by c.id, l.position",
            &[&asked],
        )
        .await?;
    let mut carts: HashMap<CartId, Cart> = HashMap::new();
    for (id, user, currency, discount_code, variant, quantity) in rows {
        let cart = carts.entry(id).or_insert_with(|| Cart { user, currency, discount_code, items: Vec::new() });
        if let (Some(variant), Some(quantity)) = (variant, quantity) {
            cart.items.push((variant, Quantity::clamped(quantity)));
        }
    }
    Ok(carts)
}

/// An order to be written.
pub(super) struct NewOrder<'a> {
    pub(super) command: &'a Command,
    pub(super) totals: &'a Totals,
    pub(super) lines: &'a [Line],
    pub(super) currency: Currency,
    pub(super) discount_code: Option<&'a str>,
    pub(super) delivery_name: &'a str,
    pub(super) promised: (i64, i64),
    pub(super) payment: PaymentId,
    pub(super) payment_state: PaymentState,
}

/// Orders, their keys, lines and payment attempts; and their carts are closed.
pub(super) async fn insert_orders(tx: &mut Tx, new: &[NewOrder<'_>]) -> Result<(), DbError> {
    let (mut orders, mut lines, mut payments) = (Rows::new(), Rows::new(), Rows::new());
    for n in new {
        let (c, t) = (n.command, n.totals);
        let promise = |days: i64| c.at.plus_millis(days * Timestamp::DAY);
        orders.row(&[
            &c.order,
            &c.number,
            &c.cart,
            &c.contact.id,
            &c.user,
            &c.channel.as_str(),
            &n.currency,
            &c.locale.code(),
            &c.shipping.id,
            &billing_id(c),
            &c.delivery,
            &n.delivery_name,
            &promise(n.promised.0),
            &promise(n.promised.1),
            &c.payment.as_str(),
            &t.subtotal.minor,
            &t.discount.minor,
            &n.discount_code,
            &t.shipping.minor,
            &t.tax.minor,
            &t.total.minor,
            &n.payment_state.as_str(),
            &c.at,
            &c.key,
            &c.body_hash,
        ]);
        payments.row(&[&n.payment, &c.order, &c.payment.as_str(), &t.total.minor, &n.currency, &c.at]);
        for (position, (line, total)) in (0_i64..).zip(n.lines.iter().zip(&t.lines)) {
            let q = &line.quote;
            lines.row(&[
                &line.id,
                &c.order,
                &position,
                &q.variant,
                &q.product,
                &q.sku,
                &q.name,
                &q.options,
                &q.picture,
                &line.quantity.get(),
                &line.price,
                &total.discount.minor,
                &q.tax_class,
                &line.tax_rate_bp,
                &total.tax.minor,
                &total.total.minor,
                &q.cost,
                &q.weight_g,
            ]);
        }
    }
    let (orders, lines, payments) = (orders.end(), lines.end(), payments.end());
    tx.execute(
        "insert into orders (id, number, cart_id, contact_id, user_id, channel, currency, locale, shipping_address_id,
            billing_address_id, delivery_code, delivery_name, promised_from, promised_to, payment_method, subtotal, discount,
            discount_code, shipping, tax, total, payment_state, fulfilment_state, delivery_state, placed_at)
         select unhex(value->>0), value->>1, unhex(value->>2), unhex(value->>3), unhex(value->>4), value->>5, value->>6, value->>7,
            unhex(value->>8), unhex(value->>9), value->>10, value->>11, cast(value->>12 as bigint), cast(value->>13 as bigint), value->>14,
            cast(value->>15 as bigint), cast(value->>16 as bigint), value->>17, cast(value->>18 as bigint), cast(value->>19 as bigint),
            cast(value->>20 as bigint), value->>21, 'unfulfilled', 'none', cast(value->>22 as bigint) from json_each($1)",
        &[&orders],
    )
    .await?;
    tx.execute(
        "insert into idempotency_keys (key, body_hash, order_id, at)
         select value->>23, unhex(value->>24, ''), unhex(value->>0), cast(value->>22 as bigint) from json_each($1)",
        &[&orders],
    )
    .await?;
    tx.execute(
        "insert into order_lines (id, order_id, position, variant_id, product_id, sku, name, options, picture_id, quantity, unit_price,
            discount, tax_class, tax_rate_bp, tax, total, unit_cost, weight_g)
         select unhex(value->>0), unhex(value->>1), cast(value->>2 as bigint), unhex(value->>3), unhex(value->>4), value->>5, value->>6,
            value->>7, unhex(value->>8), cast(value->>9 as bigint), cast(value->>10 as bigint), cast(value->>11 as bigint), value->>12,
            cast(value->>13 as bigint), cast(value->>14 as bigint), cast(value->>15 as bigint), cast(value->>16 as bigint),
            cast(value->>17 as bigint) from json_each($1)",
        &[&lines],
    )
    .await?;
    tx.execute(
        "insert into payments (id, order_id, method, amount, currency, state, attempt, created_at, updated_at)
         select unhex(value->>0), unhex(value->>1), value->>2, cast(value->>3 as bigint), value->>4, 'pending', 1,
            cast(value->>5 as bigint), cast(value->>5 as bigint) from json_each($1)",
        &[&payments],
    )
    .await?;
    tx.execute(
        "update carts set order_id = d.o from (select unhex(value->>0) as o, unhex(value->>2) as c from json_each($1)) d where carts.id = d.c",
        &[&orders],
    )
    .await?;
    Ok(())
}

/// An event to be written.
pub(super) struct NewEvent<'a> {
    pub(super) id: Uuid,
    pub(super) kind: &'static str,
    pub(super) command: &'a Command,
    pub(super) data: String,
}

pub(super) async fn insert_events(tx: &mut Tx, events: Vec<NewEvent<'_>>) -> Result<(), DbError> {
    let rows: Vec<_> = events
        .into_iter()
        .map(|e| crate::platform::events::NewRow {
            id: e.id,
            kind: e.kind,
            subject: e.command.order.0,
            context: &e.command.context,
            data: e.data,
            at: e.command.at,
        })
        .collect();
    crate::platform::events::append_rows(tx, &rows).await
}

/// Unpaid card orders are looked at again when their time is over.
pub(super) async fn insert_expiry_jobs<'a>(tx: &mut Tx, orders: impl Iterator<Item = (Uuid, &'a Command)>) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for (id, command) in orders {
        let payload = serde_json::json!({ "order": command.order }).to_string();
        let run_at = command.at.plus_millis(PAYMENT_TIME);
        rows.row(&[&id, &payload, &format!("payments.expire:{}", command.order), &run_at, &command.at]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into jobs (id, kind, payload, key, run_at, created_at)
         select unhex(value->>0), 'payments.expire', value->>1, value->>2, cast(value->>3 as bigint), cast(value->>4 as bigint) from json_each($1)",
        &[&rows.end()],
    )
    .await?;
    Ok(())
}
