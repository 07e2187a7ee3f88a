//! What things cost: prices from price lists, tax rates by class and country, discount codes, delivery fees.
//!
//! A price list is in force for a currency, for one channel or all, and for a time. Of those in force the one with the lowest
//! position that names the variant gives its price; so a sale is a list before the ordinary one. Prices contain tax.
//!
//! [`price_order`] computes what an order costs. There is no other way to it.

mod check;
mod delivery;
mod discounts;
pub mod events;
mod order;
mod rules;
mod store;
mod taxes;

use domain::id::{PictureId, ProductId, VariantId};
use domain::order::Channel;
use domain::view::FieldErrors;
use domain::{Locale, Money};

use platform::Forbidden;
use platform::db::DbError;

pub(crate) use check::{Check, check_exists, differences};
pub use delivery::{DeliveryMethod, delivery_methods, save_delivery_method};
pub use discounts::{discount, discounts, normal_code, save_discount};
pub use order::{LineItem, PriceRequest, PricedItem, PricedOrder, Prices, Rules, price_order, quotes};
pub(crate) use rules::invalidate;
pub use rules::{RulesCache, rules};
pub(crate) use store::{count_code_uses, return_code_uses};
pub use taxes::{TAX_CLASSES, TaxRates, save_tax_rate, tax_rates};
pub(crate) use taxes::{register, schedule_tax_rates};

/// Why a rule was not read or not saved.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RulesError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// By field, in the user's language.
    #[error("some fields need another look")]
    Invalid(FieldErrors),
    /// No such delivery method, discount code or location.
    #[error("there is no such rule")]
    Unknown,
    #[error("{0}")]
    Db(#[from] DbError),
}

/// A variant with its price and texts of now.
#[derive(Clone, Debug)]
pub struct Quote {
    pub variant: VariantId,
    pub product: ProductId,
    pub sku: String,
    /// The product's name in the caller's language (in English where there is none).
    pub name: String,
    pub slug: String,
    /// Chosen options, `Large · Oat`.
    pub options: String,
    /// The variant's picture, or the product's main one.
    pub picture: Option<PictureId>,
    /// Price of one, minor units. None when no list in force names it.
    pub price: Option<i64>,
    pub tax_class: String,
    /// Weight of one unit, grams.
    pub weight_g: i64,
    /// What one costs the shop, in the currency of its books.
    pub cost: Money,
    /// Is the product published, the variant not archived, and does it have a price?
    pub on_sale: bool,
}

/// What a quote depends on, beside currency and time.
pub type QuoteKey = (VariantId, Channel, Locale);
