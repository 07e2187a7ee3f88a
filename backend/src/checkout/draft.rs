//! Prices the orders of a batch and checks them against the shop's limits.

use domain::Money;
use domain::id::OrderLineId;
use domain::messages::t;
use domain::order::PaymentMethod;

use platform::db::{DbError, Tx};

use crate::pricing::{DeliveryMethod, PriceRequest, PricedItem, PricedOrder, Prices, price_order};

use super::model::{Answer, CheckoutError, Command, DraftLine, DraftOrder};
use super::store;

/// Reads carts, prices and rules once for all of these commands, and prices each order. A command that cannot become an order is
/// answered.
pub(super) async fn draft_orders<'a>(
    tx: &mut Tx,
    commands: &'a [Command],
    fresh: &[usize],
    answers: &mut [Option<Answer>],
) -> Result<Vec<DraftOrder<'a>>, DbError> {
    let carts = store::carts(tx, fresh.iter().map(|index| commands[*index].cart)).await?;
    let (mut indexes, mut requests) = (Vec::with_capacity(fresh.len()), Vec::with_capacity(fresh.len()));
    for index in fresh {
        let command = &commands[*index];
        match carts.get(&command.cart).filter(|cart| cart.user.is_none() || cart.user == command.user) {
            Some(cart) => {
                indexes.push(*index);
                requests.push(price_request(command, cart));
            }
            None => answers[*index] = Some(Err(CheckoutError::NoCart)),
        }
    }
    let Some(first) = requests.first() else { return Ok(Vec::new()) };
    let prices = Prices::read(tx, &requests, first.at).await?;
    let mut drafts = Vec::with_capacity(requests.len());
    for (index, request) in indexes.into_iter().zip(&requests) {
        match draft_order(tx, index, &commands[index], request, &prices) {
            Ok(draft) => drafts.push(draft),
            Err(error) => answers[index] = Some(Err(error)),
        }
    }
    Ok(drafts)
}

fn price_request(command: &Command, cart: &store::Cart) -> PriceRequest {
    PriceRequest {
        channel: command.channel,
        locale: command.locale,
        currency: cart.currency,
        country: command.country.clone(),
        items: cart.items.clone(),
        discount_code: cart.discount_code.clone(),
        at: command.at,
    }
}

fn draft_order<'a>(
    tx: &Tx,
    index: usize,
    command: &'a Command,
    request: &PriceRequest,
    prices: &Prices,
) -> Result<DraftOrder<'a>, CheckoutError> {
    let method = prices.rules.method(&command.delivery).filter(|method| method.goes_to(&command.country, command.island));
    let order = price_order(request, prices, method)?;
    check_items(&order)?;
    let method = method.ok_or_else(|| CheckoutError::field("delivery", t::DELIVERY_NOT_THERE.text(command.locale)))?;
    check_total(command, &order)?;
    let lines: Vec<DraftLine> =
        order.lines().map(|line| DraftLine { id: OrderLineId(tx.id()), quote: line.quote.clone(), price: line.price }).collect();
    let PricedOrder { totals, discount_code, full_total, .. } = order;
    check_limits(command, &lines, totals.total)?;
    check_cash(command, method, totals.total)?;
    Ok(DraftOrder {
        index,
        command,
        lines,
        totals,
        discount_code,
        full_total,
        currency: request.currency,
        delivery_name: method.name_and_description(command.locale).0.to_owned(),
        promised_days: method.days(command.at),
    })
}

/// Is everything in the cart for sale?
fn check_items(order: &PricedOrder<'_>) -> Result<(), CheckoutError> {
    let mut gone = Vec::new();
    for item in &order.items {
        match item {
            PricedItem::ForSale(_) => {}
            PricedItem::NotForSale(quote) => gone.push(quote.name.clone()),
            PricedItem::Unknown => return Err(CheckoutError::NoCart),
        }
    }
    if !gone.is_empty() {
        return Err(CheckoutError::Gone(gone));
    }
    if order.items.is_empty() { Err(CheckoutError::Empty) } else { Ok(()) }
}

/// Is it the total that the shopper saw, with the discount or knowingly without?
fn check_total(command: &Command, order: &PricedOrder<'_>) -> Result<(), CheckoutError> {
    let total = order.totals.total;
    if order.discount_refused.is_some() && command.seen_total != Some(total.minor) {
        return Err(CheckoutError::Discount(total));
    }
    if command.seen_total.is_some_and(|seen| seen != total.minor) {
        return Err(CheckoutError::TotalChanged(total));
    }
    Ok(())
}

/// Does a shopper order more than the shop lets one?
fn check_limits(command: &Command, lines: &[DraftLine], total: Money) -> Result<(), CheckoutError> {
    let (limits, locale) = (&command.limits, command.locale);
    if limits.lines > 0 && lines.len() as i64 > limits.lines {
        let message = t::CHECKOUT_TOO_MANY_LINES.with(locale, &[("max", &locale.number(limits.lines))]);
        return Err(CheckoutError::field("cart", message));
    }
    if let Some(line) = lines.iter().find(|line| limits.line_units > 0 && line.price.quantity.get() > limits.line_units) {
        let max = locale.number(limits.line_units);
        let message = t::CHECKOUT_TOO_MANY_UNITS.with(locale, &[("max", &max), ("name", &line.quote.name)]);
        return Err(CheckoutError::field("cart", message));
    }
    if command.payment == PaymentMethod::Cod && total.minor > 0 && !limits.takes_cash(total.minor) {
        let message = if limits.cash {
            t::CHECKOUT_CASH_TOTAL.with(locale, &[("max", &locale.money(Money::new(limits.cash_total, total.currency)))])
        } else {
            t::CHECKOUT_CASH_OFF.text(locale).to_owned()
        };
        return Err(CheckoutError::field("payment", message));
    }
    Ok(())
}

/// Does whoever delivers collect the cash?
fn check_cash(command: &Command, method: &DeliveryMethod, total: Money) -> Result<(), CheckoutError> {
    if command.payment == PaymentMethod::Cod && !method.collects_cash && total.minor > 0 {
        return Err(CheckoutError::field("payment", t::CHECKOUT_NO_CASH.text(command.locale)));
    }
    Ok(())
}
