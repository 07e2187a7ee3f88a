//! What checkout's files hand to each other.

use domain::cart::{PricedLine, Totals};
use domain::id::{AddressId, CartId, OrderId, OrderLineId, PaymentId, UserId, VariantId};
use domain::order::{Channel, PaymentMethod, PaymentState};
use domain::view::{FieldErrors, OrderLimits};
use domain::{Currency, Locale, Money, MoneyError, Timestamp};

use platform::Context;
use platform::db::{Batcher, DbError};

use crate::cart::CartError;
use crate::customers::{PreparedAddress, PreparedContact};
use crate::inventory::Taken;
use crate::pricing::Quote;

use super::open_order_limits::Mark;

/// Why there is no order. Nothing was changed, the cart is as it was.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CheckoutError {
    /// Something in the form is wrong; each field with what to do.
    #[error("please check what is marked")]
    Invalid(FieldErrors),
    /// No such cart, or somebody else's.
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
    Gone(Vec<String>),
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
            CartError::Unknown | CartError::TooManyLines => Self::NoCart,
            CartError::TooLarge(e) => Self::TooLarge(e),
            CartError::Db(e) => Self::Db(e),
        }
    }
}

/// An order form, checked and sealed, as the transaction takes it.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(super) key: String,
    pub(super) body_hash: Vec<u8>,
    pub(super) order: OrderId,
    pub(super) number: String,
    pub(super) cart: CartId,
    pub(super) user: Option<UserId>,
    pub(super) channel: Channel,
    pub(super) locale: Locale,
    pub(super) contact: PreparedContact,
    pub(super) shipping: PreparedAddress,
    pub(super) billing: Option<PreparedAddress>,
    pub(super) country: String,
    pub(super) island: Option<&'static str>,
    pub(super) delivery: String,
    pub(super) payment: PaymentMethod,
    pub(super) seen_total: Option<i64>,
    /// What it is counted by, and the limits of its shopper; none for who is trusted.
    pub(super) marks: Vec<Mark>,
    pub(super) limits: OrderLimits,
    pub(super) context: Context,
    pub(super) at: Timestamp,
}

impl Command {
    /// The address that bills: the shipping address where no other was given.
    pub(super) fn billing_id(&self) -> &AddressId {
        self.billing.as_ref().map_or(&self.shipping.id, |billing| &billing.id)
    }
}

/// The answer to a command.
#[derive(Clone, Debug)]
pub(crate) struct PlacedOrder {
    pub(super) order: OrderId,
    pub(super) number: String,
    pub(super) total: Money,
    pub(super) payment: PaymentMethod,
    /// Was it placed by an earlier command?
    pub(super) replay: bool,
}

pub(super) type Answer = Result<PlacedOrder, CheckoutError>;

/// The batcher that all orders of a shop go through.
pub(crate) type OrderBatcher = Batcher<Command, PlacedOrder, CheckoutError>;

/// A row that an order needs and another transaction may hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ContendedRow {
    Cart(CartId),
    Code(String),
    Stock(VariantId),
}

/// A line of an order that is being placed.
pub(super) struct DraftLine {
    pub(super) id: OrderLineId,
    pub(super) quote: Quote,
    pub(super) price: PricedLine,
}

/// An order that is priced and not yet written.
pub(super) struct DraftOrder<'a> {
    /// The command's position in the batch.
    pub(super) index: usize,
    pub(super) command: &'a Command,
    pub(super) lines: Vec<DraftLine>,
    pub(super) totals: Totals,
    pub(super) discount_code: Option<String>,
    /// The total without the discount.
    pub(super) full_total: Money,
    pub(super) currency: Currency,
    pub(super) delivery_name: String,
    /// Days until it arrives, at least and at most.
    pub(super) promised_days: (i64, i64),
}

/// An order with the stock that was reserved for it.
pub(super) type StockedOrder<'a> = (DraftOrder<'a>, Taken);

/// An order that is being written.
pub(super) struct NewOrder<'a> {
    pub(super) draft: &'a DraftOrder<'a>,
    /// Its first attempt to be paid.
    pub(super) payment: PaymentId,
    pub(super) payment_state: PaymentState,
}
