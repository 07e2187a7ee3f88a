use serde_json::{Value, json};

use crate::program::{Server, client};

pub async fn json_of(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    if status >= 400 {
        assert_eq!(kind, "application/problem+json");
    }
    (status, answer.json().await.unwrap())
}

/// The variants of the products on the first page that are in stock.
pub async fn on_sale(server: &Server) -> Vec<String> {
    let (_, list) = json_of(server.get("/api/v1/products?in_stock=true")).await;
    let mut variants = Vec::new();
    for product in list["products"].as_array().unwrap() {
        let (_, product) = json_of(server.get(&format!("/api/v1/products/{}", product["slug"].as_str().unwrap()))).await;
        variants.extend(product["variants"].as_array().unwrap().iter().map(|variant| variant["id"].as_str().unwrap().to_owned()));
    }
    variants
}

pub fn address() -> Value {
    json!({ "recipient": "Ana Reyes", "phone": "+639171234567", "country": "PH", "line1": "12 Mabini Street", "place": "1381300009", "postal_code": "1105" })
}

pub fn order(delivery: &str) -> Value {
    let contact = json!({ "name": "Ana Reyes", "email": "ana@example.com", "phone": "+639171234567" });
    json!({ "contact": contact, "delivery_address": address(), "delivery": delivery, "payment": "cod" })
}

/// A variant of which more than one can be bought.
async fn a_variant(server: &Server) -> String {
    let (_, list) = json_of(server.get("/api/v1/products?in_stock=true")).await;
    for product in list["products"].as_array().unwrap() {
        let (_, product) = json_of(server.get(&format!("/api/v1/products/{}", product["slug"].as_str().unwrap()))).await;
        let mut variants = product["variants"].as_array().unwrap().iter();
        if let Some(variant) = variants.find(|variant| variant["available"].as_i64().unwrap() > 1) {
            return variant["id"].as_str().unwrap().to_owned();
        }
    }
    panic!("nothing can be bought twice");
}

async fn a_cart(server: &Server) -> String {
    let line = json!({ "variant": a_variant(server).await, "quantity": 1 });
    let (status, cart) = json_of(server.post("/api/v1/carts", &json!({ "lines": [line] }))).await;
    assert_eq!(status, 201, "{cart}");
    cart["id"].as_str().unwrap().to_owned()
}

async fn a_delivery(server: &Server, cart: &str) -> String {
    let (status, found) = json_of(server.post(&format!("/api/v1/carts/{cart}/delivery-options"), &address())).await;
    assert_eq!(status, 200, "{found}");
    found["options"][0]["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn one_key_makes_one_order_and_another_body_is_refused() {
    let server = Server::start();
    let cart = a_cart(&server).await;
    let delivery = a_delivery(&server, &cart).await;
    let path = format!("/api/v1/carts/{cart}/checkout");
    let send = |key: &'static str, body: Value| json_of(server.post(&path, &body).header("idempotency-key", key));

    let (status, problem) = json_of(server.post(&path, &order(&delivery))).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (400, "idempotency_key_missing"));

    let (status, placed) = send("first-key", order(&delivery)).await;
    assert_eq!(status, 201, "{placed}");
    let (status, again) = send("first-key", order(&delivery)).await;
    assert_eq!((status, &again["id"]), (200, &placed["id"]));

    let mut other = order(&delivery);
    other["contact"]["name"] = json!("Ben Cruz");
    let (status, problem) = send("first-key", other).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (422, "idempotency_key_reused"));

    let token = placed["token"].as_str().unwrap();
    let (status, followed) = json_of(server.get(&format!("/api/v1/orders/follow/{token}"))).await;
    assert_eq!((status, &followed["number"]), (200, &placed["number"]));
    let (status, _) = json_of(server.get(&format!("/api/v1/orders/follow/{token}x"))).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn every_mistake_is_a_problem_with_a_stable_code() {
    let server = Server::start();
    let nobody = "cart_00000000000000000000000000000000";
    let raw = |kind: &'static str, body: &'static str| {
        client().post(format!("{}/api/v1/carts", server.url)).header("content-type", kind).body(body)
    };
    let line = json!({ "variant": "var_1", "quantity": 0 });
    let cases = [
        (server.get("/api/v1/nothing"), 404, "not_found"),
        (server.get("/api/v1/products/no-such-thing"), 404, "not_found"),
        (server.get(&format!("/api/v1/carts/{nobody}")), 404, "not_found"),
        (server.get("/api/v1/carts/1"), 404, "not_found"),
        (server.get("/api/v1/carts"), 405, "method_not_allowed"),
        (server.get("/api/v1/products?colour=red"), 422, "invalid"),
        (server.get("/api/v1/products?price_min=-1"), 422, "invalid"),
        (server.get("/api/v1/search"), 422, "invalid"),
        (server.get("/api/v1/products/%00"), 400, "malformed"),
        (server.get("/api/v1/products/%ff"), 400, "malformed"),
        (server.get("/api/v1/orders"), 401, "unauthorised"),
        (server.get("/api/v1/stock").bearer_auth("tdh_wrong"), 401, "unauthorised"),
        (raw("text/plain", "{}"), 415, "unsupported_media_type"),
        (raw("application/json", "{"), 400, "malformed"),
        (raw("application/json", "{\"gift\": 1}"), 422, "invalid"),
        (raw("application/json", "{\"lines\": [{\"variant\": \"var_1\", \"quantity\": 99999999999999999999}]}"), 422, "invalid"),
        (server.post("/api/v1/carts", &json!({ "lines": [line] })), 422, "invalid"),
    ];
    for (request, status, code) in cases {
        let shown = format!("{request:?}");
        let (found, problem) = json_of(request).await;
        assert_eq!((found, problem["code"].as_str().unwrap()), (status, code), "{shown}\n{problem}");
        assert_eq!(problem["type"], format!("/api#problem-{code}"));
    }
    let allowed = server.get("/api/v1/carts").send().await.unwrap();
    assert_eq!(allowed.headers()["allow"], "POST");
    let many: Vec<_> = (0..1_000).map(|_| json!({ "variant": "var_00000000000000000000000000000000", "quantity": 1 })).collect();
    let (status, problem) = json_of(server.post("/api/v1/carts", &json!({ "lines": many }))).await;
    assert_eq!((status, problem["errors"][0]["field"].as_str().unwrap()), (422, "lines"));
    let huge = client().post(format!("{}/api/v1/carts", server.url)).header("content-type", "application/json").body("x".repeat(2 << 20));
    assert_eq!(json_of(huge).await.0, 413);
}

#[tokio::test]
async fn a_checkout_names_each_wrong_field_where_the_body_has_it() {
    let server = Server::start();
    let cart = a_cart(&server).await;
    let mut body = order("");
    body["contact"]["email"] = json!("nobody");
    body["delivery_address"]["line1"] = json!("");
    let (status, problem) = json_of(
        server
            .post(&format!("/api/v1/carts/{cart}/checkout"), &body)
            .header("idempotency-key", "wrong-fields")
            .header("accept-language", "fil"),
    )
    .await;
    assert_eq!(status, 422);
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    for field in ["contact.email", "delivery_address.line1", "delivery"] {
        assert!(fields.contains(&field), "{fields:?}");
    }
}

#[tokio::test]
async fn a_total_that_the_shopper_did_not_see_makes_no_order() {
    let server = Server::start();
    let cart = a_cart(&server).await;
    let mut body = order(&a_delivery(&server, &cart).await);
    body["expected_total"] = json!(1);
    let (status, problem) =
        json_of(server.post(&format!("/api/v1/carts/{cart}/checkout"), &body).header("idempotency-key", "other-total")).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (409, "total_changed"));
}

#[tokio::test]
async fn too_many_requests_are_answered_with_retry_after() {
    let folder = crate::program::Folder::with_shop();
    let server = Server::start_with(folder, &["--limit-api", "3"]);
    for _ in 0..3 {
        assert_eq!(json_of(server.get("/api/v1/categories")).await.0, 200);
    }
    // The header that a client writes itself changes nothing.
    let answer = server.get("/api/v1/categories").header("x-forwarded-for", "198.51.100.7").send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert!(answer.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(server.get("/health/live").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_description_lists_every_route_and_the_page_shows_it() {
    let server = Server::start();
    let (status, api) = json_of(server.get("/api/openapi.json")).await;
    assert_eq!(status, 200);
    assert!(api["paths"]["/api/v1/carts/{cart}/checkout"]["post"].is_object());
    let page = server.get("/api").send().await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    assert!(page.text().await.unwrap().contains("Idempotency-Key"));
}

#[tokio::test]
async fn an_api_key_is_valid_for_the_calls_of_its_scopes() {
    let folder = crate::program::Folder::with_shop();
    let created = folder.run(&["admin", "key", "--name", "Warehouse", "--scope", "read_stock"]);
    assert!(created.status.success(), "{}", crate::program::stderr(&created));
    let key = crate::program::stdout(&created).trim().to_owned();
    assert!(key.starts_with("tdh_"));
    let server = Server::start_with(folder, &[]);
    let (status, stock) = json_of(server.get("/api/v1/stock").bearer_auth(&key)).await;
    assert_eq!(status, 200, "{stock}");
    let row = &stock["rows"][0];
    assert_eq!(row["on_hand"].as_i64().unwrap() - row["reserved"].as_i64().unwrap(), row["available"].as_i64().unwrap());
    let next = stock["next"].as_str().unwrap();
    let (status, second) = json_of(server.get("/api/v1/stock").query(&[("after", next)]).bearer_auth(&key)).await;
    assert_eq!(status, 200);
    assert!(second["rows"][0]["sku"].as_str().unwrap() > row["sku"].as_str().unwrap());
    let (status, problem) = json_of(server.get("/api/v1/orders").bearer_auth(&key)).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (403, "forbidden"));
}

#[tokio::test]
async fn units_of_lines_are_cancelled_once_and_only_what_was_paid_is_refunded() {
    let folder = crate::program::Folder::with_shop();
    let created =
        folder.run(&["admin", "key", "--name", "Desk", "--scope", "cancel_orders", "--scope", "refund_payments", "--scope", "read_orders"]);
    assert!(created.status.success(), "{}", crate::program::stderr(&created));
    let key = crate::program::stdout(&created).trim().to_owned();
    let server = Server::start_with(folder, &[]);
    let line = json!({ "variant": a_variant(&server).await, "quantity": 2 });
    let (_, cart) = json_of(server.post("/api/v1/carts", &json!({ "lines": [line] }))).await;
    let cart = cart["id"].as_str().unwrap();
    let delivery = a_delivery(&server, cart).await;
    let checkout = server.post(&format!("/api/v1/carts/{cart}/checkout"), &order(&delivery)).header("idempotency-key", "an-order-1");
    let (_, placed) = json_of(checkout).await;
    let (id, follow) = (placed["id"].as_str().unwrap(), format!("/api/v1/orders/follow/{}", placed["token"].as_str().unwrap()));
    let line = json_of(server.get(&follow)).await.1["lines"][0]["id"].clone();
    let path = format!("/api/v1/orders/{id}/cancellations");
    let cancel =
        |units: i64| server.post(&path, &json!({ "lines": [{ "line": line, "units": units }], "reason": "Sold out" })).bearer_auth(&key);

    let (status, problem) = json_of(cancel(1)).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (400, "idempotency_key_missing"));
    for _ in 0..2 {
        assert_eq!(cancel(1).header("idempotency-key", "cancel-0001").send().await.unwrap().status(), 204);
    }
    let (_, now) = json_of(server.get(&follow)).await;
    assert_eq!(now["payments"], json!([]), "payments are for keys");
    let (_, read) = json_of(server.get(&format!("/api/v1/orders/{id}")).bearer_auth(&key)).await;
    let payment = &read["payments"][0];
    assert_eq!((payment["tender"].as_str(), payment["state"].as_str()), (Some("cod"), Some("pending")), "{read}");
    assert_eq!((&payment["captures"], payment["authorised"]["minor"].as_i64()), (&json!([]), Some(0)));
    assert_eq!((now["lines"][0]["cancelled"].as_i64(), now["cancelled_at"].is_null()), (Some(1), true));
    assert_eq!(now["waived"]["minor"], now["lines"][0]["unit_price"]["minor"]);
    // The fee is an adjustment, and the tax is that of the fee and of the line.
    assert_eq!((&now["adjustments"][0]["kind"], &now["adjustments"][0]["amount"]), (&json!("delivery"), &now["delivery_fee"]));
    let taxes = now["taxes"].as_array().unwrap();
    assert_eq!(taxes.iter().map(|tax| tax["tax"]["minor"].as_i64().unwrap()).sum::<i64>(), now["tax"]["minor"].as_i64().unwrap());
    assert_eq!((&taxes[0]["adjustment"], &taxes[1]["line"]), (&now["adjustments"][0]["n"], &now["lines"][0]["id"]));
    let (status, problem) = json_of(cancel(2).header("idempotency-key", "cancel-0002")).await;
    assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some("lines[0].units")));

    let refund = json!({ "lines": [{ "line": line, "units": 1 }], "reason": "A scratch" });
    let refund = server.post(&format!("/api/v1/orders/{id}/refunds"), &refund).bearer_auth(&key).header("idempotency-key", "refund-0001");
    let (status, problem) = json_of(refund).await;
    assert_eq!((status, problem["code"].as_str().unwrap()), (409, "not_possible"));
}

#[tokio::test]
async fn cancelling_none_of_the_items_cancels_nothing() {
    let server = Server::start();
    let line = json!({ "variant": a_variant(&server).await, "quantity": 2 });
    let (_, cart) = json_of(server.post("/api/v1/carts", &json!({ "lines": [line] }))).await;
    let cart = cart["id"].as_str().unwrap();
    let delivery = a_delivery(&server, cart).await;
    let checkout = server.post(&format!("/api/v1/carts/{cart}/checkout"), &order(&delivery)).header("idempotency-key", "an-order-1");
    let (_, placed) = json_of(checkout).await;
    let token = placed["token"].as_str().unwrap();
    let follow = format!("/api/v1/orders/follow/{token}");
    let line = json_of(server.get(&follow)).await.1["lines"][0]["id"].as_str().unwrap().to_owned();
    let cancel = async |units: &str| {
        let fields = [("token", token), ("what", "units"), (&*format!("units[{line}]"), units)];
        let path = format!("{}/orders/follow/{token}/cancel", server.url);
        let answer = client().post(path).header("accept", "text/html").form(&fields).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for units in ["0", "-1", ""] {
        let (status, page) = cancel(units).await;
        assert_eq!((status, page.contains("Say how many: 1 or more.")), (422, true), "{units}");
    }
    assert!(cancel("3").await.1.contains("At most 2."));
    let (_, now) = json_of(server.get(&follow)).await;
    assert_eq!((now["lines"][0]["cancelled"].as_i64(), now["cancelled_at"].is_null()), (Some(0), true));
    assert!((300..400).contains(&cancel("1").await.0));
    let (_, now) = json_of(server.get(&follow)).await;
    assert_eq!((now["lines"][0]["cancelled"].as_i64(), now["cancelled_at"].is_null()), (Some(1), true));
}

#[tokio::test]
async fn a_counters_program_sells_without_a_name() {
    let folder = crate::program::Folder::with_shop();
    let key = |scope: &str| {
        let created = folder.run(&["admin", "key", "--name", "Counter", "--scope", scope]);
        assert!(created.status.success(), "{}", crate::program::stderr(&created));
        crate::program::stdout(&created).trim().to_owned()
    };
    let (key, other) = (key("create_orders"), key("read_orders"));
    let server = Server::start_with(folder, &[]);
    let new = json!({ "channel": "till", "lines": [{ "variant": a_variant(&server).await, "quantity": 1 }] });
    let make = || server.post("/api/v1/carts", &new);
    assert_eq!(json_of(make()).await.0, 401);
    assert_eq!(json_of(make().bearer_auth(&other)).await.0, 403);
    let (status, cart) = json_of(make().bearer_auth(&key)).await;
    assert_eq!(status, 201, "{cart}");
    let path = format!("/api/v1/carts/{}/checkout", cart["id"].as_str().unwrap());
    let sell = |body: Value| server.post(&path, &body).header("idempotency-key", "sold-at-the-counter");

    assert_eq!(json_of(sell(json!({ "payment": "cod" }))).await.0, 401);
    assert_eq!(json_of(sell(json!({ "payment": "cod" })).bearer_auth(&other)).await.0, 403);
    let wrong = |problem: &Value| -> Vec<String> {
        problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    };
    let half = json!({ "payment": "cod", "contact": { "name": "Ana Reyes", "email": "ana@example.com" } });
    let (status, problem) = json_of(sell(half).bearer_auth(&key)).await;
    assert_eq!((status, wrong(&problem)), (422, vec!["delivery_address".into(), "delivery".into()]));

    let whole = json!({ "payment": "cod", "expected_total": cart["total"]["minor"] });
    let (status, placed) = json_of(sell(whole.clone()).bearer_auth(&key)).await;
    assert_eq!((status, &placed["total"]), (201, &cart["total"]), "{placed}");
    let (status, again) = json_of(sell(whole).bearer_auth(&key)).await;
    assert_eq!((status, &again["id"]), (200, &placed["id"]));
    let id = placed["id"].as_str().unwrap();
    let (status, order) = json_of(server.get(&format!("/api/v1/orders/{id}")).bearer_auth(&other)).await;
    assert_eq!((status, order["channel"].as_str()), (200, Some("till")), "{order}");
    for field in ["contact", "delivery_address", "billing_address", "delivery_name", "promised_from", "promised_to"] {
        assert!(order[field].is_null(), "{field}: {order}");
    }
    let (_, list) = json_of(server.get("/api/v1/orders").bearer_auth(&other)).await;
    assert!(list["orders"][0]["customer"].is_null(), "{list}");

    // Everybody else says whom it goes to.
    let cart = a_cart(&server).await;
    let checkout =
        server.post(&format!("/api/v1/carts/{cart}/checkout"), &json!({ "payment": "cod" })).header("idempotency-key", "to-nobody");
    let (status, problem) = json_of(checkout.bearer_auth(&key)).await;
    assert_eq!((status, wrong(&problem)), (422, vec!["contact".into(), "delivery_address".into(), "delivery".into()]));
}

/// Runs every step of `docs/api.md` as it is written there.
#[tokio::test]
async fn the_documentation_buys_a_product() {
    let server = Server::start();
    let guide = include_str!("../../../docs/api.md");
    let steps: Vec<_> = guide.split("```sh\n").skip(1).map(|part| part.split("```").next().unwrap()).collect();
    assert!(steps.len() >= 7);
    let script = format!("set -euo pipefail\n{}", steps.join("\n"));
    let run = std::process::Command::new("bash").arg("-c").arg(&script).env("SHOP", &server.url).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{stdout}\n{stderr}");
    assert!(
        stdout.contains("the same order") && stdout.contains("\"payment_state\":\"pending\"") && stdout.contains("\"code\":\"invalid\""),
        "{stdout}"
    );
}

/// Buys one of something.
pub async fn buy_one(server: &Server) {
    let (status, placed) = try_to_buy_one(server).await;
    assert_eq!(status, 201, "{placed}");
}

/// What buying one of something is answered, or why there was no cart to buy.
pub async fn try_to_buy_one(server: &Server) -> (u16, Value) {
    let line = json!({ "variant": a_variant(server).await, "quantity": 1 });
    let (status, created) = json_of(server.post("/api/v1/carts", &json!({ "lines": [line] }))).await;
    if status != 201 {
        return (status, created);
    }
    let cart = created["id"].as_str().unwrap();
    let body = order(&a_delivery(server, cart).await);
    json_of(server.post(&format!("/api/v1/carts/{cart}/checkout"), &body).header("idempotency-key", &format!("buy-{cart}"))).await
}
