//! Webhooks: signed, in order by default, and with copies, delay and disorder where a test orders them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use simulators::{Endpoint, Options};

use crate::world::{Received, Shop, World};

const SECRET: &str = "whsec_test";
const PAID: &str = "amount=5000&currency=php&confirm=true&payment_method=pm_card_visa";
const HELD: &str = "amount=5000&currency=php&capture_method=manual&confirm=true&payment_method=pm_card_visa";

async fn world_with(shop: &Shop) -> World {
    World::with(Options { webhook: Some(Endpoint::new(&shop.url, SECRET).unwrap()), ..Options::default() }).await
}

/// Waits until nothing is under way, and gives the report.
async fn settled(world: &World) -> Value {
    for _ in 0..1_000 {
        let report = world.get("/_control/webhooks").await.json;
        if report["open"] == 0 {
            return report;
        }
        tokio::task::yield_now().await;
    }
    panic!("deliveries are still under way");
}

#[tokio::test]
async fn every_change_is_sent_in_order() {
    let mut shop = Shop::open(&[]).await;
    let world = world_with(&shop).await;
    let held = world.post_once("key-1", "/v1/payment_intents", HELD).await;
    let id = held.json["id"].as_str().unwrap();
    world.post(&format!("/v1/payment_intents/{id}/capture"), "").await;
    world.post("/v1/refunds", &format!("payment_intent={id}&amount=2000")).await;
    let declined = PAID.replace("visa", "chargeDeclined");
    world.post("/v1/payment_intents", &declined).await;
    let other = world.an_intent(HELD).await;
    world.post(&format!("/v1/payment_intents/{}/cancel", other["id"].as_str().unwrap()), "").await;

    let received = shop.next_of(6).await;
    let kinds: Vec<&str> = received.iter().map(Received::kind).collect();
    assert_eq!(
        kinds,
        [
            "payment_intent.amount_capturable_updated",
            "payment_intent.succeeded",
            "charge.refunded",
            "payment_intent.payment_failed",
            "payment_intent.amount_capturable_updated",
            "payment_intent.canceled",
        ]
    );
    let first = &received[0].event;
    assert_eq!(first["object"], "event");
    assert_eq!(first["livemode"], false);
    assert_eq!(first["data"]["object"], held.json);
    assert_eq!(first["request"]["idempotency_key"], "key-1");
    assert_eq!(first["request"]["id"], held.headers["request-id"]);
    assert_eq!(received[2].event["data"]["object"]["amount_refunded"], 2_000);
    let seen = world.get(&format!("/v1/events/{}", first["id"].as_str().unwrap())).await.json;
    assert_eq!(&seen, first);
    assert_eq!(world.get("/v1/events?limit=2").await.json["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_webhook_is_signed_over_its_time_and_body() {
    use hmac::{Hmac, KeyInit, Mac};

    let mut shop = Shop::open(&[]).await;
    let world = World::start().await;
    world.control("/_control/webhook", json!({ "url": shop.url, "secret": SECRET })).await;
    world.an_intent(PAID).await;
    let received = shop.next().await;
    let (time, signature) = received.signature.split_once(",v1=").unwrap();
    let time = time.strip_prefix("t=").unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{time}.{}", received.body).as_bytes());
    let digits = |index| u8::from_str_radix(&signature[index..index + 2], 16).unwrap();
    let signature: Vec<u8> = (0..signature.len()).step_by(2).map(digits).collect();
    mac.verify_slice(&signature).unwrap();
}

#[tokio::test]
async fn copies_of_an_event_come_with_the_same_id() {
    let mut shop = Shop::open(&[]).await;
    let world = world_with(&shop).await;
    let settings = world.control("/_control/webhooks", json!({ "duplicates": 3 })).await.json;
    assert_eq!(settings["duplicates"], 3);
    world.an_intent(PAID).await;
    let received = shop.next_of(3).await;
    let ids: BTreeSet<&str> = received.iter().map(|event| event.event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(settled(&world).await["deliveries"].as_array().unwrap().len(), 3);
    assert!(shop.arrived().is_none());
}

#[tokio::test]
async fn shuffled_events_come_in_disorder_and_none_is_lost() {
    let mut shop = Shop::open(&[]).await;
    let world = world_with(&shop).await;
    world.control("/_control/webhooks", json!({ "shuffle": true, "duplicates": 2, "delay_ms": 400 })).await;
    let intent = world.an_intent(HELD).await;
    let id = intent["id"].as_str().unwrap();
    world.post(&format!("/v1/payment_intents/{id}/capture"), "").await;
    world.post("/v1/refunds", &format!("payment_intent={id}")).await;
    let received = shop.next_of(6).await;
    let order = ["payment_intent.amount_capturable_updated", "payment_intent.succeeded", "charge.refunded"];
    let positions: Vec<usize> = received.iter().map(|event| order.iter().position(|kind| *kind == event.kind()).unwrap()).collect();
    assert!(!positions.is_sorted(), "{positions:?}");
    for position in 0..3 {
        assert_eq!(positions.iter().filter(|found| **found == position).count(), 2);
    }
}

#[tokio::test]
async fn a_delayed_event_comes_after_its_delay() {
    let mut shop = Shop::open(&[]).await;
    let world = world_with(&shop).await;
    world.control("/_control/webhooks", json!({ "delay_ms": 300 })).await;
    let start = std::time::Instant::now();
    world.an_intent(PAID).await;
    shop.next().await;
    assert!(start.elapsed().as_millis() >= 300);
}

#[tokio::test]
async fn an_event_may_arrive_before_the_answer() {
    let mut shop = Shop::open(&[]).await;
    let world = world_with(&shop).await;
    world.control("/_control/webhooks", json!({ "before_answer": true, "duplicates": 2 })).await;
    let intent = world.an_intent(PAID).await;
    for _ in 0..2 {
        assert_eq!(shop.arrived().unwrap().event["data"]["object"]["id"], intent["id"]);
    }
}

#[tokio::test]
async fn an_event_is_sent_again_until_it_is_accepted() {
    let mut shop = Shop::open(&[500, 404, 302]).await;
    let world = world_with(&shop).await;
    world.control("/_control/webhooks", json!({ "retry_base_ms": 10 })).await;
    world.an_intent(PAID).await;
    let received = shop.next_of(4).await;
    assert!(received.iter().all(|event| event.body == received[0].body));
    let report = settled(&world).await;
    let statuses: Vec<&Value> = report["deliveries"].as_array().unwrap().iter().map(|delivery| &delivery["status"]).collect();
    assert_eq!(statuses, [&json!(500), &json!(404), &json!(302), &json!(200)]);
}

#[tokio::test]
async fn an_event_that_is_never_accepted_fails_and_does_not_block_others() {
    let mut shop = Shop::open(&[500, 200, 500, 500]).await;
    let world = world_with(&shop).await;
    world.control("/_control/webhooks", json!({ "retry_base_ms": 200, "max_attempts": 3 })).await;
    let first = world.an_intent(PAID).await;
    let second = world.an_intent(PAID).await;
    let received = shop.next_of(4).await;
    let ids: Vec<&Value> = received.iter().map(|event| &event.event["data"]["object"]["id"]).collect();
    assert_eq!(ids, [&first["id"], &second["id"], &first["id"], &first["id"]]);
    settled(&world).await;
    assert!(shop.arrived().is_none());
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_noted() {
    let world = World::start().await;
    world.control("/_control/webhooks", json!({ "retry_base_ms": 1, "max_attempts": 2 })).await;
    world.control("/_control/webhook", json!({ "url": "http://127.0.0.1:9/hook", "secret": SECRET })).await;
    world.an_intent(PAID).await;
    let report = settled(&world).await;
    let deliveries = report["deliveries"].as_array().unwrap();
    assert_eq!(deliveries.len(), 2);
    assert!(deliveries[0]["status"].is_null() && deliveries[0]["error"].is_string());
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_used_is_refused() {
    let world = World::start().await;
    let answer = world.control("/_control/webhook", json!({ "url": "https://shop.test/hook", "secret": SECRET })).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json["error"]["message"].as_str().unwrap().contains("https://shop.test/hook"));
    assert_eq!(world.control("/_control/webhooks", json!({ "duplicate": 3 })).await.status, 422);
}
