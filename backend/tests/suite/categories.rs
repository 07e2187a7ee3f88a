//! Categories: written, ordered, hidden, given a picture, removed.

use crate::support::{TestShop, a_product, both, guest, number};
use backend::catalog::{self, CatalogError};
use backend::search;
use domain::Locale;
use domain::id::{CategoryId, ProductId};
use domain::view::{CategoryDraft, CategoryRule, CategoryTexts, ListingQuery, PageAt, ProductDraft};

fn named(name: &str) -> CategoryDraft {
    let text = |locale: &str, name: &str| CategoryTexts { locale: locale.into(), name: name.into(), ..CategoryTexts::default() };
    CategoryDraft { published: true, texts: vec![text("en", name), text("fil", &format!("Mga {name}"))], ..CategoryDraft::default() }
}

async fn save(shop: &TestShop, draft: CategoryDraft) -> Result<CategoryId, CatalogError> {
    catalog::save_category(shop, &shop.system(), Locale::En, draft).await
}

async fn draft(shop: &TestShop, id: CategoryId) -> CategoryDraft {
    catalog::category_to_edit(shop, &shop.system(), id).await.unwrap().draft
}

async fn menu(shop: &TestShop, locale: Locale) -> Vec<String> {
    catalog::categories(shop, locale).await.unwrap().into_iter().map(|category| category.name).collect()
}

/// A product in this category.
async fn a_product_in(shop: &TestShop, category: CategoryId) -> ProductDraft {
    let variant = a_product().named("Lamp").make(shop).await;
    let sql = "select product_id from variants where id = $1";
    let product: ProductId = shop.db().fetch_scalar(sql, &[&variant]).await.unwrap();
    let mut draft = catalog::admin_product(shop, &shop.system(), product).await.unwrap().draft;
    draft.category = Some(category);
    catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
    catalog::admin_product(shop, &shop.system(), product).await.unwrap().draft
}

#[tokio::test]
async fn categories_stand_in_the_menu_in_their_order_and_languages() {
    both(async |shop| {
        let lamps = save(shop, CategoryDraft { position: 2, ..named("Lamps") }).await.unwrap();
        save(shop, CategoryDraft { position: 1, ..named("Mats") }).await.unwrap();
        assert_eq!(menu(shop, Locale::En).await, ["Mats", "Lamps"]);
        assert_eq!(menu(shop, Locale::Fil).await, ["Mga Mats", "Mga Lamps"]);
        let changed = CategoryDraft { position: 0, ..draft(shop, lamps).await };
        save(shop, changed).await.unwrap();
        assert_eq!(menu(shop, Locale::En).await, ["Lamps", "Mats"]);
        let hidden = CategoryDraft { published: false, ..draft(shop, lamps).await };
        save(shop, hidden).await.unwrap();
        assert_eq!(menu(shop, Locale::En).await, ["Mats"]);
        let list = catalog::category_list(shop, &shop.system(), Locale::En).await.unwrap();
        assert_eq!(list.iter().map(|row| (row.name.as_str(), row.published)).collect::<Vec<_>>(), [("Lamps", false), ("Mats", true)]);
        let kinds = "select count(*) from events where kind in ('category.created', 'category.updated')";
        assert_eq!(number(shop, kinds).await, 4);
    })
    .await;
}

#[tokio::test]
async fn category_errors_name_their_field_and_an_address_is_used_once() {
    both(async |shop| {
        let fields = |error: CatalogError| match error {
            CatalogError::Invalid(fields) => fields.into_iter().map(|(field, _)| field).collect::<Vec<_>>(),
            other => panic!("{other}"),
        };
        let mut bad = named("");
        bad.position = -1;
        bad.texts[1].slug = "!!!".into();
        bad.texts[1].blurb = "x".repeat(501);
        assert_eq!(fields(save(shop, bad).await.unwrap_err()), ["name.en", "blurb.fil", "slug.fil", "position"]);
        save(shop, named("Lamps")).await.unwrap();
        // The same name makes an address of its own; the same address is refused, in whichever language.
        let second = save(shop, named("Lamps")).await.unwrap();
        let slug = draft(shop, second).await.texts[0].slug.clone();
        assert!(slug.starts_with("lamps-"), "{slug}");
        let mut taken = named("Lights");
        taken.texts[1].slug = "lamps".into();
        assert_eq!(fields(save(shop, taken).await.unwrap_err()), ["slug.fil"]);
        // A name in another script has an address too.
        let kanji = save(shop, named("ランプ")).await.unwrap();
        assert!(draft(shop, kanji).await.texts[0].slug.starts_with("c-"));
    })
    .await;
}

#[tokio::test]
async fn of_two_edits_at_once_the_second_is_refused() {
    both(async |shop| {
        let id = save(shop, named("Lamps")).await.unwrap();
        let (mine, theirs) = (draft(shop, id).await, draft(shop, id).await);
        save(shop, theirs).await.unwrap();
        assert!(matches!(save(shop, mine).await, Err(CatalogError::Stale)));
        let unknown = CategoryDraft { id: Some(CategoryId(shop.id())), ..named("None") };
        assert!(matches!(save(shop, unknown).await, Err(CatalogError::Unknown)));
        let nobody = catalog::save_category(shop, &guest(shop), Locale::En, named("Mine")).await;
        assert!(matches!(nobody, Err(CatalogError::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn only_an_empty_category_is_removed() {
    both(async |shop| {
        let id = save(shop, named("Lamps")).await.unwrap();
        let mut product = a_product_in(shop, id).await;
        let list = catalog::category_list(shop, &shop.system(), Locale::En).await.unwrap();
        assert_eq!(list[0].products, 1);
        let of = search::admin_list(shop, &shop.system(), "", "", Some(id), &PageAt::default()).await.unwrap();
        assert_eq!(of.products.iter().map(|row| row.category.as_str()).collect::<Vec<_>>(), ["Lamps"]);
        assert!(matches!(catalog::remove_category(shop, &shop.system(), id).await, Err(CatalogError::InUse)));
        product.category = None;
        catalog::save_product(shop, &shop.system(), Locale::En, product).await.unwrap();
        catalog::remove_category(shop, &shop.system(), id).await.unwrap();
        assert!(menu(shop, Locale::En).await.is_empty());
        assert!(matches!(catalog::remove_category(shop, &shop.system(), id).await, Err(CatalogError::Unknown)));
    })
    .await;
}

#[tokio::test]
async fn products_are_found_by_the_new_name_of_their_category_and_stay_when_it_is_hidden() {
    both(async |shop| {
        let id = save(shop, named("Lamps")).await.unwrap();
        a_product_in(shop, id).await;
        let found = async |words: &str| {
            search::catch_up(shop).await.unwrap();
            search::search(shop, Locale::En, words, &ListingQuery::default())
                .await
                .unwrap()
                .listing
                .map_or(0, |listing| listing.products.len())
        };
        assert_eq!(found("lamps").await, 1);
        let mut renamed = draft(shop, id).await;
        renamed.texts[0].name = "Illuminations".into();
        renamed.published = false;
        save(shop, renamed).await.unwrap();
        // On Postgres an event is read once no older change is under way, those of other databases included.
        for _ in 0..250 {
            if found("illuminations").await == 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(found("illuminations").await, 1);
        let all = catalog::listing(shop, Locale::En, &ListingQuery::default()).await.unwrap();
        assert_eq!(all.products.len(), 1, "what is in a hidden category is still sold");
        let choices = catalog::category_choices(shop, Locale::En).await.unwrap();
        assert_eq!(choices.len(), 1, "a product stays in it when it is saved");
    })
    .await;
}

#[tokio::test]
async fn a_category_has_a_picture_or_none() {
    both(async |shop| {
        let id = save(shop, named("Lamps")).await.unwrap();
        let mut png = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(40, 30).write_to(&mut png, image::ImageFormat::Png).unwrap();
        let picture = catalog::add_picture(shop, &shop.system(), None, png.into_inner(), Vec::new()).await.unwrap().id;
        catalog::set_category_picture(shop, &shop.system(), id, Some(picture)).await.unwrap();
        let shown = async || catalog::categories(shop, Locale::En).await.unwrap()[0].picture.as_ref().map(|shown| shown.id);
        assert_eq!(shown().await, Some(picture));
        // A form that was opened before can still be saved, and keeps it.
        save(shop, draft(shop, id).await).await.unwrap();
        assert_eq!(shown().await, Some(picture));
        let unknown = domain::id::PictureId(shop.id());
        let refused = catalog::set_category_picture(shop, &shop.system(), id, Some(unknown)).await;
        assert!(matches!(refused, Err(CatalogError::Unknown)));
        catalog::set_category_picture(shop, &shop.system(), id, None).await.unwrap();
        assert_eq!(shown().await, None);
    })
    .await;
}

#[tokio::test]
async fn an_import_finds_a_hidden_category_and_makes_no_second_one() {
    both(async |shop| {
        let id = save(shop, CategoryDraft { published: false, ..named("Lamps") }).await.unwrap();
        let file = "Handle,Title,Type,Variant SKU,Variant Price,Status\nlamp,Lamp,Lamps,LAMP-1,100,active\n";
        let report =
            catalog::import::import_csv(shop, &shop.system(), file.as_bytes(), &catalog::import::ImportOptions::default(), &|_, _| ())
                .await
                .unwrap();
        assert_eq!((report.created, report.problems.as_slice()), (1, &[][..]));
        let list = catalog::category_list(shop, &shop.system(), Locale::En).await.unwrap();
        assert_eq!(list.iter().map(|row| (row.id, row.products)).collect::<Vec<_>>(), [(id, 1)]);
    })
    .await;
}

#[tokio::test]
async fn no_reader_gets_the_state_before_a_change_while_another_fetches_it_or_is_dropped() {
    both(async |shop| {
        save(shop, CategoryDraft { position: 1, ..named("Lamps") }).await.unwrap();
        assert_eq!(menu(shop, Locale::En).await, ["Lamps"]);
        save(shop, CategoryDraft { position: 2, ..named("Mats") }).await.unwrap();
        let (first, second) = futures::join!(menu(shop, Locale::En), menu(shop, Locale::En));
        assert_eq!((first.len(), second.len()), (2, 2));
        save(shop, CategoryDraft { position: 3, ..named("Jars") }).await.unwrap();
        // Dropped while it reads, unless the database was that quick.
        let mut gone = Box::pin(menu(shop, Locale::En));
        let _ = futures::poll!(&mut gone);
        drop(gone);
        assert_eq!(menu(shop, Locale::En).await, ["Lamps", "Mats", "Jars"]);
    })
    .await;
}

/// What a category shows, by name.
async fn shown(shop: &TestShop, slug: &str) -> Vec<String> {
    let query = ListingQuery { category: Some(slug.into()), ..ListingQuery::default() };
    let mut names: Vec<String> =
        catalog::listing(shop, Locale::En, &query).await.unwrap().products.into_iter().map(|card| card.name).collect();
    names.sort();
    names
}

async fn tagged(shop: &TestShop, name: &str, price: i64, compare_at: Option<i64>, tag: &str) -> ProductId {
    let draft = ProductDraft {
        tax_class: "standard".into(),
        tags: vec![tag.into()],
        texts: vec![domain::view::ProductTexts { locale: "en".into(), name: name.into(), ..Default::default() }],
        variants: vec![domain::view::VariantDraft { sku: name.into(), price, compare_at, stock: 2, ..Default::default() }],
        ..ProductDraft::default()
    };
    let id = catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
    catalog::set_status(shop, &shop.system(), id, "published").await.unwrap();
    id
}

#[tokio::test]
async fn a_category_that_a_rule_fills_follows_each_change() {
    both(async |shop| {
        let mug = tagged(shop, "Mug", 10_000, None, "gift").await;
        let bowl = tagged(shop, "Bowl", 25_000, Some(30_000), "gift").await;
        let jar = tagged(shop, "Jar", 40_000, Some(50_000), "kitchen").await;
        let by = |rule: CategoryRule| Some(rule);
        let rule = CategoryRule { tag: " Gift".into(), ..CategoryRule::default() };
        let id = save(shop, CategoryDraft { rule: by(rule), ..named("Gifts") }).await.unwrap();
        assert_eq!(shown(shop, "gifts").await, ["Bowl", "Mug"]);
        let change = async |rule: CategoryRule| {
            let draft = draft(shop, id).await;
            save(shop, CategoryDraft { rule: Some(rule), ..draft }).await.unwrap();
        };
        let gift = CategoryRule { tag: "gift".into(), ..CategoryRule::default() };
        assert_eq!(draft(shop, id).await.rule, Some(gift.clone()));
        // A tag, a price, a status: the category follows each.
        let mut edited = catalog::admin_product(shop, &shop.system(), jar).await.unwrap().draft;
        edited.tags.push("gift".into());
        catalog::save_product(shop, &shop.system(), Locale::En, edited).await.unwrap();
        assert_eq!(shown(shop, "gifts").await, ["Bowl", "Jar", "Mug"]);
        catalog::set_status(shop, &shop.system(), bowl, "draft").await.unwrap();
        assert_eq!(shown(shop, "gifts").await, ["Jar", "Mug"]);
        catalog::set_status(shop, &shop.system(), bowl, "published").await.unwrap();
        change(CategoryRule { price_min: Some(20_000), price_max: Some(30_000), ..gift.clone() }).await;
        assert_eq!(shown(shop, "gifts").await, ["Bowl"]);
        change(CategoryRule { on_sale: true, ..CategoryRule::default() }).await;
        assert_eq!(shown(shop, "gifts").await, ["Bowl", "Jar"]);
        let mut edited = catalog::admin_product(shop, &shop.system(), jar).await.unwrap().draft;
        edited.variants[0].compare_at = None;
        catalog::save_product(shop, &shop.system(), Locale::En, edited).await.unwrap();
        assert_eq!(shown(shop, "gifts").await, ["Bowl"]);
        // In stock, until the last one is sold.
        change(CategoryRule { in_stock: true, ..gift.clone() }).await;
        let variant = catalog::admin_product(shop, &shop.system(), mug).await.unwrap().draft.variants[0].id.unwrap();
        assert_eq!(shown(shop, "gifts").await, ["Bowl", "Jar", "Mug"]);
        crate::support::place(shop, &[(variant, 2)]).await.unwrap();
        let begun = std::time::Instant::now();
        while shown(shop, "gifts").await != ["Bowl", "Jar"] {
            catalog::catch_up(shop).await.unwrap();
            assert!(begun.elapsed().as_secs() < 20, "what is sold out stays");
        }
        // New: today and the day before, by the shop's calendar.
        change(CategoryRule { new_days: Some(2), ..CategoryRule::default() }).await;
        shop.clock.advance(domain::Timestamp::DAY);
        tagged(shop, "Vase", 10_000, None, "gift").await;
        assert_eq!(shown(shop, "gifts").await, ["Bowl", "Jar", "Mug", "Vase"]);
        shop.clock.advance(domain::Timestamp::DAY);
        assert_eq!(shown(shop, "gifts").await, ["Vase"]);
        let row = catalog::category_list(shop, &shop.system(), Locale::En).await.unwrap().remove(0);
        assert_eq!((row.by_rule, row.products), (true, 1));
        // Nothing is put into it by hand, and what has products by hand gets no rule.
        assert!(catalog::category_choices(shop, Locale::En).await.unwrap().is_empty());
        let mut edited = catalog::admin_product(shop, &shop.system(), mug).await.unwrap().draft;
        edited.category = Some(id);
        let refused = catalog::save_product(shop, &shop.system(), Locale::En, edited.clone()).await;
        assert!(matches!(refused, Err(CatalogError::Invalid(fields)) if fields[0].0 == "category"));
        let lamps = save(shop, named("Lamps")).await.unwrap();
        edited.category = Some(lamps);
        catalog::save_product(shop, &shop.system(), Locale::En, edited).await.unwrap();
        let with_rule = CategoryDraft { rule: Some(gift), ..draft(shop, lamps).await };
        assert!(matches!(save(shop, with_rule).await, Err(CatalogError::InUse)));
    })
    .await;
}

#[tokio::test]
async fn a_rule_without_a_condition_or_with_nonsense_names_its_field() {
    both(async |shop| {
        let wrong = async |rule: CategoryRule| match save(shop, CategoryDraft { rule: Some(rule), ..named("Gifts") }).await {
            Err(CatalogError::Invalid(fields)) => fields.into_iter().map(|(field, _)| field).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let rule = CategoryRule::default();
        assert_eq!(wrong(rule.clone()).await, ["tag"]);
        assert_eq!(wrong(CategoryRule { price_min: Some(2), price_max: Some(1), ..rule.clone() }).await, ["price_max"]);
        assert_eq!(wrong(CategoryRule { price_min: Some(-1), ..rule.clone() }).await, ["price_min"]);
        assert_eq!(wrong(CategoryRule { new_days: Some(366), ..rule }).await, ["new_days"]);
    })
    .await;
}
