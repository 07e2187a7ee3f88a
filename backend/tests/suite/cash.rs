//! Limits of unpaid orders: cash orders and card orders that wait for their payment.

use crate::support::outside::{assert_sound, both_worlds, clerk, owner};
use crate::support::{a_cart, a_product, address, both, form, guest, limit, number, place};
use backend::checkout::{self, CheckoutError, open_order_limits};
use backend::fulfilment::FulfilmentError;
use backend::payments::{self, PaymentError};
use backend::{Shop, fulfilment, order_management, orders};
use domain::id::{ApiKeyId, OrderId, ParcelId, VariantId};
use domain::order::{Channel, DeliveryState, PaymentMethod, PaymentState};
use domain::view::{CashOnDelivery, CheckoutForm, HomeSectionView, OrderLimits, OrderQuery};
use domain::{Currency, Locale, Money, Timestamp};
use platform::Context;
use platform::events::RecordedEvent;
use uuid::Uuid;

/// The field that the error of a refused order names.
fn field(refused: Result<OrderId, CheckoutError>) -> String {
    match refused {
        Err(CheckoutError::Invalid(fields)) => fields[0].0.clone(),
        other => panic!("{other:?}"),
    }
}

async fn order(shop: &Shop, ctx: &Context, form: CheckoutForm) -> Result<OrderId, CheckoutError> {
    let key = Uuid::new_v4().to_string();
    checkout::place_order(shop, ctx, Locale::En, Channel::Web, &key, form).await.map(|placed| placed.order)
}

/// An API key: a program of the shop's own, which has checked whom it orders for.
fn till(shop: &Shop) -> Context {
    Context::api_key(ApiKeyId(shop.id()), Vec::new(), guest(shop).request)
}

/// A cash order of shopper `n`, who has an e-mail, a telephone and an address of their own.
async fn of(shop: &Shop, variant: VariantId, n: u32) -> CheckoutForm {
    let mut form = form(a_cart(shop, &[(variant, 1)]).await, PaymentMethod::Cash);
    form.contact.email = format!("shopper{n}@example.com");
    form.contact.phone = format!("+63917{n:07}");
    form.delivery_address.line1 = format!("{n} Keong Saik Road");
    form
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_has_few_open_cash_orders_and_a_network_address_not_many_more() {
    both(async |shop| {
        limit(shop, OrderLimits { cash_per_person: 2, cash_per_client: 4, ..OrderLimits::NONE }).await;
        let variant = a_product().with_stock(100).make(shop).await;
        let from = |last: u8| guest(shop).from(Some([203, 0, 113, last].into()));
        let first = order(shop, &from(1), of(shop, variant, 1).await).await.unwrap();
        order(shop, &from(2), of(shop, variant, 1).await).await.unwrap();
        assert_eq!(field(order(shop, &from(3), of(shop, variant, 1).await).await), "payment");
        // Another e-mail with the same address and telephone number counts as the same shopper.
        for same in ["phone", "house"] {
            let mut form = of(shop, variant, 2).await;
            let one = of(shop, variant, 1).await;
            if same == "phone" {
                form.contact.phone = "0917 000-0001".into();
            } else {
                form.delivery_address.line1 = format!(" {} ", one.delivery_address.line1.to_uppercase());
            }
            assert_eq!(field(order(shop, &from(3), form).await), "payment", "{same}");
        }
        let mut capitals = of(shop, variant, 3).await;
        capitals.contact.email = "SHOPPER1@example.com".into();
        assert_eq!(field(order(shop, &from(3), capitals).await), "payment");
        // By card it is accepted; and in cash again once one was sent or cancelled.
        let card = CheckoutForm { payment: PaymentMethod::Card, ..of(shop, variant, 1).await };
        order(shop, &from(3), card).await.unwrap();
        order_management::cancel(shop, &owner(shop), first, "wrong size").await.unwrap();
        let second = order(shop, &from(3), of(shop, variant, 1).await).await.unwrap();
        let parcel = fulfilment::pick(shop, &clerk(shop), second).await.unwrap()[0];
        fulfilment::pack(shop, &clerk(shop), parcel).await.unwrap();
        fulfilment::ship(shop, &clerk(shop), parcel, "LBC", "1").await.unwrap();
        order(shop, &from(3), of(shop, variant, 1).await).await.unwrap();

        for n in 10..14 {
            order(shop, &from(9), of(shop, variant, n).await).await.unwrap();
        }
        assert_eq!(field(order(shop, &from(9), of(shop, variant, 14).await).await), "payment");
        order(shop, &from(10), of(shop, variant, 14).await).await.unwrap();
        // Orders from this machine itself and orders with an API key are not limited.
        for n in 20..30 {
            order(shop, &guest(shop).from(Some([127, 0, 0, 1].into())), of(shop, variant, n).await).await.unwrap();
            order(shop, &till(shop).from(Some([203, 0, 113, 9].into())), of(shop, variant, 1).await).await.unwrap();
        }
        assert!(number(shop, "select count(*) from order_fingerprints").await > 40);
        open_order_limits::delete_closed(shop).await.unwrap();
        let closed = "select count(*) from order_fingerprints m join orders o on o.id = m.order_id
            where o.cancelled_at is not null or o.fulfilment_state <> 'unfulfilled'";
        assert_eq!(number(shop, closed).await, 0, "what was sent or cancelled leaves no fingerprint");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unpaid_card_orders_are_limited_by_shopper_and_by_network_address() {
    both_worlds(async |world| {
        limit(world, OrderLimits { card_per_person: 2, card_per_client: 3, ..OrderLimits::NONE }).await;
        let variant = a_product().with_stock(100).make(world).await;
        let from = |last: u8| guest(world).from(Some([203, 0, 113, last].into()));
        let card = async |n: u32| CheckoutForm { payment: PaymentMethod::Card, ..of(world, variant, n).await };
        let first = order(world, &from(1), card(1).await).await.unwrap();
        order(world, &from(2), card(1).await).await.unwrap();
        assert_eq!(field(order(world, &from(3), card(1).await).await), "payment", "two of one shopper are open");
        order(world, &from(3), of(world, variant, 1).await).await.unwrap();
        order(world, &from(1), card(2).await).await.unwrap();
        order(world, &from(1), card(3).await).await.unwrap();
        assert_eq!(field(order(world, &from(1), card(4).await).await), "payment", "three of one network address are open");
        // Orders that are paid, cancelled or expired do not count.
        order_management::cancel(world, &owner(world), first, "given up").await.unwrap();
        order(world, &from(1), card(4).await).await.unwrap();
        world.shop.clock.advance(payments::UNPAID_FOR_MS + 60_000);
        order_management::expire_unpaid(world).await.unwrap();
        order(world, &from(1), card(1).await).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_orders_placed_at_once_are_counted_one_by_one() {
    both(async |shop| {
        limit(shop, OrderLimits { cash_per_person: 3, ..OrderLimits::NONE }).await;
        let variant = a_product().with_stock(100).make(shop).await;
        let mut tries = Vec::new();
        for _ in 0..16 {
            let (shop, form) = (shop.shop.clone(), of(shop, variant, 1).await);
            tries.push(tokio::spawn(async move { order(&shop, &guest(&shop), form).await }));
        }
        let placed = futures::future::join_all(tries).await.into_iter().filter(|one| matches!(one, Ok(Ok(_)))).count();
        assert_eq!((placed, number(shop, "select count(*) from orders").await), (3, 3));
        assert_eq!(number(shop, "select cast(sum(reserved) as bigint) from stock").await, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_limited_to_the_lines_and_units_of_the_settings() {
    both(async |shop| {
        let variant = a_product().at(10_000).with_stock(1_000).make(shop).await;
        let others = [a_product().with_stock(9).make(shop).await, a_product().with_stock(9).make(shop).await];
        let with = async |lines: &[(VariantId, i64)], payment| form(a_cart(shop, lines).await, payment);
        let (cod, card) = (PaymentMethod::Cash, PaymentMethod::Card);
        limit(shop, OrderLimits { line_units: 20, lines: 2, cash_total: 200_000, ..OrderLimits::NONE }).await;
        assert_eq!(field(order(shop, &guest(shop), with(&[(variant, 21)], card).await).await), "cart");
        let three = [(variant, 1), (others[0], 1), (others[1], 1)];
        assert_eq!(field(order(shop, &guest(shop), with(&three, card).await).await), "cart");
        // 100.00 for delivery comes on top.
        assert_eq!(field(order(shop, &guest(shop), with(&[(variant, 20)], cod).await).await), "payment");
        order(shop, &guest(shop), with(&[(variant, 19)], cod).await).await.unwrap();
        order(shop, &guest(shop), with(&[(variant, 20)], card).await).await.unwrap();
        order(shop, &till(shop), with(&[(variant, 500)], cod).await).await.unwrap();
        limit(shop, OrderLimits { cash: false, ..OrderLimits::NONE }).await;
        assert_eq!(field(order(shop, &guest(shop), with(&[(variant, 1)], cod).await).await), "payment");
        order(shop, &guest(shop), with(&[(variant, 1)], card).await).await.unwrap();
        assert_eq!(
            number(shop, "select cast(sum(reserved) as bigint) from stock").await,
            19 + 20 + 500 + 1,
            "what is refused holds nothing"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_why_cash_is_not_taken_is_given() {
    both(async |shop| {
        let variant = a_product().at(10_000).with_stock(9).make(shop).await;
        let cart = a_cart(shop, &[(variant, 2)]).await;
        let offered = async |ctx: &Context| {
            let options = checkout::delivery_options(shop, ctx, Locale::En, Channel::Web, cart, &address()).await.unwrap();
            options[0].cash
        };
        limit(shop, OrderLimits { cash_total: 30_000, ..OrderLimits::NONE }).await;
        assert_eq!(offered(&guest(shop)).await, CashOnDelivery::Taken);
        limit(shop, OrderLimits { cash_total: 29_999, ..OrderLimits::NONE }).await;
        assert_eq!(offered(&guest(shop)).await, CashOnDelivery::UpTo(Money::new(29_999, Currency::PHP)));
        assert_eq!(offered(&till(shop)).await, CashOnDelivery::Taken);
        shop.db().write(async |tx| tx.execute("update delivery_methods set collects_cash = 0", &[]).await).await.unwrap();
        // Which no event told.
        backend::caches::invalidate_all(shop);
        assert_eq!(offered(&guest(shop)).await, CashOnDelivery::NotCollected);
        limit(shop, OrderLimits { cash: false, ..OrderLimits::NONE }).await;
        assert_eq!(offered(&guest(shop)).await, CashOnDelivery::Off);
        assert!(!open_order_limits::takes_cash(shop, &guest(shop)) && open_order_limits::takes_cash(shop, &till(shop)));
        let home = backend::content::home(shop, Locale::En).await.unwrap();
        assert!(home.sections.contains(&HomeSectionView::Promises { cash: false }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cash_order_that_is_never_sent_expires_and_releases_its_stock() {
    both_worlds(async |world| {
        limit(world, OrderLimits { cash_days: 14, ..OrderLimits::NONE }).await;
        let variant = a_product().with_stock(10).make(world).await;
        let [left, picked, unpicked] = [of(world, variant, 1).await, of(world, variant, 2).await, of(world, variant, 3).await];
        let left = order(world, &guest(world), left).await.unwrap();
        let picked = order(world, &guest(world), picked).await.unwrap();
        fulfilment::pick(world, &clerk(world), picked).await.unwrap();
        world.shop.clock.advance(13 * Timestamp::DAY);
        let young = order(world, &guest(world), unpicked).await.unwrap();
        assert_eq!(order_management::expire_cash(world).await.unwrap(), 0);
        world.shop.clock.advance(Timestamp::DAY);
        assert_eq!(order_management::expire_cash(world).await.unwrap(), 1);
        assert_eq!(order_management::expire_cash(world).await.unwrap(), 0);
        let cancelled = async |order| order_management::view(world, &world.system(), Locale::En, order).await.unwrap().cancelled;
        assert_eq!(cancelled(left).await.unwrap().1, "It could not be sent in time.");
        assert!(cancelled(picked).await.is_none() && cancelled(young).await.is_none());
        assert_eq!(number(world, "select cast(sum(reserved) as bigint) from stock").await, 2);
        world.send_mails().await;
        assert!(world.mails().await.iter().any(|mail| mail.1.contains("could not send your order") && mail.1.contains("You pay nothing")));
        limit(world, OrderLimits::NONE).await;
        world.shop.clock.advance(400 * Timestamp::DAY);
        assert_eq!(order_management::expire_cash(world).await.unwrap(), 0, "0 days are never");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_measured_in_letters_and_must_be_visible() {
    both(async |shop| {
        let variant = a_product().with_stock(10).make(shop).await;
        let named = async |name: &str| {
            let mut form = of(shop, variant, 1).await;
            form.contact.name = name.into();
            order(shop, &guest(shop), form).await
        };
        named(&"李".repeat(120)).await.unwrap();
        for wrong in ["\u{200b}\u{200d}", "\u{feff} \u{2060}", "\u{3164}", " ", &"李".repeat(121)] {
            assert_eq!(field(named(wrong).await), "name", "{wrong:?}");
        }
    })
    .await;
}

/// A cash order whose parcels are on their way, one from each house.
async fn on_its_way(shop: &Shop, houses: &[&'static str]) -> (OrderId, Vec<ParcelId>) {
    let product = houses.iter().copied().fold(a_product(), |product, house| product.with_stock_in(house, 1));
    let units = i64::try_from(houses.len()).unwrap();
    let placed = place(shop, &[(product.make(shop).await, units)]).await.unwrap();
    let parcels = fulfilment::pick(shop, &clerk(shop), placed.order).await.unwrap();
    for parcel in &parcels {
        fulfilment::pack(shop, &clerk(shop), *parcel).await.unwrap();
        fulfilment::ship(shop, &clerk(shop), *parcel, "LBC", "").await.unwrap();
    }
    (placed.order, parcels)
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_missing_on_delivery_stays_due_until_it_is_captured() {
    both(async |shop| {
        let (order, parcels) = on_its_way(shop, &["WH-1"]).await;
        let see = async || order_management::view(shop, &owner(shop), Locale::En, order).await.unwrap();
        let total = see().await.total.minor;
        let due = async || {
            let query = OrderQuery { queue: "cash_due".into(), ..OrderQuery::default() };
            orders::list(shop, &owner(shop), &query).await.unwrap().orders.len()
        };

        // More than is due is a mistake, and the parcel stays as it was.
        let more = fulfilment::deliver_for(shop, &clerk(shop), parcels[0], Some(total + 1)).await;
        assert!(matches!(more, Err(FulfilmentError::Payment(PaymentError::TooMuch(most))) if most.minor == total), "{more:?}");
        assert_eq!(see().await.delivery, DeliveryState::InTransit);

        fulfilment::deliver_for(shop, &clerk(shop), parcels[0], Some(total - 5_000)).await.unwrap();
        let now = see().await;
        assert_eq!((now.delivery, now.payment), (DeliveryState::Delivered, PaymentState::PartlyPaid));
        assert_eq!((now.captured.minor, due().await), (total - 5_000, 1));
        let sql = "select seq, id, kind, subject, actor, data, at from events where kind = 'payment.cash_missing'";
        let event: RecordedEvent = shop.db().fetch_one(sql, &[]).await.unwrap();
        assert!(event.actor.starts_with("staff:") && event.data.contains("\"amount\":5000"), "{event:?}");
        assert!(now.timeline.iter().any(|entry| entry.kind == "payment.cash_missing" && entry.text.contains("50.00")));
        assert_sound(shop).await;

        let more = payments::capture(shop, &owner(shop), order, Some(5_001)).await;
        assert!(matches!(more, Err(PaymentError::TooMuch(most)) if most.minor == 5_000), "{more:?}");
        payments::capture(shop, &owner(shop), order, Some(2_000)).await.unwrap();
        assert_eq!((see().await.payment, due().await), (PaymentState::PartlyPaid, 1));
        payments::capture(shop, &owner(shop), order, None).await.unwrap();
        let now = see().await;
        assert_eq!((now.payment, now.captured.minor, due().await), (PaymentState::Paid, total, 0));
        assert_eq!(number(shop, "select cast(sum(amount) as bigint) from postings where account = 'cash'").await, total);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_brings_no_cash_is_delivered_and_one_of_two_brings_a_part() {
    both(async |shop| {
        let (order, parcels) = on_its_way(shop, &["WH-1"]).await;
        fulfilment::deliver_for(shop, &clerk(shop), parcels[0], Some(0)).await.unwrap();
        let see = async |order| order_management::view(shop, &owner(shop), Locale::En, order).await.unwrap();
        let now = see(order).await;
        assert_eq!((now.delivery, now.payment, now.captured.minor), (DeliveryState::Delivered, PaymentState::Pending, 0));
        assert_sound(shop).await;

        let (order, parcels) = on_its_way(shop, &["WH-1", "WH-2"]).await;
        fulfilment::deliver_for(shop, &clerk(shop), parcels[0], Some(7_000)).await.unwrap();
        assert_eq!(see(order).await.payment, PaymentState::PartlyPaid);
        fulfilment::deliver(shop, &clerk(shop), parcels[1]).await.unwrap();
        let now = see(order).await;
        assert_eq!((now.payment, now.captured), (PaymentState::Paid, now.total));
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_that_no_page_showed_as_due_is_not_booked() {
    both(async |shop| {
        let (order, parcels) = on_its_way(shop, &["WH-1", "WH-2"]).await;
        let see = async || order_management::view(shop, &owner(shop), Locale::En, order).await.unwrap();
        // Two clerks look at the order while both parcels are on their way: neither page asks for cash.
        fulfilment::deliver_for(shop, &clerk(shop), parcels[0], None).await.unwrap();
        assert_eq!(number(shop, "select count(*) from events where kind = 'payment.cash_missing'").await, 0);
        fulfilment::deliver_for(shop, &clerk(shop), parcels[1], None).await.unwrap();
        let now = see().await;
        assert_eq!((now.delivery, now.payment, now.captured.minor), (DeliveryState::Delivered, PaymentState::Pending, 0));
        assert_eq!((now.due(), number(shop, "select count(*) from events where kind = 'payment.cash_missing'").await), (now.total, 1));
        assert_sound(shop).await;
        payments::capture(shop, &owner(shop), order, None).await.unwrap();
        assert_eq!(see().await.payment, PaymentState::Paid);

        // What was paid before is not asked for, and nothing of it is missing.
        let (order, parcels) = on_its_way(shop, &["WH-1"]).await;
        payments::capture(shop, &owner(shop), order, None).await.unwrap();
        fulfilment::deliver_for(shop, &clerk(shop), parcels[0], None).await.unwrap();
        let now = order_management::view(shop, &owner(shop), Locale::En, order).await.unwrap();
        assert_eq!((now.delivery, now.payment), (DeliveryState::Delivered, PaymentState::Paid));
        assert_eq!(number(shop, "select count(*) from events where kind = 'payment.cash_missing'").await, 1);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_cash_is_compared_with_what_is_left_to_collect() {
    both_worlds(async |world| {
        limit(world, OrderLimits { cash_total: 25_000, ..OrderLimits::NONE }).await;
        let variant = a_product().at(10_000).with_stock(2).make(world).await;
        let placed = world.card_order(&[(variant, 2)]).await;
        assert_eq!(placed.total.minor, 30_000);
        let takes_cash = async || world.order(placed.order).await.unpaid.unwrap().cash;
        assert!(!takes_cash().await);
        let refused = checkout::pay_in_cash(world, &guest(world), placed.order).await;
        assert!(matches!(refused, Err(PaymentError::NoCash)), "{refused:?}");
        let line = world.order(placed.order).await.lines[0].id;
        order_management::cancel_units(world, &owner(world), placed.order, vec![(line, 1)], false, "one broke").await.unwrap();
        assert!(takes_cash().await);
        checkout::pay_in_cash(world, &guest(world), placed.order).await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!((order.payment_method, order.due().minor), (PaymentMethod::Cash, 20_000));
        world.assert_sound().await;
    })
    .await;
}
