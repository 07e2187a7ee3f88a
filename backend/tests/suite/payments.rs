//! Cards and cash, with a gateway that answers late, twice, out of order, or not at all.

use std::sync::atomic::Ordering;

use crate::support::outside::{ASKS, DECLINED, VISA, WEBHOOK_SECRET, World, assert_sound, both_worlds, clerk, owner};
use crate::support::{a_product, both, buy, number};
use backend::payments::{self, PaymentError, capture, refund, start_card, sync};
use backend::{fulfilment, order_management};
use domain::id::RefundId;
use domain::order::{DeliveryState, FulfilmentState, PaymentState};
use domain::view::Placed;
use hmac::{Hmac, KeyInit, Mac};
use platform::db::Tx;
use serde_json::json;
use sha2::Sha256;

/// An order that the bank has agreed to pay.
async fn authorised(world: &World) -> Placed {
    let variant = a_product().at(11_200).with_stock(5).make(world).await;
    let placed = world.card_order(&[(variant, 1)]).await;
    world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
    sync(world, placed.order).await.unwrap();
    assert_eq!(world.order(placed.order).await.payment, PaymentState::Authorised);
    placed
}

async fn captured(world: &World) -> Placed {
    let placed = authorised(world).await;
    capture(world, &owner(world), placed.order, None).await.unwrap();
    assert_eq!(world.order(placed.order).await.payment, PaymentState::Paid);
    placed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_authorised_at_checkout_and_captured_by_staff() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        assert_eq!(world.moved().await, (0, 0));
        assert!(matches!(capture(world, &clerk(world), placed.order, None).await, Err(PaymentError::Forbidden(_))));
        capture(world, &owner(world), placed.order, None).await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.captured), (PaymentState::Paid, placed.total));
        assert_eq!(world.moved().await, (placed.total.minor, 0));
        let at_gateway = number(world, "select cast(sum(amount) as bigint) from postings where account = 'gateway_clearing'").await;
        assert_eq!(at_gateway, placed.total.minor);
        assert!(matches!(capture(world, &owner(world), placed.order, None).await, Err(PaymentError::NothingToCapture)));
        assert_eq!(start_card(world, placed.order).await.unwrap(), None);
        world.work().await;
        assert_eq!(world.moved().await, (placed.total.minor, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_captured_than_the_bank_holds() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        let too_much = capture(world, &owner(world), placed.order, Some(placed.total.minor + 1)).await;
        assert!(matches!(too_much, Err(PaymentError::TooMuch(most)) if most == placed.total));
        assert!(matches!(capture(world, &owner(world), placed.order, Some(0)).await, Err(PaymentError::Amount)));
        capture(world, &owner(world), placed.order, Some(5_000)).await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.captured.minor), (PaymentState::PartlyPaid, 5_000));
        assert_eq!(world.moved().await, (5_000, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_is_shown_and_another_one_pays_the_same_order() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        let page = placed.pay_at.unwrap();
        assert_eq!(world.pay(&page, DECLINED).await, None);
        sync(world, placed.order).await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!(order.payment, PaymentState::Failed);
        assert!(order.payment_failure.is_some());
        // The shopper may try again, at the same intent.
        assert_eq!(start_card(world, placed.order).await.unwrap().as_deref(), Some(page.as_str()));
        world.pay(&page, VISA).await.unwrap();
        sync(world, placed.order).await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.payment_failure), (PaymentState::Authorised, None));
        assert_eq!(number(world, "select count(*) from payments").await, 1);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_needs_authentication_is_made_after_the_shopper_approves() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        let bank = world.pay(placed.pay_at.as_deref().unwrap(), ASKS).await.unwrap();
        sync(world, placed.order).await.unwrap();
        assert_eq!(world.order(placed.order).await.payment, PaymentState::RequiresAction);
        world.at_the_bank(&bank, "approve").await;
        sync(world, placed.order).await.unwrap();
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Authorised);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_comes_three_times_in_disorder_and_before_the_answer_counts_once() {
    both_worlds(async |world| {
        world.open_webhooks().await;
        world.control("/_control/webhooks", json!({ "duplicates": 3, "shuffle": true, "before_answer": true })).await;
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        let page = placed.pay_at.unwrap();
        world.pay(&page, DECLINED).await;
        world.pay(&page, VISA).await.unwrap();
        capture(world, &owner(world), placed.order, None).await.unwrap();
        world.quiet().await;
        assert!(world.taken.load(Ordering::SeqCst) >= 6, "{:?}", world.taken);
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.captured), (PaymentState::Paid, placed.total));
        assert_eq!(number(world, "select count(*) from payments").await, 1);
        assert_eq!(number(world, "select count(*) from events where kind = 'payment.captured'").await, 1);
        assert_eq!(number(world, "select count(*) from journal_entries where kind = 'payment.captured'").await, 1);
        world.send_mails().await;
        assert_eq!(world.mails().await.len(), 1);
        world.assert_sound().await;
    })
    .await;
}

fn signed(world: &World, body: &str, secret: &str) -> String {
    let seconds = world.now().millis() / 1_000;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}.{body}").as_bytes());
    let tag: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("t={seconds},v1={tag}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_event_of_a_failure_never_undoes_a_paid_order() {
    both_worlds(async |world| {
        let placed = captured(world).await;
        let reference: String = world.db().fetch_scalar("select gateway_ref from payments", &[]).await.unwrap();
        for (n, kind) in ["payment_intent.payment_failed", "payment_intent.canceled"].into_iter().enumerate() {
            let status = if n == 0 { "requires_payment_method" } else { "canceled" };
            let body = json!({ "id": format!("evt_late_{n}"), "type": kind, "data": { "object": {
                "id": reference, "object": "payment_intent", "status": status, "amount": placed.total.minor, "metadata": {} } } })
            .to_string();
            assert_eq!(payments::accept_webhook(world, Some(&signed(world, &body, WEBHOOK_SECRET)), body.as_bytes()).await, 200);
        }
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Paid);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_webhook_is_refused_and_changes_nothing() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        let body = json!({ "id": "evt_forged", "type": "payment_intent.succeeded", "data": { "object": {} } }).to_string();
        for signature in [None, Some(String::new()), Some(signed(world, &body, "another secret"))] {
            assert_eq!(payments::accept_webhook(world, signature.as_deref(), body.as_bytes()).await, 400);
        }
        assert_eq!(number(world, "select count(*) from payment_events where kind = 'notice'").await, 0);
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Authorised);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_call_that_was_cut_short_is_finished_once_by_the_jobs() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(2).make(world).await;
        // The gateway does not answer while the order is placed: the order is kept, and can be paid from its page.
        world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        assert_eq!(placed.pay_at, None);
        world.work().await;
        let page = start_card(world, placed.order).await.unwrap().unwrap();
        world.pay(&page, VISA).await.unwrap();
        sync(world, placed.order).await.unwrap();
        // The gateway is down while staff capture: the job repeats the call once.
        world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
        assert!(matches!(capture(world, &owner(world), placed.order, None).await, Err(PaymentError::Waiting)));
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Authorised);
        world.work().await;
        world.work().await;
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Paid);
        assert_eq!(world.moved().await, (placed.total.minor, 0));
        // The same during a refund.
        world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
        assert!(matches!(refund(world, &owner(world), placed.order, 700, "scratched").await, Err(PaymentError::Waiting)));
        world.work().await;
        world.work().await;
        assert_eq!(world.moved().await, (placed.total.minor, 700));
        assert_eq!(world.order(placed.order).await.refunded.minor, 700);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_after_the_money_moved_is_found_again() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        // Captured at the gateway, but the program ended before it stored that.
        let reference: String = world.db().fetch_scalar("select gateway_ref from payments", &[]).await.unwrap();
        let url = format!("{}/v1/payment_intents/{reference}/capture", world.running.url());
        let answer = world.http.post(url).bearer_auth("sk_test_sandbox").send().await.unwrap();
        assert!(answer.status().is_success());
        capture(world, &owner(world), placed.order, None).await.unwrap();
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Paid);
        assert_eq!(world.moved().await, (placed.total.minor, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn partial_refunds_add_up_to_exactly_what_was_captured() {
    both_worlds(async |world| {
        let placed = captured(world).await;
        // Rounded one by one, the tax of the small ones would be too much.
        let parts = [5, 5, 5, 5, 5, 5, 1, 3_333, 777];
        for part in parts {
            refund(world, &owner(world), placed.order, part, "part").await.unwrap();
            assert_eq!(world.order(placed.order).await.payment, PaymentState::PartlyRefunded);
        }
        let rest = placed.total.minor - parts.iter().sum::<i64>();
        let too_much = refund(world, &owner(world), placed.order, rest + 1, "rest").await;
        assert!(matches!(too_much, Err(PaymentError::TooMuch(most)) if most.minor == rest), "{too_much:?}");
        refund(world, &owner(world), placed.order, rest, "rest").await.unwrap();
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Refunded);
        assert_eq!(world.moved().await, (placed.total.minor, placed.total.minor));
        // The refunded tax is exact to the centavo.
        assert_eq!(number(world, "select cast(sum(amount) as bigint) from postings where account = 'vat_payable'").await, 0);
        assert_eq!(number(world, "select cast(sum(amount) as bigint) from postings where account = 'gateway_clearing'").await, 0);
        assert!(matches!(refund(world, &owner(world), placed.order, 1, "more").await, Err(PaymentError::NothingToRefund)));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_at_the_same_moment_never_give_back_more_than_was_paid() {
    both_worlds(async |world| {
        let placed = captured(world).await;
        let asked: Vec<_> = (0..6)
            .map(|_| {
                let (shop, ctx, order) = (world.shop.shop.clone(), owner(world), placed.order);
                tokio::spawn(async move { refund(&shop, &ctx, order, 6_000, "again").await })
            })
            .collect();
        let mut given = 0;
        for one in asked {
            given += i64::from(one.await.unwrap().is_ok());
        }
        assert_eq!(given, placed.total.minor / 6_000);
        assert_eq!(world.moved().await.1, given * 6_000);
        // No call was made that the gateway would have refused.
        assert_eq!(number(world, "select count(*) from refunds where state <> 'done'").await, 0);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_costs_nothing_needs_no_card() {
    both_worlds(async |world| {
        let variant = a_product().at(0).with_stock(1).make(world).await;
        world.db().write(async |tx| tx.execute("update delivery_methods set fee = 0", &[]).await).await.unwrap();
        let placed = world.card_order(&[(variant, 1)]).await;
        assert_eq!((placed.total.minor, placed.pay_at), (0, None));
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Paid);
        world.shop.clock.advance(2 * payments::UNPAID_FOR_MS);
        assert_eq!(order_management::expire_unpaid(world).await.unwrap(), 0);
        fulfilment::pick(world, &owner(world), placed.order).await.unwrap();
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_voids_its_authorisation() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        order_management::cancel(world, &owner(world), placed.order, "changed their mind").await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.fulfilment), (PaymentState::Voided, FulfilmentState::Cancelled));
        assert_eq!(number(world, "select count(*) from payments where state = 'voided'").await, 1);
        assert_eq!(world.moved().await, (0, 0));
        assert_eq!(number(world, "select cast(sum(reserved) as bigint) from stock").await, 0);
        world.work().await;
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_that_was_paid_is_refunded_once_even_when_the_gateway_is_down() {
    both_worlds(async |world| {
        let placed = captured(world).await;
        refund(world, &owner(world), placed.order, 1_200, "a scratch").await.unwrap();
        world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
        order_management::cancel(world, &owner(world), placed.order, "out of order").await.unwrap();
        order_management::cancel(world, &owner(world), placed.order, "out of order").await.unwrap();
        world.assert_sound().await;
        world.work().await;
        world.work().await;
        assert_eq!(world.moved().await, (placed.total.minor, placed.total.minor));
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Refunded);
        for account in [
            "select cast(sum(amount) as bigint) from postings where account = 'accounts_receivable'",
            "select cast(sum(amount) as bigint) from postings where account = 'sales'",
            "select cast(sum(amount) as bigint) from postings where account = 'sales_returns'",
            "select cast(sum(amount) as bigint) from postings where account = 'vat_payable'",
            "select cast(sum(amount) as bigint) from postings where account = 'gateway_clearing'",
        ] {
            assert_eq!(number(world, account).await, 0, "{account}");
        }
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_whose_answer_was_lost_a_day_ago_is_not_made_twice() {
    both_worlds(async |world| {
        let placed = captured(world).await;
        world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
        assert!(refund(world, &owner(world), placed.order, 1_200, "a scratch").await.is_err());
        let intent: String = world.db().fetch_scalar("select gateway_ref from payments", &[]).await.unwrap();
        let id: RefundId = world.db().fetch_scalar("select id from refunds", &[]).await.unwrap();
        // The refund was made; its answer was lost, and the gateway no longer stores its key.
        let form = [("payment_intent", intent.as_str()), ("amount", "1200"), ("metadata[refund]", &id.to_string())];
        let url = format!("{}/v1/refunds", world.running.url());
        let made = world.http.post(url).bearer_auth("sk_test_sandbox").form(&form).send().await.unwrap();
        assert!(made.status().is_success());
        world.shop.clock.advance(25 * 60 * 60 * 1_000);
        world.work().await;
        assert_eq!(world.moved().await, (placed.total.minor, 1_200));
        assert_eq!(number(world, "select count(*) from refunds where state = 'done'").await, 1);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_a_voided_attempt_is_refunded() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        // As when the order is cancelled while the intent is being made: the attempt is voided without one.
        world.open_webhooks().await;
        let forget = async |tx: &mut Tx| tx.execute("update payments set gateway_ref = null", &[]).await;
        world.db().write(forget).await.unwrap();
        order_management::cancel(world, &owner(world), placed.order, "sold in the store").await.unwrap();
        assert_eq!(number(world, "select count(*) from payments where state = 'voided'").await, 1);
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        world.quiet().await;
        world.work().await;
        world.work().await;
        let ledger = world.read("/_control/ledger").await;
        assert!(ledger["totals"].as_object().unwrap().values().all(|sums| sums["held"] == json!(0)), "{ledger}");
        assert_eq!(world.moved().await, (0, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_for_a_cancelled_order_is_refunded() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        // The gateway does not answer while the order is cancelled, so its payment page stays open; the shopper pays.
        world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
        order_management::cancel(world, &owner(world), placed.order, "sold in the store").await.unwrap();
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        sync(world, placed.order).await.unwrap();
        world.work().await;
        world.work().await;
        assert_eq!(world.moved().await.0, world.moved().await.1);
        assert_eq!(number(world, "select count(*) from payments where state = 'voided'").await, 1);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorised_card_is_captured_when_its_parcel_leaves() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        let parcels = fulfilment::pick(world, &clerk(world), placed.order).await.unwrap();
        fulfilment::pack(world, &clerk(world), parcels[0]).await.unwrap();
        fulfilment::ship(world, &clerk(world), parcels[0], "LBC", "123").await.unwrap();
        world.work().await;
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.delivery), (PaymentState::Paid, DeliveryState::InTransit));
        assert_eq!(world.moved().await, (placed.total.minor, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_gateway_cards_are_refused_with_a_message() {
    both(async |shop| {
        let variant = a_product().with_stock(1).make(shop).await;
        let cart = crate::support::a_cart(shop, &[(variant, 1)]).await;
        let placed = buy(shop, cart, "cash-on-delivery").await.unwrap();
        assert_eq!(start_card(shop, placed.order).await.unwrap(), None);
        assert_eq!(payments::accept_webhook(shop, None, b"{}").await, 404);
        assert_sound(shop).await;
    })
    .await;
}
