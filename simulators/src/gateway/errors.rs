//! The gateway's errors in its wire format: `{"error": {"type", "code", "decline_code", "message", …}}`.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::cards::Decline;

/// An error in the words of the gateway's API.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub status: StatusCode,
    /// Whether the request had begun to act. Only such answers are stored under an idempotency key.
    pub acted: bool,
    details: Box<Details>,
}

#[derive(Debug, Clone, Default)]
struct Details {
    kind: &'static str,
    code: Option<&'static str>,
    decline_code: Option<&'static str>,
    message: String,
    param: Option<String>,
    charge: Option<String>,
    payment_method: Option<Value>,
    payment_intent: Option<Value>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        let details = Details { kind, message: message.into(), ..Details::default() };
        Self { status, acted: false, details: Box::new(details) }
    }

    /// 400: a parameter is wrong. Found before anything was done.
    pub fn parameter(code: &'static str, param: &str, message: impl Into<String>) -> Self {
        let mut error = Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message);
        error.details.code = Some(code);
        error.details.param = Some(param.to_owned());
        error
    }

    /// 400: the request makes no sense as a whole.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
    }

    /// 400: the object is in a state that does not allow this.
    pub fn state(code: &'static str, message: impl Into<String>) -> Self {
        let mut error = Self::invalid(message);
        error.details.code = Some(code);
        error.acted = true;
        error
    }

    /// 404: no such object.
    pub fn missing(object: &str, param: &str, id: &str) -> Self {
        let mut error = Self::parameter("resource_missing", param, format!("No such {object}: '{id}'"));
        error.status = StatusCode::NOT_FOUND;
        error
    }

    /// 404: no such address.
    pub fn unknown_url(method: &str, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: {path}).");
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", message)
    }

    /// 401: no key, or not one of this sandbox.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", message)
    }

    /// 400: an idempotency key that was used for something else.
    pub fn idempotency(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "idempotency_error", message)
    }

    /// 500: an outage that a test switched on.
    pub fn outage() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "api_error", "The sandbox was told to fail this request. Nothing was done.")
    }

    /// 402: the card was declined.
    pub fn declined(decline: &Decline, charge: &str) -> Self {
        let mut error = Self::new(StatusCode::PAYMENT_REQUIRED, "card_error", decline.message);
        error.details.code = Some(decline.code);
        error.details.decline_code = decline.reason;
        error.details.charge = Some(charge.to_owned());
        error.acted = true;
        error
    }

    /// The `last_payment_error` after the shopper failed the bank's authentication.
    pub fn authentication_failed() -> Self {
        Self::state(
            "payment_intent_authentication_failure",
            "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
        )
    }

    pub fn about(mut self, param: &str) -> Self {
        self.details.param = Some(param.to_owned());
        self
    }

    /// Carries the intent as it now stands.
    pub fn with_intent(mut self, intent: Value) -> Self {
        self.details.payment_intent = Some(intent);
        self
    }

    /// Carries the payment method that was tried.
    pub fn with_method(mut self, method: Value) -> Self {
        self.details.payment_method = Some(method);
        self
    }

    pub fn message(&self) -> &str {
        &self.details.message
    }

    /// The error object, as it stands in `error` and in an intent's `last_payment_error`.
    pub fn json(&self) -> Value {
        let mut body = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        put("type", Some(self.details.kind.into()));
        put("code", self.details.code.map(Value::from));
        put("decline_code", self.details.decline_code.map(Value::from));
        put("doc_url", self.details.code.map(|code| format!("https://docs.stripe.com/error-codes#{code}").into()));
        put("message", Some(self.details.message.clone().into()));
        put("param", self.details.param.clone().map(Value::from));
        put("charge", self.details.charge.clone().map(Value::from));
        put("payment_method", self.details.payment_method.clone());
        put("payment_intent", self.details.payment_intent.clone());
        Value::Object(body)
    }

    pub fn body(&self) -> Value {
        json!({ "error": self.json() })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
