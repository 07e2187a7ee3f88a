//! The published products in memory, which answer lists and filters. Read when first needed, then kept in step by invalidation.

mod bits;
mod snapshot;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::Locale;
use domain::id::{PictureId, ProductId};
use platform::db::DbError;

use crate::Shop;
use crate::pricing::Rules;

use super::cache::ProductCache;
use super::store;

pub(super) use snapshot::{FacetCounts, Filter, PageCursor, Snapshot};

/// When more products than these are stale, all are read again.
const MAX_PARTIAL_RELOAD: usize = 2_000;
/// After this time tax and delivery rules are read again.
const RULES_TTL: Duration = Duration::from_secs(5);

/// The published products of a shop in memory, with what else lists and product pages cache.
#[derive(Default)]
pub struct ListingIndex {
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    stale: Mutex<Stale>,
    reload: tokio::sync::Mutex<()>,
    facet_names: Mutex<HashMap<(Locale, String, String), FacetName>>,
    rules: Mutex<RulesCache>,
    pub(super) cache: ProductCache,
    /// Hash and width in pixels of originals.
    pub(super) pictures: Mutex<HashMap<PictureId, (String, u32)>>,
}

/// What a filter's value is called, and its position among the values of its option.
#[derive(Clone, Debug)]
pub(super) struct FacetName {
    pub option: String,
    pub value: String,
    pub position: i64,
}

/// Rules that were read before an invalidation are not stored after it.
#[derive(Default)]
struct RulesCache {
    version: u64,
    entry: Option<(Instant, Arc<Rules>)>,
}

/// What of the snapshot must be read again.
#[derive(Default)]
struct Stale {
    all: bool,
    products: BTreeSet<ProductId>,
    /// Counts invalidations.
    version: u64,
}

impl ListingIndex {
    /// The next read sees what these products are now.
    pub fn invalidate(&self, products: impl IntoIterator<Item = ProductId>) {
        let mut products = products.into_iter().peekable();
        if products.peek().is_some() {
            let mut stale = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
            stale.products.extend(products);
            stale.version += 1;
            drop(stale);
            self.cache.invalidate();
        }
    }

    /// The next read reads everything again.
    pub fn invalidate_all(&self) {
        let mut stale = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
        stale.all = true;
        stale.version += 1;
        drop(stale);
        self.cache.invalidate();
        self.invalidate_rules();
        self.pictures.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The next read sees the tax and delivery rules as they are now.
    pub fn invalidate_rules(&self) {
        let mut cache = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        cache.version += 1;
        cache.entry = None;
    }

    fn up_to_date(&self) -> Option<Arc<Snapshot>> {
        let stale = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
        if stale.all || !stale.products.is_empty() {
            return None;
        }
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The snapshot with all changes that were made before this call.
    pub(super) async fn current(&self, shop: &Shop) -> Result<Arc<Snapshot>, DbError> {
        if let Some(snapshot) = self.up_to_date() {
            return Ok(snapshot);
        }
        let _one = self.reload.lock().await;
        if let Some(snapshot) = self.up_to_date() {
            return Ok(snapshot);
        }
        // Stale marks stay until the reload has ended: other readers wait for the lock, and a reload that is cancelled loses none.
        let (all, products, version) = {
            let stale = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
            (stale.all, stale.products.clone(), stale.version)
        };
        let last = self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone();
        let snapshot = Arc::new(match last {
            Some(last) if !all && products.len() <= MAX_PARTIAL_RELOAD => Self::reload_products(shop, &last, &products).await?,
            _ => Snapshot::load(shop).await?,
        });
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&snapshot));
        self.facet_names.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut stale = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
        if stale.version == version {
            stale.all = false;
            stale.products.clear();
        }
        Ok(snapshot)
    }

    async fn reload_products(shop: &Shop, last: &Snapshot, products: &BTreeSet<ProductId>) -> Result<Snapshot, DbError> {
        let ids: Vec<ProductId> = products.iter().copied().collect();
        let rows = store::listed_products_of(shop.db(), &ids).await?;
        let facets = store::facets_of(shop.db(), &ids).await?;
        let mut snapshot = last.clone();
        snapshot.categories = store::categories(shop.db(), false).await?;
        snapshot.replace(products, rows, facets);
        Ok(snapshot)
    }

    pub(super) fn facet_name(&self, locale: Locale, option: &str, value: &str) -> Option<FacetName> {
        let key = (locale, option.to_owned(), value.to_owned());
        self.facet_names.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    pub(super) fn insert_facet_name(&self, locale: Locale, option: &str, value: &str, name: FacetName) {
        self.facet_names.lock().unwrap_or_else(PoisonError::into_inner).insert((locale, option.to_owned(), value.to_owned()), name);
    }

    /// Tax and delivery rules, at most [`RULES_TTL`] old.
    pub(crate) async fn rules(&self, shop: &Shop) -> Result<Arc<Rules>, DbError> {
        let version = {
            let cache = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, rules)) = &cache.entry
                && at.elapsed() < RULES_TTL
            {
                return Ok(Arc::clone(rules));
            }
            cache.version
        };
        let rules = Arc::new(Rules::load(&mut shop.db(), shop.now()).await?);
        let mut cache = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.version == version {
            cache.entry = Some((Instant::now(), Arc::clone(&rules)));
        }
        Ok(rules)
    }
}
