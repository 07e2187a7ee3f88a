//! Refusals: what an outside system refused.

use serde::{Deserialize, Serialize};

use crate::id::{OrderId, RefusalId};
use crate::messages::{Msg, t};
use crate::permission::Permission;
use crate::{Locale, Money, Timestamp};

/// The shop's own reasons as stored; any other reason is the outside system's text.
pub mod reasons {
    /// The payment is missing at the gateway.
    pub const NOT_KNOWN: &str = "not_known";
    /// The payment was made with another account of the gateway.
    pub const OTHER_ACCOUNT: &str = "other_account";
    /// No gateway is configured any more.
    pub const NO_GATEWAY: &str = "no_gateway";
    /// No answer within the time limit.
    pub const NO_ANSWER: &str = "no_answer";
    /// The gateway's answer does not fit the payment.
    pub const MISMATCH: &str = "mismatch";
    /// The gateway made a refund that had been dismissed or settled in another way.
    pub const MADE_AFTER_ALL: &str = "made_after_all";
    /// The signature of a webhook is wrong.
    pub const SIGNATURE: &str = "signature";
    /// A webhook cannot be read.
    pub const UNREADABLE: &str = "unreadable";
    /// A webhook is about a payment that is not the shop's.
    pub const UNKNOWN_PAYMENT: &str = "unknown_payment";
    /// The code of a mail server's answer follows.
    pub const MAIL: &str = "the mail server refused with ";
}

/// A reason in the user's language.
#[must_use]
pub fn refusal_reason(locale: Locale, reason: &str) -> String {
    let message = match reason {
        reasons::NOT_KNOWN => t::ADMIN_REFUSALS_NOT_KNOWN,
        reasons::OTHER_ACCOUNT => t::ADMIN_REFUSALS_OTHER_ACCOUNT,
        reasons::NO_GATEWAY => t::ADMIN_REFUSALS_NO_GATEWAY,
        reasons::NO_ANSWER => t::ADMIN_REFUSALS_NO_ANSWER,
        reasons::MISMATCH => t::ADMIN_REFUSALS_MISMATCH,
        reasons::MADE_AFTER_ALL => t::ADMIN_REFUSALS_MADE_AFTER_ALL,
        reasons::SIGNATURE => t::ADMIN_REFUSALS_SIGNATURE,
        reasons::UNREADABLE => t::ADMIN_REFUSALS_UNREADABLE,
        reasons::UNKNOWN_PAYMENT => t::ADMIN_REFUSALS_UNKNOWN_PAYMENT,
        other => {
            return match other.strip_prefix(reasons::MAIL) {
                Some(code) => t::ADMIN_REFUSALS_MAIL_CODE.with(locale, &[("code", code)]),
                None => other.to_owned(),
            };
        }
    };
    message.text(locale).to_owned()
}

named! {
    /// What was refused.
    RefusalKind {
        /// Taking money that the bank holds.
        Capture "capture",
        /// Giving money back.
        Refund "refund",
        /// Anything else about a payment, for example one that is missing at the gateway.
        Payment "payment",
        Mail "mail",
        /// A webhook that claims to be the gateway's.
        Webhook "webhook",
        /// Any other job.
        Job "job",
    }
}

impl RefusalKind {
    #[must_use]
    pub const fn name(self) -> Msg {
        match self {
            Self::Capture => t::ADMIN_REFUSALS_CAPTURE_REFUSED,
            Self::Refund => t::ADMIN_REFUSALS_REFUND_REFUSED,
            Self::Payment => t::ADMIN_REFUSALS_PAYMENT,
            Self::Mail => t::ADMIN_REFUSALS_MAIL_REFUSED,
            Self::Webhook => t::ADMIN_REFUSALS_WEBHOOK,
            Self::Job => t::ADMIN_REFUSALS_JOB,
        }
    }

    /// The permission to retry or settle it.
    #[must_use]
    pub const fn permission(self) -> Permission {
        match self {
            Self::Capture | Self::Payment => Permission::CapturePayments,
            Self::Refund => Permission::RefundPayments,
            Self::Mail => Permission::FulfilOrders,
            Self::Webhook | Self::Job => Permission::WriteSettings,
        }
    }

    #[must_use]
    pub const fn can_be_retried(self) -> bool {
        !matches!(self, Self::Webhook)
    }

    /// Can it be settled outside: may the money have moved in another way?
    #[must_use]
    pub const fn can_be_settled(self) -> bool {
        matches!(self, Self::Capture | Self::Refund)
    }
}

/// A refusal on the admin's home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalView {
    pub id: RefusalId,
    pub kind: RefusalKind,
    /// The order and its number.
    pub order: Option<(OrderId, String)>,
    /// The kind of mail, as its job names it.
    pub mail: Option<String>,
    pub amount: Option<Money>,
    /// As stored; [`refusal_reason`] puts it in the user's language.
    pub reason: String,
    /// How often the same was refused.
    pub times: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// May the user retry or settle it?
    pub may_act: bool,
}

impl RefusalView {
    /// In words: which mail, or how much money.
    #[must_use]
    pub fn title(&self, locale: Locale) -> String {
        let what = self.kind.name().text(locale);
        match (self.mail.as_deref().and_then(mail_name), self.amount) {
            (Some(mail), _) => format!("{what}: {}", mail.text(locale)),
            (None, Some(amount)) => format!("{what}: {}", locale.money(amount)),
            (None, None) => what.to_owned(),
        }
    }
}

/// The name of a kind of mail.
fn mail_name(kind: &str) -> Option<Msg> {
    Some(match kind {
        "account" => t::ADMIN_REFUSALS_MAIL_ACCOUNT,
        "cancelled" => t::ADMIN_REFUSALS_MAIL_CANCELLED,
        "confirmed" => t::ADMIN_REFUSALS_MAIL_CONFIRMED,
        "delivered" => t::ADMIN_REFUSALS_MAIL_DELIVERED,
        "link" => t::ADMIN_REFUSALS_MAIL_LINK,
        "payment_failed" => t::ADMIN_REFUSALS_MAIL_PAYMENT_FAILED,
        "reduced" => t::ADMIN_REFUSALS_MAIL_REDUCED,
        "refunded" => t::ADMIN_REFUSALS_MAIL_REFUNDED,
        "returned" => t::ADMIN_REFUSALS_MAIL_RETURNED,
        "shipped" => t::ADMIN_REFUSALS_MAIL_SHIPPED,
        "staff" => t::ADMIN_REFUSALS_MAIL_STAFF,
        "unpaid" => t::ADMIN_REFUSALS_MAIL_UNPAID,
        _ => return None,
    })
}
