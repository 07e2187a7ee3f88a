//! The tester's hand on the gateway: `/_control/…`, JSON in and out, no key needed.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Gateway,
    books::Books,
    errors::ApiError,
    idempotency::Answers,
    webhooks::{Changes, Endpoint},
};

/// The control routes.
pub fn router() -> Router<Gateway> {
    Router::new()
        .route("/_control/webhook", post(redirect))
        .route("/_control/webhooks", get(report).post(change))
        .route("/_control/gateway", post(trouble))
        .route("/_control/refunds", post(fail_refund))
        .route("/_control/ledger", get(ledger))
        .route("/_control/reset", post(reset))
}

/// Where events go; without an address, nowhere.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Redirect {
    url: Option<String>,
    #[serde(default)]
    secret: String,
}

async fn redirect(State(gateway): State<Gateway>, Json(asked): Json<Redirect>) -> (StatusCode, Json<Value>) {
    let endpoint = asked.url.as_deref().map(|url| Endpoint::new(url, &asked.secret)).transpose();
    match endpoint {
        Ok(endpoint) => {
            gateway.webhooks.redirect(endpoint);
            (StatusCode::OK, Json(json!({ "url": asked.url })))
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": { "message": error.to_string() } }))),
    }
}

async fn change(State(gateway): State<Gateway>, Json(changes): Json<Changes>) -> Json<Value> {
    Json(json!(gateway.webhooks.change(&changes)))
}

async fn report(State(gateway): State<Gateway>) -> Json<Value> {
    Json(gateway.webhooks.report())
}

/// What shall go wrong; what is absent stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trouble {
    /// How long the late card keeps a client waiting, in milliseconds.
    hold_ms: Option<u64>,
    /// How many of the next changing requests fail with 500 before anything is done.
    fail_next: Option<u32>,
    /// The same of requests that change nothing.
    fail_reads: Option<u32>,
    /// How many of the next captures the bank declines.
    decline_captures: Option<u32>,
    /// For how many of the next refunds there is not enough money.
    refuse_refunds: Option<u32>,
}

async fn trouble(State(gateway): State<Gateway>, Json(trouble): Json<Trouble>) -> Json<Value> {
    let mut desk = gateway.desk();
    desk.hold = trouble.hold_ms.map_or(desk.hold, Duration::from_millis);
    desk.fail_next = trouble.fail_next.unwrap_or(desk.fail_next);
    desk.fail_reads = trouble.fail_reads.unwrap_or(desk.fail_reads);
    desk.books.decline_captures = trouble.decline_captures.unwrap_or(desk.books.decline_captures);
    desk.books.refuse_refunds = trouble.refuse_refunds.unwrap_or(desk.books.refuse_refunds);
    let hold_ms = u64::try_from(desk.hold.as_millis()).unwrap_or(u64::MAX);
    Json(
        json!({ "hold_ms": hold_ms, "fail_next": desk.fail_next, "fail_reads": desk.fail_reads, "decline_captures": desk.books.decline_captures,
        "refuse_refunds": desk.books.refuse_refunds }),
    )
}

/// A refund that cannot be delivered any more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Undelivered {
    id: String,
    #[serde(default = "gone")]
    reason: String,
}

fn gone() -> String {
    "lost_or_stolen_card".to_owned()
}

async fn fail_refund(State(gateway): State<Gateway>, Json(asked): Json<Undelivered>) -> Result<Json<Value>, ApiError> {
    let mut desk = gateway.desk();
    let refund = gateway.act(&mut desk, None, None, |books| books.fail_refund(&asked.id, &asked.reason))?;
    Ok(Json(refund.json()))
}

async fn ledger(State(gateway): State<Gateway>) -> Json<Value> {
    Json(gateway.desk().books.statement())
}

/// Forgets every intent, refund, ledger line and kept answer; settings stay.
async fn reset(State(gateway): State<Gateway>) -> StatusCode {
    let mut desk = gateway.desk();
    desk.books = Books::at(&desk.books.base);
    desk.answers = Answers::default();
    StatusCode::NO_CONTENT
}
