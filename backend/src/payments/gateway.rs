//! What the shop asks of a card gateway, whoever runs it.

use async_trait::async_trait;
use domain::id::{OrderId, PaymentId, RefundId};
use domain::order::AttemptState;
use domain::{Money, Timestamp};

/// Why a gateway did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// It was not reached, did not answer in time, or failed by itself: what became of the request is unknown. Asking again
    /// with the same key is safe.
    #[error("the card gateway does not answer: {0}")]
    Unreachable(String),
    /// It understood and refused. Asking again will not help.
    #[error("the card gateway refused: {message}")]
    Refused {
        /// Its own word for the reason.
        code: String,
        /// For people.
        message: String,
    },
    /// It knows no such payment: it was made with another account, or is gone there. Asking again will not help.
    #[error("the card gateway does not know this payment: {0}")]
    Missing(String),
    /// It answered something that this adapter does not understand.
    #[error("the card gateway answered in an unknown form: {0}")]
    Unknown(String),
}

impl GatewayError {
    /// May the same request, with the same key, have another outcome later?
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Unknown(_))
    }
}

/// A wish to be paid.
#[derive(Clone, Debug)]
pub struct NewIntent {
    /// The attempt; its id is the idempotency key.
    pub payment: PaymentId,
    pub order: OrderId,
    /// The order's number, for the shopper's bank statement and the gateway's own pages.
    pub number: String,
    /// How much.
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
    /// Which attempt it was made for.
    pub payment: Option<PaymentId>,
    /// How far it is.
    pub state: AttemptState,
    /// Minor units that the bank holds or held.
    pub authorised: i64,
    /// Minor units that were taken.
    pub captured: i64,
    /// Why the last card was declined.
    pub failure: Option<String>,
    /// May the shopper (still) pay it on the hosted page?
    pub payable: bool,
}

/// How far a refund is at the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayRefund {
    /// The gateway's name for it.
    pub reference: String,
    /// Why it failed, perhaps days after it was taken: the money is with the shop again.
    pub failure: Option<String>,
}

/// A webhook whose signature is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The event's id; the same for each delivery of it.
    pub event: String,
    /// The gateway's word for what happened.
    pub kind: String,
    /// The intent it is about.
    pub reference: Option<String>,
    /// The attempt it is about, as told by the shop when the intent was made.
    pub payment: Option<PaymentId>,
}

/// Why a webhook was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// No signature, a wrong one, or one that is too old or too new.
    #[error("the signature is not valid")]
    Signature,
    /// Signed, but not an event.
    #[error("the body is not an event")]
    Malformed,
}

/// A card gateway. Each changing request carries a key: sent again with the same key, it is answered and not done again.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Makes an intent, or answers with the one that its key made.
    async fn create(&self, intent: &NewIntent) -> Result<Intent, GatewayError>;
    /// Where an intent stands now.
    async fn fetch(&self, reference: &str) -> Result<Intent, GatewayError>;
    /// Takes minor units of what the bank holds; the rest is let go.
    async fn capture(&self, reference: &str, minor: i64, key: &str) -> Result<Intent, GatewayError>;
    /// Gives an intent up, and what the bank holds with it.
    async fn cancel(&self, reference: &str, key: &str) -> Result<Intent, GatewayError>;
    /// Gives minor units back.
    async fn refund(&self, reference: &str, minor: i64, refund: RefundId) -> Result<GatewayRefund, GatewayError>;
    /// Where a refund stands that it made already, looked up by the shop's own id.
    async fn refunded(&self, reference: &str, refund: RefundId) -> Result<Option<GatewayRefund>, GatewayError>;
    /// The hosted page where the shopper types the card, so that no card number touches the shop.
    fn pay_page(&self, reference: &str) -> String;
    /// Reads a webhook: its signature over the raw bytes first, then its content.
    ///
    /// # Errors
    /// [`NoticeError`]: it must not be believed.
    fn notice(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<Notice, NoticeError>;
}
