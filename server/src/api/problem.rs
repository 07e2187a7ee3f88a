//! Problem documents (RFC 9457): `application/problem+json` with a stable `type` and `code`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::id::RequestId;
use domain::view::FieldErrors;
use http::{HeaderValue, StatusCode, header};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// One thing that is wrong with what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Where: a field, or a path to one (`lines[0].quantity`).
    #[schema(example = "email")]
    pub field: String,
    /// What is wrong, and what to do.
    #[schema(example = "Enter an e-mail address, such as name@example.com")]
    pub message: String,
}

/// A problem document (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem for good; also the address of its explanation.
    #[serde(rename = "type", serialize_with = "address_of")]
    #[schema(example = "/api#problem-not_found")]
    pub kind: &'static str,
    /// The status in words.
    #[schema(example = "Not Found")]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    pub status: u16,
    /// Names the kind of problem for programs; never changes.
    #[schema(example = "not_found")]
    pub code: &'static str,
    /// What happened, and what to do.
    pub detail: String,
    /// What is wrong, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldProblem>,
    /// The request, for asking the shop about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "req_0199a0b0c0d07e10b2f3a4b5c6d7e8f9")]
    pub request: Option<RequestId>,
}

/// The address of the code's explanation.
fn address_of<S: Serializer>(code: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("/api#problem-{code}"))
}

/// Every code with the status it comes with and what it means. The page at `/api` shows them.
pub const CODES: &[(&str, u16, &str)] = &[
    ("malformed", 400, "The request cannot be read: no JSON, or a broken address."),
    ("idempotency_key_missing", 400, "This call needs an `Idempotency-Key` header of 8 to 100 letters, digits, hyphens and underscores."),
    ("unauthorised", 401, "The key is not valid, or one is needed and none was sent."),
    ("forbidden", 403, "The key lacks the scope that this call needs."),
    ("not_found", 404, "There is no such thing, or it is somebody else's."),
    ("method_not_allowed", 405, "The address exists, but not with this method; `Allow` lists those it has."),
    ("cart_empty", 409, "Nothing in the cart can be bought."),
    ("out_of_stock", 409, "Not enough is left of something in the cart. Read the cart again: it says what changed."),
    ("no_longer_sold", 409, "Something in the cart is no longer sold. Read the cart again."),
    ("total_changed", 409, "The total differs from `expected_total`. Read the cart again, and ask the shopper."),
    (
        "discount_refused",
        409,
        "The cart's discount code cannot be used (any more). Ask the shopper, and send the total without it as `expected_total`, or take the code off the cart.",
    ),
    ("not_possible", 409, "The order is in a state in which this cannot be done; `detail` says why."),
    ("already_ordered", 409, "The cart was ordered already, with other contents than these. A new order needs a new cart."),
    ("too_large", 413, "The body is too large."),
    ("unsupported_media_type", 415, "Send JSON with `Content-Type: application/json`."),
    ("invalid", 422, "Something in the request is wrong; `errors` says what, field by field."),
    ("idempotency_key_reused", 422, "The key was used for another request. A new wish needs a new key."),
    ("too_many_requests", 429, "Too many requests from this address; `Retry-After` says when to try again."),
    ("unexpected", 500, "The shop made a mistake. It is in the log under `request`."),
    ("not_implemented", 501, "The shop is no proxy."),
    ("busy", 503, "The shop is busy or restarting. Nothing was changed; try again after `Retry-After` seconds."),
    ("storage_full", 507, "The shop's disk is full. Nothing was changed; the same request with the same key is safe once there is room."),
    ("timeout", 504, "The answer took too long. Whatever was begun is finished or undone; the same request with the same key is safe."),
];

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: code,
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            errors: Vec::new(),
            request: None,
        }
    }

    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}."))
    }

    #[must_use]
    pub fn invalid(errors: FieldErrors) -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Something in the request is wrong; see errors.");
        problem.errors = errors.into_iter().map(|(field, message)| FieldProblem { field, message }).collect();
        problem
    }

    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![(field.into(), message.into())])
    }

    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    #[must_use]
    pub fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The shop is busy. Nothing was changed; try again in a moment.")
    }

    #[must_use]
    pub fn storage_full() -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", "The shop has no room left. Nothing was changed; try again later.")
    }

    /// Whether a change was made is unknown.
    #[must_use]
    pub fn timeout() -> Self {
        let detail = "The database did not say whether the change was made. The same request with the same key is safe.";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "timeout", detail)
    }

    /// Details are in the log.
    #[must_use]
    pub fn unexpected(request: RequestId) -> Self {
        let detail = "Something went wrong in the shop. Whatever was begun is undone.";
        Self { request: Some(request), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unexpected", detail) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = (status, Json(self)).into_response();
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_listed_once_with_its_status() {
        let mut codes: Vec<_> = CODES.iter().map(|(code, ..)| code).collect();
        codes.dedup();
        assert_eq!(codes.len(), CODES.len());
        for (problem, code) in [(Problem::busy(), "busy"), (Problem::not_found("cart"), "not_found"), (Problem::field("a", "b"), "invalid")]
        {
            assert!(CODES.contains(CODES.iter().find(|(c, s, _)| *c == code && *s == problem.status).unwrap()));
        }
    }
}
