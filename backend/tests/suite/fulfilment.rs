//! From picking to delivery, on both databases.

use crate::support::outside::{assert_sound, both_worlds, clerk, owner};
use crate::support::{a_product, both, guest, number, place};
use backend::fulfilment::{self, FulfilmentError};
use backend::order_management::{self, OrderChangeError};
use domain::Locale;
use domain::order::{DeliveryState, FulfilmentState, ParcelState, PaymentState};

#[tokio::test(flavor = "multi_thread")]
async fn a_cash_order_is_picked_packed_shipped_delivered_and_paid() {
    both(async |shop| {
        let variant = a_product().with_stock(3).make(shop).await;
        let placed = place(shop, &[(variant, 2)]).await.unwrap();
        let ctx = clerk(shop);
        let see = async || order_management::view(shop, &ctx, Locale::En, placed.order).await.unwrap();

        let parcels = fulfilment::pick(shop, &ctx, placed.order).await.unwrap();
        assert_eq!((parcels.len(), see().await.delivery), (1, DeliveryState::Preparing));
        assert!(matches!(fulfilment::pick(shop, &ctx, placed.order).await, Err(FulfilmentError::NothingToPick)));
        let early = fulfilment::ship(shop, &ctx, parcels[0], "LBC", "").await;
        assert!(matches!(early, Err(FulfilmentError::Step { is: ParcelState::Picking, wanted: ParcelState::Shipped })));
        fulfilment::pack(shop, &ctx, parcels[0]).await.unwrap();
        assert!(matches!(fulfilment::ship(shop, &ctx, parcels[0], " ", "").await, Err(FulfilmentError::Courier)));
        fulfilment::ship(shop, &ctx, parcels[0], "LBC", "LBC-1").await.unwrap();
        let order = see().await;
        assert_eq!((order.fulfilment, order.delivery), (FulfilmentState::Fulfilled, DeliveryState::InTransit));
        assert_eq!((order.parcels[0].tracking_number.as_deref(), order.lines[0].shipped), (Some("LBC-1"), 2));
        assert_eq!(number(shop, "select on_hand from stock where on_hand > 0").await, 1);
        assert_eq!(number(shop, "select amount from postings where account = 'cost_of_goods_sold'").await, 8_000);
        assert_eq!(order.payment, PaymentState::Pending);

        fulfilment::deliver(shop, &ctx, parcels[0]).await.unwrap();
        let order = see().await;
        assert_eq!((order.delivery, order.payment), (DeliveryState::Delivered, PaymentState::Paid));
        let kinds: Vec<&str> = order.timeline.iter().map(|e| e.kind.as_str()).collect();
        assert_eq!(kinds, ["order.placed", "parcel.picked", "parcel.packed", "parcel.shipped", "parcel.delivered", "payment.captured"]);
        assert!(matches!(fulfilment::deliver(shop, &ctx, parcels[0]).await, Err(FulfilmentError::Step { .. })));
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_that_holds_the_last_unit_is_sent() {
    both(async |shop| {
        let variant = a_product().with_stock(1).make(shop).await;
        let placed = place(shop, &[(variant, 1)]).await.unwrap();
        assert!(place(shop, &[(variant, 1)]).await.is_err());
        let parcels = fulfilment::pick(shop, &clerk(shop), placed.order).await.unwrap();
        fulfilment::pack(shop, &clerk(shop), parcels[0]).await.unwrap();
        fulfilment::ship(shop, &clerk(shop), parcels[0], "LBC", "").await.unwrap();
        assert_eq!(number(shop, "select on_hand + reserved + available from stock").await, 0);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_in_two_locations_are_shipped_in_two_parcels() {
    both(async |shop| {
        let variant = a_product().with_stock_in("WH-1", 1).with_stock_in("WH-2", 1).make(shop).await;
        let placed = place(shop, &[(variant, 2)]).await.unwrap();
        let parcels = fulfilment::pick(shop, &clerk(shop), placed.order).await.unwrap();
        assert_eq!(parcels.len(), 2);
        // The second parcel first: it takes nothing from the other location.
        fulfilment::pack(shop, &clerk(shop), parcels[1]).await.unwrap();
        fulfilment::ship(shop, &clerk(shop), parcels[1], "LBC", "").await.unwrap();
        let order = order_management::view(shop, &clerk(shop), Locale::En, placed.order).await.unwrap();
        assert_eq!((order.fulfilment, order.delivery), (FulfilmentState::Partial, DeliveryState::InTransit));
        assert_eq!(
            number(
                shop,
                "select count(*) from parcels s join stock k on k.location_id = s.location_id where s.state = 'shipped' and k.on_hand = 0"
            )
            .await,
            1
        );
        fulfilment::deliver(shop, &clerk(shop), parcels[1]).await.unwrap();
        let order = order_management::view(shop, &clerk(shop), Locale::En, placed.order).await.unwrap();
        assert_eq!((order.delivery, order.payment), (DeliveryState::InTransit, PaymentState::Pending));
        assert_sound(shop).await;
        fulfilment::pack(shop, &clerk(shop), parcels[0]).await.unwrap();
        fulfilment::ship(shop, &clerk(shop), parcels[0], "LBC", "").await.unwrap();
        fulfilment::deliver(shop, &clerk(shop), parcels[0]).await.unwrap();
        let order = order_management::view(shop, &clerk(shop), Locale::En, placed.order).await.unwrap();
        assert_eq!((order.delivery, order.payment), (DeliveryState::Delivered, PaymentState::Paid));
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_picked_and_unpacked_again() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let placed = place(shop, &[(variant, 3)]).await.unwrap();
        let line = order_management::view(shop, &clerk(shop), Locale::En, placed.order).await.unwrap().lines[0].id;
        let pick = async |units| fulfilment::pick_lines(shop, &clerk(shop), placed.order, vec![(line, units)]).await;
        assert!(matches!(pick(4).await, Err(FulfilmentError::TooMany)));
        assert!(matches!(pick(-1).await, Err(FulfilmentError::TooMany)));
        let parcel = pick(2).await.unwrap()[0];
        assert!(matches!(pick(2).await, Err(FulfilmentError::TooMany)));
        fulfilment::unpack(shop, &clerk(shop), parcel).await.unwrap();
        assert!(matches!(fulfilment::pack(shop, &clerk(shop), parcel).await, Err(FulfilmentError::Step { .. })));
        assert!(pick(3).await.is_ok());
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipped_order_cannot_be_cancelled_and_a_packed_one_can() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let (sent, packed) = (place(shop, &[(variant, 1)]).await.unwrap(), place(shop, &[(variant, 1)]).await.unwrap());
        for (order, ship) in [(sent.order, true), (packed.order, false)] {
            let parcel = fulfilment::pick(shop, &clerk(shop), order).await.unwrap()[0];
            fulfilment::pack(shop, &clerk(shop), parcel).await.unwrap();
            if ship {
                fulfilment::ship(shop, &clerk(shop), parcel, "LBC", "").await.unwrap();
            }
        }
        let refused = order_management::cancel(shop, &owner(shop), sent.order, "late").await;
        assert!(matches!(refused, Err(OrderChangeError::Sent)));
        assert!(refused.unwrap_err().message(Locale::Fil).is_some());
        order_management::cancel(shop, &owner(shop), packed.order, "late").await.unwrap();
        assert!(matches!(fulfilment::pick(shop, &clerk(shop), packed.order).await, Err(FulfilmentError::Cancelled)));
        assert_eq!(number(shop, "select reserved from stock").await, 0);
        assert_eq!(number(shop, "select available from stock").await, 4);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clerks_who_ship_at_the_same_moment_ship_one_parcel() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let placed = place(shop, &[(variant, 1)]).await.unwrap();
        let pressed: Vec<_> = (0..4)
            .map(|_| {
                let (shop, ctx, order) = (shop.shop.clone(), clerk(shop), placed.order);
                tokio::spawn(async move { fulfilment::pick(&shop, &ctx, order).await.is_ok() })
            })
            .collect();
        let mut succeeded = 0;
        for one in pressed {
            succeeded += i32::from(one.await.unwrap());
        }
        assert_eq!((succeeded, number(shop, "select count(*) from parcels").await), (1, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_staff_ship_and_only_after_the_card_is_authorised() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(5).make(world).await;
        let unpaid = world.card_order(&[(variant, 1)]).await;
        assert!(matches!(fulfilment::pick(world, &clerk(world), unpaid.order).await, Err(FulfilmentError::Unpaid)));
        assert!(matches!(fulfilment::pick(world, &guest(world), unpaid.order).await, Err(FulfilmentError::Forbidden(_))));
        let open = place(world, &[(variant, 1)]).await.unwrap().order;
        let outcome = fulfilment::pick_many(world, &clerk(world), Locale::En, &[unpaid.order, open]).await.unwrap();
        assert_eq!((outcome.picked.len(), outcome.picked[0].0), (1, open));
        assert_eq!((outcome.left_out.len(), outcome.left_out[0].order), (1, unpaid.order));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_order_that_is_not_picked_with_others_is_named_with_its_reason() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(9).make(world).await;
        let unpaid = world.card_order(&[(variant, 1)]).await.order;
        let mut orders = Vec::new();
        for _ in 0..5 {
            orders.push(place(world, &[(variant, 1)]).await.unwrap().order);
        }
        let [open, picking, packed, sent, cancelled] = orders[..] else { panic!("five orders") };
        fulfilment::pick(world, &clerk(world), picking).await.unwrap();
        for order in [packed, sent] {
            let parcel = fulfilment::pick(world, &clerk(world), order).await.unwrap()[0];
            fulfilment::pack(world, &clerk(world), parcel).await.unwrap();
            if order == sent {
                fulfilment::ship(world, &clerk(world), parcel, "LBC", "").await.unwrap();
            }
        }
        order_management::cancel(world, &owner(world), cancelled, "they called").await.unwrap();
        let nowhere = domain::id::OrderId(uuid::Uuid::from_u128(7));

        let all = [open, unpaid, picking, packed, sent, cancelled, nowhere];
        let outcome = fulfilment::pick_many(world, &clerk(world), Locale::En, &all).await.unwrap();
        let number = order_management::view(world, &clerk(world), Locale::En, open).await.unwrap().number;
        assert_eq!(outcome.picked, [(open, number)]);
        let reasons: Vec<_> = outcome.left_out.iter().map(|left_out| (left_out.order, left_out.why.as_str())).collect();
        let expected = [
            (unpaid, "The order is not paid. Nothing is sent before."),
            (picking, "It is being picked already."),
            (packed, "Everything is packed already."),
            (sent, "Everything was sent already."),
            (cancelled, "This order was cancelled."),
            (nowhere, "We do not know this order."),
        ];
        assert_eq!(reasons, expected);
        assert!(outcome.left_out[..5].iter().all(|left_out| !left_out.number.is_empty()));
        // The pick list has what is being picked, and says the same of the rest.
        let list = fulfilment::pick_list(world, &clerk(world), Locale::En, &all).await.unwrap();
        let left_out: Vec<_> = list.left_out.iter().map(|left_out| (left_out.order, left_out.why.as_str())).collect();
        for one in expected.iter().filter(|(order, _)| *order != picking) {
            assert!(left_out.contains(one), "{one:?} in {left_out:?}");
        }
        assert_eq!(left_out.len(), expected.len() - 1);
        assert_sound(world).await;
    })
    .await;
}
