//! How people are reached: contacts and addresses, the address book, the tree of Philippine addresses, and the address formats of countries.
//!
//! Names, e-mails, telephone numbers and addresses are in two tables, sealed (`docs/privacy.md`). Each order has a contact and
//! addresses of its own, which are never edited; an account has one contact that its owner may correct.

mod address_book;
mod address_format;
pub mod address_tree;
mod addresses;
mod contact;
mod delivery_place;
pub mod events;
mod place_search;
mod postal_codes;
mod province;
mod sealing;
pub(crate) mod store;
mod validation;

use domain::view::FieldErrors;
use platform::Forbidden;
use platform::db::DbError;

pub use address_book::{address_book, delete_address, preferences, save_address, save_preferences, set_default_address};
pub use address_format::{address_format, countries, label_lines};
pub use addresses::{PreparedAddress, open_address, open_addresses, prepare_address};
pub(crate) use addresses::{prepare_address_as, unseal_address};
pub use contact::{PreparedContact, find_contacts, open_contact, open_contacts, prepare_contact};
pub(crate) use contact::{email_hash, prepare_contact_as, unseal_contact};
pub use delivery_place::{delivery_place, find_delivery_places};
pub use place_search::find_address_places;
pub use province::{find_province, province_code};
pub(crate) use sealing::{blind_index, open_gift_note, seal, seal_gift_note, unseal};
pub use store::{insert_addresses, insert_contacts};
pub use validation::{check_address, check_contact, normalize_address, normalize_contact};

/// Why something about a person could not be done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ContactError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error("sign in first")]
    SignedOut,
    /// Wrong or missing fields, in the user's language.
    #[error("some fields need another look")]
    Invalid(FieldErrors),
    /// No such contact or address, or another person's.
    #[error("there is no such contact or address")]
    Unknown,
    /// The book has as many addresses as it takes.
    #[error("an address book holds {0} addresses; delete one first")]
    Full(usize),
    /// A sealed record could not be opened: it was changed, or the key file is another one.
    #[error("a sealed record cannot be opened with this shop's keys")]
    Sealed,
    #[error("{0}")]
    Db(#[from] DbError),
}
