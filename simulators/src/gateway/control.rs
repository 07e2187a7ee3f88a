//! Controls for tests: `/_control/…`, JSON in and out, no key needed.

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
    webhooks::{Endpoint, SettingsChanges},
};

pub fn router() -> Router<Gateway> {
    Router::new()
        .route("/_control/webhook", post(set_endpoint))
        .route("/_control/webhooks", get(report).post(change_settings))
        .route("/_control/gateway", post(set_failures))
        .route("/_control/refunds", post(fail_refund))
        .route("/_control/ledger", get(ledger))
        .route("/_control/reset", post(reset))
}

/// Where events go; without an address, nowhere.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewEndpoint {
    url: Option<String>,
    #[serde(default)]
    secret: String,
}

async fn set_endpoint(State(gateway): State<Gateway>, Json(request): Json<NewEndpoint>) -> (StatusCode, Json<Value>) {
    let endpoint = request.url.as_deref().map(|url| Endpoint::new(url, &request.secret)).transpose();
    match endpoint {
        Ok(endpoint) => {
            gateway.webhooks.set_endpoint(endpoint);
            (StatusCode::OK, Json(json!({ "url": request.url })))
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": { "message": error.to_string() } }))),
    }
}

async fn change_settings(State(gateway): State<Gateway>, Json(changes): Json<SettingsChanges>) -> Json<Value> {
    Json(json!(gateway.webhooks.change_settings(&changes)))
}

async fn report(State(gateway): State<Gateway>) -> Json<Value> {
    Json(gateway.webhooks.report())
}

/// Failures to simulate; what is absent stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failures {
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

async fn set_failures(State(gateway): State<Gateway>, Json(failures): Json<Failures>) -> Json<Value> {
    let mut sandbox = gateway.lock();
    sandbox.hold = failures.hold_ms.map_or(sandbox.hold, Duration::from_millis);
    sandbox.fail_next = failures.fail_next.unwrap_or(sandbox.fail_next);
    sandbox.fail_reads = failures.fail_reads.unwrap_or(sandbox.fail_reads);
    sandbox.books.decline_captures = failures.decline_captures.unwrap_or(sandbox.books.decline_captures);
    sandbox.books.refuse_refunds = failures.refuse_refunds.unwrap_or(sandbox.books.refuse_refunds);
    let hold_ms = u64::try_from(sandbox.hold.as_millis()).unwrap_or(u64::MAX);
    Json(
        json!({ "hold_ms": hold_ms, "fail_next": sandbox.fail_next, "fail_reads": sandbox.fail_reads, "decline_captures": sandbox.books.decline_captures,
        "refuse_refunds": sandbox.books.refuse_refunds }),
    )
}

/// A refund that fails after it was accepted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundFailure {
    id: String,
    #[serde(default = "default_reason")]
    reason: String,
}

fn default_reason() -> String {
    "lost_or_stolen_card".to_owned()
}

async fn fail_refund(State(gateway): State<Gateway>, Json(request): Json<RefundFailure>) -> Result<Json<Value>, ApiError> {
    let mut sandbox = gateway.lock();
    let refund = gateway.act(&mut sandbox, None, None, |books| books.fail_refund(&request.id, &request.reason))?;
    Ok(Json(refund.json()))
}

async fn ledger(State(gateway): State<Gateway>) -> Json<Value> {
    Json(gateway.lock().books.statement())
}

/// Removes every intent, refund, ledger line and stored answer; settings stay.
async fn reset(State(gateway): State<Gateway>) -> StatusCode {
    let mut sandbox = gateway.lock();
    sandbox.books = Books::at(&sandbox.books.base);
    sandbox.answers = Answers::default();
    StatusCode::NO_CONTENT
}
