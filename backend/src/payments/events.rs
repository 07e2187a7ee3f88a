//! Events of payments. The order is their subject.

use domain::Currency;
use domain::id::{OrderId, PaymentId, RefundId};
use domain::order::PaymentMethod;
use serde::{Deserialize, Serialize};

use platform::events::Event;

/// An attempt to be paid reached another state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AttemptChange {
    pub payment: PaymentId,
    /// Minor units that the bank holds or that arrived; 0 for other states.
    pub amount: i64,
    pub currency: Currency,
    /// Why the card was declined.
    #[serde(default)]
    pub failure: Option<String>,
}

macro_rules! attempt_events {
    ($($(#[$doc:meta])* $name:ident $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub AttemptChange);

        impl Event for $name {
            const KIND: &'static str = $kind;
            type Subject = OrderId;
        }
    )*};
}

attempt_events! {
    /// The shopper must confirm with their bank.
    PaymentRequiresAction "payment.requires_action";
    /// The bank holds the money.
    PaymentAuthorised "payment.authorised";
    /// The money arrived: from the bank, or as cash.
    PaymentCaptured "payment.captured";
    PaymentFailed "payment.failed";
    PaymentVoided "payment.voided";
}

/// A parcel left and requested all that the bank holds, while another amount was already requested.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaptureKept {
    pub payment: PaymentId,
    /// Minor units that stay requested.
    pub amount: i64,
    /// Minor units that the parcel requested.
    pub wanted: i64,
    pub currency: Currency,
}

impl Event for CaptureKept {
    const KIND: &'static str = "payment.capture_kept";
    type Subject = OrderId;
}

/// Less cash came than was due.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CashMissing {
    pub payment: PaymentId,
    /// Minor units that are missing.
    pub amount: i64,
    /// What came, minor units.
    pub received: i64,
    pub currency: Currency,
}

impl Event for CashMissing {
    const KIND: &'static str = "payment.cash_missing";
    type Subject = OrderId;
}

/// The gateway made a refund.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaymentRefunded {
    pub payment: PaymentId,
    pub refund: RefundId,
    /// Minor units.
    pub amount: i64,
    pub currency: Currency,
}

impl Event for PaymentRefunded {
    const KIND: &'static str = "payment.refunded";
    type Subject = OrderId;
}

/// The shopper has the cash of a refund: staff handed it over, or transferred it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefundHandedOver {
    pub payment: PaymentId,
    pub refund: RefundId,
    /// Minor units.
    pub amount: i64,
    pub currency: Currency,
}

impl Event for RefundHandedOver {
    const KIND: &'static str = "payment.refund_handed_over";
    type Subject = OrderId;
}

/// A refund failed: before it was booked, or days after.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefundFailed {
    pub payment: PaymentId,
    pub refund: RefundId,
    /// Minor units.
    pub amount: i64,
    /// Given when it was booked and is reversed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    pub failure: String,
}

impl Event for RefundFailed {
    const KIND: &'static str = "payment.refund_failed";
    type Subject = OrderId;
}

/// An order is paid in another way than it was placed with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaymentMethodChanged {
    pub from: PaymentMethod,
    pub to: PaymentMethod,
}

impl Event for PaymentMethodChanged {
    const KIND: &'static str = "order.payment_changed";
    type Subject = OrderId;
}
