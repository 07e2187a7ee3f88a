//! Writes a batch of imported products in one transaction.

use domain::id::{PictureId, ProductId, VariantId};
use domain::stock::StockReason;
use platform::db::{DbError, Hex, JsonRows, Tx, hex};
use serde::Serialize;

use crate::catalog::CatalogError;
use crate::catalog::edit::{FirstStock, receive};
use crate::catalog::events::{ImportedStatus, ProductCreated, ProductUpdated};
use crate::catalog::write::{self, NewProduct};
use crate::pricing::home_market;
use crate::settings::shop_currency;
use crate::{Shop, inventory};

/// A merged product with what else is written or reported of it.
#[derive(Clone, Debug)]
pub(super) struct PreparedProduct {
    pub product: NewProduct,
    /// Version and status of the existing product; none for a new one.
    pub was: Option<(i64, &'static str)>,
    /// Opening stock of new variants.
    pub stock: Vec<FirstStock>,
    /// New descriptions of existing pictures, by language code.
    pub alts: Vec<(PictureId, &'static str, String)>,
    /// What the import's report lists as changed.
    pub changes: Vec<String>,
    pub title: String,
    pub hash: String,
    /// How many of its pictures are not fetched yet, see [`super::importer::UNFINISHED_PICTURES`].
    pub unfinished: i64,
    pub line: u64,
    pub lines: Vec<u64>,
}

/// From what a product was read, so that the next run of the same file finds it done.
#[derive(Clone, Debug)]
pub(super) struct ImportState {
    pub product: ProductId,
    pub hash: String,
    pub unfinished: i64,
}

impl PreparedProduct {
    pub fn is_new(&self) -> bool {
        self.was.is_none()
    }

    pub fn state(&self) -> ImportState {
        ImportState { product: self.product.id, hash: self.hash.clone(), unfinished: self.unfinished }
    }
}

/// Writes new and changed products, their stock, import states and events; of `unchanged` products their import states alone.
///
/// # Errors
/// [`CatalogError::Stale`] when one was changed since it was read, or the database's.
pub(super) async fn write_batch(
    tx: &mut Tx,
    shop: &Shop,
    products: &[PreparedProduct],
    unchanged: &[ImportState],
) -> Result<(), CatalogError> {
    let currency = shop_currency(shop);
    let states: Vec<ImportState> = products.iter().map(PreparedProduct::state).chain(unchanged.iter().cloned()).collect();
    if products.is_empty() {
        return Ok(write_states(tx, &states).await?);
    }
    check_versions(tx, products).await?;
    let list = write::ordinary_list(tx, currency).await?;
    let of = |is_new: bool| products.iter().filter(|p| p.is_new() == is_new).map(|p| p.product.clone()).collect::<Vec<_>>();
    let (new, existing) = (of(true), of(false));
    if !new.is_empty() {
        write::insert_products(tx, list, &new).await?;
    }
    if !existing.is_empty() {
        write::update_products(tx, list, &existing).await?;
        write::set_statuses(tx, &existing).await?;
    }
    update_alts(tx, products).await?;
    let stock: Vec<FirstStock> = products.iter().flat_map(|p| p.stock.iter().cloned()).collect();
    let variants: Vec<VariantId> = products.iter().flat_map(|p| p.product.variants.iter().map(|variant| variant.id)).collect();
    let location = inventory::ensure_location(tx, shop, &variants).await?;
    receive(tx, currency, location, &stock, StockReason::Imported).await?;
    let ids: Vec<ProductId> = products.iter().map(|p| p.product.id).collect();
    write::refresh(tx, &home_market(shop), &ids).await?;
    write_states(tx, &states).await?;
    for p in products {
        let imported = ImportedStatus::of_import(p.product.status, p.was.map(|was| was.1).unwrap_or_default());
        let handle = p.product.handle.clone();
        if p.is_new() {
            tx.record(p.product.id, ProductCreated { handle, imported });
        } else {
            tx.record(p.product.id, ProductUpdated { handle: Some(handle), imported, ..ProductUpdated::default() });
        }
    }
    Ok(())
}

/// Existing products must have the versions that were merged with the file.
async fn check_versions(tx: &mut Tx, products: &[PreparedProduct]) -> Result<(), CatalogError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        version: i64,
    }
    let existing = products.iter().filter_map(|p| Some(Row { id: hex(&p.product.id), version: p.was?.0 }));
    let rows: JsonRows = existing.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.finish();
    tx.lock("select 1 from products where id in (select unhex(value->>'id') from json_each($1)) order by id for update", &[&rows]).await?;
    let changed: Option<ProductId> = tx
        .fetch_optional_scalar(
            "select p.id from (select unhex(value->>'id') as id, cast(value->>'version' as bigint) as version from json_each($1)) j
             join products p on p.id = j.id where p.version <> j.version limit 1",
            &[&rows],
        )
        .await?;
    if changed.is_some() { Err(CatalogError::Stale) } else { Ok(()) }
}

async fn update_alts(tx: &mut Tx, products: &[PreparedProduct]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        picture: Hex<'a>,
        locale: &'a str,
        alt: &'a str,
    }
    let alts = products.iter().flat_map(|p| &p.alts);
    let rows: JsonRows = alts.map(|(picture, locale, alt)| Row { picture: hex(picture), locale, alt }).collect();
    tx.write_rows(
        "insert into picture_texts (picture_id, locale, alt)
         select unhex(value->>'picture'), value->>'locale', value->>'alt' from json_each($1) where true
         on conflict (picture_id, locale) do update set alt = excluded.alt",
        rows,
    )
    .await
}

async fn write_states(tx: &mut Tx, states: &[ImportState]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        product: Hex<'a>,
        hash: &'a str,
        unfinished: i64,
    }
    let mut rows = JsonRows::new();
    for ImportState { product, hash, unfinished } in states {
        rows.push(&Row { product: hex(product), hash, unfinished: *unfinished });
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into product_imports (product_id, hash, unfinished, at)
         select unhex(value->>'product'), value->>'hash', cast(value->>'unfinished' as bigint), $2 from json_each($1) where true
         on conflict (product_id) do update set hash = excluded.hash, unfinished = excluded.unfinished, at = excluded.at",
        &[&rows.finish(), &tx.now()],
    )
    .await?;
    Ok(())
}
