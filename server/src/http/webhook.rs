//! `/webhooks/stripe`: events from the card gateway.

use axum::body::to_bytes;
use axum::extract::{Request, State};
use backend::{Shop, payments};
use http::StatusCode;

/// The gateway sends events with one payment each.
const MAX_BYTES: usize = 128 << 10;

/// Receives a webhook. The body is verified byte for byte, and not read when there is no signature.
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
