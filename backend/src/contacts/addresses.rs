//! Addresses of contacts: sealed, with their country in the open.

use std::collections::HashMap;

use domain::Timestamp;
use domain::id::{AddressId, ContactId};
use domain::view::Address;

use super::sealing::{seal, unseal};
use super::{ContactError, normalize_address, store};
use crate::Shop;

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

/// Seals a new address of a contact, as [`normalize_address`] gives it ([`check_address`] comes first). Reads and writes no
/// database; [`insert_addresses`] writes it.
#[must_use]
pub fn prepare_address(shop: &Shop, contact: ContactId, address: &Address) -> PreparedAddress {
    prepare_address_as(shop, AddressId(shop.id()), contact, address)
}

/// Seals an existing address's new text.
pub(crate) fn prepare_address_as(shop: &Shop, id: AddressId, contact: ContactId, address: &Address) -> PreparedAddress {
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

/// The text of an address.
///
/// # Errors
/// [`ContactError::Unknown`], or an error of the database or the keys.
pub async fn open_address(shop: &Shop, id: AddressId) -> Result<Address, ContactError> {
    open_addresses(shop, &[id]).await?.remove(&id).ok_or(ContactError::Unknown)
}

/// These addresses; unknown ids are left out.
///
/// # Errors
/// An error of the database or the keys.
pub async fn open_addresses(shop: &Shop, ids: &[AddressId]) -> Result<HashMap<AddressId, Address>, ContactError> {
    let rows = store::addresses(shop.db(), ids).await?;
    rows.into_iter().map(|row| Ok((row.id, unseal_address(shop, row.id, &row.sealed)?))).collect()
}

pub(crate) fn unseal_address(shop: &Shop, id: AddressId, sealed: &[u8]) -> Result<Address, ContactError> {
    unseal(shop, "address", id.0.as_bytes(), sealed)
}
