//! The demonstration shop.

use crate::support::{both, guest, number, sqlite};
use backend::catalog;
use backend::seed::{OWNER_EMAIL, PASSWORD, SeedError, seed};
use backend::{identity, search};
use domain::Locale;
use domain::view::{ListingQuery, Sort};

fn quiet(_: u64, _: u64) {}

#[tokio::test]
async fn the_demonstration_shop_is_whole() {
    both(async |shop| {
        let report = seed(shop, None, 1, &quiet).await.unwrap();
        assert!(report.products >= 48 && report.pictures >= 48, "{report}");
        let home = catalog::home(shop, Locale::Fil).await.unwrap();
        assert!(home.categories.len() >= 8);
        assert_eq!((home.stories.len(), home.newest.len(), home.featured.len()), (3, 8, 8));
        assert!(home.newest.iter().all(|card| card.picture.as_ref().is_some_and(|p| !p.alt.is_empty())));
        assert!(home.stories.iter().all(|story| story.link.starts_with("/c/") && story.picture.is_some()));
        for locale in Locale::ALL {
            let listing = catalog::listing(shop, locale, &ListingQuery::default()).await.unwrap();
            assert_eq!(listing.products.len(), catalog::PAGE);
            assert!(!listing.facets.is_empty());
        }
        let mango = catalog::product(shop, Locale::Fil, "dried-mango").await.unwrap().unwrap();
        assert_eq!(mango.slug, "pinatuyong-mangga");
        assert_eq!((mango.variants.len(), mango.options.len(), mango.tax_rate_bp), (3, 1, 1200));
        assert!(mango.related.len() == 4 && mango.pictures.len() == 2);
        let (me, _) = identity::sign_in(shop, &guest(shop), Locale::En, OWNER_EMAIL, PASSWORD).await.unwrap();
        assert_eq!(me.role, Some(domain::permission::Role::Owner));
        assert_eq!(search::suggest(shop, Locale::En, "dried man").await.unwrap()[0].1, "dried-mango");
        assert!(matches!(seed(shop, None, 1, &quiet).await, Err(SeedError::NotEmpty)));
        let failures: Vec<String> = backend::audit::run(shop, &quiet).await.unwrap().into_iter().flat_map(|check| check.failures).collect();
        assert_eq!(failures, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_seed_that_was_stopped_is_finished_by_the_next() {
    both(async |shop| {
        // Everything but the goods, as a kill just before them would leave it; the next try even has another seed.
        seed(shop, Some(0), 1, &quiet).await.unwrap();
        assert_eq!(number(shop, "select count(*) from products").await, 0);
        let report = seed(shop, None, 2, &quiet).await.unwrap();
        assert!(report.products >= 48);
        let home = catalog::home(shop, Locale::En).await.unwrap();
        assert_eq!((home.categories.len(), home.newest.len()), (9, 8));
        assert!(home.categories.iter().all(|category| category.picture.is_some()));
        let tableware = ListingQuery { category: Some("sa-hapag".into()), ..ListingQuery::default() };
        assert!(!catalog::listing(shop, Locale::En, &tableware).await.unwrap().products.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_same_seed_gives_the_same_shop_at_any_size() {
    let (a, b, c) = (sqlite().await, sqlite().await, sqlite().await);
    seed(&a, Some(200), 7, &quiet).await.unwrap();
    seed(&b, Some(200), 7, &quiet).await.unwrap();
    seed(&c, Some(200), 8, &quiet).await.unwrap();
    let query = ListingQuery { sort: Sort::PriceUp, ..ListingQuery::default() };
    let first = catalog::listing(&a, Locale::En, &query).await.unwrap();
    assert_eq!(first, catalog::listing(&b, Locale::En, &query).await.unwrap());
    assert_ne!(first.products, catalog::listing(&c, Locale::En, &query).await.unwrap().products);
    assert_eq!(number(&a, "select count(*) from products").await, 200);
    assert_eq!(number(&a, "select count(distinct slug) from product_texts where locale = 'en'").await, 200);
    for shop in [&a, &b, &c] {
        shop.close().await;
    }
}
