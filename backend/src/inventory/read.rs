//! What managers see of the stock: lists, what runs low, movements; and what is available for carts.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::id::VariantId;
use domain::order::Channel;
use domain::permission::Permission;
use domain::view::{LocationChoiceView, MovementListView, PageAt, StockListView, StockRowView};
use domain::{Locale, Money};

use crate::{Shop, settings};
use platform::Context;
use platform::cache::Cache;
use platform::clock::Clock;
use platform::db::{DbError, Read};

use super::{InventoryError, store};

/// Stock by SKU, named in a language, with a search in SKU and name.
///
/// # Errors
/// The database's, or not allowed.
pub async fn list(shop: &Shop, ctx: &Context, locale: Locale, search: &str, at: &PageAt) -> Result<StockListView, InventoryError> {
    page(shop, ctx, locale, (search, None), at).await
}

/// The same of what runs low: on sale, and at most so many units available as the settings say.
///
/// # Errors
/// As [`list`].
pub async fn list_low(shop: &Shop, ctx: &Context, locale: Locale, search: &str, at: &PageAt) -> Result<StockListView, InventoryError> {
    page(shop, ctx, locale, (search, Some(settings::shop(shop).low_stock)), at).await
}

/// What the rows of such a list are worth together, by currency; nothing for those who may not see costs. Unlike a page of the list it reads
/// all that the list has.
///
/// # Errors
/// The database's, or not allowed.
pub async fn list_value(shop: &Shop, ctx: &Context, locale: Locale, search: &str, low: bool) -> Result<Vec<Money>, InventoryError> {
    ctx.require(Permission::ReadStock)?;
    let most = low.then(|| settings::shop(shop).low_stock);
    if sees_costs(ctx) { Ok(store::list_value(shop.db(), locale, search.trim(), most).await?) } else { Ok(Vec::new()) }
}

async fn page(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    (search, most): (&str, Option<i64>),
    at: &PageAt,
) -> Result<StockListView, InventoryError> {
    ctx.require(Permission::ReadStock)?;
    let mut list = store::list(shop.db(), locale, search.trim(), most, at).await?;
    if !sees_costs(ctx) {
        list.rows.iter_mut().for_each(|row| row.value = None);
    }
    Ok(list)
}

/// Costs are for those who may see them in products.
fn sees_costs(ctx: &Context) -> bool {
    ctx.may(Permission::ReadProducts)
}

/// The locations at which stock can be adjusted: all, active ones first.
///
/// # Errors
/// The database's, or not allowed.
pub async fn location_choices(shop: &Shop, ctx: &Context) -> Result<Vec<LocationChoiceView>, InventoryError> {
    ctx.require(Permission::ReadStock)?;
    Ok(store::location_choices(shop.db()).await?)
}

/// A page of the movements of a variant, newest first, up to 50.
///
/// # Errors
/// The database's, or not allowed.
pub async fn movements(shop: &Shop, ctx: &Context, variant: VariantId, at: &PageAt) -> Result<MovementListView, InventoryError> {
    ctx.require(Permission::ReadStock)?;
    let mut page = store::movements(shop.db(), variant, at).await?;
    if !sees_costs(ctx) {
        page.movements.iter_mut().for_each(|movement| movement.value = None);
    }
    Ok(page)
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
    let variants: BTreeSet<VariantId> = variants.into_iter().collect();
    let mut available = store::available_by_channel(db, &BTreeSet::from([channel]), &variants).await?;
    Ok(available.remove(&channel).unwrap_or_default())
}

/// The same for several channels.
///
/// # Errors
/// The database's.
pub(crate) async fn available_by_channel(
    db: &mut impl Read,
    channels: &BTreeSet<Channel>,
    variants: &BTreeSet<VariantId>,
) -> Result<HashMap<Channel, HashMap<VariantId, i64>>, DbError> {
    store::available_by_channel(db, channels, variants).await
}

/// How old the list of what runs low may be, which every open dashboard asks for after each order.
const LOW_STOCK_AGE: Duration = Duration::from_secs(5);

/// What runs low.
pub struct LowStock {
    /// Fewest available first, up to 10.
    pub rows: Vec<StockRowView>,
    /// All of them, counted up to one more than [`DashboardView::MOST_COUNTED`](domain::view::DashboardView::MOST_COUNTED).
    pub count: i64,
}

/// What runs low, in memory, by the threshold at which it does and the language of its names.
pub struct LowStockCache(Cache<(i64, Locale), Arc<LowStock>>);

impl LowStockCache {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self(Cache::new(2 * Locale::ALL.len()).with_max_age(LOW_STOCK_AGE, Arc::clone(clock)))
    }

    /// The next list is read anew.
    pub(super) fn invalidate(&self) {
        self.0.invalidate();
    }
}

/// Stock on sale that runs low: at most `most` available; as it was at most five seconds ago.
///
/// # Errors
/// The database's.
pub async fn low(shop: &Shop, locale: Locale, most: i64) -> Result<Arc<LowStock>, DbError> {
    let cache = &shop.low_stock_cache().0;
    let reading = cache.begin_reading();
    if let Some(low) = cache.get(&(most, locale)) {
        return Ok(low);
    }
    let low = Arc::new(LowStock { rows: store::low(shop.db(), locale, most).await?, count: store::count_low(shop.db(), most).await? });
    cache.insert(reading, (most, locale), Arc::clone(&low));
    Ok(low)
}
