//! A shop that is filled with its past.

use std::sync::Arc;
use std::time::Instant;

use backend::seed::{past, seed_with_past};
use backend::{Shop, ShopConfig, audit, cart, catalog, checkout, dashboard, jobs, notifications, orders};
use domain::id::VariantId;
use domain::order::{Channel, PaymentMethod};
use domain::view::{Address, CheckoutForm, OrderQuery};
use domain::{Locale, Timestamp};
use platform::clock::SimulatedClock;
use platform::rng::SystemRng;

use super::world::ZONE;
use crate::support::outside::{assert_sound, clerk, owner};
use crate::support::{Folder, START, both_empty, form, guest, items, number};

/// A new shop with its past at 8 o'clock of a day.
async fn filled(url: &str, folder: &Folder, now: Timestamp) -> Shop {
    let mut config = ShopConfig::new(url, folder.path(), "http://127.0.0.1:3000");
    config.light_passwords = true;
    // Mails could be sent.
    config.smtp = Some("smtp://127.0.0.1:9".into());
    let adapters = crate::support::adapters(&config);
    let shop = Shop::open_with(config, adapters, Arc::new(SimulatedClock::at(now)), Arc::new(SystemRng)).await.unwrap();
    let begun = Instant::now();
    let report = seed_with_past(&shop, &|_, _| {}).await.unwrap();
    println!("filled in {} ms: {report}", begun.elapsed().as_millis());
    shop
}

fn eight_o_clock() -> Timestamp {
    ZONE.start_of(ZONE.date(START)).plus_millis(past::ENDS_MS)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_with_a_past_is_sound_and_everything_has_happened_in_it() {
    both_empty(async |url| {
        let folder = Folder::new();
        let shop = filled(url, &folder, eight_o_clock()).await;
        let findings: Vec<String> = audit::integrity(shop.db(), true).await.into_iter().flat_map(|check| check.failures).collect();
        assert_eq!(findings, Vec::<String>::new());
        assert_sound(&shop).await;

        let orders = number(&shop, "select count(*) from orders").await;
        assert!((1_900..=2_400).contains(&orders), "{orders} orders");
        for sql in EVERYTHING {
            let count = number(&shop, sql).await;
            assert!(count > 0, "nothing: {sql}");
            println!("{count:>6}  {sql}");
        }
        assert_eq!(number(&shop, "select count(*) from refusals where ended_at is null").await, 1);
        assert_eq!(number(&shop, "select count(*) from events where actor like '%@%'").await, 0, "each actor is an account of this shop");
        let due = number(&shop, "select count(*) from orders where delivery_state = 'delivered' and payment_state = 'pending'").await;
        assert!(due < 30, "the cash of {due} orders did not come");
        // Nothing is in the future but what waits, and the oldest order is three months old.
        let now = shop.now();
        let late: i64 = shop.db().fetch_scalar("select count(*) from events where at > $1", &[&now]).await.unwrap();
        let first: Timestamp = shop.db().fetch_scalar("select min(placed_at) from orders", &[]).await.unwrap();
        assert_eq!((late, ZONE.date(now).days() - ZONE.date(first).days()), (0, past::DAYS));
        shop.close().await;
    })
    .await;
}

/// Counts none of which is nothing.
const EVERYTHING: &[&str] = &[
    "select count(*) from orders where payment_state = 'paid' and payment_method = 'card'",
    "select count(*) from orders where payment_state = 'paid' and payment_method = 'cod'",
    "select count(*) from orders where payment_state = 'pending' and payment_method = 'card' and cancelled_at is null",
    "select count(*) from orders where payment_state = 'failed' and cancelled_at is null",
    "select count(*) from orders where payment_state = 'authorised' and fulfilment_state = 'unfulfilled'",
    "select count(*) from orders where payment_state = 'partly_paid'",
    "select count(*) from orders where payment_state = 'partly_refunded'",
    "select count(*) from orders where payment_state = 'refunded'",
    "select count(*) from orders where cancel_reason like 'shopper.%'",
    "select count(*) from orders where cancelled_at is not null and cancel_reason not like 'shopper.%'",
    "select count(*) from orders where waived > 0 and cancelled_at is null",
    "select count(*) from orders where discount > 0",
    "select count(*) from orders where user_id is not null",
    "select count(*) from orders o join addresses a on a.id = o.delivery_address_id where a.country <> 'PH'",
    "select count(*) from events where kind = 'parcel.picked'",
    "select count(*) from parcels where state = 'picked'",
    "select count(*) from parcels where state = 'packed'",
    "select count(*) from parcels where state = 'shipped'",
    "select count(*) from parcels where state = 'delivered'",
    "select count(*) from parcels where return_cause = 'refused'",
    "select count(*) from parcels where return_cause = 'undeliverable'",
    "select count(*) from payments where attempt > 1 or failure is not null",
    "select count(*) from stock_movements where reason = 'received'",
    "select count(*) from stock_movements where reason = 'count'",
    "select count(*) from stock_movements where reason = 'damaged'",
    "select count(*) from stock_movements where reason = 'refused'",
    "select count(*) from discount_codes where uses > 0",
    "select count(*) from low_stock",
    "select count(*) from jobs where state = 'waiting' and kind = 'order.expire'",
    "select count(*) from refusals where ended_at is not null",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_past_sends_no_mail_and_the_shop_goes_on_from_it() {
    both_empty(async |url| {
        let folder = Folder::new();
        let shop = filled(url, &folder, eight_o_clock()).await;
        notifications::catch_up(&shop).await.unwrap();
        catalog::catch_up(&shop).await.unwrap();
        assert_eq!(jobs::run_due(&shop, &jobs::handlers()).await.unwrap(), 0, "nothing was left undone");
        assert_eq!(number(&shop, "select count(*) from jobs where kind like '%mail%'").await, 0);

        let before = number(&shop, "select count(*) from orders").await;
        let most = "select variant_id from stock where status = 'sellable' order by available desc, variant_id limit 1";
        let variant: VariantId = shop.db().fetch_scalar(most, &[]).await.unwrap();
        let placed = order(&shop, variant).await;
        let list = orders::list(&shop, &owner(&shop), &OrderQuery::default()).await.unwrap();
        assert_eq!(list.orders[0].number, placed);
        assert_eq!(number(&shop, "select count(*) from orders").await, before + 1);
        assert!(notifications::catch_up(&shop).await.unwrap() > 0);
        assert_eq!(number(&shop, "select count(*) from jobs where kind = 'order_mail.send'").await, 1);
        assert_sound(&shop).await;
        shop.close().await;
    })
    .await;
}

/// Somebody in Makati orders one, in cash; returns the order's number.
async fn order(shop: &Shop, variant: VariantId) -> String {
    let ctx = guest(shop);
    let cart = cart::sync(shop, &ctx, Locale::En, Channel::Web, None, 0, items(&[(variant, 1)]), None).await.unwrap();
    let usual = form(cart.id.unwrap(), PaymentMethod::Cash);
    let delivery_address = Address {
        country: "PH".into(),
        line1: "8 Yakal Road".into(),
        postal_code: String::new(),
        place: "1380300025".into(),
        ..usual.delivery_address.clone()
    };
    let form = CheckoutForm { delivery_address, delivery: "standard-ncr".into(), ..usual };
    checkout::place_order(shop, &ctx, Locale::En, Channel::Web, "after-the-past", form).await.unwrap().number
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_tells_of_the_morning_beside_the_days_before() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("shop.db").display());
    let shop = filled(&url, &folder, eight_o_clock()).await;
    let today = dashboard::today(&shop, &clerk(&shop), Locale::En).await.unwrap();
    assert!(today.orders >= 5 && today.sales.minor > 0, "{} orders", today.orders);
    let days: Vec<i64> = today.last_days.iter().map(|(_, sales)| *sales).collect();
    let peak = *days.iter().max().unwrap();
    let usual = days[..13].iter().sum::<i64>() / 13;
    assert!(days.len() == 14 && days[..13].iter().all(|sales| *sales > 0) && peak > usual * 3 / 2, "{days:?}");
    assert!(today.low_stock_count > 3, "{} variants run low", today.low_stock_count);
    assert_eq!(dashboard::today(&shop, &owner(&shop), Locale::En).await.unwrap().refusals.len(), 1);
    shop.close().await;
}
