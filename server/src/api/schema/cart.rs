//! Carts in the API.

use domain::id::{CartId, VariantId};
use domain::order::Channel;
use domain::view::{self, CartNotice, DiscountRefusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Money, whole};

/// A line, as it is sent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLine {
    /// Id of the variant, as products give it.
    #[schema(pattern = "^var_[0-9a-f]{32}$", example = "var_0199a0b0c0d07e10b2f3a4b5c6d7e8f9")]
    pub variant: String,
    /// Units, 1 to 9,999.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 9999, example = 2)]
    pub quantity: i64,
}

/// Where a cart is sold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CartChannel {
    /// By a program, for a shopper.
    #[default]
    Api,
    /// At a counter, by staff. Needs a key with the scope `create_orders`.
    Till,
}

impl From<CartChannel> for Channel {
    fn from(channel: CartChannel) -> Self {
        match channel {
            CartChannel::Api => Self::Api,
            CartChannel::Till => Self::Till,
        }
    }
}

/// What a cart is to hold.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCart {
    /// Lines; the same variant twice is added up.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub lines: Vec<NewLine>,
    /// A discount code; case does not matter.
    #[serde(default)]
    #[schema(max_length = 64, example = "WELCOME10")]
    pub discount_code: Option<String>,
    /// Which prices and which stock apply to it.
    #[serde(default)]
    pub channel: CartChannel,
}

/// The lines that a cart is to hold instead of those it holds.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLines {
    /// Lines; the same variant twice is added up; none empties the cart.
    #[schema(max_items = 200)]
    pub lines: Vec<NewLine>,
}

/// The discount code that a cart is to have.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDiscount {
    /// Code as shoppers type it.
    #[schema(min_length = 1, max_length = 64, example = "WELCOME10")]
    pub code: String,
}

/// A line of a cart.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CartLine {
    /// Id of the variant.
    pub variant: String,
    /// Stock keeping unit of the variant.
    pub sku: String,
    /// Name of the product in the caller's language.
    pub name: String,
    /// Chosen options; empty without options.
    pub options: String,
    /// Slug of the product, for its address.
    pub slug: String,
    /// Units, 1 to 9,999.
    pub quantity: i64,
    /// Price of one unit, tax included.
    pub unit_price: Money,
    /// Units times price, before discount.
    pub total: Money,
    /// The most that can be bought now, at most 10 more than asked.
    pub available: i64,
}

/// What changed in a cart since it was last read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Notice {
    /// `price_changed`, `quantity_cut`, `sold_out`, `gone` or `discount_refused`.
    pub kind: String,
    /// The same in words.
    pub message: String,
}

impl From<CartNotice> for Notice {
    fn from(notice: CartNotice) -> Self {
        let (kind, message) = match notice {
            CartNotice::PriceChanged { name, from, to } => ("price_changed", format!("{name}: {to} instead of {from}.")),
            CartNotice::QuantityCut { name, from, to } => ("quantity_cut", format!("{name}: only {to} of {from} are left.")),
            CartNotice::SoldOut { name } => ("sold_out", format!("{name} is sold out.")),
            CartNotice::Gone { name } => ("gone", format!("{name} is no longer sold.")),
            CartNotice::DiscountRefused { code, reason } => {
                let why = match reason {
                    DiscountRefusal::Unknown => "there is no such code".to_owned(),
                    DiscountRefusal::NotYet(_) => "it is not valid yet".to_owned(),
                    DiscountRefusal::Ended => "it is no longer valid".to_owned(),
                    DiscountRefusal::UsedUp => "it was used as often as it may be".to_owned(),
                    DiscountRefusal::TooMany => "too many codes were tried; try again later".to_owned(),
                    DiscountRefusal::BelowMinimum(least) => format!("the items must cost at least {least}"),
                };
                ("discount_refused", format!("{code}: {why}."))
            }
        };
        Self { kind: kind.to_owned(), message }
    }
}

/// A cart with its prices of now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Cart {
    /// Id of the cart. It gives access to the cart: keep it like a password.
    pub id: String,
    /// Lines in the order of the cart, at most 200.
    pub lines: Vec<CartLine>,
    /// Sum of the lines, before discount.
    pub subtotal: Money,
    /// What the discount code takes off, as a positive amount.
    pub discount: Money,
    /// Tax inside `total`.
    pub tax: Money,
    /// What is to be paid for the items. What delivery adds depends on the address: see the delivery options.
    pub total: Money,
    /// The code that applies.
    pub discount_code: Option<String>,
    /// What changed since the cart was last read.
    pub notices: Vec<Notice>,
}

impl Cart {
    /// `id` is taken when the view has none.
    #[must_use]
    pub fn new(id: Option<CartId>, cart: view::CartView) -> Self {
        let line = |line: view::CartLineView| CartLine {
            variant: line.variant.to_string(),
            sku: line.sku,
            name: line.name,
            options: line.options,
            slug: line.slug,
            quantity: line.quantity.get(),
            unit_price: line.unit_price.into(),
            total: line.total.into(),
            available: line.available,
        };
        let totals = cart.totals;
        Self {
            id: cart.id.or(id).map_or_else(String::new, |id| id.to_string()),
            lines: cart.lines.into_iter().map(line).collect(),
            subtotal: totals.subtotal.into(),
            discount: totals.discount.into(),
            tax: totals.tax.into(),
            total: totals.total.into(),
            discount_code: cart.discount_code,
            notices: cart.notices.into_iter().map(Into::into).collect(),
        }
    }
}

/// # Errors
/// `(field, message)` for each wrong line.
pub fn items(lines: Vec<NewLine>) -> Result<Vec<view::CartItem>, view::FieldErrors> {
    if lines.len() > domain::cart::MAX_LINES {
        return Err(vec![("lines".to_owned(), format!("At most {} lines.", domain::cart::MAX_LINES))]);
    }
    let mut errors = Vec::new();
    let mut items = Vec::with_capacity(lines.len());
    for (i, line) in lines.into_iter().enumerate() {
        let variant = line
            .variant
            .parse::<VariantId>()
            .map_err(|_| errors.push((format!("lines[{i}].variant"), "A variant's id, as products show it.".to_owned())));
        let quantity = domain::Quantity::new(line.quantity)
            .map_err(|_| errors.push((format!("lines[{i}].quantity"), "A whole number from 1 to 9,999.".to_owned())));
        if let (Ok(variant), Ok(quantity)) = (variant, quantity) {
            items.push(view::CartItem { variant, quantity, seen_price: 0 });
        }
    }
    if errors.is_empty() { Ok(items) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_accepted_with_and_without_decimals() {
        let quantity = |text: &str| {
            serde_json::from_str::<NewLine>(&format!("{{\"variant\": \"\", \"quantity\": {text}}}")).map(|line| line.quantity).ok()
        };
        assert_eq!(
            (quantity("2"), quantity("2.0"), quantity("2.5"), quantity("1e300"), quantity("\"2\"")),
            (Some(2), Some(2), None, None, None)
        );
    }

    #[test]
    fn each_wrong_line_is_named() {
        let line = |variant: &str, quantity| NewLine { variant: variant.to_owned(), quantity };
        let wrong = items(vec![line("var_1", 1), line("var_0199a0b0c0d07e10b2f3a4b5c6d7e8f9", 10_000)]).unwrap_err();
        let fields: Vec<_> = wrong.into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["lines[0].variant", "lines[1].quantity"]);
    }
}
