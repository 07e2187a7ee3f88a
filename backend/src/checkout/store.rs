//! Checkout's SQL: one statement a table, for many orders at once.

use std::collections::{HashMap, HashSet};

use domain::id::{CartId, OrderId, UserId, VariantId};
use domain::order::PaymentMethod;
use domain::{Currency, Money, Quantity};

use platform::db::{DbError, Tx, json_ids, json_texts};

use crate::inventory;

use super::model::{CheckoutError, Command, ContendedRow, PlacedOrder};

/// The order of a cart, and whose it is: the account's, or else whoever gave this e-mail.
pub(super) struct ExistingOrder {
    user: Option<UserId>,
    email_hash: Option<Vec<u8>>,
    /// Of the form that it was placed with; none for orders that were placed without one.
    body_hash: Option<Vec<u8>>,
    placed: PlacedOrder,
}

impl ExistingOrder {
    /// The answer opens the order, so it is only for whoever placed it; whoever merely knows the cart's id learns nothing.
    pub(super) fn answer_for(&self, command: &Command) -> Result<PlacedOrder, CheckoutError> {
        let theirs = if self.user.is_some() { self.user == command.user } else { self.email_hash == command.contact.email_hash };
        if !theirs {
            return Err(CheckoutError::NoCart);
        }
        if self.body_hash.as_ref().is_some_and(|hash| *hash != command.body_hash) {
            return Err(CheckoutError::Ordered { order: self.placed.order, number: self.placed.number.clone() });
        }
        Ok(self.placed.clone())
    }
}

/// What was ordered before.
#[derive(Default)]
pub(super) struct ExistingOrders {
    /// With the hash of the form that was sent.
    pub(super) by_key: HashMap<String, (Vec<u8>, PlacedOrder)>,
    pub(super) by_cart: HashMap<CartId, ExistingOrder>,
}

#[derive(platform::db::FromRow)]
struct PlacedRow {
    id: OrderId,
    number: String,
    currency: Currency,
    total: i64,
    payment_method: PaymentMethod,
}

impl From<PlacedRow> for PlacedOrder {
    fn from(row: PlacedRow) -> Self {
        let total = Money::new(row.total, row.currency);
        Self { order: row.id, number: row.number, total, payment: row.payment_method, replay: true }
    }
}

/// The orders that keys and carts of these commands have already.
pub(super) async fn existing_orders(tx: &mut Tx, commands: &[Command]) -> Result<ExistingOrders, DbError> {
    #[derive(platform::db::FromRow)]
    struct OfKey {
        key: String,
        body_hash: Vec<u8>,
        #[sqlx(flatten)]
        order: PlacedRow,
    }
    #[derive(platform::db::FromRow)]
    struct OfCart {
        cart_id: CartId,
        user_id: Option<UserId>,
        email_hash: Option<Vec<u8>>,
        body_hash: Option<Vec<u8>>,
        #[sqlx(flatten)]
        order: PlacedRow,
    }
    let of_keys: Vec<OfKey> = tx
        .fetch_all(
            "select k.key, k.body_hash, o.id, o.number, o.currency, o.total, o.payment_method
             from (select distinct value->>'text' as key from json_each($1)) j
             join idempotency_keys k on k.key = j.key join orders o on o.id = k.order_id",
            &[&json_texts(commands.iter().map(|command| &command.key))],
        )
        .await?;
    let of_carts: Vec<OfCart> = tx
        .fetch_all(
            "select o.cart_id, o.user_id, c.email_hash, k.body_hash, o.id, o.number, o.currency, o.total, o.payment_method
             from (select distinct unhex(value->>'id') as id from json_each($1)) j
             join orders o on o.cart_id = j.id join contacts c on c.id = o.contact_id
             left join idempotency_keys k on k.order_id = o.id",
            &[&json_ids(commands.iter().map(|command| command.cart))],
        )
        .await?;
    let of_cart = |row: OfCart| {
        let order = ExistingOrder { user: row.user_id, email_hash: row.email_hash, body_hash: row.body_hash, placed: row.order.into() };
        (row.cart_id, order)
    };
    Ok(ExistingOrders {
        by_key: of_keys.into_iter().map(|row| (row.key, (row.body_hash, row.order.into()))).collect(),
        by_cart: of_carts.into_iter().map(of_cart).collect(),
    })
}

/// A cart that is being bought.
pub(super) struct Cart {
    pub(super) user: Option<UserId>,
    pub(super) currency: Currency,
    pub(super) discount_code: Option<String>,
    pub(super) items: Vec<(VariantId, Quantity)>,
}

/// Locks these carts without waiting; returns those that another transaction holds.
pub(super) async fn carts_held_by_others(tx: &mut Tx, ids: impl Iterator<Item = CartId>) -> Result<HashSet<CartId>, DbError> {
    if !tx.is_postgres() {
        return Ok(HashSet::new());
    }
    let ids = json_ids(ids);
    let locked: Vec<CartId> = tx
        .fetch_scalars(
            "select id from carts where id in (select unhex(value->>'id') from json_each($1)) order by id for update skip locked",
            &[&ids],
        )
        .await?;
    let all: Vec<CartId> =
        tx.fetch_scalars("select id from carts where id in (select unhex(value->>'id') from json_each($1))", &[&ids]).await?;
    let locked: HashSet<CartId> = locked.into_iter().collect();
    Ok(all.into_iter().filter(|id| !locked.contains(id)).collect())
}

/// Locks these discount codes without waiting; returns those that another transaction holds.
pub(super) async fn codes_held_by_others(tx: &mut Tx, codes: &HashSet<&String>) -> Result<HashSet<String>, DbError> {
    if codes.is_empty() || !tx.is_postgres() {
        return Ok(HashSet::new());
    }
    let codes = json_texts(codes);
    let locked: Vec<String> = tx
        .fetch_scalars(
            "select code from discount_codes where code in (select value->>'text' from json_each($1)) order by code for update skip locked",
            &[&codes],
        )
        .await?;
    let all: Vec<String> =
        tx.fetch_scalars("select code from discount_codes where code in (select value->>'text' from json_each($1))", &[&codes]).await?;
    let locked: HashSet<String> = locked.into_iter().collect();
    Ok(all.into_iter().filter(|code| !locked.contains(code)).collect())
}

/// Waits for a row, as long as the transaction may wait for a lock.
pub(super) async fn wait_for(tx: &mut Tx, row: &ContendedRow) -> Result<(), DbError> {
    match row {
        ContendedRow::Cart(id) => tx.lock("select 1 from carts where id = $1 for update", &[id]).await,
        ContendedRow::Code(code) => tx.lock("select 1 from discount_codes where code = $1 for update", &[code]).await,
        ContendedRow::Stock(variant) => inventory::wait_for(tx, *variant).await,
    }
}

/// What these carts hold; they are locked.
pub(super) async fn carts(tx: &mut Tx, ids: impl Iterator<Item = CartId>) -> Result<HashMap<CartId, Cart>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        id: CartId,
        user_id: Option<UserId>,
        currency: Currency,
        discount_code: Option<String>,
        variant_id: Option<VariantId>,
        quantity: Option<i64>,
    }
    let rows: Vec<Row> = tx
        .fetch_all(
            "select c.id, c.user_id, c.currency, c.discount_code, l.variant_id, l.quantity
             from (select unhex(value->>'id') as id from json_each($1)) j
             join carts c on c.id = j.id left join cart_lines l on l.cart_id = c.id order by c.id, l.position",
            &[&json_ids(ids)],
        )
        .await?;
    let mut carts: HashMap<CartId, Cart> = HashMap::new();
    for row in rows {
        let empty = Cart { user: row.user_id, currency: row.currency, discount_code: row.discount_code, items: Vec::new() };
        let cart = carts.entry(row.id).or_insert(empty);
        if let (Some(variant), Some(quantity)) = (row.variant_id, row.quantity) {
            cart.items.push((variant, Quantity::clamped(quantity)));
        }
    }
    Ok(carts)
}
