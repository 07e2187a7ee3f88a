//! People and where they live: sealed contacts and addresses, the address book, places, and how each country writes an address.
//!
//! Names, e-mails, telephone numbers and addresses are in two tables, sealed (`docs/privacy.md`). Whoever buys gets a contact
//! and addresses of the order's own, which are never edited; an account has one contact that its owner may correct.

mod book;
mod delivery_place;
mod export;
mod formats;
pub mod places;
pub(crate) mod store;

use std::collections::HashMap;

use domain::id::{AddressId, ContactId};
use domain::view::{Address, ContactDetails, FieldErrors, Place};
use domain::{Locale, Timestamp, email, slug};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Shop;
use crate::platform::context::Forbidden;
use crate::platform::db::DbError;

pub use book::{address_book as addresses, delete_address, preferences, save_address, save_preferences, set_default_address};
pub use delivery_place::{delivery_place, find_delivery_places};
pub use export::{CUSTOMER_COLUMNS, CustomersFile};
pub use formats::{check_address, check_contact, countries, format, label_lines, needed, tidy_address, tidy_contact};
pub use store::{insert_addresses, insert_contacts};

/// Why something about a person could not be done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CustomerError {
    /// Not allowed.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Nobody is signed in.
    #[error("sign in first")]
    SignedOut,
    /// What was written is not complete; by field, in the reader's language.
    #[error("some fields need another look")]
    Invalid(FieldErrors),
    /// No such contact or address, or somebody else's.
    #[error("there is no such contact or address")]
    Unknown,
    /// The book has as many addresses as it takes.
    #[error("an address book holds {0} addresses; delete one first")]
    Full(usize),
    /// A sealed record could not be opened: it was changed, or the key file is another one.
    #[error("a sealed record cannot be opened with this shop's keys")]
    Sealed,
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
}

/// A contact ready to be written: sealed, with what it is found by.
#[derive(Clone, Debug)]
pub struct PreparedContact {
    pub id: ContactId,
    /// Name, e-mail and phone, encrypted.
    pub sealed: Vec<u8>,
    /// Of the e-mail.
    pub email_hash: Option<Vec<u8>>,
    /// Of the telephone number.
    pub phone_hash: Option<Vec<u8>>,
    /// Of each word of the name.
    pub word_hashes: Vec<Vec<u8>>,
    /// The language to write to them in.
    pub locale: Locale,
    /// When it was prepared.
    pub at: Timestamp,
}

/// An address ready to be written.
#[derive(Clone, Debug)]
pub struct PreparedAddress {
    pub id: AddressId,
    /// Whose.
    pub contact: ContactId,
    /// All of it, encrypted.
    pub sealed: Vec<u8>,
    /// ISO 3166-1 alpha-2, in the open, for taxes and figures.
    pub country: String,
    /// Does the account's owner see it in their book?
    pub in_book: bool,
    /// When it was prepared.
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
    let details = tidy_contact(details);
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

/// Seals a new address of a contact, tidied as by [`tidy_address`] ([`check_address`] comes first). Reads and writes no
/// database; [`insert_addresses`] writes it.
#[must_use]
pub fn prepare_address(shop: &Shop, contact: ContactId, address: &Address) -> PreparedAddress {
    prepare_address_as(shop, AddressId(shop.id()), contact, address)
}

/// Seals an existing address's new text.
fn prepare_address_as(shop: &Shop, id: AddressId, contact: ContactId, address: &Address) -> PreparedAddress {
    let address = tidy_address(address);
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
/// [`CustomerError::Unknown`], or what the database or the keys say.
pub async fn open_contact(shop: &Shop, id: ContactId) -> Result<ContactDetails, CustomerError> {
    open_contacts(shop, &[id]).await?.remove(&id).ok_or(CustomerError::Unknown)
}

/// Many contacts' details. What does not exist is missing.
///
/// # Errors
/// What the database or the keys say.
pub async fn open_contacts(shop: &Shop, ids: &[ContactId]) -> Result<HashMap<ContactId, ContactDetails>, CustomerError> {
    let rows = store::contacts(shop.db(), ids).await?;
    rows.into_iter().map(|(id, sealed)| Ok((id, unseal_contact(shop, id, &sealed)?))).collect()
}

/// An address.
///
/// # Errors
/// [`CustomerError::Unknown`], or what the database or the keys say.
pub async fn open_address(shop: &Shop, id: AddressId) -> Result<Address, CustomerError> {
    open_addresses(shop, &[id]).await?.remove(&id).ok_or(CustomerError::Unknown)
}

/// Many addresses. What does not exist is missing.
///
/// # Errors
/// What the database or the keys say.
pub async fn open_addresses(shop: &Shop, ids: &[AddressId]) -> Result<HashMap<AddressId, Address>, CustomerError> {
    let rows = store::addresses(shop.db(), ids).await?;
    rows.into_iter().map(|(id, sealed)| Ok((id, unseal_address(shop, id, &sealed)?))).collect()
}

/// Contacts with this e-mail, this telephone number, or all these words in their name; the latest first, 200 at most.
///
/// Whole words are found, capitals and accents aside: what is kept of a name is a keyed hash of each word.
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

/// What is offered beneath a place of the Philippines, or its regions.
#[must_use]
pub fn places(parent: Option<&str>) -> Vec<Place> {
    places::places(parent)
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

/// Encrypts a record; `kind` and `id` are bound to it, so that a sealed record cannot be moved to another row.
pub(crate) fn seal(shop: &Shop, kind: &str, id: &[u8], record: &impl Serialize) -> Vec<u8> {
    // Plain texts always make JSON; an empty record would not open again.
    let plain = serde_json::to_vec(record).unwrap_or_default();
    shop.keys().seal(shop.rng().as_ref(), &bound(kind, id), &plain)
}

/// Opens what [`seal`] made.
pub(crate) fn unseal<T: DeserializeOwned>(shop: &Shop, kind: &str, id: &[u8], sealed: &[u8]) -> Result<T, CustomerError> {
    let plain = shop.keys().unseal(&bound(kind, id), sealed).map_err(|_| CustomerError::Sealed)?;
    serde_json::from_slice(&plain).map_err(|_| CustomerError::Sealed)
}

fn bound(kind: &str, id: &[u8]) -> Vec<u8> {
    [kind.as_bytes(), b":", id].concat()
}

/// A keyed hash, to find a text of this kind without keeping it.
pub(crate) fn blind(shop: &Shop, kind: &str, text: &str) -> Vec<u8> {
    shop.keys().blind(kind, text)
}
