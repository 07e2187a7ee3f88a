//! What an order's page, its lists and its mails say about money and steps; on both databases.

use crate::lines::{paid_by_card, see, send};
use crate::support::outside::{both_worlds, clerk, owner};
use crate::support::{a_product, both, guest, place};
use backend::fulfilment::{self, Returned};
use backend::order_management;
use backend::payments::refund;
use domain::credit::CreditRequest;
use domain::order::{CancelCause, ParcelState, ReturnCause, ReturnedItems, ReturnedMoney};
use domain::view::{OrderQuery, OrderView};
use domain::{Locale, Money};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_says_what_is_left_to_pay_and_the_tax_of_it() {
    both_worlds(async |world| {
        let variant = a_product().at(11_200).with_stock(5).make(world).await;
        let order = place(world, &[(variant, 3)]).await.unwrap().order;
        let before = see(world, order).await;
        assert_eq!((before.due(), before.tax_left, before.after_total().len()), (before.total, before.tax, 0));
        let line = before.lines[0].id;
        order_management::cancel_own_units(world, &guest(world), order, vec![(line, 1)], CancelCause::Mistake).await.unwrap();
        let now = order_management::as_shopper(world, Locale::En, order).await.unwrap();
        assert_eq!(now.due().minor, before.total.minor - now.waived.minor);
        assert!(now.waived.minor > 0 && now.tax_left.minor < before.tax.minor);
        let said: Vec<&str> = now.after_total().into_iter().map(|(label, _)| label.text(Locale::En)).collect();
        assert_eq!(said, ["Waived", "To pay"]);
        assert_eq!(now.lines[0].unit_states(Locale::En, false).as_deref(), Some("1 cancelled"));
        let label = now.lines[0].label();
        assert!(now.timeline.iter().any(|entry| entry.text.starts_with(&format!("1 × {label} cancelled, "))), "{:?}", now.timeline);
        let listed = backend::orders::list(world, &owner(world), &OrderQuery::default()).await.unwrap();
        assert_eq!(listed.orders[0].price(), now.due());
        // The mail names the item and the new sum, and promises no money back: nothing was paid.
        world.send_mails().await;
        let mails = world.mails().await;
        let (_, text, _) = mails.iter().find(|mail| mail.0.contains("will not be sent")).unwrap();
        assert!(text.contains(&format!("You cancelled this of your order {}: 1 × {label}.", now.number)), "{text}");
        assert!(text.contains(&format!("The order now comes to {}.", Locale::En.money(now.due()))), "{text}");
        assert!(!text.contains("refunded"), "{text}");
        // Tax is inside the total, and no line of the sums.
        let (_, text, _) = mails.iter().find(|mail| mail.0.contains("is in")).unwrap();
        assert!(text.contains("Includes ") && !text.contains("  Tax:"), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_cash_is_made_by_hand_and_says_of_what_it_is() {
    both_worlds(async |world| {
        let variant = a_product().at(11_200).with_stock(5).make(world).await;
        let order = place(world, &[(variant, 2)]).await.unwrap().order;
        let parcel = fulfilment::pick(world, &clerk(world), order).await.unwrap()[0];
        send(world, parcel).await;
        fulfilment::deliver(world, &clerk(world), parcel).await.unwrap();
        let line = see(world, order).await.lines[0].id;
        let wanted = CreditRequest { lines: vec![(line, 1)], fee: 500, amount: 100 };
        refund(world, &owner(world), order, wanted, "a scratch").await.unwrap();
        let now = see(world, order).await;
        let [refund] = now.refunds.as_slice() else { panic!("{:?}", now.refunds) };
        assert!(refund.by_hand && refund.tax.minor > 0);
        assert_eq!(refund.of[0], (format!("1 × {}", now.lines[0].label()), Money::new(11_200, refund.amount.currency)));
        assert_eq!(refund.of.iter().map(|(_, money)| money.minor).sum::<i64>(), refund.amount.minor);
        assert!(now.lines[0].refunded.minor >= 11_200);
        assert!(now.tax_left.minor < now.tax.minor);
        world.send_mails().await;
        let (_, text, _) = world.mails().await.into_iter().find(|mail| mail.0.starts_with("A refund of ")).unwrap();
        assert!(text.contains("in cash or by transfer") && !text.contains("Banks"), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_undone_is_told_to_staff_alone_and_cash_is_not_voided() {
    both(async |shop| {
        let variant = a_product().with_stock(3).make(shop).await;
        let order = place(shop, &[(variant, 1)]).await.unwrap().order;
        let first = fulfilment::pick(shop, &clerk(shop), order).await.unwrap()[0];
        fulfilment::unpack(shop, &clerk(shop), first).await.unwrap();
        let second = fulfilment::pick(shop, &clerk(shop), order).await.unwrap()[0];
        fulfilment::pack(shop, &clerk(shop), second).await.unwrap();
        fulfilment::unpack(shop, &clerk(shop), second).await.unwrap();
        let third = fulfilment::pick(shop, &clerk(shop), order).await.unwrap()[0];
        fulfilment::pack(shop, &clerk(shop), third).await.unwrap();
        order_management::cancel(shop, &owner(shop), order, "they called").await.unwrap();
        let texts = |order: OrderView| order.timeline.into_iter().map(|entry| entry.text).collect::<Vec<_>>();
        let told = texts(order_management::as_shopper(shop, Locale::En, order).await.unwrap());
        assert_eq!(told, ["Order placed", "Picking began", "Packed", "Cancelled"]);
        let told = texts(see(shop, order).await);
        for text in ["Picking undone", "Parcel unpacked", "The cash is not collected"] {
            assert_eq!(told.iter().filter(|told| *told == text).count(), 1, "{text}: {told:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_returned_parcel_refunds_is_known_before() {
    both_worlds(async |world| {
        let variant = a_product().at(10_000).with_stock_in("WH-1", 1).with_stock_in("WH-2", 1).make(world).await;
        let order = paid_by_card(world, &[(variant, 2)]).await;
        for parcel in fulfilment::pick(world, &clerk(world), order).await.unwrap() {
            send(world, parcel).await;
        }
        world.work().await;
        for of_all in [false, true] {
            let before = see(world, order).await;
            let parcel = before.parcels.iter().find(|parcel| parcel.state == ParcelState::Shipped).unwrap();
            let expected = before.refund_of(parcel).minor;
            // With the last one everything is refunded, the delivery fee too.
            assert_eq!(expected == 10_000, !of_all);
            let (cause, items, money) = (ReturnCause::Refused, ReturnedItems::Restock, ReturnedMoney::Refund);
            let back = Returned { cause, items, written_off: Vec::new(), money, note: String::new() };
            order_management::take_back(world, &owner(world), parcel.id, back).await.unwrap();
            world.work().await;
            assert_eq!(see(world, order).await.refunded.minor - before.refunded.minor, expected);
        }
    })
    .await;
}
