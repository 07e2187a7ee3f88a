//! Prices, discounts, and the rules that managers set, on both databases.

use crate::support::{START, TestShop, a_cart, a_product, address, both, buy, form, guest, items, number, place};
use backend::pricing::{self, PricingError};
use domain::id::{RequestId, UserId, VariantId};
use domain::order::{Channel, PaymentMethod};
use domain::permission::Role;
use domain::view::{DeliveryMethodDraft, FieldErrors, TaxRateDraft};
use domain::{Currency, Locale, Money, Timestamp};
use platform::Context;

const DAY: i64 = Timestamp::DAY;

fn staff(shop: &TestShop, role: Role) -> Context {
    Context::staff(UserId(shop.id()), role, RequestId(shop.id()))
}

fn a_rate(rate_bp: i64, valid_from: Option<Timestamp>) -> TaxRateDraft {
    let (class, country, province, source) = ("standard".into(), "PH".into(), String::new(), "A law of tomorrow".into());
    TaxRateDraft { class, country, province, rate_bp, valid_from, source }
}

fn a_method(code: &str) -> DeliveryMethodDraft {
    DeliveryMethodDraft {
        is_new: true,
        code: code.into(),
        position: 2,
        names: vec!["Slow boat".into(), "Mabagal na bangka".into()],
        descriptions: vec!["When the tide allows.".into()],
        fee: 5_000,
        per_kg_fee: 1_000,
        free_from: Some(100_000),
        days_min: 3,
        days_max: 9,
        cutoff: None,
        regions: vec!["PH".into(), " SG ".into(), "SG".into()],
        collects_cash: false,
        active: true,
    }
}

fn fields<T: std::fmt::Debug>(refused: Result<T, PricingError>) -> Vec<String> {
    match refused {
        Err(PricingError::Invalid(fields)) => {
            let fields: FieldErrors = fields;
            assert!(fields.iter().all(|(_, said)| !said.is_empty()));
            fields.into_iter().map(|(field, _)| field).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// The tax inside one unit at 112.00, as a cart shows it now.
async fn tax_now(shop: &TestShop, variant: VariantId) -> i64 {
    let cart = a_cart(shop, &[(variant, 1)]).await;
    let view = backend::cart::view(shop, &guest(shop), Locale::En, Channel::Web, cart).await.unwrap();
    view.lines[0].tax_rate_bp
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_tax_rate_ends_the_one_before_it_and_leaves_what_was_charged() {
    both(async |shop| {
        let variant = a_product().at(11_200).with_stock(9).make(shop).await;
        let manager = staff(shop, Role::Manager);
        let ten_days = START.plus_millis(10 * DAY);
        pricing::save_tax_rate(shop, &manager, Locale::En, a_rate(1_000, Some(ten_days))).await.unwrap();
        assert_eq!(tax_now(shop, variant).await, 1_200);
        let rates = pricing::tax_rates(shop, &manager).await.unwrap();
        let told: Vec<_> = rates.iter().map(|rate| (rate.rate_bp, rate.valid_from.millis(), rate.valid_to)).collect();
        assert_eq!(told, [(1_000, ten_days.millis(), None), (1_200, 0, Some(ten_days))]);
        shop.clock.advance(10 * DAY);
        assert_eq!(tax_now(shop, variant).await, 1_000);
        assert_eq!(number(shop, "select count(*) from events where kind = 'tax.changed'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_keeps_the_rate_it_was_placed_under() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        let manager = staff(shop, Role::Manager);
        // Orders of these tests go to Singapore.
        for rate in [900, 950] {
            let rate = TaxRateDraft { country: "sg".into(), ..a_rate(rate, None) };
            pricing::save_tax_rate(shop, &manager, Locale::En, rate).await.unwrap();
            shop.clock.advance(DAY);
            place(shop, &[(variant, 1)]).await.unwrap();
        }
        assert_eq!(
            number(shop, "select count(*) from order_taxes where rate_bp = 900 and tax = 826 and order_line_id is not null").await,
            1
        );
        assert_eq!(
            number(shop, "select count(*) from order_taxes where rate_bp = 950 and tax = 868 and order_line_id is not null").await,
            1
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_rate_fits_between_others_and_can_be_corrected_until_it_begins() {
    both(async |shop| {
        let manager = staff(shop, Role::Manager);
        let (five, ten) = (START.plus_millis(5 * DAY), START.plus_millis(10 * DAY));
        let last = pricing::save_tax_rate(shop, &manager, Locale::En, a_rate(1_500, Some(ten))).await.unwrap();
        pricing::save_tax_rate(shop, &manager, Locale::En, a_rate(1_300, Some(five))).await.unwrap();
        let corrected = pricing::save_tax_rate(shop, &manager, Locale::En, a_rate(1_400, Some(ten))).await.unwrap();
        assert_eq!(last, corrected);
        let rates = pricing::tax_rates(shop, &manager).await.unwrap();
        let told: Vec<_> = rates.iter().map(|rate| (rate.rate_bp, rate.valid_to)).collect();
        assert_eq!(told, [(1_400, None), (1_300, Some(ten)), (1_200, Some(five))]);
        // From now on: the rate of now ends now, and the new one lasts until the next planned one.
        shop.clock.advance(DAY);
        pricing::save_tax_rate(shop, &manager, Locale::En, a_rate(1_250, None)).await.unwrap();
        let rates = pricing::tax_rates(shop, &manager).await.unwrap();
        let told: Vec<_> = rates.iter().map(|rate| (rate.rate_bp, rate.valid_from, rate.valid_to)).collect();
        let now = START.plus_millis(DAY);
        assert_eq!(told[2..], [(1_250, now, Some(five)), (1_200, Timestamp::from_millis(0), Some(now))]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_needs_a_source_a_future_and_a_range() {
    both(async |shop| {
        let manager = staff(shop, Role::Manager);
        let wrong = TaxRateDraft {
            class: "luxury".into(),
            country: "Atlantis".into(),
            province: String::new(),
            rate_bp: 10_001,
            valid_from: Some(START.plus_millis(-1)),
            source: "  ".into(),
        };
        let refused = pricing::save_tax_rate(shop, &manager, Locale::En, wrong).await;
        assert_eq!(fields(refused), ["class", "country", "rate", "valid_from", "source"]);
        let exempt = TaxRateDraft { class: "exempt".into(), ..a_rate(1_200, None) };
        assert_eq!(fields(pricing::save_tax_rate(shop, &manager, Locale::Fil, exempt).await), ["rate"]);
        assert_eq!(number(shop, "select count(*) from tax_rates").await, 1);
        assert_eq!(number(shop, "select count(*) from events where kind = 'tax.changed'").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_and_a_guest_can_neither_read_nor_write_taxes_and_delivery_methods() {
    both(async |shop| {
        for ctx in [staff(shop, Role::Clerk), guest(shop)] {
            assert!(matches!(pricing::tax_rates(shop, &ctx).await, Err(PricingError::Forbidden(_))));
            assert!(matches!(pricing::delivery_methods(shop, &ctx).await, Err(PricingError::Forbidden(_))));
            let rate = pricing::save_tax_rate(shop, &ctx, Locale::En, a_rate(0, None)).await;
            assert!(matches!(rate, Err(PricingError::Forbidden(_))));
            let method = pricing::save_delivery_method(shop, &ctx, Locale::En, a_method("boat"), None).await;
            assert!(matches!(method, Err(PricingError::Forbidden(_))));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_method_is_offered_until_it_is_inactive_and_is_never_gone() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        let manager = staff(shop, Role::Manager);
        pricing::save_delivery_method(shop, &manager, Locale::En, a_method("boat"), None).await.unwrap();
        let cart = a_cart(shop, &[(variant, 1)]).await;
        let offered = backend::checkout::delivery_options(shop, &guest(shop), Locale::Fil, Channel::Web, cart, &address()).await.unwrap();
        let boat = offered.iter().find(|option| option.code == "boat").expect("the boat goes to Singapore");
        assert_eq!((boat.name.as_str(), boat.fee.minor), ("Mabagal na bangka", 5_000));

        let mut known = pricing::delivery_methods(shop, &manager).await.unwrap();
        let mut changed = known.pop().unwrap();
        assert_eq!(
            (changed.code.as_str(), changed.is_new, changed.regions.as_slice()),
            ("boat", false, &["PH".to_owned(), "SG".to_owned()][..])
        );
        assert_eq!(changed.descriptions, ["When the tide allows.", ""]);
        (changed.active, changed.fee, changed.names[1]) = (false, 7_500, String::new());
        pricing::save_delivery_method(shop, &manager, Locale::En, changed, None).await.unwrap();
        let offered = backend::checkout::delivery_options(shop, &guest(shop), Locale::Fil, Channel::Web, cart, &address()).await.unwrap();
        assert!(offered.iter().all(|option| option.code != "boat"));
        assert_eq!(pricing::delivery_methods(shop, &manager).await.unwrap().len(), 2);
        let sql = "select data from events where kind = 'delivery.changed' order by seq desc limit 1";
        let data: String = shop.db().fetch_scalar(sql, &[]).await.unwrap();
        let data: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert_eq!(data["changed"]["fee"], serde_json::json!([5_000, 7_500]));
        assert_eq!((data["changed"]["active"].clone(), data["changed"].get("days_min")), (serde_json::json!([true, false]), None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_method_with_mistakes_names_each_field() {
    both(async |shop| {
        let manager = staff(shop, Role::Manager);
        let wrong = DeliveryMethodDraft {
            is_new: true,
            code: "Slow Boat".into(),
            position: -1,
            fee: -1,
            per_kg_fee: i64::MAX,
            free_from: Some(-5),
            days_min: 4,
            days_max: 2,
            cutoff: Some(1_440),
            regions: vec!["Atlantis".into()],
            ..DeliveryMethodDraft::default()
        };
        let refused = pricing::save_delivery_method(shop, &manager, Locale::En, wrong, None).await;
        let named = ["code", "position", "name.en", "fee", "per_kg_fee", "free_from", "days_max", "cutoff", "regions"];
        assert_eq!(fields(refused), named);
        let taken = pricing::save_delivery_method(shop, &manager, Locale::En, a_method("standard"), None).await;
        assert_eq!(fields(taken), ["code"]);
        let unknown = DeliveryMethodDraft { is_new: false, ..a_method("boat") };
        let refused = pricing::save_delivery_method(shop, &manager, Locale::En, unknown, None).await;
        assert!(matches!(refused, Err(PricingError::Unknown)));
        assert_eq!(number(shop, "select count(*) from delivery_methods").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_a_changed_fee_at_once() {
    both(async |shop| {
        let manager = staff(shop, Role::Manager);
        let fee = async || {
            let to = backend::checkout::delivery_to(shop, Locale::En, "").await.unwrap();
            to.fees(Money::new(1_000, Currency::PHP), 100).unwrap().0.minor
        };
        assert_eq!(fee().await, 10_000);
        let mut method = pricing::delivery_methods(shop, &manager).await.unwrap().remove(0);
        method.fee = 4_200;
        pricing::save_delivery_method(shop, &manager, Locale::En, method, None).await.unwrap();
        assert_eq!(fee().await, 4_200);
    })
    .await;
}

/// A price list before the ordinary one that names one variant.
async fn a_list(shop: &TestShop, name: &str, channel: Option<Channel>, days: Option<(i64, i64)>, variant: VariantId, amount: i64) {
    let (id, name, channel) = (shop.id(), name.to_owned(), channel.map(|channel| channel.as_str().to_owned()));
    let (from, to) = (days.map(|(from, _)| START.plus_millis(from * DAY)), days.map(|(_, to)| START.plus_millis(to * DAY)));
    shop.db()
        .write(async move |tx| {
            tx.execute(
                "insert into price_lists (id, name, currency, channel, position, valid_from, valid_to) values ($1, $2, 'PHP', $3, 1, $4, $5)",
                &[&id, &name, &channel, &from, &to],
            )
            .await?;
            tx.execute("insert into prices (variant_id, price_list_id, amount) values ($1, $2, $3)", &[&variant, &id, &amount]).await
        })
        .await
        .unwrap();
}

async fn price(shop: &TestShop, variant: VariantId, channel: Channel) -> i64 {
    let key = (variant, channel, Locale::En);
    pricing::quotes(&mut shop.db(), &[key], Currency::PHP, shop.now()).await.unwrap()[&key].price.unwrap().amount
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dated_sale_comes_before_the_ordinary_list_and_ends_by_itself() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        let other = a_product().with_stock(9).make(shop).await;
        a_list(shop, "Sale", None, Some((1, 3)), variant, 7_900).await;
        assert_eq!(price(shop, variant, Channel::Web).await, 10_000);
        shop.clock.advance(DAY);
        assert_eq!((price(shop, variant, Channel::Web).await, price(shop, other, Channel::Web).await), (7_900, 10_000));
        // The order keeps its price; after the end of the sale the ordinary price applies.
        let placed = place(shop, &[(variant, 1)]).await.unwrap();
        assert_eq!(placed.total.minor, 17_900);
        shop.clock.advance(2 * DAY);
        assert_eq!(price(shop, variant, Channel::Web).await, 10_000);
        assert_eq!(number(shop, "select cast(sum(unit_price) as bigint) from order_lines").await, 7_900);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_for_one_channel_is_for_that_channel_alone() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        a_list(shop, "Partners", Some(Channel::Api), None, variant, 8_000).await;
        assert_eq!((price(shop, variant, Channel::Api).await, price(shop, variant, Channel::Web).await), (8_000, 10_000));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_offer_is_priced_for_the_channel_that_orders() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        a_list(shop, "Partners", Some(Channel::Api), None, variant, 8_000).await;
        let cart = a_cart(shop, &[(variant, 1)]).await;
        for (channel, total) in [(Channel::Web, 20_000), (Channel::Api, 18_000)] {
            let offers = backend::checkout::offers(shop, &guest(shop), Locale::En, channel, cart, &address()).await.unwrap();
            assert_eq!(offers[0].1.total.minor, total);
        }
        let order = form(cart, PaymentMethod::Cash);
        let placed = backend::checkout::place_order(shop, &guest(shop), Locale::En, Channel::Api, "an-order-by-the-api", order).await;
        assert_eq!(placed.unwrap().total.minor, 18_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_is_shown_at_the_prices_of_the_channel_that_orders() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        a_list(shop, "Partners", Some(Channel::Api), None, variant, 8_000).await;
        let cart = a_cart(shop, &[(variant, 1)]).await;
        for (channel, price) in [(Channel::Web, 10_000), (Channel::Api, 8_000)] {
            let view = backend::cart::view(shop, &guest(shop), Locale::En, channel, cart).await.unwrap();
            assert_eq!(view.totals.total.minor, price);
            let sent = backend::cart::sync(shop, &guest(shop), Locale::En, channel, Some(cart), 1, items(&[(variant, 1)]), None).await;
            assert_eq!(sent.unwrap().totals.total.minor, price);
        }
    })
    .await;
}

async fn a_code(shop: &TestShop, code: &str, percent_bp: Option<i64>, amount: Option<i64>) {
    let (id, code) = (shop.id(), code.to_owned());
    shop.db()
        .write(async move |tx| {
            tx.execute(
                "insert into discount_codes (id, code, currency, percent_bp, amount) values ($1, $2, 'PHP', $3, $4)",
                &[&id, &code, &percent_bp, &amount],
            )
            .await
        })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discount_code_on_items_on_sale_never_makes_a_negative_total() {
    both(async |shop| {
        let (cheap, dear) = (a_product().with_stock(9).make(shop).await, a_product().at(33_333).with_stock(9).make(shop).await);
        a_list(shop, "Sale", None, None, cheap, 1).await;
        for (code, percent, amount) in
            [("HALF", Some(5_000), None), ("ALL", Some(10_000), None), ("MORE", Some(15_000), None), ("GIFT", None, Some(9_999_999))]
        {
            a_code(shop, code, percent, amount).await;
        }
        // The share is taken from the sale price, not from the ordinary one; delivery is not reduced.
        for (code, items_total) in [("HALF", 16_667), ("ALL", 0), ("MORE", 0), ("GIFT", 0)] {
            let cart = backend::cart::sync(
                shop,
                &guest(shop),
                Locale::En,
                Channel::Web,
                None,
                0,
                items(&[(cheap, 1), (dear, 1)]),
                Some(code.into()),
            )
            .await
            .unwrap();
            let sums = &cart.totals;
            assert_eq!(sums.subtotal.minor, 33_334, "{code}");
            assert_eq!(sums.total.minor - sums.delivery_fee.minor, items_total, "{code}");
            assert!(sums.lines.iter().all(|line| line.total.minor >= 0 && line.tax.minor >= 0), "{code}");
            let placed = buy(shop, cart.id.unwrap(), &format!("voucher-{code}")).await.unwrap();
            assert_eq!(placed.total.minor, items_total + 10_000, "{code}");
        }
        assert_eq!(number(shop, "select count(*) from order_lines where total < 0").await, 0);
        assert_eq!(number(shop, "select cast(sum(amount) as bigint) from postings").await, 0);
    })
    .await;
}
