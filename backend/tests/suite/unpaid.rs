//! Card orders that are not paid: they expire, are switched to cash, or are cancelled; on both databases.

use crate::support::outside::{DECLINED, VISA, World, both_worlds, owner};
use crate::support::{a_product, guest, number, place};
use backend::payments::{self, PaymentError, start_card, sync};
use backend::{checkout, fulfilment, order_management};
use domain::order::{FulfilmentState, PaymentMethod, PaymentState};

async fn kept_until_picked(world: &World, order: domain::id::OrderId) -> bool {
    world.shop.clock.advance(2 * payments::UNPAID_FOR_MS);
    world.work().await;
    order_management::expire_unpaid(world).await.unwrap();
    world.order(order).await.cancelled.is_none() && fulfilment::pick(world, &owner(world), order).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_card_order_expires_and_gives_its_stock_back() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        assert!(place(world, &[(variant, 1)]).await.is_err());
        world.work().await;
        assert_eq!(world.order(placed.order).await.cancelled, None);
        world.shop.clock.advance(payments::UNPAID_FOR_MS);
        world.work().await;
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.fulfilment), (PaymentState::Voided, FulfilmentState::Cancelled));
        assert!(order.cancelled.is_some());
        assert!(place(world, &[(variant, 1)]).await.is_ok());
        // The payment page that is still open takes no payment any more.
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await;
        assert_eq!(world.moved().await, (0, 0));
        assert!(matches!(start_card(world, placed.order).await, Err(PaymentError::Cancelled)));
        assert_eq!(order_management::expire_unpaid(world).await.unwrap(), 0);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_paid_while_the_webhook_was_lost_does_not_expire() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        // The shopper paid and closed the browser; no webhook came.
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        world.shop.clock.advance(payments::UNPAID_FOR_MS);
        assert_eq!(order_management::expire_unpaid(world).await.unwrap(), 0);
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Authorised);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_payment_was_voided_is_cancelled_when_its_time_is_over() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        // As after a crash between the gateway's answer and the cancellation of the order.
        let intent: String = world.db().fetch_scalar("select gateway_ref from payments", &[]).await.unwrap();
        let url = format!("{}/v1/payment_intents/{intent}/cancel", world.running.url());
        assert!(world.http.post(url).bearer_auth("sk_test_sandbox").send().await.unwrap().status().is_success());
        sync(world, placed.order).await.unwrap();
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Voided);
        assert_eq!(order_management::expire_unpaid(world).await.unwrap(), 0, "its time is not over");
        world.shop.clock.advance(payments::UNPAID_FOR_MS + 60_000);
        assert_eq!(order_management::expire_unpaid(world).await.unwrap(), 1);
        assert_eq!(world.order(placed.order).await.fulfilment, FulfilmentState::Cancelled);
        assert_eq!(number(world, "select cast(sum(available) as bigint) from stock").await, 1);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_card_order_is_paid_in_cash_instead() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        let page = placed.pay_at.unwrap();
        world.pay(&page, DECLINED).await;
        assert!(world.order(placed.order).await.unpaid.is_some_and(|unpaid| unpaid.cash));
        checkout::pay_in_cash(world, &guest(world), placed.order).await.unwrap();
        // Sent twice, the result is the same.
        checkout::pay_in_cash(world, &guest(world), placed.order).await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!((order.payment_method, order.payment, order.unpaid), (PaymentMethod::Cash, PaymentState::Pending, None));
        assert_eq!(number(world, "select count(*) from payments where tender = 'cod'").await, 1);
        assert_eq!(number(world, "select count(*) from events where kind = 'order.payment_changed' and actor = 'nobody'").await, 1);
        // The payment page that is still open takes no payment any more, and no new one is opened.
        world.pay(&page, VISA).await;
        assert_eq!(world.moved().await, (0, 0));
        assert_eq!(start_card(world, placed.order).await.unwrap(), None);
        world.send_mails().await;
        assert_eq!(world.mails().await.iter().map(|mail| mail.0.clone()).collect::<Vec<_>>(), [format!("Order {} is in", placed.number)]);
        // It does not expire, and its cash is taken at the door.
        assert!(kept_until_picked(world, placed.order).await);
        let parcel = world.order(placed.order).await.parcels[0].id;
        fulfilment::pack(world, &owner(world), parcel).await.unwrap();
        fulfilment::ship(world, &owner(world), parcel, "LBC", "").await.unwrap();
        fulfilment::deliver(world, &owner(world), parcel).await.unwrap();
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Paid);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_was_paid_by_card_does_not_become_one_for_cash() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        // Paid in another tab, and no webhook has come yet.
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        checkout::pay_in_cash(world, &guest(world), placed.order).await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!((order.payment_method, order.payment), (PaymentMethod::Card, PaymentState::Authorised));
        let refused = order_management::give_up_unpaid(world, &guest(world), placed.order).await;
        assert!(matches!(refused, Err(order_management::OrderChangeError::Paid)), "{refused:?}");
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_card_order_is_not_switched_to_cash_where_cash_is_not_collected() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        world.db().write(async |tx| tx.execute("update delivery_methods set collects_cash = 0", &[]).await).await.unwrap();
        assert!(world.order(placed.order).await.unpaid.is_some_and(|unpaid| !unpaid.cash));
        let refused = checkout::pay_in_cash(world, &guest(world), placed.order).await;
        assert!(matches!(refused, Err(PaymentError::NoCash)), "{refused:?}");
        assert_eq!(world.order(placed.order).await.payment_method, PaymentMethod::Card);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_cancels_an_unpaid_order_and_its_stock_is_released() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        order_management::give_up_unpaid(world, &guest(world), placed.order).await.unwrap();
        order_management::give_up_unpaid(world, &guest(world), placed.order).await.unwrap();
        let order = world.order(placed.order).await;
        assert!(order.cancelled.is_some() && order.unpaid.is_none());
        let goods = order_management::cart_items(world, placed.order).await.unwrap();
        assert_eq!(goods.iter().map(|item| (item.variant, item.quantity.get())).collect::<Vec<_>>(), [(variant, 1)]);
        assert!(place(world, &[(variant, 1)]).await.is_ok());
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await;
        assert_eq!(world.moved().await, (0, 0));
        assert_eq!(number(world, "select count(*) from events where kind = 'order.cancelled' and actor = 'nobody'").await, 1);
        world.assert_sound().await;
        // A cash order is not cancelled this way.
        let cash = a_product().with_stock(1).make(world).await;
        let placed = place(world, &[(cash, 1)]).await.unwrap();
        assert!(matches!(
            order_management::give_up_unpaid(world, &guest(world), placed.order).await,
            Err(order_management::OrderChangeError::Paid)
        ));
    })
    .await;
}
