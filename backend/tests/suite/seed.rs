use crate::support::{both, guest, number, sqlite};
use backend::identity::IdentityError;
use backend::seed::{OWNER_EMAIL, PASSWORD, SeedError, seed};
use backend::{Shop, catalog, identity, search};
use domain::Locale;
use domain::permission::Role;
use domain::view::{ContactDetails, HomeSectionView, ListingQuery, Sort};

fn quiet(_: u64, _: u64) {}

#[tokio::test]
async fn the_demonstration_shop_is_complete() {
    both(async |shop| {
        let report = seed(shop, None, 1, &quiet).await.unwrap();
        assert!(report.products >= 48 && report.pictures >= 48, "{report}");
        let home = backend::content::home(shop, Locale::Fil).await.unwrap();
        let (mut stories, mut rows, mut categories) = (Vec::new(), Vec::new(), Vec::new());
        for section in home.sections {
            match section {
                HomeSectionView::Banner(story) => stories.push(story),
                HomeSectionView::Products { products, .. } => rows.push(products),
                HomeSectionView::Categories { categories: all, .. } => categories = all,
                HomeSectionView::Promises { .. } | HomeSectionView::Text { .. } => {}
            }
        }
        assert!(categories.len() >= 8);
        assert_eq!((stories.len(), rows.iter().map(Vec::len).collect::<Vec<_>>()), (3, vec![8, 8]));
        assert!(rows.concat().iter().all(|card| card.picture.as_ref().is_some_and(|p| !p.alt.is_empty())));
        assert!(stories.iter().all(|story| story.link.starts_with("/c/") && story.picture.is_some()));
        for locale in Locale::ALL {
            let listing = catalog::listing(shop, locale, &ListingQuery::default()).await.unwrap();
            assert_eq!(listing.products.len(), catalog::PAGE);
            assert!(!listing.facets.is_empty());
        }
        let mango = catalog::product(shop, Locale::Fil, "dried-mango").await.unwrap().unwrap();
        assert_eq!(mango.slug, "pinatuyong-mangga");
        assert_eq!((mango.variants.len(), mango.options.len(), mango.tax_rate_bp), (3, 1, 1200));
        assert!(mango.related.len() == 4 && mango.pictures.len() == 2);
        assert_eq!(search::suggest(shop, Locale::En, "dried man").await.unwrap()[0].href, "/p/dried-mango");
        assert!(matches!(seed(shop, None, 1, &quiet).await, Err(SeedError::NotEmpty)));
        let failures: Vec<String> = backend::audit::run(shop, &quiet).await.unwrap().into_iter().flat_map(|check| check.failures).collect();
        assert_eq!(failures, Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn printed_passwords_are_refused_outside_a_demonstration() {
    for url in [None, Some(crate::support::postgres_url().await)] {
        let folder = crate::support::Folder::new();
        let url = url.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("shop.db").display()));
        let open = async |demo: bool| {
            let mut config = backend::ShopConfig::new(url.clone(), folder.path(), "http://127.0.0.1:3000");
            (config.light_passwords, config.demo_accounts) = (true, demo);
            crate::support::open_shop(config).await.unwrap()
        };
        let sign_in = async |shop: &Shop, password: &str| identity::sign_in(shop, &guest(shop), Locale::En, OWNER_EMAIL, password).await;
        let demo = open(true).await;
        seed(&demo, Some(1), 1, &quiet).await.unwrap();
        let (me, token) = sign_in(&demo, PASSWORD).await.unwrap();
        assert_eq!(me.role, Some(Role::Owner));
        assert_eq!(identity::count_demo_accounts(demo.db()).await.unwrap(), (3, 6));
        demo.close().await;

        // The same database as a real shop: neither password nor session opens anything, and the account is no owner.
        let real = open(false).await;
        assert!(matches!(sign_in(&real, PASSWORD).await, Err(IdentityError::WrongCredentials)));
        assert_eq!(identity::authenticate(&real, &token).await.unwrap(), None);
        assert_eq!(
            (identity::count_owners(real.db(), false).await.unwrap(), identity::count_demo_accounts(real.db()).await.unwrap()),
            (0, (3, 6))
        );
        let shopper = identity::sign_in(&real, &guest(&real), Locale::En, "lorna.santos@example.com", "demo-shopper-2026").await;
        assert!(shopper.is_err());
        let olga = ContactDetails { name: "Olga Lim".into(), email: "olga@shop.example".into(), phone: String::new() };
        let olga = identity::create_staff(&real, &real.system(), Locale::En, olga, Role::Owner, "blue gate beside it").await.unwrap();
        let last = identity::set_role(&real, &real.system(), olga, Some(Role::Clerk)).await;
        assert!(matches!(last, Err(IdentityError::LastOwner)), "the demonstration's owner cannot be the last: {last:?}");
        real.close().await;

        // A password of one's own makes the account like any other.
        let demo = open(true).await;
        let (me, token) = sign_in(&demo, PASSWORD).await.unwrap();
        let ctx = identity::context_of(&me, guest(&demo).request);
        assert!(identity::has_demo_password(&demo, OWNER_EMAIL).await.unwrap());
        identity::change_password(&demo, &ctx, Locale::En, &token, PASSWORD, "a password of my own").await.unwrap();
        assert!(!identity::has_demo_password(&demo, OWNER_EMAIL).await.unwrap());
        demo.close().await;
        let real = open(false).await;
        assert!(sign_in(&real, "a password of my own").await.is_ok());
        real.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_empty_shop_is_filled_with_the_demonstration() {
    both(async |shop| {
        assert!(backend::seed::is_empty(shop).await.unwrap());
        let ana = ContactDetails { name: "Ana Reyes".into(), email: "ana@shop.example".into(), phone: String::new() };
        identity::create_staff(shop, &shop.system(), Locale::En, ana, Role::Owner, "blue gate beside it").await.unwrap();
        assert!(!backend::seed::is_empty(shop).await.unwrap());
        assert!(matches!(seed(shop, None, 1, &quiet).await, Err(SeedError::NotEmpty)));
        assert_eq!(number(shop, "select count(*) from users").await, 1, "nobody else came");
    })
    .await;
    both(async |shop| {
        let variant = crate::support::a_product().with_stock(1).make(shop).await;
        crate::support::place(shop, &[(variant, 1)]).await.unwrap();
        assert!(!backend::seed::is_empty(shop).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_seed_is_completed_by_the_next_run() {
    both(async |shop| {
        // Everything but the products, as after a kill just before them. The next run has another seed.
        seed(shop, Some(0), 1, &quiet).await.unwrap();
        assert_eq!(number(shop, "select count(*) from products").await, 0);
        let report = seed(shop, None, 2, &quiet).await.unwrap();
        assert!(report.products >= 48);
        let categories = catalog::categories(shop, Locale::En).await.unwrap();
        assert_eq!((categories.len(), catalog::newest(shop, Locale::En).await.unwrap().len()), (9, 8));
        assert!(categories.iter().all(|category| category.picture.is_some()));
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
