//! The interface of search indexes.

use std::sync::Arc;

use domain::Locale;
use domain::id::ProductId;
use platform::db::FromRow;

/// Its folder or its files.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the search index: {0}")]
pub struct IndexError(pub String);

/// How far an index has followed the events: the last one that it contains. Its id tells whether it is of this database, and of what the
/// database is now: one that was put back from a backup has other events under the same numbers, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The event's id; empty before the first event.
    pub event: String,
    pub seq: i64,
}

/// The texts of a product that are searched.
#[derive(Clone, Debug, FromRow)]
pub struct SearchDocument {
    pub id: ProductId,
    pub status: String,
    pub name_en: String,
    pub name_fil: String,
    pub summary_en: String,
    pub summary_fil: String,
    pub vendor: String,
    pub tags: String,
    pub category_en: String,
    pub category_fil: String,
    pub option_values_en: String,
    pub option_values_fil: String,
    /// SKUs and barcodes, one a line.
    pub codes: String,
}

#[derive(Clone, Debug)]
pub struct SearchQuery {
    pub text: String,
    pub locale: Locale,
    /// `draft`, `published` or `archived`; empty for all.
    pub status: &'static str,
    /// For suggestions: names, tags and codes, those in the language of who types first.
    pub names_only: bool,
    pub limit: usize,
}

/// How well what was found fits what was looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// Each word is there: whole, its beginning, its plural or singular, written apart or together.
    #[default]
    Exact,
    /// Each word is there when typos are forgiven.
    Corrected,
    /// Some of the words are there, or what they begin with: the nearest there is.
    Nearest,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResult {
    /// Best match first.
    pub ids: Vec<ProductId>,
    pub fit: Fit,
}

/// Opens the index: nothing is read or locked before the first search.
pub trait SearchIndexes: Send + Sync {
    /// Opens the index, or makes a new one where there is none or a broken one. Blocks.
    ///
    /// # Errors
    /// [`IndexError`], also while another process has it open.
    fn open(&self) -> Result<Arc<dyn SearchIndex>, IndexError>;
}

/// An open index. Its functions block.
pub trait SearchIndex: Send + Sync {
    /// The cursor of the last commit; one that is of no event when there was none.
    fn cursor(&self) -> Cursor;
    /// Removes all documents.
    ///
    /// # Errors
    /// [`IndexError`].
    fn clear(&self) -> Result<(), IndexError>;
    /// Removes products, then adds some.
    ///
    /// # Errors
    /// [`IndexError`].
    fn replace(&self, removed: &[ProductId], added: &[SearchDocument]) -> Result<(), IndexError>;
    /// Stores what was replaced together with the cursor, and makes it visible to searches.
    ///
    /// # Errors
    /// [`IndexError`].
    fn commit(&self, cursor: &Cursor) -> Result<(), IndexError>;
    /// Finds products: by a code as it stands on the goods, else by words; with typos where no other word is found, and what comes
    /// nearest where there is nothing at all.
    ///
    /// # Errors
    /// [`IndexError`].
    fn find(&self, query: &SearchQuery) -> Result<SearchResult, IndexError>;
}
