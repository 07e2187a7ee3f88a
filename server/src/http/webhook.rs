//! Webhooks: events from the card gateway.

use axum::body::to_bytes;
use axum::extract::{Request, State};
use backend::{Shop, payments};
use http::StatusCode;

/// The gateway sends events with one payment each.
const MAX_BYTES: usize = 128 << 10;

/// Receives a webhook. The body is verified byte for byte, and not read when there is no signature.
pub async fn receive(State(shop): State<Shop>, request: Request) -> StatusCode {
    let Some(gateway) = payments::open_gateway(&shop) else { return StatusCode::NOT_FOUND };
    let (head, body) = request.into_parts();
    let Some(signature) = head.headers.get(gateway.signature_header()).and_then(|value| value.to_str().ok()) else {
        return StatusCode::BAD_REQUEST;
    };
    let Ok(body) = to_bytes(body, MAX_BYTES).await else { return StatusCode::PAYLOAD_TOO_LARGE };
    let status = payments::accept_webhook(&shop, Some(signature), &body).await;
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
