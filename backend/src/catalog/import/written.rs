//! What an import writes of a batch, in one transaction.

use domain::Timestamp;
use domain::id::{PictureId, PriceListId, ProductId, VariantId};
use serde_json::json;

use crate::catalog::CatalogError;
use crate::catalog::edit::receive;
use crate::catalog::write::{self, NewProduct};
use crate::platform::Context;
use crate::platform::db::{DbError, Rows, Tx};
use crate::platform::events::{self, Event};
use crate::settings::shop_currency;
use crate::{Shop, inventory};

/// A product that is ready, with what else is written for it.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub product: NewProduct,
    pub is_new: bool,
    /// Version and status of the product that this was made from.
    pub was: Option<(i64, &'static str)>,
    pub stock: Vec<(VariantId, i64, i64)>,
    pub alts: Vec<(PictureId, &'static str, String)>,
    pub merged_changes: Vec<String>,
    pub title: String,
    pub hash: String,
    pub unfinished: i64,
    pub line: u64,
    pub lines: Vec<u64>,
}

/// What was read of a product: its hash, and what is left to do.
pub(super) type Seen = (ProductId, String, i64);

impl Ready {
    pub fn seen(&self) -> Seen {
        (self.product.id, self.hash.clone(), self.unfinished)
    }
}

/// Writes new and changed products, their stock, what they were read from, and an event each; of products that are so already
/// (`seen`) only what they were read from.
///
/// # Errors
/// [`CatalogError::Stale`] when somebody changed one since it was read, or the database's.
pub(super) async fn written(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    list: PriceListId,
    ready: &[Ready],
    seen: &[Seen],
    ids: &[ProductId],
) -> Result<(), CatalogError> {
    let (at, currency) = (shop.now(), shop_currency(shop));
    let all_seen: Vec<Seen> = ready.iter().map(Ready::seen).chain(seen.iter().cloned()).collect();
    if ready.is_empty() {
        return Ok(remember(tx, at, &all_seen).await?);
    }
    unchanged_since(tx, ready).await?;
    let list = write::ordinary_list(tx, list, currency).await?;
    let products = |new: bool| ready.iter().filter(|r| r.is_new == new).map(|r| r.product.clone()).collect::<Vec<_>>();
    let (new, old) = (products(true), products(false));
    if !new.is_empty() {
        write::insert_products(tx, list, at, &new).await?;
    }
    if !old.is_empty() {
        write::update_products(tx, list, at, &old).await?;
        write::set_statuses(tx, &old).await?;
    }
    describe(tx, ready).await?;
    let stock: Vec<(VariantId, i64, i64)> = ready.iter().flat_map(|r| r.stock.iter().copied()).collect();
    let variants: Vec<VariantId> = ready.iter().flat_map(|r| r.product.variants.iter().map(|variant| variant.id)).collect();
    let place = inventory::ensure_location(tx, shop, &variants).await?;
    receive(tx, shop, at, place, &stock, "import").await?;
    write::refresh(tx, currency, at, ids).await?;
    remember(tx, at, &all_seen).await?;
    let mut happened = Vec::with_capacity(ready.len());
    for r in ready {
        let kind = if r.is_new { "product.created" } else { "product.updated" };
        let was = r.was.map(|was| was.1).unwrap_or_default();
        let data = json!({ "handle": r.product.handle, "status": r.product.status, "was": was, "import": true });
        happened.push(Event::new(kind, r.product.id.0, data));
    }
    events::append(tx, shop, ctx, at, &happened).await?;
    Ok(())
}

/// The products must be as they were when the file was compared with them.
async fn unchanged_since(tx: &mut Tx, ready: &[Ready]) -> Result<(), CatalogError> {
    let mut rows = Rows::new();
    for r in ready {
        if let Some((version, _)) = r.was {
            rows.row(&[&r.product.id, &version]);
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.end();
    tx.lock("select 1 from products where id in (select unhex(value->>0) from json_each($1)) order by id for update", &[&rows]).await?;
    let changed: Option<(i64,)> = tx
        .fetch_optional(
            "select 1 from (select unhex(value->>0) as id, cast(value->>1 as bigint) as version from json_each($1)) j
             join products p on p.id = j.id where p.version <> j.version limit 1",
            &[&rows],
        )
        .await?;
    if changed.is_some() { Err(CatalogError::Stale) } else { Ok(()) }
}

/// Says anew what pictures show.
async fn describe(tx: &mut Tx, ready: &[Ready]) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for (picture, locale, alt) in ready.iter().flat_map(|r| &r.alts) {
        rows.row(&[picture, locale, alt]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into picture_texts (picture_id, locale, alt) select unhex(value->>0), value->>1, value->>2 from json_each($1) where true
         on conflict (picture_id, locale) do update set alt = excluded.alt",
        &[&rows.end()],
    )
    .await?;
    Ok(())
}

async fn remember(tx: &mut Tx, at: Timestamp, seen: &[Seen]) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for (product, hash, unfinished) in seen {
        rows.row(&[product, hash, unfinished]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into product_imports (product_id, hash, unfinished, at)
         select unhex(value->>0), value->>1, cast(value->>2 as bigint), $2 from json_each($1) where true
         on conflict (product_id) do update set hash = excluded.hash, unfinished = excluded.unfinished, at = excluded.at",
        &[&rows.end(), &at],
    )
    .await?;
    Ok(())
}
