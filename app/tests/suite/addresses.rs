//! The addresses of products and categories.

use axum::body::{Body, to_bytes};
use backend::{Shop, catalog};
use domain::Locale;
use domain::id::{CategoryId, ProductId};
use domain::view::{CategoryDraft, CategoryTexts, ProductDraft, ProductTexts, VariantDraft};
use http::{Request, StatusCode, header};
use tower::ServiceExt;

use crate::a_shop;
use crate::browser::{get, pages, post};

/// Saves a product with these slugs in English and Filipino, and publishes it.
async fn a_product(shop: &Shop, id: Option<ProductId>, slugs: [&str; 2]) -> ProductId {
    let before = match id {
        Some(id) => catalog::admin_product(shop, &shop.system(), id).await.unwrap().draft,
        None => ProductDraft {
            tax_class: "standard".into(),
            variants: vec![VariantDraft { sku: "CUP".into(), price: 100, stock: 1, ..VariantDraft::default() }],
            ..ProductDraft::default()
        },
    };
    let text = |(locale, slug): (&str, &str)| ProductTexts {
        locale: locale.into(),
        name: format!("Cup {locale}"),
        slug: slug.into(),
        ..ProductTexts::default()
    };
    let texts = ["en", "fil"].into_iter().zip(slugs).map(text).collect();
    let id = catalog::save_product(shop, &shop.system(), Locale::En, ProductDraft { texts, ..before }).await.unwrap();
    catalog::set_status(shop, &shop.system(), id, "published").await.unwrap();
    id
}

/// Saves a category with these slugs.
async fn a_category(shop: &Shop, id: Option<CategoryId>, slugs: [&str; 2]) -> CategoryId {
    let before = match id {
        Some(id) => catalog::category_to_edit(shop, &shop.system(), id).await.unwrap().draft,
        None => CategoryDraft { published: true, ..CategoryDraft::default() },
    };
    let text = |(locale, slug): (&str, &str)| CategoryTexts {
        locale: locale.into(),
        name: format!("Cups {locale}"),
        slug: slug.into(),
        ..CategoryTexts::default()
    };
    let texts = ["en", "fil"].into_iter().zip(slugs).map(text).collect();
    catalog::save_category(shop, &shop.system(), Locale::En, CategoryDraft { texts, ..before }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_address_answers_301_with_the_address_of_now() {
    let (shop, _folder) = a_shop().await;
    let (cup, cups) = (a_product(&shop, None, ["cup", "tasa"]).await, a_category(&shop, None, ["cups", "mga-tasa"]).await);
    let router = pages(&shop);
    let ask = async |address: &str| {
        let (status, to, _) = get(&router, address, "").await;
        (status.as_u16(), to)
    };
    assert_eq!(ask("/p/cup").await, (200, String::new()));
    a_product(&shop, Some(cup), ["beaker", "tasa"]).await;
    a_product(&shop, Some(cup), ["mug", "baso"]).await;
    a_category(&shop, Some(cups), ["mugs", "mga-baso"]).await;
    assert_eq!(ask("/p/cup?variant=CUP&utm_source=x").await, (301, "/p/mug?variant=CUP&utm_source=x".to_owned()));
    assert_eq!(ask("/p/beaker").await, (301, "/p/mug".to_owned()));
    assert_eq!(ask("/p/tasa").await, (301, "/p/baso".to_owned()));
    assert_eq!(ask("/c/cups?sort=price_up").await, (301, "/c/mugs?sort=price_up".to_owned()));
    assert_eq!(ask("/c/mga-tasa").await, (301, "/c/mga-baso".to_owned()));
    for there in ["/p/mug", "/p/baso", "/c/mugs", "/c/mga-baso"] {
        assert_eq!(ask(there).await.0, 200, "{there}");
    }
    // A form of a page that was opened before is led on as well.
    let (status, to, _) = post(&router, "/cart/add/cup", "", &[("product", "cup"), ("step", "add")]).await;
    assert_eq!((status, to.as_str()), (StatusCode::MOVED_PERMANENTLY, "/p/mug"));
    catalog::set_status(&shop, &shop.system(), cup, "archived").await.unwrap();
    for gone in ["/p/cup", "/p/mug", "/c/none"] {
        assert_eq!(ask(gone).await.0, 404, "{gone}");
    }
}

/// What a page says of its language and addresses.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    language: String,
    canonical: String,
    /// By language.
    alternates: Vec<(String, String)>,
}

/// The page as a program without cookies gets it that prefers a language.
async fn crawl(router: &axum::Router, address: &str, preferred: &str) -> Head {
    let request = Request::get(address).header(header::ACCEPT, "text/html").header(header::ACCEPT_LANGUAGE, preferred);
    let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{address}");
    let body = String::from_utf8(to_bytes(answer.into_body(), 1 << 22).await.unwrap().to_vec()).unwrap();
    let attribute = |element: &str, name: &str| {
        let value = element.split_once(&format!("{name}=\"")).and_then(|(_, rest)| rest.split_once('"')).map(|(value, _)| value);
        value.unwrap_or_default().to_owned()
    };
    let path = |element: &str| attribute(element, "href").strip_prefix("http://127.0.0.1:3000").unwrap_or_default().to_owned();
    let links = || body.split("<link ").skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
    let mut alternates: Vec<_> =
        links().filter(|link| link.contains("hreflang=")).map(|link| (attribute(link, "hreflang"), path(link))).collect();
    alternates.sort();
    Head {
        language: attribute(&body, "<html lang"),
        canonical: links().find(|link| link.contains("rel=\"canonical\"")).map(path).unwrap_or_default(),
        alternates,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_a_language_gives_the_page_in_it_and_names_the_others_which_name_it() {
    let (shop, _folder) = a_shop().await;
    let named = async |sku: &str, slugs: [&str; 2]| {
        let text = |(locale, slug): (&str, &str)| ProductTexts {
            locale: locale.into(),
            name: format!("{sku} {locale}"),
            slug: slug.into(),
            ..ProductTexts::default()
        };
        let draft = ProductDraft {
            tax_class: "standard".into(),
            texts: ["en", "fil"].into_iter().zip(slugs).map(text).collect(),
            variants: vec![VariantDraft { sku: sku.into(), price: 100, stock: 1, ..VariantDraft::default() }],
            ..ProductDraft::default()
        };
        let id = catalog::save_product(&shop, &shop.system(), Locale::En, draft).await.unwrap();
        catalog::set_status(&shop, &shop.system(), id, "published").await.unwrap();
    };
    named("CUP", ["cup", "tasa"]).await;
    // One address for two languages, and one that is another product's in another language, say nothing about a language.
    named("POLVORON", ["polvoron", "polvoron"]).await;
    named("LAMP", ["lamp", "ilaw"]).await;
    named("LIGHT", ["ilaw", "lampara"]).await;
    a_category(&shop, None, ["cups", "mga-tasa"]).await;
    a_category(&shop, None, ["polvoron", "polvoron"]).await;
    let router = pages(&shop);

    let sitemap = get(&router, "/sitemap.xml", "").await.2;
    let listed: Vec<&str> = sitemap
        .split("<loc>http://127.0.0.1:3000")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .filter(|path| ["/p/", "/c/", "/pages/"].iter().any(|folder| path.starts_with(folder)))
        .collect();
    assert_eq!(listed.len(), 9, "{listed:?}");
    let mut with_alternates = Vec::new();
    for address in listed.clone() {
        let page = crawl(&router, address, "").await;
        assert_eq!(page.canonical, address, "{page:?}");
        for (language, other) in &page.alternates {
            assert!(listed.contains(&other.as_str()), "{other}");
            // Whatever the program prefers, and as the other page sees it.
            for preferred in ["", "en-PH", "fil"] {
                let there = crawl(&router, other, preferred).await;
                assert!(there.language.starts_with(language.as_str()), "{other}: {there:?}");
                assert_eq!((&there.canonical, &there.alternates), (other, &page.alternates));
            }
        }
        if !page.alternates.is_empty() {
            assert!(
                page.alternates.iter().any(|(language, own)| own == address && page.language.starts_with(language.as_str())),
                "{page:?}"
            );
            with_alternates.push(address);
        }
    }
    with_alternates.sort_unstable();
    assert_eq!(with_alternates, ["/c/cups", "/c/mga-tasa", "/p/cup", "/p/tasa"]);
    // The pages of lists have them on the first page alone.
    assert!(crawl(&router, "/c/cups?after=1.x", "").await.alternates.is_empty());
    for shared in ["/", "/c", "/categories", "/p/polvoron"] {
        assert_eq!(crawl(&router, shared, "fil").await.language, "fil-PH", "{shared}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_that_was_chosen_comes_before_that_of_an_address() {
    let (shop, _folder) = a_shop().await;
    a_product(&shop, None, ["cup", "tasa"]).await;
    let router = pages(&shop);
    let language = async |address: &str, cookies: &str| {
        let page = get(&router, address, cookies).await.2;
        (page.contains("<html lang=\"fil-PH\""), page.contains("Cup fil"))
    };
    assert_eq!(language("/p/tasa", "; lang=en").await, (false, false));
    assert_eq!(language("/p/cup", "; lang=fil").await, (true, true));
    assert_eq!(language("/p/tasa", "").await, (true, true));
}
