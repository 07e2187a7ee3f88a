//! Each node has a search index of its own, which follows what every node changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use backend::search::{self, Cursor, IndexError, SearchDocument, SearchIndex, SearchIndexes, SearchQuery, SearchResult};
use backend::{Adapters, Shop, catalog};
use domain::Locale;
use domain::id::ProductId;
use domain::view::{ListingQuery, ProductDraft, ProductTexts, VariantDraft};
use platform::rng::SystemRng;
use sqlx::{Connection, PgConnection};

use super::{Task, a_second, until};
use crate::support::{Folder, TestShop, adapters, number, open, postgres_url};

async fn a_published(shop: &Shop, name: &str) -> ProductId {
    let draft = ProductDraft {
        tax_class: "standard".into(),
        vendor: "Tala".into(),
        texts: vec![ProductTexts { locale: "en".into(), name: name.into(), ..ProductTexts::default() }],
        variants: vec![VariantDraft { sku: shop.id().simple().to_string(), price: 100, stock: 1, ..VariantDraft::default() }],
        ..ProductDraft::default()
    };
    let id = catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
    catalog::set_status(shop, &shop.system(), id, "published").await.unwrap();
    id
}

async fn rename(shop: &Shop, id: ProductId, name: &str) {
    let mut draft = catalog::admin_product(shop, &shop.system(), id).await.unwrap().draft;
    draft.texts[0].name = name.into();
    catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
}

async fn finds(shop: &Shop, words: &str) -> bool {
    search::search(shop, Locale::En, words, &ListingQuery::default()).await.unwrap().listing.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_finds_what_another_has_changed() {
    let a = open(postgres_url().await, Folder::new(), |_| {}).await;
    let (b, folder) = a_second(&a).await;
    let following = [Task(search::follow(&a)), Task(search::follow(&b))];
    let id = a_published(&a, "Dried mango").await;
    until("both nodes find it", 20, async || finds(&a, "mango").await && finds(&b, "mango").await).await;
    assert!(folder.path().join("search").is_dir() && a.folder.path().join("search").is_dir(), "each has an index of its own");
    let mut waited = Vec::new();
    for word in ["papaya", "calamansi", "jackfruit", "tamarind", "guava"] {
        // At any time between two looks.
        tokio::time::sleep(Duration::from_millis(170)).await;
        rename(&a, id, word).await;
        let begun = Instant::now();
        until("the other node finds it", 10, async || finds(&b, word).await).await;
        waited.push(begun.elapsed());
    }
    println!("another node found it after {waited:?}");
    assert!(!finds(&b, "papaya").await);
    drop(following);
    b.close().await;
    a.close().await;
}

/// Counts how often an index is built anew, and lets commits fail.
struct Counted {
    inner: Arc<dyn SearchIndexes>,
    rebuilt: Arc<AtomicI64>,
    fails: Arc<AtomicBool>,
}

struct CountedIndex {
    inner: Arc<dyn SearchIndex>,
    rebuilt: Arc<AtomicI64>,
    fails: Arc<AtomicBool>,
}

impl SearchIndexes for Counted {
    fn open(&self) -> Result<Arc<dyn SearchIndex>, IndexError> {
        Ok(Arc::new(CountedIndex { inner: self.inner.open()?, rebuilt: Arc::clone(&self.rebuilt), fails: Arc::clone(&self.fails) }))
    }
}

impl SearchIndex for CountedIndex {
    fn cursor(&self) -> Cursor {
        self.inner.cursor()
    }
    fn clear(&self) -> Result<(), IndexError> {
        self.rebuilt.fetch_add(1, Ordering::SeqCst);
        self.inner.clear()
    }
    fn replace(&self, removed: &[ProductId], added: &[SearchDocument]) -> Result<(), IndexError> {
        self.inner.replace(removed, added)
    }
    fn commit(&self, cursor: &Cursor) -> Result<(), IndexError> {
        if self.fails.load(Ordering::SeqCst) { Err(IndexError("no space left".into())) } else { self.inner.commit(cursor) }
    }
    fn find(&self, query: &SearchQuery) -> Result<SearchResult, IndexError> {
        self.inner.find(query)
    }
}

/// A node with the index that is in its folder, and how often it is built anew.
async fn a_node(first: &TestShop, folder: &Folder) -> (Shop, Arc<AtomicI64>) {
    a_node_that_fails(first, folder, Arc::default()).await
}

/// A node whose index is not committed while that is true.
async fn a_node_that_fails(first: &TestShop, folder: &Folder, fails: Arc<AtomicBool>) -> (Shop, Arc<AtomicI64>) {
    let config = first.config_beside(folder);
    let (outside, rebuilt) = (adapters(&config), Arc::new(AtomicI64::new(0)));
    let search = Arc::new(Counted { inner: Arc::clone(&outside.search), rebuilt: Arc::clone(&rebuilt), fails });
    let shop = Shop::open_with(config, Adapters { search, ..outside }, first.clock.clone(), Arc::new(SystemRng)).await.unwrap();
    (shop, rebuilt)
}

/// Changes a byte in the middle of each file of the index that holds words.
fn damage(folder: &Folder) {
    let mut damaged = 0;
    for file in std::fs::read_dir(folder.path().join("search/v2")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|kind| kind == "term" || kind == "store") {
            let mut bytes = std::fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0xff;
            std::fs::write(&file, bytes).unwrap();
            damaged += 1;
        }
    }
    assert!(damaged > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_goes_on_where_it_was_and_is_built_anew_only_when_it_must_be() {
    let url = postgres_url().await;
    let a = open(url.clone(), Folder::new(), |_| {}).await;
    let mut postgres = PgConnection::connect(&url).await.unwrap();
    let id = a_published(&a, "Dried mango").await;
    let folder = Folder::new();
    let up_to_date = async |node: &Shop, word: &str| {
        until(word, 20, async || {
            search::catch_up(node).await.unwrap();
            finds(node, word).await
        })
        .await
    };
    let (b, rebuilt) = a_node(&a, &folder).await;
    up_to_date(&b, "mango").await;
    assert_eq!(rebuilt.load(Ordering::SeqCst), 1, "there was none");

    // The transaction that began first has the higher number, so the newest event has the lower one.
    let event = "insert into events (id, kind, subject, actor, request, data, at)
                 values (gen_random_uuid(), 'test', gen_random_uuid(), 'system', gen_random_uuid(), '0', 0)";
    let mut older = postgres.begin().await.unwrap();
    sqlx::raw_sql("select pg_current_xact_id()").execute(&mut *older).await.unwrap();
    let mut other = PgConnection::connect(&url).await.unwrap();
    let mut younger = other.begin().await.unwrap();
    sqlx::raw_sql(event).execute(&mut *younger).await.unwrap();
    sqlx::raw_sql(event).execute(&mut *older).await.unwrap();
    older.commit().await.unwrap();
    let highest = number(&a, "select max(seq) from events").await;
    until("the higher number is read", 20, async || search::catch_up(&b).await.unwrap() == highest).await;
    younger.commit().await.unwrap();
    until("the lower number is read", 20, async || search::catch_up(&b).await.unwrap() == highest - 1).await;
    rename(&a, id, "papaya").await;
    up_to_date(&b, "papaya").await;
    assert_eq!(rebuilt.load(Ordering::SeqCst), 1, "it was followed");
    b.close().await;
    drop(b);

    // What changed while it was away is followed as well.
    rename(&a, id, "calamansi").await;
    let (b, rebuilt) = a_node(&a, &folder).await;
    up_to_date(&b, "calamansi").await;
    assert_eq!(rebuilt.load(Ordering::SeqCst), 0, "it went on where it was");
    b.close().await;
    drop(b);

    damage(&folder);
    let (b, rebuilt) = a_node(&a, &folder).await;
    assert!(finds(&b, "calamansi").await);
    assert_eq!(rebuilt.load(Ordering::SeqCst), 1, "it was damaged");
    b.close().await;
    drop(b);

    // A database that was put back from a backup has another event under the number.
    sqlx::raw_sql("update events set id = gen_random_uuid() where seq = (select max(seq) from events)")
        .execute(&mut postgres)
        .await
        .unwrap();
    let (b, rebuilt) = a_node(&a, &folder).await;
    assert!(finds(&b, "calamansi").await);
    assert_eq!(rebuilt.load(Ordering::SeqCst), 1, "it was of another history of the database");
    b.close().await;
    a.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_committed_is_indexed_again_and_events_of_orders_leave_no_index_behind() {
    let url = postgres_url().await;
    let a = open(url.clone(), Folder::new(), |_| {}).await;
    let id = a_published(&a, "Dried mango").await;
    let (folder, fails) = (Folder::new(), Arc::new(AtomicBool::new(false)));
    let (b, rebuilt) = a_node_that_fails(&a, &folder, Arc::clone(&fails)).await;
    assert!(finds(&b, "mango").await);
    rename(&a, id, "papaya").await;
    fails.store(true, Ordering::SeqCst);
    assert!(search::catch_up(&b).await.is_err());
    fails.store(false, Ordering::SeqCst);
    search::catch_up(&b).await.unwrap();
    assert!(finds(&b, "papaya").await);

    let mut postgres = PgConnection::connect(&url).await.unwrap();
    for _ in 0..2 {
        let events = "insert into events (id, kind, subject, actor, request, data, at)
                      select gen_random_uuid(), 'test', gen_random_uuid(), 'system', gen_random_uuid(), '0', 0 from generate_series(1, 3000)";
        sqlx::raw_sql(events).execute(&mut postgres).await.unwrap();
        search::catch_up(&b).await.unwrap();
    }
    b.close().await;
    drop(b);
    assert_eq!(rebuilt.load(Ordering::SeqCst), 1, "there was none");
    let (b, rebuilt) = a_node(&a, &folder).await;
    assert!(finds(&b, "papaya").await);
    assert_eq!(rebuilt.load(Ordering::SeqCst), 0, "it went on where it was");
    b.close().await;
    a.close().await;
}
