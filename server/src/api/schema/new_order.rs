//! A checkout in the API: the ways to deliver a cart, and everything that makes an order of it.

use domain::order::PaymentMethod;
use domain::view;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Address, Money, whole_or_none};

/// A way to deliver.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryOption {
    /// For `delivery` of a checkout.
    #[schema(example = "standard")]
    pub code: String,
    /// Name of the delivery method in the caller's language.
    pub name: String,
    /// What the delivery method promises, in a sentence.
    pub description: String,
    /// What it costs for this cart.
    pub fee: Money,
    /// The earliest promised time.
    pub from: i64,
    /// The latest promised time.
    pub to: i64,
    /// Whether it can be paid by `cod`, in cash on delivery.
    pub collects_cash: bool,
}

/// The ways to deliver a cart to an address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryOptions {
    /// Cheapest first; none when nothing goes there.
    pub options: Vec<DeliveryOption>,
}

impl From<Vec<view::DeliveryOption>> for DeliveryOptions {
    fn from(options: Vec<view::DeliveryOption>) -> Self {
        let option = |o: view::DeliveryOption| DeliveryOption {
            code: o.code,
            name: o.name,
            description: o.description,
            fee: o.fee.into(),
            from: o.from.millis(),
            to: o.to.millis(),
            collects_cash: o.cash.is_taken(),
        };
        Self { options: options.into_iter().map(option).collect() }
    }
}

/// The person who buys, and how the shop reaches them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Given name and family name.
    #[schema(min_length = 1, max_length = 200, example = "Ana Reyes")]
    pub name: String,
    /// E-mail address that mails about the order go to.
    #[schema(min_length = 3, max_length = 254, example = "ana@example.com")]
    pub email: String,
    /// Telephone number; may stay empty.
    #[serde(default)]
    #[schema(max_length = 40, example = "+639171234567")]
    pub phone: String,
}

/// How an order is paid.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// Cash: on delivery the courier collects it, at a counter whoever sells.
    #[serde(rename = "cod")]
    Cash,
    /// A card: the answer has the address where the shopper pays.
    Card,
}

impl From<Payment> for PaymentMethod {
    fn from(payment: Payment) -> Self {
        match payment {
            Payment::Cash => Self::Cash,
            Payment::Card => Self::Card,
        }
    }
}

/// Everything that makes an order of a cart.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// The person who buys. Contact, delivery_address and delivery are needed, except for what is handed over at a counter: a cart of the channel
    /// `till` may be ordered without all three.
    #[serde(default)]
    pub contact: Option<Contact>,
    /// Address that the parcels go to.
    #[serde(default)]
    pub delivery_address: Option<Address>,
    /// Who pays, when elsewhere.
    #[serde(default)]
    pub billing_address: Option<Address>,
    /// The code of a delivery option.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, example = "standard")]
    pub delivery: Option<String>,
    /// What is to be written on a card in the parcel; may stay empty. Only for an order that is delivered.
    #[serde(default)]
    #[schema(max_length = 300, example = "Happy birthday, Lola!")]
    pub gift_note: String,
    /// How it is paid.
    pub payment: Payment,
    /// The total that the shopper was shown, minor units; when it has changed, no order is made.
    #[serde(default, deserialize_with = "whole_or_none")]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub expected_total: Option<i64>,
}

impl NewOrder {
    /// Does it say nothing of who buys, of where and how it is delivered, and of a gift?
    #[must_use]
    pub const fn is_without_delivery(&self) -> bool {
        self.contact.is_none()
            && self.delivery_address.is_none()
            && self.billing_address.is_none()
            && self.delivery.is_none()
            && self.gift_note.is_empty()
    }
}
