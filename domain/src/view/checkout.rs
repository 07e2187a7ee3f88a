//! Checkout.

use serde::{Deserialize, Serialize};

use super::{Address, ContactDetails};
use crate::id::{CartId, OrderId};
use crate::order::PaymentMethod;
use crate::{Money, Timestamp};

/// A way to deliver to an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryOption {
    /// Its code.
    pub code: String,
    /// In the reader's language.
    pub name: String,
    /// In the reader's language.
    pub description: String,
    /// What it costs for this cart.
    pub fee: Money,
    /// The earliest promised day.
    pub from: Timestamp,
    /// The latest promised day.
    pub to: Timestamp,
}

/// Everything a checkout sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutForm {
    /// What is bought.
    pub cart: CartId,
    /// Who buys.
    pub contact: ContactDetails,
    /// Where it goes.
    pub shipping: Address,
    /// Who pays, when elsewhere.
    pub billing: Option<Address>,
    /// A code of [`DeliveryOption`].
    pub delivery: String,
    /// How it is paid.
    pub payment: PaymentMethod,
    /// The total that the shopper saw, minor units; another one is an error, so nobody pays what they did not see.
    pub seen_total: Option<i64>,
}

/// An order that was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The order.
    pub order: OrderId,
    /// As people say it.
    pub number: String,
    /// What it costs.
    pub total: Money,
    /// A signed link to follow it: the path and query.
    pub link: String,
    /// Where the shopper goes to pay, when paying needs another page.
    pub pay_at: Option<String>,
    /// Was it placed by an earlier attempt with the same key?
    pub replay: bool,
}
