//! Why there is no order.

use domain::id::OrderId;
use domain::view::FieldErrors;
use domain::{Money, MoneyError};

use platform::Forbidden;
use platform::db::DbError;

use crate::cart::CartError;

/// Why there is no order. Nothing was changed, the cart is as it was.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CheckoutError {
    /// Something in the form is wrong; each field with what to do.
    #[error("please check what is marked")]
    Invalid(FieldErrors),
    /// Selling at a counter needs a permission.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No such cart, or another shopper's.
    #[error("there is no such cart")]
    NoCart,
    /// Nothing in it that can be bought.
    #[error("the cart is empty")]
    Empty,
    /// Not enough of something; names what.
    #[error("not enough in stock: {}", .0.join(", "))]
    OutOfStock(Vec<String>),
    /// Something is no longer sold; names what.
    #[error("no longer sold: {}", .0.join(", "))]
    NotForSale(Vec<String>),
    /// Another total than the shopper saw.
    #[error("the total is now {0}")]
    TotalChanged(Money),
    /// The cart's discount code cannot be used (any more), and the shopper has not seen what it costs without: this much.
    #[error("the discount code cannot be used; without it the total is {0}")]
    Discount(Money),
    /// The cart is this order already, which was placed with other contents.
    #[error("this cart was ordered already, as {number}")]
    Ordered { order: OrderId, number: String },
    /// The key was used for another order form.
    #[error("this idempotency key was used with other contents")]
    KeyReused,
    /// Not 8 to 100 letters, digits, `-`, `_`.
    #[error("an idempotency key has 8 to 100 letters, digits, hyphens and underscores")]
    Key,
    /// Beyond what can be paid.
    #[error("the total is too large")]
    TooLarge(#[from] MoneyError),
    #[error("{0}")]
    Db(#[from] DbError),
}

impl CheckoutError {
    /// One field of the form is wrong.
    pub(super) fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![(field.to_owned(), message.into())])
    }
}

impl From<CartError> for CheckoutError {
    fn from(error: CartError) -> Self {
        match error {
            CartError::Unknown | CartError::OfAccount | CartError::TooManyLines => Self::NoCart,
            CartError::TooLarge(e) => Self::TooLarge(e),
            CartError::Db(e) => Self::Db(e),
        }
    }
}
