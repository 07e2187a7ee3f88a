//! Search: words however they are typed, SKUs and barcodes; suggestions; what is popular; what comes nearest where nothing is found.
//!
//! Each node has an index ([`SearchIndex`]) of its own. It follows the events: each commit stores which is the last event that it contains. It
//! is rebuilt when it is missing or damaged, belongs to another database or another history of this one (a copy that was put back), or is far behind.

mod admin;
mod index;
mod popular;
mod store;
mod suggest;

use std::sync::Arc;
use std::time::Duration;

use domain::Locale;
use domain::id::{CategoryId, ProductId, ProductTypeId};
use domain::view::{ListingQuery, SearchView};
use platform::db::{Db, DbError};
use platform::events::{self, Pace, RecordedEvent};
use platform::follows;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::Shop;
use crate::catalog::events::{
    CATEGORY_CHANGES, PRODUCT_TYPE_CHANGES, ProductArchived, ProductCreated, ProductPublished, ProductUpdated, ProductWithdrawn,
};
use crate::catalog::{self, CatalogError};

pub use admin::{admin_list, admin_matches};
pub use index::{Cursor, Fit, IndexError, SearchDocument, SearchIndex, SearchIndexes, SearchQuery, SearchResult};
pub use popular::PopularCache;
pub use suggest::suggest;

/// The best so many are sorted, filtered and paged.
const MAX_FOUND: usize = 10_000;
/// The nearest products that are offered where nothing is found.
const MAX_NEAREST: usize = 8;
/// An index that is further behind is rebuilt.
const MAX_EVENTS_BEHIND: i64 = 5_000;
/// After so many events an index is committed though none of them changed it, so that it is not far behind when it is opened again.
const MAX_EVENTS_UNCOMMITTED: i64 = 1_000;
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
    progress: Mutex<Progress>,
}

/// How far the events are read, and how far they were when the index was last committed.
struct Progress {
    read: Cursor,
    committed_seq: i64,
}

impl From<Cursor> for Progress {
    fn from(committed: Cursor) -> Self {
        Self { committed_seq: committed.seq, read: committed }
    }
}

/// Finds published products and gives a page of them, filtered and sorted like a listing. Where nothing is found, or nothing is looked for,
/// it offers the nearest products, or popular ones, and categories.
///
/// # Errors
/// [`SearchError`].
pub async fn search(shop: &Shop, locale: Locale, words: &str, query: &ListingQuery) -> Result<SearchView, SearchError> {
    let search = SearchQuery { text: words.to_owned(), locale, status: "published", names_only: false, limit: MAX_FOUND };
    let SearchResult { ids, fit } = find(shop, search).await?;
    let mut view = SearchView { query: words.trim().to_owned(), corrected: fit == Fit::Corrected, ..SearchView::default() };
    if fit != Fit::Nearest && !ids.is_empty() {
        view.listing = Some(catalog::listing_of(shop, locale, query, &ids).await?);
        return Ok(view);
    }
    let popular = popular::products(shop).await?;
    let nearest = if ids.is_empty() { popular.as_slice() } else { ids.as_slice() };
    view.is_near = !ids.is_empty();
    view.nearest = catalog::cards_by_ids(shop, locale, nearest.get(..MAX_NEAREST).unwrap_or(nearest)).await?;
    view.categories = catalog::categories_by_products(shop, locale, &popular).await?;
    Ok(view)
}

/// Products of one status, or of all when it is empty.
async fn products(shop: &Shop, text: &str, status: &'static str, offset: usize, limit: usize) -> Result<Vec<ProductId>, SearchError> {
    catch_up(shop).await?;
    let query = SearchQuery { text: text.to_owned(), locale: Locale::En, status, names_only: false, limit: offset.min(MAX_FOUND) + limit };
    let found = find(shop, query).await?;
    let ids = if found.fit == Fit::Nearest { Vec::new() } else { found.ids };
    Ok(ids.into_iter().skip(offset).collect())
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
    let progress = Mutex::new(index.cursor().into());
    let index = Arc::new(FollowingIndex { index, progress });
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
    let seq = index.progress.lock().await.read.seq;
    Ok(seq)
}

/// Brings an index up to date. Where that fails half way, what is not committed is done again the next time.
async fn update(shop: &Shop, FollowingIndex { index, progress }: &FollowingIndex) -> Result<(), SearchError> {
    let mut progress = progress.lock().await;
    if !can_follow(shop.db(), &progress.read).await? {
        let seq = events::newest(shop.db()).await?;
        let newest = Cursor { event: store::event_numbered(shop.db(), seq).await?, seq };
        rebuild(shop, index).await?;
        commit(index, newest.clone()).await?;
        *progress = newest.into();
        return Ok(());
    }
    let mut read = progress.read.clone();
    let mut wrote = false;
    loop {
        let events = events::after(shop.db(), read.seq).await?.events;
        let Some(last) = events.last().map(|last| Cursor { event: store::event_name(last.id), seq: last.seq }) else {
            break;
        };
        let changed = changed_products(shop, &events).await?;
        if !changed.is_empty() {
            let documents = store::documents_of(shop.db(), &changed).await?;
            let index = Arc::clone(index);
            blocking(move || index.replace(&changed, &documents)).await?;
            wrote = true;
        }
        read = last;
    }
    if wrote || read.seq - progress.committed_seq >= MAX_EVENTS_UNCOMMITTED {
        commit(index, read.clone()).await?;
        progress.committed_seq = read.seq;
    }
    progress.read = read;
    Ok(())
}

/// Does it take less to follow the events from there than to build the index anew?
async fn can_follow(db: &Db, cursor: &Cursor) -> Result<bool, DbError> {
    let newest = events::newest(db).await?;
    // Numbers are not the order of the feed on Postgres, so the newest may have a lower one.
    Ok(store::event_numbered(db, cursor.seq).await? == cursor.event
        && newest - cursor.seq <= MAX_EVENTS_BEHIND
        && (cursor.seq > 0 || newest == 0))
}

/// The products whose texts these events changed, be it with those of their category or type.
async fn changed_products(shop: &Shop, events: &[RecordedEvent]) -> Result<Vec<ProductId>, DbError> {
    let of = |kinds: &'static [&str]| events.iter().filter(move |event| event.is_one_of(kinds)).map(|event| event.subject);
    let kinds = follows![ProductCreated, ProductUpdated, ProductPublished, ProductArchived, ProductWithdrawn];
    let mut changed: Vec<ProductId> = of(kinds).map(ProductId).collect();
    let categories: Vec<CategoryId> = of(CATEGORY_CHANGES).map(CategoryId).collect();
    if !categories.is_empty() {
        changed.extend(store::products_in(shop.db(), &categories).await?);
    }
    let types: Vec<ProductTypeId> = of(PRODUCT_TYPE_CHANGES).map(ProductTypeId).collect();
    if !types.is_empty() {
        changed.extend(store::products_of_types(shop.db(), &types).await?);
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
