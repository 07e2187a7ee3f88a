use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::Locale;
use domain::id::VariantId;
use domain::order::Channel;
use domain::permission::Permission;
use domain::view::{MovementView, StockListView, StockRowView};

use crate::Shop;
use platform::Context;
use platform::cache::Cache;
use platform::clock::Clock;
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

/// Units of each variant that orders of this channel can get, over all locations that serve it. Variants without any are missing.
///
/// # Errors
/// The database's.
pub async fn available_of(
    db: &mut impl Read,
    channel: Channel,
    variants: impl IntoIterator<Item = VariantId>,
) -> Result<HashMap<VariantId, i64>, DbError> {
    store::available_of(db, channel, variants).await
}

/// How old the list of what runs low may be, which every open dashboard asks for after each order.
const LOW_STOCK_AGE: Duration = Duration::from_secs(5);

/// What runs low, in memory, by the mark below which it does.
pub struct LowStockCache(Cache<i64, Arc<Vec<StockRowView>>>);

impl LowStockCache {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self(Cache::new(2).with_max_age(LOW_STOCK_AGE, Arc::clone(clock)))
    }

    /// The next list is read anew.
    pub(super) fn invalidate(&self) {
        self.0.invalidate();
    }
}

/// Stock that runs low: at most `below` available, fewest first, up to 10; as it was at most five seconds ago.
///
/// # Errors
/// The database's.
pub async fn low(shop: &Shop, below: i64) -> Result<Arc<Vec<StockRowView>>, DbError> {
    let cache = &shop.low_stock_cache().0;
    let reading = cache.begin_reading();
    if let Some(low) = cache.get(&below) {
        return Ok(low);
    }
    let low = Arc::new(store::low(shop.db(), below).await?);
    cache.insert(reading, below, Arc::clone(&low));
    Ok(low)
}
