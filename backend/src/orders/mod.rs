//! Orders: an immutable copy of what was bought, and the facts that follow it.
//!
//! An order's three states are never set by hand: [`refresh_states`] computes them from payments, refunds and parcels after
//! each change, in the same transaction. Every event of an order has the order as its subject, so its timeline is one look-up.

mod cancel;
mod export;
mod filters;
mod list;
mod lookup;
mod page;
mod reduce;
mod store;
mod timeline;

use domain::id::OrderId;
use domain::messages::t;
use domain::order::{GoodsFacts, PaymentFacts};
use domain::{Locale, Money};

use crate::Shop;
use crate::accounting::AccountingError;
use crate::customers::CustomerError;
use crate::inventory::InventoryError;
use crate::payments::PaymentError;
use crate::platform::context::Forbidden;
use crate::platform::db::{DbError, Tx};

pub(crate) use cancel::cancel_rows;
pub use cancel::{cancel, cancel_own, give_up_unpaid};
pub use export::{ORDER_COLUMNS, OrdersFile};
pub use filters::{delete_filter, save_filter, saved_filters};
pub(crate) use list::{latest, queue_counts};
pub use list::{list, of_customer, queues};
pub use lookup::{LINK_REQUESTED, request_link, send_link};
pub use page::{articles, as_shopper, by_link, view};
pub use reduce::cancel_rest;
pub(crate) use reduce::{let_go_when_refunded, returned_reason, take_off};
pub(crate) use store::{Facts, Head, Line, facts_of, head, lines, lock, money, of_address_within_a_day, set_payment_method};

/// The reason of an order that was not paid in time; shown in the reader's words.
pub const EXPIRED: &str = "expired";
/// How the reason of an order begins that its shopper cancelled; a [`CancelCause`](domain::order::CancelCause) follows.
pub(crate) const BY_SHOPPER: &str = "shopper.";

/// The reason of a cash order that nobody began to send in time; shown in the reader's words.
pub const NOT_SENT: &str = "not_sent";

/// What a signed link to an order is signed for.
const LINK: &str = "order";
/// What a browser's own orders are signed for.
const PROOF: &str = "order.placed";

/// Why an order was not shown or changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OrderError {
    /// Not allowed.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No such order, or somebody else's.
    #[error("there is no such order")]
    Unknown,
    /// The signed link is not valid.
    #[error("this link is not valid")]
    Link,
    /// A parcel left already; what was sent can only come back.
    #[error("a parcel of this order was already sent; it cannot be cancelled any more")]
    Sent,
    /// A parcel is packed: the shopper cannot cancel any more.
    #[error("a parcel of this order is packed; it cannot be cancelled by its shopper any more")]
    Packed,
    /// The bank holds the money and has not paid it.
    #[error("the card is authorised and not captured; capture it first")]
    NotCaptured,
    /// It is paid, so it is no longer given up without paying.
    #[error("this order was paid meanwhile")]
    Paid,
    /// Cancelling needs a reason.
    #[error("say why the order is cancelled")]
    Reason,
    /// A saved filter needs a name of 1 to 60 characters.
    #[error("a saved filter needs a name of 1 to 60 characters")]
    FilterName,
    #[error(transparent)]
    Stock(#[from] InventoryError),
    /// Money.
    #[error(transparent)]
    Payment(Box<PaymentError>),
    /// Who bought.
    #[error(transparent)]
    Customer(#[from] CustomerError),
    #[error(transparent)]
    Books(#[from] AccountingError),
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
}

impl From<PaymentError> for OrderError {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::Forbidden(e) => Self::Forbidden(e),
            PaymentError::Unknown => Self::Unknown,
            PaymentError::Db(e) => Self::Db(e),
            other => Self::Payment(Box::new(other)),
        }
    }
}

impl OrderError {
    /// What to tell the reader; `None` for what is not theirs to mend.
    #[must_use]
    pub fn message(&self, locale: Locale) -> Option<String> {
        let message = match self {
            Self::Forbidden(_) => t::ERROR_FORBIDDEN_BODY,
            Self::Unknown => t::ORDER_ERROR_UNKNOWN,
            Self::Link => t::ORDER_LINK_EXPIRED,
            Self::Sent => t::ORDER_ERROR_SENT,
            Self::Packed => t::ORDER_ERROR_PACKED,
            Self::NotCaptured => t::ORDER_ERROR_NOT_CAPTURED,
            Self::Paid => t::ORDER_ERROR_PAID,
            Self::Reason => t::ORDER_ERROR_REASON,
            Self::FilterName => t::ORDER_ERROR_FILTER_NAME,
            Self::Payment(e) => return e.message(locale),
            Self::Stock(_) | Self::Customer(_) | Self::Books(_) | Self::Db(_) => return None,
        };
        Some(message.text(locale).to_owned())
    }
}

/// Which orders are sales, wherever they are counted and added up: a card order is one once the bank holds the money.
macro_rules! is_sale {
    () => {
        "cancelled_at is null
            and (payment_method = 'cod' or payment_state in ('authorised', 'partly_paid', 'paid', 'partly_refunded', 'refunded'))"
    };
}
pub(crate) use is_sale;

/// The signed link to follow an order without an account: the path, to be put behind the shop's address.
#[must_use]
pub fn link(shop: &Shop, order: OrderId) -> String {
    let id = order.to_string();
    format!("/orders/follow/{id}.{}", shop.keys().sign(LINK, &id))
}

/// What the browser that placed an order keeps, to be known again when it comes back from the bank.
#[must_use]
pub fn proof(shop: &Shop, order: OrderId) -> String {
    shop.keys().sign(PROOF, &order.to_string())
}

/// Is this the [`proof`] of that order?
#[must_use]
pub fn is_proof(shop: &Shop, order: OrderId, proof: &str) -> bool {
    shop.keys().verify(PROOF, &order.to_string(), proof)
}

/// Computes an order's three states from its facts and keeps them with the order. Called after each change, inside its
/// transaction.
///
/// # Errors
/// The database's.
pub(crate) async fn refresh_states(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    let Some(facts) = store::facts(tx, order).await? else { return Ok(()) };
    let (payment, goods) = (facts.payment(), facts.goods());
    store::set_states(tx, order, payment.state(), goods.fulfilment(), goods.delivery()).await
}

impl Facts {
    /// The facts about the order's money.
    #[must_use]
    pub(crate) const fn payment(&self) -> PaymentFacts {
        PaymentFacts {
            total: self.total - self.waived,
            captured: self.captured,
            refunded: self.refunded,
            latest: self.latest,
            cancelled: self.cancelled_at.is_some(),
        }
    }

    /// The facts about the order's goods.
    #[must_use]
    pub(crate) const fn goods(&self) -> GoodsFacts {
        GoodsFacts {
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
    /// An amount in the order's currency.
    #[must_use]
    pub(crate) const fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }

    /// The language it was placed in.
    #[must_use]
    pub(crate) fn language(&self) -> Locale {
        Locale::parse(&self.locale).unwrap_or_default()
    }
}
