//! What things cost: prices from price lists, tax rates by class and country, discount codes, delivery fees.
//!
//! A price list is in force for a currency, for one channel or all, and for a time. Of those in force the one with the lowest
//! position that names the variant gives its price; so a sale is a list before the ordinary one. Prices contain tax.

mod check;
mod discounts;
mod rules;
mod store;

use std::collections::HashMap;

use domain::cart::{DeliveryRate, PricedLine};
use domain::id::{PictureId, ProductId, VariantId};
use domain::order::Channel;
use domain::{Currency, Locale, Quantity, Timestamp};

use crate::platform::db::{DbError, Reader};

pub use discounts::{Code, codes, discount, discounts, normal_code, save_discount};
pub use rules::{RulesError, TAX_CLASSES, delivery_methods, save_delivery_method, save_tax_rate, tax_rates};

/// A variant with its price and words of now.
#[derive(Clone, Debug)]
pub struct Quote {
    /// What.
    pub variant: VariantId,
    /// Of which product.
    pub product: ProductId,
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name in the reader's language (English where there is none).
    pub name: String,
    /// The product's slug.
    pub slug: String,
    /// Chosen options, `Large · Oat`.
    pub options: String,
    /// The variant's photograph, or the product's main one.
    pub picture: Option<PictureId>,
    /// Price of one, minor units. None when no list in force names it.
    pub price: Option<i64>,
    pub tax_class: String,
    /// Grams of one.
    pub weight_g: i64,
    /// What one costs the shop, minor units.
    pub cost: i64,
    /// Is the product published and the variant not archived?
    pub on_sale: bool,
}

/// What a quote depends on.
pub type QuoteKey = (VariantId, Channel, Locale);

/// Quotes for many variants at once. What does not exist is missing from the answer.
///
/// # Errors
/// The database's.
pub async fn quotes(
    db: &mut impl Reader,
    keys: &[QuoteKey],
    currency: Currency,
    at: Timestamp,
) -> Result<HashMap<QuoteKey, Quote>, DbError> {
    store::quotes(db, keys, currency, at).await
}

/// The rules that do not depend on the goods: tax rates and delivery methods in force.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rates: HashMap<(String, String), i64>,
    /// Delivery methods that are offered, in order.
    pub methods: Vec<Method>,
}

/// A delivery method with its words in each language.
#[derive(Clone, Debug)]
pub struct Method {
    pub code: String,
    /// Minor units.
    pub fee: i64,
    /// Minor units for each begun kilogram beyond the first.
    pub per_kg_fee: i64,
    /// Goods worth this travel free.
    pub free_from: Option<i64>,
    /// Days, at least.
    pub days_min: i64,
    /// Days, at most.
    pub days_max: i64,
    /// Minutes after midnight by the shop's clock: what is ordered from then on counts as ordered on the next day.
    pub cutoff: Option<i64>,
    /// Where it goes: `PH`, island groups, country codes, `*`.
    pub regions: Vec<String>,
    /// Does whoever brings it take cash at the door?
    pub collects_cash: bool,
    /// Name and description by language.
    pub texts: HashMap<Locale, (String, String)>,
}

impl Rules {
    /// Reads them.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(db: &mut impl Reader, at: Timestamp) -> Result<Self, DbError> {
        let rates = store::tax_rates(db, at).await?.into_iter().map(|(class, country, rate)| ((class, country), rate)).collect();
        Ok(Self { rates, methods: store::methods(db).await? })
    }

    /// The tax rate of a class of goods in a country, basis points; nothing where no rate is on file.
    #[must_use]
    pub fn tax_rate(&self, class: &str, country: &str) -> i64 {
        self.rates.get(&(class.to_owned(), country.to_owned())).copied().unwrap_or(0)
    }

    /// A delivery method by its code.
    #[must_use]
    pub fn method(&self, code: &str) -> Option<&Method> {
        self.methods.iter().find(|m| m.code == code)
    }

    /// The methods that go to a country (and, in the Philippines, an island group).
    pub fn methods_to<'a>(&'a self, country: &'a str, island: Option<&'a str>) -> impl Iterator<Item = &'a Method> {
        self.methods.iter().filter(move |m| m.goes_to(country, island))
    }

    /// What a method asks, taxed as standard services of the country it goes to.
    #[must_use]
    pub fn rate_of(&self, method: &Method, country: &str) -> DeliveryRate {
        DeliveryRate {
            fee: method.fee,
            per_kg_fee: method.per_kg_fee,
            free_from: method.free_from,
            tax_rate_bp: self.tax_rate("standard", country),
        }
    }
}

impl Method {
    /// Does it go there?
    #[must_use]
    pub fn goes_to(&self, country: &str, island: Option<&str>) -> bool {
        self.regions
            .iter()
            .any(|region| region == country || (region == "*" && country != "PH") || (country == "PH" && Some(region.as_str()) == island))
    }

    /// In how many days what is ordered at a moment arrives, at least and at most; counted from the shop's day of that moment.
    #[must_use]
    pub fn days(&self, at: Timestamp) -> (i64, i64) {
        let late = i64::from(self.cutoff.is_some_and(|cutoff| domain::minute_of_day(at) >= cutoff));
        (self.days_min + late, self.days_max + late)
    }

    /// Until when it must be ordered on the day of a moment to arrive as [`Self::days`] says; none where that makes no difference (any more).
    #[must_use]
    pub fn order_by(&self, at: Timestamp) -> Option<Timestamp> {
        let cutoff = self.cutoff.filter(|cutoff| domain::minute_of_day(at) < *cutoff)?;
        Some(domain::day_of(at).plus_millis(cutoff * 60_000))
    }

    /// Name and description in a language, English where there is none.
    #[must_use]
    pub fn words(&self, locale: Locale) -> (&str, &str) {
        self.texts
            .get(&locale)
            .or_else(|| self.texts.get(&Locale::En))
            .map_or((self.code.as_str(), ""), |(name, description)| (name, description))
    }
}

pub(crate) use store::use_codes;

/// A line for the sums.
#[must_use]
pub fn priced(quote: &Quote, price: i64, quantity: Quantity, rules: &Rules, country: &str) -> PricedLine {
    PricedLine { unit_price: price, quantity, tax_rate_bp: rules.tax_rate(&quote.tax_class, country), weight_g: quote.weight_g }
}
