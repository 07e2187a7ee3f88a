//! One request to the API: the account, the idempotency key, the fields.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{API_VERSION, errors::ApiError, form::Form};
use crate::text::fresh_id;

/// A request with a sandbox key.
#[derive(Debug)]
pub struct ApiRequest {
    /// `req_…`, given back as `Request-Id`.
    pub id: String,
    /// The caller's secret key.
    pub account: String,
    pub path: String,
    pub idempotency_key: Option<String>,
    pub form: Form,
}

impl<S: Send + Sync> FromRequest<S> for ApiRequest {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let account = account(request.headers())?;
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
        let is_form = is_form(request.headers());
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|_| ApiError::invalid("The request body could not be read."))?;
        if !body.is_empty() && !is_form {
            return Err(ApiError::invalid("Invalid request (check that your POST content type is application/x-www-form-urlencoded)."));
        }
        let fields = format!("{query}&{}", String::from_utf8_lossy(&body));
        Ok(Self { id: fresh_id("req"), account, path, idempotency_key: key.filter(|key| !key.is_empty()), form: Form::parse(&fields) })
    }
}

/// The sandbox key of a request. Keys of the real gateway's live mode are refused loudly.
fn account(headers: &HeaderMap) -> Result<String, ApiError> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(key) = value.and_then(|value| value.strip_prefix("Bearer ")) else {
        return Err(ApiError::unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        ));
    };
    match key.trim().strip_prefix("sk_test_") {
        Some(rest) if !rest.is_empty() => Ok(key.trim().to_owned()),
        _ => Err(ApiError::unauthorized("Invalid API Key provided: this sandbox takes keys that begin with sk_test_.")),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_none_or(|kind| kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"))
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
    pub request_id: String,
    pub idempotency_key: Option<String>,
    /// The request that was executed, when this answer is a stored copy.
    pub replay_of: Option<String>,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        let headers = response.headers_mut();
        let mut put = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        put("request-id", &self.request_id);
        put("stripe-version", API_VERSION);
        put("cache-control", "no-cache, no-store");
        if let Some(key) = &self.idempotency_key {
            put("idempotency-key", key);
            put("original-request", self.replay_of.as_ref().unwrap_or(&self.request_id));
        }
        if self.replay_of.is_some() {
            put("idempotent-replayed", "true");
        }
        response
    }
}
