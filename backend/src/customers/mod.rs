//! Customers as staff see them: who they are, their page, notes and tags, and one made of two.
//!
//! A customer is a person: an account with what it ordered, and the guests with its e-mail; or whoever ordered as a guest with one e-mail; or,
//! where none was given, one contact. That is read from contacts, orders and accounts each time ([`person`]), so nothing has to be
//! written when an order is placed. The table `customers` has those whom staff wrote something about or made one of two, with the keys that
//! they are known by. Who may see an order, or sign in, does not follow from it.

pub mod events;
mod export;
mod list;
mod merge;
mod notes;
mod page;
mod person;
mod store;
mod tags;

use domain::Locale;
use domain::messages::t;
use platform::context::Forbidden;
use platform::db::DbError;
use platform::request_keys::KeyError;

use crate::contacts::ContactError;
use crate::orders::OrderError;

pub use export::{CUSTOMER_COLUMNS, CustomersFile};
pub use list::{find, list};
pub use merge::{merge, merge_view};
pub use notes::{MAX_NOTE, add_note, delete_note};
pub use page::view;
pub use tags::{MAX_TAG, MAX_TAGS, add_tag, remove_tag};

/// Why something about a customer was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CustomerError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No such customer or note.
    #[error("there is no such customer or note")]
    Unknown,
    #[error("a note has 1 to {MAX_NOTE} characters")]
    Note,
    #[error("a tag has 1 to {MAX_TAG} characters")]
    Tag,
    #[error("a customer has at most {MAX_TAGS} tags")]
    TooManyTags,
    /// Both have accounts that can sign in.
    #[error("both customers have accounts that can sign in, so they stay two")]
    TwoAccounts,
    /// The form was sent before with other contents.
    #[error("this form was sent before with other contents")]
    Reused,
    #[error(transparent)]
    Customer(#[from] ContactError),
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error("{0}")]
    Db(#[from] DbError),
}

impl From<KeyError> for CustomerError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Reused => Self::Reused,
            KeyError::Db(error) => Self::Db(error),
        }
    }
}

impl CustomerError {
    /// The message for the user; `None` for an internal error.
    #[must_use]
    pub fn message(&self, locale: Locale) -> Option<String> {
        let number = |number: usize| number.to_string();
        let message = match self {
            Self::Forbidden(_) => t::ERROR_FORBIDDEN_BODY,
            Self::Unknown => t::ADMIN_CUSTOMERS_ERROR_UNKNOWN,
            Self::Note => return Some(t::ADMIN_CUSTOMERS_ERROR_NOTE.with(locale, &[("max", &number(MAX_NOTE))])),
            Self::Tag => return Some(t::ADMIN_CUSTOMERS_ERROR_TAG.with(locale, &[("max", &number(MAX_TAG))])),
            Self::TooManyTags => return Some(t::ADMIN_CUSTOMERS_ERROR_TAGS.with(locale, &[("max", &number(MAX_TAGS))])),
            Self::TwoAccounts => t::ADMIN_CUSTOMERS_ERROR_TWO_ACCOUNTS,
            Self::Reused => t::ADMIN_CUSTOMERS_ERROR_REUSED,
            Self::Customer(_) | Self::Order(_) | Self::Db(_) => return None,
        };
        Some(message.text(locale).to_owned())
    }
}
