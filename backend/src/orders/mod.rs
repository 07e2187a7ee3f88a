//! Orders: an immutable copy of what was bought, and the states that follow from payments and parcels. What changes an order together
//! with its payments and parcels is in `order_management`.
//!
//! The three states are never set by hand: [`refresh_states`] computes them from payments, refunds and parcels after each change, in
//! the same transaction. Every event of an order has the order as its subject, so its timeline is one look-up.

mod access;
mod adjustments;
mod credits;
pub mod events;
mod export;
mod list;
mod lock;
mod resend_link;
mod saved_filters;
mod store;
mod units;

use domain::messages::t;
use domain::order::{PaymentFacts, UnitFacts};
use domain::{Locale, Money};

use crate::contacts::ContactError;
use platform::context::Forbidden;
use platform::db::{DbError, Tx};

pub(crate) use access::{Viewer, may_view, of_link};
pub use access::{is_proof, link, proof};
pub(crate) use adjustments::{adjustments, discount_codes, of_discount_code, taxes};
pub(crate) use credits::{credits_of, insert_credits, is_credited, price_parts, refunded_credits};
pub use export::{ORDER_COLUMNS, OrdersFile};
pub(crate) use list::{latest, of_person, queue_counts};
pub use list::{list, of_customer, queues};
pub(crate) use lock::{LockedOrder, lock};
pub use resend_link::{request_link, send_link};
pub use saved_filters::{delete_filter, save_filter, saved_filters};
pub(crate) use store::{
    Facts, Line, OrderHeader, Paid, PersonKeys, Sale, Spent, addresses_of, count_of, facts, facts_of, give_guest_orders, head, lines,
    money_is_missing, of_address_within_a_day, overpaid, owed, paid, paid_of, sales_of, set_cancelled, set_payment_method, spent_of,
};
pub(crate) use units::{UnitState, count_units, open_units};

/// The cancel reason of an order that was not paid in time. Pages show it translated.
pub const EXPIRED: &str = "expired";
/// Begins the cancel reason of an order that its shopper cancelled; a [`CancelCause`](domain::order::CancelCause) follows.
pub(crate) const BY_SHOPPER: &str = "shopper.";

/// The cancel reason of a cash order that was not sent in time. Pages show it translated.
pub const NOT_SENT: &str = "not_sent";

/// Why an order was not shown or found.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OrderError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No such order, or another shopper's.
    #[error("there is no such order")]
    Unknown,
    #[error("this link is not valid")]
    Link,
    #[error("a saved filter needs a name of 1 to 60 characters")]
    FilterName,
    #[error(transparent)]
    Customer(#[from] ContactError),
    #[error("{0}")]
    Db(#[from] DbError),
}

impl OrderError {
    /// The message for the user; `None` for an internal error.
    #[must_use]
    pub fn message(&self, locale: Locale) -> Option<String> {
        let message = match self {
            Self::Forbidden(_) => t::ERROR_FORBIDDEN_BODY,
            Self::Unknown => t::ORDER_ERROR_UNKNOWN,
            Self::Link => t::ORDER_LINK_EXPIRED,
            Self::FilterName => t::ORDER_ERROR_FILTER_NAME,
            Self::Customer(_) | Self::Db(_) => return None,
        };
        Some(message.text(locale).to_owned())
    }
}

/// The condition for orders that count as sales: not cancelled, and a card order is at least authorised.
macro_rules! is_sale {
    () => {
        "cancelled_at is null
            and (payment_method = 'cod' or payment_state in ('authorised', 'partly_paid', 'paid', 'partly_refunded', 'refunded'))"
    };
}
pub(crate) use is_sale;

/// Computes an order's three states from its facts and stores them. Called after each change, inside its transaction.
///
/// # Errors
/// The database's.
pub(crate) async fn refresh_states(tx: &mut Tx, order: &LockedOrder) -> Result<(), DbError> {
    let Some(facts) = facts(tx, order.id).await? else { return Ok(()) };
    let (payment, units) = (facts.payment(), facts.units());
    store::set_states(tx, order, payment, units.fulfilment(), units.delivery()).await
}

impl Facts {
    #[must_use]
    pub(crate) const fn payment(&self) -> PaymentFacts {
        PaymentFacts {
            total: self.total - self.waived,
            captured: self.captured,
            refunded: self.refunded,
            held: self.held > 0,
            latest: self.latest,
            cancelled: self.cancelled_at.is_some(),
        }
    }

    #[must_use]
    pub(crate) const fn units(&self) -> UnitFacts {
        UnitFacts {
            ordered: self.ordered,
            shipped: self.shipped,
            delivered: self.delivered,
            returned: self.returned,
            released: self.released,
            packed: self.packed,
            preparing: self.preparing > 0,
            cancelled: self.cancelled_at.is_some(),
        }
    }
}

impl OrderHeader {
    /// The total less what is waived, minor units.
    #[must_use]
    pub(crate) const fn price_now(&self) -> i64 {
        self.total - self.waived
    }

    /// An amount in the order's currency.
    #[must_use]
    pub(crate) const fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }

    /// The language in which it was placed.
    #[must_use]
    pub(crate) fn language(&self) -> Locale {
        Locale::parse(&self.locale).unwrap_or_default()
    }
}
