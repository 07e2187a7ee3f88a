//! Events of customers. They are not sealed, so they name rows and hold no personal data.

use domain::id::{AddressId, UserId};
use platform::events::Event;
use serde::{Deserialize, Serialize};

/// An address was added to the account's book, changed, or made its default.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddressSaved {
    pub address: AddressId,
}

impl Event for AddressSaved {
    const KIND: &'static str = "address.saved";
    type Subject = UserId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddressDeleted {
    pub address: AddressId,
}

impl Event for AddressDeleted {
    const KIND: &'static str = "address.deleted";
    type Subject = UserId;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PreferencesSaved {
    pub locale: String,
    pub marketing: bool,
}

impl Event for PreferencesSaved {
    const KIND: &'static str = "user.preferences_changed";
    type Subject = UserId;
}

/// The export of customers began. The subject is who exports.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomersExportBegun {}

impl Event for CustomersExportBegun {
    const KIND: &'static str = "customers.export_begun";
    type Subject = UserId;
}

/// The export of customers ended, or was broken off.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomersExported {
    pub rows: u64,
    /// False when it was broken off.
    pub complete: bool,
}

impl Event for CustomersExported {
    const KIND: &'static str = "customers.exported";
    type Subject = UserId;
}
