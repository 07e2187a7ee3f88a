//! What an order's price consists of: adjustments and taxes as rows, prices with and without tax, taxes by region; on both databases.

use crate::support::outside::{assert_sound, owner};
use crate::support::{START, TestShop, a_cart, a_product, address, both, form, guest, items, number, place};
use backend::checkout::{self, CheckoutError};
use backend::pricing::{self, PricingError};
use backend::{Shop, order_management, orders};
use domain::id::{CartId, RequestId, UserId, VariantId};
use domain::order::{AdjustmentKind, AdjustmentSource, Channel, PaymentMethod};
use domain::permission::Role;
use domain::view::{Address, OrderQuery, OrderView, Placed, TaxRateDraft};
use domain::{Locale, Timestamp};
use platform::Context;
use platform::db::Tx;

fn a_manager(shop: &Shop) -> Context {
    Context::staff(UserId(shop.id()), Role::Manager, RequestId(shop.id()))
}

/// From now on, or later.
async fn save_rate(shop: &Shop, country: &str, province: &str, rate_bp: i64, valid_from: Option<Timestamp>) -> Result<(), PricingError> {
    let (class, country, province, source) = ("standard".into(), country.into(), province.into(), "A law".into());
    let draft = TaxRateDraft { class, country, province, rate_bp, valid_from, source };
    pricing::save_tax_rate(shop, &a_manager(shop), Locale::En, draft).await.map(drop)
}

async fn change(shop: &Shop, sql: &'static str) {
    shop.db().write(async move |tx: &mut Tx| tx.execute(sql, &[]).await).await.unwrap();
}

/// Products of this variant are exempt from tax.
async fn exempt(shop: &Shop, variant: VariantId) {
    let sql = "update products set tax_class = 'exempt' where id = (select product_id from variants where id = $1)";
    shop.db().write(async move |tx: &mut Tx| tx.execute(sql, &[&variant]).await).await.unwrap();
}

async fn buy_to(shop: &TestShop, cart: CartId, delivery_address: Address) -> Result<Placed, CheckoutError> {
    let (order, key) = (domain::view::CheckoutForm { delivery_address, ..form(cart, PaymentMethod::Cash) }, shop.id().to_string());
    checkout::place_order(shop, &guest(shop), Locale::En, Channel::Web, &key, order).await
}

async fn see(shop: &TestShop, placed: &Placed) -> OrderView {
    order_management::view(shop, &owner(shop), Locale::En, placed.order).await.unwrap()
}

fn an_address(province: &str) -> Address {
    Address {
        country: "AU".into(),
        line1: "14 Hopkins Street".into(),
        city: "Footscray".into(),
        province: province.into(),
        postal_code: "3011".into(),
        ..address()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_says_what_its_discount_its_fee_and_its_tax_consist_of() {
    both(async |shop| {
        save_rate(shop, "SG", "", 1_200, None).await.unwrap();
        let (taxed, free) = (a_product().at(11_200).with_stock(5).make(shop).await, a_product().at(5_600).with_stock(5).make(shop).await);
        exempt(shop, free).await;
        let of = items(&[(taxed, 1), (free, 2)]);
        let cart = backend::cart::sync(shop, &guest(shop), Locale::En, Channel::Web, None, 0, of, Some("ten".into())).await.unwrap();
        let placed = buy_to(shop, cart.id.unwrap(), address()).await.unwrap();
        let order = see(shop, &placed).await;
        let lines: Vec<_> = order.lines.iter().map(|line| Some(line.id)).collect();
        let adjustments: Vec<_> =
            order.adjustments.iter().map(|a| (a.line, a.kind, a.source, a.reference.as_str(), a.amount.minor, a.tax.minor)).collect();
        let discount = (AdjustmentKind::Discount, AdjustmentSource::DiscountCode, "TEN");
        assert_eq!(
            adjustments,
            [
                (None, AdjustmentKind::Delivery, AdjustmentSource::DeliveryMethod, "standard", 10_000, 1_071),
                (lines[0], discount.0, discount.1, discount.2, -1_120, -120),
                (lines[1], discount.0, discount.1, discount.2, -1_120, 0),
            ]
        );
        let taxes: Vec<_> =
            order.taxes.iter().map(|t| (t.line, t.adjustment, t.class.as_str(), t.rate_bp, t.net.minor, t.tax.minor)).collect();
        assert_eq!(
            taxes,
            [
                (None, Some(0), "standard", 1_200, 8_929, 1_071),
                (lines[0], None, "standard", 1_200, 9_000, 1_080),
                (lines[1], None, "exempt", 0, 10_080, 0),
            ]
        );
        assert!(order.taxes.iter().all(|tax| tax.country == "SG" && tax.province.is_empty()));
        let by_rate: Vec<_> = order.taxes_by_rate().into_iter().map(|(rate, net, tax)| (rate, net.minor, tax.minor)).collect();
        assert_eq!((by_rate, order.discount_code()), (vec![(1_200, 17_929, 2_151)], Some("TEN")));
        // The fee that can go back, and the tax in it.
        let fee = order.price.iter().find(|part| part.part.is_delivery()).unwrap();
        assert_eq!((fee.amount, fee.tax), (10_000, 1_071));
        let query = OrderQuery { search: "ten".into(), ..OrderQuery::default() };
        assert_eq!(orders::list(shop, &owner(shop), &query).await.unwrap().orders.len(), 1);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_takes_nothing_off_is_used_all_the_same() {
    both(async |shop| {
        // Ten percent of four centavos.
        let variant = a_product().at(4).with_stock(5).make(shop).await;
        let of = items(&[(variant, 1)]);
        let cart = backend::cart::sync(shop, &guest(shop), Locale::En, Channel::Web, None, 0, of, Some("ten".into())).await.unwrap();
        let order = see(shop, &buy_to(shop, cart.id.unwrap(), address()).await.unwrap()).await;
        assert_eq!((order.discount.minor, order.discount_code()), (0, Some("TEN")));
        assert_eq!(number(shop, "select uses from discount_codes").await, 1);
        assert_sound(shop).await;
        order_management::cancel(shop, &owner(shop), order.id, "changed their mind").await.unwrap();
        assert_eq!(number(shop, "select uses from discount_codes").await, 0);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_of_a_province_comes_before_that_of_its_country_until_it_ends() {
    both(async |shop| {
        let variant = a_product().at(11_000).with_stock(9).make(shop).await;
        save_rate(shop, "AU", "", 1_000, None).await.unwrap();
        save_rate(shop, "AU", "Victoria", 500, None).await.unwrap();
        assert_eq!(number(shop, "select count(*) from tax_rates where country = 'AU' and province = 'VIC' and valid_to is null").await, 1);
        shop.clock.advance(1);
        let taxed = async |province: &str| {
            let cart = a_cart(shop, &[(variant, 1)]).await;
            let offers = checkout::offers(shop, &guest(shop), Locale::En, Channel::Web, cart, &an_address(province)).await.unwrap();
            let order = see(shop, &buy_to(shop, cart, an_address(province)).await.unwrap()).await;
            assert_eq!((offers[0].1.tax, offers[0].1.total), (order.tax, order.total), "{province}");
            let taxes = order.taxes.iter().map(|tax| (tax.province.clone(), tax.rate_bp, tax.tax.minor));
            taxes.collect::<Vec<_>>()
        };
        let of = |province: &str, rate, fee, line| [(province.to_owned(), rate, fee), (province.to_owned(), rate, line)];
        assert_eq!(taxed("VIC").await, of("VIC", 500, 476, 524));
        assert_eq!(taxed("Victoria").await, of("VIC", 500, 476, 524));
        assert_eq!(taxed("NSW").await, of("", 1_000, 909, 1_000));
        // A change of the province's leaves the country's.
        let tomorrow = START.plus_millis(Timestamp::DAY);
        save_rate(shop, "AU", "VIC", 700, Some(tomorrow)).await.unwrap();
        assert_eq!(number(shop, "select count(*) from tax_rates where country = 'AU' and valid_to is null").await, 2);
        assert_eq!(taxed("VIC").await[0].1, 500);
        shop.clock.advance(Timestamp::DAY);
        assert_eq!((taxed("VIC").await[0].1, taxed("NSW").await[0].1), (700, 1_000));
        change(shop, "update tax_rates set valid_to = valid_from + 86400000 where rate_bp = 700").await;
        shop.clock.advance(Timestamp::DAY);
        assert_eq!(taxed("VIC").await, of("", 1_000, 909, 1_000));
        let events = "select count(*) from events where kind = 'tax.changed' and data like '%\"province\":\"VIC\"%'";
        assert_eq!(number(shop, events).await, 2);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_is_not_taken_for_a_province_that_its_country_does_not_have() {
    both(async |shop| {
        for (country, province) in [("AU", "XX"), ("SG", "East"), ("PH", "Cebu")] {
            let refused = save_rate(shop, country, province, 500, None).await;
            assert!(
                matches!(&refused, Err(PricingError::Invalid(fields)) if fields.len() == 1 && fields[0].0 == "province"),
                "{refused:?}"
            );
        }
        // A province of the Philippines, by its code.
        save_rate(shop, "PH", "0702200000", 1_000, None).await.unwrap();
        assert_eq!(number(shop, "select count(*) from tax_rates where province <> ''").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_without_tax_is_sold_with_the_tax_of_where_it_goes() {
    both(async |shop| {
        let (taxed, free) = (a_product().at(305).with_stock(9).make(shop).await, a_product().at(305).with_stock(9).make(shop).await);
        exempt(shop, free).await;
        change(shop, "update price_lists set includes_tax = 0").await;
        let unit_prices = async || {
            let order = see(shop, &place(shop, &[(taxed, 3), (free, 1)]).await.unwrap()).await;
            assert_eq!(order.subtotal.minor, order.lines.iter().map(|line| line.unit_price.minor * line.quantity).sum::<i64>());
            (order.lines[0].unit_price.minor, order.lines[1].unit_price.minor)
        };
        // No tax is known where the orders of these tests go.
        assert_eq!(unit_prices().await, (305, 305));
        save_rate(shop, "SG", "", 900, None).await.unwrap();
        shop.clock.advance(1);
        // 27.45 centavos, which are rounded for each unit.
        assert_eq!(unit_prices().await, (332, 305));
        let cart = a_cart(shop, &[(taxed, 1), (free, 1)]).await;
        // A cart is shown with the tax of the shop's country.
        let view = backend::cart::view(shop, &guest(shop), Locale::En, Channel::Web, cart).await.unwrap();
        assert_eq!(view.lines.iter().map(|line| line.unit_price.minor).collect::<Vec<_>>(), [342, 305]);
        let offers = checkout::offers(shop, &guest(shop), Locale::En, Channel::Web, cart, &address()).await.unwrap();
        assert_eq!(offers[0].1.subtotal.minor, 637);
        assert_eq!(buy_to(shop, cart, address()).await.unwrap().total, offers[0].1.total);
        assert_sound(shop).await;
    })
    .await;
}
