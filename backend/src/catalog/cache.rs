//! What pages and cards say of products, cached until any product changes. Prices and stock of a page are not cached.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::Locale;
use domain::id::{CategoryId, ProductId};
use domain::view::{OptionView, PictureView, ProductCardView};
use quick_cache::sync::Cache;

/// Some 3 kB each.
const MAX_PAGES: usize = 1_000;
/// Some 400 bytes each.
const MAX_CARDS: usize = 10_000;

/// What a product's page says in one language.
#[derive(Clone, Debug)]
pub(super) struct ProductPage {
    pub id: ProductId,
    pub category: Option<CategoryId>,
    pub vendor: String,
    pub tax_class: String,
    pub tags: Vec<String>,
    pub slug: String,
    /// By language code.
    pub slugs: Vec<(String, String)>,
    pub name: String,
    pub summary: String,
    pub description: String,
    pub seo_title: String,
    pub seo_description: String,
    pub pictures: Vec<PictureView>,
    pub options: Vec<OptionView>,
}

/// Part of each key, so that an entry which was read before a change is never found after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Version(u64);

/// Entries that are used least make room for others.
pub(super) struct ProductCache {
    version: AtomicU64,
    pages: Cache<(Version, Locale, String), Arc<ProductPage>>,
    cards: Cache<(Version, Locale, ProductId), ProductCardView>,
}

impl Default for ProductCache {
    fn default() -> Self {
        Self { version: AtomicU64::new(0), pages: Cache::new(MAX_PAGES), cards: Cache::new(MAX_CARDS) }
    }
}

impl ProductCache {
    pub fn invalidate(&self) {
        self.version.fetch_add(1, Ordering::SeqCst);
    }

    /// To be taken before the database is read.
    pub fn version(&self) -> Version {
        Version(self.version.load(Ordering::SeqCst))
    }

    pub fn page(&self, version: Version, locale: Locale, slug: &str) -> Option<Arc<ProductPage>> {
        self.pages.get(&(version, locale, slug.to_owned()))
    }

    pub fn insert_page(&self, version: Version, locale: Locale, slug: &str, page: &Arc<ProductPage>) {
        self.pages.insert((version, locale, slug.to_owned()), Arc::clone(page));
    }

    pub fn card(&self, version: Version, locale: Locale, product: ProductId) -> Option<ProductCardView> {
        self.cards.get(&(version, locale, product))
    }

    pub fn insert_card(&self, version: Version, locale: Locale, card: &ProductCardView) {
        self.cards.insert((version, locale, card.id), card.clone());
    }
}
