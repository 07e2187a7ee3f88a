//! Mails to shoppers, through SMTP into the simulator's sink.

use crate::support::outside::{DECLINED, VISA, both_worlds, clerk, owner};
use crate::support::{a_cart, a_product, form, guest, number, place};
use backend::payments::{self, capture, refund, sync};
use backend::{checkout, fulfilment, notifications, order_management, orders, settings};
use domain::Locale;
use domain::order::{Channel, PaymentMethod};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_an_order_sends_one_mail_with_a_valid_link() {
    both_worlds(async |world| {
        let variant = a_product().named("Mug <blue> & bowl").with_stock(3).make(world).await;
        let placed = place(world, &[(variant, 2)]).await.unwrap();
        world.send_mails().await;
        let mails = world.mails().await;
        assert_eq!(mails.len(), 1);
        let (subject, text, html) = &mails[0];
        assert_eq!(subject, &format!("Order {} is in", placed.number));
        assert!(text.contains("Hello Maria,") && text.contains("2 × Mug <blue> & bowl: ₱200.00"), "{text}");
        assert!(html.contains("2 × Mug &lt;blue&gt; &amp; bowl") && html.contains("₱300.00"), "{html}");
        for fact in ["Placed: ", "Payment: Cash on delivery", "Delivery: ", "Arrives: "] {
            assert!(text.contains(fact), "{fact}: {text}");
        }
        assert!(html.contains("Cash on delivery") && html.contains("@media (prefers-color-scheme:dark)"), "{html}");
        let link = text.lines().find(|line| line.starts_with("http://")).unwrap();
        let token = link.trim().rsplit('/').next().unwrap();
        assert_eq!(order_management::by_link(world, Locale::En, token).await.unwrap().id, placed.order);

        let parcel = fulfilment::pick(world, &clerk(world), placed.order).await.unwrap()[0];
        fulfilment::pack(world, &clerk(world), parcel).await.unwrap();
        fulfilment::ship(world, &clerk(world), parcel, "LBC", "LBC-77").await.unwrap();
        world.send_mails().await;
        fulfilment::deliver(world, &clerk(world), parcel).await.unwrap();
        world.send_mails().await;
        world.send_mails().await;
        let mails = world.mails().await;
        let subjects: Vec<&str> = mails.iter().rev().map(|m| m.0.as_str()).collect();
        let n = &placed.number;
        assert_eq!(subjects, [format!("Order {n} is in"), format!("Order {n} is on its way"), format!("Order {n} has arrived")]);
        assert!(mails[1].1.contains("LBC-77"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_parcels_the_first_is_not_the_whole_order() {
    both_worlds(async |world| {
        let variant = a_product().with_stock_in("WH-1", 1).with_stock_in("WH-2", 1).make(world).await;
        let placed = place(world, &[(variant, 2)]).await.unwrap();
        world.send_mails().await;
        for parcel in fulfilment::pick(world, &clerk(world), placed.order).await.unwrap() {
            fulfilment::pack(world, &clerk(world), parcel).await.unwrap();
            fulfilment::ship(world, &clerk(world), parcel, "LBC", "").await.unwrap();
            world.send_mails().await;
            fulfilment::deliver(world, &clerk(world), parcel).await.unwrap();
            world.send_mails().await;
        }
        let n = &placed.number;
        let subjects: Vec<String> = world.mails().await.into_iter().rev().skip(1).map(|mail| mail.0).collect();
        let part = |what: &str| format!("A parcel of order {n} {what}");
        assert_eq!(
            subjects,
            [part("is on its way"), part("has arrived"), format!("Order {n} is on its way"), format!("Order {n} has arrived")]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_to_a_stranger_holds_no_text_of_the_order_form() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(30).make(world).await;
        let words = "Claim your prize at http://evil.example <a href=x>";
        let mut order = form(a_cart(world, &[(variant, 1)]).await, PaymentMethod::Cash);
        order.contact.name = words.into();
        order.delivery_address.recipient = words.into();
        order.delivery_address.line2 = "evil.example".into();
        checkout::place_order(world, &guest(world), Locale::En, Channel::Web, "words-of-a-stranger", order).await.unwrap();
        world.send_mails().await;
        let mail = world.raw_mails().await.remove(0);
        assert!(!mail.contains("evil") && !mail.contains("prize"), "{mail}");
        assert_eq!(header(&mail, "To"), "maria.clara@example.com");
        assert!(world.mails().await[0].1.starts_with("Hello,"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_mailed_about_ten_orders_a_day() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(30).make(world).await;
        for _ in 0..12 {
            place(world, &[(variant, 1)]).await.unwrap();
        }
        world.send_mails().await;
        assert_eq!(world.mails().await.len(), 10);
        world.shop.clock.advance(domain::Timestamp::DAY);
        place(world, &[(variant, 1)]).await.unwrap();
        world.send_mails().await;
        assert_eq!(world.mails().await.len(), 11);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_in_the_language_of_its_order() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(3).make(world).await;
        let order = form(a_cart(world, &[(variant, 1)]).await, PaymentMethod::Cash);
        let placed = checkout::place_order(world, &guest(world), Locale::Fil, Channel::Web, "a-filipino-order", order).await.unwrap();
        order_management::cancel(world, &owner(world), placed.order, "late").await.unwrap();
        world.send_mails().await;
        let mails = world.mails().await;
        // Cancelled before the confirmation was written: only the cancellation is mailed.
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].0, format!("Kinansela ang order {}", placed.number));
        assert!(mails[0].2.contains("lang=\"fil-PH\"") && mails[0].1.contains("Walang naibayad."));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_order_sends_a_mail_when_it_is_authorised_and_when_it_is_refunded() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(3).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        world.send_mails().await;
        assert!(world.mails().await.is_empty());
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        sync(world, placed.order).await.unwrap();
        capture(world, &owner(world), placed.order, None).await.unwrap();
        world.send_mails().await;
        assert_eq!(world.mails().await.len(), 1);
        refund(world, &owner(world), placed.order, 1_550, "a scratch").await.unwrap();
        world.send_mails().await;
        let mails = world.mails().await;
        assert_eq!((mails.len(), mails[0].0.as_str()), (2, format!("₱15.50 of order {} is on its way back", placed.number).as_str()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_sends_a_mail_after_a_while_unless_another_paid() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(3).make(world).await;
        let (one, other) = (world.card_order(&[(variant, 1)]).await, world.card_order(&[(variant, 1)]).await);
        for placed in [&one, &other] {
            world.pay(placed.pay_at.as_deref().unwrap(), DECLINED).await;
            sync(world, placed.order).await.unwrap();
        }
        world.send_mails().await;
        world.pay(other.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        sync(world, other.order).await.unwrap();
        world.shop.clock.advance(5 * 60_000);
        world.send_mails().await;
        let subjects: Vec<String> = world.mails().await.into_iter().map(|m| m.0).collect();
        assert_eq!(subjects.len(), 2, "{subjects:?}");
        assert!(subjects.contains(&format!("The payment for order {} did not go through", one.number)));
        assert!(subjects.contains(&format!("Order {} is in", other.number)));
        world.shop.clock.advance(payments::UNPAID_FOR_MS);
        world.work().await;
        world.send_mails().await;
        let mails = world.mails().await;
        assert_eq!(mails[0].0, format!("Order {} was cancelled", one.number));
        assert!(mails[0].1.contains("not paid in time"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_mail_is_retried_and_its_job_holds_no_personal_data() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(3).make(world).await;
        place(world, &[(variant, 1)]).await.unwrap();
        world.control("/_control/mail", json!({ "fail_next": 1, "code": 451 })).await;
        world.send_mails().await;
        assert!(world.mails().await.is_empty());
        #[derive(Debug, platform::db::FromRow)]
        struct Row {
            #[allow(dead_code, reason = "it is printed")]
            payload: String,
            last_error: Option<String>,
        }
        let jobs: Vec<Row> =
            world.db().fetch_all("select payload, last_error from jobs where kind = 'order_mail.send'", &[]).await.unwrap();
        assert_eq!(jobs.len(), 1);
        let kept = format!("{jobs:?}");
        assert!(jobs[0].last_error.is_some() && !kept.contains("Maria") && !kept.contains("example.com"), "{kept}");
        world.work().await;
        assert_eq!(world.mails().await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_sent_again_after_a_crash_is_the_same_mail() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(3).make(world).await;
        place(world, &[(variant, 1)]).await.unwrap();
        world.send_mails().await;
        // The program ended between the mail server's answer and the commit.
        world
            .db()
            .write(async |tx| tx.execute("update jobs set state = 'running', lease_until = 0 where kind = 'order_mail.send'", &[]).await)
            .await
            .unwrap();
        world.work().await;
        place(world, &[(variant, 1)]).await.unwrap();
        world.send_mails().await;
        let ids: Vec<String> = world.raw_mails().await.iter().rev().map(|mail| header(mail, "Message-ID")).collect();
        assert_eq!(ids.len(), 3);
        assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
        assert!(ids.iter().all(|id| id.starts_with('<') && id.ends_with("@shop.example>")), "{ids:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_sent_from_the_configured_address_and_replies_go_to_the_shop() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(3).make(world).await;
        place(world, &[(variant, 1)]).await.unwrap();
        world.send_mails().await;
        let mail = world.raw_mails().await.remove(0);
        assert!(header(&mail, "From").ends_with("<orders@shop.example>"), "{mail}");
        assert!(!mail.contains("Reply-To:"), "{mail}");
        let mut face = settings::shop(world);
        face.contact_email = "help@shop.example".into();
        settings::save(world, &owner(world), face).await.unwrap();
        place(world, &[(variant, 1)]).await.unwrap();
        world.send_mails().await;
        let mail = world.raw_mails().await.remove(0);
        assert!(
            header(&mail, "From").ends_with("<orders@shop.example>") && header(&mail, "Reply-To").ends_with("<help@shop.example>"),
            "{mail}"
        );
    })
    .await;
}

/// The value of a mail's header.
fn header(mail: &str, name: &str) -> String {
    let found = mail.lines().find_map(|line| line.split_once(": ").filter(|(n, _)| *n == name));
    found.unwrap_or_else(|| panic!("no {name} in\n{mail}")).1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_no_mail_is_queued() {
    crate::support::both(async |shop| {
        let variant = a_product().with_stock(3).make(shop).await;
        place(shop, &[(variant, 1)]).await.unwrap();
        // On Postgres the event may wait for transactions of other tests.
        while notifications::catch_up(shop).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(number(shop, "select count(*) from jobs").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_gets_the_order_link_by_number_and_e_mail_and_the_answer_reveals_nothing() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(3).make(world).await;
        let placed = place(world, &[(variant, 1)]).await.unwrap();
        world.send_mails().await;
        let ask = async |number: &str, email: &str| {
            orders::send_link(world, &guest(world), number, email).await.unwrap();
            world.send_mails().await;
            world.mails().await.len()
        };
        assert_eq!(ask(&placed.number, "somebody.else@example.com").await, 1);
        assert_eq!(ask("TAAAA-AAA", "maria.clara@example.com").await, 1);
        // However it is typed.
        assert_eq!(ask(&format!(" #{} ", placed.number.to_lowercase().replace('-', "")), "Maria.Clara@Example.com").await, 2);
        let (subject, text, _) = world.mails().await.remove(0);
        assert_eq!(subject, format!("Your order {}", placed.number));
        let link = text.lines().find(|line| line.starts_with("http://")).unwrap();
        assert_eq!(order_management::by_link(world, Locale::En, link.trim().rsplit('/').next().unwrap()).await.unwrap().id, placed.order);
        // At most three an hour for one address.
        for _ in 0..4 {
            orders::send_link(world, &guest(world), &placed.number, "maria.clara@example.com").await.unwrap();
        }
        assert_eq!(ask(&placed.number, "maria.clara@example.com").await, 4);
        assert_eq!(number(world, "select count(*) from events where kind = 'order.link_requested' and actor = 'nobody'").await, 3);
        world.shop.clock.advance(61 * 60_000);
        assert_eq!(ask(&placed.number, "maria.clara@example.com").await, 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_who_left_the_banks_page_is_mailed_the_link_to_pay() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(3).make(world).await;
        let (left, paid) = (world.card_order(&[(variant, 1)]).await, world.card_order(&[(variant, 1)]).await);
        world.pay(paid.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        sync(world, paid.order).await.unwrap();
        world.send_mails().await;
        assert_eq!(world.mails().await.len(), 1);
        world.shop.clock.advance(5 * 60 * 1_000);
        world.send_mails().await;
        let mails = world.mails().await;
        // The shopper who paid gets no such mail.
        assert_eq!((mails.len(), mails[0].0.as_str()), (2, format!("Order {} waits for your payment", left.number).as_str()));
        let link = mails[0].1.lines().find(|line| line.starts_with("http://")).unwrap();
        let order = order_management::by_link(world, Locale::En, link.trim().rsplit('/').next().unwrap()).await.unwrap();
        assert!(order.id == left.order && order.unpaid.is_some());
        assert!(mails[0].1.contains("1 × Dried mango"), "{}", mails[0].1);
    })
    .await;
}
