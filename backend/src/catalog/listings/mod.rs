//! The published products in memory, which answer lists and filters. Read when first needed, then kept in step by invalidation.
//!
//! The index is no cache: it is whole, never evicts, and reads again only the products that are stale.

mod bits;
mod pages;
mod snapshot;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use domain::id::ProductId;
use platform::cache::VersionCounter;
use platform::db::DbError;
use platform::events::RecordedEvent;
use platform::follows;

use crate::Shop;
use crate::pricing::QuoteCache;
use crate::settings::events::SettingsChanged;

use super::cache::ProductCache;
use super::events::{CATEGORY_CHANGES, CatalogChanged, PRODUCT_CHANGES, PRODUCT_TYPE_CHANGES, PriceListChanged, PricesChanged};
use super::store;

pub(super) use pages::{Page, PageCursor, PagePlace};
pub(super) use snapshot::{FacetCounts, Filter, Snapshot};

/// When more products than these are stale, all are read again.
const MAX_PARTIAL_RELOAD: usize = 2_000;

/// The published products of a shop in memory, and beside them what is cached of products.
pub struct ListingIndex {
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    stale: Mutex<Stale>,
    reload: tokio::sync::Mutex<()>,
    pub(super) cache: ProductCache,
    /// What products cost, which their changes make old as well.
    quotes: Arc<QuoteCache>,
}

/// What of the snapshot must be read again.
#[derive(Default)]
struct Stale {
    all: bool,
    products: BTreeSet<ProductId>,
    versions: VersionCounter,
}

impl ListingIndex {
    pub(crate) fn new(quotes: Arc<QuoteCache>) -> Self {
        Self {
            snapshot: RwLock::default(),
            stale: Mutex::default(),
            reload: tokio::sync::Mutex::default(),
            cache: ProductCache::default(),
            quotes,
        }
    }

    /// The next read fetches these products anew.
    pub fn invalidate(&self, products: impl IntoIterator<Item = ProductId>) {
        let mut products = products.into_iter().peekable();
        if products.peek().is_some() {
            let mut stale = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
            stale.products.extend(products);
            stale.versions.begin_next();
            drop(stale);
            self.cache.invalidate();
            self.quotes.invalidate();
        }
    }

    /// The next read reads everything again.
    pub fn invalidate_all(&self) {
        let mut stale = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
        stale.all = true;
        stale.versions.begin_next();
        drop(stale);
        self.cache.invalidate_all();
        self.quotes.invalidate();
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
            (stale.all, stale.products.clone(), stale.versions.current())
        };
        let last = self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone();
        let snapshot = Arc::new(match last {
            Some(last) if !all && products.len() <= MAX_PARTIAL_RELOAD => Self::reload_products(shop, &last, &products).await?,
            _ => Snapshot::load(shop).await?,
        });
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&snapshot));
        let mut stale = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
        if stale.versions.current() == version {
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
        let tags = store::tags_of(shop.db(), &snapshot::rule_tags(&snapshot.categories), &ids).await?;
        snapshot.replace(products, rows, facets);
        snapshot.tag(tags);
        Ok(snapshot)
    }
}

/// Removes from memory what these events changed.
pub(crate) fn invalidate(shop: &Shop, events: &[RecordedEvent]) {
    let listings = shop.listings();
    let any = |kinds: &[&str]| events.iter().any(|event| event.is_one_of(kinds));
    let products = events.iter().filter(|event| event.is_one_of(PRODUCT_CHANGES));
    listings.invalidate(products.map(|event| ProductId(event.subject)));
    listings.invalidate(events.iter().filter_map(RecordedEvent::read::<PricesChanged>).flat_map(|(_, changed)| changed.products));
    if any(follows![PriceListChanged]) {
        listings.quotes.invalidate();
    }
    if any(PRODUCT_TYPE_CHANGES) {
        listings.cache.invalidate();
    }
    if any(CATEGORY_CHANGES) || any(follows![CatalogChanged, SettingsChanged]) {
        listings.invalidate_all();
    }
}
