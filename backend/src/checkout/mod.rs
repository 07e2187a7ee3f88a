//! Checkout: from a cart to an order, once.
//!
//! [`place_order`] checks and seals what it was given, then hands the command to a [`Batcher`]: the commands that
//! arrive while the last transaction is being written are written together, with the same statements for many as for one
//! (`place.rs`). The transaction holds all that must be true together: stock, order, payment attempt, journal entry, events.
//!
//! One press makes one order: the idempotency key is kept with a keyed hash of what was sent, and a cart can be ordered once. Sent
//! again, the same key or the same cart is answered with the order there is; the same key or cart with other contents is an error.
//! A discount is never dropped unseen: a cart whose code does not apply any more is ordered without it only by who names the total
//! without it.

pub mod cash;
mod offers;
mod place;
mod store;

use domain::id::{AddressId, CartId, ContactId, OrderId, UserId};
use domain::messages::t;
use domain::order::{Channel, PaymentMethod};
use domain::view::{Address, CheckoutForm, DeliveryOption, FieldErrors, OrderLimits, Placed};
use domain::{Locale, Money, MoneyError, Timestamp};

use crate::cart::{self, CartError};
use crate::customers::{self, PreparedAddress, PreparedContact};
use crate::platform::Context;
use crate::platform::db::{Batcher, DbError};
use crate::{Shop, orders, payments};

use cash::Mark;

pub use offers::{delivery_to, is_place_known, next_turn, offers};

/// How long a card order may stay unpaid before its stock is given back, milliseconds.
pub const PAYMENT_TIME: i64 = 30 * 60 * 1_000;

/// Why no order was made. Nothing was changed, the cart is as it was.
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
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
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
    key: String,
    body_hash: Vec<u8>,
    order: OrderId,
    number: String,
    cart: CartId,
    user: Option<UserId>,
    channel: Channel,
    locale: Locale,
    contact: PreparedContact,
    shipping: PreparedAddress,
    billing: Option<PreparedAddress>,
    country: String,
    island: Option<&'static str>,
    delivery: String,
    payment: PaymentMethod,
    seen_total: Option<i64>,
    /// What it is counted by, and what it may be; none for who is trusted.
    marks: Vec<Mark>,
    limits: OrderLimits,
    context: Context,
    at: Timestamp,
}

/// What the transaction answers.
#[derive(Clone, Debug)]
pub(crate) struct PlacedOrder {
    order: OrderId,
    number: String,
    total: Money,
    payment: PaymentMethod,
    replay: bool,
}

/// The batcher that all orders of a shop go through.
pub(crate) type OrderBatcher = Batcher<Command, PlacedOrder, CheckoutError>;

/// The ways to deliver a cart to an address, cheapest first.
///
/// # Errors
/// [`CheckoutError::NoCart`] for a cart that is not the caller's.
pub async fn delivery_options(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    id: CartId,
    address: &Address,
) -> Result<Vec<DeliveryOption>, CheckoutError> {
    Ok(offers(shop, ctx, locale, id, address).await?.into_iter().map(|(option, _)| option).collect())
}

/// Makes an order of a cart. With a card the answer says where to pay; a gateway that does not answer leaves the order to be
/// paid from its page.
///
/// # Errors
/// See [`CheckoutError`]; in each case nothing was changed.
pub async fn place_order(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    channel: Channel,
    key: &str,
    form: CheckoutForm,
) -> Result<Placed, CheckoutError> {
    let cart = form.cart;
    let command = prepare(shop, ctx, locale, channel, key, form)?;
    let made = match shop.checkout().call(command).await {
        Err(refused @ (CheckoutError::TotalChanged(_) | CheckoutError::OutOfStock(_))) => {
            if let Err(error) = cart::fit(shop, cart).await {
                tracing::warn!(%cart, %error, "a cart keeps more than there is");
            }
            return Err(refused);
        }
        other => other?,
    };
    let pay_at = match made.payment {
        PaymentMethod::Card => payments::start_card(shop, made.order).await.unwrap_or_else(|error| {
            tracing::warn!(order = %made.order, %error, "the gateway did not begin a payment; the shopper can pay from the order's page");
            None
        }),
        PaymentMethod::Cod => None,
    };
    Ok(Placed {
        order: made.order,
        number: made.number,
        total: made.total,
        link: orders::link(shop, made.order),
        pay_at,
        replay: made.replay,
    })
}

/// Checks the form, and seals what is personal.
fn prepare(shop: &Shop, ctx: &Context, locale: Locale, channel: Channel, key: &str, form: CheckoutForm) -> Result<Command, CheckoutError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !(8..=100).contains(&key.len()) || !key.chars().all(plain) {
        return Err(CheckoutError::Key);
    }
    let body = serde_json::to_string(&form).map_err(|e| DbError::Lost(e.to_string()))?;
    // Keyed: whoever has the database but not the key cannot try out names and addresses.
    let body_hash = shop.keys().blind("checkout", &body);
    let wrong = check_form(locale, &form);
    if !wrong.is_empty() {
        return Err(CheckoutError::Invalid(wrong));
    }
    let contact = customers::prepare_contact(shop, &form.contact, locale);
    let contact_id: ContactId = contact.id;
    let shipping = customers::prepare_address(shop, contact_id, &form.shipping);
    let billing = form.billing.as_ref().map(|address| customers::prepare_address(shop, contact_id, address));
    let limits = cash::limits(shop, ctx);
    let marks = cash::marks(shop, ctx, &form);
    let mut random = [0; 5];
    shop.rng().fill(&mut random);
    Ok(Command {
        key: key.to_owned(),
        body_hash,
        order: OrderId(shop.id()),
        number: domain::order::order_number(random),
        cart: form.cart,
        user: ctx.user(),
        channel,
        locale,
        contact,
        shipping,
        billing,
        island: customers::address_tree::island_group(&form.shipping),
        country: form.shipping.country,
        delivery: form.delivery,
        payment: form.payment,
        seen_total: form.seen_total,
        marks,
        limits,
        context: ctx.clone(),
        at: shop.now(),
    })
}

/// What is wrong with the fields of a form, in the reader's language; nothing where all are right. Fields of the billing address
/// begin with `billing_`.
#[must_use]
pub fn check_form(locale: Locale, form: &CheckoutForm) -> FieldErrors {
    let mut errors: FieldErrors = customers::check_contact(locale, &form.contact);
    // Before it is known where it goes there is no way to choose.
    if form.delivery.is_empty() && is_place_known(&form.shipping) {
        errors.push(("delivery".to_owned(), t::DELIVERY_CHOOSE.text(locale).to_owned()));
    }
    errors.extend(customers::check_address(locale, &form.shipping));
    if let Some(billing) = &form.billing {
        let found = customers::check_address(locale, billing);
        errors.extend(found.into_iter().map(|(field, message)| (format!("billing_{field}"), message)));
    }
    errors
}

/// Made once for each shop.
pub(crate) fn order_batcher(shop: &Shop) -> OrderBatcher {
    let ids = place::Ids { clock: shop.clock().clone(), rng: shop.rng().clone() };
    Batcher::new(shop.db().clone(), 64, async move |tx: &mut crate::platform::db::Tx, commands: &[Command], first: Option<&place::Row>| {
        place::place_orders(tx, &ids, commands, first).await
    })
}

/// Ids of the address that bills: the shipping address where no other was given.
fn billing_id(command: &Command) -> AddressId {
    command.billing.as_ref().map_or(command.shipping.id, |b| b.id)
}
