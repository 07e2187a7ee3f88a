//! The SQL of carts.

use std::collections::BTreeSet;

use domain::id::{CartId, OrderId, UserId, VariantId};
use domain::order::Channel;
use domain::view::CartItem;
use domain::{Currency, Quantity, Timestamp};
use serde::Serialize;

use platform::db::{DbError, Hex, JsonRows, Read, Tx, hex, json_ids};

use super::{Available, StoredCart};
use crate::inventory::serves;

/// A cart with one of its items; without one, the cart is empty.
#[derive(platform::db::FromRow)]
struct Row {
    id: CartId,
    user_id: Option<UserId>,
    channel: String,
    currency: Currency,
    discount_code: Option<String>,
    version: i64,
    order_id: Option<OrderId>,
    variant_id: Option<VariantId>,
    quantity: Option<i64>,
    seen_price: Option<i64>,
    available: Option<i64>,
}

/// Selects [`Row`]s, with an expression for the units that are available of the item `i`.
macro_rules! carts {
    ($available:expr, $which:literal) => {
        concat!(
            "select c.id, c.user_id, c.channel, c.currency, c.discount_code, c.version, c.order_id,
                i.variant_id, i.quantity, i.seen_price, ",
            $available,
            " as available from ",
            $which,
            " left join cart_lines i on i.cart_id = c.id order by c.id, i.position"
        )
    };
}

fn cart(row: &Row) -> StoredCart {
    StoredCart {
        id: row.id,
        user: row.user_id,
        channel: row.channel.parse().unwrap_or(Channel::Web),
        currency: row.currency,
        discount_code: row.discount_code.clone(),
        version: row.version,
        ordered: row.order_id.is_some(),
        items: Vec::new(),
    }
}

fn item(row: &Row) -> Option<CartItem> {
    Some(CartItem { variant: row.variant_id?, quantity: Quantity::clamped(row.quantity?), seen_price: row.seen_price? })
}

/// These carts, as far as there are any.
pub(super) async fn load(db: &mut impl Read, ids: &[CartId]) -> Result<Vec<StoredCart>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = carts!("cast(null as bigint)", "(select unhex(value->>'id') as id from json_each($1)) j join carts c on c.id = j.id");
    let rows: Vec<Row> = db.fetch_all(sql, &[&json_ids(ids)]).await?;
    let mut carts: Vec<StoredCart> = Vec::with_capacity(ids.len());
    for row in rows {
        if carts.last().is_none_or(|last| last.id != row.id) {
            carts.push(cart(&row));
        }
        if let Some(last) = carts.last_mut() {
            last.items.extend(item(&row));
        }
    }
    Ok(carts)
}

/// A cart, and the units of its items that orders of a channel can get.
pub(super) async fn load_stocked(db: &mut impl Read, id: CartId, channel: Channel) -> Result<Option<(StoredCart, Available)>, DbError> {
    let sql = carts!(
        concat!(
            "(select cast(sum(s.available) as bigint) from stock s join stock_locations l on l.id = s.location_id
              where s.variant_id = i.variant_id and ",
            serves!("$2"),
            ")"
        ),
        "(select * from carts where id = $1) c"
    );
    let rows: Vec<Row> = db.fetch_all(sql, &[&id, &channel]).await?;
    let Some(mut cart) = rows.first().map(cart) else { return Ok(None) };
    cart.items = rows.iter().filter_map(item).collect();
    let available = rows.iter().filter_map(|row| Some((row.variant_id?, row.available?))).collect();
    Ok(Some((cart, available)))
}

pub(super) async fn channel_of(db: &mut impl Read, id: CartId) -> Result<Option<Channel>, DbError> {
    let channel: Option<String> = db.fetch_optional_scalar("select channel from carts where id = $1", &[&id]).await?;
    Ok(channel.and_then(|channel| channel.parse().ok()))
}

/// Locks carts until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, ids: &[CartId]) -> Result<Vec<StoredCart>, DbError> {
    let sql = "select 1 from carts where id in (select unhex(value->>'id') from json_each($1)) order by id for update";
    tx.lock(sql, &[&json_ids(ids)]).await?;
    load(tx, ids).await
}

/// Waits for a cart, as long as the transaction may wait for a lock.
pub(crate) async fn wait_for(tx: &mut Tx, id: CartId) -> Result<(), DbError> {
    tx.lock("select 1 from carts where id = $1 for update", &[&id]).await
}

/// Locks carts without waiting. Returns those that it got, and the ids of those that another transaction holds.
pub(crate) async fn try_lock(tx: &mut Tx, ids: &[CartId]) -> Result<(Vec<StoredCart>, BTreeSet<CartId>), DbError> {
    if ids.is_empty() || !tx.is_postgres() {
        return Ok((load(tx, ids).await?, BTreeSet::new()));
    }
    let locked: Vec<CartId> = tx
        .fetch_scalars(
            "select id from carts where id in (select unhex(value->>'id') from json_each($1)) order by id for update skip locked",
            &[&json_ids(ids)],
        )
        .await?;
    let (locked, held) = load(tx, ids).await?.into_iter().partition::<Vec<_>, _>(|cart| locked.contains(&cart.id));
    Ok((locked, held.into_iter().map(|cart| cart.id).collect()))
}

pub(super) async fn open_of(db: &mut impl Read, user: UserId) -> Result<Option<CartId>, DbError> {
    let sql = "select id from carts where user_id = $1 and order_id is null order by updated_at desc limit 1";
    db.fetch_optional_scalar(sql, &[&user]).await
}

/// A cart to be written, and the items that are stored of it so far.
pub(super) struct ChangedCart<'a> {
    pub(super) cart: &'a StoredCart,
    pub(super) stored: &'a [CartItem],
}

/// Inserts or updates carts with their items, one statement a table. Variants that do not exist (any more) are left out.
pub(super) async fn put(tx: &mut Tx, carts: &[ChangedCart<'_>]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        user: Option<Hex<'a>>,
        channel: Channel,
        currency: Currency,
        code: Option<&'a str>,
        version: i64,
    }
    let mut rows = JsonRows::new();
    for ChangedCart { cart, .. } in carts {
        rows.push(&Row {
            id: hex(&cart.id),
            user: cart.user.as_ref().map(hex),
            channel: cart.channel,
            currency: cart.currency,
            code: cart.discount_code.as_deref(),
            version: cart.version,
        });
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into carts (id, user_id, channel, currency, discount_code, version, created_at, updated_at)
         select unhex(value->>'id'), unhex(value->>'user'), value->>'channel', value->>'currency', value->>'code',
            cast(value->>'version' as bigint), $2, $2 from json_each($1) where true
         on conflict (id) do update set user_id = excluded.user_id, discount_code = excluded.discount_code, version = excluded.version,
            updated_at = excluded.updated_at",
        &[&rows.finish(), &tx.now()],
    )
    .await?;
    remove_items(tx, carts).await?;
    put_items(tx, carts).await
}

/// Removes the items that carts hold no more.
async fn remove_items(tx: &mut Tx, carts: &[ChangedCart<'_>]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        cart: Hex<'a>,
        variant: Hex<'a>,
    }
    let mut rows = JsonRows::new();
    for ChangedCart { cart, stored } in carts {
        for gone in stored.iter().filter(|item| !cart.items.iter().any(|kept| kept.variant == item.variant)) {
            rows.push(&Row { cart: hex(&cart.id), variant: hex(&gone.variant) });
        }
    }
    tx.write_rows(
        "delete from cart_lines where cart_id in (select unhex(value->>'cart') from json_each($1))
            and exists (select 1 from json_each($1) j
                where unhex(j.value->>'cart') = cart_lines.cart_id and unhex(j.value->>'variant') = cart_lines.variant_id)",
        rows,
    )
    .await
}

/// Writes the items of carts, each at its position.
async fn put_items(tx: &mut Tx, carts: &[ChangedCart<'_>]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        cart: Hex<'a>,
        variant: Hex<'a>,
        quantity: i64,
        seen_price: i64,
        position: i64,
    }
    let mut rows = JsonRows::new();
    for ChangedCart { cart, .. } in carts {
        for (position, item) in (0_i64..).zip(&cart.items) {
            rows.push(&Row {
                cart: hex(&cart.id),
                variant: hex(&item.variant),
                quantity: item.quantity.get(),
                seen_price: item.seen_price,
                position,
            });
        }
    }
    tx.write_rows(
        "insert into cart_lines (cart_id, variant_id, quantity, seen_price, position)
         select unhex(j.value->>'cart'), v.id, cast(j.value->>'quantity' as bigint), cast(j.value->>'seen_price' as bigint),
            cast(j.value->>'position' as bigint)
         from json_each($1) j join variants v on v.id = unhex(j.value->>'variant') where true
         on conflict (cart_id, variant_id) do update set quantity = excluded.quantity, seen_price = excluded.seen_price,
            position = excluded.position",
        rows,
    )
    .await
}

/// Takes everything out of a cart.
pub(super) async fn clear(tx: &mut Tx, id: CartId) -> Result<(), DbError> {
    tx.execute("delete from cart_lines where cart_id = $1", &[&id]).await.map(drop)
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
