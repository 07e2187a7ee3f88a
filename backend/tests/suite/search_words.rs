//! What people type in the demonstration shop, and what must come first.

use std::collections::HashMap;

use crate::search::up_to_date;
use crate::support::both;
use backend::seed::seed;
use backend::{catalog, search};
use domain::Locale;
use domain::Locale::{En, Fil};
use domain::view::{ListingQuery, Sort};

/// The language of the page, what is typed, and the product that is first.
const QUERIES: &[(Locale, &str, &str)] = &[
    // As it is called, in capitals, in either language.
    (En, "dried mango", "dried-mango"),
    (En, "MANGO", "dried-mango"),
    (Fil, "pinatuyong mangga", "dried-mango"),
    (Fil, "mangga", "dried-mango"),
    (En, "ube", "ube-halaya"),
    (Fil, "halayang ube", "ube-halaya"),
    (Fil, "kape barako", "barako-coffee"),
    (En, "kapeng barako", "barako-coffee"),
    (En, "coffee", "barako-coffee"),
    (En, "tsokolate", "tsokolate-tablea"),
    (Fil, "pulot", "wild-honey"),
    (Fil, "suka", "cane-vinegar"),
    (Fil, "asin", "sea-salt"),
    (Fil, "sombrero", "buri-hat"),
    (Fil, "tasa", "stoneware-mug"),
    (Fil, "mangkok", "acacia-bowl"),
    (Fil, "sabon", "coconut-soap"),
    (En, "lamp", "reading-lamp"),
    (En, "mang", "dried-mango"),
    (En, "abaca bag", "abaca-clutch"),
    (En, "slippers", "tsinelas"),
    (En, "the lamp for reading", "reading-lamp"),
    // One and many.
    (En, "mangoes", "dried-mango"),
    (En, "banana chip", "banana-chips"),
    (En, "cashew nuts", "roasted-cashews"),
    (En, "pili nut", "pili-nuts"),
    (En, "mugs", "stoneware-mug"),
    (En, "bowls", "bowl-set"),
    (En, "plates", "plate-set"),
    (En, "table napkin", "linen-napkins"),
    (En, "candles", "ylang-candle"),
    (En, "scarves", "inabel-scarf"),
    (En, "boxes", "gift-box"),
    (En, "coconut soaps", "coconut-soap"),
    // Accents, composed and decomposed, and the letter that has another spelling.
    (En, "piña", "dried-pineapple"),
    (En, "pin\u{303}a", "dried-pineapple"),
    (Fil, "PIÑA", "dried-pineapple"),
    (En, "pinya", "dried-pineapple"),
    (En, "polvoro\u{301}n", "polvoron"),
    (En, "Polvorón", "polvoron"),
    // Together and apart.
    (En, "powerbank", "power-bank"),
    (En, "Power-Bank", "power-bank"),
    (En, "10000mAh", "power-bank"),
    (En, "bananachips", "banana-chips"),
    (En, "coco nut jam", "coconut-jam"),
    (En, "pine apple", "dried-pineapple"),
    (En, "ear buds", "wireless-earbuds"),
    (En, "note book", "cloth-notebook"),
    (En, "giftboxes", "gift-box"),
    (En, "ylangylang", "ylang-candle"),
    (En, "usbc cable", "usb-c-cable"),
    // Typos.
    (En, "dryed mango", "dried-mango"),
    (En, "pinaple", "dried-pineapple"),
    (En, "kalamansi", "calamansi-marmalade"),
    (En, "kalamnsi", "calamansi-marmalade"),
    (En, "marmelade", "calamansi-marmalade"),
    (En, "choclate", "dark-chocolate"),
    (En, "chili garlic", "chilli-garlic"),
    (En, "drip cofee", "drip-coffee"),
    (En, "speakr", "travel-speaker"),
    (Fil, "chinelas", "tsinelas"),
    // SKUs and barcodes.
    (En, "mug-oat", "stoneware-mug"),
    (En, "MILKMANGO-1", "mango-chocolate"),
    (En, "polvo12pin", "polvoron"),
    (Fil, "Tablea-200", "tsokolate-tablea"),
    (En, "4809990000467", "ube-halaya"),
    (Fil, " 4809990000771 ", "power-bank"),
];

#[tokio::test]
async fn the_demonstration_shop_finds_first_what_people_mean() {
    assert!(QUERIES.len() >= 60);
    both(async |shop| {
        seed(shop, None, 1, &|_, _| {}).await.unwrap();
        up_to_date(shop).await;
        let mut slugs = HashMap::new();
        let mut wrong = Vec::new();
        for (locale, typed, first) in QUERIES {
            let query = ListingQuery { sort: Sort::Best, ..ListingQuery::default() };
            let found = search::search(shop, *locale, typed, &query).await.unwrap().listing.unwrap_or_default().products;
            if !slugs.contains_key(first) {
                slugs.insert(*first, catalog::product(shop, En, first).await.unwrap().unwrap().id);
            }
            if found.first().map(|card| card.id) != slugs.get(first).copied() {
                let names: Vec<String> = found.into_iter().take(4).map(|card| card.name).collect();
                wrong.push(format!("{typed:?}: {first} is not first of {names:?}"));
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn suggestions_are_called_what_was_typed_and_have_picture_price_and_category() {
    both(async |shop| {
        seed(shop, None, 1, &|_, _| {}).await.unwrap();
        up_to_date(shop).await;
        let labels = async |locale: Locale, typed: &str| -> Vec<String> {
            let mut labels: Vec<_> = search::suggest(shop, locale, typed).await.unwrap().into_iter().map(|s| s.label).collect();
            labels.sort();
            labels
        };
        let mango = search::suggest(shop, En, "mang").await.unwrap();
        assert!(mango.len() >= 2 && mango.iter().all(|suggestion| suggestion.label.to_lowercase().contains("mango")), "{mango:?}");
        assert_eq!(mango[0].href, "/p/dried-mango");
        assert_eq!(mango[0].category.as_deref(), Some("Dried fruit and snacks"));
        assert_eq!(mango[0].price.as_deref(), Some("from ₱119.00"));
        assert!(mango[0].picture.is_some());
        assert!(labels(Fil, "mang").await.contains(&"Mangkok na akasya".to_owned()));
        assert_eq!(labels(En, "mangko").await, ["Acacia salad bowl", "Three stoneware bowls"], "nothing is called so in English");
        assert_eq!(labels(En, "electr").await, ["Electronics"]);
        assert_eq!(labels(En, "power bamk").await, ["Power bank, 10 000 mAh"]);
    })
    .await;
}
