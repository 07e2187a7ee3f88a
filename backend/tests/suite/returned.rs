//! Parcels that come back, orders of which a part is not sent, and shoppers who cancel; on both databases.

use crate::support::outside::{VISA, World, assert_sound, both_worlds, clerk, owner};
use crate::support::{TestShop, a_product, both, guest, number, place};
use backend::Shop;
use backend::fulfilment::{self, FulfilmentError, Returned};
use backend::order_management::{self, OrderChangeError};
use backend::orders;
use backend::payments::{self, refund, sync};
use domain::Locale;
use domain::id::{OrderId, ParcelId};
use domain::order::{CancelCause, DeliveryState, FulfilmentState, ParcelState, PaymentState, ReturnCause, ReturnedItems, ReturnedMoney};
use domain::view::{OrderQuery, OrderView, PageAt};

fn back(cause: ReturnCause, items: ReturnedItems, money: ReturnedMoney) -> Returned {
    Returned { cause, items, money, written_off: Vec::new(), note: "nobody at home, said the courier".into() }
}

fn refused() -> Returned {
    back(ReturnCause::Refused, ReturnedItems::Restock, ReturnedMoney::Refund)
}

async fn send(shop: &Shop, parcel: ParcelId) {
    fulfilment::pack(shop, &clerk(shop), parcel).await.unwrap();
    fulfilment::ship(shop, &clerk(shop), parcel, "LBC", "").await.unwrap();
}

async fn sent(shop: &Shop, order: OrderId) -> ParcelId {
    let parcel = fulfilment::pick(shop, &clerk(shop), order).await.unwrap()[0];
    send(shop, parcel).await;
    parcel
}

async fn see(shop: &Shop, order: OrderId) -> OrderView {
    order_management::view(shop, &owner(shop), Locale::En, order).await.unwrap()
}

/// What an account stands at.
async fn account(shop: &TestShop, name: &str) -> i64 {
    let sql = "select coalesce(cast(sum(amount) as bigint), 0) from postings where account = $1";
    shop.db().fetch_scalar(sql, &[&name]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_refused_at_the_door_returns_its_stock_and_waives_its_cash() {
    both(async |shop| {
        let variant = a_product().at(11_200).with_stock(3).make(shop).await;
        let placed = place(shop, &[(variant, 2)]).await.unwrap();
        let parcel = fulfilment::pick(shop, &clerk(shop), placed.order).await.unwrap()[0];
        let early = order_management::take_back(shop, &clerk(shop), parcel, refused()).await;
        assert!(matches!(
            early,
            Err(OrderChangeError::Parcel(FulfilmentError::Step { is: ParcelState::Picking, wanted: ParcelState::Returned }))
        ));
        send(shop, parcel).await;
        assert!(matches!(order_management::take_back(shop, &guest(shop), parcel, refused()).await, Err(OrderChangeError::Forbidden(_))));
        order_management::take_back(shop, &clerk(shop), parcel, refused()).await.unwrap();

        let order = see(shop, placed.order).await;
        assert_eq!(
            (order.payment, order.fulfilment, order.delivery),
            (PaymentState::Voided, FulfilmentState::Cancelled, DeliveryState::Returned)
        );
        assert_eq!(order.cancelled.unwrap().1, "The parcel was not taken at the door.");
        let returned = order.parcels[0].returned.clone().unwrap();
        assert_eq!((returned.1, returned.2.as_str()), (ReturnCause::Refused, "nobody at home, said the courier"));
        assert_eq!(number(shop, "select available from stock where on_hand = 3 and reserved = 0").await, 3);
        for name in ["accounts_receivable", "sales", "delivery_income", "vat_payable", "cost_of_goods_sold", "cash"] {
            assert_eq!(account(shop, name).await, 0, "{name}");
        }
        let again = order_management::take_back(shop, &clerk(shop), parcel, refused()).await;
        assert!(matches!(again, Err(OrderChangeError::Parcel(FulfilmentError::Step { .. }))));
        assert!(matches!(fulfilment::deliver(shop, &clerk(shop), parcel).await, Err(FulfilmentError::Step { .. })));
        let actor: String = shop.db().fetch_scalar("select actor from events where kind = 'parcel.returned'", &[]).await.unwrap();
        assert!(actor.starts_with("staff:"), "{actor}");
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_that_came_back_broken_are_written_off() {
    both(async |shop| {
        let variant = a_product().with_stock(3).make(shop).await;
        let placed = place(shop, &[(variant, 2)]).await.unwrap();
        let parcel = sent(shop, placed.order).await;
        let broken = back(ReturnCause::Undeliverable, ReturnedItems::WriteOff, ReturnedMoney::Refund);
        order_management::take_back(shop, &clerk(shop), parcel, broken).await.unwrap();
        assert_eq!(number(shop, "select on_hand from stock where available = 1").await, 1);
        // Three units came in at 40.00 each, one is left.
        assert_eq!(account(shop, "inventory").await, 4_000);
        assert_eq!((account(shop, "inventory_adjustment").await, account(shop, "cost_of_goods_sold").await), (8_000 - 12_000, 0));
        let movements = backend::inventory::movements(shop, &owner(shop), variant, &PageAt::default()).await.unwrap().movements;
        let kinds: Vec<(&str, i64)> = movements.iter().map(|m| (m.kind.as_str(), m.quantity)).collect();
        assert!(kinds.contains(&("returned", 2)) && kinds.contains(&("adjusted", -2)), "{kinds:?}");
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_parcels_a_refused_one_lowers_the_cash_to_collect() {
    both(async |shop| {
        let variant = a_product().at(10_000).with_stock_in("WH-1", 1).with_stock_in("WH-2", 1).make(shop).await;
        let placed = place(shop, &[(variant, 2)]).await.unwrap();
        let parcels = fulfilment::pick(shop, &clerk(shop), placed.order).await.unwrap();
        for parcel in &parcels {
            send(shop, *parcel).await;
        }
        fulfilment::deliver(shop, &clerk(shop), parcels[0]).await.unwrap();
        assert_eq!(see(shop, placed.order).await.payment, PaymentState::Pending);
        order_management::take_back(shop, &clerk(shop), parcels[1], refused()).await.unwrap();
        let order = see(shop, placed.order).await;
        assert_eq!(
            (order.payment, order.fulfilment, order.delivery),
            (PaymentState::Paid, FulfilmentState::Fulfilled, DeliveryState::Delivered)
        );
        assert_eq!((order.waived.minor, order.captured.minor), (10_000, placed.total.minor - 10_000));
        // Back at the location that it left from.
        let at_home = "select k.on_hand from parcels s join stock k on k.location_id = s.location_id where s.state = 'returned'";
        assert_eq!(number(shop, at_home).await, 1);
        assert_sound(shop).await;
        // Everything that was collected can be refunded, with its tax.
        refund(shop, &owner(shop), placed.order, order.captured.minor, "a scratch").await.unwrap();
        assert_eq!(account(shop, "vat_payable").await, 0);
        assert_sound(shop).await;
    })
    .await;
}

async fn paid_by_card(world: &World, of: &[(domain::id::VariantId, i64)]) -> OrderId {
    let placed = world.card_order(of).await;
    world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
    sync(world, placed.order).await.unwrap();
    placed.order
}

#[tokio::test(flavor = "multi_thread")]
async fn the_payment_of_a_returned_parcel_is_refunded_or_kept() {
    both_worlds(async |world| {
        let variant = a_product().at(10_000).with_stock(9).make(world).await;
        let mut both = Vec::new();
        for money in [ReturnedMoney::Refund, ReturnedMoney::Keep] {
            let order = paid_by_card(world, &[(variant, 1)]).await;
            let parcel = sent(world, order).await;
            world.work().await;
            assert_eq!(see(world, order).await.payment, PaymentState::Paid);
            let sorted = back(ReturnCause::Undeliverable, ReturnedItems::Restock, money);
            if money == ReturnedMoney::Refund {
                // A clerk may not refund.
                let refused = order_management::take_back(world, &clerk(world), parcel, sorted.clone()).await;
                assert!(matches!(refused, Err(OrderChangeError::Forbidden(_))), "{refused:?}");
                order_management::take_back(world, &owner(world), parcel, sorted).await.unwrap();
            } else {
                order_management::take_back(world, &clerk(world), parcel, sorted).await.unwrap();
            }
            both.push(see(world, order).await);
            world.assert_sound().await;
        }
        assert_eq!((both[0].payment, both[0].fulfilment), (PaymentState::Refunded, FulfilmentState::Cancelled));
        assert_eq!((both[1].payment, both[1].fulfilment), (PaymentState::Paid, FulfilmentState::Returned));
        let total = both[0].total.minor;
        assert_eq!(world.moved().await, (2 * total, total));
        // The money that was kept can still be refunded later.
        refund(world, &owner(world), both[1].id, total, "they asked again").await.unwrap();
        assert_eq!(world.moved().await, (2 * total, 2 * total));
        assert_eq!(number(world, "select available from stock").await, 9);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_partly_shipped_order_can_be_cancelled() {
    both_worlds(async |world| {
        let variant = a_product().at(10_000).with_stock_in("WH-1", 2).with_stock_in("WH-2", 2).make(world).await;
        let cash = place(world, &[(variant, 2)]).await.unwrap();
        // The other location has the second unit of this one.
        let card = paid_by_card(world, &[(variant, 2)]).await;
        world.db().write(async |tx| tx.execute("update stock set available = available", &[]).await).await.unwrap();
        for order in [cash.order, card] {
            let line = see(world, order).await.lines[0].id;
            let parcel = fulfilment::pick_lines(world, &clerk(world), order, vec![(line, 1)]).await.unwrap()[0];
            send(world, parcel).await;
            let rest = fulfilment::pick(world, &clerk(world), order).await.unwrap();
            assert_eq!(rest.len(), 1);
            assert!(matches!(order_management::cancel(world, &owner(world), order, "it broke").await, Err(OrderChangeError::Sent)));
            assert!(matches!(
                order_management::cancel_rest(world, &clerk(world), order, "it broke").await,
                Err(OrderChangeError::Forbidden(_))
            ));
            if order == card {
                let early = order_management::cancel_rest(world, &owner(world), order, "it broke").await;
                assert!(matches!(early, Err(OrderChangeError::NotCaptured)), "{early:?}");
                world.work().await;
            }
            order_management::cancel_rest(world, &owner(world), order, "it broke").await.unwrap();
            assert!(matches!(order_management::cancel_rest(world, &owner(world), order, "it broke").await, Err(OrderChangeError::Sent)));
            let after = see(world, order).await;
            assert_eq!((after.fulfilment, after.unsent), (FulfilmentState::Fulfilled, 0));
            assert!(matches!(fulfilment::pack(world, &clerk(world), rest[0]).await, Err(FulfilmentError::Step { .. })));
            fulfilment::deliver(world, &clerk(world), parcel).await.unwrap();
            world.assert_sound().await;
        }
        let (cash, card) = (see(world, cash.order).await, see(world, card).await);
        assert_eq!((cash.payment, cash.captured.minor), (PaymentState::Paid, cash.total.minor - 10_000));
        assert_eq!((card.payment, card.refunded.minor), (PaymentState::PartlyRefunded, 10_000));
        assert_eq!(world.moved().await, (card.total.minor, 10_000));
        assert_eq!(number(world, "select cast(sum(reserved) as bigint) from stock").await, 0);
        world.send_mails().await;
        let subjects: Vec<String> = world.mails().await.into_iter().map(|m| m.0).collect();
        assert!(subjects.contains(&format!("A part of order {} will not be sent", cash.number)), "{subjects:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_refund_releases_all_reservations() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(4).make(world).await;
        let order = paid_by_card(world, &[(variant, 2)]).await;
        payments::capture(world, &owner(world), order, None).await.unwrap();
        fulfilment::pick(world, &clerk(world), order).await.unwrap();
        let total = see(world, order).await.total.minor;
        refund(world, &owner(world), order, 100, "a scratch").await.unwrap();
        assert_eq!(number(world, "select reserved from stock").await, 2);
        refund(world, &owner(world), order, total - 100, "sold out").await.unwrap();
        let after = see(world, order).await;
        assert_eq!((after.payment, after.fulfilment, after.parcels.len()), (PaymentState::Refunded, FulfilmentState::Cancelled, 0));
        assert_eq!(number(world, "select reserved from stock where available = 4").await, 0);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_returned_parcel_sends_one_mail_and_none_about_cancelling() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(3).make(world).await;
        let placed = place(world, &[(variant, 1)]).await.unwrap();
        let parcel = sent(world, placed.order).await;
        order_management::take_back(world, &clerk(world), parcel, refused()).await.unwrap();
        world.send_mails().await;
        world.send_mails().await;
        let mails = world.mails().await;
        let about: Vec<&str> = mails.iter().map(|m| m.0.as_str()).collect();
        let back = mails.iter().find(|mail| mail.0 == format!("The parcel of order {} came back to us", placed.number));
        let (_, text, _) = back.unwrap_or_else(|| panic!("{about:?}"));
        assert!(!about.iter().any(|subject| subject.contains("cancelled")), "{about:?}");
        assert!(text.contains("not taken at the door") && text.contains("Nothing more is due"), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_cancels_until_a_parcel_is_packed() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(9).make(world).await;
        let card = paid_by_card(world, &[(variant, 1)]).await;
        let (picked, packed) = (place(world, &[(variant, 1)]).await.unwrap().order, place(world, &[(variant, 1)]).await.unwrap().order);
        fulfilment::pick(world, &clerk(world), picked).await.unwrap();
        let parcel = fulfilment::pick(world, &clerk(world), packed).await.unwrap()[0];
        fulfilment::pack(world, &clerk(world), parcel).await.unwrap();
        assert_eq!([see(world, card).await, see(world, picked).await, see(world, packed).await].map(|o| o.can_cancel), [true, true, false]);
        for order in [card, picked] {
            order_management::cancel_own(world, &guest(world), order, CancelCause::Mistake).await.unwrap();
            // Sent twice, it is cancelled once.
            order_management::cancel_own(world, &guest(world), order, CancelCause::Mistake).await.unwrap();
        }
        let late = order_management::cancel_own(world, &guest(world), packed, CancelCause::Unsaid).await;
        assert!(matches!(late, Err(OrderChangeError::Packed)), "{late:?}");
        assert!(late.unwrap_err().message(Locale::Fil).is_some());
        world.work().await;
        let order = see(world, card).await;
        assert_eq!(
            (order.payment, order.cancelled.unwrap().1.as_str()),
            (PaymentState::Voided, "Cancelled by the shopper: ordered by mistake.")
        );
        assert!(order.cancelled_by_shopper);
        let own = order_management::as_shopper(world, Locale::En, card).await.unwrap();
        assert_eq!(own.cancelled.unwrap().1, "You cancelled this order.");
        let last = order.timeline.iter().find(|entry| entry.kind == "order.cancelled").unwrap();
        assert_eq!(last.actor, "The shopper");
        assert_eq!(world.moved().await, (0, 0));
        assert_eq!(number(world, "select reserved from stock where available = 8").await, 1);
        world.send_mails().await;
        let mails = world.mails().await;
        // A card that was only held is not charged; of cash nothing was paid.
        for (number, sentence) in [(&order.number, "Your card is not charged."), (&see(world, picked).await.number, "Nothing was paid.")] {
            let mail = mails.iter().find(|mail| mail.0 == format!("Order {number} was cancelled")).unwrap();
            assert!(mail.1.contains(sentence), "{}", mail.1);
        }
        world.assert_sound().await;
    })
    .await;
}

/// The order's lock decides who was first: it is cancelled, or packed, and never both.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_shopper_cancelling_and_a_clerk_packing_at_once_one_is_refused() {
    both(async |shop| {
        let variant = a_product().with_stock(40).make(shop).await;
        for _ in 0..12 {
            let order = place(shop, &[(variant, 1)]).await.unwrap().order;
            let parcel = fulfilment::pick(shop, &clerk(shop), order).await.unwrap()[0];
            let (one, other) = (shop.shop.clone(), shop.shop.clone());
            let packs = tokio::spawn(async move { fulfilment::pack(&one, &clerk(&one), parcel).await.is_ok() });
            let cancels =
                tokio::spawn(async move { order_management::cancel_own(&other, &guest(&other), order, CancelCause::Unsaid).await.is_ok() });
            let (packed, cancelled) = (packs.await.unwrap(), cancels.await.unwrap());
            assert!(packed != cancelled, "packed: {packed}, cancelled: {cancelled}");
            let after = see(shop, order).await;
            assert_eq!((after.cancelled.is_some(), after.parcels.len()), (cancelled, usize::from(packed)));
        }
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_queue_lists_the_orders_it_counts_and_no_others() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(20).make(world).await;
        let open = place(world, &[(variant, 1)]).await.unwrap().order;
        let unpaid = world.card_order(&[(variant, 1)]).await.order;
        let paid = paid_by_card(world, &[(variant, 1)]).await;
        let (picked, packed, gone, cancelled) = (
            place(world, &[(variant, 1)]).await.unwrap().order,
            place(world, &[(variant, 1)]).await.unwrap().order,
            place(world, &[(variant, 1)]).await.unwrap().order,
            place(world, &[(variant, 1)]).await.unwrap().order,
        );
        fulfilment::pick(world, &clerk(world), picked).await.unwrap();
        let parcel = fulfilment::pick(world, &clerk(world), packed).await.unwrap()[0];
        fulfilment::pack(world, &clerk(world), parcel).await.unwrap();
        sent(world, gone).await;
        order_management::cancel(world, &owner(world), cancelled, "they called").await.unwrap();
        assert_eq!(see(world, packed).await.delivery, DeliveryState::Packed);

        let counts = orders::queues(world, &clerk(world)).await.unwrap();
        assert_eq!(backend::dashboard::today(world, &clerk(world), Locale::En).await.unwrap().queues, counts);
        let expected = [
            ("to_pack", counts.to_pack, vec![open, paid, picked]),
            ("to_ship", counts.to_ship, vec![packed]),
            ("unpaid", counts.unpaid, vec![unpaid]),
            ("cash_due", counts.cash_due, vec![gone]),
        ];
        for (queue, count, mut orders_in) in expected {
            let query = OrderQuery { queue: queue.into(), ..OrderQuery::default() };
            let mut listed: Vec<OrderId> = orders::list(world, &clerk(world), &query).await.unwrap().orders.iter().map(|o| o.id).collect();
            listed.sort();
            orders_in.sort();
            assert_eq!((listed.len(), listed), (usize::try_from(count).unwrap(), orders_in), "{queue}");
        }
        // An unpaid card order is no sale.
        let today = backend::dashboard::today(world, &clerk(world), Locale::En).await.unwrap();
        assert_eq!(today.orders, 5);
        // It is not on the pick list either, and neither are cancelled, packed and shipped orders.
        let all = [open, unpaid, paid, picked, packed, gone, cancelled];
        let list = fulfilment::pick_list(world, &clerk(world), Locale::En, &all).await.unwrap();
        assert_eq!((list.lines.len(), list.lines[0].units, list.lines[0].orders.len()), (1, 3, 3));
        assert_eq!(list.left_out.len(), 4, "{:?}", list.left_out);
        let number = see(world, cancelled).await.number;
        let cancelled = list.left_out.iter().find(|left_out| left_out.number == number).unwrap();
        assert_eq!(cancelled.why, "This order was cancelled.");
    })
    .await;
}
