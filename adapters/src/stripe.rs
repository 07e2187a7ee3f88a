//! The gateway that speaks Stripe's payment intents, version 2024-06-20: <https://docs.stripe.com/api/payment_intents>.

use std::time::Duration;

use async_trait::async_trait;
use backend::GatewayConfig;
use backend::payments::gateway::{
    Gateway, GatewayAccount, GatewayError, GatewayRefund, Intent, KEY_REUSED, NewIntent, WebhookError, WebhookEvent,
};
use domain::Timestamp;
use domain::id::{PaymentId, RefundId};
use domain::order::{AttemptState, GatewayMode};
use hmac::{Hmac, KeyInit, Mac};
use platform::secrets::Keyring;
use serde::Deserialize;
use sha2::Sha256;

/// Where Stripe sends its webhooks to.
pub const WEBHOOK_PATH: &str = "/webhooks/stripe";
/// An answer that takes longer counts as lost.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How old or new a webhook's signature may be; Stripe's own libraries take five minutes.
const TOLERANCE_SECONDS: i64 = 300;
const VERSION: &str = "2024-06-20";
/// Currencies whose minor units are not those of ISO 4217 at Stripe, or that it takes only in tens: an amount would be charged a hundred
/// times or a hundredth. <https://docs.stripe.com/currencies#special-cases>
const OTHER_MINOR_UNITS: [&str; 8] = ["BHD", "ISK", "JOD", "KWD", "MGA", "OMR", "TND", "UGX"];

pub(crate) struct Stripe {
    config: GatewayConfig,
    http: reqwest::Client,
}

impl Stripe {
    /// Does not connect yet.
    pub(crate) fn new(config: GatewayConfig) -> Self {
        Self { config, http: platform::http::client().timeout(TIMEOUT).build().unwrap_or_default() }
    }

    async fn post<T: for<'a> Deserialize<'a>>(&self, path: &str, key: &str, form: &[(&str, &str)]) -> Result<T, GatewayError> {
        let request = self.http.post(format!("{}{path}", self.config.url.trim_end_matches('/'))).header("idempotency-key", key).form(form);
        self.send(request).await
    }

    async fn send<T: for<'a> Deserialize<'a>>(&self, request: reqwest::RequestBuilder) -> Result<T, GatewayError> {
        let unreachable = |e: reqwest::Error| GatewayError::Unreachable(e.without_url().to_string());
        let response = request.bearer_auth(&self.config.secret_key).header("stripe-version", VERSION).send().await.map_err(unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unreachable)?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|e| GatewayError::Unknown(e.to_string()));
        }
        // 401, 403: the shop's key is wrong or has run out, which says nothing about the payment. 409: the first request with this
        // key is still under way. 429: too many requests.
        if status.is_server_error() || matches!(status.as_u16(), 401 | 403 | 409 | 429) {
            return Err(GatewayError::Unreachable(format!("status {status}")));
        }
        let error = serde_json::from_slice::<ErrorBody>(&body).map(|b| b.error).unwrap_or_default();
        if status.as_u16() == 404 {
            return Err(GatewayError::Missing(error.message.unwrap_or_else(|| format!("status {status}"))));
        }
        let code = match error.code.or(error.kind) {
            Some(code) if code == "idempotency_error" => KEY_REUSED.to_owned(),
            Some(code) => code,
            None => status.as_u16().to_string(),
        };
        Err(GatewayError::Refused { code, message: error.message.unwrap_or_else(|| format!("status {status}")) })
    }
}

#[async_trait]
impl Gateway for Stripe {
    fn signature_header(&self) -> &'static str {
        "stripe-signature"
    }

    fn account(&self, keyring: &Keyring) -> GatewayAccount {
        let tag = keyring.blind_index("gateway", &format!("{} {}", self.config.url, self.config.secret_key));
        let key = tag.iter().take(8).fold(String::from("stripe:"), |name, byte| format!("{name}{byte:02x}"));
        GatewayAccount { key, gateway: "stripe", mode: mode_of(&self.config.secret_key) }
    }

    async fn create(&self, new: &NewIntent) -> Result<Intent, GatewayError> {
        let code = new.amount.currency.code();
        if OTHER_MINOR_UNITS.contains(&code) {
            return Err(GatewayError::Refused { code: "currency".into(), message: format!("{code} is counted otherwise there") });
        }
        let (payment, order) = (new.payment.to_string(), new.order.to_string());
        let (amount, currency) = (new.amount.minor.to_string(), new.amount.currency.code().to_ascii_lowercase());
        let form = [
            ("amount", amount.as_str()),
            ("currency", &currency),
            ("capture_method", if new.capture_at_once { "automatic" } else { "manual" }),
            ("payment_method_types[]", "card"),
            ("return_url", &new.return_url),
            ("description", &new.number),
            ("metadata[order]", &order),
            ("metadata[payment]", &payment),
        ];
        Ok(self.post::<IntentBody>("/v1/payment_intents", &payment, &form).await?.into_intent())
    }

    async fn fetch(&self, reference: &str) -> Result<Intent, GatewayError> {
        let url = format!("{}/v1/payment_intents/{}?expand[]=latest_charge", self.config.url.trim_end_matches('/'), checked_id(reference)?);
        Ok(self.send::<IntentBody>(self.http.get(url)).await?.into_intent())
    }

    async fn capture(&self, reference: &str, minor: i64, key: &str) -> Result<Intent, GatewayError> {
        let path = format!("/v1/payment_intents/{}/capture", checked_id(reference)?);
        Ok(self.post::<IntentBody>(&path, key, &[("amount_to_capture", &minor.to_string())]).await?.into_intent())
    }

    async fn cancel(&self, reference: &str, key: &str) -> Result<Intent, GatewayError> {
        let path = format!("/v1/payment_intents/{}/cancel", checked_id(reference)?);
        Ok(self.post::<IntentBody>(&path, key, &[("cancellation_reason", "requested_by_customer")]).await?.into_intent())
    }

    async fn refund(&self, reference: &str, minor: i64, refund: RefundId) -> Result<GatewayRefund, GatewayError> {
        let (amount, key) = (minor.to_string(), refund.to_string());
        let form = [("payment_intent", reference), ("amount", &amount), ("metadata[refund]", &key)];
        Ok(self.post::<RefundBody>("/v1/refunds", &key, &form).await?.into_refund())
    }

    async fn refunded(&self, reference: &str, refund: RefundId) -> Result<Option<GatewayRefund>, GatewayError> {
        // A payment has a handful of refunds; the gateway lists at most a hundred at a time.
        let url = format!("{}/v1/refunds?payment_intent={}&limit=100", self.config.url.trim_end_matches('/'), checked_id(reference)?);
        let list = self.send::<RefundList>(self.http.get(url)).await?;
        let ours = refund.to_string();
        Ok(list.data.into_iter().find(|listed| listed.metadata.refund.as_deref() == Some(&ours)).map(RefundBody::into_refund))
    }

    fn pay_page(&self, reference: &str) -> String {
        self.config.pay_page.replace("{intent}", reference)
    }

    fn read_webhook(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<WebhookEvent, WebhookError> {
        verify(&self.config.webhook_secret, signature, body, now)?;
        let event: EventBody = serde_json::from_slice(body).map_err(|_| WebhookError::Malformed)?;
        let object = event.data.object;
        let reference = match object.object.as_deref() {
            Some("payment_intent") => object.id,
            _ => object.payment_intent,
        };
        let payment = object.metadata.payment.and_then(|id| id.parse::<PaymentId>().ok());
        Ok(WebhookEvent { id: event.id, kind: event.kind, reference, payment })
    }
}

/// Secret and restricted keys have the mode in their name, `sk_test_…` and `rk_live_…`: <https://docs.stripe.com/keys>.
fn mode_of(secret_key: &str) -> Option<GatewayMode> {
    match secret_key.split('_').nth(1) {
        Some("test") => Some(GatewayMode::Test),
        Some("live") => Some(GatewayMode::Live),
        _ => None,
    }
}

/// An id of the gateway is letters, digits and `_`; nothing else may get into an address.
fn checked_id(reference: &str) -> Result<&str, GatewayError> {
    if !reference.is_empty() && reference.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        Ok(reference)
    } else {
        Err(GatewayError::Refused { code: "reference".into(), message: "not an id of the gateway".into() })
    }
}

/// `t=<seconds>,v1=<HMAC-SHA256(secret, "<t>.<body>") in hexadecimal>`, several `v1` while a secret is changed:
/// <https://docs.stripe.com/webhooks#verify-manually>.
fn verify(secret: &str, signature: &str, body: &[u8], now: Timestamp) -> Result<(), WebhookError> {
    let mut time = None;
    let mut tags = Vec::new();
    for part in signature.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => time = value.parse::<i64>().ok(),
            Some(("v1", value)) => tags.extend(unhex(value)),
            _ => {}
        }
    }
    let time = time.ok_or(WebhookError::Signature)?;
    if secret.is_empty() || (now.millis() / 1_000).abs_diff(time) > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(WebhookError::Signature);
    }
    let genuine = |tag: &Vec<u8>| {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
        mac.update(time.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        // Takes the same time wherever the difference is.
        mac.verify_slice(tag).is_ok()
    };
    if tags.iter().any(genuine) { Ok(()) } else { Err(WebhookError::Signature) }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}

#[derive(Deserialize)]
struct IntentBody {
    id: String,
    status: String,
    amount: i64,
    #[serde(default)]
    amount_received: i64,
    #[serde(default)]
    last_payment_error: Option<ErrorDetail>,
    #[serde(default)]
    latest_charge: Option<LatestCharge>,
    #[serde(default)]
    metadata: Metadata,
}

/// The last charge of an intent: its id, or all of it where the request expands it.
#[derive(Deserialize)]
#[serde(untagged)]
enum LatestCharge {
    Id(String),
    Charge(ChargeBody),
}

#[derive(Deserialize)]
struct ChargeBody {
    id: String,
    #[serde(default)]
    payment_method_details: MethodDetails,
}

#[derive(Default, Deserialize)]
struct MethodDetails {
    #[serde(default)]
    card: Option<CardDetails>,
}

#[derive(Deserialize)]
struct CardDetails {
    /// Seconds since 1970: until when a held payment can be captured.
    /// <https://docs.stripe.com/payments/place-a-hold-on-a-payment-method>
    #[serde(default)]
    capture_before: Option<i64>,
}

impl IntentBody {
    fn into_intent(self) -> Intent {
        let failure = self.last_payment_error.and_then(|e| e.message.or(e.code));
        let (charge, until) = match self.latest_charge {
            Some(LatestCharge::Charge(charge)) => {
                (Some(charge.id), charge.payment_method_details.card.and_then(|card| card.capture_before))
            }
            Some(LatestCharge::Id(id)) => (Some(id), None),
            None => (None, None),
        };
        let (state, payable) = match self.status.as_str() {
            "succeeded" => (AttemptState::Captured, false),
            "requires_capture" => (AttemptState::Authorised, false),
            "requires_action" => (AttemptState::RequiresAction, true),
            "canceled" => (AttemptState::Voided, false),
            "processing" => (AttemptState::Pending, false),
            // requires_payment_method, requires_confirmation
            _ if failure.is_some() => (AttemptState::Failed, true),
            _ => (AttemptState::Pending, true),
        };
        Intent {
            reference: self.id,
            payment: self.metadata.payment.and_then(|id| id.parse().ok()),
            state,
            authorised: self.amount,
            authorised_until: until.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1_000))),
            captured: self.amount_received,
            capture: charge,
            failure,
            payable,
        }
    }
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    payment: Option<String>,
    #[serde(default)]
    refund: Option<String>,
}

#[derive(Deserialize)]
struct RefundBody {
    id: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    failure_reason: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

impl RefundBody {
    fn into_refund(self) -> GatewayRefund {
        // pending, requires_action and succeeded: it is on its way or there.
        let failed = matches!(self.status.as_deref(), Some("failed" | "canceled"));
        let failure = failed.then(|| self.failure_reason.or(self.status).unwrap_or_default());
        GatewayRefund { reference: self.id, failure }
    }
}

#[derive(Deserialize)]
struct RefundList {
    data: Vec<RefundBody>,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Default, Deserialize)]
struct ErrorDetail {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
struct EventBody {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    object: EventObject,
}

#[derive(Deserialize)]
struct EventObject {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    object: Option<String>,
    #[serde(default)]
    payment_intent: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_487_400_000);

    fn signed(secret: &str, seconds: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{seconds}.").as_bytes());
        mac.update(body);
        let tag: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
        format!("t={seconds},v1={tag}")
    }

    #[test]
    fn only_a_recent_signature_over_the_exact_bytes_is_accepted() {
        let (secret, body, seconds) = ("whsec", b"{\"id\":\"evt_1\"}".as_slice(), NOW.millis() / 1_000);
        assert_eq!(verify(secret, &signed(secret, seconds, body), body, NOW), Ok(()));
        let old = signed(secret, seconds - TOLERANCE_SECONDS - 1, body);
        let wrong = [
            (signed("other", seconds, body), body),
            (signed(secret, seconds, body), b"{\"id\": \"evt_1\"}".as_slice()),
            (old, body),
            ("v1=00".into(), body),
            (format!("t={seconds},v1="), body),
            (format!("t={seconds},v1=zz"), body),
            (String::new(), body),
        ];
        for (signature, body) in wrong {
            assert_eq!(verify(secret, &signature, body, NOW), Err(WebhookError::Signature), "{signature}");
        }
        assert!(verify("", &signed("", seconds, body), body, NOW).is_err());
    }

    #[test]
    fn during_a_change_of_secret_either_signature_is_accepted() {
        let (body, seconds) = (b"{}".as_slice(), NOW.millis() / 1_000);
        let both = format!("{},v1={}", signed("old", seconds, body), signed("new", seconds, body).split_once("v1=").unwrap().1);
        assert_eq!(verify("new", &both, body, NOW), Ok(()));
    }

    #[test]
    fn a_payment_intent_maps_to_the_state_of_its_attempt() {
        let read = |json: &str| serde_json::from_str::<IntentBody>(json).unwrap().into_intent();
        let fresh = read(r#"{"id":"pi_1","status":"requires_payment_method","amount":500,"amount_received":0}"#);
        assert_eq!((fresh.state, fresh.payable), (AttemptState::Pending, true));
        let declined =
            read(r#"{"id":"pi_1","status":"requires_payment_method","amount":500,"last_payment_error":{"message":"Declined."}}"#);
        assert_eq!((declined.state, declined.failure.as_deref()), (AttemptState::Failed, Some("Declined.")));
        let paid = read(r#"{"id":"pi_1","status":"succeeded","amount":500,"amount_received":500}"#);
        assert_eq!((paid.state, paid.captured, paid.payable), (AttemptState::Captured, 500, false));
    }
}
