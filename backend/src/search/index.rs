//! The interface of search indexes.

use std::sync::Arc;

use domain::Locale;
use domain::id::ProductId;
use platform::db::FromRow;

/// Its folder or its files.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the search index: {0}")]
pub struct IndexError(pub String);

/// How far an index has followed the events of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The id of its first event.
    pub database: String,
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
    pub category: String,
    pub option_values: String,
    pub skus: String,
}

#[derive(Clone, Debug)]
pub struct SearchQuery {
    pub text: String,
    pub locale: Locale,
    /// `draft`, `published` or `archived`; empty for all.
    pub status: &'static str,
    pub names_only: bool,
    pub offset: usize,
    pub limit: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResult {
    /// Best match first.
    pub ids: Vec<ProductId>,
    /// Did only a fuzzy search find something?
    pub corrected: bool,
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
    /// The cursor of the last commit; one that fits no database when there was none.
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
    /// Finds products by words and beginnings of words; by words with a typo where there are none.
    ///
    /// # Errors
    /// [`IndexError`].
    fn find(&self, query: &SearchQuery) -> Result<SearchResult, IndexError>;
}
