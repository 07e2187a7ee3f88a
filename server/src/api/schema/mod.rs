//! The API's types, apart from the pages' views, so that pages may change without changing the API.
//!
//! Amounts are minor units (centavos) beside a currency; times are milliseconds since 1970 UTC; texts are in the caller's
//! language. Fields are added, never taken away.

mod address;
mod cart;
mod new_order;
mod order;
mod order_price;
mod products;
mod stock;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

pub use address::*;
pub use cart::*;
pub use new_order::*;
pub use order::*;
pub use order_price::*;
pub use products::*;
pub use stock::*;

/// An amount of money.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Money {
    /// Minor units: centavos for pesos, yen for yen.
    #[schema(example = 24500)]
    pub minor: i64,
    /// ISO 4217 code.
    #[schema(pattern = "^[A-Z]{3}$", example = "PHP")]
    pub currency: String,
    /// The same in major units, for people.
    #[schema(example = "245.00")]
    pub decimal: String,
}

impl From<domain::Money> for Money {
    fn from(money: domain::Money) -> Self {
        Self { minor: money.minor, currency: money.currency.code().to_owned(), decimal: money.decimal() }
    }
}

/// A whole number, also when it is written `2.0` as some programs do: JSON has one kind of number.
fn whole<'de, D: Deserializer<'de>>(json: D) -> Result<i64, D::Error> {
    let number = serde_json::Number::deserialize(json)?;
    // Exact up to 2^53, far beyond what is taken.
    let float = |n: f64| (n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0).then_some(n as i64);
    number.as_i64().or_else(|| number.as_f64().and_then(float)).ok_or_else(|| D::Error::custom("a whole number is wanted"))
}

fn whole_or_none<'de, D: Deserializer<'de>>(json: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    struct Whole(#[serde(deserialize_with = "whole")] i64);
    Ok(Option::<Whole>::deserialize(json)?.map(|whole| whole.0))
}
