//! Search: words, beginnings of words, and one typo forgiven, in both languages.
//!
//! The index is `tantivy`'s, in the data folder, one for each node. It follows the events: with each commit it keeps the number
//! of the last event it has seen, and it is made anew when it is missing, belongs to another database, or is far behind.

mod engine;
mod store;

use std::sync::Arc;
use std::time::Duration;

use domain::Locale;
use domain::id::{CategoryId, ProductId};
use domain::view::SearchView;
use tokio::task::JoinHandle;

use crate::Shop;
use crate::catalog::{self, CatalogError};
use crate::platform::db::DbError;
use crate::platform::events;

use engine::{Asked, Open};

/// Products on one page.
const PAGE: usize = catalog::PAGE;
/// Nobody looks further than this.
const FURTHEST: usize = 100 * PAGE;
/// Suggestions while somebody types.
const SUGGESTED: usize = 8;
/// So many events behind, and everything is read anew.
const FAR_BEHIND: i64 = 5_000;
/// After this time the follower looks even if nobody woke it.
const IDLE: Duration = Duration::from_secs(1);

/// Why a search gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SearchError {
    /// The index: its folder, or its files.
    #[error("the search index: {0}")]
    Index(String),
    /// The cards.
    #[error(transparent)]
    Catalog(Box<CatalogError>),
    /// The database.
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

/// The search of a shop: opened when first asked.
#[derive(Default)]
pub struct Engine {
    open: tokio::sync::Mutex<Option<Arc<Open>>>,
}

/// Finds published products, best first, in pages of 24.
///
/// # Errors
/// [`SearchError`].
pub async fn search(shop: &Shop, locale: Locale, query: &str, after: Option<&str>) -> Result<SearchView, SearchError> {
    let from = after.and_then(|a| a.parse::<usize>().ok()).unwrap_or(0).min(FURTHEST);
    let asked = Asked { text: query.to_owned(), locale, status: "published", names_only: false, from, most: PAGE + 1 };
    let (ids, corrected) = ask(shop, asked).await?;
    let next = (ids.len() > PAGE && from + PAGE <= FURTHEST).then(|| (from + PAGE).to_string());
    let products = catalog::cards_by_ids(shop, locale, ids.get(..PAGE).unwrap_or(&ids)).await?;
    Ok(SearchView { query: query.trim().to_owned(), products, corrected, next })
}

/// Names and slugs of products that fit what was typed so far, at most 8.
///
/// # Errors
/// [`SearchError`].
pub async fn suggest(shop: &Shop, locale: Locale, prefix: &str) -> Result<Vec<(String, String)>, SearchError> {
    let asked = Asked { text: prefix.to_owned(), locale, status: "published", names_only: true, from: 0, most: SUGGESTED };
    let (ids, _) = ask(shop, asked).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(store::names(shop.db(), locale, &ids).await?)
}

/// Products of any state (or of one) for managers, by words of the name, tags, maker or SKU.
pub(crate) async fn products(shop: &Shop, text: &str, status: &str, from: usize, most: usize) -> Result<Vec<ProductId>, SearchError> {
    let status = ["draft", "published", "archived"].into_iter().find(|s| *s == status).unwrap_or("");
    catch_up(shop).await?;
    let asked = Asked { text: text.to_owned(), locale: Locale::En, status, names_only: false, from: from.min(FURTHEST), most };
    Ok(ask(shop, asked).await?.0)
}

async fn ask(shop: &Shop, asked: Asked) -> Result<(Vec<ProductId>, bool), SearchError> {
    let open = opened(shop).await?;
    tokio::task::spawn_blocking(move || open.find(&asked)).await.map_err(|e| SearchError::Index(e.to_string()))?
}

/// The open index; the first to ask opens it and reads what it lacks.
async fn opened(shop: &Shop) -> Result<Arc<Open>, SearchError> {
    let mut held = shop.search().open.lock().await;
    if let Some(open) = &*held {
        return Ok(Arc::clone(open));
    }
    let folder = shop.config().data_dir.join("search");
    let open = tokio::task::spawn_blocking(move || Open::at(&folder)).await.map_err(|e| SearchError::Index(e.to_string()))??;
    let open = Arc::new(open);
    bring_up(shop, &open).await?;
    *held = Some(Arc::clone(&open));
    Ok(open)
}

/// Takes in what happened since the last time; says the number of the last event that the index has seen.
///
/// # Errors
/// [`SearchError`].
pub async fn catch_up(shop: &Shop) -> Result<i64, SearchError> {
    let open = opened(shop).await?;
    bring_up(shop, &open).await?;
    let seen = open.cursor.lock().await.seq;
    Ok(seen)
}

async fn bring_up(shop: &Shop, open: &Arc<Open>) -> Result<(), SearchError> {
    let mut cursor = open.cursor.lock().await;
    let (first, newest) = store::feed(shop).await?;
    let known = cursor.database == first && cursor.seq <= newest && newest - cursor.seq <= FAR_BEHIND;
    if !known {
        rebuild(shop, open).await?;
        cursor.database = first;
        cursor.seq = newest;
        return commit(open, cursor.clone()).await;
    }
    let mut wrote = false;
    loop {
        let happened = events::after(shop, cursor.seq).await?;
        let Some(last) = happened.last().map(|e| e.seq) else {
            break;
        };
        let mut touched: Vec<ProductId> = happened
            .iter()
            .filter(|e| e.kind.starts_with("product.") && e.kind != "product.availability")
            .map(|e| ProductId(e.subject))
            .collect();
        let categories: Vec<CategoryId> =
            happened.iter().filter(|e| e.kind.starts_with("category.")).map(|e| CategoryId(e.subject)).collect();
        if !categories.is_empty() {
            touched.extend(store::goods_in(shop.db(), &categories).await?);
        }
        touched.sort_unstable();
        touched.dedup();
        if !touched.is_empty() {
            let goods = store::goods_of(shop.db(), &touched).await?;
            let open = Arc::clone(open);
            tokio::task::spawn_blocking(move || open.replace(&touched, &goods)).await.map_err(|e| SearchError::Index(e.to_string()))??;
            wrote = true;
        }
        cursor.seq = last;
    }
    if wrote { commit(open, cursor.clone()).await } else { Ok(()) }
}

async fn rebuild(shop: &Shop, open: &Arc<Open>) -> Result<(), SearchError> {
    open.clear()?;
    let mut last = None;
    loop {
        let goods = store::goods_after(shop.db(), last).await?;
        let Some(id) = goods.last().map(|g| g.id) else {
            return Ok(());
        };
        last = Some(id);
        let open = Arc::clone(open);
        tokio::task::spawn_blocking(move || open.replace(&[], &goods)).await.map_err(|e| SearchError::Index(e.to_string()))??;
    }
}

async fn commit(open: &Arc<Open>, cursor: engine::Cursor) -> Result<(), SearchError> {
    let open = Arc::clone(open);
    tokio::task::spawn_blocking(move || open.commit(&cursor)).await.map_err(|e| SearchError::Index(e.to_string()))?
}

/// Follows the events for as long as the program runs.
pub fn follow(shop: &Shop) -> JoinHandle<()> {
    let shop = shop.clone();
    tokio::spawn(async move {
        let mut pause = IDLE;
        loop {
            let woken = shop.db().changed().notified();
            match catch_up(&shop).await {
                Ok(_) => pause = IDLE,
                Err(SearchError::Db(DbError::Stopped)) => return,
                Err(error) => {
                    tracing::warn!(%error, "the search index could not be brought up to date; it is tried again");
                    pause = (pause * 2).min(Duration::from_secs(60));
                }
            }
            if tokio::time::timeout(pause, woken).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    })
}
