//! The payment intents API.

use std::time::Duration;

use serde_json::{Value, json};
use simulators::Options;

use crate::world::World;

const INTENTS: &str = "/v1/payment_intents";

fn path(intent: &Value, action: &str) -> String {
    format!("{INTENTS}/{}{action}", intent["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_good_card_pays_at_once() {
    let world = World::start().await;
    let intent = world
        .an_intent("amount=125000&currency=PHP&confirm=true&payment_method=pm_card_visa&metadata[order]=ord_1&expand[]=latest_charge")
        .await;
    assert_eq!(intent["object"], "payment_intent");
    assert_eq!(intent["status"], "succeeded");
    assert_eq!(intent["currency"], "php");
    assert_eq!(intent["amount_received"], 125_000);
    assert_eq!(intent["metadata"]["order"], "ord_1");
    assert_eq!(intent["next_action"], Value::Null);
    assert!(intent["client_secret"].as_str().unwrap().starts_with(intent["id"].as_str().unwrap()));
    assert_eq!(intent["latest_charge"]["payment_method_details"]["card"]["last4"], "4242");
    assert_eq!(intent["latest_charge"]["paid"], true);

    let seen = world.get(&path(&intent, "")).await.json;
    assert_eq!(seen["latest_charge"], intent["latest_charge"]["id"]);
    assert_eq!(world.moved().await, (125_000, 0));
    let ledger = world.get("/_control/ledger").await.json;
    assert_eq!(ledger["movements"][0]["metadata"]["order"], "ord_1");
    assert_eq!(ledger["totals"]["php"], json!({ "held": 0, "captured": 125_000, "refunded": 0 }));
}

#[tokio::test]
async fn a_declined_card_moves_no_money_and_another_card_may_follow() {
    let world = World::start().await;
    let refused = world.post(INTENTS, "amount=5000&currency=php&confirm=true&payment_method=pm_card_chargeDeclined").await;
    let error = &refused.json["error"];
    assert_eq!(refused.status, 402);
    assert_eq!(error["type"], "card_error");
    assert_eq!(error["code"], "card_declined");
    assert_eq!(error["decline_code"], "generic_decline");
    assert_eq!(error["message"], "Your card was declined.");
    let intent = &error["payment_intent"];
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(intent["last_payment_error"]["charge"], intent["latest_charge"]);
    assert_eq!(world.moved().await, (0, 0));

    let short = world.post(&path(intent, "/confirm"), "payment_method=pm_card_insufficientFunds").await;
    assert_eq!((short.status, &short.json["error"]["decline_code"]), (402, &json!("insufficient_funds")));
    let paid = world.post(&path(intent, "/confirm"), "payment_method=pm_card_visa").await;
    assert_eq!((paid.status, &paid.json["status"]), (200, &json!("succeeded")));
    assert_eq!(paid.json["last_payment_error"], Value::Null);
    assert_eq!(world.moved().await, (5_000, 0));
}

#[tokio::test]
async fn a_request_sent_again_is_answered_and_not_done_again() {
    let world = World::start().await;
    let form = "amount=5000&currency=php&confirm=true&payment_method=pm_card_visa";
    let first = world.post_once("key-1", INTENTS, form).await;
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let reordered = "payment_method=pm_card_visa&confirm=true&currency=php&amount=5000";
    let again = world.post_once("key-1", INTENTS, reordered).await;
    assert_eq!((again.status, &again.json), (200, &first.json));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["original-request"], first.headers["request-id"]);
    assert_eq!(world.moved().await, (5_000, 0));

    let declined = "amount=5000&currency=php&confirm=true&payment_method=pm_card_chargeDeclined";
    let refused = world.post_once("key-2", INTENTS, declined).await;
    let again = world.post_once("key-2", INTENTS, declined).await;
    assert_eq!((refused.status, again.status), (402, 402));
    assert_eq!(refused.json, again.json);
}

#[tokio::test]
async fn many_copies_of_one_request_charge_once() {
    let world = std::sync::Arc::new(World::start().await);
    let mut copies = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let world = world.clone();
        copies.spawn(async move {
            let form = "amount=5000&currency=php&confirm=true&payment_method=pm_card_visa";
            world.post_once("key", INTENTS, form).await.json["id"].clone()
        });
    }
    let mut ids = copies.join_all().await;
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(world.moved().await, (5_000, 0));
}

#[tokio::test]
async fn an_idempotency_key_serves_one_request_only() {
    let world = World::start().await;
    let intent = world.post_once("key", INTENTS, "amount=5000&currency=php").await.json;
    let other = world.post_once("key", INTENTS, "amount=5001&currency=php").await;
    assert_eq!((other.status, &other.json["error"]["type"]), (400, &json!("idempotency_error")));
    let elsewhere = world.post_once("key", &path(&intent, "/cancel"), "amount=5000&currency=php").await;
    assert_eq!((elsewhere.status, &elsewhere.json["error"]["type"]), (400, &json!("idempotency_error")));
    let long = world.post_once(&"k".repeat(256), INTENTS, "amount=5000&currency=php").await;
    assert_eq!(long.json["error"]["type"], "idempotency_error");
}

#[tokio::test]
async fn a_wrong_request_does_not_use_up_its_key() {
    let world = World::start().await;
    assert_eq!(world.post_once("key", INTENTS, "amount=0&currency=php").await.status, 400);
    assert_eq!(world.post_once("key", INTENTS, "amount=5000&currency=php").await.status, 200);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_kept_for_the_retry() {
    let world = World::with(Options { hold: Duration::from_secs(30), ..Options::default() }).await;
    let form = "amount=5000&currency=php&confirm=true&payment_method=pm_card_timeoutAfterSuccess";
    let request = world.request(INTENTS, form).header("idempotency-key", "key");
    world.hang_up_after_paying(request).await;
    assert_eq!(world.moved().await, (5_000, 0));

    let again = world.post_once("key", INTENTS, form).await;
    assert_eq!((again.status, &again.json["status"]), (200, &json!("succeeded")));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(world.moved().await, (5_000, 0));
}

#[tokio::test]
async fn the_late_card_answers_at_last() {
    let world = World::start().await;
    world.control("/_control/gateway", json!({ "hold_ms": 1_000 })).await;
    let start = std::time::Instant::now();
    let intent = world.an_intent("amount=5000&currency=php&confirm=true&payment_method=pm_card_timeoutAfterSuccess").await;
    assert_eq!(intent["status"], "succeeded");
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn held_money_is_taken_in_part_and_the_rest_released() {
    let world = World::start().await;
    let form = "amount=10000&currency=php&capture_method=manual&confirm=true&payment_method=pm_card_visa";
    let intent = world.an_intent(form).await;
    assert_eq!(intent["status"], "requires_capture");
    assert_eq!(intent["amount_capturable"], 10_000);
    assert_eq!(world.moved().await, (0, 0));

    let much = world.post(&path(&intent, "/capture"), "amount_to_capture=10001").await;
    assert_eq!((much.status, &much.json["error"]["code"]), (400, &json!("amount_too_large")));
    let taken = world.post(&path(&intent, "/capture"), "amount_to_capture=7000").await.json;
    assert_eq!(taken["status"], "succeeded");
    assert_eq!((&taken["amount_received"], &taken["amount_capturable"]), (&json!(7_000), &json!(0)));
    let again = world.post(&path(&intent, "/capture"), "").await;
    assert_eq!((again.status, &again.json["error"]["code"]), (400, &json!("payment_intent_unexpected_state")));
    assert_eq!(again.json["error"]["payment_intent"]["status"], "succeeded");
    assert_eq!(world.moved().await, (7_000, 0));
    assert_eq!(world.get("/_control/ledger").await.json["totals"]["php"]["held"], 0);
}

#[tokio::test]
async fn several_captures_never_take_more_than_is_held() {
    let world = World::start().await;
    let form = "amount=10000&currency=php&capture_method=manual&confirm=true&payment_method=pm_card_visa";
    let intent = world.an_intent(form).await;
    let capture = path(&intent, "/capture");
    let first = world.post(&capture, "amount_to_capture=4000&final_capture=false").await.json;
    assert_eq!((&first["status"], &first["amount_capturable"]), (&json!("requires_capture"), &json!(6_000)));
    assert_eq!(world.post(&capture, "amount_to_capture=6001").await.status, 400);
    assert_eq!(world.post(&path(&intent, "/cancel"), "").await.status, 400);
    let last = world.post(&capture, "").await.json;
    assert_eq!((&last["status"], &last["amount_received"]), (&json!("succeeded"), &json!(10_000)));
    assert_eq!(world.moved().await, (10_000, 0));
}

#[tokio::test]
async fn a_cancelled_intent_releases_what_was_held() {
    let world = World::start().await;
    let form = "amount=10000&currency=php&capture_method=manual&confirm=true&payment_method=pm_card_visa";
    let intent = world.an_intent(form).await;
    let cancelled = world.post(&path(&intent, "/cancel"), "cancellation_reason=requested_by_customer").await.json;
    assert_eq!(cancelled["status"], "canceled");
    assert_eq!(cancelled["cancellation_reason"], "requested_by_customer");
    assert!(cancelled["canceled_at"].is_u64());
    for action in ["/cancel", "/capture", "/confirm"] {
        let refused = world.post(&path(&intent, action), "").await;
        assert_eq!(refused.json["error"]["code"], "payment_intent_unexpected_state", "{action}");
    }
    assert_eq!(world.moved().await, (0, 0));
    assert_eq!(world.get("/_control/ledger").await.json["totals"]["php"]["held"], 0);
}

#[tokio::test]
async fn a_paid_intent_cannot_be_confirmed_or_cancelled() {
    let world = World::start().await;
    let intent = world.an_intent("amount=5000&currency=php&confirm=true&payment_method=pm_card_visa").await;
    for action in ["/confirm", "/cancel"] {
        let refused = world.post(&path(&intent, action), "").await;
        assert_eq!((refused.status, &refused.json["error"]["code"]), (400, &json!("payment_intent_unexpected_state")));
    }
    let twice = world.post(&path(&intent, "/confirm"), "payment_method=pm_card_visa").await;
    assert_eq!(twice.status, 400);
    assert_eq!(world.moved().await, (5_000, 0));
}

#[tokio::test]
async fn refunds_never_give_back_more_than_was_taken() {
    let world = World::start().await;
    let form = "amount=10000&currency=php&capture_method=manual&confirm=true&payment_method=pm_card_visa";
    let intent = world.an_intent(form).await;
    let id = intent["id"].as_str().unwrap();
    let early = world.post("/v1/refunds", &format!("payment_intent={id}")).await;
    assert_eq!(early.status, 400);
    world.post(&path(&intent, "/capture"), "amount_to_capture=8000").await;

    let first =
        world.post("/v1/refunds", &format!("payment_intent={id}&amount=3000&reason=requested_by_customer&metadata[rma]=1")).await.json;
    assert_eq!((&first["object"], &first["status"], &first["amount"]), (&json!("refund"), &json!("succeeded"), &json!(3_000)));
    assert_eq!(first["payment_intent"], id);
    assert_eq!(first["metadata"]["rma"], "1");
    let much = world.post("/v1/refunds", &format!("payment_intent={id}&amount=5001")).await;
    assert_eq!((much.status, &much.json["error"]["param"]), (400, &json!("amount")));
    let charge = first["charge"].as_str().unwrap();
    let rest = world.post("/v1/refunds", &format!("charge={charge}")).await.json;
    assert_eq!(rest["amount"], 5_000);
    let none = world.post("/v1/refunds", &format!("charge={charge}")).await;
    assert_eq!((none.status, &none.json["error"]["code"]), (400, &json!("charge_already_refunded")));

    let seen = world.get(&format!("/v1/refunds/{}", first["id"].as_str().unwrap())).await.json;
    assert_eq!(seen, first);
    let charge = world.get(&format!("/v1/charges/{charge}")).await.json;
    assert_eq!((&charge["refunded"], &charge["amount_refunded"]), (&json!(true), &json!(8_000)));
    assert_eq!(world.moved().await, (8_000, 8_000));
}

#[tokio::test]
async fn authentication_sends_the_shopper_to_the_bank() {
    let world = World::start().await;
    let form = "amount=5000&currency=php&confirm=true&payment_method=pm_card_authenticationRequired";
    let intent = world.an_intent(&format!("{form}&return_url=http://shop.test/back?order%3D1")).await;
    assert_eq!(intent["status"], "requires_action");
    assert_eq!(intent["next_action"]["type"], "redirect_to_url");
    assert_eq!(intent["next_action"]["redirect_to_url"]["return_url"], "http://shop.test/back?order=1");
    let url = intent["next_action"]["redirect_to_url"]["url"].as_str().unwrap();
    assert!(url.starts_with(&world.url("/authenticate/pi_")), "{url}");
    assert_eq!(world.moved().await, (0, 0));

    let without_return = world.an_intent(form).await;
    assert_eq!(without_return["next_action"]["type"], "use_stripe_sdk");
}

#[tokio::test]
async fn an_intent_without_a_card_waits_for_one() {
    let world = World::start().await;
    let intent = world.an_intent("amount=5000&currency=php&return_url=http://shop.test/back").await;
    assert_eq!(intent["status"], "requires_payment_method");
    let bare = world.post(&path(&intent, "/confirm"), "").await;
    assert_eq!((bare.status, &bare.json["error"]["code"]), (400, &json!("payment_intent_unexpected_state")));
    let ready = world.an_intent("amount=5000&currency=php&payment_method=pm_card_visa").await;
    assert_eq!(ready["status"], "requires_confirmation");
    assert_eq!(world.post(&path(&ready, "/confirm"), "").await.json["status"], "succeeded");
    let none = world.post(INTENTS, "amount=5000&currency=php&confirm=true").await;
    assert_eq!((none.status, &none.json["error"]["param"]), (400, &json!("payment_method")));
}

#[tokio::test]
async fn a_request_without_a_sandbox_key_is_refused() {
    let world = World::start().await;
    for key in [None, Some("Bearer sk_live_real"), Some("Bearer sk_test_"), Some("Basic c2s6")] {
        let mut request = world.http.post(world.url(INTENTS)).body("amount=5000&currency=php");
        if let Some(key) = key {
            request = request.header("authorization", key);
        }
        let answer = crate::world::read(request.send().await.unwrap()).await;
        assert_eq!((answer.status, &answer.json["error"]["type"]), (401, &json!("invalid_request_error")), "{key:?}");
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let world = World::start().await;
    let cases = [
        ("currency=php", "parameter_missing", "amount"),
        ("amount=5000", "parameter_missing", "currency"),
        ("amount=-1&currency=php", "parameter_invalid_integer", "amount"),
        ("amount=1.5&currency=php", "parameter_invalid_integer", "amount"),
        ("amount=0&currency=php", "parameter_invalid_integer", "amount"),
        ("amount=99999999999999999999999&currency=php", "parameter_invalid_integer", "amount"),
        ("amount=100000000&currency=php", "amount_too_large", "amount"),
        ("amount=1&currency=pesos", "parameter_invalid_string", "currency"),
        ("amount=1&currency=php&confirm=maybe", "parameter_invalid_boolean", "confirm"),
        ("amount=1&currency=php&capture_method=never", "parameter_invalid_enum", "capture_method"),
        ("amount=1&currency=php&payment_method=pm_unknown", "resource_missing", "payment_method"),
        ("amount=1&currency=php&return_url=javascript:alert(1)", "url_invalid", "return_url"),
        ("amount=1&currency=php&amuont=2", "parameter_unknown", "amuont"),
    ];
    for (form, code, param) in cases {
        let answer = world.post(INTENTS, form).await;
        let error = &answer.json["error"];
        assert_eq!((answer.status, &error["code"], &error["param"]), (400, &json!(code), &json!(param)), "{form}");
    }
}

#[tokio::test]
async fn a_missing_object_is_answered_with_404() {
    let world = World::start().await;
    for path in ["/v1/payment_intents/pi_x", "/v1/refunds/re_x", "/v1/charges/ch_x", "/v1/events/evt_x"] {
        let answer = world.get(path).await;
        assert_eq!((answer.status, &answer.json["error"]["code"]), (404, &json!("resource_missing")), "{path}");
    }
    assert_eq!(world.post("/v1/refunds", "payment_intent=pi_x").await.status, 404);
    assert_eq!(world.get("/v1/unheard_of").await.json["error"]["type"], "invalid_request_error");
    assert_eq!(world.get("/v1/payment_intents").await.status, 404);
    assert_eq!(world.get("/v1/refunds?payment_intent=pi_x").await.json["data"], json!([]));
}

#[tokio::test]
async fn a_call_during_an_outage_changes_nothing_and_its_retry_succeeds() {
    let world = World::start().await;
    world.control("/_control/gateway", json!({ "fail_next": 1 })).await;
    let form = "amount=5000&currency=php&confirm=true&payment_method=pm_card_visa";
    let down = world.post_once("key", INTENTS, form).await;
    assert_eq!((down.status, &down.json["error"]["type"]), (500, &json!("api_error")));
    assert_eq!(world.moved().await, (0, 0));
    assert_eq!(world.post_once("key", INTENTS, form).await.status, 200);
    assert_eq!(world.moved().await, (5_000, 0));
}

#[tokio::test]
async fn a_reset_clears_all_data() {
    let world = World::start().await;
    let intent = world.an_intent("amount=5000&currency=php&confirm=true&payment_method=pm_card_visa").await;
    assert_eq!(world.control("/_control/reset", json!({})).await.status, 204);
    assert_eq!(world.get(&path(&intent, "")).await.status, 404);
    assert_eq!(world.moved().await, (0, 0));
}

#[tokio::test]
async fn payments_of_an_earlier_run_are_captured_refunded_and_cancelled() {
    use simulators::{EarlierPayment, EarlierState};
    let world = World::start().await;
    let payment = |reference: &str, state, captured| EarlierPayment {
        reference: reference.to_owned(),
        amount: 9_000,
        currency: "php".to_owned(),
        state,
        captured,
        refunded: captured / 3,
        description: "T-1".to_owned(),
        return_url: "http://127.0.0.1:1/back".to_owned(),
        metadata: vec![("payment".to_owned(), "pay_1".to_owned())],
    };
    let earlier = || {
        vec![
            payment("pi_held", EarlierState::Held, 0),
            payment("pi_taken", EarlierState::Captured, 9_000),
            payment("pi_waiting", EarlierState::Waiting, 0),
            payment("pi_gone", EarlierState::Cancelled, 0),
        ]
    };
    world.running.remember(earlier());
    let captured = world.post(&format!("{INTENTS}/pi_held/capture"), "amount_to_capture=8000").await;
    assert_eq!(
        (captured.status, &captured.json["amount_received"], &captured.json["metadata"]["payment"]),
        (200, &json!(8_000), &json!("pay_1"))
    );
    // Three of nine thousand went back before.
    assert_eq!(world.post("/v1/refunds", "payment_intent=pi_taken&amount=6001").await.json["error"]["code"], "amount_too_large");
    assert_eq!(world.post("/v1/refunds", "payment_intent=pi_taken&amount=6000").await.status, 200);
    assert_eq!(
        world.post(&format!("{INTENTS}/pi_waiting/confirm"), "payment_method=pm_card_visa").await.json["status"],
        "requires_capture"
    );
    assert_eq!(world.post(&format!("{INTENTS}/pi_gone/cancel"), "").await.status, 400);
    // What happened since is not undone.
    world.running.remember(earlier());
    assert_eq!(world.get(&format!("{INTENTS}/pi_held")).await.json["status"], "succeeded");
}
