//! The pages a shopper sees, without scripts.

use std::time::Duration;

use serde_json::{Value, json};
use simulators::Options;

use crate::world::World;

async fn to_pay(world: &World) -> String {
    let intent =
        world.an_intent("amount=125000&currency=php&description=Order+%3C1%3E&return_url=http://shop.test/back?order%3D1%23top").await;
    intent["id"].as_str().unwrap().to_owned()
}

async fn intent(world: &World, id: &str) -> Value {
    world.get(&format!("/v1/payment_intents/{id}")).await.json
}

fn assert_back_at_shop(location: &str, id: &str, outcome: &str) {
    let start = format!("http://shop.test/back?order=1&payment_intent={id}&payment_intent_client_secret={id}_secret_");
    assert!(location.starts_with(&start), "{location}");
    assert!(location.ends_with(&format!("&redirect_status={outcome}#top")), "{location}");
}

#[tokio::test]
async fn a_shopper_types_a_card_and_comes_back_paid() {
    let world = World::start().await;
    let id = to_pay(&world).await;
    let page = world.get(&format!("/pay/{id}")).await;
    assert_eq!(page.status, 200);
    assert!(page.headers["content-type"].starts_with("text/html"));
    assert!(page.text.contains("PHP 1,250.00"));
    assert!(page.text.contains("Order &lt;1&gt;"));
    assert!(!page.text.contains("<script"));

    let paid = world.submit(&format!("/pay/{id}"), "number=4242+4242+4242+4242").await;
    assert_eq!(paid.status, 303);
    assert_back_at_shop(&paid.headers["location"], &id, "succeeded");
    assert_eq!(intent(&world, &id).await["status"], "succeeded");

    let twice = world.submit(&format!("/pay/{id}"), "number=4242424242424242").await;
    assert_eq!(twice.status, 303);
    assert_back_at_shop(&twice.headers["location"], &id, "succeeded");
    assert_eq!(world.get(&format!("/pay/{id}")).await.status, 303);
    assert_eq!(world.moved().await, (125_000, 0));
}

#[tokio::test]
async fn a_declined_card_is_shown_on_the_page_and_another_may_be_tried() {
    let world = World::start().await;
    let id = to_pay(&world).await;
    let cases = [
        ("number=4000000000000002", "Your card was declined."),
        ("card=4000000000009995", "Your card has insufficient funds."),
        ("number=4242424242424243", "Your card number is incorrect."),
        ("number=4111111111111111", "used a non test card"),
        ("number=", "Type a card number"),
        ("", "Type a card number"),
    ];
    for (form, message) in cases {
        let page = world.submit(&format!("/pay/{id}"), form).await;
        assert_eq!(page.status, 200, "{form}");
        assert!(page.text.contains("role=\"alert\"") && page.text.contains(message), "{form}");
    }
    assert_eq!(intent(&world, &id).await["last_payment_error"]["decline_code"], "test_mode_live_card");
    assert_eq!(world.moved().await, (0, 0));
    assert_eq!(world.submit(&format!("/pay/{id}"), "card=4242424242424242").await.status, 303);
    assert_eq!(world.moved().await, (125_000, 0));
}

#[tokio::test]
async fn a_payment_that_needs_authentication_is_made_after_the_shopper_approves() {
    let world = World::start().await;
    let id = to_pay(&world).await;
    let to_bank = world.submit(&format!("/pay/{id}"), "number=4000002500003155").await;
    assert_eq!(to_bank.status, 303);
    let bank = to_bank.headers["location"].clone();
    assert!(bank.starts_with(&format!("/authenticate/{id}?source=src_")), "{bank}");
    assert_eq!(intent(&world, &id).await["status"], "requires_action");

    let page = world.get(&bank).await;
    assert!(page.text.contains("Approve") && page.text.contains("Fail") && !page.text.contains("<script"));
    let returned = world.submit(&bank, "outcome=approve").await;
    assert_back_at_shop(&returned.headers["location"], &id, "succeeded");
    assert_eq!(intent(&world, &id).await["status"], "succeeded");

    // Pressed again, or the other button in a second tab: nothing changes any more.
    for outcome in ["approve", "fail"] {
        let returned = world.submit(&bank, &format!("outcome={outcome}")).await;
        assert_back_at_shop(&returned.headers["location"], &id, "succeeded");
    }
    assert_back_at_shop(&world.get(&bank).await.headers["location"], &id, "succeeded");
    assert_eq!(world.moved().await, (125_000, 0));
}

#[tokio::test]
async fn a_failed_authentication_comes_back_unpaid() {
    let world = World::start().await;
    let id = to_pay(&world).await;
    let bank = world.submit(&format!("/pay/{id}"), "number=4000002500003155").await.headers["location"].clone();
    let returned = world.submit(&bank, "outcome=fail").await;
    assert_back_at_shop(&returned.headers["location"], &id, "failed");
    let failed = intent(&world, &id).await;
    assert_eq!(failed["status"], "requires_payment_method");
    assert_eq!(failed["last_payment_error"]["code"], "payment_intent_authentication_failure");

    let late = world.submit(&bank, "outcome=approve").await;
    assert_back_at_shop(&late.headers["location"], &id, "failed");
    assert_eq!(world.moved().await, (0, 0));
}

#[tokio::test]
async fn a_bank_page_left_open_from_an_earlier_try_changes_nothing() {
    let world = World::start().await;
    let id = to_pay(&world).await;
    let pay = format!("/pay/{id}");
    let earlier = world.submit(&pay, "number=4000002500003155").await;
    let later = world.submit(&pay, "number=4000002500003155").await;
    let stale = &earlier.headers["location"];
    assert_eq!(world.submit(stale, "outcome=approve").await.status, 303);
    assert_eq!(intent(&world, &id).await["status"], "requires_action");
    assert_eq!(world.moved().await, (0, 0));
    world.submit(&later.headers["location"], "outcome=approve").await;
    assert_eq!(world.moved().await, (125_000, 0));
}

#[tokio::test]
async fn a_bank_may_decline_after_authentication() {
    let world = World::start().await;
    let id = to_pay(&world).await;
    let bank = world.submit(&format!("/pay/{id}"), "number=4000008260003178").await.headers["location"].clone();
    let returned = world.submit(&bank, "outcome=approve").await;
    assert_back_at_shop(&returned.headers["location"], &id, "failed");
    assert_eq!(intent(&world, &id).await["last_payment_error"]["decline_code"], "insufficient_funds");
}

#[tokio::test]
async fn the_late_card_takes_the_money_before_the_shopper_comes_back() {
    let world = World::with(Options { hold: Duration::from_secs(30), ..Options::default() }).await;
    let id = to_pay(&world).await;
    let request = world.http.post(world.url(&format!("/pay/{id}")));
    world.hang_up_after_paying(request.body("number=4000000000006686")).await;
    assert_eq!(world.moved().await, (125_000, 0));
    assert_back_at_shop(&world.get(&format!("/pay/{id}")).await.headers["location"], &id, "succeeded");
}

#[tokio::test]
async fn a_cancelled_or_unknown_payment_cannot_be_paid() {
    let world = World::start().await;
    let id = to_pay(&world).await;
    world.post(&format!("/v1/payment_intents/{id}/cancel"), "").await;
    let returned = world.submit(&format!("/pay/{id}"), "number=4242424242424242").await;
    assert_back_at_shop(&returned.headers["location"], &id, "failed");
    assert_eq!(world.get("/pay/pi_<x>").await.status, 404);
    assert!(world.get("/pay/pi_<x>").await.text.contains("pi_&lt;x&gt;"));
    assert_eq!(world.submit("/pay/pi_x", "number=4242424242424242").await.status, 404);
    assert_eq!(world.submit("/authenticate/pi_x", "outcome=approve").await.status, 404);
    assert_eq!(world.moved().await, (0, 0));
}

#[tokio::test]
async fn without_a_return_address_the_page_shows_the_outcome() {
    let world = World::start().await;
    let id = world.an_intent("amount=5000&currency=php").await["id"].as_str().unwrap().to_owned();
    let page = world.submit(&format!("/pay/{id}"), "number=4242424242424242").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("The payment went through."));
}

#[tokio::test]
async fn behind_another_address_the_links_follow_it() {
    let world = World::with(Options { public_url: Some("https://pay.example/".to_owned()), ..Options::default() }).await;
    let intent = world
        .an_intent("amount=1&currency=php&confirm=true&payment_method=pm_card_authenticationRequired&return_url=http://shop.test/")
        .await;
    let url = intent["next_action"]["redirect_to_url"]["url"].as_str().unwrap();
    assert!(url.starts_with("https://pay.example/authenticate/"), "{url}");
    assert_eq!(world.control("/_control/webhook", json!({ "url": null })).await.status, 200);
}
