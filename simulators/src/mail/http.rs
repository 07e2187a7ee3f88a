//! The routes that show the stored mail, to programs and to people, and set failures.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Failures, Message, Sink, Stage, inbox, mime};

pub fn router(sink: Sink) -> Router {
    Router::new()
        .route("/mail", get(list).delete(clear))
        .route("/mail/{id}", get(one))
        .route("/mail/{id}/raw", get(raw))
        .route("/mail/{id}/text", get(text))
        .route("/mail/{id}/html", get(html))
        .route("/_control/mail", post(fail))
        .with_state(sink)
}

#[derive(Debug, Deserialize)]
struct Filter {
    to: Option<String>,
}

async fn list(State(sink): State<Sink>, Query(filter): Query<Filter>, headers: HeaderMap) -> Response {
    let to = filter.to.as_deref();
    let mails = sink.list(to);
    if inbox::is_browser(&headers) { inbox::list(&mails, to) } else { Json(mails).into_response() }
}

async fn clear(State(sink): State<Sink>) -> StatusCode {
    sink.clear();
    StatusCode::NO_CONTENT
}

async fn one(State(sink): State<Sink>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match sink.find(&id) {
        Some(message) if inbox::is_browser(&headers) => inbox::mail(&message),
        Some(message) => plain(message.raw.to_vec()),
        None if inbox::is_browser(&headers) => inbox::missing(),
        None => missing("no such message"),
    }
}

async fn raw(State(sink): State<Sink>, Path(id): Path<String>) -> Response {
    match sink.find(&id) {
        Some(message) => plain(message.raw.to_vec()),
        None => missing("no such message"),
    }
}

async fn text(State(sink): State<Sink>, Path(id): Path<String>) -> Response {
    part(sink.find(&id).as_ref(), "text/plain")
}

/// The HTML part, as its source.
async fn html(State(sink): State<Sink>, Path(id): Path<String>) -> Response {
    part(sink.find(&id).as_ref(), "text/html")
}

fn part(message: Option<&Message>, kind: &str) -> Response {
    let Some(message) = message else {
        return missing("no such message");
    };
    match mime::part(&message.raw, kind) {
        Some(text) => plain(text.into_bytes()),
        None => missing(&format!("the message has no {kind} part")),
    }
}

fn plain(body: Vec<u8>) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, body).into_response()
}

fn missing(message: &str) -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "error": { "message": message } }))).into_response()
}

/// How many of the next messages are refused, and with which reply code (400 to 599).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FailureRequest {
    fail_next: u32,
    #[serde(default = "default_code")]
    code: u16,
    #[serde(default)]
    stage: Stage,
}

fn default_code() -> u16 {
    451
}

async fn fail(State(sink): State<Sink>, Json(request): Json<FailureRequest>) -> (StatusCode, Json<Value>) {
    if !(400..=599).contains(&request.code) {
        let message = "a failure has a code from 400 to 599";
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": { "message": message } })));
    }
    sink.mailbox().failures = Failures { left: request.fail_next, code: request.code, stage: request.stage };
    (StatusCode::OK, Json(json!({ "fail_next": request.fail_next, "code": request.code })))
}
