//! What things cost: prices from price lists, tax rates by class and region, discount codes, delivery fees.
//!
//! A price list is in force for a currency, for one channel or all, and for a time. Of those in force the one with the lowest
//! position that names the variant gives its price; so a sale is a list before the ordinary one. The prices of a list
//! are with or without tax; what shoppers see and pay is with it ([`ListPrice::with_tax`]).
//!
//! [`price_order`] computes what an order costs. There is no other way to it.

mod check;
mod delivery;
mod discounts;
pub mod events;
mod list_price;
mod order;
mod quotes;
mod rules;
mod rules_cache;
mod store;
mod taxes;

use domain::Locale;
use domain::id::{PictureId, ProductId, VariantId};
use domain::order::Channel;
use domain::view::FieldErrors;

use platform::Forbidden;
use platform::db::DbError;

pub(crate) use check::{Check, check_exists, check_seen, differences};
pub use delivery::{DeliveryMethod, check_delivery_method, delivery_methods, save_delivery_method};
pub use discounts::{check_discount, discount, discounts, normal_code, save_discount};
pub use list_price::{HomeMarket, ListPrice, home_market};
pub(crate) use list_price::{prices_in_force, with_tax};
pub use order::{LineItem, PriceRequest, PricedItem, PricedOrder, Prices, price_order};
pub use quotes::{QuoteCache, quotes};
pub use rules::{Rules, tax_rates_at};
pub(crate) use rules_cache::invalidate;
pub use rules_cache::{RulesCache, rules};
pub(crate) use store::{count_code_uses, return_code_uses};
pub use taxes::{TAX_CLASSES, Tax, TaxRates, TaxRegion, save_tax_rate, tax_rates};
pub(crate) use taxes::{register, schedule_tax_rates};

/// Why a rule was not read or not saved.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PricingError {
    #[error("somebody else changed this in the meantime")]
    Stale,
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
    /// Price of one. None when no list in force names it.
    pub price: Option<ListPrice>,
    pub tax_class: String,
    /// Weight of one unit, grams.
    pub weight_g: i64,
    /// Is the product published, the variant not archived, and does it have a price?
    pub on_sale: bool,
}

/// What a quote depends on, beside currency and time.
pub type QuoteKey = (VariantId, Channel, Locale);
