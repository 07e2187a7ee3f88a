//! Fees and dates of delivery before and at the checkout, on both databases.

use crate::support::{START, TestShop, a_cart, a_product, address, both, buy, guest, number};
use backend::checkout::{delivery_options, delivery_to, next_promise_change, offers};
use backend::pricing;
use domain::order::Channel;
use domain::view::{Address, DeliveryMethodDraft};
use domain::{Currency, Locale, Money, TimeZone, Timestamp};

const DAY: i64 = Timestamp::DAY;
const MINUTE: i64 = 60_000;
const MAKATI: &str = "1380300000";
const CEBU: &str = "0730600000";

fn a_method(code: &str, fee: i64, days: (i64, i64), region: &str) -> DeliveryMethodDraft {
    DeliveryMethodDraft {
        is_new: true,
        code: code.into(),
        position: 2,
        names: vec![code.into()],
        fee,
        days_min: days.0,
        days_max: days.1,
        regions: vec![region.into()],
        active: true,
        ..DeliveryMethodDraft::default()
    }
}

async fn save(shop: &TestShop, method: DeliveryMethodDraft) {
    pricing::save_delivery_method(shop, &shop.system(), Locale::En, method, None).await.unwrap();
}

fn pesos(minor: i64) -> Money {
    Money::new(minor, Currency::PHP)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_delivery_fee_is_that_of_the_place_and_a_range_before_one_is_chosen() {
    both(async |shop| {
        save(shop, a_method("riders", 4_000, (1, 2), "NCR")).await;
        save(shop, a_method("boat", 7_500, (5, 9), "Visayas")).await;
        let delivery = async |code: &str| delivery_to(shop, Locale::En, code).await.unwrap();
        let fee = |to: &domain::view::DeliveryTo| to.ways(pesos(10_000), 100).first().map(|(fee, way)| (fee.minor, way.name.clone()));
        // To Luzon and Mindanao only the method for all regions is offered, for 100.00.
        let anywhere = delivery("").await;
        assert_eq!(anywhere.fees(pesos(10_000), 100), Some((pesos(4_000), pesos(10_000))));
        assert!(anywhere.place.is_none() && fee(&anywhere).is_none());
        assert_eq!(fee(&delivery(MAKATI).await), Some((4_000, "riders".into())));
        let cebu = delivery(CEBU).await;
        assert_eq!((cebu.place.as_ref().unwrap().name.as_str(), fee(&cebu)), ("Cebu City", Some((7_500, "boat".into()))));
        assert_eq!(fee(&delivery("AU").await), Some((10_000, "Standard".into())));
        // An unknown place counts as not chosen.
        assert_eq!(delivery("9999999999").await, anywhere);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_after_the_cut_off_is_promised_a_day_later() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        // It is 10:30 in Manila; the cut-off of this method is at 11:00.
        save(shop, DeliveryMethodDraft { cutoff: Some(660), ..a_method("riders", 4_000, (0, 1), "NCR") }).await;
        let mut everywhere = pricing::delivery_methods(shop, &shop.system()).await.unwrap().remove(0);
        everywhere.cutoff = Some(660);
        save(shop, everywhere).await;
        let promised = async || {
            let to = delivery_to(shop, Locale::En, MAKATI).await.unwrap();
            let way = to.ways(pesos(10_000), 100).first().map(|(_, way)| (**way).clone()).unwrap();
            (Locale::En.weekday_date(way.from, TimeZone::DEFAULT), way.order_by)
        };
        let ordered = async |key: &str| {
            buy(shop, a_cart(shop, &[(variant, 1)]).await, key).await.unwrap();
            number(shop, "select promised_from from orders order by placed_at desc, id desc limit 1").await
        };
        let eleven = START.plus_millis(30 * MINUTE);
        assert_eq!(promised().await, ("Tue 24 Nov".into(), Some(eleven)));
        assert_eq!(next_promise_change(shop).await.unwrap(), eleven);
        assert_eq!(ordered("before-the-cut-off").await, START.plus_millis(2 * DAY).millis());
        shop.clock.set(eleven);
        assert_eq!(promised().await, ("Wed 25 Nov".into(), None));
        assert_eq!(next_promise_change(shop).await.unwrap(), eleven.plus_millis(13 * 60 * MINUTE));
        assert_eq!(ordered("after-the-cut-off").await, eleven.plus_millis(3 * DAY).millis());
        let cart = a_cart(shop, &[(variant, 1)]).await;
        let makati = Address { country: "PH".into(), place: MAKATI.into(), ..Address::default() };
        let options = delivery_options(shop, &guest(shop), Locale::En, Channel::Web, cart, &makati).await.unwrap();
        assert_eq!(
            (options[0].code.as_str(), Locale::En.weekday_date(options[0].from, TimeZone::DEFAULT).as_str()),
            ("riders", "Wed 25 Nov")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_offer_equals_the_fee_of_the_order() {
    both(async |shop| {
        let (mango, rice) = (a_product().with_stock(9).make(shop).await, a_product().at(3_333).with_stock(9).make(shop).await);
        save(shop, DeliveryMethodDraft { per_kg_fee: 1_000, ..a_method("boat", 7_500, (5, 9), "*") }).await;
        let cart = backend::cart::sync(
            shop,
            &guest(shop),
            Locale::En,
            Channel::Web,
            None,
            0,
            crate::support::items(&[(mango, 2), (rice, 1)]),
            Some("TEN".into()),
        )
        .await
        .unwrap();
        // The delivery fee is unknown without an address.
        assert_eq!((cart.totals.delivery_fee.minor, cart.totals.total.minor), (0, 21_000));
        let id = cart.id.unwrap();
        let found = offers(shop, &guest(shop), Locale::En, Channel::Web, id, &address()).await.unwrap();
        let fees: Vec<_> = found.iter().map(|(option, sums)| (option.code.as_str(), option.fee.minor, sums.total.minor)).collect();
        assert_eq!(fees, [("boat", 7_500, 28_500), ("standard", 10_000, 31_000)]);
        assert_eq!(buy(shop, id, "one-order-of-an-offer").await.unwrap().total.minor, 31_000);
    })
    .await;
}
