//! Checkout: from a cart to an order, once.
//!
//! The way of an order is read in this order: [`place_order`] and [`place_counter_order`] check and seal what they were given and hand it
//! as a [`OrderCommand`] to a [`Batcher`]; the commands that arrive while the last transaction is being written are written together, with the same statements for
//! many as for one. `place_orders.rs` has the steps of that transaction and prices the orders, `claim.rs` gets what others want too,
//! `insert.rs` writes everything that must be true together: order, stock, payment attempt, journal entry, events.
//!
//! An order is placed once: the idempotency key is stored with a keyed hash of what was sent, and a cart can be ordered once. Sent
//! again, the same key or the same cart is answered with the existing order; the same key or cart with other contents is an error.
//! A discount is never dropped unseen: a cart whose code does not apply any more is ordered without it only when the shopper sends
//! the total without it.

mod claim;
mod error;
mod insert;
mod offers;
pub mod open_order_limits;
mod pay_in_cash;
mod place_orders;

use domain::id::{AddressId, CartId, OrderId, UserId};
use domain::messages::t;
use domain::order::{Channel, PaymentMethod};
use domain::permission::Permission;
use domain::view::{Address, CheckoutForm, CounterForm, DeliveryOption, FieldErrors, MAX_GIFT_NOTE_CHARS, Placed};
use domain::{Locale, Money, Timestamp};
use serde::Serialize;

use platform::db::{Batcher, DbError, Tx};
use platform::{Actor, Context};

use crate::contacts::{self, PreparedAddress, PreparedContact};
use crate::pricing::TaxRegion;
use crate::{Shop, cart, orders, payments};

pub use error::CheckoutError;
pub use offers::{delivery_to, is_delivery_place_known, next_promise_change, offers};
use open_order_limits::OrderFingerprint;
pub use pay_in_cash::pay_in_cash;
use place_orders::{ContendedRow, place_orders};

/// Places the order of a cart, which is delivered. With a card the answer has the address of the payment page; a gateway that does not
/// answer leaves the order to be paid from its page.
///
/// # Errors
/// See [`CheckoutError`]; in each case nothing was changed. [`CheckoutError::Forbidden`] for the channel `till` without the permission.
pub async fn place_order(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    channel: Channel,
    key: &str,
    form: CheckoutForm,
) -> Result<Placed, CheckoutError> {
    if channel == Channel::Till {
        ctx.require(Permission::CreateOrders)?;
    }
    place(shop, checked_and_sealed(shop, ctx, locale, channel, key, form)?).await
}

/// Places the order of a cart whose items are handed over at a counter: nobody's name is taken and nothing is delivered, so there is no fee
/// and no promise, and the taxes are those of the shop's country. Paid in cash, it waits for its payment like an order in cash on delivery,
/// until its items are handed over.
///
/// # Errors
/// As [`place_order`].
pub async fn place_counter_order(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    key: &str,
    form: CounterForm,
) -> Result<Placed, CheckoutError> {
    ctx.require(Permission::CreateOrders)?;
    let body_hash = body_hash(shop, key, &form)?;
    place(shop, OrderCommand::base(shop, ctx, locale, key, body_hash, form)).await
}

async fn place(shop: &Shop, command: OrderCommand) -> Result<Placed, CheckoutError> {
    let cart = command.cart;
    let placed = match shop.order_batcher().call(command).await {
        Err(refused @ (CheckoutError::TotalChanged(_) | CheckoutError::OutOfStock(_))) => {
            if let Err(error) = cart::cut_to_stock(shop, cart).await {
                tracing::warn!(%cart, %error, "a cart still holds more than there is");
            }
            return Err(refused);
        }
        other => other?,
    };
    let pay_at = match placed.payment {
        PaymentMethod::Card => payments::start_card(shop, placed.order).await.unwrap_or_else(|error| {
            tracing::warn!(order = %placed.order, %error, "the gateway did not begin a payment; the shopper can pay from the order's page");
            None
        }),
        PaymentMethod::Cash => None,
    };
    Ok(Placed {
        order: placed.order,
        number: placed.number,
        total: placed.total,
        link: orders::link(shop, placed.order),
        pay_at,
        replay: placed.replay,
    })
}

/// What is wrong with the fields of a form, in the shopper's language; nothing where all are right. Fields of the billing address
/// begin with `billing_`.
#[must_use]
pub fn check_form(locale: Locale, form: &CheckoutForm) -> FieldErrors {
    let mut errors: FieldErrors = contacts::check_contact(locale, &form.contact);
    // Before it is known where it goes there is no method to choose.
    if form.delivery.is_empty() && is_delivery_place_known(&form.delivery_address) {
        errors.push(("delivery".to_owned(), t::DELIVERY_CHOOSE.text(locale).to_owned()));
    }
    errors.extend(contacts::check_address(locale, &form.delivery_address));
    if form.gift_note.trim().chars().count() > MAX_GIFT_NOTE_CHARS {
        errors.push(("gift_note".to_owned(), t::FIELD_TOO_LONG.with(locale, &[("max", &MAX_GIFT_NOTE_CHARS.to_string())])));
    }
    if let Some(billing_address) = &form.billing_address {
        let wrong = contacts::check_address(locale, billing_address);
        errors.extend(wrong.into_iter().map(|(field, message)| (format!("billing_{field}"), message)));
    }
    errors
}

/// An order form, checked and sealed, as the transaction takes it.
#[derive(Clone, Debug)]
pub(crate) struct OrderCommand {
    /// The idempotency key with whose it is.
    key: String,
    /// A keyed hash of the form as it was sent.
    body_hash: Vec<u8>,
    order: OrderId,
    number: String,
    cart: CartId,
    user: Option<UserId>,
    channel: Channel,
    locale: Locale,
    /// None for what is handed over at a counter.
    delivery: Option<Delivery>,
    /// Whose taxes apply: where it is delivered. Those of the shop's country at a counter.
    region: Option<TaxRegion>,
    payment: PaymentMethod,
    /// The total that the shopper saw, minor units.
    seen_total: Option<i64>,
    /// What its shopper's open orders are counted by; none of who is trusted.
    fingerprints: Vec<OrderFingerprint>,
    /// Do the shop's limits of orders bind who orders?
    is_limited: bool,
    context: Context,
    at: Timestamp,
}

/// To whom an order goes, where and how.
#[derive(Clone, Debug)]
struct Delivery {
    contact: PreparedContact,
    delivery_address: PreparedAddress,
    billing_address: Option<PreparedAddress>,
    /// The island group, in the Philippines.
    island: Option<&'static str>,
    /// The code of the method.
    method: String,
    /// Sealed.
    gift_note: Option<Vec<u8>>,
}

impl Delivery {
    fn sealed(shop: &Shop, locale: Locale, order: OrderId, form: &CheckoutForm) -> Self {
        let contact = contacts::prepare_contact(shop, &form.contact, locale);
        let address = |address: &Address| contacts::prepare_address(shop, contact.id, address);
        Self {
            delivery_address: address(&form.delivery_address),
            billing_address: form.billing_address.as_ref().map(address),
            contact,
            island: contacts::address_tree::island_group(&form.delivery_address),
            method: form.delivery.clone(),
            gift_note: contacts::seal_gift_note(shop, order, &form.gift_note),
        }
    }

    /// The address that bills: the delivery address where no other was given.
    fn billing_id(&self) -> &AddressId {
        self.billing_address.as_ref().map_or(&self.delivery_address.id, |billing_address| &billing_address.id)
    }
}

impl OrderCommand {
    fn base(shop: &Shop, ctx: &Context, locale: Locale, key: &str, body_hash: Vec<u8>, form: CounterForm) -> Self {
        let mut random = [0; 5];
        shop.rng().fill(&mut random);
        Self {
            key: owned_key(ctx, form.cart, key),
            body_hash,
            order: OrderId(shop.id()),
            number: domain::order_number::from_random(random),
            cart: form.cart,
            // Who sells is not who buys.
            user: None,
            channel: Channel::Till,
            locale,
            delivery: None,
            region: None,
            payment: form.payment,
            seen_total: form.seen_total,
            fingerprints: Vec::new(),
            is_limited: open_order_limits::is_shopper(ctx),
            context: ctx.clone(),
            at: shop.now(),
        }
    }
}

/// Checks the form, and seals what is personal.
fn checked_and_sealed(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    channel: Channel,
    key: &str,
    form: CheckoutForm,
) -> Result<OrderCommand, CheckoutError> {
    let body_hash = body_hash(shop, key, &form)?;
    let wrong = check_form(locale, &form);
    if !wrong.is_empty() {
        return Err(CheckoutError::Invalid(wrong));
    }
    let fingerprints = open_order_limits::order_fingerprints(shop, ctx, &form);
    let counter = CounterForm { cart: form.cart, payment: form.payment, seen_total: form.seen_total };
    let base = OrderCommand::base(shop, ctx, locale, key, body_hash, counter);
    Ok(OrderCommand {
        user: ctx.user().filter(|_| channel != Channel::Till),
        channel,
        delivery: Some(Delivery::sealed(shop, locale, base.order, &form)),
        region: Some(TaxRegion::of(&form.delivery_address)),
        fingerprints,
        ..base
    })
}

/// The keyed hash of a form, if its idempotency key is one. Keyed, so that names and addresses cannot be guessed from a copy of the
/// database without its key.
fn body_hash(shop: &Shop, key: &str, form: &impl Serialize) -> Result<Vec<u8>, CheckoutError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !(8..=100).contains(&key.len()) || !key.chars().all(plain) {
        return Err(CheckoutError::Key);
    }
    let body = serde_json::to_string(form).map_err(DbError::from)?;
    Ok(shop.keyring().blind_index("checkout", &body))
}

/// The idempotency key with whose it is, so that two programs that count their orders alike do not meet. A guest's is the cart's.
fn owned_key(ctx: &Context, cart: CartId, key: &str) -> String {
    match ctx.actor {
        Actor::Guest => format!("{cart} {key}"),
        actor => format!("{actor} {key}"),
    }
}

/// A placed order, as its command is answered.
#[derive(Clone, Debug)]
pub(crate) struct PlacedOrder {
    order: OrderId,
    number: String,
    total: Money,
    payment: PaymentMethod,
    /// Was it placed by an earlier command?
    replay: bool,
}

/// What all orders of a shop go through.
pub(crate) type OrderBatcher = Batcher<OrderCommand, PlacedOrder, CheckoutError>;

/// Made once for each shop. At most 64 orders are placed in one transaction.
pub(crate) fn order_batcher(shop: &Shop) -> OrderBatcher {
    Batcher::new(shop.db().clone(), 64, async move |tx: &mut Tx, commands: &[OrderCommand], awaited: Option<&ContendedRow>| {
        place_orders(tx, commands, awaited).await
    })
}

/// The ways to deliver a cart to an address, cheapest first.
///
/// # Errors
/// [`CheckoutError::NoCart`] for a cart that is not the caller's.
pub async fn delivery_options(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    channel: Channel,
    id: CartId,
    address: &Address,
) -> Result<Vec<DeliveryOption>, CheckoutError> {
    Ok(offers(shop, ctx, locale, channel, id, address).await?.into_iter().map(|(option, _)| option).collect())
}
