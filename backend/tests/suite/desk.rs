//! What the lists and forms of the admin have in common: pages both ways, and what somebody else saved meanwhile.

use crate::support::outside::owner;
use crate::support::{TestShop, a_product, both, events_of};
use backend::pricing::{self, PricingError};
use backend::settings::{self, SettingsError, SettingsPart};
use backend::{inventory, search};
use domain::cart::Discount;
use domain::stock::StockReason;
use domain::view::{DiscountDraft, OrderLimits, PageAt, ShopSettings};
use domain::{Locale, Timestamp};

/// What a page names of its rows, and the keys of the pages around it.
type Page = (Vec<String>, Option<String>, Option<String>);

/// From the first page to the last, and back: the same pages, each row once.
async fn there_and_back(list: &str, rows: usize, read: impl AsyncFn(&PageAt) -> Page) {
    let (mut shown, mut previous, mut next) = read(&PageAt::default()).await;
    assert_eq!(previous, None, "{list}");
    let mut there = vec![shown.clone()];
    while let Some(key) = next {
        (shown, previous, next) = read(&PageAt::after(key)).await;
        there.push(shown.clone());
    }
    let mut back = vec![shown];
    while let Some(key) = previous {
        (shown, previous, next) = read(&PageAt::before(key)).await;
        assert!(next.is_some(), "{list}");
        back.push(shown.clone());
    }
    back.reverse();
    assert_eq!(there, back, "{list}");
    let mut all = there.concat();
    all.sort();
    all.dedup();
    assert_eq!((there.len() > 1, all.len()), (true, rows), "{list}");
}

fn a_code(n: i64) -> DiscountDraft {
    DiscountDraft {
        is_new: true,
        code: format!("CODE-{n}"),
        takes: Discount::Percent(1_000),
        min_subtotal: 0,
        valid_from: None,
        valid_to: None,
        most_uses: None,
        active: true,
    }
}

async fn fill(shop: &TestShop) {
    let ctx = owner(shop);
    for n in 0..120 {
        a_product().named(&format!("Mug {n}")).with_stock(1).make(shop).await;
        pricing::save_discount(shop, &ctx, Locale::En, a_code(n), None).await.unwrap();
        shop.clock.advance(1);
    }
}

#[tokio::test]
async fn each_list_of_the_admin_goes_back_a_page() {
    both(async |shop| {
        let ctx = owner(shop);
        fill(shop).await;
        let variant = a_product().named("Bowl").with_stock(1).make(shop).await;
        let place = shop.db().fetch_scalar("select id from stock_locations where code = 'WH-1'", &[]).await.unwrap();
        for n in 0..119 {
            shop.clock.advance(n % 2);
            inventory::adjust(shop, &ctx, variant, place, 1, StockReason::Found, "").await.unwrap();
        }
        there_and_back("products", 121, async |at| {
            let list = search::admin_list(shop, &ctx, "", "", None, at).await.unwrap();
            (list.products.iter().map(|product| product.id.to_string()).collect(), list.previous, list.next)
        })
        .await;
        there_and_back("products, searched for", 120, async |at| {
            let list = search::admin_list(shop, &ctx, "mug", "published", None, at).await.unwrap();
            (list.products.iter().map(|product| product.id.to_string()).collect(), list.previous, list.next)
        })
        .await;
        there_and_back("stock", 121, async |at| {
            let list = inventory::list(shop, &ctx, Locale::En, "", at).await.unwrap();
            (list.rows.iter().map(|row| row.sku.clone()).collect(), list.previous, list.next)
        })
        .await;
        there_and_back("what is low in stock", 120, async |at| {
            let list = inventory::list_low(shop, &ctx, Locale::En, "", at).await.unwrap();
            (list.rows.iter().map(|row| row.sku.clone()).collect(), list.previous, list.next)
        })
        .await;
        there_and_back("movements", 120, async |at| {
            let list = inventory::movements(shop, &ctx, variant, at).await.unwrap();
            (list.movements.iter().map(|row| format!("{} {}", row.id, row.balance)).collect(), list.previous, list.next)
        })
        .await;
        there_and_back("discount codes", 121, async |at| {
            let list = pricing::discounts(shop, &ctx, at).await.unwrap();
            (list.codes.iter().map(|row| row.draft.code.clone()).collect(), list.previous, list.next)
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn what_somebody_else_saved_meanwhile_is_not_replaced() {
    both(async |shop| {
        let ctx = owner(shop);
        let seen = settings::load(shop).await.unwrap();
        let named = |name: &str| ShopSettings { name: name.into(), ..seen.clone() };
        let save = async |part, new| settings::save_part(shop, &ctx, part, seen.clone(), new).await;
        save(SettingsPart::General, named("Suki")).await.unwrap();
        assert!(matches!(save(SettingsPart::General, named("Aling Nena")).await, Err(SettingsError::Stale)));
        // The limits are another form's: they are saved, and nothing else is.
        let limits = OrderLimits { line_units: 7, ..seen.limits.clone() };
        save(SettingsPart::Limits, ShopSettings { limits: limits.clone(), ..seen.clone() }).await.unwrap();
        let now = settings::load(shop).await.unwrap();
        assert_eq!((now.name.as_str(), &now.limits), ("Suki", &limits));
        let (actor, at) = settings::last_change(shop).await.unwrap().unwrap();
        assert_eq!((actor, at), (ctx.actor.to_string(), shop.now()));
        // Who saw it replaces it.
        let renamed = ShopSettings { name: "Aling Nena".into(), ..now.clone() };
        settings::save_part(shop, &ctx, SettingsPart::General, now, renamed).await.unwrap();
        assert_eq!(settings::load(shop).await.unwrap().name, "Aling Nena");

        let methods = async || pricing::delivery_methods(shop, &ctx).await.unwrap().remove(0);
        let seen = methods().await;
        let with = |fee| domain::view::DeliveryMethodDraft { fee, ..seen.clone() };
        pricing::save_delivery_method(shop, &ctx, Locale::En, with(12_300), Some(seen.clone())).await.unwrap();
        let stale = pricing::save_delivery_method(shop, &ctx, Locale::En, with(9_900), Some(seen.clone())).await;
        assert!(matches!(stale, Err(PricingError::Stale)));
        assert_eq!(methods().await.fee, 12_300);

        let seen = inventory::locations(shop, &ctx).await.unwrap().remove(0);
        let with = |name: &str| domain::view::LocationDraft { name: name.into(), ..seen.clone() };
        inventory::save_location(shop, &ctx, Locale::En, with("Cebu"), Some(seen.clone())).await.unwrap();
        let stale = inventory::save_location(shop, &ctx, Locale::En, with("Davao"), Some(seen.clone())).await;
        assert!(matches!(stale, Err(PricingError::Stale)));

        let seen = pricing::discount(shop, &ctx, "TEN").await.unwrap().draft;
        let with = |days: i64| DiscountDraft { valid_to: Some(shop.now().plus_millis(days * Timestamp::DAY)), ..seen.clone() };
        pricing::save_discount(shop, &ctx, Locale::En, with(1), Some(seen.clone())).await.unwrap();
        let stale = pricing::save_discount(shop, &ctx, Locale::En, with(2), Some(seen.clone())).await;
        assert!(matches!(stale, Err(PricingError::Stale)));
        assert_eq!(events_of(shop, uuid::Uuid::nil()).await.iter().filter(|event| event.kind == "delivery.changed").count(), 1);
    })
    .await;
}
