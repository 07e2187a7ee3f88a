//! Orders of what is handed over at a counter: without a name, an address, a delivery and a promise. On both databases.

use crate::export::{orders_file, read};
use crate::support::outside::{VISA, World, both_worlds, owner};
use crate::support::{a_cart, a_product, form, guest, items, number, place};
use backend::checkout::{CheckoutError, place_counter_order, place_order};
use backend::customers::CustomersFile;
use backend::fulfilment::FulfilmentError;
use backend::{cart, fulfilment, order_management, orders, payments};
use domain::Locale;
use domain::id::{ApiKeyId, CartId, RequestId, VariantId};
use domain::order::{Channel, DeliveryState, FulfilmentState, PaymentMethod, PaymentState};
use domain::permission::Permission;
use domain::view::{CounterForm, OrderQuery, Placed};
use platform::Context;

/// The program of a counter.
fn counter(world: &World) -> Context {
    Context::api_key(ApiKeyId(world.id()), vec![Permission::CreateOrders], RequestId(world.id()))
}

async fn a_till_cart(world: &World, of: &[(VariantId, i64)]) -> CartId {
    let view = cart::sync(world, &counter(world), Locale::En, Channel::Till, None, 0, items(of), None).await.unwrap();
    view.id.unwrap()
}

async fn try_to_sell(world: &World, ctx: &Context, cart: CartId, payment: PaymentMethod, key: &str) -> Result<Placed, CheckoutError> {
    place_counter_order(world, ctx, Locale::En, key, CounterForm { cart, payment, seen_total: None }).await
}

async fn sell(world: &World, of: &[(VariantId, i64)], payment: PaymentMethod, key: &str) -> Placed {
    let cart = a_till_cart(world, of).await;
    try_to_sell(world, &counter(world), cart, payment, key).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sold_at_a_counter_is_shown_everywhere_and_handed_over_for_its_cash() {
    both_worlds(async |world| {
        let variant = a_product().at(11_200).with_stock(5).make(world).await;
        let placed = sell(world, &[(variant, 2)], PaymentMethod::Cash, "sold-at-the-counter").await;
        assert_eq!((placed.total.minor, placed.pay_at.as_deref()), (22_400, None), "there is no fee");

        let order = world.order(placed.order).await;
        assert_eq!((order.channel, order.contact, order.delivery_address, order.billing_address), (Channel::Till, None, None, None));
        assert_eq!((order.delivery_name, order.promised, order.delivery_fee.minor), (None, None, 0));
        assert_eq!(order.tax.minor, 2_400, "the taxes are those of the shop's country");
        assert!(order.delivery_label.is_empty() && order.billing_label.is_empty());
        let token = placed.link.rsplit('/').next().unwrap();
        assert_eq!(order_management::by_link(world, Locale::Fil, token).await.unwrap().number, placed.number);

        for search in ["", placed.number.as_str()] {
            let query = OrderQuery { search: search.into(), ..OrderQuery::default() };
            let list = orders::list(world, &owner(world), &query).await.unwrap();
            assert_eq!((list.orders.len(), list.orders[0].customer.as_deref()), (1, None));
        }
        let rows = read(&orders_file(&world.shop, OrderQuery::default()).await);
        assert_eq!((rows[0]["channel"].as_str(), rows[0]["name"].as_str(), rows[0]["delivery_city"].as_str()), ("till", "", ""));
        assert_eq!((rows[0]["delivery_method"].as_str(), rows[0]["total"].as_str()), ("", "224.00"));
        let mut customers = CustomersFile::begin(world, &owner(world)).await.unwrap();
        let mut all = Vec::new();
        while let Some(part) = customers.next().await.unwrap() {
            all.extend(part);
        }
        assert_eq!(String::from_utf8(all).unwrap().lines().count(), 1, "nobody is a customer by it");
        assert_eq!(fulfilment::pick_list(world, &owner(world), Locale::En, &[placed.order]).await.unwrap().lines.len(), 1);

        let parcel = fulfilment::pick(world, &owner(world), placed.order).await.unwrap()[0];
        fulfilment::pack(world, &owner(world), parcel).await.unwrap();
        fulfilment::ship(world, &owner(world), parcel, "", "").await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!((order.delivery, order.fulfilment), (DeliveryState::Delivered, FulfilmentState::Fulfilled));
        assert_eq!((order.payment, order.captured), (PaymentState::Paid, placed.total));
        assert_eq!(order.parcels[0].courier, None);
        assert!(order.timeline.iter().any(|entry| entry.text == "Handed over at the counter"));
        world.send_mails().await;
        assert!(world.mails().await.is_empty(), "there is nobody to write to");
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_counter_gives_back_in_cash_is_handed_over_with_the_refund() {
    both_worlds(async |world| {
        let variant = a_product().at(11_200).with_stock(1).make(world).await;
        let placed = sell(world, &[(variant, 1)], PaymentMethod::Cash, "sold-at-the-counter").await;
        let parcel = fulfilment::pick(world, &owner(world), placed.order).await.unwrap()[0];
        fulfilment::pack(world, &owner(world), parcel).await.unwrap();
        fulfilment::ship(world, &owner(world), parcel, "", "").await.unwrap();
        let staff = owner(world);
        payments::refund(world, &staff, placed.order, 700, "a scratch").await.unwrap();
        let order = world.order(placed.order).await;
        let handed = order.refunds[0].handed_over.clone();
        assert_eq!(handed.map(|(_, who)| who), staff.user().map(|user| user.to_string()));
        payments::hand_over_refund(world, &staff, order.refunds[0].id).await.unwrap();
        let times = "select count(*) from events where kind = 'payment.refund_handed_over'";
        assert_eq!(number(world, times).await, 1);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counters_order_is_paid_by_card_or_cancelled_without_a_mail() {
    both_worlds(async |world| {
        let variant = a_product().at(11_200).with_stock(5).make(world).await;
        let card = sell(world, &[(variant, 1)], PaymentMethod::Card, "sold-by-card").await;
        world.pay(card.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        payments::sync(world, card.order).await.unwrap();
        assert_eq!(world.order(card.order).await.payment, PaymentState::Authorised);
        let unpaid = sell(world, &[(variant, 1)], PaymentMethod::Card, "sold-and-not-paid").await;
        assert!(world.order(unpaid.order).await.unpaid.unwrap().cash, "cash is taken by hand");
        for order in [card.order, unpaid.order] {
            order_management::cancel(world, &owner(world), order, "changed their mind").await.unwrap();
        }
        world.send_mails().await;
        assert!(world.mails().await.is_empty());
        assert_eq!(number(world, "select cast(sum(reserved) as bigint) from stock").await, 0);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counters_order_is_placed_once_and_only_by_who_may_sell() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(5).make(world).await;
        let cart = a_till_cart(world, &[(variant, 1)]).await;
        let stranger = try_to_sell(world, &guest(world), cart, PaymentMethod::Cash, "sold-by-nobody").await;
        assert!(matches!(stranger, Err(CheckoutError::Forbidden(_))), "{stranger:?}");
        let to_the_door = form(cart, PaymentMethod::Cash);
        let stranger = place_order(world, &guest(world), Locale::En, Channel::Till, "sold-by-nobody", to_the_door.clone()).await;
        assert!(matches!(stranger, Err(CheckoutError::Forbidden(_))), "{stranger:?}");

        let seller = counter(world);
        let first = try_to_sell(world, &seller, cart, PaymentMethod::Cash, "sold-only-once").await.unwrap();
        for key in ["sold-only-once", "sold-with-another-key"] {
            let again = try_to_sell(world, &seller, cart, PaymentMethod::Cash, key).await.unwrap();
            assert_eq!((again.order, again.replay), (first.order, true));
        }
        let other = try_to_sell(world, &seller, cart, PaymentMethod::Card, "sold-only-once").await;
        assert!(matches!(other, Err(CheckoutError::KeyReused)), "{other:?}");
        // Nobody else is given the order by its cart.
        let stranger = place_order(world, &guest(world), Locale::En, Channel::Web, "a-web-order", to_the_door.clone()).await;
        assert!(matches!(stranger, Err(CheckoutError::NoCart)), "{stranger:?}");
        let bought = form(a_cart(world, &[(variant, 1)]).await, PaymentMethod::Cash);
        let at_the_door = place_order(world, &guest(world), Locale::En, Channel::Web, "another-web-order", bought.clone()).await.unwrap();
        let taken = try_to_sell(world, &counter(world), bought.cart, PaymentMethod::Cash, "sold-what-is-bought").await;
        assert!(matches!(taken, Err(CheckoutError::NoCart)), "{taken:?}");
        assert_ne!(at_the_door.order, first.order);

        // What is sold there can also be delivered.
        let cart = a_till_cart(world, &[(variant, 1)]).await;
        let delivered = form(cart, PaymentMethod::Cash);
        let delivered = place_order(world, &counter(world), Locale::En, Channel::Till, "to-be-delivered", delivered).await.unwrap();
        let order = world.order(delivered.order).await;
        assert_eq!((order.channel, order.delivery_name.as_deref(), order.delivery_fee.minor), (Channel::Till, Some("Standard"), 10_000));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_not_delivered_leaves_without_a_courier() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(5).make(world).await;
        let placed = place(world, &[(variant, 1)]).await.unwrap();
        let parcel = fulfilment::pick(world, &owner(world), placed.order).await.unwrap()[0];
        fulfilment::pack(world, &owner(world), parcel).await.unwrap();
        let sent = fulfilment::ship(world, &owner(world), parcel, " ", "").await;
        assert!(matches!(sent, Err(FulfilmentError::Courier)), "{sent:?}");
        assert_eq!(world.order(placed.order).await.delivery, DeliveryState::Packed);
    })
    .await;
}
