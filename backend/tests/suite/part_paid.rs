//! Orders that are paid in part, too much, or while they change: what came, what is due and what goes back; on both databases.

use crate::refusals::{at_the_gateway, captured, intent_of, retry, rows, signed, the_row};
use crate::support::outside::{VISA, WEBHOOK_SECRET, World, assert_sound, both_worlds, clerk, owner};
use crate::support::{a_product, both, limit, number, place};
use backend::fulfilment::{self, Returned};
use backend::order_management::refusals as refusal_actions;
use backend::payments::{self, PaymentError, capture, refund, start_card, sync};
use backend::{Shop, order_management, orders};
use domain::credit::CreditRequest;
use domain::id::{OrderId, OrderLineId, ParcelId, PaymentId};
use domain::order::{DeliveryState, FulfilmentState, ParcelState, PaymentMethod, PaymentState, ReturnCause, ReturnedItems, ReturnedMoney};
use domain::view::{OrderLimits, OrderQuery, OrderView, Placed};
use domain::{Locale, Timestamp};
use platform::db::Tx;
use serde_json::json;

async fn see(shop: &Shop, order: OrderId) -> OrderView {
    order_management::view(shop, &owner(shop), Locale::En, order).await.unwrap()
}

/// What an account stands at.
async fn account(shop: &Shop, name: &str) -> i64 {
    let sql = "select coalesce(cast(sum(amount) as bigint), 0) from postings where account = $1";
    shop.db().fetch_scalar(sql, &[&name]).await.unwrap()
}

fn units(line: OrderLineId, units: i64) -> CreditRequest {
    CreditRequest { lines: vec![(line, units)], ..CreditRequest::default() }
}

fn back(money: ReturnedMoney) -> Returned {
    let (cause, items) = (ReturnCause::Refused, ReturnedItems::Restock);
    Returned { cause, items, money, written_off: Vec::new(), note: String::new() }
}

/// A cash order of two lines at 95.00 and 205.00, each in a packed parcel of its own, in the order of the lines.
struct Two {
    order: OrderId,
    lines: [OrderLineId; 2],
    parcels: [ParcelId; 2],
}

async fn two_parcels(shop: &Shop) -> Two {
    let first = a_product().at(9_500).with_stock_in("WH-1", 1).make(shop).await;
    let second = a_product().at(20_500).with_stock_in("WH-2", 1).make(shop).await;
    let order = place(shop, &[(first, 1), (second, 1)]).await.unwrap().order;
    for parcel in fulfilment::pick(shop, &clerk(shop), order).await.unwrap() {
        fulfilment::pack(shop, &clerk(shop), parcel).await.unwrap();
    }
    let now = see(shop, order).await;
    let parcel_of = |line: OrderLineId| now.parcels.iter().find(|parcel| parcel.lines[0].0 == line).unwrap().id;
    let lines = [now.lines[0].id, now.lines[1].id];
    Two { order, lines, parcels: lines.map(parcel_of) }
}

async fn ship(shop: &Shop, parcel: ParcelId) {
    fulfilment::ship(shop, &clerk(shop), parcel, "LBC", "").await.unwrap();
}

/// News of the gateway about the payment of an order, under this id.
async fn news(world: &World, placed: &Placed, id: &str) {
    let payment: PaymentId = world
        .db()
        .fetch_scalar("select id from payments where order_id = $1 order by attempt desc limit 1", &[&placed.order])
        .await
        .unwrap();
    let intent = placed.pay_at.as_deref().unwrap().rsplit('/').next().unwrap();
    let body = json!({ "id": id, "type": "payment_intent.created", "data": { "object": {
        "object": "payment_intent", "id": intent, "metadata": { "payment": payment.to_string() } } } })
    .to_string();
    let signature = signed(world, WEBHOOK_SECRET, body.as_bytes());
    assert_eq!(payments::accept_webhook(world, Some(&signature), body.as_bytes()).await, 200);
}

async fn nothing_is_held(world: &World) {
    let ledger = world.read("/_control/ledger").await;
    assert!(ledger["totals"].as_object().unwrap().values().all(|sums| sums["held"] == json!(0)), "{ledger}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_that_came_so_far_goes_back_and_the_rest_is_still_sent() {
    both(async |shop| {
        let Two { order, lines, parcels } = two_parcels(shop).await;
        ship(shop, parcels[0]).await;
        fulfilment::deliver_for(shop, &clerk(shop), parcels[0], Some(9_500)).await.unwrap();
        refund(shop, &owner(shop), order, units(lines[0], 1), "it broke").await.unwrap();
        let now = see(shop, order).await;
        assert_eq!((now.payment, now.fulfilment, now.lines[1].cancelled), (PaymentState::PartlyRefunded, FulfilmentState::Partial, 0));
        assert!(now.parcels.iter().any(|parcel| parcel.id == parcels[1] && parcel.state == ParcelState::Packed), "{:?}", now.parcels);
        assert_eq!(number(shop, "select cast(sum(reserved) as bigint) from stock").await, 1);
        assert_sound(shop).await;

        ship(shop, parcels[1]).await;
        fulfilment::deliver(shop, &clerk(shop), parcels[1]).await.unwrap();
        let now = see(shop, order).await;
        assert_eq!((now.captured, now.refunded.minor, now.payment), (now.total, 9_500, PaymentState::PartlyRefunded));
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_captured_in_part_and_refunded_leaves_the_order_to_be_sent() {
    both_worlds(async |world| {
        let variants = [a_product().at(9_500).with_stock(1).make(world).await, a_product().at(20_500).with_stock(1).make(world).await];
        let placed = world.card_order(&variants.map(|variant| (variant, 1))).await;
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        sync(world, placed.order).await.unwrap();
        capture(world, &owner(world), placed.order, Some(9_500)).await.unwrap();
        let line = see(world, placed.order).await.lines[0].id;
        refund(world, &owner(world), placed.order, units(line, 1), "it broke").await.unwrap();
        let now = see(world, placed.order).await;
        assert_eq!((now.payment, now.unsent), (PaymentState::PartlyRefunded, 2));
        assert_eq!(number(world, "select cast(sum(reserved) as bigint) from stock").await, 2);
        fulfilment::pick(world, &clerk(world), placed.order).await.unwrap();
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_that_staff_recorded_as_missing_stays_due_when_the_rest_is_not_sent() {
    both(async |shop| {
        for (received, comes_back) in [(0, true), (9_500, true), (0, false), (9_500, false)] {
            let Two { order, parcels, .. } = two_parcels(shop).await;
            ship(shop, parcels[0]).await;
            if comes_back {
                ship(shop, parcels[1]).await;
            }
            fulfilment::deliver_for(shop, &clerk(shop), parcels[0], Some(received)).await.unwrap();
            if comes_back {
                order_management::take_back(shop, &owner(shop), parcels[1], back(ReturnedMoney::Refund)).await.unwrap();
            } else {
                order_management::cancel_rest(shop, &owner(shop), order, "it broke").await.unwrap();
            }
            let now = see(shop, order).await;
            assert_eq!((now.delivery, now.waived.minor), (DeliveryState::Delivered, 20_500));
            assert_eq!(now.captured.minor, received, "{comes_back}");
            let left = now.total.minor - now.waived.minor - received;
            let more = capture(shop, &owner(shop), order, Some(left + 1)).await;
            assert!(matches!(more, Err(PaymentError::TooMuch(most)) if most.minor == left), "{more:?}");
            assert_sound(shop).await;
            capture(shop, &owner(shop), order, None).await.unwrap();
            assert_eq!(see(shop, order).await.payment, PaymentState::Paid);
            assert_sound(shop).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cash_order_of_which_money_came_does_not_expire() {
    both_worlds(async |world| {
        limit(world, OrderLimits { cash_days: 14, ..OrderLimits::NONE }).await;
        let variant = a_product().with_stock(9).make(world).await;
        let (paid, part) = (place(world, &[(variant, 1)]).await.unwrap().order, place(world, &[(variant, 1)]).await.unwrap().order);
        capture(world, &owner(world), paid, None).await.unwrap();
        capture(world, &owner(world), part, Some(1_000)).await.unwrap();
        // A card whose capture was declined, and that was paid otherwise.
        let card = crate::refusals::authorised(world).await;
        world.control("/_control/gateway", json!({ "decline_captures": 1 })).await;
        assert!(capture(world, &owner(world), card.order, None).await.is_err());
        refusal_actions::settle(world, &owner(world), the_row(world).await.id, "bank transfer").await.unwrap();
        world.work().await;
        world.shop.clock.advance(15 * Timestamp::DAY);
        assert_eq!(order_management::expire_cash(world).await.unwrap(), 0);
        for order in [paid, part, card.order] {
            let now = see(world, order).await;
            assert!(now.cancelled.is_none() && now.refunds.is_empty(), "{now:?}");
        }
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_a_cancelled_order_that_failed_is_repeated_by_staff_alone() {
    both_worlds(async |world| {
        let placed = captured(world).await;
        order_management::cancel(world, &owner(world), placed.order, "out of order").await.unwrap();
        let name: String = world.db().fetch_scalar("select gateway_ref from refunds", &[]).await.unwrap();
        world.control("/_control/refunds", json!({ "id": name })).await;
        for event in ["evt_failed", "evt_failed", "evt_later"] {
            news(world, &placed, event).await;
            sync(world, placed.order).await.unwrap();
            world.work().await;
        }
        let now = see(world, placed.order).await;
        assert_eq!(now.refunds.iter().map(|refund| refund.state.as_str()).collect::<Vec<_>>(), ["failed"]);
        refusal_actions::settle(world, &owner(world), the_row(world).await.id, "bank transfer").await.unwrap();
        assert!(rows(world).await.is_empty());
        assert_eq!((see(world, placed.order).await.payment, account(world, "accounts_receivable").await), (PaymentState::Refunded, 0));
        world.assert_sound().await;

        // It was on its way when the order was cancelled, and the gateway refuses it.
        let placed = captured(world).await;
        world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
        let waits = refund(world, &owner(world), placed.order, 1_200, "a scratch").await;
        assert!(matches!(waits, Err(PaymentError::Waiting)), "{waits:?}");
        order_management::cancel(world, &owner(world), placed.order, "out of order").await.unwrap();
        world.control("/_control/gateway", json!({ "refuse_refunds": 1 })).await;
        world.work().await;
        news(world, &placed, "evt_refunded").await;
        world.work().await;
        let now = see(world, placed.order).await;
        assert_eq!((now.refunds.len(), now.refunded.minor), (2, placed.total.minor - 1_200));
        retry(world, &the_row(world).await).await.unwrap();
        assert_eq!(see(world, placed.order).await.payment, PaymentState::Refunded);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_that_come_again_change_nothing() {
    both_worlds(async |world| {
        let placed = captured(world).await;
        refund(world, &owner(world), placed.order, 1_200, "a scratch").await.unwrap();
        news(world, &placed, "evt_first").await;
        let name: String = world.db().fetch_scalar("select gateway_ref from refunds", &[]).await.unwrap();
        world.control("/_control/refunds", json!({ "id": name })).await;
        news(world, &placed, "evt_first").await;
        assert_eq!(see(world, placed.order).await.refunds[0].state, "done");
        news(world, &placed, "evt_second").await;
        assert_eq!(see(world, placed.order).await.refunds[0].state, "failed");
        assert_eq!(number(world, "select count(*) from payment_events where kind = 'notice'").await, 2);
    })
    .await;
}

/// A card order of two units at 112.00 of which staff cancel one before the gateway has answered about its intent.
async fn cancelled_while_it_begins(world: &World) -> Placed {
    let variant = a_product().at(11_200).with_stock(5).make(world).await;
    let placed = world.card_order(&[(variant, 2)]).await;
    let order = placed.order;
    let sql = "update payments set gateway_ref = null, gateway_account = null where order_id = $1";
    world.db().write(async move |tx| tx.execute(sql, &[&order]).await).await.unwrap();
    let line = see(world, order).await.lines[0].id;
    order_management::cancel_units(world, &owner(world), order, vec![(line, 1)], false, "sold out").await.unwrap();
    placed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_asked_for_what_is_left_when_units_were_cancelled_while_it_began() {
    both_worlds(async |world| {
        let placed = cancelled_while_it_begins(world).await;
        news(world, &placed, "evt_created").await;
        let page = start_card(world, placed.order).await.unwrap().unwrap();
        assert_ne!(Some(page.as_str()), placed.pay_at.as_deref());
        assert_eq!(start_card(world, placed.order).await.unwrap().as_deref(), Some(page.as_str()));
        // The first page takes no payment any more.
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await;
        world.pay(&page, VISA).await.unwrap();
        sync(world, placed.order).await.unwrap();
        capture(world, &owner(world), placed.order, None).await.unwrap();
        assert_eq!(see(world, placed.order).await.payment, PaymentState::Paid);
        assert_eq!(world.moved().await, (placed.total.minor - 11_200, 0));
        nothing_is_held(world).await;
        assert!(rows(world).await.is_empty());
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_holds_more_than_is_due_is_captured_for_what_is_due() {
    both_worlds(async |world| {
        let placed = cancelled_while_it_begins(world).await;
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        news(world, &placed, "evt_paid").await;
        assert_eq!(see(world, placed.order).await.payment, PaymentState::Authorised);
        assert_eq!(start_card(world, placed.order).await.unwrap(), None);
        world.shop.clock.advance(2 * payments::UNPAID_FOR_MS);
        world.work().await;
        assert_eq!(order_management::expire_unpaid(world).await.unwrap(), 0);
        capture(world, &owner(world), placed.order, None).await.unwrap();
        assert_eq!(see(world, placed.order).await.payment, PaymentState::Paid);
        assert_eq!(world.moved().await, (placed.total.minor - 11_200, 0));
        assert!(rows(world).await.is_empty());
        world.assert_sound().await;

        // The hold of another one is released when the order ends.
        let placed = cancelled_while_it_begins(world).await;
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        news(world, &placed, "evt_paid_too").await;
        order_management::cancel(world, &owner(world), placed.order, "sold out").await.unwrap();
        world.work().await;
        nothing_is_held(world).await;
        assert!(rows(world).await.is_empty());
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_beyond_the_price_goes_back_as_a_debt() {
    both_worlds(async |world| {
        let variant = a_product().at(11_200).with_stock(5).make(world).await;
        let placed = world.card_order(&[(variant, 2)]).await;
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        sync(world, placed.order).await.unwrap();
        let line = see(world, placed.order).await.lines[0].id;
        order_management::cancel_units(world, &owner(world), placed.order, vec![(line, 1)], false, "sold out").await.unwrap();
        // All that the bank holds is taken on the gateway's own pages.
        let intent = intent_of(world, &placed).await;
        at_the_gateway(world, &format!("/v1/payment_intents/{intent}/capture"), &[]).await;
        sync(world, placed.order).await.unwrap();
        assert_eq!(account(world, "accounts_receivable").await, -11_200);
        let tax = account(world, "vat_payable").await;
        refund(world, &owner(world), placed.order, 11_200, "paid too much").await.unwrap();
        let credited = "select count(*) from credit_lines where refund_id is not null";
        let sums =
            async || [account(world, "accounts_receivable").await, account(world, "sales_returns").await, number(world, credited).await];
        assert_eq!((sums().await, account(world, "vat_payable").await), ([0, 0, 0], tax));
        world.assert_sound().await;

        // It fails, and is repeated as what it was.
        let name: String = world.db().fetch_scalar("select gateway_ref from refunds", &[]).await.unwrap();
        world.control("/_control/refunds", json!({ "id": name })).await;
        news(world, &placed, "evt_failed").await;
        assert_eq!(account(world, "accounts_receivable").await, -11_200);
        retry(world, &the_row(world).await).await.unwrap();
        assert_eq!((sums().await, account(world, "vat_payable").await), ([0, 0, 0], tax));
        world.assert_sound().await;

        // What goes back from then on is of the price.
        refund(world, &owner(world), placed.order, 1_120, "a scratch").await.unwrap();
        assert_eq!(sums().await[0], 0);
        assert!(account(world, "vat_payable").await > tax);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_order_that_came_back_and_keeps_its_money_nothing_more_is_due() {
    both(async |shop| {
        let Two { order, parcels, .. } = two_parcels(shop).await;
        capture(shop, &owner(shop), order, Some(9_500)).await.unwrap();
        for parcel in parcels {
            ship(shop, parcel).await;
        }
        for parcel in parcels {
            order_management::take_back(shop, &owner(shop), parcel, back(ReturnedMoney::Keep)).await.unwrap();
            assert_sound(shop).await;
        }
        let now = see(shop, order).await;
        assert_eq!((now.payment, now.fulfilment), (PaymentState::Paid, FulfilmentState::Returned));
        assert_eq!((now.captured.minor, now.waived.minor, account(shop, "accounts_receivable").await), (9_500, now.total.minor - 9_500, 0));
        assert!(matches!(capture(shop, &owner(shop), order, None).await, Err(PaymentError::NothingToCapture)));
        // What was kept can still be refunded.
        refund(shop, &owner(shop), order, 9_500, "they asked again").await.unwrap();
        assert_eq!(see(shop, order).await.payment, PaymentState::Refunded);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn units_less_than_none_are_an_error_of_their_line() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let order = place(shop, &[(variant, 2)]).await.unwrap().order;
        capture(shop, &owner(shop), order, None).await.unwrap();
        let line = see(shop, order).await.lines[0].id;
        for amount in [0, 100] {
            let wanted = CreditRequest { amount, ..units(line, -1) };
            let refused = refund(shop, &owner(shop), order, wanted, "a scratch").await;
            assert!(matches!(refused, Err(PaymentError::TooManyUnits { line: of, left: 2 }) if of == line), "{refused:?}");
        }
        assert!(see(shop, order).await.refunds.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_card_leaves_to_pay_is_in_the_unpaid_queue_until_it_comes_in_cash() {
    both_worlds(async |world| {
        let variants = [a_product().at(9_500).with_stock(1).make(world).await, a_product().at(20_500).with_stock(1).make(world).await];
        let placed = world.card_order(&variants.map(|variant| (variant, 1))).await;
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        sync(world, placed.order).await.unwrap();
        capture(world, &owner(world), placed.order, Some(9_500)).await.unwrap();
        let line = see(world, placed.order).await.lines[0].id;
        refund(world, &owner(world), placed.order, units(line, 1), "it broke").await.unwrap();
        world.shop.clock.advance(2 * payments::UNPAID_FOR_MS);
        assert_eq!(order_management::expire_unpaid(world).await.unwrap(), 0);
        let unpaid = OrderQuery { queue: "unpaid".into(), ..OrderQuery::default() };
        let listed = orders::list(world, &owner(world), &unpaid).await.unwrap().orders;
        assert_eq!(listed.iter().map(|order| order.id).collect::<Vec<_>>(), [placed.order]);
        assert_eq!(orders::queues(world, &owner(world)).await.unwrap().unpaid, 1);
        world.assert_sound().await;

        let due = placed.total.minor - 9_500;
        let more = capture(world, &owner(world), placed.order, Some(due + 1)).await;
        assert!(matches!(more, Err(PaymentError::TooMuch(most)) if most.minor == due), "{more:?}");
        assert_eq!(see(world, placed.order).await.payment_method, PaymentMethod::Card);
        capture(world, &owner(world), placed.order, None).await.unwrap();
        let now = see(world, placed.order).await;
        assert_eq!((now.payment, now.captured, now.payment_method), (PaymentState::PartlyRefunded, placed.total, PaymentMethod::Cash));
        assert_eq!(orders::queues(world, &owner(world)).await.unwrap().unpaid, 0);
        assert!(matches!(capture(world, &owner(world), placed.order, None).await, Err(PaymentError::NothingToCapture)));
        assert_eq!(world.moved().await, (9_500, 9_500));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_an_order_whose_second_attempt_is_refused_is_settled_in_another_way() {
    both_worlds(async |world| {
        world.open_webhooks().await;
        let variant = a_product().at(30_000).with_stock(1).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        let forget = "update payments set state = 'voided'";
        world.db().write(async |tx: &mut Tx| tx.execute(forget, &[]).await).await.unwrap();
        let second = start_card(world, placed.order).await.unwrap().unwrap();
        for page in [placed.pay_at.as_deref().unwrap(), &second] {
            world.pay(page, VISA).await.unwrap();
        }
        world.quiet().await;
        capture(world, &owner(world), placed.order, Some(9_500)).await.unwrap();
        world.control("/_control/gateway", json!({ "decline_captures": 1 })).await;
        assert!(capture(world, &owner(world), placed.order, None).await.is_err());
        refusal_actions::settle(world, &owner(world), the_row(world).await.id, "bank transfer").await.unwrap();
        world.work().await;
        let now = see(world, placed.order).await;
        assert_eq!((now.payment, now.captured, now.refunds.len()), (PaymentState::Paid, placed.total, 0));
        assert!(rows(world).await.is_empty());
        assert_eq!(world.moved().await, (9_500, 0));
        nothing_is_held(world).await;
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refunded_before_is_no_part_of_what_a_cancellation_gives_back() {
    both_worlds(async |world| {
        let placed = captured(world).await;
        refund(world, &owner(world), placed.order, 1_200, "a scratch").await.unwrap();
        order_management::cancel(world, &owner(world), placed.order, "out of order").await.unwrap();
        let now = see(world, placed.order).await;
        assert_eq!((now.refunded, now.returned_on_cancel.minor), (placed.total, placed.total.minor - 1_200));
        world.send_mails().await;
        let (subject, amount) = (format!("Order {} was cancelled", placed.number), Locale::En.money(now.returned_on_cancel));
        let mails = world.mails().await;
        assert!(mails.iter().any(|mail| mail.0 == subject && mail.1.contains(&amount)), "{mails:?}");
        world.assert_sound().await;
    })
    .await;
}
