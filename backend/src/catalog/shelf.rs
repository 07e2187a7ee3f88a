//! The published goods in memory, filled when first asked and kept in step by touches and events.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::Locale;
use domain::id::{PictureId, ProductId};

use crate::Shop;
use crate::platform::db::DbError;
use crate::pricing::Rules;

use super::index::Index;
use super::kept::Kept;
use super::store;

/// More changes than these at once, and everything is read again.
const MANY: usize = 2_000;
/// After this time tax and delivery rules are read again.
const RULES_FRESH: Duration = Duration::from_secs(5);

/// The shelf of a shop: filled when first asked, then kept in step by [`Shelf::touch`] and the events.
#[derive(Default)]
pub struct Shelf {
    index: RwLock<Option<Arc<Index>>>,
    pending: Mutex<Pending>,
    loading: tokio::sync::Mutex<()>,
    names: Mutex<HashMap<(Locale, String, String), FacetName>>,
    rules: Mutex<KeptRules>,
    pub(super) kept: Kept,
    pub(super) pictures: Mutex<HashMap<PictureId, (String, u32)>>,
}

/// What a filter is called, and where it stands among its like.
#[derive(Clone, Debug)]
pub(super) struct FacetName {
    pub option: String,
    pub value: String,
    pub position: i64,
}

/// Rules as they were read, and how often they were forgotten: what was read before is not kept after.
#[derive(Default)]
struct KeptRules {
    forgotten: u64,
    read: Option<(Instant, Arc<Rules>)>,
}

#[derive(Default)]
struct Pending {
    all: bool,
    products: BTreeSet<ProductId>,
    /// How often something was touched.
    touched: u64,
}

impl Shelf {
    /// These products changed; the next reader sees it.
    pub fn touch(&self, products: impl IntoIterator<Item = ProductId>) {
        let mut products = products.into_iter().peekable();
        if products.peek().is_some() {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.products.extend(products);
            pending.touched += 1;
            drop(pending);
            self.kept.forget();
        }
    }

    /// Everything may have changed.
    pub fn touch_all(&self) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.all = true;
        pending.touched += 1;
        drop(pending);
        self.kept.forget();
        self.forget_rules();
        self.pictures.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Tax or delivery rules changed; the next reader sees it.
    pub fn forget_rules(&self) {
        let mut kept = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        kept.forgotten += 1;
        kept.read = None;
    }

    fn ready(&self) -> Option<Arc<Index>> {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.all || !pending.products.is_empty() {
            return None;
        }
        self.index.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is on it now.
    pub(super) async fn current(&self, shop: &Shop) -> Result<Arc<Index>, DbError> {
        if let Some(index) = self.ready() {
            return Ok(index);
        }
        let _one = self.loading.lock().await;
        if let Some(index) = self.ready() {
            return Ok(index);
        }
        // What is pending stays so until it is read: whoever asks meanwhile waits here, and a reader that goes away loses nothing.
        let (all, products, touched) = {
            let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            (pending.all, pending.products.clone(), pending.touched)
        };
        let last = self.index.read().unwrap_or_else(PoisonError::into_inner).clone();
        let index = Arc::new(match last {
            Some(last) if !all && products.len() <= MANY => Self::changed(shop, &last, &products).await?,
            _ => Index::load(shop).await?,
        });
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&index));
        self.names.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.touched == touched {
            pending.all = false;
            pending.products.clear();
        }
        Ok(index)
    }

    async fn changed(shop: &Shop, last: &Index, products: &BTreeSet<ProductId>) -> Result<Index, DbError> {
        let ids: Vec<ProductId> = products.iter().copied().collect();
        let rows = store::shelf_rows_of(shop.db(), &ids).await?;
        let facets = store::facets_of(shop.db(), &ids).await?;
        let mut index = last.clone();
        index.categories = store::categories(shop.db(), false).await?;
        index.replace(products, rows, facets);
        Ok(index)
    }

    pub(super) fn known_name(&self, locale: Locale, option: &str, value: &str) -> Option<FacetName> {
        let key = (locale, option.to_owned(), value.to_owned());
        self.names.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    pub(super) fn learn_name(&self, locale: Locale, option: &str, value: &str, name: FacetName) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).insert((locale, option.to_owned(), value.to_owned()), name);
    }

    /// Tax and delivery rules, read a moment ago.
    pub(crate) async fn rules(&self, shop: &Shop) -> Result<Arc<Rules>, DbError> {
        let forgotten = {
            let kept = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, rules)) = &kept.read
                && at.elapsed() < RULES_FRESH
            {
                return Ok(Arc::clone(rules));
            }
            kept.forgotten
        };
        let rules = Arc::new(Rules::load(&mut shop.db(), shop.now()).await?);
        let mut kept = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.forgotten == forgotten {
            kept.read = Some((Instant::now(), Arc::clone(&rules)));
        }
        Ok(rules)
    }
}
