//! Lines of an order live in units: cancelled, shipped, returned and refunded with exactly their price and tax; on both databases.

use crate::support::outside::{VISA, World, assert_sound, both_worlds, clerk, owner};
use crate::support::{Folder, a_product, both, guest, number, open, place, postgres_url};
use backend::fulfilment::{self, FulfilmentError, Returned};
use backend::order_management::{self, CancelledUnits, OrderChangeError};
use backend::payments::{self, PaymentError, refund, sync};
use backend::{Shop, inventory};
use domain::Locale;
use domain::credit::{self, CreditRequest};
use domain::id::{OrderId, OrderLineId, ParcelId, VariantId};
use domain::order::{CancelCause, DeliveryState, FulfilmentState, ParcelState, PaymentState, ReturnCause, ReturnedItems, ReturnedMoney};
use domain::stock::StockReason;
use domain::view::{OrderView, PageAt};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

pub async fn see(shop: &Shop, order: OrderId) -> OrderView {
    order_management::view(shop, &owner(shop), Locale::En, order).await.unwrap()
}

/// What an account stands at.
async fn account(shop: &Shop, name: &str) -> i64 {
    let sql = "select coalesce(cast(sum(amount) as bigint), 0) from postings where account = $1";
    shop.db().fetch_scalar(sql, &[&name]).await.unwrap()
}

/// The products of this shop are exempt from tax.
async fn exempt(shop: &Shop, variant: VariantId) {
    shop.db()
        .write(async move |tx| {
            let sql = "update products set tax_class = 'exempt' where id = (select product_id from variants where id = $1)";
            tx.execute(sql, &[&variant]).await
        })
        .await
        .unwrap();
}

/// Items to Singapore are taxed too.
async fn taxed_abroad(shop: &Shop) {
    let rate = shop.id();
    let sql = "insert into tax_rates (id, class, country, rate_bp, valid_from, source) values ($1, 'standard', 'SG', 1200, 0, 'test')";
    shop.db().write(async move |tx| tx.execute(sql, &[&rate]).await).await.unwrap();
}

pub async fn paid_by_card(world: &World, of: &[(VariantId, i64)]) -> OrderId {
    let placed = world.card_order(of).await;
    world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
    sync(world, placed.order).await.unwrap();
    placed.order
}

pub async fn send(shop: &Shop, parcel: ParcelId) {
    fulfilment::pack(shop, &clerk(shop), parcel).await.unwrap();
    fulfilment::ship(shop, &clerk(shop), parcel, "LBC", "").await.unwrap();
}

const fn units(lines: Vec<(OrderLineId, i64)>) -> CreditRequest {
    CreditRequest { lines, fee: 0, amount: 0 }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_an_exempt_line_reverses_no_tax() {
    both_worlds(async |world| {
        let taxed = a_product().at(112_000).with_stock(3).make(world).await;
        let free = a_product().at(100_000).with_stock(3).make(world).await;
        exempt(world, free).await;
        let order = paid_by_card(world, &[(taxed, 1), (free, 2)]).await;
        payments::capture(world, &owner(world), order, None).await.unwrap();
        let before = see(world, order).await;
        let (taxed, free) = (before.lines[0].id, before.lines[1].id);
        assert_eq!((before.lines[0].tax.minor, before.lines[1].tax.minor), (12_000, 0));
        refund(world, &owner(world), order, units(vec![(free, 1)]), "it leaked").await.unwrap();
        assert_eq!((see(world, order).await.refunded.minor, account(world, "vat_payable").await), (100_000, -before.tax.minor));
        refund(world, &owner(world), order, units(vec![(taxed, 1)]), "it leaked too").await.unwrap();
        assert_eq!(account(world, "vat_payable").await, 12_000 - before.tax.minor);
        let again = refund(world, &owner(world), order, units(vec![(taxed, 1)]), "once more").await;
        assert!(matches!(again, Err(PaymentError::TooManyUnits { left: 0, .. })), "{again:?}");
        let fee = CreditRequest { fee: before.delivery_fee.minor + 1, ..CreditRequest::default() };
        let fee = refund(world, &owner(world), order, fee, "late").await;
        assert!(matches!(fee, Err(PaymentError::TooMuchFee(left)) if left == before.delivery_fee), "{fee:?}");
        // The rest, off everything: then all of the tax is back.
        let rest = before.total.minor - 212_000;
        refund(world, &owner(world), order, rest, "all of it").await.unwrap();
        assert_eq!((account(world, "vat_payable").await, see(world, order).await.payment), (0, PaymentState::Refunded));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_takes_its_lines_back() {
    both_worlds(async |world| {
        world.open_webhooks().await;
        let variant = a_product().at(11_200).with_stock(3).make(world).await;
        let order = paid_by_card(world, &[(variant, 2)]).await;
        payments::capture(world, &owner(world), order, None).await.unwrap();
        let line = see(world, order).await.lines[0].id;
        refund(world, &owner(world), order, units(vec![(line, 2)]), "broken").await.unwrap();
        world.quiet().await;
        assert_eq!(see(world, order).await.price[0].left(), 0);
        let name: String = world.db().fetch_scalar("select gateway_ref from refunds", &[]).await.unwrap();
        world.control("/_control/refunds", serde_json::json!({ "id": name })).await;
        world.quiet().await;
        let price = see(world, order).await.price;
        assert_eq!((price[0].credited, price[0].credited_units, price[0].credited_tax), (0, 0, 0));
        refund(world, &owner(world), order, units(vec![(line, 2)]), "broken").await.unwrap();
        let price = see(world, order).await.price;
        assert_eq!((price[0].left(), price[0].units_left(), price[0].tax_left()), (0, 0, 0));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_cancelled_with_its_share_of_the_fee_and_the_card_is_charged_less() {
    both_worlds(async |world| {
        let (one, other) = (a_product().at(30_000).with_stock(5).make(world).await, a_product().at(10_000).with_stock(5).make(world).await);
        let order = paid_by_card(world, &[(one, 1), (other, 1)]).await;
        let before = see(world, order).await;
        fulfilment::pick(world, &clerk(world), order).await.unwrap();
        let cancelled = vec![(before.lines[1].id, 1)];
        let nobody = order_management::cancel_units(world, &clerk(world), order, cancelled.clone(), true, "sold out").await;
        assert!(matches!(nobody, Err(OrderChangeError::Forbidden(_))), "{nobody:?}");
        let too_many = order_management::cancel_units(world, &owner(world), order, vec![(before.lines[1].id, 2)], true, "sold out").await;
        assert!(matches!(too_many, Err(OrderChangeError::TooManyUnits { left: 1, .. })), "{too_many:?}");
        let none = order_management::cancel_units(world, &owner(world), order, Vec::new(), true, "sold out").await;
        assert!(matches!(none, Err(OrderChangeError::Units)), "{none:?}");
        // Pressed twice, it is cancelled once.
        let form = owner(world).with_key("form-1");
        order_management::cancel_units(world, &form, order, cancelled.clone(), true, "sold out").await.unwrap();
        order_management::cancel_units(world, &form, order, cancelled, true, "sold out").await.unwrap();
        let after = see(world, order).await;
        // A quarter of the lines takes a quarter of the fee with it.
        assert_eq!((after.waived.minor, after.lines[1].cancelled, after.unsent), (12_500, 1, 1));
        assert_eq!((after.payment, after.parcels[0].lines.len()), (PaymentState::Authorised, 1));
        assert_eq!(number(world, "select cast(sum(reserved) as bigint) from stock").await, 1);
        let mut parcels = after.parcels;
        send(world, parcels.remove(0).id).await;
        world.work().await;
        let after = see(world, order).await;
        assert_eq!((after.payment, after.fulfilment), (PaymentState::Paid, FulfilmentState::Fulfilled));
        assert_eq!(world.moved().await, (before.total.minor - 12_500, 0));
        world.assert_sound().await;
        world.send_mails().await;
        let subjects: Vec<String> = world.mails().await.into_iter().map(|mail| mail.0).collect();
        assert_eq!(subjects.iter().filter(|subject| subject.contains("will not be sent")).count(), 1, "{subjects:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn units_leave_their_parcels_and_the_last_ones_cancel_the_order() {
    both(async |shop| {
        let variant = a_product().at(10_000).with_stock_in("WH-1", 2).with_stock_in("WH-2", 2).make(shop).await;
        let order = place(shop, &[(variant, 4)]).await.unwrap().order;
        let line = see(shop, order).await.lines[0].id;
        let parcels = fulfilment::pick(shop, &clerk(shop), order).await.unwrap();
        fulfilment::pack(shop, &clerk(shop), parcels[0]).await.unwrap();
        // First the one that is only picked, then the packed one.
        order_management::cancel_units(shop, &owner(shop), order, vec![(line, 3)], false, "it broke").await.unwrap();
        let after = see(shop, order).await;
        assert_eq!((after.parcels.len(), after.parcels[0].state, after.parcels[0].lines[0].1), (1, ParcelState::Packed, 1));
        assert_eq!((after.delivery, after.waived.minor), (DeliveryState::Packed, 30_000));
        assert_sound(shop).await;
        order_management::cancel_units(shop, &owner(shop), order, vec![(line, 1)], false, "it broke too").await.unwrap();
        let after = see(shop, order).await;
        assert!(after.cancelled.is_some());
        assert_eq!((after.payment, number(shop, "select cast(sum(available) as bigint) from stock").await), (PaymentState::Voided, 4));
        for name in ["accounts_receivable", "sales", "delivery_income", "vat_payable"] {
            assert_eq!(account(shop, name).await, 0, "{name}");
        }
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn units_that_break_before_they_leave_are_written_off() {
    both(async |shop| {
        let variant = a_product().at(10_000).with_stock(5).make(shop).await;
        let order = place(shop, &[(variant, 3)]).await.unwrap().order;
        let line = see(shop, order).await.lines[0].id;
        let broken = |units| CancelledUnits { lines: vec![(line, units)], with_fee: false, items: ReturnedItems::WriteOff };
        fulfilment::pick(shop, &clerk(shop), order).await.unwrap();
        order_management::cancel_some(shop, &owner(shop), order, broken(1), "it broke").await.unwrap();
        assert_eq!(number(shop, "select on_hand from stock where reserved = 2 and available = 2").await, 4);
        // Five came in at 40.00 each, one is lost.
        assert_eq!((account(shop, "inventory").await, account(shop, "inventory_adjustment").await), (16_000, 4_000 - 20_000));
        let movements = inventory::movements(shop, &owner(shop), variant, &PageAt::default()).await.unwrap().movements;
        assert!(
            movements.iter().any(|m| (m.quantity, m.reason, m.note.as_str()) == (-1, StockReason::Damaged, "it broke")),
            "{movements:?}"
        );
        assert_sound(shop).await;
        // The last ones cancel the order, and are lost too.
        order_management::cancel_some(shop, &owner(shop), order, broken(2), "they broke too").await.unwrap();
        assert!(see(shop, order).await.cancelled.is_some());
        assert_eq!(number(shop, "select on_hand from stock where reserved = 0 and available = 2").await, 2);
        assert_eq!(account(shop, "inventory").await, 8_000);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_cancels_a_line_until_a_parcel_is_packed() {
    both(async |shop| {
        let (one, other) = (a_product().with_stock(5).make(shop).await, a_product().with_stock(5).make(shop).await);
        let order = place(shop, &[(one, 2), (other, 1)]).await.unwrap().order;
        let lines = see(shop, order).await.lines;
        let cancel = async |units| {
            order_management::cancel_own_units(shop, &guest(shop), order, vec![(lines[0].id, units)], CancelCause::Mistake).await
        };
        cancel(1).await.unwrap();
        let parcel = fulfilment::pick(shop, &clerk(shop), order).await.unwrap()[0];
        fulfilment::pack(shop, &clerk(shop), parcel).await.unwrap();
        assert!(matches!(cancel(1).await, Err(OrderChangeError::Packed)));
        assert_eq!(see(shop, order).await.lines[0].cancelled, 1);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_card_is_asked_for_what_is_left_of_the_order() {
    both_worlds(async |world| {
        let (one, other) = (a_product().at(30_000).with_stock(5).make(world).await, a_product().at(10_000).with_stock(5).make(world).await);
        let placed = world.card_order(&[(one, 1), (other, 1)]).await;
        let line = see(world, placed.order).await.lines[1].id;
        order_management::cancel_units(world, &owner(world), placed.order, vec![(line, 1)], false, "sold out").await.unwrap();
        let page = payments::start_card(world, placed.order).await.unwrap().unwrap();
        world.pay(&page, VISA).await.unwrap();
        sync(world, placed.order).await.unwrap();
        payments::capture(world, &owner(world), placed.order, None).await.unwrap();
        assert_eq!(see(world, placed.order).await.payment, PaymentState::Paid);
        assert_eq!(world.moved().await.0, placed.total.minor - 10_000);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_returned_parcel_each_unit_is_restocked_or_written_off_once() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let order = place(shop, &[(variant, 3)]).await.unwrap().order;
        let line = see(shop, order).await.lines[0].id;
        let parcel = fulfilment::pick(shop, &clerk(shop), order).await.unwrap()[0];
        send(shop, parcel).await;
        let back = |written_off| Returned {
            cause: ReturnCause::Refused,
            items: ReturnedItems::Restock,
            written_off: vec![(line, written_off)],
            money: ReturnedMoney::Keep,
            note: String::new(),
        };
        let too_many = order_management::take_back(shop, &owner(shop), parcel, back(4)).await;
        assert!(matches!(too_many, Err(OrderChangeError::Parcel(FulfilmentError::TooManyDamaged { most: 3, .. }))), "{too_many:?}");
        // All are written off, or those that are named: not both.
        let both = Returned { items: ReturnedItems::WriteOff, ..back(1) };
        let both = order_management::take_back(shop, &owner(shop), parcel, both).await;
        assert!(matches!(both, Err(OrderChangeError::Parcel(FulfilmentError::AllAndSomeDamaged { .. }))), "{both:?}");
        order_management::take_back(shop, &owner(shop), parcel, back(1)).await.unwrap();
        let after = &see(shop, order).await.lines[0];
        assert_eq!((after.shipped, after.returned, after.restocked), (3, 3, 2));
        assert_eq!(number(shop, "select on_hand from stock where available = 4").await, 4);
        // Five came in at 40.00 each, one of the three that came back is lost.
        assert_eq!(account(shop, "inventory_adjustment").await, 4_000 - 20_000);
        let movements = inventory::movements(shop, &owner(shop), variant, &PageAt::default()).await.unwrap().movements;
        assert_eq!(movements.iter().filter(|m| m.kind == "returned").map(|m| m.quantity).sum::<i64>(), 3);
        // A second parcel with the same units cannot come back: they left once.
        let twice = shop.db().write(async move |tx| tx.execute("update parcels set state = 'shipped' where id = $1", &[&parcel]).await);
        twice.await.unwrap();
        let again = order_management::take_back(shop, &owner(shop), parcel, back(0)).await;
        assert!(matches!(again, Err(OrderChangeError::Parcel(FulfilmentError::TooMany))), "{again:?}");
        assert_eq!(number(shop, "select on_hand from stock where available = 4").await, 4);
    })
    .await;
}

/// One thing that happens to an order.
#[derive(Clone, Copy, Debug)]
enum Step {
    Cancel { line: usize, units: i64, fee: bool, broken: bool },
    Pick { line: usize, units: i64 },
    Send,
    Deliver,
    TakeBack { written_off: i64, keep: bool },
    RefundUnits { line: usize, units: i64, fee: i64 },
    Refund { amount: i64 },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0_usize..3, 1_i64..3, any::<bool>(), any::<bool>()).prop_map(|(line, units, fee, broken)| Step::Cancel {
            line,
            units,
            fee,
            broken
        }),
        (0_usize..3, 1_i64..3).prop_map(|(line, units)| Step::Pick { line, units }),
        Just(Step::Send),
        Just(Step::Deliver),
        (0_i64..2, any::<bool>()).prop_map(|(written_off, keep)| Step::TakeBack { written_off, keep }),
        (0_usize..3, 1_i64..3, 0_i64..4_000).prop_map(|(line, units, fee)| Step::RefundUnits { line, units, fee }),
        (1_i64..40_000).prop_map(|amount| Step::Refund { amount }),
    ]
}

/// Does a step if it is possible; that it is refused is part of the play.
async fn play(shop: &Shop, order: OrderId, step: Step) {
    let now = see(shop, order).await;
    let (staff, line) = (owner(shop), |n: usize| now.lines[n % now.lines.len()].id);
    let first = |state| now.parcels.iter().find(|parcel| parcel.state == state).map(|parcel| parcel.id);
    match step {
        Step::Cancel { line: n, units, fee, broken } => {
            let items = if broken { ReturnedItems::WriteOff } else { ReturnedItems::Restock };
            let cancelled = CancelledUnits { lines: vec![(line(n), units)], with_fee: fee, items };
            let _ = order_management::cancel_some(shop, &staff, order, cancelled, "short").await;
        }
        Step::Pick { line: n, units } => {
            let _ = fulfilment::pick_lines(shop, &staff, order, vec![(line(n), units)]).await;
        }
        Step::Send => {
            if let Some(parcel) = first(ParcelState::Picking) {
                let _ = fulfilment::pack(shop, &staff, parcel).await;
            } else if let Some(parcel) = first(ParcelState::Packed) {
                let _ = fulfilment::ship(shop, &staff, parcel, "LBC", "").await;
            }
        }
        Step::Deliver => {
            if let Some(parcel) = first(ParcelState::Shipped) {
                let _ = fulfilment::deliver(shop, &staff, parcel).await;
            }
        }
        Step::TakeBack { written_off, keep } => {
            if let Some(parcel) = now.parcels.iter().find(|parcel| parcel.state == ParcelState::Shipped) {
                let money = if keep { ReturnedMoney::Keep } else { ReturnedMoney::Refund };
                let written_off = parcel.lines.first().map(|(line, _)| (*line, written_off)).into_iter().collect();
                let items = ReturnedItems::Restock;
                let back = Returned { cause: ReturnCause::Refused, items, written_off, money, note: String::new() };
                let _ = order_management::take_back(shop, &staff, parcel.id, back).await;
            }
        }
        Step::RefundUnits { line: n, units, fee } => {
            let wanted = CreditRequest { lines: vec![(line(n), units)], fee, amount: 0 };
            let _ = refund(shop, &staff, order, wanted, "a scratch").await;
        }
        Step::Refund { amount } => {
            let _ = refund(shop, &staff, order, amount, "a scratch").await;
        }
    }
}

/// What is credited of each part stays within it, and money, tax and stock agree.
async fn assert_exact(shop: &Shop, order: OrderId) {
    assert_sound(shop).await;
    let now = see(shop, order).await;
    for part in &now.price {
        assert!(part.left() >= 0 && part.units_left() >= 0 && (0..=part.left()).contains(&part.tax_left()), "{part:?}");
    }
    let all = credit::spread(&now.price, i64::MAX);
    assert!(now.cancelled.is_some() || credit::sum(&all).0 == now.total.minor - now.waived.minor - now.refunded.minor);
}

fn random_lives(url: impl Fn() -> (String, Option<Folder>), runtime: &tokio::runtime::Runtime) {
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let (url, folder) = url();
    let shop = runtime.block_on(async {
        let shop = open(url, folder.unwrap_or_else(Folder::new), |_| {}).await;
        taxed_abroad(&shop).await;
        shop
    });
    let variants = runtime.block_on(async {
        let mut variants = Vec::new();
        for (price, is_exempt) in [(11_200, false), (9_999, true), (3_333, false)] {
            let variant = a_product().at(price).with_stock_in("WH-1", 200).with_stock_in("WH-2", 200).make(&shop).await;
            if is_exempt {
                exempt(&shop, variant).await;
            }
            variants.push(variant);
        }
        variants
    });
    let lives = (proptest::collection::vec(1_i64..5, 3), any::<bool>(), proptest::collection::vec(any_step(), 1..14));
    runner
        .run(&lives, |(quantities, paid, steps)| {
            runtime.block_on(async {
                let of: Vec<(VariantId, i64)> = variants.iter().copied().zip(quantities).collect();
                let order = place(&shop, &of).await.unwrap().order;
                if paid {
                    payments::capture(&shop, &owner(&shop), order, None).await.unwrap();
                }
                for step in steps {
                    play(&shop, order, step).await;
                    assert_exact(&shop, order).await;
                }
            });
            Ok(())
        })
        .unwrap();
    runtime.block_on(shop.shop.close());
}

#[test]
fn random_lives_of_lines_keep_money_tax_and_stock_exact_on_sqlite() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let at = || {
        let folder = Folder::new();
        (format!("sqlite:{}", folder.path().join("shop.db").display()), Some(folder))
    };
    random_lives(at, &runtime);
}

#[test]
fn random_lives_of_lines_keep_money_tax_and_stock_exact_on_postgres() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    random_lives(|| (runtime.block_on(postgres_url()), None), &runtime);
}
