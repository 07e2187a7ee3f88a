//! Orders: an immutable copy of what was bought, and the states that follow from payments and parcels. What changes an order together
//! with its payments and parcels is in `order_management`.
//!
//! The three states are never set by hand: [`refresh_states`] computes them from payments, refunds and parcels after each change, in
//! the same transaction. Every event of an order has the order as its subject, so its timeline is one look-up.

mod adjustments;
mod credits;
pub mod events;
mod export;
mod filters;
mod list;
mod lock;
mod lookup;
mod store;
mod units;

use domain::id::OrderId;
use domain::messages::t;
use domain::order::{PaymentFacts, UnitFacts};
use domain::{Locale, Money};

use crate::Shop;
use crate::customers::CustomerError;
use platform::context::Forbidden;
use platform::db::{DbError, Tx};

pub(crate) use adjustments::{adjustments, discount_codes, of_discount_code, taxes};
pub(crate) use credits::{credits_of, insert_credits, is_credited, price_parts, refunded_credits};
pub use export::{ORDER_COLUMNS, OrdersFile};
pub use filters::{delete_filter, save_filter, saved_filters};
pub(crate) use list::{latest, queue_counts};
pub use list::{list, of_customer, queues};
pub(crate) use lock::{LockedOrder, lock};
pub use lookup::{request_link, send_link};
pub(crate) use store::{
    Facts, Head, Line, facts, facts_of, head, lines, money_is_missing, of_address_within_a_day, overpaid, owed, paid, paid_of,
    set_cancelled, set_payment_method,
};
pub(crate) use units::{Fate, count_units};

/// The cancel reason of an order that was not paid in time. Pages show it translated.
pub const EXPIRED: &str = "expired";
/// Begins the cancel reason of an order that its shopper cancelled; a [`CancelCause`](domain::order::CancelCause) follows.
pub(crate) const BY_SHOPPER: &str = "shopper.";

/// The cancel reason of a cash order that was not sent in time. Pages show it translated.
pub const NOT_SENT: &str = "not_sent";

/// The purpose in the signature of a link to an order.
pub(crate) const LINK: &str = "order";
/// The purpose in the signature of a [`proof`].
const PROOF: &str = "order.placed";

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
    Customer(#[from] CustomerError),
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

/// The path of the signed link with which an order is followed without an account.
#[must_use]
pub fn link(shop: &Shop, order: OrderId) -> String {
    let id = order.to_string();
    format!("/orders/follow/{id}.{}", shop.keyring().sign(LINK, &id))
}

/// A signature that the browser which placed an order keeps, and shows when it comes back from the bank.
#[must_use]
pub fn proof(shop: &Shop, order: OrderId) -> String {
    shop.keyring().sign(PROOF, &order.to_string())
}

/// Is this the [`proof`] of that order?
#[must_use]
pub fn is_proof(shop: &Shop, order: OrderId, proof: &str) -> bool {
    shop.keyring().verify(PROOF, &order.to_string(), proof)
}

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

impl Head {
    /// The total less what is no longer due, minor units.
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
