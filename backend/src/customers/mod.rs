//! Customers: sealed contacts and addresses, the address book, the tree of Philippine addresses, and the address formats of countries.
//!
//! Names, e-mails, telephone numbers and addresses are in two tables, sealed (`docs/privacy.md`). Each order has a contact and
//! addresses of its own, which are never edited; an account has one contact that its owner may correct.

mod address_book;
mod address_format;
pub mod address_tree;
mod delivery_place;
pub mod events;
pub(crate) mod store;
mod validation;

use std::collections::HashMap;

use domain::id::{AddressId, ContactId};
use domain::view::{Address, ContactDetails, FieldErrors};
use domain::{Locale, Timestamp, email, slug};
use platform::Forbidden;
use platform::db::DbError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Shop;

pub use address_book::{address_book, delete_address, preferences, save_address, save_preferences, set_default_address};
pub use address_format::{address_format, countries, label_lines};
pub use delivery_place::{delivery_place, find_delivery_places};
pub use store::{insert_addresses, insert_contacts};
pub use validation::{check_address, check_contact, normalize_address, normalize_contact};

/// Why something about a person could not be done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CustomerError {
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

/// A contact ready to be written: sealed, with the keyed hashes it is found by.
#[derive(Clone, Debug)]
pub struct PreparedContact {
    pub id: ContactId,
    /// Name, e-mail and phone, encrypted.
    pub sealed: Vec<u8>,
    pub email_hash: Option<Vec<u8>>,
    pub phone_hash: Option<Vec<u8>>,
    /// One for each word of the name.
    pub word_hashes: Vec<Vec<u8>>,
    /// The language to write to them in.
    pub locale: Locale,
    pub at: Timestamp,
}

/// An address ready to be written.
#[derive(Clone, Debug)]
pub struct PreparedAddress {
    pub id: AddressId,
    pub contact: ContactId,
    /// The whole record, sealed.
    pub sealed: Vec<u8>,
    /// ISO 3166-1 alpha-2, in the open, for taxes and figures.
    pub country: String,
    /// Is it part of an account's address book?
    pub in_book: bool,
    pub at: Timestamp,
}

/// Seals a new contact, its e-mail and telephone number in their usual form ([`check_contact`] comes first). Reads and writes
/// no database; [`insert_contacts`] writes it.
#[must_use]
pub fn prepare_contact(shop: &Shop, details: &ContactDetails, locale: Locale) -> PreparedContact {
    prepare_contact_as(shop, ContactId(shop.id()), details, locale)
}

/// Seals an existing contact's new details.
pub(crate) fn prepare_contact_as(shop: &Shop, id: ContactId, details: &ContactDetails, locale: Locale) -> PreparedContact {
    let details = normalize_contact(details);
    let words = slug::words(&details.name);
    PreparedContact {
        id,
        sealed: seal(shop, "contact", id.0.as_bytes(), &details),
        email_hash: (!details.email.is_empty()).then(|| email_hash(shop, &details.email)),
        phone_hash: (!details.phone.is_empty()).then(|| blind(shop, "phone", &details.phone)),
        word_hashes: words.iter().map(|word| blind(shop, "word", word)).collect(),
        locale,
        at: shop.now(),
    }
}

/// Seals a new address of a contact, as [`normalize_address`] gives it ([`check_address`] comes first). Reads and writes no
/// database; [`insert_addresses`] writes it.
#[must_use]
pub fn prepare_address(shop: &Shop, contact: ContactId, address: &Address) -> PreparedAddress {
    prepare_address_as(shop, AddressId(shop.id()), contact, address)
}

/// Seals an existing address's new text.
fn prepare_address_as(shop: &Shop, id: AddressId, contact: ContactId, address: &Address) -> PreparedAddress {
    let address = normalize_address(address);
    PreparedAddress {
        id,
        contact,
        sealed: seal(shop, "address", id.0.as_bytes(), &address),
        country: address.country,
        in_book: false,
        at: shop.now(),
    }
}

/// A contact's details.
///
/// # Errors
/// [`CustomerError::Unknown`], or an error of the database or the keys.
pub async fn open_contact(shop: &Shop, id: ContactId) -> Result<ContactDetails, CustomerError> {
    open_contacts(shop, &[id]).await?.remove(&id).ok_or(CustomerError::Unknown)
}

/// The details of these contacts; unknown ids are left out.
///
/// # Errors
/// An error of the database or the keys.
pub async fn open_contacts(shop: &Shop, ids: &[ContactId]) -> Result<HashMap<ContactId, ContactDetails>, CustomerError> {
    let rows = store::contacts(shop.db(), ids).await?;
    rows.into_iter().map(|row| Ok((row.id, unseal_contact(shop, row.id, &row.sealed)?))).collect()
}

/// The text of an address.
///
/// # Errors
/// [`CustomerError::Unknown`], or an error of the database or the keys.
pub async fn open_address(shop: &Shop, id: AddressId) -> Result<Address, CustomerError> {
    open_addresses(shop, &[id]).await?.remove(&id).ok_or(CustomerError::Unknown)
}

/// These addresses; unknown ids are left out.
///
/// # Errors
/// An error of the database or the keys.
pub async fn open_addresses(shop: &Shop, ids: &[AddressId]) -> Result<HashMap<AddressId, Address>, CustomerError> {
    let rows = store::addresses(shop.db(), ids).await?;
    rows.into_iter().map(|row| Ok((row.id, unseal_address(shop, row.id, &row.sealed)?))).collect()
}

/// Contacts with this e-mail, this telephone number, or all these words in their name; the latest first, 200 at most.
///
/// Only whole words match, capitals and accents aside: the database holds a keyed hash of each word.
///
/// # Errors
/// The database's.
pub async fn find_contacts(shop: &Shop, text: &str) -> Result<Vec<ContactId>, CustomerError> {
    let text = text.trim();
    if let Some(address) = email::email(text) {
        return Ok(store::contacts_by_email(shop.db(), &email_hash(shop, &address)).await?);
    }
    if text.chars().filter(char::is_ascii_digit).count() >= 7
        && let Some(number) = email::phone(text)
    {
        return Ok(store::contacts_by_phone(shop.db(), &blind(shop, "phone", &number)).await?);
    }
    let words: Vec<_> = slug::words(text).iter().take(8).map(|word| blind(shop, "word", word)).collect();
    if words.is_empty() {
        return Ok(Vec::new());
    }
    Ok(store::contacts_by_words(shop.db(), &words).await?)
}

/// The keyed hash by which an e-mail is found.
pub(crate) fn email_hash(shop: &Shop, address: &str) -> Vec<u8> {
    blind(shop, "email", &email::email_key(address))
}

pub(crate) fn unseal_contact(shop: &Shop, id: ContactId, sealed: &[u8]) -> Result<ContactDetails, CustomerError> {
    unseal(shop, "contact", id.0.as_bytes(), sealed)
}

fn unseal_address(shop: &Shop, id: AddressId, sealed: &[u8]) -> Result<Address, CustomerError> {
    unseal(shop, "address", id.0.as_bytes(), sealed)
}

/// Encrypts a record, bound to `kind` and `id`, so that it cannot be opened in another row.
pub(crate) fn seal(shop: &Shop, kind: &str, id: &[u8], record: &impl Serialize) -> Vec<u8> {
    // These records always serialize. An empty one would not open again.
    let plain = serde_json::to_vec(record).unwrap_or_default();
    shop.keys().seal(shop.rng().as_ref(), &bound(kind, id), &plain)
}

/// Decrypts a record of [`seal`].
pub(crate) fn unseal<T: DeserializeOwned>(shop: &Shop, kind: &str, id: &[u8], sealed: &[u8]) -> Result<T, CustomerError> {
    let plain = shop.keys().unseal(&bound(kind, id), sealed).map_err(|_| CustomerError::Sealed)?;
    serde_json::from_slice(&plain).map_err(|_| CustomerError::Sealed)
}

fn bound(kind: &str, id: &[u8]) -> Vec<u8> {
    [kind.as_bytes(), b":", id].concat()
}

/// A keyed hash, by which a text of this kind is found without storing it.
pub(crate) fn blind(shop: &Shop, kind: &str, text: &str) -> Vec<u8> {
    shop.keys().blind(kind, text)
}
