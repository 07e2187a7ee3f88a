//! Search: words, beginnings of words, and one typo forgiven, in both languages.
//!
//! The index ([`SearchIndex`]) is one for each node. It follows the events: each commit stores the number of the last
//! event that it contains. It is rebuilt when it is missing, belongs to another database, or is far behind.

mod admin;
mod index;
mod store;

use std::sync::Arc;
use std::time::Duration;

use domain::Locale;
use domain::id::{CategoryId, ProductId};
use domain::view::SearchView;
use platform::db::DbError;
use platform::events::{self, Pace, RecordedEvent};
use platform::follows;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::Shop;
use crate::catalog::events::{CATEGORY_CHANGES, ProductArchived, ProductCreated, ProductPublished, ProductUpdated, ProductWithdrawn};
use crate::catalog::{self, CatalogError};

pub use admin::admin_list;
pub use index::{Cursor, IndexError, SearchDocument, SearchIndex, SearchIndexes, SearchQuery, SearchResult};

const PAGE: usize = catalog::PAGE;
const MAX_OFFSET: usize = 100 * PAGE;
const MAX_SUGGESTIONS: usize = 8;
/// An index that is further behind is rebuilt.
const MAX_EVENTS_BEHIND: i64 = 5_000;
/// Each commit of the index takes time, so changes are gathered.
const PACE: Pace = Pace { gather: Duration::from_millis(50), max_pause: Duration::from_secs(5) };

/// Why a search gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SearchError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Catalog(Box<CatalogError>),
    #[error("{0}")]
    Db(#[from] DbError),
}

impl From<CatalogError> for SearchError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Db(error) => Self::Db(error),
            other => Self::Catalog(Box::new(other)),
        }
    }
}

/// The index, opened by the first search.
#[derive(Default)]
pub(crate) struct LazyIndex(Mutex<Option<Arc<FollowingIndex>>>);

struct FollowingIndex {
    index: Arc<dyn SearchIndex>,
    /// Up to where the events are read; the index stores it when something changed.
    cursor: Mutex<Cursor>,
}

/// Finds published products, best first, in pages of 24.
///
/// # Errors
/// [`SearchError`].
pub async fn search(shop: &Shop, locale: Locale, query: &str, after: Option<&str>) -> Result<SearchView, SearchError> {
    let offset = after.and_then(|a| a.parse::<usize>().ok()).unwrap_or(0).min(MAX_OFFSET);
    let search = SearchQuery { text: query.to_owned(), locale, status: "published", names_only: false, offset, limit: PAGE + 1 };
    let SearchResult { ids, corrected } = find(shop, search).await?;
    let next = (ids.len() > PAGE && offset + PAGE <= MAX_OFFSET).then(|| (offset + PAGE).to_string());
    let products = catalog::cards_by_ids(shop, locale, ids.get(..PAGE).unwrap_or(&ids)).await?;
    Ok(SearchView { query: query.trim().to_owned(), products, corrected, next })
}

/// Names and slugs of products that match what was typed so far, at most 8.
///
/// # Errors
/// [`SearchError`].
pub async fn suggest(shop: &Shop, locale: Locale, prefix: &str) -> Result<Vec<(String, String)>, SearchError> {
    let query = SearchQuery { text: prefix.to_owned(), locale, status: "published", names_only: true, offset: 0, limit: MAX_SUGGESTIONS };
    let ids = find(shop, query).await?.ids;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(store::names(shop.db(), locale, &ids).await?)
}

/// Products of one status, or of all when it is empty, by words of the name, tags, vendor or SKU.
async fn products(shop: &Shop, text: &str, status: &'static str, offset: usize, limit: usize) -> Result<Vec<ProductId>, SearchError> {
    catch_up(shop).await?;
    let offset = offset.min(MAX_OFFSET);
    let query = SearchQuery { text: text.to_owned(), locale: Locale::En, status, names_only: false, offset, limit };
    Ok(find(shop, query).await?.ids)
}

async fn find(shop: &Shop, query: SearchQuery) -> Result<SearchResult, SearchError> {
    let index = Arc::clone(&open_index(shop).await?.index);
    blocking(move || index.find(&query)).await
}

/// Runs what blocks on a thread where it may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, IndexError> + Send + 'static) -> Result<T, SearchError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(|error| IndexError(error.to_string()))??)
}

/// The open index. The first call opens it and brings it up to date.
async fn open_index(shop: &Shop) -> Result<Arc<FollowingIndex>, SearchError> {
    let mut opened = shop.search_index().0.lock().await;
    if let Some(index) = &*opened {
        return Ok(Arc::clone(index));
    }
    let indexes = shop.search_indexes();
    let index = blocking(move || indexes.open()).await?;
    let cursor = Mutex::new(index.cursor());
    let index = Arc::new(FollowingIndex { index, cursor });
    update(shop, &index).await?;
    *opened = Some(Arc::clone(&index));
    Ok(index)
}

/// Indexes what changed since the last time. Returns the number of the last event that the index contains.
///
/// # Errors
/// [`SearchError`].
pub async fn catch_up(shop: &Shop) -> Result<i64, SearchError> {
    let index = open_index(shop).await?;
    update(shop, &index).await?;
    let seq = index.cursor.lock().await.seq;
    Ok(seq)
}

async fn update(shop: &Shop, following: &FollowingIndex) -> Result<(), SearchError> {
    let FollowingIndex { index, cursor } = following;
    let mut cursor = cursor.lock().await;
    let (first, newest) = store::feed(shop).await?;
    let can_follow = cursor.database == first && cursor.seq <= newest && newest - cursor.seq <= MAX_EVENTS_BEHIND;
    if !can_follow {
        rebuild(shop, index).await?;
        cursor.database = first;
        cursor.seq = newest;
        return commit(index, cursor.clone()).await;
    }
    let mut wrote = false;
    loop {
        let events = events::after(shop.db(), cursor.seq).await?.events;
        let Some(last) = events.last().map(|e| e.seq) else {
            break;
        };
        let changed = changed_products(shop, &events).await?;
        if !changed.is_empty() {
            let documents = store::documents_of(shop.db(), &changed).await?;
            let index = Arc::clone(index);
            blocking(move || index.replace(&changed, &documents)).await?;
            wrote = true;
        }
        cursor.seq = last;
    }
    if wrote { commit(index, cursor.clone()).await } else { Ok(()) }
}

/// The products whose texts these events changed, be it with those of their category.
async fn changed_products(shop: &Shop, events: &[RecordedEvent]) -> Result<Vec<ProductId>, DbError> {
    let of = |kinds: &'static [&str]| events.iter().filter(move |event| event.is_one_of(kinds)).map(|event| event.subject);
    let kinds = follows![ProductCreated, ProductUpdated, ProductPublished, ProductArchived, ProductWithdrawn];
    let mut changed: Vec<ProductId> = of(kinds).map(ProductId).collect();
    let categories: Vec<CategoryId> = of(CATEGORY_CHANGES).map(CategoryId).collect();
    if !categories.is_empty() {
        changed.extend(store::products_in(shop.db(), &categories).await?);
    }
    changed.sort_unstable();
    changed.dedup();
    Ok(changed)
}

async fn rebuild(shop: &Shop, index: &Arc<dyn SearchIndex>) -> Result<(), SearchError> {
    index.clear()?;
    let mut last = None;
    loop {
        let documents = store::documents_after(shop.db(), last).await?;
        let Some(id) = documents.last().map(|d| d.id) else {
            return Ok(());
        };
        last = Some(id);
        let index = Arc::clone(index);
        blocking(move || index.replace(&[], &documents)).await?;
    }
}

async fn commit(index: &Arc<dyn SearchIndex>, cursor: Cursor) -> Result<(), SearchError> {
    let index = Arc::clone(index);
    blocking(move || index.commit(&cursor)).await
}

/// Follows the events for as long as the program runs.
pub fn follow(shop: &Shop) -> JoinHandle<()> {
    let shop = shop.clone();
    tokio::spawn(async move {
        let round = || async {
            match catch_up(&shop).await {
                Ok(_) => Ok(()),
                // The follower looks for the database's own errors.
                Err(SearchError::Db(error)) => Err(error.into()),
                Err(error) => Err(error.into()),
            }
        };
        events::follow(shop.db(), "search index", PACE, round).await;
    })
}
