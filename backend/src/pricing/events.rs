//! Events of the rules that managers set.

use domain::id::{DiscountId, TaxRateId};
use domain::{Currency, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use platform::events::Event;
use platform::follows;

/// All events after which tax or delivery may cost something else.
pub const RULE_CHANGES: &[&str] = follows![TaxChanged, TaxTookEffect, DeliveryChanged];

/// A tax rate was set, to come into force now or later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaxChanged {
    pub class: String,
    pub country: String,
    /// Empty for the whole country.
    pub province: String,
    /// Basis points: the rate that would have been in force, and the new one.
    pub rate_bp: (Option<i64>, i64),
    pub valid_from: Timestamp,
    pub source: String,
}

impl Event for TaxChanged {
    const KIND: &'static str = "tax.changed";
    type Subject = TaxRateId;
}

/// A tax rate that was set for later came into force, and is another one than before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaxTookEffect {
    pub class: String,
    pub country: String,
    /// Empty for the whole country.
    pub province: String,
    /// Basis points: the rate that was in force until then, and the new one.
    pub rate_bp: (Option<i64>, i64),
}

impl Event for TaxTookEffect {
    const KIND: &'static str = "tax.took_effect";
    type Subject = TaxRateId;
}

/// A delivery method was set. Its subject is nil: methods have codes and no ids.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeliveryChanged {
    pub code: String,
    pub active: bool,
    /// Of the amounts in `changed`.
    pub currency: Currency,
    /// Each changed field with its value before and after; empty for a new method. Texts are only named.
    pub changed: Value,
}

impl Event for DeliveryChanged {
    const KIND: &'static str = "delivery.changed";
    type Subject = Uuid;
}

/// A discount code was set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DiscountChanged {
    pub code: String,
    pub active: bool,
    /// Of the amounts in `changed`.
    pub currency: Currency,
    /// Each changed field with its value before and after; empty for a new code.
    pub changed: Value,
}

impl Event for DiscountChanged {
    const KIND: &'static str = "discount.changed";
    type Subject = DiscountId;
}
