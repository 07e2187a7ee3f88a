//! The shop's time zone is a setting: days, cut-offs and files follow it, on both databases.

use crate::export::{orders_file, read};
use crate::support::outside::{clerk, owner};
use crate::support::{START, TestShop, a_product, both, place};
use backend::checkout::{delivery_to, next_promise_change};
use backend::settings::SettingsError;
use backend::{dashboard, order_management, pricing, settings};
use domain::id::OrderId;
use domain::view::{OrderQuery, ShopSettings};
use domain::{Date, Locale, TimeZone, Timestamp};
use platform::Forbidden;

const HOUR: i64 = 3_600_000;

async fn choose(shop: &TestShop, zone: &str) -> Result<(), SettingsError> {
    let new = ShopSettings { time_zone: zone.into(), ..settings::load(shop).await.unwrap() };
    settings::save(shop, &owner(shop), new).await
}

/// The dates of an order's entries in the books, in their order.
async fn dates(shop: &TestShop, order: OrderId) -> Vec<String> {
    shop.db().fetch_scalars("select date from journal_entries where order_id = $1 order by at, id", &[&order]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_late_in_the_evening_is_dated_by_the_zone_that_the_shop_has_then() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        // It is 23:30 in UTC, and half past seven of the next day in Manila.
        shop.clock.set(START.plus_millis(21 * HOUR));
        let manila = place(shop, &[(variant, 1)]).await.unwrap();
        choose(shop, "UTC").await.unwrap();
        let utc = place(shop, &[(variant, 1)]).await.unwrap();
        assert_eq!((dates(shop, manila.order).await, dates(shop, utc.order).await), (vec!["2026-11-25".into()], vec!["2026-11-24".into()]));
        shop.clock.advance(1_000);
        order_management::cancel(shop, &owner(shop), manila.order, "test").await.unwrap();
        assert_eq!(dates(shop, manila.order).await, ["2026-11-25", "2026-11-24"], "what is in the books keeps its date");

        let placed_at = async || {
            let rows = read(&orders_file(shop, OrderQuery { search: utc.number.clone(), ..OrderQuery::default() }).await);
            rows[0]["placed_at"].clone()
        };
        assert_eq!(placed_at().await, "2026-11-24 23:30");
        choose(shop, "Asia/Tokyo").await.unwrap();
        assert_eq!(placed_at().await, "2026-11-25 08:30");
        crate::support::outside::assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_and_the_cut_off_follow_the_shops_time_zone() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        let mut method = pricing::delivery_methods(shop, &shop.system()).await.unwrap().remove(0);
        method.cutoff = Some(11 * 60);
        pricing::save_delivery_method(shop, &shop.system(), Locale::En, method, None).await.unwrap();
        let promise = async || {
            let to = delivery_to(shop, Locale::En, "SG").await.unwrap();
            (to.zones[0][0].from, to.zones[0][0].order_by)
        };
        let placed = place(shop, &[(variant, 1)]).await.unwrap();
        let promised: Timestamp = shop.db().fetch_scalar("select promised_from from orders", &[]).await.unwrap();
        // 10:30 in Manila is before the cut-off at 11:00, 11:30 in Tokyo after it.
        assert_eq!(promise().await, (START.plus_millis(2 * Timestamp::DAY), Some(START.plus_millis(HOUR / 2))));
        choose(shop, "Asia/Tokyo").await.unwrap();
        assert_eq!(promise().await, (START.plus_millis(3 * Timestamp::DAY), None));
        assert_eq!(next_promise_change(shop).await.unwrap(), START.plus_millis(25 * HOUR / 2), "the next midnight there");
        let later = place(shop, &[(variant, 1)]).await.unwrap();
        let all: Vec<Timestamp> = shop.db().fetch_scalars("select promised_from from orders order by promised_from", &[]).await.unwrap();
        assert_eq!(all, [promised, promised.plus_millis(Timestamp::DAY)]);

        // At half past ten in the evening of UTC the next day has begun in Tokyo.
        let today = async || dashboard::today(shop, &clerk(shop), Locale::En).await.unwrap();
        shop.clock.set(START.plus_millis(20 * HOUR));
        assert_eq!((today().await.orders, later.total), (0, placed.total));
        choose(shop, "UTC").await.unwrap();
        let figures = today().await;
        let day = Date::parse("2026-11-24").unwrap();
        assert_eq!((figures.orders, figures.last_days[13].0), (2, TimeZone::UTC.start_of(day)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_zone_is_chosen_by_who_may_and_is_one_that_is_known() {
    both(async |shop| {
        assert_eq!(settings::time_zone(shop), TimeZone::DEFAULT);
        for unknown in ["", "Manila", "Europe/Atlantis"] {
            assert!(matches!(choose(shop, unknown).await, Err(SettingsError::Invalid("time_zone"))), "{unknown}");
        }
        let new = ShopSettings { time_zone: "Asia/Dubai".into(), ..settings::load(shop).await.unwrap() };
        let refused = settings::save(shop, &clerk(shop), new).await;
        assert!(matches!(refused, Err(SettingsError::Forbidden(Forbidden(_)))), "{refused:?}");
        choose(shop, "Asia/Dubai").await.unwrap();
        assert_eq!(settings::time_zone(shop).name(), "Asia/Dubai");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_which_clocks_are_put_forward_has_its_own_orders_and_promises() {
    both(async |shop| {
        choose(shop, "Europe/Berlin").await.unwrap();
        let berlin = TimeZone::named("Europe/Berlin").unwrap();
        let variant = a_product().at(10_000).with_stock(9).make(shop).await;
        let day = Date::parse("2027-03-28").unwrap();
        let (begin, end) = (berlin.moment(day, 30), berlin.moment(day, 23 * 60 + 30));
        assert_eq!((end.millis() - begin.millis()) / HOUR, 22, "the day has 23 hours");
        let mut placed = Vec::new();
        for at in [begin, end] {
            shop.clock.set(at);
            placed.push(place(shop, &[(variant, 1)]).await.unwrap());
        }
        let today = async || dashboard::today(shop, &clerk(shop), Locale::En).await.unwrap();
        assert_eq!(today().await.orders, 2);
        for order in &placed {
            assert!(dates(shop, order.order).await.iter().all(|date| date == "2027-03-28"), "{:?}", dates(shop, order.order).await);
            let (from, _) = order_management::view(shop, &owner(shop), Locale::En, order.order).await.unwrap().promised.unwrap();
            let days = berlin.date(from).days() - day.days();
            let method = pricing::delivery_methods(shop, &shop.system()).await.unwrap().remove(0);
            assert_eq!(days, method.days_min, "by the calendar, not by hours");
        }
        shop.clock.set(end.plus_millis(HOUR));
        let now = today().await;
        let yesterday = now.last_days[now.last_days.len() - 2];
        let sold: i64 = placed.iter().map(|order| order.total.minor).sum();
        assert_eq!((now.orders, yesterday), (0, (berlin.start_of(day), sold)));
        crate::support::outside::assert_sound(shop).await;
    })
    .await;
}
