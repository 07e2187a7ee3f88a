//! `/webhooks/stripe`: news from the card gateway.

use axum::extract::State;
use backend::{Shop, payments};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// Takes a webhook; the body is checked as it came, byte for byte.
pub async fn stripe(State(shop): State<Shop>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
    let status = payments::webhook(&shop, signature, &body).await;
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
