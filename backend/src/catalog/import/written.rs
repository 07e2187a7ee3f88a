//! What an import writes of a batch, in one transaction.

use domain::Timestamp;
use domain::id::{PriceListId, ProductId, VariantId};
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
    pub was: String,
    pub stock: Vec<(VariantId, i64, i64)>,
    pub hash: String,
    pub line: u64,
}

/// Writes new and changed products, their stock, what they were read from, and an event each.
pub(super) async fn written(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    list: PriceListId,
    ready: &[Ready],
    ids: &[ProductId],
) -> Result<(), CatalogError> {
    let (at, currency) = (shop.now(), shop_currency(shop));
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
    let stock: Vec<(VariantId, i64, i64)> = ready.iter().flat_map(|r| r.stock.iter().copied()).collect();
    let variants: Vec<VariantId> = ready.iter().flat_map(|r| r.product.variants.iter().map(|variant| variant.id)).collect();
    let place = inventory::place(tx, shop, &variants).await?;
    receive(tx, shop, at, place, &stock, "import").await?;
    write::refresh(tx, currency, at, ids).await?;
    remember(tx, at, ready).await?;
    let mut happened = Vec::with_capacity(ready.len());
    for r in ready {
        let kind = if r.is_new { "product.created" } else { "product.updated" };
        let data = json!({ "handle": r.product.handle, "status": r.product.status, "was": r.was, "import": true });
        happened.push(Event::new(kind, r.product.id.0, data));
    }
    events::append(tx, shop, ctx, at, &happened).await?;
    Ok(())
}

async fn remember(tx: &mut Tx, at: Timestamp, ready: &[Ready]) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for r in ready {
        rows.row(&[&r.product.id, &r.hash]);
    }
    tx.execute(
        "insert into product_imports (product_id, hash, at) select unhex(value->>0), value->>1, $2 from json_each($1) where true
         on conflict (product_id) do update set hash = excluded.hash, at = excluded.at",
        &[&rows.end(), &at],
    )
    .await?;
    Ok(())
}
