use crate::support::{TestShop, both, number, sqlite};
use backend::{catalog, search};
use domain::Locale;
use domain::view::{ProductDraft, ProductTexts, VariantDraft};

async fn a_product(shop: &TestShop, en: &str, fil: &str, tags: &[&str]) -> domain::id::ProductId {
    let text = |locale: &str, name: &str| ProductTexts { locale: locale.into(), name: name.into(), ..ProductTexts::default() };
    let draft = ProductDraft {
        tax_class: "standard".into(),
        vendor: "Tala".into(),
        tags: tags.iter().map(|t| (*t).to_owned()).collect(),
        texts: vec![text("en", en), text("fil", fil)],
        variants: vec![VariantDraft { sku: shop.id().simple().to_string(), price: 100, stock: 1, ..VariantDraft::default() }],
        ..ProductDraft::default()
    };
    let id = catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
    catalog::set_status(shop, &shop.system(), id, "published").await.unwrap();
    id
}

/// Waits until the index has seen every event: on Postgres one is handed on when no older transaction runs, which may be one of
/// another test.
async fn up_to_date(shop: &TestShop) {
    let begun = std::time::Instant::now();
    let newest = number(shop, "select max(seq) from events").await;
    while search::catch_up(shop).await.unwrap() < newest {
        assert!(begun.elapsed().as_secs() < 20, "the index never saw event {newest}");
        tokio::task::yield_now().await;
    }
}

async fn found(shop: &TestShop, locale: Locale, query: &str) -> (Vec<String>, bool) {
    up_to_date(shop).await;
    let view = search::search(shop, locale, query, None).await.unwrap();
    (view.products.into_iter().map(|card| card.name).collect(), view.corrected)
}

#[tokio::test]
async fn words_beginnings_and_one_typo_find_products_in_both_languages() {
    both(async |shop| {
        a_product(shop, "Dried mango", "Pinatuyong mangga", &["fruit"]).await;
        a_product(shop, "Mango jam", "Palamang mangga", &["fruit", "piña"]).await;
        a_product(shop, "Capiz lamp", "Ilawang capiz", &["light"]).await;
        let names = |names: &[&str], corrected: bool| (names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>(), corrected);
        assert_eq!(found(shop, Locale::En, "Dried MANGO").await, names(&["Dried mango"], false));
        assert_eq!(found(shop, Locale::En, "lam").await, names(&["Capiz lamp"], false));
        assert_eq!(found(shop, Locale::En, "mnago jam").await, names(&["Mango jam"], true));
        assert_eq!(found(shop, Locale::En, "dryed mango").await, names(&["Dried mango"], true));
        assert_eq!(found(shop, Locale::Fil, "pinatuyong").await, names(&["Pinatuyong mangga"], false));
        assert_eq!(found(shop, Locale::En, "ilawan").await, names(&["Capiz lamp"], false));
        assert_eq!(found(shop, Locale::En, "piña").await, names(&["Mango jam", "Dried mango"], false));
        assert_eq!(found(shop, Locale::En, "the lamp of tala").await, names(&["Capiz lamp"], false));
        for nothing in ["", "  ", "zzzzzz", "\"(:*^~ AND", "🎁"] {
            assert_eq!(found(shop, Locale::En, nothing).await.0, Vec::<String>::new(), "{nothing:?}");
        }
        assert_eq!(search::suggest(shop, Locale::Fil, "ilaw").await.unwrap(), [("Ilawang capiz".to_owned(), "ilawang-capiz".to_owned())]);
    })
    .await;
}

#[tokio::test]
async fn the_search_index_follows_changes_by_managers() {
    both(async |shop| {
        let id = a_product(shop, "Dried mango", "Pinatuyong prutas", &[]).await;
        assert_eq!(found(shop, Locale::En, "mango").await.0.len(), 1);
        let mut draft = catalog::admin_product(shop, &shop.system(), id).await.unwrap().draft;
        draft.texts[0].name = "Dried papaya".into();
        catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
        assert_eq!(found(shop, Locale::En, "mango").await.0.len(), 0);
        assert_eq!(found(shop, Locale::En, "papaya").await.0, ["Dried papaya"]);
        catalog::set_status(shop, &shop.system(), id, "archived").await.unwrap();
        up_to_date(shop).await;
        assert_eq!(found(shop, Locale::En, "papaya").await.0.len(), 0);
        let list = search::admin_list(shop, &shop.system(), "papaya", "", None, None).await.unwrap();
        assert_eq!(list.products.iter().map(|p| p.status.as_str()).collect::<Vec<_>>(), ["archived"]);
        assert!(search::admin_list(shop, &shop.system(), "papaya", "draft", None, None).await.unwrap().products.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_lost_index_is_rebuilt() {
    let shop = sqlite().await;
    a_product(&shop, "Dried mango", "Pinatuyong mangga", &[]).await;
    assert_eq!(found(&shop, Locale::En, "mango").await.0.len(), 1);
    let TestShop { shop: running, folder, .. } = shop;
    let config = running.config().clone();
    running.close().await;
    drop(running);
    std::fs::remove_dir_all(folder.path().join("search")).unwrap();
    let again = crate::support::open_shop(config).await.unwrap();
    let view = search::search(&again, Locale::En, "mango", None).await.unwrap();
    assert_eq!(view.products.len(), 1);
    again.close().await;
}
