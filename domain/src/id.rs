//! Typed ids: a UUIDv7 in a newtype per entity, shown outside with a prefix (`ord_0190…`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not an id that begins with {prefix}_")]
pub struct IdError {
    text: String,
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "sqlx", derive(sqlx_macros::Type), sqlx(transparent))]
        pub struct $name(pub Uuid);

        impl $name {
            /// What it begins with outside.
            pub const PREFIX: &'static str = $prefix;
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|hex| hex.len() == 32)
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or_else(|| IdError { text: text.chars().take(48).collect(), prefix: $prefix })
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    )*};
}

ids! {
    CategoryId "cat";
    ProductId "prod";
    /// What is bought and stocked: a product in one size and colour.
    VariantId "var";
    PictureId "pic";
    PriceListId "plist";
    TaxRateId "tax";
    CartId "cart";
    OrderId "ord";
    OrderLineId "line";
    /// A part of an order's price that is not charged or goes back.
    CreditLineId "crl";
    ReservationId "res";
    /// A place where stock is kept.
    LocationId "loc";
    MovementId "mov";
    /// One attempt to pay an order.
    PaymentId "pay";
    /// An event of a payment.
    PaymentEventId "pev";
    /// What was asked to be taken of a payment.
    CaptureId "cap";
    /// Captured money that pays an order, or went back.
    PaymentAllocationId "pal";
    RefundId "ref";
    /// A parcel on its way.
    ParcelId "shp";
    /// A person or firm that bought or may buy.
    ContactId "con";
    AddressId "adr";
    /// A person whom staff wrote something about, or made one of two.
    CustomerId "cus";
    CustomerNoteId "note";
    /// A page that the shop's owner writes.
    PageId "page";
    /// An entry of the main menu or the footer.
    MenuEntryId "menu";
    /// A section of the home page.
    HomeSectionId "sec";
    /// What a visitor wrote through the contact page.
    ContactMessageId "msg";
    /// Somebody who is told by mail when a variant can be bought again.
    BackInStockRequestId "bis";
    /// A kind of product, with the facts that its products state.
    ProductTypeId "ptype";
    /// A fact that products of a type state.
    ProductFieldId "pfld";
    /// A person with an account.
    UserId "usr";
    /// A signed-in browser.
    SessionId "ses";
    /// An invitation to the staff.
    InvitationId "inv";
    /// A key of the HTTP API.
    ApiKeyId "key";
    /// An entry of the journal.
    EntryId "jrn";
    EventId "evt";
    /// Background work with a time to run at.
    JobId "job";
    /// One request, for logs and events.
    RequestId "req";
    DiscountId "disc";
    /// An operation that an outside system refused.
    RefusalId "rfs";
    /// Many products changed at once.
    BulkEditId "blk";
    /// A saved view of a list.
    SavedFilterId "flt";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written_and_only_with_its_own_prefix() {
        let id = OrderId(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().parse::<CartId>().is_err());
        assert!("ord_7".parse::<OrderId>().is_err());
    }
}
