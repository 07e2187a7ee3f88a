//! Tax rates, delivery methods and discount codes as managers set them.

use serde::{Deserialize, Serialize};

use crate::cart::Discount;
use crate::id::{PriceListId, TaxRateId};
use crate::{Currency, Timestamp};

/// A tax rate: past, current or future.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRateView {
    pub id: TaxRateId,
    pub class: String,
    pub country: String,
    /// Code of its state or province; empty for the whole country.
    pub province: String,
    /// Basis points; 12 % is 1,200.
    pub rate_bp: i64,
    /// The moment from which the rate applies.
    pub valid_from: Timestamp,
    /// The moment at which it ends; none while no rate follows.
    pub valid_to: Option<Timestamp>,
    /// The law or notice it comes from.
    pub source: String,
}

/// A tax rate that is to come into force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaxRateDraft {
    /// `standard`, `zero`, `exempt` or `none`.
    pub class: String,
    pub country: String,
    /// Code of its state or province, in the Philippines that of the PSGC; empty for the whole country.
    pub province: String,
    /// Basis points, 0 to 10,000; 0 for every class but the standard one.
    pub rate_bp: i64,
    /// From when on; none for now.
    pub valid_from: Option<Timestamp>,
    /// The law or notice it comes from.
    pub source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceListView {
    pub id: PriceListId,
    pub name: String,
    pub currency: Currency,
    /// None for all.
    pub channel: Option<String>,
    /// Is tax inside of its prices? Otherwise it is added.
    pub includes_tax: bool,
    pub valid_from: Option<Timestamp>,
    pub valid_to: Option<Timestamp>,
}

/// A delivery method, as edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryMethodDraft {
    /// A new one: an existing code is refused.
    pub is_new: bool,
    /// Its code: small letters, digits and hyphens.
    pub code: String,
    /// Sort key, ascending.
    pub position: i64,
    /// Names by language, in the order of `Locale::ALL`.
    pub names: Vec<String>,
    /// One for each language, in the order of `Locale::ALL`.
    pub descriptions: Vec<String>,
    /// Minor units.
    pub fee: i64,
    /// Minor units for each begun kilogram beyond the first.
    pub per_kg_fee: i64,
    /// Minor units from which on the delivery is free.
    pub free_from: Option<i64>,
    /// Days until it arrives, at least.
    pub days_min: i64,
    /// Days until it arrives, at most.
    pub days_max: i64,
    /// Minutes after midnight in the shop's time zone: later orders count as placed on the next day. None for no cutoff.
    pub cutoff: Option<i64>,
    /// Where it goes: `PH`, `NCR`, `Luzon`, `Visayas`, `Mindanao`, a country code, or `*` for all other countries.
    pub regions: Vec<String>,
    /// Does the courier collect cash?
    pub collects_cash: bool,
    pub active: bool,
}

/// A discount code, as edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountDraft {
    /// A new one: an existing code is refused.
    pub is_new: bool,
    /// As shoppers type it: letters, digits and hyphens, at most 40; kept in capitals.
    pub code: String,
    pub takes: Discount,
    /// The least subtotal, minor units.
    pub min_subtotal: i64,
    /// From when on; none for at once.
    pub valid_from: Option<Timestamp>,
    /// The moment at which it ends; none for never.
    pub valid_to: Option<Timestamp>,
    /// Orders it can be used for; none for any number.
    pub most_uses: Option<i64>,
    pub active: bool,
}

/// A discount code and how many orders used it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountRowView {
    pub draft: DiscountDraft,
    pub uses: i64,
}

/// A page of discount codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountListView {
    /// Up to 50, the newest first.
    pub codes: Vec<DiscountRowView>,
    pub previous: Option<String>,
    pub next: Option<String>,
}
