//! What is shown comes from memory and may be old; what is charged is of the database. Each change here is made so that the shop does not
//! hear of it, as another program makes it whose events have not arrived yet: the shop shows the cart as before, and an order is refused
//! with what it costs now, or is charged that.

use std::time::Duration;

use crate::support::{a_product, both, form, guest, items, postgres};
use backend::checkout::{self, CheckoutError};
use backend::{Shop, caches, cart, catalog, pricing, settings};
use domain::id::{ApiKeyId, CartId, ProductId, RequestId, UserId, VariantId};
use domain::order::{Channel, PaymentMethod};
use domain::permission::{Permission, Role};
use domain::view::{Address, CheckoutForm, CounterForm, Placed, ShopSettings};
use domain::{Locale, Timestamp};
use platform::Context;
use platform::events;
use uuid::Uuid;

/// Where tax is charged.
fn in_manila() -> Address {
    Address {
        recipient: "Maria Clara Santos".into(),
        phone: "+639171234567".into(),
        country: "PH".into(),
        line1: "12 Mabini Street".into(),
        place: "1381300009".into(),
        postal_code: "1105".into(),
        ..Address::default()
    }
}

async fn a_cart(shop: &Shop, variant: VariantId, code: Option<&str>) -> CartId {
    let code = code.map(str::to_owned);
    cart::sync(shop, &guest(shop), Locale::En, Channel::Web, None, 0, items(&[(variant, 1)]), code).await.unwrap().id.unwrap()
}

/// What the cart costs with its delivery, as the shop shows it.
async fn shown(shop: &Shop, cart: CartId) -> i64 {
    checkout::offers(shop, &guest(shop), Locale::En, Channel::Web, cart, &in_manila()).await.unwrap()[0].1.total.minor
}

async fn order(shop: &Shop, cart: CartId, seen_total: Option<i64>) -> Result<Placed, CheckoutError> {
    let form = CheckoutForm { delivery_address: in_manila(), seen_total, ..form(cart, PaymentMethod::Cash) };
    checkout::place_order(shop, &guest(shop), Locale::En, Channel::Web, &Uuid::new_v4().to_string(), form).await
}

/// Changes the database and tells nobody.
async fn write(shop: &Shop, sql: &'static str) {
    let changed = shop.db().write(async move |tx| tx.execute(sql, &[]).await).await.unwrap();
    assert!(changed > 0, "{sql}");
}

/// A cart that was shown before a change is refused with the new total, and is charged it when that is what the shopper saw, or nothing.
async fn is_charged_anew(shop: &Shop, variant: VariantId, what: &str, change: impl AsyncFnOnce()) {
    let (asked, unasked) = (a_cart(shop, variant, None).await, a_cart(shop, variant, None).await);
    let before = shown(shop, asked).await;
    change().await;
    assert_eq!(shown(shop, asked).await, before, "{what}: the shop has heard of it, so nothing is tried");
    let refused = order(shop, asked, Some(before)).await;
    let Err(CheckoutError::TotalChanged(now)) = refused else { panic!("{what}: {refused:?}") };
    assert_ne!(now.minor, before, "{what}");
    assert_eq!(order(shop, asked, Some(now.minor)).await.unwrap().total, now, "{what}");
    assert_eq!(order(shop, unasked, None).await.unwrap().total, now, "{what}");
    caches::invalidate_all(shop);
    assert_eq!(shown(shop, a_cart(shop, variant, None).await).await, now.minor, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_charged_by_the_prices_taxes_and_fees_of_the_database_and_never_of_memory() {
    both(async |shop| {
        let variant = a_product().with_stock(100).make(shop).await;
        for (what, sql) in [
            ("a price", "update prices set amount = 12000"),
            ("prices without tax", "update price_lists set includes_tax = 0"),
            ("a tax rate", "update tax_rates set rate_bp = 2000"),
            ("a tax class", "update products set tax_class = 'exempt'"),
            ("a delivery fee", "update delivery_methods set fee = 15000"),
            ("a fee by weight", "update delivery_methods set fee = 0, per_kg_fee = 700, free_from = null"),
            ("a weight", "update variants set weight_g = 4500"),
            ("free delivery", "update delivery_methods set free_from = 100"),
            ("a sale", "insert into price_lists (id, name, currency, position) select product_id, 'Sale', 'PHP', 1 from variants"),
        ] {
            is_charged_anew(shop, variant, what, async || {
                write(shop, sql).await;
                if what == "a sale" {
                    write(
                        shop,
                        "insert into prices (variant_id, price_list_id, amount)
                         select v.id, l.id, 500 from variants v cross join price_lists l where l.name = 'Sale'",
                    )
                    .await;
                }
            })
            .await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sold_no_more_is_not_ordered_though_memory_has_it() {
    both(async |shop| {
        let variant = a_product().with_stock(100).make(shop).await;
        for (sql, back) in [
            ("update products set status = 'draft'", "update products set status = 'published'"),
            ("update variants set archived = 1", "update variants set archived = 0"),
            ("update price_lists set valid_to = 1", "update price_lists set valid_to = null"),
        ] {
            let cart = a_cart(shop, variant, None).await;
            let before = shown(shop, cart).await;
            write(shop, sql).await;
            assert_eq!(shown(shop, cart).await, before, "{sql}");
            let refused = order(shop, cart, Some(before)).await;
            assert!(matches!(refused, Err(CheckoutError::NotForSale(_))), "{sql}: {refused:?}");
            write(shop, back).await;
            caches::invalidate_all(shop);
        }
        let cart = a_cart(shop, variant, Some("TEN")).await;
        let before = shown(shop, cart).await;
        write(shop, "update discount_codes set active = 0").await;
        let refused = order(shop, cart, Some(before)).await;
        assert!(matches!(refused, Err(CheckoutError::Discount(full)) if full.minor > before), "{refused:?}");
        let cart = a_cart(shop, variant, None).await;
        shown(shop, cart).await;
        write(shop, "update delivery_methods set active = 0").await;
        assert!(shown(shop, cart).await > 0);
        let Err(CheckoutError::Invalid(wrong)) = order(shop, cart, None).await else { panic!("it was delivered") };
        assert_eq!(wrong[0].0, "delivery");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_is_gone_is_not_sold_and_the_cart_is_cut_to_what_is_left() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let three = items(&[(variant, 3)]);
        let cart = cart::sync(shop, &guest(shop), Locale::En, Channel::Web, None, 0, three, None).await.unwrap().id.unwrap();
        write(shop, "update stock set on_hand = 2, available = 2").await;
        let refused = order(shop, cart, None).await;
        assert!(matches!(refused, Err(CheckoutError::OutOfStock(_))), "{refused:?}");
        let left = cart::view(shop, &guest(shop), Locale::En, Channel::Web, cart).await.unwrap();
        assert_eq!((left.lines[0].quantity.get(), left.lines[0].available), (2, 2));
    })
    .await;
}

/// Changes the settings and tells nobody.
async fn set(shop: &Shop, change: impl FnOnce(&mut ShopSettings)) {
    let mut settings = settings::shop(shop);
    change(&mut settings);
    shop.db().write(async move |tx| platform::settings::put(tx, "shop", &settings).await).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_by_the_settings_of_the_database() {
    both(async |shop| {
        let variant = a_product().with_stock(100).make(shop).await;
        write(shop, "update price_lists set includes_tax = 0").await;
        let seller = Context::api_key(ApiKeyId(shop.id()), vec![Permission::CreateOrders], RequestId(shop.id()));
        let till = cart::sync(shop, &seller, Locale::En, Channel::Till, None, 0, items(&[(variant, 1)]), None).await.unwrap();
        let sell = async |seen_total: Option<i64>| {
            let form = CounterForm { cart: till.id.unwrap(), payment: PaymentMethod::Cash, seen_total };
            checkout::place_counter_order(shop, &seller, Locale::En, &Uuid::new_v4().to_string(), form).await
        };
        // Its taxes are those of the shop's country.
        set(shop, |settings| settings.country = "SG".into()).await;
        assert_eq!((settings::shop(shop).country.as_str(), till.totals.total.minor), ("PH", 11_200));
        let refused = sell(Some(till.totals.total.minor)).await;
        assert!(matches!(refused, Err(CheckoutError::TotalChanged(now)) if now.minor == 10_000), "{refused:?}");
        assert_eq!(sell(None).await.unwrap().total.minor, 10_000);
        let cart = a_cart(shop, variant, None).await;
        set(shop, |settings| settings.limits.cash = false).await;
        assert!(settings::shop(shop).limits.cash);
        let Err(CheckoutError::Invalid(wrong)) = order(shop, cart, None).await else { panic!("cash was taken") };
        assert_eq!(wrong[0].0, "payment");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_list_and_a_tax_rate_are_shown_from_their_moment_on_though_memory_is_younger_than_a_second() {
    both(async |shop| {
        let variant = a_product().with_stock(100).make(shop).await;
        write(shop, "update price_lists set includes_tax = 0").await;
        let (moment, rate) = (shop.now().plus_millis(500), shop.id());
        shop.db()
            .write(async move |tx| {
                tx.execute("update tax_rates set valid_to = $1", &[&moment]).await?;
                tx.execute(
                    "insert into tax_rates (id, class, country, rate_bp, valid_from, source)
                     values ($1, 'standard', 'PH', 500, $2, 'test')",
                    &[&rate, &moment],
                )
                .await?;
                let list = "insert into price_lists (id, name, currency, position, valid_from) values ($1, 'Sale', 'PHP', 1, $2)";
                tx.execute(list, &[&rate, &moment]).await?;
                tx.execute("insert into prices (variant_id, price_list_id, amount) values ($1, $2, 500)", &[&variant, &rate]).await
            })
            .await
            .unwrap();
        let cart = a_cart(shop, variant, None).await;
        let view = async |at: Timestamp| {
            shop.clock.set(at);
            cart::view(shop, &guest(shop), Locale::En, Channel::Web, cart).await.unwrap().totals.total.minor
        };
        assert_eq!(view(moment.plus_millis(-1)).await, 11_200);
        // The ordinary list is with tax here, the sale too.
        assert_eq!(view(moment).await, 500);
        write(shop, "update price_lists set includes_tax = 0").await;
        caches::invalidate_all(shop);
        assert_eq!(view(moment.plus_millis(1)).await, 525);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_did_not_hear_of_the_others_changes_charges_by_them() {
    let first = postgres().await;
    let second = first.open_again().await;
    let variant = a_product().with_stock(100).make(&first).await;
    let manager = Context::staff(UserId(first.id()), Role::Manager, RequestId(first.id()));
    let list = catalog::price_lists(&first, &manager).await.unwrap().remove(0).id;
    is_charged_anew(&second, variant, "tax on prices", async || {
        catalog::set_includes_tax(&first, &manager, list, false).await.unwrap();
    })
    .await;
    is_charged_anew(&second, variant, "a delivery fee", async || {
        let mut method = pricing::delivery_methods(&first, &manager).await.unwrap().remove(0);
        method.fee = 4_000;
        pricing::save_delivery_method(&first, &manager, Locale::En, method, None).await.unwrap();
    })
    .await;
    // What it hears of it shows at once.
    let (cart, seen) = (a_cart(&second, variant, None).await, second.clone());
    let before = shown(&second, cart).await;
    let watching = events::watch(second.db(), || {}, move |events| caches::invalidate(&seen, events));
    tokio::time::sleep(Duration::from_millis(100)).await;
    catalog::set_includes_tax(&first, &manager, list, true).await.unwrap();
    let told = tokio::time::timeout(Duration::from_secs(10), async {
        while shown(&second, cart).await == before {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(told.await.is_ok());
    watching.abort();
    let product: ProductId = first.db().fetch_scalar("select product_id from variants where id = $1", &[&variant]).await.unwrap();
    catalog::set_status(&first, &first.system(), product, "draft").await.unwrap();
    let refused = order(&second, cart, None).await;
    assert!(matches!(refused, Err(CheckoutError::NotForSale(_))), "{refused:?}");
    second.close().await;
    first.close().await;
}
