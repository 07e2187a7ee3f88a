//! Addresses that products and categories had before lead on to those of now.

use crate::support::{TestShop, both, number};
use backend::catalog::import::{ImportOptions, import_csv};
use backend::catalog::{self, moved_category, moved_product};
use domain::Locale::{En, Fil};
use domain::id::{CategoryId, ProductId};
use domain::view::{CategoryDraft, CategoryTexts, ProductDraft, ProductTexts, VariantDraft};

/// A published product with these slugs in English and Filipino.
async fn a_product(shop: &TestShop, sku: &str, slugs: [&str; 2]) -> ProductId {
    let text = |(locale, slug): (&str, &str)| ProductTexts {
        locale: locale.into(),
        name: sku.into(),
        slug: slug.into(),
        ..ProductTexts::default()
    };
    let draft = ProductDraft {
        tax_class: "standard".into(),
        texts: ["en", "fil"].into_iter().zip(slugs).map(text).collect(),
        variants: vec![VariantDraft { sku: sku.into(), price: 100, stock: 1, ..VariantDraft::default() }],
        ..ProductDraft::default()
    };
    let id = catalog::save_product(shop, &shop.system(), En, draft).await.unwrap();
    catalog::set_status(shop, &shop.system(), id, "published").await.unwrap();
    id
}

async fn rename(shop: &TestShop, id: ProductId, slugs: [&str; 2]) {
    let mut draft = catalog::admin_product(shop, &shop.system(), id).await.unwrap().draft;
    draft.texts.iter_mut().zip(slugs).for_each(|(text, slug)| slug.clone_into(&mut text.slug));
    catalog::save_product(shop, &shop.system(), En, draft).await.unwrap();
    shop.clock.advance(1_000);
}

async fn moved(shop: &TestShop, slug: &str) -> Option<String> {
    moved_product(shop, En, slug).await.unwrap()
}

/// Which product is at an address.
async fn at(shop: &TestShop, slug: &str) -> Option<ProductId> {
    catalog::product(shop, En, slug).await.unwrap().map(|product| product.id)
}

#[tokio::test]
async fn a_former_address_of_a_product_leads_to_the_newest_in_its_language() {
    both(async |shop| {
        let mug = a_product(shop, "MUG", ["mug", "tasa"]).await;
        rename(shop, mug, ["cup", "tasa"]).await;
        assert_eq!(moved(shop, "tasa").await, None, "it is an address still");
        rename(shop, mug, ["beaker", "baso"]).await;
        for (former, now) in [("mug", "beaker"), ("cup", "beaker"), ("tasa", "baso")] {
            assert_eq!(at(shop, former).await, None);
            assert_eq!(moved(shop, former).await.as_deref(), Some(now), "{former}");
        }
        // Named as before: no address leads to itself or in a circle.
        rename(shop, mug, ["mug", "tasa"]).await;
        assert_eq!((at(shop, "mug").await, moved(shop, "mug").await), (Some(mug), None));
        for former in ["cup", "beaker", "baso"] {
            let now = moved(shop, former).await.unwrap();
            assert_eq!(at(shop, &now).await, Some(mug), "{former}");
        }
        assert_eq!(moved(shop, "never").await, None);
    })
    .await;
}

#[tokio::test]
async fn a_slug_that_another_product_took_is_its_own_and_what_is_not_sold_leads_nowhere() {
    both(async |shop| {
        let first = a_product(shop, "ONE", ["lamp", "ilaw"]).await;
        rename(shop, first, ["old-lamp", "ilaw"]).await;
        let second = a_product(shop, "TWO", ["lamp", "bagong-ilaw"]).await;
        assert_eq!((at(shop, "lamp").await, moved(shop, "lamp").await), (Some(second), None));
        // Given up again, it leads to who had it last.
        rename(shop, second, ["new-lamp", "bagong-ilaw"]).await;
        assert_eq!(moved(shop, "lamp").await.as_deref(), Some("new-lamp"));
        catalog::set_status(shop, &shop.system(), second, "archived").await.unwrap();
        assert_eq!((at(shop, "lamp").await, moved(shop, "lamp").await), (None, None));
        // Two products that change their slugs with each other.
        let third = a_product(shop, "THREE", ["red", "pula"]).await;
        rename(shop, first, ["between", "ilaw"]).await;
        rename(shop, third, ["old-lamp", "pula"]).await;
        rename(shop, first, ["red", "ilaw"]).await;
        assert_eq!([at(shop, "old-lamp").await, at(shop, "red").await], [Some(third), Some(first)]);
        assert_eq!(moved(shop, "between").await.as_deref(), Some("red"));
        let both_now = "select count(*) from former_product_slugs f join product_texts t on t.locale = f.locale and t.slug = f.slug";
        assert_eq!(number(shop, both_now).await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_import_that_renames_a_product_keeps_its_address() {
    both(async |shop| {
        let import = async |file: &str| {
            let report = import_csv(shop, &shop.system(), file.as_bytes(), &ImportOptions::default(), &|_, _| {}).await.unwrap();
            assert_eq!(report.problems, Vec::new());
        };
        let head = "Handle,Title,Variant SKU,Variant Price,Status,Slug\n";
        import(&format!("{head}malong,Malong,MAL,100,active,malong\n")).await;
        let malong = at(shop, "malong").await;
        assert!(malong.is_some());
        import(&format!("{head}malong,Malong,MAL,100,active,tubular-malong\n")).await;
        assert_eq!((at(shop, "tubular-malong").await, moved(shop, "malong").await.as_deref()), (malong, Some("tubular-malong")));
    })
    .await;
}

#[tokio::test]
async fn a_former_address_of_a_category_leads_on_until_it_is_hidden_or_removed() {
    both(async |shop| {
        let text = |locale: &str, slug: &str| CategoryTexts {
            locale: locale.into(),
            name: slug.into(),
            slug: slug.into(),
            ..CategoryTexts::default()
        };
        let save = async |id: Option<CategoryId>, slugs: [&str; 2], published: bool| {
            let draft = match id {
                Some(id) => catalog::category_to_edit(shop, &shop.system(), id).await.unwrap().draft,
                None => CategoryDraft::default(),
            };
            let texts = vec![text("en", slugs[0]), text("fil", slugs[1])];
            shop.clock.advance(1_000);
            catalog::save_category(shop, &shop.system(), En, CategoryDraft { published, texts, ..draft }).await.unwrap()
        };
        let lamps = save(None, ["lamps", "mga-ilaw"], true).await;
        save(Some(lamps), ["lights", "mga-ilaw"], true).await;
        save(Some(lamps), ["lighting", "ilawan"], true).await;
        let moved = async |slug: &str| moved_category(shop, Fil, slug).await.unwrap();
        assert_eq!([moved("lamps").await, moved("lights").await], [Some("lighting".to_owned()), Some("lighting".to_owned())]);
        assert_eq!(moved("mga-ilaw").await.as_deref(), Some("ilawan"));
        save(Some(lamps), ["lighting", "ilawan"], false).await;
        assert_eq!(moved("lamps").await, None);
        save(Some(lamps), ["lighting", "ilawan"], true).await;
        save(None, ["lamps", "lampara"], true).await;
        assert_eq!(moved("lamps").await, None, "another one has it");
        catalog::remove_category(shop, &shop.system(), lamps).await.unwrap();
        assert_eq!(moved("lights").await, None);
    })
    .await;
}
