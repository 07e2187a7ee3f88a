//! What an order's price consists of, in the API.

use domain::view;
use serde::Serialize;
use utoipa::ToSchema;

use super::Money;

/// A change of an order's price: a line's share of a discount, the delivery fee.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderAdjustment {
    /// Its number among the order's adjustments.
    pub n: i64,
    /// Id of the line that it changes; none for one of the whole order.
    pub line: Option<String>,
    /// `discount` or `delivery`; further ones may follow.
    pub kind: String,
    /// What it comes from: `discount_code` or `delivery_method`; further ones may follow.
    pub source: String,
    /// The code of the discount or of the delivery method.
    pub reference: String,
    /// Negative for what is taken off.
    pub amount: Money,
    /// Tax inside `amount`.
    pub tax: Money,
}

/// A tax inside of an order's price.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderTax {
    /// Id of the line that is taxed, less what is taken off it.
    pub line: Option<String>,
    /// Otherwise the number of the adjustment that is taxed.
    pub adjustment: Option<i64>,
    /// `standard`, `zero`, `exempt` or `none`.
    pub class: String,
    /// The country whose rate it is, ISO 3166-1 alpha-2.
    pub country: String,
    /// Code of the state or province whose rate it is; empty for the whole country's.
    pub province: String,
    /// Basis points: 1200 are 12 %.
    pub rate_bp: i64,
    /// What is taxed, without tax.
    pub net: Money,
    /// The tax.
    pub tax: Money,
}

impl From<view::OrderAdjustmentView> for OrderAdjustment {
    fn from(a: view::OrderAdjustmentView) -> Self {
        Self {
            n: a.n,
            line: a.line.map(|line| line.to_string()),
            kind: a.kind.to_string(),
            source: a.source.to_string(),
            reference: a.reference,
            amount: a.amount.into(),
            tax: a.tax.into(),
        }
    }
}

impl From<view::OrderTaxView> for OrderTax {
    fn from(t: view::OrderTaxView) -> Self {
        Self {
            line: t.line.map(|line| line.to_string()),
            adjustment: t.adjustment,
            class: t.class,
            country: t.country,
            province: t.province,
            rate_bp: t.rate_bp,
            net: t.net.into(),
            tax: t.tax.into(),
        }
    }
}
