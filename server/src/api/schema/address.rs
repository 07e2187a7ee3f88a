//! Postal addresses in the API, and the longest that their fields may be.

use domain::view;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A postal address. Fields that a country does not use stay empty.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Name of the person who receives the parcel.
    #[serde(default)]
    #[schema(max_length = 120, example = "Ana Reyes")]
    pub recipient: String,
    /// Telephone number for the courier.
    #[serde(default)]
    #[schema(max_length = 40, example = "+639171234567")]
    pub phone: String,
    /// Country, as ISO 3166-1 alpha-2.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "PH")]
    pub country: String,
    /// House number and street.
    #[serde(default)]
    #[schema(max_length = 120, example = "12 Mabini Street")]
    pub line1: String,
    /// Floor, unit or landmark.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub line2: String,
    /// Barangay; in the Philippines only.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub barangay: String,
    /// City or municipality.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub city: String,
    /// Province, state or prefecture.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub province: String,
    /// Region; in the Philippines only.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub region: String,
    /// Postal code as the country writes it.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub postal_code: String,
    /// The barangay's code in the Philippine Standard Geographic Code; with it, barangay, city, province and region may stay empty.
    #[serde(default)]
    #[schema(max_length = 10, example = "1381300009")]
    pub place: String,
}

impl From<Address> for view::Address {
    fn from(a: Address) -> Self {
        Self {
            recipient: a.recipient,
            phone: a.phone,
            country: a.country,
            line1: a.line1,
            line2: a.line2,
            barangay: a.barangay,
            city: a.city,
            province: a.province,
            region: a.region,
            postal_code: a.postal_code,
            place: a.place,
        }
    }
}

impl From<view::Address> for Address {
    fn from(a: view::Address) -> Self {
        Self {
            recipient: a.recipient,
            phone: a.phone,
            country: a.country,
            line1: a.line1,
            line2: a.line2,
            barangay: a.barangay,
            city: a.city,
            province: a.province,
            region: a.region,
            postal_code: a.postal_code,
            place: a.place,
        }
    }
}

impl Address {
    /// `(field, message)` for each field that is too long; `prefix` goes before the field.
    #[must_use]
    pub fn too_long(&self, prefix: &str) -> view::FieldErrors {
        let fields = [
            ("recipient", &self.recipient, 120),
            ("phone", &self.phone, 40),
            ("country", &self.country, 2),
            ("line1", &self.line1, 120),
            ("line2", &self.line2, 120),
            ("barangay", &self.barangay, 120),
            ("city", &self.city, 120),
            ("province", &self.province, 120),
            ("region", &self.region, 120),
            ("postal_code", &self.postal_code, 20),
            ("place", &self.place, 10),
        ];
        fields.into_iter().filter_map(|(field, text, max_chars)| too_long(&format!("{prefix}{field}"), text, max_chars)).collect()
    }
}

/// The error of a field that has more than `max_chars` characters.
#[must_use]
pub fn too_long(field: &str, text: &str, max_chars: usize) -> Option<(String, String)> {
    (text.chars().count() > max_chars).then(|| (field.to_owned(), format!("At most {max_chars} characters.")))
}
