//! Many buyers for few articles, on two nodes at once.

use backend::checkout::{CheckoutError, delivery_to, offers, place_order};
use backend::{Shop, cart, catalog, pricing};
use domain::id::{CartId, ProductId, VariantId};
use domain::order::{Channel, PaymentMethod};
use domain::view::{CheckoutForm, ListingQuery, ProductDraft, ProductTexts, TaxRateDraft, VariantDraft};
use domain::{Currency, Locale, Money};
use futures::future::join_all;

use super::{a_second, rounds};
use crate::support::outside::assert_sound;
use crate::support::{Folder, TestShop, a_cart, a_product, address, form, guest, number, open, postgres_url};

const BUYERS: usize = 64;
const ARTICLES: i64 = 10;

/// The outcome of each buyer's press.
type Answers = Vec<Result<(), CheckoutError>>;

/// Everybody presses at once, one half on each node, having seen this total.
async fn press(nodes: [&Shop; 2], carts: &[CartId], round: &str, seen_total: Option<i64>) -> Answers {
    let buyers = carts.iter().enumerate().map(|(n, cart)| {
        let (shop, key) = (nodes[n % 2].clone(), format!("stampede-{round}-{n}"));
        let form = CheckoutForm { seen_total, ..form(*cart, PaymentMethod::Cash) };
        tokio::spawn(async move { place_order(&shop, &guest(&shop), Locale::En, Channel::Web, &key, form).await.map(drop) })
    });
    join_all(buyers).await.into_iter().map(Result::unwrap).collect()
}

/// Ten bought, and all others were told that it is sold out.
fn ten_bought(answers: &Answers) {
    let sold = answers.iter().filter(|answer| answer.is_ok()).count();
    let others: Vec<_> = answers.iter().filter(|answer| !matches!(answer, Ok(()) | Err(CheckoutError::OutOfStock(_)))).collect();
    assert!(others.is_empty(), "{others:?}");
    assert_eq!(sold, usize::try_from(ARTICLES).unwrap());
}

async fn all_are_reserved(shop: &Shop, times: i64) {
    assert_eq!(number(shop, "select cast(sum(available) as bigint) from stock").await, 0);
    assert_eq!(number(shop, "select cast(sum(reserved) as bigint) from stock").await, times * ARTICLES);
    assert_eq!(number(shop, "select count(*) from orders").await, times * ARTICLES);
    assert_sound(shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_buyers_on_two_nodes_buy_exactly_the_ten_there_are() {
    let a = open(postgres_url().await, Folder::new(), |_| {}).await;
    let (b, _folder) = a_second(&a).await;
    let times = rounds(15);
    for round in 0..times {
        let variant = a_product().with_stock(ARTICLES).make(&a).await;
        let mut carts = Vec::new();
        for n in 0..BUYERS {
            carts.push(a_cart(if n % 2 == 0 { &b } else { &a.shop }, &[(variant, 1)]).await);
        }
        ten_bought(&press([&a.shop, &b], &carts, &round.to_string(), None).await);
    }
    all_are_reserved(&a, i64::try_from(times).unwrap()).await;
    b.close().await;
}

/// A published product of which there are ten.
async fn ten_mugs(shop: &Shop) -> (ProductId, VariantId) {
    let draft = ProductDraft {
        tax_class: "standard".into(),
        vendor: "Tala".into(),
        texts: vec![ProductTexts { locale: "en".into(), name: "mug".into(), ..ProductTexts::default() }],
        variants: vec![VariantDraft {
            sku: "MUG".into(),
            price: 10_000,
            stock: ARTICLES,
            cost: 4_000,
            weight_g: 100,
            ..VariantDraft::default()
        }],
        ..ProductDraft::default()
    };
    let id = catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
    catalog::set_status(shop, &shop.system(), id, "published").await.unwrap();
    (id, shop.db().fetch_scalar("select id from variants where product_id = $1", &[&id]).await.unwrap())
}

/// What a node shows that it keeps in memory: the price in the list, the fee of delivery, and the tax.
async fn kept(shop: &Shop) -> (i64, i64, i64) {
    let list = catalog::listing(shop, Locale::En, &ListingQuery::default()).await.unwrap();
    let to = delivery_to(shop, Locale::En, "SG").await.unwrap();
    let fee = to.ways(Money::new(10_000, Currency::PHP), 100).first().unwrap().0.minor;
    let tax = catalog::product(shop, Locale::En, "mug").await.unwrap().unwrap().tax_rate_bp;
    (list.products[0].price_from.minor, fee, tax)
}

/// One node raises the price, the fee and the tax. The other hears of nothing, as one that reads the events late.
async fn raise_everything(shop: &TestShop, product: ProductId) {
    let system = shop.system();
    let mut draft = catalog::admin_product(shop, &system, product).await.unwrap().draft;
    draft.variants[0].price = 15_000;
    catalog::save_product(shop, &system, Locale::En, draft).await.unwrap();
    let mut method = pricing::delivery_methods(shop, &system).await.unwrap().remove(0);
    method.fee = 12_500;
    pricing::save_delivery_method(shop, &system, Locale::En, method, None).await.unwrap();
    let rate = TaxRateDraft {
        class: "standard".into(),
        country: "PH".into(),
        province: String::new(),
        rate_bp: 2_000,
        valid_from: Some(shop.now()),
        source: "test".into(),
    };
    pricing::save_tax_rate(shop, &system, Locale::En, rate).await.unwrap();
}

/// What a cart costs with its delivery, as the checkout shows it.
async fn total(shop: &Shop, cart: CartId) -> i64 {
    offers(shop, &guest(shop), Locale::En, Channel::Web, cart, &address()).await.unwrap()[0].1.total.minor
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_old_prices_charges_the_new_ones_or_refuses_with_the_new_total() {
    for round in 0..rounds(8) {
        let a = open(postgres_url().await, Folder::new(), |_| {}).await;
        let (b, _folder) = a_second(&a).await;
        let (product, variant) = ten_mugs(&a).await;
        let before = (10_000, 10_000, 1_200);
        assert_eq!((kept(&a).await, kept(&b).await), (before, before));
        let mut carts = Vec::new();
        for _ in 0..BUYERS {
            let view = cart::sync(&b, &guest(&b), Locale::En, Channel::Web, None, 0, crate::support::items(&[(variant, 1)]), None).await;
            carts.push(view.unwrap().id.unwrap());
        }
        let seen = total(&b, carts[0]).await;
        raise_everything(&a, product).await;
        assert_eq!(kept(&b).await, before, "its caches were to be old");
        let now = total(&a, carts[0]).await;
        assert!(now >= seen + 5_000, "{seen} became {now}");
        // Whoever has seen the old total is told the new one, on both nodes.
        for answer in press([&a.shop, &b], &carts, &format!("old-{round}"), Some(seen)).await {
            assert!(matches!(&answer, Err(CheckoutError::TotalChanged(total)) if total.minor == now), "{answer:?}");
        }
        assert_eq!(number(&a, "select count(*) from orders").await, 0);
        // Half of them agree to it, the others have seen none, as partners of the API.
        let (agree, partners) = carts.split_at(BUYERS / 2);
        let (keys_of_those, keys) = (format!("agree-{round}"), format!("partner-{round}"));
        let (agreed, others) =
            tokio::join!(press([&a.shop, &b], agree, &keys_of_those, Some(now)), press([&a.shop, &b], partners, &keys, None));
        ten_bought(&agreed.into_iter().chain(others).collect());
        all_are_reserved(&a, 1).await;
        let charged: Vec<i64> = a.db().fetch_scalars("select distinct total from orders", &[]).await.unwrap();
        assert_eq!(charged, [now], "the new total is charged");
        assert_eq!(kept(&b).await, before, "its caches are still old");
        b.close().await;
        a.close().await;
    }
}
