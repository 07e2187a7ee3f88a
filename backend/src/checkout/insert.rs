//! The SQL that writes placed orders, their keys, lines and payment attempts: one statement a table.

use domain::order::{Channel, PaymentMethod, PaymentState};
use domain::{Currency, Timestamp};
use serde::Serialize;

use platform::db::{DbError, Hex, JsonRows, Tx, hex};

use super::model::NewOrder;

#[derive(Serialize)]
struct OrderRow<'a> {
    id: Hex<'a>,
    number: &'a str,
    cart: Hex<'a>,
    contact: Hex<'a>,
    user: Option<Hex<'a>>,
    channel: Channel,
    currency: Currency,
    locale: &'a str,
    shipping_address: Hex<'a>,
    billing_address: Hex<'a>,
    delivery_code: &'a str,
    delivery_name: &'a str,
    promised_from: Timestamp,
    promised_to: Timestamp,
    payment_method: PaymentMethod,
    subtotal: i64,
    discount: i64,
    discount_code: Option<&'a str>,
    shipping: i64,
    tax: i64,
    total: i64,
    payment_state: PaymentState,
    at: Timestamp,
}

pub(super) async fn insert_orders(tx: &mut Tx, orders: &[NewOrder<'_>]) -> Result<(), DbError> {
    let mut rows = JsonRows::new();
    for new in orders {
        let (command, totals) = (new.draft.command, &new.draft.totals);
        let promised = |days: i64| command.at.plus_millis(days * Timestamp::DAY);
        rows.push(&OrderRow {
            id: hex(&command.order),
            number: &command.number,
            cart: hex(&command.cart),
            contact: hex(&command.contact.id),
            user: command.user.as_ref().map(hex),
            channel: command.channel,
            currency: new.draft.currency,
            locale: command.locale.code(),
            shipping_address: hex(&command.shipping.id),
            billing_address: hex(command.billing_id()),
            delivery_code: &command.delivery,
            delivery_name: &new.draft.delivery_name,
            promised_from: promised(new.draft.promised_days.0),
            promised_to: promised(new.draft.promised_days.1),
            payment_method: command.payment,
            subtotal: totals.subtotal.minor,
            discount: totals.discount.minor,
            discount_code: new.draft.discount_code.as_deref(),
            shipping: totals.shipping.minor,
            tax: totals.tax.minor,
            total: totals.total.minor,
            payment_state: new.payment_state,
            at: command.at,
        });
    }
    tx.write_rows(
        "insert into orders (id, number, cart_id, contact_id, user_id, channel, currency, locale, shipping_address_id,
            billing_address_id, delivery_code, delivery_name, promised_from, promised_to, payment_method, subtotal, discount,
            discount_code, shipping, tax, total, payment_state, fulfilment_state, delivery_state, placed_at)
         select unhex(value->>'id'), value->>'number', unhex(value->>'cart'), unhex(value->>'contact'), unhex(value->>'user'),
            value->>'channel', value->>'currency', value->>'locale', unhex(value->>'shipping_address'),
            unhex(value->>'billing_address'), value->>'delivery_code', value->>'delivery_name',
            cast(value->>'promised_from' as bigint), cast(value->>'promised_to' as bigint), value->>'payment_method',
            cast(value->>'subtotal' as bigint), cast(value->>'discount' as bigint), value->>'discount_code',
            cast(value->>'shipping' as bigint), cast(value->>'tax' as bigint), cast(value->>'total' as bigint),
            value->>'payment_state', 'unfulfilled', 'none', cast(value->>'at' as bigint) from json_each($1)",
        rows,
    )
    .await
}

/// Stores the idempotency keys with the hashes of their forms.
pub(super) async fn insert_keys(tx: &mut Tx, orders: &[NewOrder<'_>]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        key: &'a str,
        body_hash: Hex<'a>,
        order: Hex<'a>,
        at: Timestamp,
    }
    fn row<'a>(new: &'a NewOrder<'_>) -> Row<'a> {
        let command = new.draft.command;
        Row { key: &command.key, body_hash: hex(&command.body_hash), order: hex(&command.order), at: command.at }
    }
    tx.write_rows(
        "insert into idempotency_keys (key, body_hash, order_id, at)
         select value->>'key', unhex(value->>'body_hash', ''), unhex(value->>'order'), cast(value->>'at' as bigint) from json_each($1)",
        orders.iter().map(row).collect(),
    )
    .await
}

#[derive(Serialize)]
struct LineRow<'a> {
    id: Hex<'a>,
    order: Hex<'a>,
    position: i64,
    variant: Hex<'a>,
    product: Hex<'a>,
    sku: &'a str,
    name: &'a str,
    options: &'a str,
    picture: Option<Hex<'a>>,
    quantity: i64,
    unit_price: i64,
    discount: i64,
    tax_class: &'a str,
    tax_rate_bp: i64,
    tax: i64,
    total: i64,
    unit_cost: i64,
    weight_g: i64,
}

pub(super) async fn insert_lines(tx: &mut Tx, orders: &[NewOrder<'_>]) -> Result<(), DbError> {
    let mut rows = JsonRows::new();
    for new in orders {
        for (position, (line, total)) in (0_i64..).zip(new.draft.lines.iter().zip(&new.draft.totals.lines)) {
            let (quote, price) = (&line.quote, &line.price);
            rows.push(&LineRow {
                id: hex(&line.id),
                order: hex(&new.draft.command.order),
                position,
                variant: hex(&quote.variant),
                product: hex(&quote.product),
                sku: &quote.sku,
                name: &quote.name,
                options: &quote.options,
                picture: quote.picture.as_ref().map(hex),
                quantity: price.quantity.get(),
                unit_price: price.unit_price,
                discount: total.discount.minor,
                tax_class: &quote.tax_class,
                tax_rate_bp: price.tax_rate_bp,
                tax: total.tax.minor,
                total: total.total.minor,
                unit_cost: quote.cost,
                weight_g: quote.weight_g,
            });
        }
    }
    tx.write_rows(
        "insert into order_lines (id, order_id, position, variant_id, product_id, sku, name, options, picture_id, quantity, unit_price,
            discount, tax_class, tax_rate_bp, tax, total, unit_cost, weight_g)
         select unhex(value->>'id'), unhex(value->>'order'), cast(value->>'position' as bigint), unhex(value->>'variant'),
            unhex(value->>'product'), value->>'sku', value->>'name', value->>'options', unhex(value->>'picture'),
            cast(value->>'quantity' as bigint), cast(value->>'unit_price' as bigint), cast(value->>'discount' as bigint),
            value->>'tax_class', cast(value->>'tax_rate_bp' as bigint), cast(value->>'tax' as bigint),
            cast(value->>'total' as bigint), cast(value->>'unit_cost' as bigint), cast(value->>'weight_g' as bigint)
         from json_each($1)",
        rows,
    )
    .await
}

/// Inserts the first payment attempt of each order.
pub(super) async fn insert_payments(tx: &mut Tx, orders: &[NewOrder<'_>]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        order: Hex<'a>,
        method: PaymentMethod,
        amount: i64,
        currency: Currency,
        at: Timestamp,
    }
    fn row<'a>(new: &'a NewOrder<'_>) -> Row<'a> {
        Row {
            id: hex(&new.payment),
            order: hex(&new.draft.command.order),
            method: new.draft.command.payment,
            amount: new.draft.totals.total.minor,
            currency: new.draft.currency,
            at: new.draft.command.at,
        }
    }
    tx.write_rows(
        "insert into payments (id, order_id, method, amount, currency, state, attempt, created_at, updated_at)
         select unhex(value->>'id'), unhex(value->>'order'), value->>'method', cast(value->>'amount' as bigint), value->>'currency',
            'pending', 1, cast(value->>'at' as bigint), cast(value->>'at' as bigint) from json_each($1)",
        orders.iter().map(row).collect(),
    )
    .await
}

/// The carts become these orders, and can be changed no more.
pub(super) async fn close_carts(tx: &mut Tx, orders: &[NewOrder<'_>]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        cart: Hex<'a>,
        order: Hex<'a>,
    }
    fn row<'a>(new: &'a NewOrder<'_>) -> Row<'a> {
        Row { cart: hex(&new.draft.command.cart), order: hex(&new.draft.command.order) }
    }
    tx.write_rows(
        "update carts set order_id = d.order_id
         from (select unhex(value->>'order') as order_id, unhex(value->>'cart') as cart_id from json_each($1)) d
         where carts.id = d.cart_id",
        orders.iter().map(row).collect(),
    )
    .await
}
