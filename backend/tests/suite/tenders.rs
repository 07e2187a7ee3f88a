//! What an order is paid with: several payments of one order, captures and payment allocations as rows, accounts at gateways.

use crate::refusals::{authorised, captured, retry, rows, ship, the_row};
use crate::support::outside::{DECLINED, VISA, World, assert_sound, both_worlds, clerk, owner};
use crate::support::{Folder, a_product, both, both_empty, guest, number, open_shop, place};
use backend::payments::{self, PaymentError, capture, hand_over_refund, refund, refund_parts, start_card};
use backend::{GatewayConfig, ShopConfig, fulfilment, order_management};
use domain::Locale;
use domain::credit::CreditRequest;
use domain::order::{AttemptState, CaptureState, PaymentState, Tender};
use domain::view::Placed;
use platform::db::Tx;
use serde_json::json;

const ALLOCATED: &str = "select coalesce(cast(sum(amount) as bigint), cast(0 as bigint)) from payment_allocations";
const ALLOCATIONS: &str = "select count(*) from payment_allocations";

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_an_earlier_attempt_pays_is_sent_though_a_later_one_failed() {
    both_worlds(async |world| {
        world.open_webhooks().await;
        let variant = a_product().at(11_200).with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        let first = placed.pay_at.clone().unwrap();
        // The first attempt is voided here and stays open at the gateway, as when its answer is lost.
        let forget = async |tx: &mut Tx| tx.execute("update payments set state = 'voided'", &[]).await;
        world.db().write(forget).await.unwrap();
        let second = start_card(world, placed.order).await.unwrap().unwrap();
        assert_ne!(first, second);
        world.pay(&second, DECLINED).await;
        world.quiet().await;
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Failed);
        world.pay(&first, VISA).await.unwrap();
        world.quiet().await;

        let order = world.order(placed.order).await;
        let states: Vec<AttemptState> = order.payments.iter().map(|payment| payment.state).collect();
        assert_eq!(states, [AttemptState::Authorised, AttemptState::Failed]);
        assert_eq!((order.payment, order.payment_failure, order.unpaid), (PaymentState::Authorised, None, None));
        assert_eq!(start_card(world, placed.order).await.unwrap(), None, "nothing is to be paid again");
        world.shop.clock.advance(2 * payments::UNPAID_FOR_MS);
        world.work().await;
        assert_eq!(order_management::expire_unpaid(world).await.unwrap(), 0);
        ship(world, &placed).await;
        world.work().await;
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.captured, order.cancelled), (PaymentState::Paid, placed.total, None));
        assert_eq!(world.moved().await, (placed.total.minor, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_two_attempts_pay_is_captured_once_and_the_other_hold_is_released() {
    both_worlds(async |world| {
        world.open_webhooks().await;
        let variant = a_product().at(11_200).with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        let forget = async |tx: &mut Tx| tx.execute("update payments set state = 'voided'", &[]).await;
        world.db().write(forget).await.unwrap();
        let second = start_card(world, placed.order).await.unwrap().unwrap();
        for page in [placed.pay_at.as_deref().unwrap(), &second] {
            world.pay(page, VISA).await.unwrap();
        }
        world.quiet().await;
        let states =
            async || -> Vec<AttemptState> { world.order(placed.order).await.payments.iter().map(|payment| payment.state).collect() };
        assert_eq!(states().await, [AttemptState::Authorised, AttemptState::Authorised]);
        capture(world, &owner(world), placed.order, None).await.unwrap();
        world.work().await;
        assert_eq!(states().await, [AttemptState::Voided, AttemptState::Captured]);
        let ledger = world.read("/_control/ledger").await;
        assert!(ledger["totals"].as_object().unwrap().values().all(|sums| sums["held"] == json!(0)), "{ledger}");
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.captured), (PaymentState::Paid, placed.total));
        assert_eq!(world.moved().await, (placed.total.minor, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_payments_of_one_order_add_up() {
    both(async |shop| {
        let variant = a_product().at(11_200).with_stock(1).make(shop).await;
        let placed = place(shop, &[(variant, 1)]).await.unwrap();
        let parcel = fulfilment::pick(shop, &clerk(shop), placed.order).await.unwrap()[0];
        fulfilment::pack(shop, &clerk(shop), parcel).await.unwrap();
        fulfilment::ship(shop, &clerk(shop), parcel, "LBC", "").await.unwrap();
        fulfilment::deliver_for(shop, &clerk(shop), parcel, Some(5_000)).await.unwrap();
        let see = async || order_management::view(shop, &owner(shop), Locale::En, placed.order).await.unwrap();
        let now = see().await;
        assert_eq!((now.payment, now.captured.minor), (PaymentState::PartlyPaid, 5_000));
        capture(shop, &owner(shop), placed.order, None).await.unwrap();
        let now = see().await;
        assert_eq!((now.payment, now.captured), (PaymentState::Paid, placed.total));
        let each: Vec<_> = now.payments.iter().map(|payment| (payment.tender, payment.captured.minor, payment.captures.len())).collect();
        assert_eq!(each, [(Tender::Cash, 5_000, 1), (Tender::Cash, placed.total.minor - 5_000, 1)]);
        assert_eq!((number(shop, ALLOCATIONS).await, number(shop, ALLOCATED).await), (2, placed.total.minor));
        // What goes back comes of the larger one, and the order is paid less.
        refund(shop, &owner(shop), placed.order, 700, "a scratch").await.unwrap();
        assert_eq!((see().await.refunded.minor, number(shop, ALLOCATED).await), (700, placed.total.minor - 700));
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_payments_brought_goes_back_as_a_refund_of_each() {
    both(async |shop| {
        let variant = a_product().at(20_500).with_stock(1).make(shop).await;
        let placed = place(shop, &[(variant, 1)]).await.unwrap();
        let parcel = fulfilment::pick(shop, &clerk(shop), placed.order).await.unwrap()[0];
        fulfilment::pack(shop, &clerk(shop), parcel).await.unwrap();
        fulfilment::ship(shop, &clerk(shop), parcel, "LBC", "").await.unwrap();
        fulfilment::deliver_for(shop, &clerk(shop), parcel, Some(10_000)).await.unwrap();
        capture(shop, &owner(shop), placed.order, None).await.unwrap();
        let see = async || order_management::view(shop, &owner(shop), Locale::En, placed.order).await.unwrap();
        let line = see().await.lines[0].id;
        let too_much = refund(shop, &owner(shop), placed.order, placed.total.minor + 1, "it broke").await;
        assert!(matches!(too_much, Err(PaymentError::TooMuch(most)) if most == placed.total), "{too_much:?}");
        let wanted = CreditRequest { lines: vec![(line, 1)], fee: placed.total.minor - 20_500, amount: 0 };
        refund(shop, &owner(shop), placed.order, wanted, "it broke").await.unwrap();
        let now = see().await;
        let mut each: Vec<i64> = now.refunds.iter().map(|refund| refund.amount.minor).collect();
        each.sort_unstable();
        assert_eq!(each, [10_000, placed.total.minor - 10_000]);
        assert_eq!((now.payment, now.refundable().minor, now.price[0].units_left()), (PaymentState::Refunded, 0, 0));
        assert_sound(shop).await;
    })
    .await;
}

/// An order of 212.00 of which the card brought 150.00, and 62.00 came in cash; its line, and what of it is the delivery fee.
async fn paid_by_card_and_cash(world: &World) -> (Placed, CreditRequest) {
    let placed = authorised(world).await;
    capture(world, &owner(world), placed.order, Some(15_000)).await.unwrap();
    capture(world, &owner(world), placed.order, None).await.unwrap();
    let order = world.order(placed.order).await;
    assert_eq!((placed.total.minor, order.captured), (21_200, placed.total));
    (placed, CreditRequest { lines: vec![(order.lines[0].id, 1)], fee: order.delivery_fee.minor, amount: 0 })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_half_of_a_split_refund_is_refused_and_made_when_it_is_retried() {
    both_worlds(async |world| {
        let (placed, all) = paid_by_card_and_cash(world).await;
        world.control("/_control/gateway", json!({ "refuse_refunds": 1 })).await;
        let form = owner(world).with_key("the-form-that-was-sent");
        let parts = refund_parts(world, &form, placed.order, all.clone(), "it broke").await.unwrap();
        let told: Vec<_> = parts.iter().map(|part| (part.amount.minor, part.outcome.is_ok())).collect();
        assert_eq!(told, [(15_000, false), (6_200, true)]);
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.refunded.minor, order.returning.minor), (PaymentState::PartlyRefunded, 6_200, 0));
        // The form that is sent again asks for nothing more.
        assert!(matches!(refund(world, &form, placed.order, all, "it broke").await, Err(PaymentError::Gateway(_))));
        assert_eq!(number(world, "select count(*) from refunds").await, 2);
        world.assert_sound().await;

        let row = the_row(world).await;
        assert_eq!(row.amount.map(|amount| amount.minor), Some(15_000));
        let (one, other) = tokio::join!(retry(world, &row), retry(world, &row));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.refunded, order.refundable().minor), (PaymentState::Refunded, placed.total, 0));
        assert!(order.price.iter().all(|part| part.left() == 0 && part.units_left() == 0 && part.tax_left() == 0), "{:?}", order.price);
        assert_eq!(world.moved().await, (15_000, 15_000));
        assert!(rows(world).await.is_empty());
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_of_a_split_refund_that_gets_no_answer_is_made_once() {
    both_worlds(async |world| {
        let (placed, all) = paid_by_card_and_cash(world).await;
        world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
        let form = owner(world).with_key("the-form-that-was-sent");
        let waiting = refund(world, &form, placed.order, all.clone(), "it broke").await;
        assert!(matches!(waiting, Err(PaymentError::Waiting)), "{waiting:?}");
        let parts = refund_parts(world, &form, placed.order, all, "it broke").await.unwrap();
        assert!(parts.iter().all(|part| part.outcome.is_ok()), "{parts:?}");
        world.work().await;
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.refunded, order.refunds.len()), (PaymentState::Refunded, placed.total, 2));
        assert_eq!(world.moved().await, (15_000, 15_000));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_that_goes_back_is_handed_over_once_by_somebody() {
    both_worlds(async |world| {
        let (placed, _) = paid_by_card_and_cash(world).await;
        // Of the card first, then of both.
        refund(world, &owner(world), placed.order, 1_000, "a scratch").await.unwrap();
        refund(world, &owner(world), placed.order, 16_000, "another").await.unwrap();
        let order = world.order(placed.order).await;
        assert!(order.refunds.iter().all(|one| one.handed_over.is_none()), "{:?}", order.refunds);
        let of_card = order.refunds.iter().find(|one| !one.by_hand).unwrap().id;
        let by_hand = order.refunds.iter().find(|one| one.by_hand).unwrap().clone();
        assert!(matches!(hand_over_refund(world, &clerk(world), of_card).await, Err(PaymentError::NothingToRefund)));
        assert!(matches!(hand_over_refund(world, &guest(world), by_hand.id).await, Err(PaymentError::Forbidden(_))));
        let ben = clerk(world);
        world.shop.clock.advance(60_000);
        let at = world.now();
        let (one, other) = tokio::join!(hand_over_refund(world, &ben, by_hand.id), hand_over_refund(world, &ben, by_hand.id));
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        let order = world.order(placed.order).await;
        let handed = order.refunds.iter().find(|one| one.id == by_hand.id).unwrap();
        assert_eq!(handed.handed_over, Some((at, ben.user().unwrap().to_string())));
        let told: Vec<_> = order.timeline.iter().filter(|entry| entry.kind == "payment.refund_handed_over").collect();
        assert_eq!((told.len(), told[0].at), (1, at));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_is_refused_twice_and_then_made_is_three_rows_and_pays_once() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        let held = &world.order(placed.order).await.payments[0];
        assert_eq!((held.authorised, held.captures.len()), (placed.total, 0));
        assert!(held.authorised_until.is_some_and(|until| until > world.now()));
        world.control("/_control/gateway", json!({ "decline_captures": 2 })).await;
        for _ in 0..2 {
            let refused = capture(world, &owner(world), placed.order, None).await;
            assert!(matches!(refused, Err(PaymentError::Gateway(_))), "{refused:?}");
            world.shop.clock.advance(1);
        }
        assert_eq!(number(world, ALLOCATIONS).await, 0);
        capture(world, &owner(world), placed.order, None).await.unwrap();
        let paid = &world.order(placed.order).await.payments[0];
        let states: Vec<CaptureState> = paid.captures.iter().map(|capture| capture.state).collect();
        assert_eq!(states, [CaptureState::Refused, CaptureState::Refused, CaptureState::Done]);
        assert!(paid.captures[0].failure.as_ref().is_some_and(|why| why.contains("declined")), "{paid:?}");
        assert!(paid.captures.iter().all(|capture| capture.amount == placed.total && capture.ended_at.is_some()));
        assert_eq!((number(world, ALLOCATIONS).await, number(world, ALLOCATED).await), (1, placed.total.minor));
        assert_eq!(number(world, "select count(*) from captures where requested_by like 'staff:%'").await, 3);
        assert_eq!(number(world, "select count(*) from captures where gateway_ref is not null").await, 1);
        assert_eq!(world.moved().await, (placed.total.minor, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_is_not_wanted_any_more_is_withdrawn() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
        assert!(matches!(capture(world, &owner(world), placed.order, Some(600)).await, Err(PaymentError::Waiting)));
        order_management::cancel(world, &owner(world), placed.order, "changed their mind").await.unwrap();
        world.work().await;
        let order = world.order(placed.order).await;
        assert_eq!(order.payments[0].captures[0].state, CaptureState::Withdrawn);
        assert_eq!((order.payment, number(world, ALLOCATIONS).await), (PaymentState::Voided, 0));
        assert_eq!(world.moved().await, (0, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_later_takes_its_payment_allocation_back() {
    both_worlds(async |world| {
        world.open_webhooks().await;
        let placed = captured(world).await;
        refund(world, &owner(world), placed.order, 1_200, "a scratch").await.unwrap();
        world.quiet().await;
        assert_eq!((number(world, ALLOCATIONS).await, number(world, ALLOCATED).await), (2, placed.total.minor - 1_200));
        assert_eq!(number(world, "select count(*) from refunds r join captures c on c.id = r.capture_id").await, 1);
        let name: String = world.db().fetch_scalar("select gateway_ref from refunds", &[]).await.unwrap();
        world.control("/_control/refunds", json!({ "id": name })).await;
        world.quiet().await;
        assert_eq!((number(world, ALLOCATIONS).await, number(world, ALLOCATED).await), (3, placed.total.minor));
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.captured, order.refunded.minor), (PaymentState::Paid, placed.total, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_refers_to_the_account_that_the_shop_was_opened_with() {
    both_worlds(async |world| {
        authorised(world).await;
        let known = "select count(*) from payments p join gateway_accounts g on g.key = p.gateway_account
            where g.gateway = 'stripe' and g.mode = 'test' and g.active = 1 and p.gateway_ref is not null";
        assert_eq!((number(world, known).await, number(world, "select count(*) from gateway_accounts").await), (1, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_of_the_gateway_is_another_account_and_the_former_stays_known() {
    both_empty(async |url| {
        let folder = Folder::new();
        let open = async |secret_key: Option<&str>| {
            let mut config = ShopConfig::new(url, folder.path(), "http://127.0.0.1:3000");
            config.gateway = secret_key.map(|key| GatewayConfig {
                url: "http://127.0.0.1:9".into(),
                secret_key: key.into(),
                webhook_secret: "whsec_test".into(),
                pay_page: "http://127.0.0.1:9/pay/{intent}".into(),
            });
            let shop = open_shop(config).await.unwrap();
            let all = number(&shop, "select count(*) from gateway_accounts").await;
            let active: Vec<Option<String>> =
                shop.db().fetch_scalars("select mode from gateway_accounts where active = 1", &[]).await.unwrap();
            shop.close().await;
            (all, active)
        };
        assert_eq!(open(None).await, (0, vec![]));
        assert_eq!(open(Some("sk_test_one")).await, (1, vec![Some("test".into())]));
        assert_eq!(open(Some("sk_live_two")).await, (2, vec![Some("live".into())]));
        assert_eq!(open(Some("sk_test_one")).await, (2, vec![Some("test".into())]));
        assert_eq!(open(None).await, (2, vec![]));
    })
    .await;
}
