//! People and where they live.

use serde::{Deserialize, Serialize};

use crate::id::{AddressId, UserId};
use crate::permission::Role;

/// How to reach somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactDetails {
    /// Whole name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Telephone number, E.164; empty when not given.
    pub phone: String,
}

/// A postal address. Fields that a country does not use are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Who receives.
    pub recipient: String,
    /// For the courier.
    pub phone: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// House, street.
    pub line1: String,
    /// Floor, landmark.
    pub line2: String,
    /// Barangay (Philippines).
    pub barangay: String,
    /// City or municipality.
    pub city: String,
    /// Province, state, prefecture.
    pub province: String,
    /// Region (Philippines).
    pub region: String,
    /// Postal code.
    pub postal_code: String,
    /// The barangay's code in the PSGC; empty elsewhere.
    pub place: String,
}

/// An address in a shopper's book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedAddress {
    /// The address.
    pub id: AddressId,
    /// What it says.
    pub address: Address,
    /// Used unless another is chosen.
    pub is_default: bool,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The account.
    pub id: UserId,
    /// Name, e-mail, phone.
    pub contact: ContactDetails,
    /// Staff have a role.
    pub role: Option<Role>,
}

/// A place of the Philippine geographic code, or what is offered beneath one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// PSGC code.
    pub code: String,
    /// Name.
    pub name: String,
    /// `region`, `province`, `city`, `municipality`, `district`, `barangay`.
    pub kind: String,
    /// Postal code, when known.
    pub postal_code: String,
}

/// What is wrong with a field of a form: `(field name, message in the reader's language)`.
pub type FieldErrors = Vec<(String, String)>;
