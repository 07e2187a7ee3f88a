use domain::id::{CartId, OrderId, UserId, VariantId};
use domain::order::Channel;
use domain::view::CartItem;
use domain::{Currency, Quantity, Timestamp};
use serde::Serialize;

use platform::db::{DbError, Hex, JsonRows, Read, Tx, hex, json_ids};

use super::StoredCart;

pub(super) async fn load(db: &mut impl Read, id: CartId) -> Result<Option<StoredCart>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        user_id: Option<UserId>,
        channel: String,
        currency: Currency,
        discount_code: Option<String>,
        version: i64,
        order_id: Option<OrderId>,
    }
    #[derive(platform::db::FromRow)]
    struct Line {
        variant_id: VariantId,
        quantity: i64,
        seen_price: i64,
    }
    let row: Option<Row> =
        db.fetch_optional("select user_id, channel, currency, discount_code, version, order_id from carts where id = $1", &[&id]).await?;
    let Some(row) = row else { return Ok(None) };
    let lines: Vec<Line> =
        db.fetch_all("select variant_id, quantity, seen_price from cart_lines where cart_id = $1 order by position", &[&id]).await?;
    let item = |line: Line| CartItem { variant: line.variant_id, quantity: Quantity::clamped(line.quantity), seen_price: line.seen_price };
    Ok(Some(StoredCart {
        id,
        user: row.user_id,
        channel: row.channel.parse().unwrap_or(Channel::Web),
        currency: row.currency,
        discount_code: row.discount_code,
        version: row.version,
        ordered: row.order_id.is_some(),
        items: lines.into_iter().map(item).collect(),
    }))
}

pub(super) async fn channel_of(db: &mut impl Read, id: CartId) -> Result<Option<Channel>, DbError> {
    let channel: Option<String> = db.fetch_optional_scalar("select channel from carts where id = $1", &[&id]).await?;
    Ok(channel.and_then(|channel| channel.parse().ok()))
}

/// Locks carts until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, ids: &[CartId]) -> Result<Vec<StoredCart>, DbError> {
    let sql = "select 1 from carts where id in (select unhex(value->>'id') from json_each($1)) order by id for update";
    tx.lock(sql, &[&json_ids(ids)]).await?;
    let mut carts = Vec::with_capacity(ids.len());
    for id in ids {
        carts.extend(load(tx, *id).await?);
    }
    Ok(carts)
}

pub(super) async fn open_of(db: &mut impl Read, user: UserId) -> Result<Option<CartId>, DbError> {
    let sql = "select id from carts where user_id = $1 and order_id is null order by updated_at desc limit 1";
    db.fetch_optional_scalar(sql, &[&user]).await
}

pub(super) async fn insert(tx: &mut Tx, cart: &StoredCart) -> Result<(), DbError> {
    tx.execute(
        "insert into carts (id, user_id, channel, currency, discount_code, version, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        &[&cart.id, &cart.user, &cart.channel.as_str(), &cart.currency, &cart.discount_code, &cart.version, &tx.now()],
    )
    .await
    .map(drop)
}

pub(super) async fn update(tx: &mut Tx, cart: &StoredCart) -> Result<(), DbError> {
    tx.execute(
        "update carts set user_id = $2, discount_code = $3, version = $4, updated_at = $5 where id = $1",
        &[&cart.id, &cart.user, &cart.discount_code, &cart.version, &tx.now()],
    )
    .await
    .map(drop)
}

/// Stores a cart with its lines as a new version.
pub(super) async fn change(tx: &mut Tx, cart: &mut StoredCart) -> Result<(), DbError> {
    cart.version += 1;
    update(tx, cart).await?;
    replace_lines(tx, cart.id, &cart.items).await
}

/// Variants that do not exist (any more) are left out.
pub(super) async fn replace_lines(tx: &mut Tx, cart: CartId, items: &[CartItem]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Line<'a> {
        variant: Hex<'a>,
        quantity: i64,
        seen_price: i64,
        position: i64,
    }
    tx.execute("delete from cart_lines where cart_id = $1", &[&cart]).await?;
    let mut lines = JsonRows::new();
    for (position, item) in (0_i64..).zip(items) {
        lines.push(&Line { variant: hex(&item.variant), quantity: item.quantity.get(), seen_price: item.seen_price, position });
    }
    if lines.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into cart_lines (cart_id, variant_id, quantity, seen_price, position)
         select $1, v.id, cast(j.value->>'quantity' as bigint), cast(j.value->>'seen_price' as bigint),
            cast(j.value->>'position' as bigint)
         from json_each($2) j join variants v on v.id = unhex(j.value->>'variant')",
        &[&cart, &lines.finish()],
    )
    .await
    .map(drop)
}

/// Removes guests' carts that were last changed before a moment, with their lines.
pub(super) async fn remove_idle(tx: &mut Tx, before: Timestamp) -> Result<u64, DbError> {
    let idle: Vec<CartId> = tx
        .fetch_scalars(
            "select id from carts where order_id is null and user_id is null and updated_at < $1 order by updated_at limit 500",
            &[&before],
        )
        .await?;
    let ids = json_ids(&idle);
    // One that is being changed at this moment is not idle afterwards: the condition is repeated once they are locked.
    tx.lock("select 1 from carts where id in (select unhex(value->>'id') from json_each($1)) order by id for update", &[&ids]).await?;
    tx.execute(
        "delete from cart_lines where cart_id in (select c.id from carts c
            where c.id in (select unhex(value->>'id') from json_each($1)) and c.order_id is null and c.user_id is null
               and c.updated_at < $2)",
        &[&ids, &before],
    )
    .await?;
    tx.execute(
        "delete from carts where id in (select unhex(value->>'id') from json_each($1))
            and order_id is null and user_id is null and updated_at < $2",
        &[&ids, &before],
    )
    .await
}
