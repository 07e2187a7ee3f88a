//! What is read of the stock.

use std::collections::HashMap;

use domain::Locale;
use domain::id::VariantId;
use domain::permission::Permission;
use domain::view::{MovementView, StockListView, StockRowView};

use crate::Shop;
use crate::platform::Context;
use crate::platform::db::{DbError, Reader};

use super::{InventoryError, store};

/// Stock by SKU, with a search in SKU and name.
///
/// # Errors
/// The database's, or not allowed.
pub async fn list(shop: &Shop, ctx: &Context, search: &str, after: Option<&str>) -> Result<StockListView, InventoryError> {
    ctx.require(Permission::ReadStock)?;
    Ok(store::list(shop.db(), search.trim(), after.unwrap_or("")).await?)
}

/// The latest movements of a variant, newest first.
///
/// # Errors
/// The database's, or not allowed.
pub async fn movements(shop: &Shop, ctx: &Context, variant: VariantId) -> Result<Vec<MovementView>, InventoryError> {
    ctx.require(Permission::ReadStock)?;
    Ok(store::movements(shop.db(), variant).await?)
}

/// SKU and name of a variant.
///
/// # Errors
/// The database's, or not allowed; [`InventoryError::Unknown`].
pub async fn article(shop: &Shop, ctx: &Context, locale: Locale, variant: VariantId) -> Result<(String, String), InventoryError> {
    ctx.require(Permission::ReadStock)?;
    let found = store::named(&mut shop.db(), &[variant], locale).await?;
    found.into_iter().next().map(|(sku, name, _)| (sku, name)).ok_or(InventoryError::Unknown)
}

/// Units that can be sold of each variant, over all places. Unknown variants are missing.
///
/// # Errors
/// The database's.
pub async fn available_of(db: &mut impl Reader, variants: impl IntoIterator<Item = VariantId>) -> Result<HashMap<VariantId, i64>, DbError> {
    store::available_of(db, variants).await
}

/// What is about to run out: available at most `below`, fewest first, up to 10.
///
/// # Errors
/// The database's.
pub async fn low(shop: &Shop, below: i64) -> Result<Vec<StockRowView>, DbError> {
    store::low(shop.db(), below).await
}
