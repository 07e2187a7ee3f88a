//! Products: saved, listed, shown, pictureed.

use std::io::Cursor;

use crate::support::{TestShop, both, events_of, guest, number, place, sqlite};
use backend::catalog::{self, CatalogError};
use backend::search;
use domain::Locale;
use domain::id::{ApiKeyId, LocationId, ProductId, RequestId, UserId};
use domain::permission::{Permission, Role};
use domain::stock::StockReason;
use domain::view::{ListingQuery, OptionDraft, PageAt, ProductChange, ProductDraft, ProductTexts, Sort, VariantDraft};
use platform::Context;

fn a_draft(name: &str, price: i64) -> ProductDraft {
    ProductDraft {
        tax_class: "standard".into(),
        vendor: "Tala".into(),
        texts: vec![ProductTexts { locale: "en".into(), name: name.into(), ..ProductTexts::default() }],
        variants: vec![VariantDraft { sku: name.to_uppercase(), price, stock: 5, cost: 40, weight_g: 100, ..VariantDraft::default() }],
        ..ProductDraft::default()
    }
}

fn sized(name: &str, sizes: &[(&str, i64)]) -> ProductDraft {
    let mut draft = a_draft(name, 0);
    let value = |size: &str| (String::new(), vec![size.to_owned(), format!("{size} fil")]);
    draft.options = vec![OptionDraft {
        key: String::new(),
        names: vec!["Size".into(), "Laki".into()],
        values: sizes.iter().map(|(size, _)| value(size)).collect(),
    }];
    draft.variants = sizes
        .iter()
        .map(|(size, price)| VariantDraft {
            sku: format!("{name}-{size}"),
            values: vec![size.to_lowercase()],
            price: *price,
            stock: 2,
            ..VariantDraft::default()
        })
        .collect();
    draft
}

async fn save(shop: &TestShop, draft: ProductDraft) -> Result<ProductId, CatalogError> {
    catalog::save_product(shop, &shop.system(), Locale::En, draft).await
}

async fn published(shop: &TestShop, draft: ProductDraft) -> ProductId {
    let id = save(shop, draft).await.unwrap();
    catalog::set_status(shop, &shop.system(), id, "published").await.unwrap();
    shop.clock.advance(1_000);
    id
}

async fn names(shop: &TestShop, query: &ListingQuery) -> Vec<String> {
    catalog::listing(shop, Locale::En, query).await.unwrap().products.into_iter().map(|card| card.name).collect()
}

async fn warehouse(shop: &TestShop) -> LocationId {
    shop.db().fetch_scalar("select id from stock_locations where code = 'WH-1'", &[]).await.unwrap()
}

fn fields(error: CatalogError) -> Vec<String> {
    match error {
        CatalogError::Invalid(errors) => errors.into_iter().map(|e| e.0).collect(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn first_stock_that_is_worth_too_much_is_an_error_of_its_field() {
    both(async |shop| {
        let mut draft = a_draft("Gold", 300);
        draft.variants[0].cost = 1_000_000_000_000;
        draft.variants[0].stock = 9_001;
        assert_eq!(fields(save(shop, draft.clone()).await.unwrap_err()), ["stock.0"]);
        draft.variants[0].stock = 9_000;
        save(shop, draft).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_product_is_published_and_withdrawn() {
    both(async |shop| {
        let id = save(shop, sized("Mug", &[("S", 300), ("L", 400)])).await.unwrap();
        assert!(catalog::product(shop, Locale::En, "mug").await.unwrap().is_none(), "a draft is not for shoppers");
        catalog::set_status(shop, &shop.system(), id, "published").await.unwrap();
        let mug = catalog::product(shop, Locale::Fil, "mug").await.unwrap().unwrap();
        assert_eq!(mug.options[0].values.iter().map(|v| v.name.as_str()).collect::<Vec<_>>(), ["S fil", "L fil"]);
        assert_eq!(
            mug.variants.iter().map(|v| (v.values[0].as_str(), v.price.minor, v.available)).collect::<Vec<_>>(),
            [("s", 300, 2), ("l", 400, 2)]
        );
        let newest = catalog::newest(shop, Locale::En).await.unwrap();
        assert_eq!(
            newest.iter().map(|c| (c.price_from.minor, c.price_varies, c.in_stock, c.only_variant.is_none())).collect::<Vec<_>>(),
            [(300, true, true, true)]
        );
        catalog::set_status(shop, &shop.system(), id, "archived").await.unwrap();
        assert!(names(shop, &ListingQuery::default()).await.is_empty());
        assert!(matches!(catalog::set_status(shop, &shop.system(), id, "sold").await, Err(CatalogError::Status(_))));
        let kinds: Vec<_> = events_of(shop, id.0).await.into_iter().map(|e| e.kind).collect();
        assert_eq!(kinds, ["product.created", "product.published", "product.archived"]);
    })
    .await;
}

#[tokio::test]
async fn an_edit_keeps_variants_with_their_stock_and_an_outdated_edit_is_refused() {
    both(async |shop| {
        let id = published(shop, sized("Mug", &[("S", 300), ("M", 350), ("L", 400)])).await;
        let first = catalog::admin_product(shop, &shop.system(), id).await.unwrap();
        let mut draft = first.draft.clone();
        // S is archived, M and L swap their SKUs, M costs more.
        draft.variants.remove(0);
        let sku = draft.variants[0].sku.clone();
        draft.variants[0].sku = std::mem::replace(&mut draft.variants[1].sku, sku);
        draft.variants[0].price = 355;
        draft.options[0].values.remove(0);
        save(shop, draft.clone()).await.unwrap();
        let mug = catalog::product(shop, Locale::En, "mug").await.unwrap().unwrap();
        let shape: Vec<_> = mug.variants.iter().map(|v| (v.sku.as_str(), v.price.minor, v.available)).collect();
        assert_eq!(shape, [("Mug-L", 355, 2), ("Mug-M", 400, 2)]);
        assert_eq!(mug.variants[0].id, first.draft.variants[1].id.unwrap());
        assert!(matches!(save(shop, draft).await, Err(CatalogError::Stale)));
        // An archived variant is restored by its SKU, with its stock.
        let mut draft = catalog::admin_product(shop, &shop.system(), id).await.unwrap().draft;
        draft.options[0].values.push(("s".into(), vec!["S".into()]));
        draft.variants.push(VariantDraft { sku: "Mug-S".into(), values: vec!["s".into()], price: 300, ..VariantDraft::default() });
        save(shop, draft).await.unwrap();
        let back = catalog::admin_product(shop, &shop.system(), id).await.unwrap();
        assert_eq!(back.draft.variants[2].id, first.draft.variants[0].id);
        assert_eq!(back.stock.iter().map(|s| s.on_hand).sum::<i64>(), 6);
        let changes = events_of(shop, id.0).await;
        assert!(changes.iter().any(|e| e.kind == "product.updated" && e.data.contains("\"Mug-L\":[350,355]")), "{changes:?}");
    })
    .await;
}

#[tokio::test]
async fn the_changes_since_a_version_say_who_changed_which_parts() {
    both(async |shop| {
        let owner = crate::support::outside::owner(shop);
        let id = published(shop, sized("Mug", &[("S", 300), ("L", 400)])).await;
        let edited = async || catalog::admin_product(shop, &owner, id).await.unwrap().draft;
        let first = edited().await;
        assert!(catalog::changes_since(shop, &owner, id, first.version).await.unwrap().is_empty());
        let mut named = first.clone();
        named.texts[0].name = "Stoneware mug".into();
        catalog::save_product(shop, &owner, Locale::En, named).await.unwrap();
        let second = edited().await;
        let mut priced = second.clone();
        (priced.variants[0].price, priced.vendor) = (310, "Kiln".into());
        save(shop, priced).await.unwrap();
        catalog::set_status(shop, &shop.system(), id, "draft").await.unwrap();

        let since = async |version| {
            let changes = catalog::changes_since(shop, &owner, id, version).await.unwrap();
            changes.into_iter().map(|change| (change.actor, change.parts)).collect::<Vec<_>>()
        };
        let system = shop.system().actor.to_string();
        let newer = [(system.clone(), vec![ProductChange::Status]), (system, vec![ProductChange::Vendor, ProductChange::Variants])];
        assert_eq!(since(second.version).await, newer);
        let all = since(first.version).await;
        assert_eq!(all[2], (owner.actor.to_string(), vec![ProductChange::Texts]));
        assert_eq!(all.len(), 3);
        assert!(matches!(catalog::changes_since(shop, &guest(shop), id, 1).await, Err(CatalogError::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn an_invalid_product_is_refused_with_an_error_for_each_field() {
    both(async |shop| {
        let mut bad = sized("Mug", &[("S", -1), ("L", i64::MAX)]);
        bad.texts[0].name = " ".into();
        bad.tax_class = "high".into();
        bad.variants[1].sku = bad.variants[0].sku.clone();
        bad.variants[1].values = vec!["s".into()];
        bad.variants[0].barcode = "4809990000017".into();
        let wrong = fields(save(shop, bad).await.unwrap_err());
        assert_eq!(wrong, ["name.en", "tax_class", "price.0", "barcode.0", "sku.1", "values.1", "price.1"]);
        assert_eq!(fields(save(shop, ProductDraft::default()).await.unwrap_err()), ["name.en", "tax_class", "variants"]);
        published(shop, a_draft("Cup", 100)).await;
        assert_eq!(fields(save(shop, a_draft("CUP", 100)).await.unwrap_err()), ["sku.0"]);
        let mut same = a_draft("Cup", 100);
        same.variants[0].sku = "OTHER".into();
        let second = save(shop, same.clone()).await.unwrap();
        assert_ne!(catalog::admin_product(shop, &shop.system(), second).await.unwrap().draft.texts[0].slug, "cup");
        same.texts[0].slug = "cup".into();
        same.variants[0].sku = "THIRD".into();
        assert_eq!(fields(save(shop, same).await.unwrap_err()), ["slug.en"]);
        let mut lost = a_draft("Lost", 1);
        lost.category = Some(domain::id::CategoryId(shop.id()));
        assert_eq!(fields(save(shop, lost).await.unwrap_err()), ["category"]);
        let clerk = Context::staff(UserId(shop.id()), Role::Clerk, RequestId(shop.id()));
        for ctx in [guest(shop), clerk] {
            assert!(matches!(catalog::save_product(shop, &ctx, Locale::En, a_draft("No", 1)).await, Err(CatalogError::Forbidden(_))));
        }
        assert_eq!(number(shop, "select count(*) from products").await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_filter_finds_the_products_with_its_value_and_keeps_its_place() {
    both(async |shop| {
        // Two products whose sizes have the same key and different names.
        let named = |name: &str, size: &str| {
            let mut draft = sized(name, &[("Small", 1_000), ("Large", 2_000)]);
            draft.options[0].values[0] = ("small".into(), vec![size.into(), format!("{size} fil")]);
            draft
        };
        published(shop, named("Vase", "Small, 16 cm")).await;
        published(shop, named("Box", "Small, 25 cm")).await;
        published(shop, sized("Shirt", &[("XL", 1), ("S", 1), ("L", 1), ("M", 1)])).await;
        let first = catalog::listing(shop, Locale::En, &ListingQuery::default()).await.unwrap();
        let values: Vec<_> = first.facets[0].values.iter().map(|value| value.name.as_str()).collect();
        assert_eq!(values, ["S", "Small, 16 cm", "Small, 25 cm", "M", "L", "Large", "XL"]);
        let small = ListingQuery { options: vec![first.facets[0].values[1].key.clone()], ..ListingQuery::default() };
        assert_eq!(names(shop, &small).await, ["Vase"]);
        let after = catalog::listing(shop, Locale::Fil, &small).await.unwrap();
        assert_eq!(after.facets[0].values.len(), 7);
        assert!(after.facets[0].values.iter().any(|value| value.chosen && value.key == small.options[0]));
    })
    .await;
}

/// From the first page of 30 products to the second and back, in each order, while products come and go.
async fn there_and_back(shop: &TestShop) {
    for sort in Sort::ALL {
        let read = async |after: Option<String>, before: Option<String>| {
            let query = ListingQuery { sort, after, before, ..ListingQuery::default() };
            catalog::listing(shop, Locale::En, &query).await.unwrap()
        };
        let first = read(None, None).await;
        let second = read(first.next.clone(), None).await;
        assert_eq!((first.previous.as_ref(), second.products.len(), second.next.as_ref()), (None, 6, None), "{sort:?}");
        assert_eq!(read(None, second.previous.clone()).await, first, "{sort:?}");
        // The dearest, which is last or first, is taken off the shelves and comes back.
        let dearest = first.products.iter().chain(&second.products).max_by_key(|card| card.price_from.minor).unwrap().id;
        catalog::set_status(shop, &shop.system(), dearest, "archived").await.unwrap();
        let back = read(None, second.previous.clone()).await;
        assert!(back.products.len() == catalog::PAGE && back.products.iter().all(|card| card.id != dearest), "{sort:?}");
        let again = read(back.next.clone(), None).await;
        assert_eq!(back.products.len() + again.products.len(), 29, "each is on one of the pages: {sort:?}");
        catalog::set_status(shop, &shop.system(), dearest, "published").await.unwrap();
        assert_eq!(read(None, second.previous).await, first, "{sort:?}");
    }
}

#[tokio::test]
async fn lists_are_sorted_filtered_counted_and_paged() {
    both(async |shop| {
        for n in 0..30_i64 {
            let sizes: &[(&str, i64)] = if n % 2 == 0 { &[("S", 1_000), ("L", 2_000)] } else { &[("M", 1_500)] };
            let sizes: Vec<_> = sizes.iter().map(|(size, price)| (*size, price + n)).collect();
            published(shop, sized(&format!("P{n:02}"), &sizes)).await;
        }
        let (mut seen, mut query) = (Vec::new(), ListingQuery { sort: Sort::PriceUp, ..ListingQuery::default() });
        let first = catalog::listing(shop, Locale::Fil, &query).await.unwrap();
        assert_eq!(first.products.len(), catalog::PAGE);
        let counts: Vec<_> = first.facets[0].values.iter().map(|v| (v.key.as_str(), v.name.as_str(), v.count)).collect();
        assert_eq!(first.facets[0].name, "Laki");
        assert_eq!(counts.len(), 3);
        assert!(counts.contains(&("size:s", "S fil", 15)) && counts.contains(&("size:m", "M fil", 15)));
        loop {
            let page = catalog::listing(shop, Locale::En, &query).await.unwrap();
            seen.extend(page.products.into_iter().map(|c| c.price_from.minor));
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 30);
        assert!(seen.is_sorted());
        there_and_back(shop).await;
        let sized = ListingQuery { options: vec!["size:m".into()], sort: Sort::PriceDown, ..ListingQuery::default() };
        assert_eq!(names(shop, &sized).await.len(), 15);
        assert_eq!(names(shop, &sized).await[0], "P29");
        let priced = ListingQuery { price_min: Some(1_501), price_max: Some(1_505), ..ListingQuery::default() };
        assert_eq!(names(shop, &priced).await, ["P05", "P03", "P01"]);
        assert_eq!(names(shop, &ListingQuery::default()).await[0], "P29");
        for nonsense in ["", "x", "1.2.3", "99999999999999999999.00"] {
            let query = ListingQuery { after: Some(nonsense.into()), ..ListingQuery::default() };
            assert_eq!(names(shop, &query).await.len(), catalog::PAGE, "{nonsense:?}");
        }
        let unknown = ListingQuery { category: Some("none".into()), ..ListingQuery::default() };
        assert!(catalog::listing(shop, Locale::En, &unknown).await.unwrap().category.is_none());
        assert!(names(shop, &unknown).await.is_empty());
        let managers = search::admin_list(shop, &shop.system(), "", "published", None, &PageAt::default()).await.unwrap();
        assert_eq!((managers.products.len(), managers.products[0].name.as_str(), managers.products[0].available), (30, "P29", 2));
    })
    .await;
}

/// On Postgres an event is handed on when no older transaction runs, which may be one of another test.
async fn followed(shop: &TestShop, query: &ListingQuery, expected: &[&str]) {
    let begun = std::time::Instant::now();
    loop {
        catalog::catch_up(shop).await.unwrap();
        if names(shop, query).await == expected {
            return;
        }
        assert!(begun.elapsed().as_secs() < 20, "the list never showed {expected:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_cache_of_products_follows_each_change() {
    both(async |shop| {
        let mug = published(shop, a_draft("Mug", 10_000)).await;
        let page = async || catalog::product(shop, Locale::En, "mug").await.unwrap().unwrap();
        let card = async || catalog::cards_by_ids(shop, Locale::En, &[mug]).await.unwrap().remove(0);
        assert_eq!((page().await.name, page().await.variants[0].available, card().await.name), ("Mug".into(), 5, "Mug".into()));

        // Stock and prices are not cached.
        let variant = page().await.variants[0].id;
        place(shop, &[(variant, 2)]).await.unwrap();
        assert_eq!(page().await.variants[0].available, 3);

        // The texts of a page are, until they are changed.
        let mut draft = catalog::admin_product(shop, &shop.system(), mug).await.unwrap().draft;
        draft.texts[0].name = "Beaker".into();
        draft.texts[0].slug = "mug".into();
        draft.variants[0].price = 12_000;
        save(shop, draft).await.unwrap();
        assert_eq!((page().await.name, page().await.variants[0].price.minor), ("Beaker".into(), 12_000));
        assert_eq!((card().await.name, card().await.price_from.minor), ("Beaker".into(), 12_000));

        catalog::set_status(shop, &shop.system(), mug, "archived").await.unwrap();
        assert!(catalog::product(shop, Locale::En, "mug").await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn lists_follow_stock() {
    both(async |shop| {
        let mut draft = a_draft("Last", 10_000);
        draft.variants[0].stock = 1;
        let id = published(shop, draft).await;
        let in_stock = ListingQuery { in_stock: true, ..ListingQuery::default() };
        assert_eq!(names(shop, &in_stock).await, ["Last"]);
        let variant = catalog::admin_product(shop, &shop.system(), id).await.unwrap().draft.variants[0].id.unwrap();
        place(shop, &[(variant, 1)]).await.unwrap();
        followed(shop, &in_stock, &[]).await;
        assert!(!catalog::cards_by_ids(shop, Locale::En, &[id]).await.unwrap()[0].in_stock);
        let location = warehouse(shop).await;
        backend::inventory::adjust(shop, &shop.system(), variant, location, 3, StockReason::Found, "").await.unwrap();
        followed(shop, &in_stock, &["Last"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_count_that_is_sent_twice_changes_the_stock_once() {
    both(async |shop| {
        let variant = crate::support::a_product().with_stock(5).make(shop).await;
        let location = warehouse(shop).await;
        let ctx = shop.system().with_key("made-when-the-page-was-rendered");
        for _ in 0..3 {
            backend::inventory::adjust(shop, &ctx, variant, location, -2, StockReason::Count, "").await.unwrap();
        }
        let other = backend::inventory::adjust(shop, &ctx, variant, location, -1, StockReason::Count, "").await;
        assert!(matches!(other, Err(backend::inventory::InventoryError::KeyReused)), "{other:?}");
        assert_eq!(number(shop, "select cast(sum(on_hand) as bigint) from stock").await, 3);
        // Another request key is another count.
        backend::inventory::adjust(shop, &shop.system().with_key("another-form"), variant, location, -2, StockReason::Count, "")
            .await
            .unwrap();
        assert_eq!(number(shop, "select cast(sum(on_hand) as bigint) from stock").await, 1);
        crate::support::outside::assert_sound(shop).await;
    })
    .await;
}

#[tokio::test]
async fn two_programs_that_count_their_requests_alike_do_not_meet() {
    both(async |shop| {
        let variant = crate::support::a_product().with_stock(9).make(shop).await;
        let location = warehouse(shop).await;
        let program = || Context::api_key(ApiKeyId(shop.id()), vec![Permission::WriteStock], RequestId(shop.id())).with_key("count-0001");
        let (one, other) = (program(), program());
        for (ctx, delta) in [(&one, -1), (&other, -2), (&one, -1), (&other, -2)] {
            backend::inventory::adjust(shop, ctx, variant, location, delta, StockReason::Count, "").await.unwrap();
        }
        assert_eq!(number(shop, "select cast(sum(on_hand) as bigint) from stock").await, 6);
        let reused = backend::inventory::adjust(shop, &one, variant, location, -2, StockReason::Count, "").await;
        assert!(matches!(reused, Err(backend::inventory::InventoryError::KeyReused)), "{reused:?}");
    })
    .await;
}

#[tokio::test]
async fn stock_that_is_missing_and_stock_that_is_reserved_give_different_errors() {
    use backend::inventory::{InventoryError, adjust};
    both(async |shop| {
        let variant = crate::support::a_product().with_stock(3).make(shop).await;
        let location = warehouse(shop).await;
        let less = async |units: i64| adjust(shop, &shop.system(), variant, location, -units, StockReason::Count, "").await;
        assert!(matches!(less(4).await, Err(InventoryError::NotEnough { available: 3, reserved: 0 })));
        place(shop, &[(variant, 2)]).await.unwrap();
        assert!(matches!(less(2).await, Err(InventoryError::NotEnough { available: 1, reserved: 2 })));
        for units in [0, 1_000_001, -1_000_001] {
            assert!(matches!(less(units).await, Err(InventoryError::Amount)), "{units}");
        }
        let least = adjust(shop, &shop.system(), variant, location, i64::MIN, StockReason::Count, "").await;
        assert!(matches!(least, Err(InventoryError::Amount)));
        less(1).await.unwrap();
    })
    .await;
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::RgbImage::from_pixel(width, height, image::Rgb([200, 120, 40]))
        .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
        .unwrap();
    bytes
}

#[tokio::test]
async fn pictures_are_made_in_each_width_and_format() {
    both(async |shop| {
        let id = published(shop, a_draft("Cup", 100)).await;
        let alts = vec![(Locale::En, "A cup".to_owned()), (Locale::Fil, "Isang tasa".to_owned())];
        let picture = catalog::add_picture(shop, &shop.system(), Some(id), png(400, 300), alts).await.unwrap();
        assert_eq!((picture.width, picture.height), (400, 300));
        let cup = catalog::product(shop, Locale::Fil, "cup").await.unwrap().unwrap();
        assert_eq!(cup.pictures[0].alt, "Isang tasa");
        let webp = catalog::picture_file(shop, picture.id, 160, "webp").await.unwrap().unwrap();
        let small = image::load_from_memory(&webp).unwrap();
        assert_eq!((small.width(), small.height()), (160, 120));
        let avif = catalog::picture_file(shop, picture.id, 320, "avif").await.unwrap().unwrap();
        assert_eq!(&avif[4..12], b"ftypavif");
        let largest = catalog::picture_file(shop, picture.id, 1280, "webp").await.unwrap().unwrap();
        assert_eq!(image::load_from_memory(&largest).unwrap().width(), 400, "never blown up");
        for (width, form) in [(161, "webp"), (0, "webp"), (160, "png"), (160, "../key")] {
            assert!(catalog::picture_file(shop, picture.id, width, form).await.unwrap().is_none());
        }
        let unknown = domain::id::PictureId(shop.id());
        assert!(catalog::picture_file(shop, unknown, 160, "webp").await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_former_price_is_above_the_price() {
    let shop = sqlite().await;
    let draft = |compare_at| ProductDraft {
        texts: vec![ProductTexts { locale: "en".into(), name: "Mug".into(), ..ProductTexts::default() }],
        tax_class: "standard".into(),
        variants: vec![VariantDraft { sku: "MUG".into(), price: 300, compare_at, ..VariantDraft::default() }],
        ..ProductDraft::default()
    };
    for (compare_at, is_wrong) in [(Some(300), true), (Some(250), true), (Some(301), false)] {
        let saved = catalog::save_product(&shop, &shop.system(), Locale::En, draft(compare_at)).await;
        let wrong = matches!(&saved, Err(CatalogError::Invalid(errors)) if errors.len() == 1 && errors[0].0 == "compare_at.0");
        assert_eq!((wrong, saved.is_ok()), (is_wrong, !is_wrong), "{compare_at:?}: {saved:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_picture_is_refused() {
    let shop = sqlite().await;
    let add = async |bytes: Vec<u8>| catalog::add_picture(&shop, &shop.system(), None, bytes, Vec::new()).await;
    let mut cut = png(300, 300);
    cut.truncate(cut.len() / 2);
    for bytes in [Vec::new(), b"<svg/>".to_vec(), b"GIF89a".to_vec(), b"\x89PNG\r\n\x1a\nnothing".to_vec(), cut] {
        assert!(matches!(add(bytes).await, Err(CatalogError::NotAPicture)));
    }
    assert!(matches!(add(vec![0; domain::MAX_UPLOAD_BYTES + 1]).await, Err(CatalogError::TooLarge)));
    // Few bytes that would unpack to very many pixels.
    assert!(matches!(add(png(12_500, 10)).await, Err(CatalogError::TooManyPixels)));
    let refused = catalog::add_picture(&shop, &guest(&shop), None, png(9, 9), Vec::new()).await;
    assert!(matches!(refused, Err(CatalogError::Forbidden(_))));
    let nowhere = catalog::add_picture(&shop, &shop.system(), Some(ProductId(shop.id())), png(9, 9), Vec::new()).await;
    assert!(matches!(nowhere, Err(CatalogError::Unknown)));
    assert_eq!(number(&shop, "select count(*) from pictures").await, 0);
    shop.close().await;
}
