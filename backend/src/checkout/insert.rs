//! Writes the orders of a batch and everything that must be true with them, one statement a table.

use std::collections::BTreeSet;

use domain::books::{Account, EntryKind};
use domain::id::{EntryId, VariantId};
use domain::order::{AdjustmentKind, AdjustmentSource, Channel, PaymentMethod, PaymentState, Tender};
use domain::{Currency, Timestamp};
use serde::Serialize;

use platform::db::{DbError, Flag, Hex, JsonRows, Tx, hex};
use platform::jobs;

use crate::accounting::{self, AccountingError, Entry};
use crate::contacts;
use crate::inventory::events::StockReserved;
use crate::inventory::{self, NewReservations};
use crate::order_management::ExpireOrder;
use crate::orders::events::OrderPlaced;
use crate::payments::UNPAID_FOR_MS;

use super::OrderCommand;
use super::claim::ReservedOrder;
use super::open_order_limits::OrderFingerprint;
use super::place_orders::DraftOrder;

/// Inserts orders and everything that belongs to them.
pub(super) async fn insert_orders(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    if orders.is_empty() {
        return Ok(());
    }
    insert_contacts_and_addresses(tx, orders).await?;
    insert_order_rows(tx, orders).await?;
    insert_idempotency_keys(tx, orders).await?;
    insert_lines(tx, orders).await?;
    insert_adjustments(tx, orders).await?;
    insert_taxes(tx, orders).await?;
    insert_payments(tx, orders).await?;
    close_carts(tx, orders).await?;
    insert_fingerprints(tx, orders).await?;
    insert_reservations(tx, orders).await?;
    post_entries(tx, orders).await?;
    record_events(tx, orders);
    enqueue_expiry(tx, orders).await
}

async fn insert_contacts_and_addresses(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    let deliveries = || orders.iter().filter_map(|order| order.draft.command.delivery.as_ref());
    contacts::insert_contacts(tx, deliveries().map(|delivery| &delivery.contact)).await?;
    contacts::insert_addresses(
        tx,
        deliveries().flat_map(|delivery| std::iter::once(&delivery.delivery_address).chain(&delivery.billing_address)),
    )
    .await
}

#[derive(Serialize)]
struct OrderRow<'a> {
    id: Hex<'a>,
    number: &'a str,
    cart: Hex<'a>,
    contact: Option<Hex<'a>>,
    user: Option<Hex<'a>>,
    channel: Channel,
    currency: Currency,
    locale: &'a str,
    delivery_address: Option<Hex<'a>>,
    billing_address: Option<Hex<'a>>,
    delivery_code: Option<&'a str>,
    delivery_name: Option<&'a str>,
    gift_note: Option<Hex<'a>>,
    promised_from: Option<Timestamp>,
    promised_to: Option<Timestamp>,
    payment_method: PaymentMethod,
    subtotal: i64,
    discount: i64,
    delivery_fee: i64,
    tax: i64,
    total: i64,
    payment_state: PaymentState,
    at: Timestamp,
}

/// Inserts the orders without their lines.
async fn insert_order_rows(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    let mut rows = JsonRows::new();
    for order in orders {
        let (command, totals) = (order.draft.command, &order.draft.totals);
        let delivery = command.delivery.as_ref();
        let promised = order.draft.promised_days.map(|(from, to)| [from, to].map(|days| order.draft.zone.plus_days(command.at, days)));
        rows.push(&OrderRow {
            id: hex(&command.order),
            number: &command.number,
            cart: hex(&command.cart),
            contact: delivery.map(|delivery| hex(&delivery.contact.id)),
            user: command.user.as_ref().map(hex),
            channel: command.channel,
            currency: order.draft.currency,
            locale: command.locale.code(),
            delivery_address: delivery.map(|delivery| hex(&delivery.delivery_address.id)),
            billing_address: delivery.map(|delivery| hex(delivery.billing_id())),
            delivery_code: delivery.map(|delivery| delivery.method.as_str()),
            delivery_name: order.draft.delivery_name.as_deref(),
            gift_note: delivery.and_then(|delivery| delivery.gift_note.as_ref()).map(|note| hex(note)),
            promised_from: promised.map(|[from, _]| from),
            promised_to: promised.map(|[_, to]| to),
            payment_method: command.payment,
            subtotal: totals.subtotal.minor,
            discount: totals.discount.minor,
            delivery_fee: totals.delivery_fee.minor,
            tax: totals.tax.minor,
            total: totals.total.minor,
            payment_state: if totals.total.minor == 0 { PaymentState::Paid } else { PaymentState::Pending },
            at: command.at,
        });
    }
    tx.write_rows(
        "insert into orders (id, number, cart_id, contact_id, user_id, channel, currency, locale, delivery_address_id,
            billing_address_id, delivery_code, delivery_name, gift_note, promised_from, promised_to, payment_method, subtotal,
            discount, delivery_fee, tax, total, payment_state, fulfilment_state, delivery_state, placed_at)
         select unhex(value->>'id'), value->>'number', unhex(value->>'cart'), unhex(value->>'contact'), unhex(value->>'user'),
            value->>'channel', value->>'currency', value->>'locale', unhex(value->>'delivery_address'),
            unhex(value->>'billing_address'), value->>'delivery_code', value->>'delivery_name',
            unhex(value->>'gift_note', ''), cast(value->>'promised_from' as bigint), cast(value->>'promised_to' as bigint), value->>'payment_method',
            cast(value->>'subtotal' as bigint), cast(value->>'discount' as bigint), cast(value->>'delivery_fee' as bigint),
            cast(value->>'tax' as bigint), cast(value->>'total' as bigint),
            value->>'payment_state', 'unfulfilled', 'none', cast(value->>'at' as bigint) from json_each($1)",
        rows,
    )
    .await
}

/// Stores the idempotency keys with the hashes of their forms.
async fn insert_idempotency_keys(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        key: &'a str,
        body_hash: Hex<'a>,
        order: Hex<'a>,
        at: Timestamp,
    }
    fn row<'a>(order: &'a ReservedOrder<'_>) -> Row<'a> {
        let command = order.draft.command;
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
    tax: i64,
    total: i64,
    weight_g: i64,
}

async fn insert_lines(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    let mut rows = JsonRows::new();
    for order in orders {
        for (position, (line, total)) in (0_i64..).zip(order.draft.lines.iter().zip(&order.draft.totals.lines)) {
            let (quote, price) = (&line.quote, &line.price);
            rows.push(&LineRow {
                id: hex(&line.id),
                order: hex(&order.draft.command.order),
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
                tax: total.tax.minor,
                total: total.total.minor,
                weight_g: quote.weight_g,
            });
        }
    }
    tx.write_rows(
        "insert into order_lines (id, order_id, position, variant_id, product_id, sku, name, options, picture_id, quantity, unit_price,
            discount, tax, total, weight_g)
         select unhex(value->>'id'), unhex(value->>'order'), cast(value->>'position' as bigint), unhex(value->>'variant'),
            unhex(value->>'product'), value->>'sku', value->>'name', value->>'options', unhex(value->>'picture'),
            cast(value->>'quantity' as bigint), cast(value->>'unit_price' as bigint), cast(value->>'discount' as bigint),
            cast(value->>'tax' as bigint), cast(value->>'total' as bigint), cast(value->>'weight_g' as bigint)
         from json_each($1)",
        rows,
    )
    .await
}

/// The number of the delivery fee among an order's adjustments; the lines' shares of a discount follow it.
const DELIVERY: i64 = 0;

/// Inserts the delivery fee of each order that is delivered, and the share of each line in the discount of a code: also one of nothing, which is a use of it.
async fn insert_adjustments(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        order: Hex<'a>,
        n: i64,
        line: Option<Hex<'a>>,
        kind: AdjustmentKind,
        source: AdjustmentSource,
        reference: &'a str,
        amount: i64,
        tax: i64,
    }
    let mut rows = JsonRows::new();
    for DraftOrder { command, lines, totals, discount_code, .. } in orders.iter().map(|order| &order.draft) {
        if let Some(delivery) = &command.delivery {
            rows.push(&Row {
                order: hex(&command.order),
                n: DELIVERY,
                line: None,
                kind: AdjustmentKind::Delivery,
                source: AdjustmentSource::DeliveryMethod,
                reference: &delivery.method,
                amount: totals.delivery_fee.minor,
                tax: totals.delivery_tax.minor,
            });
        }
        let Some(code) = discount_code else { continue };
        for (n, (line, total)) in (DELIVERY + 1..).zip(lines.iter().zip(&totals.lines)) {
            rows.push(&Row {
                order: hex(&command.order),
                n,
                line: Some(hex(&line.id)),
                kind: AdjustmentKind::Discount,
                source: AdjustmentSource::DiscountCode,
                reference: code,
                amount: -total.discount.minor,
                tax: -total.discount_tax.minor,
            });
        }
    }
    tx.write_rows(
        "insert into order_adjustments (order_id, n, order_line_id, kind, source, reference, amount, tax)
         select unhex(value->>'order'), cast(value->>'n' as bigint), unhex(value->>'line'), value->>'kind', value->>'source',
            value->>'reference', cast(value->>'amount' as bigint), cast(value->>'tax' as bigint) from json_each($1)",
        rows,
    )
    .await
}

/// Inserts the taxes of each order: that of its delivery fee, when it is delivered, then those of its lines.
async fn insert_taxes(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        order: Hex<'a>,
        n: i64,
        line: Option<Hex<'a>>,
        adjustment: Option<i64>,
        class: &'a str,
        country: &'a str,
        province: &'a str,
        rate_bp: i64,
        net: i64,
        tax: i64,
    }
    let mut rows = JsonRows::new();
    for DraftOrder { command, lines, totals, delivery_tax, .. } in orders.iter().map(|order| &order.draft) {
        let delivery = command.delivery.as_ref().map(|_| (None, delivery_tax, totals.delivery_fee.minor, totals.delivery_tax.minor));
        let of_lines = lines.iter().zip(&totals.lines).map(|(line, total)| (Some(&line.id), &line.tax, total.total.minor, total.tax.minor));
        for (n, (line, tax, amount, of_it)) in (0_i64..).zip(delivery.into_iter().chain(of_lines)) {
            rows.push(&Row {
                order: hex(&command.order),
                n,
                line: line.map(hex),
                adjustment: line.is_none().then_some(DELIVERY),
                class: &tax.class,
                country: &tax.region.country,
                province: &tax.region.province,
                rate_bp: tax.rate_bp,
                net: amount - of_it,
                tax: of_it,
            });
        }
    }
    tx.write_rows(
        "insert into order_taxes (order_id, n, order_line_id, adjustment, class, country, province, rate_bp, net, tax)
         select unhex(value->>'order'), cast(value->>'n' as bigint), unhex(value->>'line'), cast(value->>'adjustment' as bigint),
            value->>'class', value->>'country', value->>'province', cast(value->>'rate_bp' as bigint), cast(value->>'net' as bigint),
            cast(value->>'tax' as bigint) from json_each($1)",
        rows,
    )
    .await
}

/// Inserts the first payment attempt of each order.
async fn insert_payments(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        order: Hex<'a>,
        tender: Tender,
        amount: i64,
        currency: Currency,
        at: Timestamp,
    }
    fn row<'a>(order: &'a ReservedOrder<'_>) -> Row<'a> {
        Row {
            id: hex(&order.draft.payment),
            order: hex(&order.draft.command.order),
            tender: Tender::of(order.draft.command.payment),
            amount: order.draft.totals.total.minor,
            currency: order.draft.currency,
            at: order.draft.command.at,
        }
    }
    tx.write_rows(
        "insert into payments (id, order_id, tender, amount, currency, state, attempt, created_at, updated_at)
         select unhex(value->>'id'), unhex(value->>'order'), value->>'tender', cast(value->>'amount' as bigint), value->>'currency',
            'pending', 1, cast(value->>'at' as bigint), cast(value->>'at' as bigint) from json_each($1)",
        orders.iter().map(row).collect(),
    )
    .await
}

/// The carts become these orders, and can be changed no more.
async fn close_carts(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        cart: Hex<'a>,
        order: Hex<'a>,
    }
    fn row<'a>(order: &'a ReservedOrder<'_>) -> Row<'a> {
        Row { cart: hex(&order.draft.command.cart), order: hex(&order.draft.command.order) }
    }
    tx.write_rows(
        "update carts set order_id = d.order_id
         from (select unhex(value->>'order') as order_id, unhex(value->>'cart') as cart_id from json_each($1)) d
         where carts.id = d.cart_id",
        orders.iter().map(row).collect(),
    )
    .await
}

/// Stores what the open orders of a shopper are counted by.
async fn insert_fingerprints(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        fingerprint: Hex<'a>,
        order: Hex<'a>,
        is_client: Flag,
    }
    let mut rows = JsonRows::new();
    for command in orders.iter().map(|order| order.draft.command) {
        for OrderFingerprint { hash, is_client } in &command.fingerprints {
            rows.push(&Row { fingerprint: hex(hash), order: hex(&command.order), is_client: (*is_client).into() });
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into order_fingerprints (fingerprint, order_id, is_client)
         select unhex(value->>'fingerprint', ''), unhex(value->>'order'), cast(value->>'is_client' as bigint) from json_each($1) where true
         on conflict (fingerprint, order_id) do nothing",
        &[&rows.finish()],
    )
    .await
    .map(drop)
}

async fn insert_reservations(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    let Some(first) = orders.first() else { return Ok(()) };
    let reservations = orders.iter().map(|ReservedOrder { draft, allocations }| {
        let waits = draft.command.payment == PaymentMethod::Card && draft.totals.total.minor > 0;
        let expires_at = waits.then(|| draft.command.at.plus_millis(UNPAID_FOR_MS));
        NewReservations { order: draft.command.order, allocations, expires_at }
    });
    inventory::insert_reservations(tx, first.draft.command.at, reservations).await
}

async fn post_entries(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    let Some(zone) = orders.first().map(|order| order.draft.zone) else { return Ok(()) };
    let entries: Vec<Entry> = orders.iter().map(|order| sale_entry(EntryId(tx.id()), &order.draft)).collect();
    accounting::post_all(tx, zone, &entries).await.map_err(|error| match error {
        AccountingError::Db(error) => error,
        other => DbError::Invariant(other.to_string()),
    })
}

/// The journal entry of a sale: what is owed against what was sold, taxed and delivered.
fn sale_entry(id: EntryId, draft: &DraftOrder<'_>) -> Entry {
    let totals = &draft.totals;
    let delivery_net = totals.delivery_fee.minor - totals.delivery_tax.minor;
    let sales = totals.total.minor - totals.tax.minor - delivery_net;
    Entry {
        id,
        kind: EntryKind::OrderPlaced,
        order: Some(draft.command.order),
        reference: draft.command.order.0,
        currency: draft.currency,
        at: draft.command.at,
        postings: vec![
            (Account::AccountsReceivable, totals.total.minor),
            (Account::Sales, -sales),
            (Account::DeliveryIncome, -delivery_net),
            (Account::VatPayable, -totals.tax.minor),
        ],
    }
}

/// The actor of each order's events is the shopper who placed it.
fn record_events(tx: &mut Tx, orders: &[ReservedOrder<'_>]) {
    for ReservedOrder { draft, allocations } in orders {
        let command = draft.command;
        let placed = OrderPlaced {
            number: command.number.clone(),
            total: draft.totals.total,
            channel: command.channel,
            payment: Some(command.payment),
        };
        tx.record_as(&command.context, command.order, placed);
        let variants: BTreeSet<VariantId> = allocations.iter().map(|allocation| allocation.variant).collect();
        let units = allocations.iter().map(|allocation| allocation.units).sum();
        let reserved = StockReserved { units, variants: variants.into_iter().collect() };
        tx.record_as(&command.context, command.order, reserved);
    }
}

/// Card orders are cancelled when they are not paid in time.
async fn enqueue_expiry(tx: &mut Tx, orders: &[ReservedOrder<'_>]) -> Result<(), DbError> {
    let expiry = |command: &OrderCommand| {
        let job = ExpireOrder { order: command.order };
        let key = job.key();
        (job, command.at.plus_millis(UNPAID_FOR_MS), key)
    };
    let commands = orders.iter().map(|order| order.draft.command);
    let expiries: Vec<_> = commands.filter(|command| command.payment == PaymentMethod::Card).map(expiry).collect();
    jobs::enqueue_all(tx, &expiries).await
}
