//! Payments: attempts to be paid, what was captured, what went back.
//!
//! Every step is its own transaction, and what is asked of the card gateway is written down before it is asked, with the key that makes a
//! repetition harmless. So a crash, a lost answer or a webhook that comes twice, late or early changes nothing:
//! [`apply`] brings an attempt to where the gateway says it is, and late news never take a captured payment back.
//!
//! | step | key at the gateway | repeated by |
//! |---|---|---|
//! | intent | the attempt's id | the shopper, or the job `payment.begin` |
//! | capture | `capture-`, the attempt's id and the amount | the job `payment.capture` |
//! | void | `void-` and the attempt's id | the job `payment.void` |
//! | refund | the refund's id | the job `payment.refund` |
//!
//! Cards are authorised when the order is placed and captured by staff, or when the first parcel leaves. Cash on delivery is
//! captured when the last parcel arrives.

mod attempt;
mod capture;
mod expiry;
pub mod gateway;
mod jobs;
mod refund;
mod store;
pub mod stripe;
mod webhook;

use domain::id::{OrderId, PaymentId, RefundId};
use domain::messages::t;
use domain::{Locale, Money};

use crate::Shop;
use crate::accounting::AccountingError;
use crate::platform::context::Forbidden;
use crate::platform::db::DbError;

pub use attempt::{settle, start_card};
pub use capture::capture;
pub(crate) use capture::{collect_cash, lower_cash, request_capture};
pub use expiry::{UNPAID_FOR, expire, watch};
pub use gateway::Gateway;
use gateway::GatewayError;
pub use jobs::register;
pub use refund::refund;
pub(crate) use refund::{carry_out, refund_rows, unwind_rows};
pub use webhook::webhook;

/// Why a payment was not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PaymentError {
    /// Not allowed.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No such order or payment.
    #[error("there is no such payment")]
    Unknown,
    /// The shop takes no cards.
    #[error("no card gateway is configured")]
    NoGateway,
    /// The gateway did not do it.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// It was asked for, the gateway does not answer, and a job repeats it.
    #[error("the card gateway does not answer; it is asked again by itself")]
    Waiting,
    /// The order was cancelled.
    #[error("the order was cancelled")]
    Cancelled,
    /// The bank holds nothing that could be captured.
    #[error("nothing is authorised that could be captured")]
    NothingToCapture,
    /// Nothing can be given back (any more).
    #[error("nothing was paid that could be given back")]
    NothingToRefund,
    /// Not more than this.
    #[error("at most {0}")]
    TooMuch(Money),
    /// An amount is more than nothing.
    #[error("the amount must be more than 0")]
    Amount,
    /// A refund needs a reason.
    #[error("say why money goes back")]
    Reason,
    /// The gateway speaks of another payment or of more money than was asked for.
    #[error("the card gateway's answer does not fit the payment {0}")]
    Mismatch(PaymentId),
    /// The books.
    #[error(transparent)]
    Books(#[from] AccountingError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl PaymentError {
    /// What to tell the reader; `None` for what is not theirs to mend.
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
            Self::Gateway(_) => t::ORDER_ERROR_NO_ANSWER,
            Self::Cancelled => t::ORDER_ERROR_CANCELLED,
            Self::NothingToCapture => t::ORDER_ERROR_NOTHING_TO_CAPTURE,
            Self::NothingToRefund => t::ORDER_ERROR_NOTHING_TO_REFUND,
            Self::TooMuch(most) => return Some(t::ORDER_ERROR_AT_MOST.with(locale, &[("amount", &locale.money(*most))])),
            Self::Amount => t::ORDER_ERROR_AMOUNT,
            Self::Reason => t::ORDER_ERROR_REASON,
            Self::Mismatch(_) | Self::Books(_) | Self::Db(_) => return None,
        };
        Some(message.text(locale).to_owned())
    }
}

/// What is left to be done at the gateway after a transaction; each has a job that does it when nobody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Todo {
    /// Give an attempt up.
    Void(PaymentId),
    /// Give money back.
    Refund(RefundId),
}

/// The gateway that the shop is set up with.
fn open_gateway(shop: &Shop) -> Option<Box<dyn Gateway>> {
    let config = shop.config().gateway.clone()?;
    Some(Box::new(stripe::Stripe::new(config, shop.http().clone())))
}

/// Where the shopper comes back to from the gateway's page.
fn return_url(shop: &Shop, order: OrderId) -> String {
    format!("{}/checkout/return?order={order}", shop.config().public_url.trim_end_matches('/'))
}
