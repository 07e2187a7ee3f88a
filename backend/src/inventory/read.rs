use std::collections::HashMap;

use domain::Locale;
use domain::id::VariantId;
use domain::permission::Permission;
use domain::view::{MovementView, StockListView, StockRowView};

use crate::Shop;
use platform::Context;
use platform::db::{DbError, Read};

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
pub async fn sku_and_name(shop: &Shop, ctx: &Context, locale: Locale, variant: VariantId) -> Result<(String, String), InventoryError> {
    ctx.require(Permission::ReadStock)?;
    let found = store::named(&mut shop.db(), &[variant], locale).await?;
    found.into_iter().next().map(|variant| (variant.sku, variant.name)).ok_or(InventoryError::Unknown)
}

/// Available units of each variant over all locations. Unknown variants are missing.
///
/// # Errors
/// The database's.
pub async fn available_of(db: &mut impl Read, variants: impl IntoIterator<Item = VariantId>) -> Result<HashMap<VariantId, i64>, DbError> {
    store::available_of(db, variants).await
}

/// Stock that runs low: at most `below` available, fewest first, up to 10.
///
/// # Errors
/// The database's.
pub async fn low(shop: &Shop, below: i64) -> Result<Vec<StockRowView>, DbError> {
    store::low(shop.db(), below).await
}
