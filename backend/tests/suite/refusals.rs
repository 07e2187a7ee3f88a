//! Refusals by outside systems: retried, settled or dismissed.

use crate::support::outside::{VISA, WEBHOOK_SECRET, World, both_worlds, clerk, owner};
use crate::support::{a_product, number};
use backend::order_management::refusals::{self as refusal_actions, RefusalError};
use backend::payments::{self, PaymentError, capture, refund, sync};
use backend::refusals::{self, ReadError};
use backend::{fulfilment, order_management};
use domain::id::RefusalId;
use domain::order::{FulfilmentState, PaymentState};
use domain::view::{Placed, RefusalKind, RefusalView, reasons};
use hmac::{Hmac, KeyInit, Mac};
use platform::db::Tx;
use platform::jobs;
use serde_json::json;
use sha2::Sha256;

/// An order that the bank has agreed to pay.
pub async fn authorised(world: &World) -> Placed {
    let variant = a_product().at(11_200).with_stock(5).make(world).await;
    let placed = world.card_order(&[(variant, 1)]).await;
    world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
    sync(world, placed.order).await.unwrap();
    placed
}

pub async fn captured(world: &World) -> Placed {
    let placed = authorised(world).await;
    capture(world, &owner(world), placed.order, None).await.unwrap();
    placed
}

/// The order's parcel leaves.
pub async fn ship(world: &World, placed: &Placed) {
    let parcels = fulfilment::pick(world, &clerk(world), placed.order).await.unwrap();
    fulfilment::pack(world, &clerk(world), parcels[0]).await.unwrap();
    fulfilment::ship(world, &clerk(world), parcels[0], "LBC", "123").await.unwrap();
}

pub async fn rows(world: &World) -> Vec<RefusalView> {
    refusals::open(world, &owner(world)).await.unwrap()
}

/// The only row there is.
pub async fn the_row(world: &World) -> RefusalView {
    let mut rows = rows(world).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

pub async fn retry(world: &World, row: &RefusalView) -> Result<(), RefusalError> {
    refusal_actions::retry(world, &owner(world), row.id).await
}

pub async fn intent_of(world: &World, placed: &Placed) -> String {
    let sql = "select gateway_ref from payments where order_id = $1 order by attempt desc limit 1";
    world.db().fetch_scalar(sql, &[&placed.order]).await.unwrap()
}

/// Something at the gateway that the shop has no part in.
pub async fn at_the_gateway(world: &World, path: &str, form: &[(&str, &str)]) {
    let url = format!("{}{path}", world.running.url());
    let answer = world.http.post(url).bearer_auth("sk_test_sandbox").form(form).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

pub fn signed(world: &World, secret: &str, body: &[u8]) -> String {
    let seconds = world.now().millis() / 1_000;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let tag: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={tag}")
}

/// Runs every job with all its retries, until it is dead.
pub async fn work_for_a_day(world: &World) {
    for _ in 0..=jobs::TRIES {
        world.work().await;
        // More than the longest pause.
        world.shop.clock.advance(80 * 60 * 1_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_is_declined_after_the_parcel_left_can_be_retried() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        world.control("/_control/gateway", json!({ "decline_captures": 2 })).await;
        ship(world, &placed).await;
        world.work().await;
        let row = the_row(world).await;
        assert_eq!((row.kind, row.amount, row.times), (RefusalKind::Capture, Some(placed.total), 1));
        assert_eq!(row.title(domain::Locale::En), format!("Capture refused: {}", domain::Locale::En.money(placed.total)));
        assert_eq!(row.order.as_ref().map(|order| order.1.as_str()), Some(placed.number.as_str()));
        assert!(row.reason.contains("declined") && row.may_act, "{row:?}");
        let today = backend::dashboard::today(world, &owner(world), domain::Locale::En).await.unwrap();
        assert_eq!((today.queues.unpaid, today.refusals.len()), (1, 1), "goods that left unpaid count as unpaid");
        let events = "select count(*) from events where kind = 'refusal.opened'";
        assert_eq!(number(world, events).await, 1);
        // The clerk may read it, and may not move money.
        let seen = refusals::open(world, &clerk(world)).await.unwrap();
        assert!(!seen[0].may_act);
        assert!(matches!(refusal_actions::retry(world, &clerk(world), row.id).await, Err(RefusalError::Forbidden(_))));
        // The second refusal is the same row, and is of a new call to the gateway.
        let again = retry(world, &row).await;
        assert!(matches!(again, Err(RefusalError::Payment(PaymentError::Gateway(_)))), "{again:?}");
        assert_eq!(the_row(world).await.times, 2);
        retry(world, &row).await.unwrap();
        assert!(rows(world).await.is_empty());
        assert_eq!(world.moved().await, (placed.total.minor, 0));
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Paid);
        assert_eq!(number(world, events).await, 1, "one thing is told once");
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_ran_out_is_settled_in_another_way() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        let intent = intent_of(world, &placed).await;
        at_the_gateway(world, &format!("/v1/payment_intents/{intent}/cancel"), &[("cancellation_reason", "abandoned")]).await;
        ship(world, &placed).await;
        world.work().await;
        let row = the_row(world).await;
        assert_eq!((row.kind, row.amount), (RefusalKind::Capture, Some(placed.total)));
        let voided = backend::dashboard::today(world, &owner(world), domain::Locale::En).await.unwrap();
        assert_eq!(voided.queues.unpaid, 1);
        assert!(matches!(retry(world, &row).await, Err(RefusalError::Payment(PaymentError::NothingToCapture))));
        let settle = async |note: &str| refusal_actions::settle(world, &owner(world), row.id, note).await;
        assert!(matches!(settle(" ").await, Err(RefusalError::Note)));
        settle("paid by bank transfer").await.unwrap();
        assert!(matches!(settle("again").await, Err(RefusalError::Unknown)));
        assert!(rows(world).await.is_empty());
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.captured), (PaymentState::Paid, placed.total));
        assert!(order.timeline.iter().any(|entry| entry.kind == "refusal.ended" && entry.text == "Settled in another way"));
        assert_eq!(world.moved().await, (0, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_is_refused_is_settled_in_cash() {
    both_worlds(async |world| {
        let placed = captured(world).await;
        let intent = intent_of(world, &placed).await;
        // It was refunded on the gateway's own pages.
        at_the_gateway(world, "/v1/refunds", &[("payment_intent", &intent)]).await;
        let refused = refund(world, &owner(world), placed.order, 1_200, "a scratch").await;
        assert!(matches!(refused, Err(PaymentError::Gateway(_))));
        let row = the_row(world).await;
        assert_eq!((row.kind, row.amount.map(|amount| amount.minor)), (RefusalKind::Refund, Some(1_200)));
        assert!(retry(world, &row).await.is_err());
        let row = the_row(world).await;
        assert!(matches!(refusal_actions::settle(world, &clerk(world), row.id, "cash").await, Err(RefusalError::Forbidden(_))));
        refusal_actions::settle(world, &owner(world), row.id, "cash").await.unwrap();
        assert!(rows(world).await.is_empty());
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.refunded.minor), (PaymentState::PartlyRefunded, 1_200));
        // Nothing is left to hand over, and no mail speaks of the card.
        assert!(order.refunds.iter().all(|refund| !refund.by_hand), "{:?}", order.refunds);
        world.send_mails().await;
        let mails = world.mails().await;
        assert!(mails.iter().any(|mail| mail.0.starts_with("A refund of ")), "{mails:?}");
        assert!(!mails.iter().any(|mail| mail.0.ends_with("is on its way back")), "{mails:?}");
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_days_later_is_owed_again() {
    both_worlds(async |world| {
        world.open_webhooks().await;
        let placed = captured(world).await;
        refund(world, &owner(world), placed.order, 1_200, "a scratch").await.unwrap();
        world.quiet().await;
        assert_eq!(world.order(placed.order).await.refunded.minor, 1_200);
        let name: String = world.db().fetch_scalar("select gateway_ref from refunds", &[]).await.unwrap();
        world.control("/_control/refunds", json!({ "id": name })).await;
        world.quiet().await;
        let order = world.order(placed.order).await;
        assert_eq!((order.payment, order.refunded.minor), (PaymentState::Paid, 0));
        assert_eq!((order.refunds.len(), order.refunds[0].state.as_str()), (1, "failed"));
        let row = the_row(world).await;
        assert_eq!((row.kind, row.reason.as_str()), (RefusalKind::Refund, "lost_or_stolen_card"));
        world.assert_sound().await;
        retry(world, &row).await.unwrap();
        world.quiet().await;
        assert!(rows(world).await.is_empty());
        assert_eq!(world.order(placed.order).await.refunded.minor, 1_200);
        world.assert_sound().await;
        // A refund that fails after the order was cancelled is owed to the shopper.
        order_management::cancel(world, &owner(world), placed.order, "out of order").await.unwrap();
        world.work().await;
        world.quiet().await;
        let names: Vec<String> = world.db().fetch_scalars("select gateway_ref from refunds where state = 'done'", &[]).await.unwrap();
        world.control("/_control/refunds", json!({ "id": names[0] })).await;
        world.quiet().await;
        world.assert_sound().await;
        retry(world, &the_row(world).await).await.unwrap();
        assert_eq!(world.order(placed.order).await.payment, PaymentState::Refunded);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_missing_at_the_gateway_releases_its_stock_and_is_a_refusal() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(2).make(world).await;
        let (gone, paid) = (world.card_order(&[(variant, 1)]).await, world.card_order(&[(variant, 1)]).await);
        // As after a change of the account: the gateway has one of the two.
        let order = gone.order;
        let forget = async move |tx: &mut Tx| {
            tx.execute("insert into gateway_accounts (key, gateway, active, created_at) values ('stripe:other', 'stripe', 0, 0)", &[])
                .await?;
            let sql = "update payments set gateway_ref = 'pi_of_another_account', gateway_account = 'stripe:other' where order_id = $1";
            tx.execute(sql, &[&order]).await
        };
        world.db().write(forget).await.unwrap();
        world.pay(paid.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        world.shop.clock.advance(payments::UNPAID_FOR_MS + 60_000);
        assert_eq!(order_management::expire_unpaid(world).await.unwrap(), 1);
        assert_eq!(world.order(gone.order).await.fulfilment, FulfilmentState::Cancelled);
        assert_eq!(world.order(paid.order).await.payment, PaymentState::Authorised);
        assert_eq!(number(world, "select cast(sum(available) as bigint) from stock").await, 1);
        let row = the_row(world).await;
        assert_eq!((row.kind, row.reason.as_str()), (RefusalKind::Payment, reasons::OTHER_ACCOUNT));
        assert!(retry(world, &row).await.is_err());
        refusal_actions::dismiss(world, &owner(world), row.id, "nobody paid there").await.unwrap();
        assert!(rows(world).await.is_empty());
        world.work().await;
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_payments_do_not_delay_the_others_and_end_after_a_time() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(104).make(world).await;
        for _ in 0..102 {
            world.card_order(&[(variant, 1)]).await;
        }
        let other = async |tx: &mut Tx| {
            let sql = "update payments set gateway_ref = 'pi_gone_' || (select number from orders o where o.id = order_id)";
            tx.execute(sql, &[]).await
        };
        world.db().write(other).await.unwrap();
        world.shop.clock.advance(1_000);
        let good = world.card_order(&[(variant, 1)]).await;
        world.shop.clock.advance(payments::UNPAID_FOR_MS + 60_000);
        assert_eq!(order_management::expire_unpaid(world).await.unwrap(), 103);
        assert_eq!(world.order(good.order).await.fulfilment, FulfilmentState::Cancelled);
        assert_eq!(number(world, "select cast(sum(available) as bigint) from stock").await, 104);
        assert_eq!(number(world, "select count(*) from refusals where ended_at is null").await, 102);
        assert_eq!(rows(world).await.len(), 50, "the first page shows the latest");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_reserved_for_a_day_while_the_gateway_does_not_answer() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        world.control("/_control/gateway", json!({ "fail_next": 1_000_000 })).await;
        world.shop.clock.advance(payments::UNPAID_FOR_MS + 60_000);
        assert_eq!(order_management::expire_unpaid(world).await.unwrap(), 0);
        assert_eq!(number(world, "select cast(sum(available) as bigint) from stock").await, 0);
        world.shop.clock.advance(24 * 60 * 60 * 1_000);
        assert_eq!(order_management::expire_unpaid(world).await.unwrap(), 1);
        assert_eq!(number(world, "select cast(sum(available) as bigint) from stock").await, 1);
        assert_eq!(the_row(world).await.reason, reasons::NO_ANSWER);
        // It was paid meanwhile after all: that is refunded by a job.
        world.control("/_control/gateway", json!({ "fail_next": 0 })).await;
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await;
        retry(world, &the_row(world).await).await.unwrap();
        world.work().await;
        world.work().await;
        let ledger = world.read("/_control/ledger").await;
        assert!(ledger["totals"].as_object().unwrap().values().all(|sums| sums["held"] == json!(0)), "{ledger}");
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_are_refused_for_good_are_shown_at_once_and_sent_again() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(2).make(world).await;
        for (stage, code) in [("message", 550), ("sender", 553)] {
            world.control("/_control/mail", json!({ "fail_next": 1, "code": code, "stage": stage })).await;
            let placed = crate::support::place(world, &[(variant, 1)]).await.unwrap();
            world.send_mails().await;
            let row = the_row(world).await;
            assert_eq!((row.kind, row.order.as_ref().map(|order| order.0)), (RefusalKind::Mail, Some(placed.order)));
            assert_eq!(row.reason, format!("{}{code}", reasons::MAIL));
            assert_eq!(row.title(domain::Locale::En), "Mail not taken: confirmation");
            assert!(refusals::open(world, &clerk(world)).await.unwrap()[0].may_act);
            let before = world.mails().await.len();
            retry(world, &the_row(world).await).await.unwrap();
            world.work().await;
            assert!(rows(world).await.is_empty());
            assert_eq!(world.mails().await.len(), before + 1);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_with_a_wrong_signature_is_one_row_until_a_right_one_comes() {
    both_worlds(async |world| {
        let body = br#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"object":"payment_intent","id":"pi_nobodys"}}}"#;
        let (wrong, right) = (signed(world, "whsec_old", body), signed(world, WEBHOOK_SECRET, body));
        assert_eq!(payments::accept_webhook(world, None, body).await, 400);
        assert!(rows(world).await.is_empty(), "what is not signed at all comes from anybody");
        for _ in 0..5 {
            assert_eq!(payments::accept_webhook(world, Some(&wrong), body).await, 400);
        }
        assert_eq!(the_row(world).await.times, 1, "strangers write once a minute at most");
        world.shop.clock.advance(61_000);
        assert_eq!(payments::accept_webhook(world, Some(&wrong), body).await, 400);
        let row = the_row(world).await;
        assert_eq!((row.kind, row.reason.as_str(), row.times), (RefusalKind::Webhook, reasons::SIGNATURE, 2));
        assert!(matches!(refusal_actions::dismiss(world, &clerk(world), row.id, "x").await, Err(RefusalError::Forbidden(_))));
        assert!(matches!(retry(world, &row).await, Err(RefusalError::Unknown)));
        // The secret is corrected: the next webhook is accepted, and is about a payment of another shop.
        assert_eq!(payments::accept_webhook(world, Some(&right), body).await, 200);
        let row = the_row(world).await;
        assert_eq!((row.kind, row.reason.as_str()), (RefusalKind::Webhook, reasons::UNKNOWN_PAYMENT));
        refusal_actions::dismiss(world, &owner(world), row.id, "the market stall's").await.unwrap();
        assert!(rows(world).await.is_empty());
        let signed_junk = signed(world, WEBHOOK_SECRET, b"junk");
        assert_eq!(payments::accept_webhook(world, Some(&signed_junk), b"junk").await, 400);
        assert_eq!(the_row(world).await.reason, reasons::UNREADABLE);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_down_past_all_retries_leaves_a_refusal_that_ends_with_the_capture() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        world.control("/_control/gateway", json!({ "fail_next": 1_000_000 })).await;
        ship(world, &placed).await;
        work_for_a_day(world).await;
        let row = the_row(world).await;
        assert_eq!((row.kind, row.amount, row.reason.as_str()), (RefusalKind::Capture, Some(placed.total), reasons::NO_ANSWER));
        assert!(matches!(retry(world, &row).await, Err(RefusalError::Payment(PaymentError::Waiting))));
        world.control("/_control/gateway", json!({ "fail_next": 0 })).await;
        retry(world, &row).await.unwrap();
        assert!(rows(world).await.is_empty());
        assert_eq!(world.moved().await, (placed.total.minor, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_without_an_answer_is_a_refusal_and_can_be_retried() {
    both_worlds(async |world| {
        let placed = captured(world).await;
        world.control("/_control/gateway", json!({ "fail_next": 1_000_000 })).await;
        let ctx = owner(world);
        assert!(matches!(refund(world, &ctx, placed.order, 1_200, "a scratch").await, Err(PaymentError::Waiting)));
        let order = world.order(placed.order).await;
        assert_eq!(
            (order.returning.minor, order.refunds[0].state.as_str(), order.refunds[0].reason.as_str()),
            (1_200, "pending", "a scratch")
        );
        let left = refund(world, &ctx, placed.order, placed.total.minor, "all of it").await;
        assert!(matches!(left, Err(PaymentError::TooMuchWith(most, on_its_way))
            if most.minor == placed.total.minor - 1_200 && on_its_way.minor == 1_200));
        work_for_a_day(world).await;
        let row = the_row(world).await;
        assert_eq!((row.kind, row.amount.map(|amount| amount.minor)), (RefusalKind::Refund, Some(1_200)));
        world.control("/_control/gateway", json!({ "fail_next": 0 })).await;
        retry(world, &row).await.unwrap();
        assert!(rows(world).await.is_empty());
        assert_eq!(world.moved().await, (placed.total.minor, 1_200));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_moves_money_once() {
    both_worlds(async |world| {
        let placed = captured(world).await;
        world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
        let ctx = owner(world).with_key("made-when-the-page-was-rendered");
        // The first answer is lost, and the form is sent again, twice.
        assert!(matches!(refund(world, &ctx, placed.order, 300, "a scratch").await, Err(PaymentError::Waiting)));
        let first = refund(world, &ctx, placed.order, 300, "a scratch").await.unwrap();
        assert_eq!(refund(world, &ctx, placed.order, 300, "a scratch").await.unwrap(), first);
        assert!(matches!(refund(world, &ctx, placed.order, 400, "a scratch").await, Err(PaymentError::KeyReused)));
        world.work().await;
        assert_eq!(world.moved().await, (placed.total.minor, 300));
        // Both at once.
        let both = owner(world).with_key("pressed-in-two-tabs");
        let (one, other) =
            tokio::join!(refund(world, &both, placed.order, 200, "a dent"), refund(world, &both, placed.order, 200, "a dent"));
        assert_eq!(one.unwrap(), other.unwrap());
        assert_eq!(world.moved().await, (placed.total.minor, 500));
        assert_eq!(number(world, "select count(*) from refunds").await, 2);
        world.assert_sound().await;

        let held = authorised(world).await;
        let key = owner(world).with_key("capture-once");
        capture(world, &key, held.order, Some(600)).await.unwrap();
        capture(world, &key, held.order, Some(600)).await.unwrap();
        assert!(matches!(capture(world, &key, held.order, None).await, Err(PaymentError::KeyReused)));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_captures_one_is_made_and_the_other_refused() {
    both_worlds(async |world| {
        let placed = authorised(world).await;
        world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
        assert!(matches!(capture(world, &owner(world), placed.order, Some(600)).await, Err(PaymentError::Waiting)));
        let other = capture(world, &owner(world), placed.order, Some(700)).await;
        assert!(matches!(other, Err(PaymentError::Capturing(amount)) if amount.minor == 600), "{other:?}");
        ship(world, &placed).await;
        world.work().await;
        let order = world.order(placed.order).await;
        assert_eq!((order.captured.minor, world.moved().await.0), (600, 600));
        assert!(order.timeline.iter().any(|entry| entry.kind == "payment.capture_kept"), "{:?}", order.timeline);

        // The other way round: the parcel requested it first.
        let placed = authorised(world).await;
        ship(world, &placed).await;
        let late = capture(world, &owner(world), placed.order, Some(600)).await;
        assert!(matches!(late, Err(PaymentError::Capturing(amount)) if amount == placed.total), "{late:?}");
        world.work().await;
        assert_eq!(world.order(placed.order).await.captured, placed.total);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn captures_and_refunds_by_staff_have_their_name() {
    both_worlds(async |world| {
        world.open_webhooks().await;
        let placed = authorised(world).await;
        let ctx = owner(world);
        let actor = ctx.actor.to_string();
        world.control("/_control/webhooks", json!({ "before_answer": true })).await;
        capture(world, &ctx, placed.order, None).await.unwrap();
        // A refund that a job carries out later.
        world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
        assert!(refund(world, &ctx, placed.order, 300, "a scratch").await.is_err());
        world.work().await;
        world.quiet().await;
        for kind in ["payment.captured", "payment.refunded"] {
            let found: Vec<String> = world.db().fetch_scalars("select actor from events where kind = $1", &[&kind]).await.unwrap();
            assert_eq!(found, std::slice::from_ref(&actor), "{kind}");
        }
        let order = world.order(placed.order).await;
        assert!(order.timeline.iter().any(|entry| entry.text.ends_with(": a scratch")), "{:?}", order.timeline);
        let shopper = order_management::by_link(world, domain::Locale::En, placed.link.rsplit('/').next().unwrap()).await.unwrap();
        assert!(shopper.refunds.is_empty() && shopper.timeline.iter().all(|entry| !entry.text.contains("scratch")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_open_refusals_can_be_settled() {
    both_worlds(async |world| {
        let nothing = RefusalId(world.id());
        assert!(matches!(refusal_actions::retry(world, &owner(world), nothing).await, Err(RefusalError::Unknown)));
        assert!(matches!(refusal_actions::dismiss(world, &owner(world), nothing, "x").await, Err(RefusalError::Unknown)));
        let nobody = crate::support::guest(world);
        assert!(matches!(refusals::open(world, &nobody).await, Err(ReadError::Forbidden(_))));
    })
    .await;
}
