//! What was read of products, kept for as long as nobody changes one: what their pages and cards say. Prices and stock of a
//! page are not among it, those are read each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::Locale;
use domain::id::{CategoryId, ProductId};
use domain::view::{OptionView, PictureView, ProductCardView};
use quick_cache::sync::Cache;

/// Pages that are kept, some 3 kB each.
const SHEETS: usize = 1_000;
/// Cards that are kept, some 400 bytes each.
const CARDS: usize = 10_000;

/// What a product's page says in one language.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub id: ProductId,
    pub category: Option<CategoryId>,
    pub vendor: String,
    pub tax_class: String,
    pub tags: Vec<String>,
    pub slug: String,
    pub slugs: Vec<(String, String)>,
    pub name: String,
    pub summary: String,
    pub description: String,
    pub seo_title: String,
    pub seo_description: String,
    pub pictures: Vec<PictureView>,
    pub options: Vec<OptionView>,
}

/// Which state of the catalogue something was read of, at the earliest. What was begun before a change is never found after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Generation(u64);

/// Sheets and cards. The ones used least make room.
pub(super) struct Kept {
    generation: AtomicU64,
    sheets: Cache<(Generation, Locale, String), Arc<Sheet>>,
    cards: Cache<(Generation, Locale, ProductId), ProductCardView>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { generation: AtomicU64::new(0), sheets: Cache::new(SHEETS), cards: Cache::new(CARDS) }
    }
}

impl Kept {
    /// Something changed: nothing that is kept is found from now on.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// To be asked for before anything is read.
    pub fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::SeqCst))
    }

    pub fn sheet(&self, generation: Generation, locale: Locale, slug: &str) -> Option<Arc<Sheet>> {
        self.sheets.get(&(generation, locale, slug.to_owned()))
    }

    pub fn keep_sheet(&self, generation: Generation, locale: Locale, slug: &str, sheet: &Arc<Sheet>) {
        self.sheets.insert((generation, locale, slug.to_owned()), Arc::clone(sheet));
    }

    pub fn card(&self, generation: Generation, locale: Locale, product: ProductId) -> Option<ProductCardView> {
        self.cards.get(&(generation, locale, product))
    }

    pub fn keep_card(&self, generation: Generation, locale: Locale, card: &ProductCardView) {
        self.cards.insert((generation, locale, card.id), card.clone());
    }
}
