//! Refusals that are retried, settled or dismissed at the same time or too late: no money moves twice, and none is lost.

use crate::refusals::{authorised, captured, intent_of, retry, rows, the_row, work_for_a_day};
use crate::support::number;
use crate::support::outside::{World, both_worlds, owner};
use backend::order_management::refusals::{self as refusal_actions, RefusalError};
use backend::payments::{PaymentError, capture, refund};
use backend::{fulfilment, order_management};
use domain::order::{PaymentMethod, PaymentState};
use domain::view::{Placed, RefusalKind, reasons};
use serde_json::json;

async fn away(world: &World) {
    world.control("/_control/gateway", json!({ "fail_next": 1_000_000, "fail_reads": 1_000_000 })).await;
}

async fn back(world: &World) {
    world.control("/_control/gateway", json!({ "fail_next": 0, "fail_reads": 0 })).await;
}

/// A capture whose job is dead after a day without an answer.
async fn capture_without_answer(world: &World) -> Placed {
    let placed = authorised(world).await;
    away(world).await;
    assert!(matches!(capture(world, &owner(world), placed.order, None).await, Err(PaymentError::Waiting)));
    work_for_a_day(world).await;
    back(world).await;
    placed
}

/// A refund of 12.00 whose job is dead after a day without an answer.
async fn refund_without_answer(world: &World) -> Placed {
    let placed = captured(world).await;
    away(world).await;
    assert!(matches!(refund(world, &owner(world), placed.order, 1_200, "a scratch").await, Err(PaymentError::Waiting)));
    work_for_a_day(world).await;
    back(world).await;
    placed
}

/// A refund of 1,200 that the gateway refused.
async fn refused_refund(world: &World) -> Placed {
    let placed = captured(world).await;
    world.control("/_control/gateway", json!({ "refuse_refunds": 1 })).await;
    assert!(refund(world, &owner(world), placed.order, 1_200, "a scratch").await.is_err());
    placed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_is_declined_after_a_missing_answer_stays_a_refusal() {
    both_worlds(async |world| {
        let placed = capture_without_answer(world).await;
        world.control("/_control/gateway", json!({ "decline_captures": 1 })).await;
        assert!(retry(world, &the_row(world).await).await.is_err());
        // The job of the first try is revived by the second, and finds nothing left to do.
        world.work().await;
        let row = the_row(world).await;
        assert!(row.kind == RefusalKind::Capture && row.reason.contains("declined"), "{row:?}");
        retry(world, &row).await.unwrap();
        assert_eq!(world.moved().await, (placed.total.minor, 0));
        assert!(rows(world).await.is_empty());
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_retried_twice_at_once_is_made_once() {
    both_worlds(async |world| {
        let placed = refused_refund(world).await;
        let row = the_row(world).await;
        let (one, other) = tokio::join!(retry(world, &row), retry(world, &row));
        let gone = |answer: &Result<(), RefusalError>| matches!(answer, Err(RefusalError::Unknown));
        assert!(one.is_ok() && gone(&other) || gone(&one) && other.is_ok(), "{one:?} {other:?}");
        world.work().await;
        assert_eq!(world.moved().await, (placed.total.minor, 1_200));
        assert_eq!(world.order(placed.order).await.refunded.minor, 1_200);
        assert!(rows(world).await.is_empty());
        world.assert_sound().await;

        // One member of staff retries it, another settles it as paid in cash.
        let placed = refused_refund(world).await;
        let row = the_row(world).await;
        let ctx = owner(world);
        let (again, cash) = tokio::join!(retry(world, &row), refusal_actions::settle(world, &ctx, row.id, "cash"));
        assert!(again.is_ok() != cash.is_ok(), "{again:?} {cash:?}");
        world.work().await;
        assert_eq!(world.order(placed.order).await.refunded.minor, 1_200);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_capture_can_be_sent_again_with_the_same_form() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        world.control("/_control/gateway", json!({ "decline_captures": 2 })).await;
        let form = owner(world).with_key("made-when-the-page-was-rendered");
        for _ in 0..2 {
            let refused = capture(world, &form, placed.order, None).await;
            assert!(matches!(refused, Err(PaymentError::Gateway(_))), "{refused:?}");
        }
        assert_eq!(the_row(world).await.times, 2);
        // Another amount, by the same page.
        capture(world, &form, placed.order, Some(600)).await.unwrap();
        capture(world, &form, placed.order, Some(600)).await.unwrap();
        assert_eq!(world.moved().await, (600, 0));
        assert!(rows(world).await.is_empty());
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_settled_in_another_way_is_not_made_on_the_card_too() {
    both_worlds(async |world| {
        // The bank still holds the money: the hold is released.
        let placed = authorised(world).await;
        world.control("/_control/gateway", json!({ "decline_captures": 1 })).await;
        assert!(capture(world, &owner(world), placed.order, None).await.is_err());
        refusal_actions::settle(world, &owner(world), the_row(world).await.id, "paid in the shop").await.unwrap();
        world.work().await;
        let ledger = world.read("/_control/ledger").await;
        assert!(ledger["totals"].as_object().unwrap().values().all(|sums| sums["held"] == json!(0)), "{ledger}");
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.payment_method, order.captured), (PaymentState::Paid, PaymentMethod::Cash, placed.total));
        // It is refunded in cash.
        refund(world, &owner(world), placed.order, 500, "a scratch").await.unwrap();
        assert_eq!(world.order(placed.order).await.refunded.minor, 500);
        assert_eq!(world.moved().await, (0, 0));
        assert!(rows(world).await.is_empty());
        world.assert_sound().await;

        // The gateway made it, and the answer was lost: it counts as made.
        let placed = capture_without_answer(world).await;
        let intent = intent_of(world, &placed).await;
        crate::refusals::at_the_gateway(world, &format!("/v1/payment_intents/{intent}/capture"), &[]).await;
        let row = the_row(world).await;
        assert!(matches!(refusal_actions::settle(world, &owner(world), row.id, "in cash").await, Err(RefusalError::Unknown)));
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.payment_method), (PaymentState::Paid, PaymentMethod::Card));
        assert_eq!(world.moved().await.0, placed.total.minor);
        assert!(rows(world).await.is_empty());
        world.assert_sound().await;

        // While the gateway does not answer, its state is unknown.
        capture_without_answer(world).await;
        away(world).await;
        let row = the_row(world).await;
        let settled = refusal_actions::settle(world, &owner(world), row.id, "in cash").await;
        assert!(matches!(settled, Err(RefusalError::Payment(PaymentError::Waiting))), "{settled:?}");
        assert_eq!(the_row(world).await.id, row.id);
        back(world).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_capture_job_does_not_capture_a_cancelled_order() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        away(world).await;
        assert!(capture(world, &owner(world), placed.order, None).await.is_err());
        order_management::cancel(world, &owner(world), placed.order, "changed their mind").await.unwrap();
        back(world).await;
        world.work().await;
        world.work().await;
        assert_eq!(world.moved().await, (0, 0), "nothing was taken, to be given back");
        let ledger = world.read("/_control/ledger").await;
        assert!(ledger["totals"].as_object().unwrap().values().all(|sums| sums["held"] == json!(0)), "{ledger}");
        assert!(rows(world).await.is_empty());
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_without_an_answer_can_be_settled_in_another_way() {
    both_worlds(async |world| {
        let placed = refund_without_answer(world).await;
        let row = the_row(world).await;
        assert_eq!((row.kind, row.reason.as_str()), (RefusalKind::Refund, reasons::NO_ANSWER));
        // It may have been made: it cannot be settled before its state is fetched from the gateway.
        away(world).await;
        let left = refusal_actions::dismiss(world, &owner(world), row.id, "by hand").await;
        assert!(matches!(left, Err(RefusalError::Payment(PaymentError::Waiting))), "{left:?}");
        back(world).await;
        refusal_actions::dismiss(world, &owner(world), row.id, "by hand").await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!((order.returning.minor, order.refunded.minor, order.refunds[0].state.as_str()), (0, 0, "failed"));
        refund(world, &owner(world), placed.order, placed.total.minor, "all of it").await.unwrap();
        world.work().await;
        assert_eq!(world.moved().await, (placed.total.minor, placed.total.minor));
        assert!(rows(world).await.is_empty());
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_refund_is_reversed_in_the_books_as_it_was_posted() {
    both_worlds(async |world| {
        world.open_webhooks().await;
        let placed = captured(world).await;
        refund(world, &owner(world), placed.order, 1_200, "a scratch").await.unwrap();
        world.quiet().await;
        let posted = "select cast(sum(amount) as bigint) from postings where account = 'vat_payable'";
        let name: String = world.db().fetch_scalar("select gateway_ref from refunds", &[]).await.unwrap();
        // The order's total is lower by then, and so is the tax in each part of it.
        let lower = async move |tx: &mut platform::db::Tx| {
            tx.execute("update orders set waived = 4000, waived_tax = 0 where id = $1", &[&placed.order]).await
        };
        world.db().write(lower).await.unwrap();
        world.control("/_control/refunds", json!({ "id": name })).await;
        world.quiet().await;
        let sale = number(
            world,
            "select cast(sum(p.amount) as bigint) from postings p join journal_entries e on e.id = p.entry_id
             where p.account = 'vat_payable' and e.kind not like 'payment.refund%'",
        )
        .await;
        assert_eq!(number(world, posted).await, sale);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_of_staff_are_not_shown_on_the_page_after_the_bank() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        order_management::cancel(world, &owner(world), placed.order, "suspected fraud, third this week").await.unwrap();
        let shown = order_management::as_shopper(world, domain::Locale::En, placed.order).await.unwrap();
        assert_eq!(shown.cancelled.map(|(_, why)| why), Some(String::new()));
        assert!(shown.timeline.iter().all(|entry| entry.actor.is_empty() && !entry.text.contains("fraud")));
        assert!(fulfilment::pick(world, &owner(world), placed.order).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_settled_in_cash_leaves_the_rest_due_and_collectable() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        world.control("/_control/gateway", json!({ "decline_captures": 1 })).await;
        assert!(capture(world, &owner(world), placed.order, Some(600)).await.is_err());
        refusal_actions::settle(world, &owner(world), the_row(world).await.id, "six pesos at the counter").await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.captured.minor), (PaymentState::PartlyPaid, 600));
        capture(world, &owner(world), placed.order, None).await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.captured), (PaymentState::Paid, placed.total));
        world.work().await;
        assert_eq!(world.moved().await, (0, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_key_of_one_order_is_refused_for_another() {
    both_worlds(async |world| {
        let (one, other) = (authorised(world).await, authorised(world).await);
        let form = owner(world).with_key("one-form");
        capture(world, &form, one.order, None).await.unwrap();
        assert!(matches!(capture(world, &form, other.order, None).await, Err(PaymentError::KeyReused)));
        assert_eq!(world.moved().await, (one.total.minor, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_a_card_order_paid_in_cash_is_recorded_with_it() {
    both_worlds(async |world| {
        let changes = async |placed: &Placed| -> Vec<String> {
            let sql = "select actor from events where subject = $1 and kind = 'order.payment_changed'";
            world.db().fetch_scalars(sql, &[&placed.order]).await.unwrap()
        };
        // A refused capture that came in another way.
        let placed = authorised(world).await;
        world.control("/_control/gateway", json!({ "decline_captures": 1 })).await;
        assert!(capture(world, &owner(world), placed.order, Some(600)).await.is_err());
        let staff = owner(world);
        refusal_actions::settle(world, &staff, the_row(world).await.id, "six pesos at the counter").await.unwrap();
        assert_eq!(changes(&placed).await, [staff.actor.to_string()]);
        // What follows in cash changes nothing more.
        capture(world, &owner(world), placed.order, None).await.unwrap();
        assert_eq!(changes(&placed).await.len(), 1);
        assert!(world.order(placed.order).await.timeline.iter().any(|entry| entry.text == "Cash instead of a card"));

        // What a card leaves to pay.
        let placed = authorised(world).await;
        capture(world, &owner(world), placed.order, Some(600)).await.unwrap();
        assert!(changes(&placed).await.is_empty());
        let staff = owner(world);
        capture(world, &staff, placed.order, None).await.unwrap();
        assert_eq!(changes(&placed).await, [staff.actor.to_string()]);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_refund_is_given_back_otherwise_of_whichever_payments_have_it_left() {
    both_worlds(async |world| {
        // 150.00 by card, 62.00 in cash.
        let placed = authorised(world).await;
        capture(world, &owner(world), placed.order, Some(15_000)).await.unwrap();
        capture(world, &owner(world), placed.order, None).await.unwrap();
        assert_eq!(placed.total.minor, 21_200);
        world.control("/_control/gateway", json!({ "refuse_refunds": 1 })).await;
        assert!(refund(world, &owner(world), placed.order, 6_500, "a scratch").await.is_err());
        let row = the_row(world).await;
        // Meanwhile most of the card's money goes back: no single payment has as much left.
        refund(world, &owner(world), placed.order, 14_000, "another scratch").await.unwrap();
        refusal_actions::settle(world, &owner(world), row.id, "in cash at the counter").await.unwrap();
        let order = world.order(placed.order).await;
        assert_eq!((order.refunded.minor, order.refundable().minor), (20_500, 700));
        let mut done: Vec<i64> = order.refunds.iter().filter(|one| one.state == "done").map(|one| one.amount.minor).collect();
        done.sort_unstable();
        assert_eq!(done, [300, 6_200, 14_000]);
        assert!(order.refunds.iter().filter(|one| one.by_hand).all(|one| one.handed_over.is_some()), "{:?}", order.refunds);
        assert_eq!(world.moved().await, (15_000, 14_000));
        assert!(rows(world).await.is_empty());
        world.assert_sound().await;
    })
    .await;
}
