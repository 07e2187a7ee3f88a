//! The interface of card gateways.

use async_trait::async_trait;
use domain::id::{OrderId, PaymentId, RefundId};
use domain::order::{AttemptState, GatewayMode};
use domain::{Money, Timestamp};
use platform::secrets::Keyring;

/// The code of a refusal because the key was used before for a request with other details.
pub const KEY_REUSED: &str = "key_reused";

/// Why a gateway did not do what was requested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// It was not reached, did not answer in time, or failed by itself: whether the request was carried out is unknown. Repeating it
    /// with the same key is safe.
    #[error("the card gateway does not answer: {0}")]
    Unreachable(String),
    /// It understood and refused. Repeating will not help.
    #[error("the card gateway refused: {message}")]
    Refused {
        /// The gateway's code for the reason, or [`KEY_REUSED`].
        code: String,
        /// The gateway's own text, shown to staff.
        message: String,
    },
    /// The gateway has no such payment: it was made with another account, or was removed there. Repeating will not help.
    #[error("the card gateway does not know this payment: {0}")]
    Missing(String),
    /// The adapter does not understand its answer.
    #[error("the card gateway answered in an unknown form: {0}")]
    Unknown(String),
}

impl GatewayError {
    /// Was the request's key used before for a request with other details?
    #[must_use]
    pub fn is_key_reused(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == KEY_REUSED)
    }

    /// Can the same request, with the same key, have another outcome later?
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Unknown(_))
    }
}

/// A payment to be made at the gateway.
#[derive(Clone, Debug)]
pub struct NewIntent {
    /// The attempt; its id is the idempotency key.
    pub payment: PaymentId,
    pub order: OrderId,
    /// The order's number, for the shopper's bank statement and the gateway's own pages.
    pub number: String,
    pub amount: Money,
    /// Take the money as soon as the bank agrees, or only hold it?
    pub capture_at_once: bool,
    /// Where the shopper is sent afterwards.
    pub return_url: String,
}

/// Where a payment stands at the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The gateway's name for it.
    pub reference: String,
    /// The attempt that it was made for.
    pub payment: Option<PaymentId>,
    pub state: AttemptState,
    /// Minor units that the bank holds or held.
    pub authorised: i64,
    /// Until when it does, where the gateway says so.
    pub authorised_until: Option<Timestamp>,
    /// Minor units that were taken.
    pub captured: i64,
    /// The gateway's name for what was taken.
    pub capture: Option<String>,
    /// Why the last card was declined.
    pub failure: Option<String>,
    /// May the shopper (still) pay it on the hosted page?
    pub payable: bool,
}

impl Intent {
    /// The state of an attempt that has no intent at the gateway, or is ended without asking it.
    pub(super) const fn without_reference(payment: PaymentId, state: AttemptState) -> Self {
        Self {
            reference: String::new(),
            payment: Some(payment),
            state,
            authorised: 0,
            authorised_until: None,
            captured: 0,
            capture: None,
            failure: None,
            payable: false,
        }
    }
}

/// The account at a gateway that the shop is configured with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayAccount {
    /// What payments refer to it by; another secret key is another account.
    pub key: String,
    /// The gateway's name, as `stripe`.
    pub gateway: &'static str,
    /// Where the configuration tells.
    pub mode: Option<GatewayMode>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayRefund {
    /// The gateway's name for it.
    pub reference: String,
    /// Why it failed, perhaps days after it was taken: the money is with the shop again.
    pub failure: Option<String>,
}

/// A webhook whose signature is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEvent {
    /// The same for each delivery of it.
    pub id: String,
    /// The gateway's name for what happened.
    pub kind: String,
    /// The intent it is about.
    pub reference: Option<String>,
    /// The attempt it is about, as the shop named it when the intent was made.
    pub payment: Option<PaymentId>,
}

/// Why a webhook was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// No signature, a wrong one, or one that is too old or too new.
    #[error("the signature is not valid")]
    Signature,
    /// Signed, but not an event.
    #[error("the body is not an event")]
    Malformed,
}

/// A card gateway. Each changing request carries a key: repeated with the same key, it is answered and not carried out again.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// The HTTP header with a webhook's signature, in lower case.
    fn signature_header(&self) -> &'static str;
    /// The account there. Its key must not give the secret key away, and is the same whenever the program runs.
    fn account(&self, keyring: &Keyring) -> GatewayAccount;
    /// Makes an intent, or answers with the one that its key made.
    async fn create(&self, intent: &NewIntent) -> Result<Intent, GatewayError>;
    /// An intent as it is now.
    async fn fetch(&self, reference: &str) -> Result<Intent, GatewayError>;
    /// Captures this amount, minor units, of what the bank holds; the hold on the rest is released.
    async fn capture(&self, reference: &str, minor: i64, key: &str) -> Result<Intent, GatewayError>;
    /// Gives an intent up, and what the bank holds with it.
    async fn cancel(&self, reference: &str, key: &str) -> Result<Intent, GatewayError>;
    /// Refunds this amount, minor units.
    async fn refund(&self, reference: &str, minor: i64, refund: RefundId) -> Result<GatewayRefund, GatewayError>;
    /// A refund that it has made, looked up by the shop's own id.
    async fn refunded(&self, reference: &str, refund: RefundId) -> Result<Option<GatewayRefund>, GatewayError>;
    /// The hosted page where the shopper types the card, so that no card number touches the shop.
    fn pay_page(&self, reference: &str) -> String;
    /// Reads a webhook: its signature over the raw bytes first, then its content.
    ///
    /// # Errors
    /// [`WebhookError`]: the event must be ignored.
    fn read_webhook(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<WebhookEvent, WebhookError>;
}
