//! From a cart to an order, on both databases.

use crate::support::outside::owner;
use crate::support::{TestShop, a_cart, a_product, address, both, buy, form, guest, number, place};
use backend::checkout::{CheckoutError, place_order};
use domain::id::{ApiKeyId, CartId, RequestId, VariantId};
use domain::order::{Channel, PaymentMethod};
use domain::view::{Address, CashOnDelivery, CheckoutForm, Placed};
use domain::{Locale, Money};
use platform::Context;
use platform::db::Tx;
use platform::secrets::Keyring;
use sha2::{Digest, Sha256};

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_buyers_for_ten_units_make_ten_orders() {
    both(async |shop| {
        let variant = a_product().with_stock(10).make(shop).await;
        let mut carts = Vec::new();
        for _ in 0..64 {
            carts.push(a_cart(shop, &[(variant, 1)]).await);
        }
        let tries: Vec<_> = carts
            .into_iter()
            .enumerate()
            .map(|(i, cart)| {
                let shop = shop.shop.clone();
                tokio::spawn(async move { buy(&shop, cart, &format!("buyer-{i:04}")).await })
            })
            .collect();
        let (mut bought, mut refused) = (0, 0);
        for one in tries {
            match one.await.unwrap() {
                Ok(_) => bought += 1,
                Err(CheckoutError::OutOfStock(_)) => refused += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!((bought, refused), (10, 54));
        assert_eq!(number(shop, "select count(*) from orders").await, 10);
        assert_eq!(number(shop, "select cast(sum(reserved) as bigint) from stock").await, 10);
        assert_eq!(number(shop, "select cast(sum(available) as bigint) from stock").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_unit_is_sold_once() {
    both(async |shop| {
        let variant = a_product().with_stock(1).make(shop).await;
        assert!(place(shop, &[(variant, 1)]).await.is_ok());
        let second = place(shop, &[(variant, 1)]).await;
        assert!(matches!(second, Err(CheckoutError::OutOfStock(names)) if names == ["Dried mango"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_lines_of_one_variant_cannot_take_more_than_there_is() {
    both(async |shop| {
        let variant = a_product().with_stock(4).make(shop).await;
        let cart = a_cart(shop, &[(variant, 2), (variant, 2)]).await;
        place(shop, &[(variant, 1)]).await.unwrap();
        let refused = buy(shop, cart, "two-lines-of-one").await;
        assert!(matches!(refused, Err(CheckoutError::OutOfStock(_))), "{refused:?}");
        assert_eq!(number(shop, "select cast(sum(available) as bigint) from stock").await, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_units_from_two_locations_make_two_reservations() {
    both(async |shop| {
        let variant = a_product().with_stock_in("WH-1", 1).with_stock_in("WH-2", 1).make(shop).await;
        place(shop, &[(variant, 2)]).await.unwrap();
        assert_eq!(number(shop, "select count(*) from reservations").await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_sent_several_times_makes_one_order() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let cart = a_cart(shop, &[(variant, 1)]).await;
        let pressed: Vec<_> = (0..8)
            .map(|_| {
                let shop = shop.shop.clone();
                tokio::spawn(async move { buy(&shop, cart, "the-same-key").await })
            })
            .collect();
        let mut orders = std::collections::HashSet::new();
        let mut fresh = 0;
        for one in pressed {
            let placed = one.await.unwrap().unwrap();
            fresh += i32::from(!placed.replay);
            orders.insert(placed.order);
        }
        assert_eq!((orders.len(), fresh), (1, 1));
        // A reload makes another key; the cart still has one order.
        let again = buy(shop, cart, "another-key").await.unwrap();
        assert!(again.replay && orders.contains(&again.order));
        assert_eq!(number(shop, "select count(*) from orders").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_with_other_contents_is_refused() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let cart = a_cart(shop, &[(variant, 1)]).await;
        buy(shop, cart, "key-number-one").await.unwrap();
        let mut other = form(cart, PaymentMethod::Cash);
        other.contact.name = "Somebody Else".into();
        let refused = place_order(shop, &guest(shop), Locale::En, Channel::Web, "key-number-one", other).await;
        assert!(matches!(refused, Err(CheckoutError::KeyReused)), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_that_count_their_orders_alike_do_not_meet() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        let program = || Context::api_key(ApiKeyId(shop.id()), Vec::new(), RequestId(shop.id()));
        let order = async |ctx: &Context, cart: CartId| {
            place_order(shop, ctx, Locale::En, Channel::Api, "order-0001", form(cart, PaymentMethod::Cash)).await
        };
        let (one, other) = (program(), program());
        let (first, second, third) =
            (a_cart(shop, &[(variant, 1)]).await, a_cart(shop, &[(variant, 1)]).await, a_cart(shop, &[(variant, 1)]).await);
        let placed = [order(&one, first).await.unwrap(), order(&other, second).await.unwrap()];
        assert!(placed[0].order != placed[1].order && placed.iter().all(|placed| !placed.replay));
        let again = order(&one, first).await.unwrap();
        assert!(again.replay && again.order == placed[0].order);
        // To one program it is one key, whichever cart it names.
        assert!(matches!(order(&one, third).await, Err(CheckoutError::KeyReused)));
        // Nor do guests meet.
        assert!(!order(&guest(shop), third).await.unwrap().replay);
        assert_eq!(number(shop, "select count(*) from orders").await, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordered_cart_with_other_contents_is_refused() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let cart = a_cart(shop, &[(variant, 1)]).await;
        let placed = buy(shop, cart, "key-number-one").await.unwrap();
        let mut other = form(cart, PaymentMethod::Cash);
        other.delivery_address.line1 = "1 Another Street".into();
        let refused = place_order(shop, &guest(shop), Locale::En, Channel::Web, "key-number-two", other).await;
        assert!(matches!(refused, Err(CheckoutError::Ordered { order, .. }) if order == placed.order), "{refused:?}");
        // The id of the cart alone does not give the order.
        let mut stranger = form(cart, PaymentMethod::Cash);
        stranger.contact.email = "stranger@example.com".into();
        let refused = place_order(shop, &guest(shop), Locale::En, Channel::Web, "key-number-three", stranger).await;
        assert!(matches!(refused, Err(CheckoutError::NoCart)), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stored_fingerprint_of_a_checkout_cannot_be_computed_without_the_shops_key() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let cart = a_cart(shop, &[(variant, 1)]).await;
        buy(shop, cart, "key-number-one").await.unwrap();
        let kept: Vec<u8> = shop.db().fetch_scalar("select body_hash from idempotency_keys", &[]).await.unwrap();
        let guess = serde_json::to_string(&form(cart, PaymentMethod::Cash)).unwrap();
        assert!(!Sha256::digest(&guess).starts_with(&kept));
        let thief = Keyring::from_bytes(&[7; 32]);
        assert_ne!(thief.blind_index("checkout", &guess), kept);
        assert_eq!(shop.keyring().blind_index("checkout", &guess), kept, "the guess is right, and only the shop can tell");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_total_differs_from_the_one_shown_is_refused() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let cart = a_cart(shop, &[(variant, 1)]).await;
        let mut wrong = form(cart, PaymentMethod::Cash);
        wrong.seen_total = Some(1);
        let refused = place_order(shop, &guest(shop), Locale::En, Channel::Web, "key-number-one", wrong).await;
        assert!(matches!(refused, Err(CheckoutError::TotalChanged(m)) if m == Money::new(20_000, domain::Currency::PHP)), "{refused:?}");
        assert_eq!(number(shop, "select count(*) from orders").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_mistakes_names_each_field_and_changes_nothing() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let cart = a_cart(shop, &[(variant, 1)]).await;
        let mut wrong = form(cart, PaymentMethod::Cash);
        wrong.contact.email = "nobody".into();
        wrong.delivery_address.line1 = String::new();
        let Err(CheckoutError::Invalid(fields)) = place_order(shop, &guest(shop), Locale::En, Channel::Web, "key-number-one", wrong).await
        else {
            panic!("it was taken")
        };
        let names: Vec<_> = fields.iter().map(|f| f.0.as_str()).collect();
        assert!(names.contains(&"email") && names.contains(&"line1"), "{names:?}");
        assert_eq!(number(shop, "select count(*) from contacts").await, 0);
    })
    .await;
}

/// A guest's cart with one unit and the code TEN, which allows three uses.
async fn with_code(shop: &TestShop, variant: VariantId) -> CartId {
    let items = crate::support::items(&[(variant, 1)]);
    let view = backend::cart::sync(shop, &guest(shop), Locale::En, Channel::Web, None, 0, items, Some("ten".into())).await.unwrap();
    view.id.unwrap()
}

/// Buys having seen this total.
async fn buy_seeing(shop: &TestShop, cart: CartId, key: &str, total: i64) -> Result<Placed, CheckoutError> {
    let form = CheckoutForm { seen_total: Some(total), ..form(cart, PaymentMethod::Cash) };
    place_order(shop, &guest(shop), Locale::En, Channel::Web, key, form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discount_code_is_used_up_to_its_limit_and_refused_beyond_it() {
    both(async |shop| {
        let variant = a_product().with_stock(50).make(shop).await;
        let mut carts = Vec::new();
        for _ in 0..16 {
            carts.push(with_code(shop, variant).await);
        }
        // All saw the discount, and press at once: 100.00 with 100.00 delivery, ten percent off the items.
        let pressed: Vec<_> = carts
            .iter()
            .enumerate()
            .map(|(n, cart)| {
                let (shop, cart) = (shop.shop.clone(), *cart);
                tokio::spawn(async move { (cart, buy(&shop, cart, &format!("buyer-{n:04}")).await) })
            })
            .collect();
        let (mut placed, mut refused) = (Vec::new(), Vec::new());
        for one in pressed {
            match one.await.unwrap() {
                (_, Ok(order)) => placed.push(order.total.minor),
                (cart, Err(CheckoutError::Discount(total))) => refused.push((cart, total.minor)),
                (_, other) => panic!("{other:?}"),
            }
        }
        assert_eq!(placed, [19_000; 3]);
        assert_eq!(number(shop, "select uses from discount_codes").await, 3);
        assert_eq!(number(shop, "select count(*) from orders").await, 3);
        assert_eq!(refused.iter().map(|(_, total)| *total).collect::<Vec<_>>(), [20_000; 13]);
        let cart = refused[0].0;
        // The total of the refusal can be confirmed, any other cannot.
        let changed = buy_seeing(shop, cart, "buyer-again", 19_000).await;
        assert!(matches!(changed, Err(CheckoutError::Discount(total)) if total.minor == 20_000), "{changed:?}");
        assert_eq!(buy_seeing(shop, cart, "buyer-again", 20_000).await.unwrap().total.minor, 20_000);
        assert_eq!(number(shop, "select count(distinct order_id) from order_adjustments where reference = 'TEN'").await, 3);
        crate::support::outside::assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_with_a_discount_code_that_was_switched_off_is_refused() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let cart = with_code(shop, variant).await;
        shop.db().write(async |tx: &mut Tx| tx.execute("update discount_codes set active = 0", &[]).await).await.unwrap();
        let refused = buy(shop, cart, "buyer-0001").await;
        assert!(matches!(refused, Err(CheckoutError::Discount(total)) if total.minor == 20_000), "{refused:?}");
        assert_eq!(number(shop, "select count(*) from orders").await, 0);
        assert_eq!(buy_seeing(shop, cart, "buyer-0001", 20_000).await.unwrap().total.minor, 20_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_gives_the_use_of_its_discount_code_back() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let cart = with_code(shop, variant).await;
        let placed = buy(shop, cart, "buyer-0001").await.unwrap();
        let owner = owner(shop);
        backend::order_management::cancel(shop, &owner, placed.order, "changed their mind").await.unwrap();
        backend::order_management::cancel(shop, &owner, placed.order, "changed their mind").await.unwrap();
        assert_eq!(number(shop, "select uses from discount_codes").await, 0);
        let other = with_code(shop, variant).await;
        assert_eq!(buy(shop, other, "buyer-0002").await.unwrap().total.minor, 19_000);
        crate::support::outside::assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_refused_for_lack_of_stock_uses_no_discount_code() {
    both(async |shop| {
        let variant = a_product().with_stock(1).make(shop).await;
        let mut carts = Vec::new();
        for _ in 0..2 {
            let items = crate::support::items(&[(variant, 1)]);
            let view = backend::cart::sync(shop, &guest(shop), Locale::En, Channel::Web, None, 0, items, Some("TEN".into())).await;
            carts.push(view.unwrap().id.unwrap());
        }
        buy(shop, carts[0], "buyer-first").await.unwrap();
        assert!(matches!(buy(shop, carts[1], "buyer-second").await, Err(CheckoutError::OutOfStock(_))));
        assert_eq!(number(shop, "select uses from discount_codes").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_bought_on_one_device_do_not_return_from_the_cart_of_another() {
    both(async |shop| {
        let (bought, other) = (a_product().with_stock(5).make(shop).await, a_product().with_stock(5).make(shop).await);
        let cart = a_cart(shop, &[(bought, 2)]).await;
        buy(shop, cart, "on-the-phone").await.unwrap();
        let kept = crate::support::items(&[(bought, 2), (other, 1)]);
        let view = backend::cart::sync(shop, &guest(shop), Locale::En, Channel::Web, Some(cart), 1, kept, None).await.unwrap();
        assert_ne!(view.id, Some(cart));
        assert_eq!(view.lines.iter().map(|line| line.variant).collect::<Vec<_>>(), [other]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unused_carts_are_removed_and_orders_keep_theirs() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let (bought, _idle) = (a_cart(shop, &[(variant, 1)]).await, a_cart(shop, &[(variant, 1)]).await);
        buy(shop, bought, "a-buyer-of-one").await.unwrap();
        shop.clock.advance(91 * domain::Timestamp::DAY);
        let fresh = a_cart(shop, &[(variant, 1)]).await;
        assert_eq!(backend::cart::delete_idle(shop).await.unwrap(), 1);
        assert_eq!(number(shop, "select count(*) from carts").await, 2);
        assert!(backend::cart::view(shop, &guest(shop), Locale::En, Channel::Web, fresh).await.is_ok());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_cart_alone_does_not_give_its_order() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let cart = a_cart(shop, &[(variant, 1)]).await;
        let first = buy(shop, cart, "the-first-press").await.unwrap();
        let again = buy(shop, cart, "another-press").await.unwrap();
        assert!(again.replay && again.order == first.order, "the shopper gets it again");
        let mut other = form(cart, PaymentMethod::Cash);
        other.contact.email = "somebody.else@example.com".into();
        let refused = place_order(shop, &guest(shop), Locale::En, Channel::Web, "a-curious-one", other).await;
        assert!(matches!(refused, Err(CheckoutError::NoCart)), "{refused:?}");
        assert_eq!(number(shop, "select count(*) from orders").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_refusal_for_stock_the_available_units_can_be_ordered() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let cart = a_cart(shop, &[(variant, 5)]).await;
        place(shop, &[(variant, 2)]).await.unwrap();
        let seen = backend::cart::view(shop, &guest(shop), Locale::En, Channel::Web, cart).await.unwrap();
        assert_eq!(seen.lines[0].quantity.get(), 3, "the cart shows what is there");
        let press = async |key: &str| {
            let asked = CheckoutForm { seen_total: Some(40_000), ..form(cart, PaymentMethod::Cash) };
            place_order(shop, &guest(shop), Locale::En, Channel::Web, key, asked).await
        };
        assert!(matches!(press("first-press").await, Err(CheckoutError::TotalChanged(_))));
        assert_eq!(press("second-press").await.unwrap().total.minor, 40_000);
        assert_eq!(number(shop, "select cast(sum(available) as bigint) from stock").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_booked_with_its_sale_tax_and_delivery() {
    both(async |shop| {
        let variant = a_product().at(11_200).with_stock(5).make(shop).await;
        place(shop, &[(variant, 1)]).await.unwrap();
        assert_eq!(number(shop, "select cast(sum(amount) as bigint) from postings").await, 0);
        assert_eq!(number(shop, "select amount from postings where account = 'accounts_receivable'").await, 21_200);
        assert_eq!(number(shop, "select count(*) from events where kind = 'order.placed'").await, 1);
        assert_eq!(number(shop, "select count(*) from payments where state = 'pending'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_is_taken_only_with_a_delivery_method_that_collects_it() {
    both(async |shop| {
        let variant = a_product().with_stock(2).make(shop).await;
        shop.db().write(async |tx| tx.execute("update delivery_methods set collects_cash = 0", &[]).await).await.unwrap();
        let cart = a_cart(shop, &[(variant, 1)]).await;
        let options = backend::checkout::delivery_options(shop, &guest(shop), Locale::En, Channel::Web, cart, &address()).await.unwrap();
        assert!(!options.is_empty() && options.iter().all(|option| option.cash == CashOnDelivery::NotCollected));
        match buy(shop, cart, "cash-where-nobody-takes-it").await {
            Err(CheckoutError::Invalid(fields)) => assert_eq!(fields[0].0, "payment"),
            other => panic!("{other:?}"),
        }
        assert_eq!(number(shop, "select count(*) from orders").await, 0);
        shop.db().write(async |tx| tx.execute("update delivery_methods set collects_cash = 1", &[]).await).await.unwrap();
        assert!(buy(shop, cart, "cash-where-somebody-takes-it").await.is_ok());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_delivery_method_is_required_only_once_the_address_is_valid() {
    both(async |shop| {
        let variant = a_product().with_stock(2).make(shop).await;
        let cart = a_cart(shop, &[(variant, 1)]).await;
        let asked = |delivery_address: Address| {
            let form = CheckoutForm { delivery: String::new(), delivery_address, ..form(cart, PaymentMethod::Cash) };
            let wrong = backend::checkout::check_form(Locale::En, &form);
            wrong.into_iter().map(|(field, _)| field).collect::<Vec<_>>()
        };
        assert_eq!(asked(address()), ["delivery"]);
        let nowhere = asked(Address { country: "PH".into(), ..address() });
        assert!(!nowhere.is_empty() && !nowhere.contains(&"delivery".to_owned()), "{nowhere:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gift_note_is_read_by_the_shopper_and_by_staff_and_stands_on_the_pick_list() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let cart = a_cart(shop, &[(variant, 1)]).await;
        let with = |note: &str| CheckoutForm { gift_note: note.into(), ..form(cart, PaymentMethod::Cash) };
        let order = async |form| place_order(shop, &guest(shop), Locale::En, Channel::Web, "a-gift-for-lola", form).await;
        let refused = order(with(&"x".repeat(301))).await;
        assert!(matches!(&refused, Err(CheckoutError::Invalid(wrong)) if wrong[0].0 == "gift_note"), "{refused:?}");
        let placed = order(with(" Happy birthday, Lola!\nAna ")).await.unwrap();
        let note = "Happy birthday, Lola!\nAna";
        // Another note under the same key is another order.
        assert!(matches!(order(with("Merry Christmas")).await, Err(CheckoutError::KeyReused)));
        let seen = backend::order_management::as_shopper(shop, Locale::En, placed.order).await.unwrap();
        assert_eq!(seen.gift_note.as_deref(), Some(note));
        let staff = owner(shop);
        let seen = backend::order_management::view(shop, &staff, Locale::En, placed.order).await.unwrap();
        assert_eq!(seen.gift_note.as_deref(), Some(note));
        let without = place(shop, &[(variant, 1)]).await.unwrap();
        let list = backend::fulfilment::pick_list(shop, &staff, Locale::En, &[placed.order, without.order]).await.unwrap();
        assert_eq!(list.gift_notes, [(placed.number, note.to_owned())]);
    })
    .await;
}
