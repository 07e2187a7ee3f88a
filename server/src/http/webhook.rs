//! `/webhooks/stripe`: news from the card gateway.

use axum::body::to_bytes;
use axum::extract::{Request, State};
use backend::{Shop, payments};
use http::StatusCode;

/// The most that the gateway sends: an event with one payment in it.
const MAX_BYTES: usize = 128 << 10;

/// Takes a webhook; the body is checked as it came, byte for byte, and not even read where no signature came with it.
pub async fn stripe(State(shop): State<Shop>, request: Request) -> StatusCode {
    if shop.config().gateway.is_none() {
        return StatusCode::NOT_FOUND;
    }
    let (head, body) = request.into_parts();
    let Some(signature) = head.headers.get("stripe-signature").and_then(|value| value.to_str().ok()) else {
        return StatusCode::BAD_REQUEST;
    };
    let Ok(body) = to_bytes(body, MAX_BYTES).await else { return StatusCode::PAYLOAD_TOO_LARGE };
    let status = payments::webhook(&shop, Some(signature), &body).await;
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
