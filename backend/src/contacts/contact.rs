//! Contacts: sealed, and found by keyed hashes.

use std::collections::HashMap;

use domain::id::ContactId;
use domain::view::ContactDetails;
use domain::{Locale, Timestamp, email, phone, slug};

use super::sealing::{blind_index, seal, unseal};
use super::{ContactError, normalize_contact, store};
use crate::Shop;

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

/// Seals a new contact, its e-mail and telephone number in their usual form ([`check_contact`] comes first). Reads and writes
/// no database; [`insert_contacts`] writes it.
#[must_use]
pub fn prepare_contact(shop: &Shop, details: &ContactDetails, locale: Locale) -> PreparedContact {
    prepare_contact_as(shop, ContactId(shop.id()), details, locale)
}

/// Seals an existing contact's new details.
pub(crate) fn prepare_contact_as(shop: &Shop, id: ContactId, details: &ContactDetails, locale: Locale) -> PreparedContact {
    let details = normalize_contact(details);
    // Who is called Villanueva-Ocampo is found by each part, too.
    let words = slug::words(&format!("{} {}", details.name, details.name.replace('-', " ")));
    PreparedContact {
        id,
        sealed: seal(shop, "contact", id.0.as_bytes(), &details),
        email_hash: (!details.email.is_empty()).then(|| email_hash(shop, &details.email)),
        phone_hash: (!details.phone.is_empty()).then(|| blind_index(shop, "phone", &details.phone)),
        word_hashes: words.iter().map(|word| blind_index(shop, "word", word)).collect(),
        locale,
        at: shop.now(),
    }
}

/// A contact's details.
///
/// # Errors
/// [`ContactError::Unknown`], or an error of the database or the keys.
pub async fn open_contact(shop: &Shop, id: ContactId) -> Result<ContactDetails, ContactError> {
    open_contacts(shop, &[id]).await?.remove(&id).ok_or(ContactError::Unknown)
}

/// The details of these contacts; unknown ids are left out.
///
/// # Errors
/// An error of the database or the keys.
pub async fn open_contacts(shop: &Shop, ids: &[ContactId]) -> Result<HashMap<ContactId, ContactDetails>, ContactError> {
    let rows = store::contacts(shop.db(), ids).await?;
    rows.into_iter().map(|row| Ok((row.id, unseal_contact(shop, row.id, &row.sealed)?))).collect()
}

/// Contacts with this e-mail, this telephone number, or all these words in their name; the latest first, 200 at most.
///
/// Only whole words match, capitals and accents aside: the database holds a keyed hash of each word.
///
/// # Errors
/// The database's.
pub async fn find_contacts(shop: &Shop, text: &str) -> Result<Vec<ContactId>, ContactError> {
    let text = text.trim();
    if let Some(address) = email::email(text) {
        return Ok(store::contacts_by_email(shop.db(), &email_hash(shop, &address)).await?);
    }
    if text.chars().filter(char::is_ascii_digit).count() >= 7
        && let Some(number) = phone::phone(text)
    {
        return Ok(store::contacts_by_phone(shop.db(), &blind_index(shop, "phone", &number)).await?);
    }
    let words: Vec<_> = slug::words(text).iter().take(8).map(|word| blind_index(shop, "word", word)).collect();
    if words.is_empty() {
        return Ok(Vec::new());
    }
    Ok(store::contacts_by_words(shop.db(), &words).await?)
}

/// The keyed hash by which an e-mail is found.
pub(crate) fn email_hash(shop: &Shop, address: &str) -> Vec<u8> {
    blind_index(shop, "email", &email::email_key(address))
}

pub(crate) fn unseal_contact(shop: &Shop, id: ContactId, sealed: &[u8]) -> Result<ContactDetails, ContactError> {
    unseal(shop, "contact", id.0.as_bytes(), sealed)
}
