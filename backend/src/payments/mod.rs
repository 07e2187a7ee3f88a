//! Payments: attempts to be paid, what was captured, what went back, and which order the money pays.
//!
//! Every step is its own transaction, and each request to the card gateway is stored before it is sent, with the key that makes a
//! repetition harmless. So a crash, a lost answer or a webhook that comes twice, late or early changes nothing: [`attempt::apply`] brings
//! an attempt to the gateway's state, and an old state never takes a captured payment back.
//!
//! | step | key at the gateway | repeated by |
//! |---|---|---|
//! | intent | the attempt's id | the shopper, or the job `payment.begin` |
//! | capture | `capture-`, the attempt's id, the amount, and how many of its captures were answered before | the job `payment.capture` |
//! | void | `void-` and the attempt's id | the job `payment.void` |
//! | refund | the refund's id | the job `payment.refund` |
//!
//! Cards are authorised when the order is placed and captured by staff, or when the first parcel leaves. Cash on delivery is
//! captured when the last parcel arrives.

mod attempt;
mod capture;
pub mod events;
mod failed_refund;
mod for_sandbox;
pub mod gateway;
mod gateway_accounts;
mod handover;
mod jobs;
mod rate_limit;
mod reconciliation;
mod refund;
mod reversal;
mod store;
mod unpaid;
mod view;
mod webhook;

use std::sync::Arc;

use domain::id::{OrderId, OrderLineId, PaymentId, RefundId, RequestId};
use domain::messages::t;
use domain::{Locale, Money};
use uuid::Uuid;

use platform::context::Forbidden;
use platform::db::DbError;
use platform::request_keys::KeyError;
use platform::{Actor, Context};

use crate::Shop;
use crate::accounting::AccountingError;

pub use attempt::{start_card, sync};
pub use capture::capture;
pub(crate) use capture::{
    captured_otherwise, collect_cash, collect_rest, give_up_capture, is_capturing, lower_due, request_capture, retry_capture,
};
pub use for_sandbox::{GatewayPayment, payments_for_sandbox};
pub use gateway::Gateway;
use gateway::{GatewayAccount, GatewayError};
pub(crate) use gateway_accounts::open_gateway_account;
pub use handover::hand_over_refund;
pub use jobs::register;
pub(crate) use jobs::{job_result, refusal_of};
pub use rate_limit::{GatewayRateLimit, sync_paced};
pub(crate) use reconciliation::{check_payment, retry_check};
pub use refund::{RefundPart, refund, refund_parts};
pub(crate) use refund::{WhenRefunded, check_refund, give_up_refund, is_made_by_gateway, refund_rows, refunded_otherwise, retry_refund};
pub(crate) use reversal::{carry_out, reverse_payments};
pub(crate) use store::{Refund, refunds_of, returned_on_cancel};
pub use unpaid::UNPAID_FOR_MS;
pub(crate) use unpaid::{change_to_cash, close_attempts, close_expired, is_paid, is_unpaid, takes_cash, unpaid_view};
pub(crate) use view::payment_views;
pub use webhook::accept_webhook;

/// Why a payment was not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PaymentError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No such order or payment.
    #[error("there is no such payment")]
    Unknown,
    /// The shop takes no cards.
    #[error("no card gateway is configured")]
    NoGateway,
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The request is stored, the gateway does not answer, and a job repeats it.
    #[error("the card gateway does not answer; it is asked again by itself")]
    Waiting,
    #[error("the order was cancelled")]
    Cancelled,
    /// The delivery method collects no cash.
    #[error("this cannot be paid in cash on delivery")]
    NoCash,
    /// The bank holds nothing that could be captured.
    #[error("nothing is authorised that could be captured")]
    NothingToCapture,
    /// Nothing can be given back (any more).
    #[error("nothing was paid that could be given back")]
    NothingToRefund,
    /// The amount is more than this.
    #[error("at most {0}")]
    TooMuch(Money),
    #[error("at most {left} units of this line")]
    TooManyUnits { line: OrderLineId, left: i64 },
    /// The delivery fee, or what is left of it, is less.
    #[error("at most {0} of the delivery fee")]
    TooMuchFee(Money),
    /// Not more than the first, because the second is on its way back already.
    #[error("at most {0}, as {1} is on its way back")]
    TooMuchWith(Money, Money),
    #[error("{0} is being captured already")]
    Capturing(Money),
    /// It was captured meanwhile, with another amount.
    #[error("{0} was captured already")]
    CapturedOtherwise(Money),
    /// The form's key was used for another request.
    #[error("this form was sent before with other contents")]
    KeyReused,
    /// An amount is more than nothing.
    #[error("the amount must be more than 0")]
    Amount,
    /// A refund needs a reason.
    #[error("say why money goes back")]
    Reason,
    /// The gateway's answer is about another payment, or about more money than was requested.
    #[error("the card gateway's answer does not fit the payment {0}")]
    Mismatch(PaymentId),
    #[error(transparent)]
    Books(AccountingError),
    #[error("{0}")]
    Db(#[from] DbError),
}

crate::accounting::from_accounting!(PaymentError);

impl From<KeyError> for PaymentError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Reused => Self::KeyReused,
            KeyError::Db(error) => Self::Db(error),
        }
    }
}

impl PaymentError {
    /// The message for the user; `None` for what they cannot do anything about.
    #[must_use]
    pub fn message(&self, locale: Locale) -> Option<String> {
        let message = match self {
            Self::Forbidden(_) => t::ERROR_FORBIDDEN_BODY,
            Self::Unknown => t::ORDER_ERROR_UNKNOWN,
            Self::NoGateway => t::ORDER_ERROR_NO_CARDS,
            Self::Waiting => t::ORDER_ERROR_WAITING,
            Self::Gateway(GatewayError::Refused { message, .. }) => {
                return Some(t::ORDER_ERROR_GATEWAY.with(locale, &[("reason", message)]));
            }
            Self::Gateway(GatewayError::Missing(_)) => t::ORDER_ERROR_GATEWAY_MISSING,
            Self::Gateway(_) => t::ORDER_ERROR_NO_ANSWER,
            Self::Cancelled => t::ORDER_ERROR_CANCELLED,
            Self::NoCash => t::CHECKOUT_NO_CASH,
            Self::NothingToCapture => t::ORDER_ERROR_NOTHING_TO_CAPTURE,
            Self::NothingToRefund => t::ORDER_ERROR_NOTHING_TO_REFUND,
            Self::TooMuchWith(most, returning) => {
                let amounts = [("amount", &*locale.money(*most)), ("returning", &*locale.money(*returning))];
                return Some(t::ORDER_ERROR_AT_MOST_WITH.with(locale, &amounts));
            }
            Self::Capturing(amount) => return Some(t::ORDER_ERROR_CAPTURING.with(locale, &[("amount", &locale.money(*amount))])),
            Self::CapturedOtherwise(amount) => {
                return Some(t::ORDER_ERROR_CAPTURED_OTHERWISE.with(locale, &[("amount", &locale.money(*amount))]));
            }
            Self::KeyReused => t::ORDER_ERROR_KEY_REUSED,
            Self::TooManyUnits { left, .. } => return Some(t::ORDER_ERROR_AT_MOST_UNITS.with(locale, &[("units", &locale.number(*left))])),
            Self::TooMuchFee(most) | Self::TooMuch(most) => {
                return Some(t::ORDER_ERROR_AT_MOST.with(locale, &[("amount", &locale.money(*most))]));
            }
            Self::Amount => t::ORDER_ERROR_AMOUNT,
            Self::Reason => t::ORDER_ERROR_REASON,
            Self::Mismatch(_) => t::ADMIN_REFUSALS_MISMATCH,
            Self::Books(_) | Self::Db(_) => return None,
        };
        Some(message.text(locale).to_owned())
    }
}

/// A request to send to the gateway after the transaction; each has a job that sends it if the caller does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayCall {
    Void(PaymentId),
    Refund(RefundId),
}

/// The gateway of the shop's configuration.
#[must_use]
pub fn open_gateway(shop: &Shop) -> Option<Arc<dyn Gateway>> {
    shop.gateway().cloned()
}

/// The account at the gateway that new payments are made with.
fn account(shop: &Shop) -> Option<GatewayAccount> {
    Some(shop.gateway()?.account(shop.keyring()))
}

/// The context of the actor who requested what a job carries out; the shop's own where none is recorded.
/// `request` is the id of a new request.
fn context_of(request: Uuid, actor: Option<&str>) -> Context {
    match actor.and_then(|actor| actor.parse::<Actor>().ok()) {
        Some(actor) => Context::in_the_name_of(actor, RequestId(request)),
        None => Context::system(RequestId(request)),
    }
}

/// The reason of a refund whose order was cancelled.
pub(crate) const CANCELLED: &str = "cancelled";

/// Where the shopper comes back to from the gateway's page.
fn return_url(shop: &Shop, order: OrderId) -> String {
    format!("{}/checkout/return?order={order}", shop.config().public_url)
}
