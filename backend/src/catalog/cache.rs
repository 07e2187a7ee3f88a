//! What pages, cards and filters say of products, cached until any product changes. Prices and stock of a page are not cached.

use std::sync::Arc;

use domain::Locale;
use domain::id::{CategoryId, PictureId, ProductId};
use domain::view::{FactView, OptionView, PictureView, ProductCardView, SizeGuideView};
use platform::cache::Cache;

/// Some 3 kB each.
const MAX_PAGES: usize = 1_000;
/// Some 400 bytes each.
const MAX_CARDS: usize = 10_000;
/// Some 200 bytes each.
const MAX_FACET_NAMES: usize = 10_000;
/// Some 200 bytes each.
const MAX_ORIGINALS: usize = 20_000;

/// A product's page in one language, without prices and stock.
#[derive(Clone, Debug)]
pub(super) struct ProductPage {
    pub id: ProductId,
    pub category: Option<CategoryId>,
    pub vendor: String,
    pub tax_class: String,
    pub tags: Vec<String>,
    pub slug: String,
    /// As in [`ProductView`](domain::view::ProductView).
    pub languages: Vec<(String, String)>,
    pub name: String,
    pub summary: String,
    pub description: String,
    pub seo_title: String,
    pub seo_description: String,
    pub pictures: Vec<PictureView>,
    pub options: Vec<OptionView>,
    pub facts: Vec<FactView>,
    pub size_guide: Option<SizeGuideView>,
}

/// What a filter's value is called, and its position among the values of its option.
#[derive(Clone, Debug)]
pub(super) struct FacetName {
    pub option: String,
    pub value: String,
    pub position: i64,
}

/// What shoppers' pages read of products, until an event changes it.
pub(super) struct ProductCache {
    /// By language and slug.
    pub pages: Cache<(Locale, String), Arc<ProductPage>>,
    pub cards: Cache<(Locale, ProductId), ProductCardView>,
    /// By language, key of the option and key of the value.
    pub facet_names: Cache<(Locale, String, String), FacetName>,
    /// Hash and width in pixels of originals. A picture is never changed.
    pub originals: Cache<PictureId, (String, u32)>,
}

impl Default for ProductCache {
    fn default() -> Self {
        Self {
            pages: Cache::new(MAX_PAGES),
            cards: Cache::new(MAX_CARDS),
            facet_names: Cache::new(MAX_FACET_NAMES),
            originals: Cache::new(MAX_ORIGINALS),
        }
    }
}

impl ProductCache {
    /// Some products are other ones.
    pub fn invalidate(&self) {
        self.pages.invalidate();
        self.cards.invalidate();
        self.facet_names.invalidate();
    }

    /// Everything may be other.
    pub fn invalidate_all(&self) {
        self.invalidate();
        self.originals.invalidate();
    }
}
