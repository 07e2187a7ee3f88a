//! Product types: what products state by their fields, and size guides; on both databases.

use crate::search::up_to_date;
use crate::support::outside::{clerk, owner};
use crate::support::{TestShop, both, events_of};
use backend::catalog::{self, CatalogError};
use backend::{caches, search};
use domain::Locale;
use domain::id::{ProductFieldId, ProductId, ProductTypeId};
use domain::view::{
    FactProperty, ListingQuery, ProductDraft, ProductFact, ProductFieldDraft, ProductTexts, ProductTypeDraft, ProductTypeTexts, Sort,
    VariantDraft,
};

fn texts(locale: &str, name: &str, size_guide: &str) -> ProductTypeTexts {
    ProductTypeTexts { locale: locale.into(), name: name.into(), size_guide: size_guide.into(), size_note: String::new() }
}

fn field(en: &str, fil: &str) -> ProductFieldDraft {
    ProductFieldDraft { id: None, labels: vec![en.into(), fil.into()], property: FactProperty::Other }
}

fn shoes() -> ProductTypeDraft {
    ProductTypeDraft {
        texts: vec![texts("en", "Shoes", "EU | Foot, cm\n36 | 23\n37 | 23.5"), texts("fil", "Sapatos", "")],
        fields: vec![ProductFieldDraft { property: FactProperty::Material, ..field("Material", "Materyal") }, field("Care", "")],
        ..ProductTypeDraft::default()
    }
}

async fn save(shop: &TestShop, draft: ProductTypeDraft) -> Result<ProductTypeId, CatalogError> {
    catalog::save_product_type(shop, &owner(shop), Locale::En, draft).await
}

async fn draft(shop: &TestShop, id: ProductTypeId) -> ProductTypeDraft {
    catalog::product_type_to_edit(shop, &owner(shop), id).await.unwrap()
}

fn at(error: CatalogError) -> Vec<String> {
    match error {
        CatalogError::Invalid(fields) => fields.into_iter().map(|(field, _)| field).collect(),
        other => panic!("{other}"),
    }
}

fn fact(field: ProductFieldId, locale: &str, value: &str) -> ProductFact {
    ProductFact { field, locale: locale.into(), value: value.into() }
}

/// A published product of this type, which states these facts.
async fn a_product(shop: &TestShop, product_type: Option<ProductTypeId>, facts: Vec<ProductFact>) -> ProductId {
    let text = |locale: &str, name: &str| ProductTexts { locale: locale.into(), name: name.into(), ..ProductTexts::default() };
    let draft = ProductDraft {
        tax_class: "standard".into(),
        product_type,
        facts,
        texts: vec![text("en", "Slippers"), text("fil", "Tsinelas")],
        variants: vec![VariantDraft { sku: shop.id().simple().to_string(), price: 100, ..VariantDraft::default() }],
        ..ProductDraft::default()
    };
    let id = catalog::save_product(shop, &owner(shop), Locale::En, draft).await.unwrap();
    catalog::set_status(shop, &owner(shop), id, "published").await.unwrap();
    id
}

/// Labels and values on the product's page.
async fn stated(shop: &TestShop, locale: Locale) -> Vec<(String, String)> {
    let page = catalog::product(shop, locale, "slippers").await.unwrap().unwrap();
    page.facts.into_iter().map(|fact| (fact.label, fact.value)).collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_states_what_its_type_asks_for_in_each_language_and_has_its_size_guide() {
    both(async |shop| {
        let id = save(shop, shoes()).await.unwrap();
        let fields = draft(shop, id).await.fields;
        let (material, care) = (fields[0].id.unwrap(), fields[1].id.unwrap());
        let facts = vec![
            fact(care, "en", "Wipe with a cloth"),
            fact(material, "fil", "Goma"),
            fact(material, "en", " Rubber "),
            fact(care, "fil", ""),
        ];
        let product = a_product(shop, Some(id), facts).await;
        assert_eq!(stated(shop, Locale::En).await, pairs(&[("Material", "Rubber"), ("Care", "Wipe with a cloth")]));
        assert_eq!(stated(shop, Locale::Fil).await, pairs(&[("Materyal", "Goma"), ("Care", "Wipe with a cloth")]), "English stands in");
        let page = catalog::product(shop, Locale::Fil, "tsinelas").await.unwrap().unwrap();
        assert_eq!(page.facts[0].property, FactProperty::Material);
        let guide = page.size_guide.unwrap();
        assert_eq!(guide.rows, [["EU", "Foot, cm"], ["36", "23"], ["37", "23.5"]], "of the English text, where the language has none");

        // Saving the form as it is changes nothing; another type takes the facts with it.
        let edited = catalog::admin_product(shop, &owner(shop), product).await.unwrap().draft;
        assert_eq!((edited.product_type, edited.facts.len()), (Some(id), 3));
        catalog::save_product(shop, &owner(shop), Locale::En, edited.clone()).await.unwrap();
        let changed = events_of(shop, product.0).await.pop().unwrap();
        assert!(changed.data.contains("\"changed\":[]"), "{}", changed.data);
        let food = save(shop, ProductTypeDraft { texts: vec![texts("en", "Food", "")], ..ProductTypeDraft::default() }).await.unwrap();
        let again = catalog::admin_product(shop, &owner(shop), product).await.unwrap().draft;
        catalog::save_product(shop, &owner(shop), Locale::En, ProductDraft { product_type: Some(food), ..again }).await.unwrap();
        let changed = events_of(shop, product.0).await.pop().unwrap();
        assert!(changed.data.contains("\"changed\":[\"product_type\"]"), "{}", changed.data);
        let page = catalog::product(shop, Locale::En, "slippers").await.unwrap().unwrap();
        assert!(page.facts.is_empty() && page.size_guide.is_none());
        let now = catalog::admin_product(shop, &owner(shop), product).await.unwrap().draft;
        assert!(now.facts.is_empty());
        let unknown = ProductDraft { product_type: Some(ProductTypeId(shop.id())), ..now };
        assert_eq!(at(catalog::save_product(shop, &owner(shop), Locale::En, unknown).await.unwrap_err()), ["product_type"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_keeps_its_facts_when_it_is_renamed_and_takes_them_when_it_goes() {
    both(async |shop| {
        let id = save(shop, shoes()).await.unwrap();
        let first = draft(shop, id).await;
        let (material, care) = (first.fields[0].id.unwrap(), first.fields[1].id.unwrap());
        a_product(shop, Some(id), vec![fact(material, "en", "Rubber"), fact(care, "en", "Wipe")]).await;
        let mut changed = first.clone();
        changed.fields.swap(0, 1);
        changed.fields[0].labels[0] = "How to care".into();
        changed.fields.push(field("Care", "Alaga"));
        save(shop, changed).await.unwrap();
        assert_eq!(stated(shop, Locale::En).await, pairs(&[("How to care", "Wipe"), ("Material", "Rubber")]));
        let mut less = draft(shop, id).await;
        less.fields[0].labels.iter_mut().for_each(String::clear);
        less.archived = true;
        save(shop, less).await.unwrap();
        assert_eq!(stated(shop, Locale::En).await, pairs(&[("Material", "Rubber")]), "an archived type is kept by its products");
        let list = catalog::product_types(shop, &clerk(shop), Locale::Fil).await;
        let listed: Vec<_> = list.unwrap().into_iter().map(|row| (row.name, row.archived, row.fields, row.products)).collect();
        assert_eq!(listed, [("Sapatos".to_owned(), true, 2, 1)]);
        let told: Vec<_> = events_of(shop, id.0).await.into_iter().map(|event| (event.kind, event.actor)).collect();
        assert_eq!(
            told.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(),
            ["product_type.created", "product_type.updated", "product_type.updated"]
        );
        assert!(told.iter().all(|(_, actor)| *actor != shop.system().actor.to_string()), "{told:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_a_type_name_their_field_and_of_two_editors_the_second_is_told() {
    both(async |shop| {
        let mut bad = shoes();
        bad.texts = vec![texts("en", " ", "EU | cm\n36"), texts("fil", "Sapatos", "isa")];
        bad.fields = vec![field("", "Materyal"), field("Care", ""), field("care", ""), field("", "")];
        let wrong = at(save(shop, bad).await.unwrap_err());
        assert_eq!(wrong, ["name.en", "size_guide.en", "size_guide.fil", "label.0.en", "label.2.en"]);
        let many = ProductTypeDraft { fields: (0..31).map(|n| field(&format!("F{n}"), "")).collect(), ..shoes() };
        assert_eq!(at(save(shop, many).await.unwrap_err()), ["fields"]);
        let id = save(shop, shoes()).await.unwrap();
        let (ana, ben) = (draft(shop, id).await, draft(shop, id).await);
        save(shop, ana).await.unwrap();
        assert!(matches!(save(shop, ben).await, Err(CatalogError::Stale)));
        let denied = catalog::save_product_type(shop, &clerk(shop), Locale::En, shoes()).await;
        assert!(matches!(denied, Err(CatalogError::Forbidden(_))), "{denied:?}");
        let unknown = ProductTypeDraft { id: Some(ProductTypeId(shop.id())), ..shoes() };
        assert!(matches!(save(shop, unknown).await, Err(CatalogError::Unknown)));
        let long = ProductDraft {
            facts: vec![fact(draft(shop, id).await.fields[0].id.unwrap(), "en", &"x".repeat(2_001))],
            product_type: Some(id),
            ..ProductDraft::default()
        };
        let wrong = at(catalog::save_product(shop, &owner(shop), Locale::En, long).await.unwrap_err());
        assert!(wrong.len() == 1 && wrong[0].starts_with("fact.pfld_") && wrong[0].ends_with(".en"), "{wrong:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_product_states_is_found_and_pages_follow_a_change_of_its_type() {
    both(async |shop| {
        let id = save(shop, shoes()).await.unwrap();
        let material = draft(shop, id).await.fields[0].id.unwrap();
        a_product(shop, Some(id), vec![fact(material, "en", "Vulcanised caoutchouc"), fact(material, "fil", "Kautsuk")]).await;
        let query = ListingQuery { sort: Sort::Best, ..ListingQuery::default() };
        let found = async |words: &str| {
            up_to_date(shop).await;
            search::search(shop, Locale::En, words, &query).await.unwrap().listing.map_or(0, |listing| listing.products.len())
        };
        assert_eq!((found("caoutchouc").await, found("kautsuk").await), (1, 1));
        assert_eq!(stated(shop, Locale::En).await.len(), 1);
        // As another node changes the type, of which this one has not heard.
        shop.db().write(async |tx| tx.execute("update product_type_field_texts set label = 'Made of'", &[]).await).await.unwrap();
        assert_eq!(stated(shop, Locale::En).await[0].0, "Material");
        caches::invalidate(shop, &events_of(shop, id.0).await);
        assert_eq!(stated(shop, Locale::En).await[0].0, "Made of");
        let mut less = draft(shop, id).await;
        less.fields.remove(0);
        save(shop, less).await.unwrap();
        assert_eq!(found("caoutchouc").await, 0);
    })
    .await;
}
