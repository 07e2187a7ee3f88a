//! Carts' SQL.

use domain::id::{CartId, OrderId, UserId, VariantId};
use domain::order::Channel;
use domain::view::CartItem;
use domain::{Currency, Quantity, Timestamp};

use crate::platform::db::{DbError, Reader, Rows, Tx};

use super::Stored;

type CartRow = (CartId, Option<UserId>, String, Currency, Option<String>, i64, Option<OrderId>);

pub(super) async fn load(db: &mut impl Reader, id: CartId) -> Result<Option<Stored>, DbError> {
    let rows: Vec<CartRow> =
        db.fetch_all("select id, user_id, channel, currency, discount_code, version, order_id from carts where id = $1", &[&id]).await?;
    let Some((id, user, channel, currency, discount_code, version, order)) = rows.into_iter().next() else { return Ok(None) };
    let lines: Vec<(VariantId, i64, i64)> =
        db.fetch_all("select variant_id, quantity, seen_price from cart_lines where cart_id = $1 order by position", &[&id]).await?;
    let items = lines
        .into_iter()
        .map(|(variant, quantity, seen_price)| CartItem { variant, quantity: Quantity::clamped(quantity), seen_price })
        .collect();
    let channel = channel.parse().unwrap_or(Channel::Web);
    Ok(Some(Stored { id, user, channel, currency, discount_code, version, ordered: order.is_some(), items }))
}

/// Carts that nobody else changes until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, ids: &[CartId]) -> Result<Vec<Stored>, DbError> {
    let asked: Rows = ids.iter().collect();
    tx.lock("select 1 from carts where id in (select unhex(value->>0) from json_each($1)) order by id for update", &[&asked.end()]).await?;
    let mut carts = Vec::with_capacity(ids.len());
    for id in ids {
        carts.extend(load(tx, *id).await?);
    }
    Ok(carts)
}

pub(super) async fn open_of(db: &mut impl Reader, user: UserId) -> Result<Option<CartId>, DbError> {
    let rows: Vec<(CartId,)> =
        db.fetch_all("select id from carts where user_id = $1 and order_id is null order by updated_at desc limit 1", &[&user]).await?;
    Ok(rows.into_iter().next().map(|r| r.0))
}

pub(super) async fn insert(tx: &mut Tx, cart: &Stored, at: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "insert into carts (id, user_id, channel, currency, discount_code, version, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        &[&cart.id, &cart.user, &cart.channel.as_str(), &cart.currency, &cart.discount_code, &cart.version, &at],
    )
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, cart: &Stored, at: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "update carts set user_id = $2, discount_code = $3, version = $4, updated_at = $5 where id = $1",
        &[&cart.id, &cart.user, &cart.discount_code, &cart.version, &at],
    )
    .await?;
    Ok(())
}

/// Keeps a cart with its lines as a new version.
pub(super) async fn change(tx: &mut Tx, cart: &mut Stored, at: Timestamp) -> Result<(), DbError> {
    cart.version += 1;
    update(tx, cart, at).await?;
    replace_lines(tx, cart.id, &cart.items).await
}

/// Articles that do not exist (any more) are left out.
pub(super) async fn replace_lines(tx: &mut Tx, cart: CartId, items: &[CartItem]) -> Result<(), DbError> {
    tx.execute("delete from cart_lines where cart_id = $1", &[&cart]).await?;
    let mut rows = Rows::new();
    for (position, item) in (0_i64..).zip(items) {
        rows.row(&[&item.variant, &item.quantity.get(), &item.seen_price, &position]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into cart_lines (cart_id, variant_id, quantity, seen_price, position)
         select $1, v.id, cast(j.value->>1 as bigint), cast(j.value->>2 as bigint), cast(j.value->>3 as bigint)
         from json_each($2) j join variants v on v.id = unhex(j.value->>0)",
        &[&cart, &rows.end()],
    )
    .await?;
    Ok(())
}

/// Removes guests' carts that were last changed before a moment, with their lines.
pub(super) async fn remove_idle(tx: &mut Tx, before: Timestamp) -> Result<u64, DbError> {
    let idle: Vec<(CartId,)> = tx
        .fetch_all(
            "select id from carts where order_id is null and user_id is null and updated_at < $1 order by updated_at limit 500",
            &[&before],
        )
        .await?;
    let asked: Rows = idle.iter().map(|(id,)| id).collect();
    let asked = asked.end();
    // Whoever changes one of them at this moment keeps it: looked at again once they are held.
    tx.lock("select 1 from carts where id in (select unhex(value->>0) from json_each($1)) order by id for update", &[&asked]).await?;
    tx.execute(
        "delete from cart_lines where cart_id in (select c.id from carts c
            where c.id in (select unhex(value->>0) from json_each($1)) and c.order_id is null and c.user_id is null and c.updated_at < $2)",
        &[&asked, &before],
    )
    .await?;
    tx.execute(
        "delete from carts where id in (select unhex(value->>0) from json_each($1))
            and order_id is null and user_id is null and updated_at < $2",
        &[&asked, &before],
    )
    .await
}
