//! How personal records are encrypted and found.

use domain::id::OrderId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ContactError;
use crate::Shop;

/// Encrypts a record, bound to `kind` and `id`, so that it cannot be opened in another row.
pub(crate) fn seal(shop: &Shop, kind: &str, id: &[u8], record: &impl Serialize) -> Vec<u8> {
    // These records always serialize. An empty one would not open again.
    let plain = serde_json::to_vec(record).unwrap_or_default();
    shop.keyring().seal(shop.rng().as_ref(), &bound(kind, id), &plain)
}

/// Decrypts a record of [`seal`].
pub(crate) fn unseal<T: DeserializeOwned>(shop: &Shop, kind: &str, id: &[u8], sealed: &[u8]) -> Result<T, ContactError> {
    let plain = shop.keyring().unseal(&bound(kind, id), sealed).map_err(|_| ContactError::Sealed)?;
    serde_json::from_slice(&plain).map_err(|_| ContactError::Sealed)
}

fn bound(kind: &str, id: &[u8]) -> Vec<u8> {
    [kind.as_bytes(), b":", id].concat()
}

/// A keyed hash, by which a text of this kind is found without storing it.
pub(crate) fn blind_index(shop: &Shop, kind: &str, text: &str) -> Vec<u8> {
    shop.keyring().blind_index(kind, text)
}

const GIFT_NOTE: &str = "gift_note";

/// Encrypts what an order has to be written on a card in its parcel; none for an empty text.
pub(crate) fn seal_gift_note(shop: &Shop, order: OrderId, text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    (!text.is_empty()).then(|| seal(shop, GIFT_NOTE, order.0.as_bytes(), &text))
}

/// Decrypts the text of [`seal_gift_note`].
pub(crate) fn open_gift_note(shop: &Shop, order: OrderId, sealed: &[u8]) -> Result<String, ContactError> {
    unseal(shop, GIFT_NOTE, order.0.as_bytes(), sealed)
}
