//! What is done with an order as a whole, over its stock, payments, parcels and books: cancelling, reducing, taking back, expiry, its
//! page, and what staff do about refusals. The areas below each have their own part and do not use this one.

mod cancel;
mod expiry;
mod page;
mod reduce;
pub mod refusals;
mod returned;
mod store;
mod timeline;
mod unsent_cash;

use domain::Locale;
use domain::id::OrderLineId;
use domain::messages::t;

use crate::accounting::AccountingError;
use crate::fulfilment::FulfilmentError;
use crate::inventory::InventoryError;
use crate::payments::PaymentError;
use platform::context::Forbidden;
use platform::db::DbError;
use platform::request_keys::KeyError;

pub use cancel::{cancel, cancel_own, give_up_unpaid};
pub(crate) use expiry::{ExpireOrder, refusal_of};
pub use expiry::{expire_unpaid, register, watch};
pub use page::{actor_names, as_shopper, by_link, cart_items, view};
pub use reduce::{CancelledUnits, cancel_own_units, cancel_rest, cancel_some, cancel_units};
pub(crate) use reduce::{release_when_refunded, returned_reason};
pub use returned::take_back;
pub(crate) use timeline::reduced_items;
pub use unsent_cash::expire_cash;

/// Why an order was not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OrderChangeError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No such order or parcel.
    #[error("there is no such order")]
    Unknown,
    /// A parcel was sent; it can only be returned.
    #[error("a parcel of this order was already sent; it cannot be cancelled any more")]
    Sent,
    #[error("a parcel of this order is packed; it cannot be cancelled by its shopper any more")]
    Packed,
    /// The gateway is asked to capture and has not answered.
    #[error("the card is being captured; try again once it is")]
    NotCaptured,
    /// No units were named.
    #[error("say which units are cancelled")]
    Units,
    #[error("at most {left} units of this line did not leave yet")]
    TooManyUnits { line: OrderLineId, left: i64 },
    #[error("this order was paid meanwhile")]
    Paid,
    #[error("say why the order is cancelled")]
    Reason,
    #[error(transparent)]
    Parcel(FulfilmentError),
    #[error(transparent)]
    Stock(InventoryError),
    #[error(transparent)]
    Payment(Box<PaymentError>),
    #[error(transparent)]
    Books(AccountingError),
    #[error("{0}")]
    Db(#[from] DbError),
}

crate::accounting::from_accounting!(OrderChangeError);

impl From<InventoryError> for OrderChangeError {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Db(error) => Self::Db(error),
            other => Self::Stock(other),
        }
    }
}

impl From<PaymentError> for OrderChangeError {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::Forbidden(e) => Self::Forbidden(e),
            PaymentError::Unknown => Self::Unknown,
            PaymentError::Db(e) => Self::Db(e),
            other => Self::Payment(Box::new(other)),
        }
    }
}

impl From<KeyError> for OrderChangeError {
    fn from(error: KeyError) -> Self {
        PaymentError::from(error).into()
    }
}

impl From<FulfilmentError> for OrderChangeError {
    fn from(error: FulfilmentError) -> Self {
        match error {
            FulfilmentError::Forbidden(e) => Self::Forbidden(e),
            FulfilmentError::Unknown => Self::Unknown,
            FulfilmentError::Stock(e) => e.into(),
            FulfilmentError::Payment(e) => e.into(),
            FulfilmentError::Books(e) => Self::Books(e),
            FulfilmentError::Db(e) => Self::Db(e),
            other => Self::Parcel(other),
        }
    }
}

impl OrderChangeError {
    /// The message for the user; `None` for an internal error.
    #[must_use]
    pub fn message(&self, locale: Locale) -> Option<String> {
        let message = match self {
            Self::Forbidden(_) => t::ERROR_FORBIDDEN_BODY,
            Self::Unknown => t::ORDER_ERROR_UNKNOWN,
            Self::Sent => t::ORDER_ERROR_SENT,
            Self::Packed => t::ORDER_ERROR_PACKED,
            Self::NotCaptured => t::ORDER_ERROR_NOT_CAPTURED,
            Self::Units => t::ORDER_ERROR_UNITS,
            Self::TooManyUnits { left, .. } => return Some(t::ORDER_ERROR_AT_MOST_UNITS.with(locale, &[("units", &locale.number(*left))])),
            Self::Paid => t::ORDER_ERROR_PAID,
            Self::Reason => t::ORDER_ERROR_REASON,
            Self::Parcel(e) => return e.message(locale),
            Self::Payment(e) => return e.message(locale),
            Self::Stock(_) | Self::Books(_) | Self::Db(_) => return None,
        };
        Some(message.text(locale).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_away_is_its_own_error_wherever_it_was_missed() {
        let away = || AccountingError::Db(DbError::Away);
        let errors: [OrderChangeError; 5] = [
            away().into(),
            InventoryError::from(away()).into(),
            PaymentError::from(away()).into(),
            FulfilmentError::from(InventoryError::from(away())).into(),
            FulfilmentError::from(PaymentError::from(away())).into(),
        ];
        assert!(errors.iter().all(|error| matches!(error, OrderChangeError::Db(DbError::Away))), "{errors:?}");
    }
}
