use crate::support::{TestShop, both, number, place, sqlite};
use backend::{catalog, search};
use domain::Locale;
use domain::view::{
    CategoryDraft, CategoryTexts, ListingQuery, OptionDraft, PageAt, ProductDraft, ProductTexts, SearchView, Sort, VariantDraft,
};

const BEST: ListingQuery = ListingQuery {
    category: None,
    sort: Sort::Best,
    options: Vec::new(),
    price_min: None,
    price_max: None,
    in_stock: false,
    after: None,
    before: None,
};

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
pub async fn up_to_date(shop: &TestShop) {
    let begun = std::time::Instant::now();
    let newest = number(shop, "select max(seq) from events").await;
    while search::catch_up(shop).await.unwrap() < newest {
        assert!(begun.elapsed().as_secs() < 20, "the index never saw event {newest}");
        tokio::task::yield_now().await;
    }
}

async fn found(shop: &TestShop, locale: Locale, query: &str) -> (Vec<String>, bool) {
    up_to_date(shop).await;
    let view = search::search(shop, locale, query, &BEST).await.unwrap();
    (view.listing.unwrap_or_default().products.into_iter().map(|card| card.name).collect(), view.corrected)
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
        let suggested = search::suggest(shop, Locale::Fil, "ilaw").await.unwrap();
        assert_eq!(
            suggested.iter().map(|s| (s.label.as_str(), s.href.as_str())).collect::<Vec<_>>(),
            [("Ilawang capiz", "/p/ilawang-capiz")]
        );
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
        let list = search::admin_list(shop, &shop.system(), "papaya", "", None, &PageAt::default()).await.unwrap();
        assert_eq!(list.products.iter().map(|p| p.status.as_str()).collect::<Vec<_>>(), ["archived"]);
        assert!(search::admin_list(shop, &shop.system(), "papaya", "draft", None, &PageAt::default()).await.unwrap().products.is_empty());
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
    let view = search::search(&again, Locale::En, "mango", &BEST).await.unwrap();
    assert_eq!(view.listing.unwrap().products.len(), 1);
    again.close().await;
}

/// A published product with one variant: its SKU, barcode, size, price and stock.
async fn goods(shop: &TestShop, name: &str, (sku, barcode): (&str, &str), (size, price, stock): (&str, i64, i64)) {
    let names = |name: &str| vec![name.to_owned(), name.to_owned()];
    let draft = ProductDraft {
        tax_class: "standard".into(),
        texts: vec![ProductTexts { locale: "en".into(), name: name.into(), ..ProductTexts::default() }],
        options: vec![OptionDraft { key: "size".into(), names: names("Size"), values: vec![(size.to_lowercase(), names(size))] }],
        variants: vec![VariantDraft {
            sku: sku.into(),
            barcode: barcode.into(),
            values: vec![size.to_lowercase()],
            price,
            stock,
            ..VariantDraft::default()
        }],
        ..ProductDraft::default()
    };
    let id = catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
    catalog::set_status(shop, &shop.system(), id, "published").await.unwrap();
    shop.clock.advance(1_000);
}

#[tokio::test]
async fn a_code_in_any_case_comes_first_for_shoppers_and_managers() {
    both(async |shop| {
        goods(shop, "Mug oat", ("CUP-1", ""), ("S", 100, 1)).await;
        goods(shop, "Stoneware cup", ("MUG-OAT", "4809990000467"), ("S", 100, 1)).await;
        for typed in ["mug-oat", "MUG-OAT", " MugOat ", "4809990000467"] {
            assert_eq!(found(shop, Locale::En, typed).await.0[0], "Stoneware cup", "{typed:?}");
            let list = search::admin_list(shop, &shop.system(), typed, "", None, &PageAt::default()).await.unwrap();
            assert_eq!(list.products[0].name, "Stoneware cup", "{typed:?}");
            assert_eq!(search::suggest(shop, Locale::En, typed).await.unwrap()[0].label, "Stoneware cup", "{typed:?}");
        }
        assert_eq!(found(shop, Locale::En, "mug oat").await.0.len(), 2);
        assert_eq!(found(shop, Locale::En, "4809990000468").await.0, Vec::<String>::new(), "another code is no typo");
    })
    .await;
}

#[tokio::test]
async fn plurals_joined_and_split_words_and_decomposed_accents_find_products() {
    both(async |shop| {
        goods(shop, "Kitchen knife", ("A", ""), ("S", 100, 1)).await;
        goods(shop, "Power bank", ("B", ""), ("S", 100, 1)).await;
        goods(shop, "Notebook in a box", ("C", ""), ("S", 100, 1)).await;
        goods(shop, "Crème brûlée pin\u{303}a", ("D", ""), ("S", 100, 1)).await;
        for (typed, name) in [
            ("knives", "Kitchen knife"),
            ("KNIFES", "Kitchen knife"),
            ("powerbank", "Power bank"),
            ("power-banks", "Power bank"),
            ("note book", "Notebook in a box"),
            ("boxes", "Notebook in a box"),
            ("creme brulee", "Crème brûlée pin\u{303}a"),
            ("bru\u{302}le\u{301}e", "Crème brûlée pin\u{303}a"),
            ("piña", "Crème brûlée pin\u{303}a"),
            ("pinya", "Crème brûlée pin\u{303}a"),
        ] {
            assert_eq!(found(shop, Locale::En, typed).await, (vec![name.to_owned()], false), "{typed:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn results_are_filtered_sorted_and_paged_like_a_listing() {
    both(async |shop| {
        goods(shop, "Bowl for salad and bread", ("LONG", ""), ("Large", 900, 1)).await;
        for n in 0..30_i64 {
            goods(shop, &format!("Bowl {n}"), (&format!("BOWL-{n}"), ""), (if n % 2 == 0 { "Small" } else { "Large" }, 100 + n, n)).await;
        }
        goods(shop, "Mug", ("MUG", ""), ("Small", 50, 1)).await;
        up_to_date(shop).await;
        let read = async |query: ListingQuery| search::search(shop, Locale::En, "bowls", &query).await.unwrap().listing.unwrap();
        let first = read(BEST).await;
        assert_eq!(first.products.len(), catalog::PAGE);
        assert_eq!(first.facets[0].values.iter().map(|value| value.count).sum::<i64>(), 31, "of what was found alone");
        let second = read(ListingQuery { after: first.next.clone(), ..BEST }).await;
        assert_eq!((second.products.len(), &second.next), (7, &None));
        assert_eq!(read(ListingQuery { before: second.previous.clone(), ..BEST }).await.products, first.products);
        assert_eq!(second.products[6].name, "Bowl for salad and bread", "its name has most besides");
        let cheapest = read(ListingQuery { sort: Sort::PriceUp, ..BEST }).await;
        assert_eq!(cheapest.products[0].name, "Bowl 0");
        let after = read(ListingQuery { sort: Sort::PriceUp, after: cheapest.next, ..BEST }).await;
        assert_eq!(after.products.last().unwrap().name, "Bowl for salad and bread");
        let small = read(ListingQuery { options: vec!["size:small".into()], price_max: Some(109), in_stock: true, ..BEST }).await;
        let mut names: Vec<String> = small.products.into_iter().map(|card| card.name).collect();
        names.sort();
        assert_eq!(names, ["Bowl 2", "Bowl 4", "Bowl 6", "Bowl 8"]);
        assert!(read(ListingQuery { price_max: Some(1), ..BEST }).await.products.is_empty(), "found, but filtered away");
    })
    .await;
}

#[tokio::test]
async fn where_nothing_is_found_the_nearest_and_the_most_bought_are_offered() {
    both(async |shop| {
        let texts = vec![CategoryTexts { locale: "en".into(), name: "Lamps".into(), ..CategoryTexts::default() }];
        let draft = CategoryDraft { published: true, texts, ..CategoryDraft::default() };
        catalog::save_category(shop, &shop.system(), Locale::En, draft).await.unwrap();
        goods(shop, "Capiz lamp", ("LAMP", ""), ("S", 100, 5)).await;
        let lamp = shop.db().fetch_scalar("select id from variants where sku = 'LAMP'", &[]).await.unwrap();
        goods(shop, "Dried mango", ("MANGO", ""), ("S", 100, 5)).await;
        up_to_date(shop).await;
        let read = async |words: &str| search::search(shop, Locale::En, words, &BEST).await.unwrap();
        let names = |view: &SearchView| view.nearest.iter().map(|card| card.name.clone()).collect::<Vec<_>>();
        let near = read("dried xylophone").await;
        assert_eq!((names(&near), near.is_near, near.listing.is_none()), (vec!["Dried mango".to_owned()], true, true));
        assert!(near.categories.iter().any(|category| category.name == "Lamps"));
        assert_eq!(names(&read("mangoldt").await), ["Dried mango"]);
        let nothing = read("zzzzzz").await;
        assert_eq!((names(&nothing), nothing.is_near), (Vec::new(), false), "nobody has bought anything");
        assert!(search::suggest(shop, Locale::En, "").await.unwrap().is_empty());

        place(shop, &[(lamp, 2)]).await.unwrap();
        shop.clock.advance(11 * 60 * 1_000);
        for words in ["zzzzzz", " "] {
            assert_eq!(names(&read(words).await), ["Capiz lamp"], "{words:?}");
        }
        assert_eq!(search::suggest(shop, Locale::En, " ").await.unwrap()[0].label, "Capiz lamp");
    })
    .await;
}
