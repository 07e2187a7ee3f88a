//! How many statements the calls of a purchase send to the database, so that one more shows.

use std::collections::BTreeMap;

use crate::support::{TestShop, a_product, address, both, form, guest, items};
use backend::cart::{self, CartError};
use backend::checkout;
use domain::Locale;
use domain::id::{CartId, VariantId};
use domain::order::{Channel, PaymentMethod};
use domain::view::CartView;

/// The calls of a purchase, and the most statements of each on SQLite and on Postgres. Those that begin and end transactions count too.
const MOST: [(&str, u64, u64); 5] =
    [("cart", 5, 5), ("second line", 6, 7), ("delivery options", 1, 1), ("look", 1, 1), ("checkout", 26, 29)];

/// A purchase of two lines; returns the statements of each call, and what was paid.
async fn purchase(shop: &TestShop, [one, other]: [VariantId; 2]) -> (BTreeMap<&'static str, u64>, i64) {
    let ctx = guest(shop);
    let mut counts = BTreeMap::new();
    let mut before = shop.db().statements();
    let mut count = |what: &'static str| {
        let now = shop.db().statements();
        counts.insert(what, now - before);
        before = now;
    };
    let cart = cart::sync(shop, &ctx, Locale::En, Channel::Web, None, 0, items(&[(one, 1)]), None).await.unwrap();
    let id = cart.id.unwrap();
    count("cart");
    let cart = cart::set_items(shop, &ctx, Locale::En, Channel::Web, id, items(&[(one, 1), (other, 2)])).await.unwrap();
    count("second line");
    let offers = checkout::offers(shop, &ctx, Locale::En, Channel::Web, id, &address()).await.unwrap();
    count("delivery options");
    let looked = cart::view(shop, &ctx, Locale::En, Channel::Web, id).await.unwrap();
    count("look");
    let key = format!("a-purchase-{}", id.0.simple());
    let placed = checkout::place_order(shop, &ctx, Locale::En, Channel::Web, &key, form(id, PaymentMethod::Cash)).await.unwrap();
    count("checkout");
    assert_eq!((looked.totals.total.minor, offers[0].1.total), (cart.totals.total.minor, placed.total));
    (counts, placed.total.minor)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_of_a_purchase_sends_few_statements() {
    both(async |shop| {
        let goods = [a_product().with_stock(9).make(shop).await, a_product().at(25_000).with_stock(9).make(shop).await];
        let (first, total) = purchase(shop, goods).await;
        // Prices and rules come into memory with the first one.
        assert!(first["cart"] > MOST[0].1, "{first:?}");
        let (counts, same) = purchase(shop, goods).await;
        assert_eq!((total, same), (70_000, 70_000));
        println!("Postgres: {}: {counts:?}", shop.db().is_postgres());
        let too_many: Vec<_> = MOST
            .into_iter()
            .map(|(what, sqlite, postgres)| (what, counts[what], if shop.db().is_postgres() { postgres } else { sqlite }))
            .filter(|(_, sent, most)| sent > most)
            .collect();
        assert!(too_many.is_empty(), "{counts:?}: more than {too_many:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn carts_that_change_together_share_their_statements() {
    both(async |shop| {
        let goods = [a_product().with_stock(500).make(shop).await, a_product().with_stock(500).make(shop).await];
        purchase(shop, goods).await;
        let carts: Vec<CartId> =
            futures::future::join_all((0..40).map(|_| begin(shop, &goods[..1]))).await.into_iter().map(id_of).collect();
        let before = shop.db().statements();
        let changed = futures::future::join_all(carts.iter().map(|id| set(shop, *id, &goods))).await;
        let sent = shop.db().statements() - before;
        assert!(changed.iter().all(|cart| cart.as_ref().is_ok_and(|cart| cart.lines.len() == 2)), "{changed:?}");
        assert!(sent < 40 * 3, "{sent} statements for 40 carts");
        // Of two changes of one cart that come together the later one stays.
        let again = futures::future::join_all([&goods[..1], &goods[1..]].map(|of| set(shop, carts[0], of))).await;
        assert!(again.iter().all(Result::is_ok), "{again:?}");
        let left = cart::view(shop, &guest(shop), Locale::En, Channel::Web, carts[0]).await.unwrap();
        assert_eq!((left.lines.len(), left.version), (1, 4));
        // An unknown cart among them fails alone.
        let (known, unknown) = futures::join!(set(shop, carts[1], &goods), set(shop, CartId(shop.id()), &goods));
        assert!(known.is_ok() && matches!(unknown, Err(CartError::Unknown)), "{unknown:?}");
    })
    .await;
}

async fn begin(shop: &TestShop, of: &[VariantId]) -> CartView {
    let of: Vec<_> = of.iter().map(|variant| (*variant, 1)).collect();
    cart::sync(shop, &guest(shop), Locale::En, Channel::Web, None, 0, items(&of), None).await.unwrap()
}

async fn set(shop: &TestShop, id: CartId, of: &[VariantId]) -> Result<CartView, CartError> {
    let of: Vec<_> = of.iter().map(|variant| (*variant, 1)).collect();
    cart::set_items(shop, &guest(shop), Locale::En, Channel::Web, id, items(&of)).await
}

fn id_of(cart: CartView) -> CartId {
    cart.id.unwrap()
}
