//! Orders as a CSV file, page by page. Its columns are described in `docs/orders.md`.

use std::collections::HashMap;

use domain::id::{AddressId, ContactId, OrderId};
use domain::order::{Channel, DeliveryState, FulfilmentState, PaymentMethod, PaymentState};
use domain::permission::Permission;
use domain::view::{Address, ContactDetails, OrderQuery};
use domain::{Currency, Money, TimeZone, Timestamp};

use crate::{Shop, contacts, settings};
use platform::db::{DbError, Read, json_ids};
use platform::recorded_export::RecordedExport;
use platform::{Context, csv};

use super::OrderError;
use super::events::{OrdersExportBegun, OrdersExported};
use super::list::{PAGE, key_of, row_order, rows, span};
use super::store::{PageKey, Slice, Span, paid_of};

/// The columns, in their order. Those up to `tracking` are of the order and stand in its first row; the rest are of one line.
pub const ORDER_COLUMNS: [&str; 45] = [
    "order",
    "placed_at",
    "channel",
    "payment_method",
    "payment",
    "fulfilment",
    "delivery",
    "cancelled_at",
    "currency",
    "subtotal",
    "discount",
    "discount_code",
    "delivery_fee",
    "tax",
    "total",
    "no_longer_due",
    "captured",
    "refunded",
    "name",
    "email",
    "phone",
    "delivery_recipient",
    "delivery_phone",
    "delivery_line1",
    "delivery_line2",
    "delivery_barangay",
    "delivery_city",
    "delivery_province",
    "delivery_region",
    "delivery_postal_code",
    "delivery_country",
    "bill_recipient",
    "bill_line1",
    "bill_city",
    "bill_postal_code",
    "bill_country",
    "delivery_method",
    "tracking",
    "sku",
    "product",
    "options",
    "quantity",
    "unit_price",
    "line_discount",
    "line_total",
];
/// So many columns are of the order.
const ORDER_COLUMN_COUNT: usize = 38;

/// A file of orders that is being written.
pub struct OrdersFile {
    shop: Shop,
    /// In which moments are written.
    zone: TimeZone,
    query: OrderQuery,
    /// The days that are asked for, as they are when the file is begun.
    span: Span,
    /// Where the next page begins; none after the last.
    next: Option<PageKey>,
    export: RecordedExport<OrdersExported>,
    begun: bool,
}

impl OrdersFile {
    /// Begins a file of the orders that match a list's query, in its order.
    ///
    /// # Errors
    /// Not allowed, or the database's.
    pub async fn begin(shop: &Shop, ctx: &Context, query: OrderQuery) -> Result<Self, OrderError> {
        ctx.require(Permission::ExportOrders)?;
        let span = span(shop, &query);
        // The words of a search may be a name, so they are not recorded.
        let begun = OrdersExportBegun {
            payment: query.payment.clone(),
            fulfilment: query.fulfilment.clone(),
            queue: query.queue.clone(),
            days: (span != Span::ALL).then_some((span.from, span.until)),
            searched: !query.search.trim().is_empty(),
        };
        let export = RecordedExport::begin(shop.db(), ctx, begun, |rows, complete| OrdersExported { rows, complete }).await?;
        let next = Some(row_order(query.order()).start());
        Ok(Self { shop: shop.clone(), zone: settings::time_zone(shop), query, span, next, export, begun: false })
    }

    /// The next part of the file; none after the last.
    ///
    /// # Errors
    /// The database's, or a sealed record cannot be opened.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, OrderError> {
        let Some(key) = self.next else { return Ok(None) };
        let sort = self.query.order();
        let mut page = rows(&self.shop, &self.query, Slice { key, order: row_order(sort), span: self.span }).await?;
        let more = page.len() > PAGE;
        page.truncate(PAGE);
        self.next = page.last().filter(|_| more).map(|row| key_of(row, sort));
        let ids: Vec<OrderId> = page.iter().map(|row| row.id).collect();
        let mut part = Vec::new();
        if !self.begun {
            self.begun = true;
            part.extend_from_slice(csv::MARK.as_bytes());
            part.extend(csv::lines([ORDER_COLUMNS]));
        }
        part.extend(csv::lines(self.lines_of(&ids).await?));
        self.export.add(ids.len());
        if self.next.is_none() {
            self.export.end().await?;
        }
        Ok(Some(part))
    }

    /// The rows of these orders, in this order.
    async fn lines_of(&self, ids: &[OrderId]) -> Result<Vec<Vec<String>>, OrderError> {
        let mut db = self.shop.db();
        let orders: HashMap<OrderId, ExportRow> = export_rows(&mut db, ids).await?.into_iter().map(|row| (row.id, row)).collect();
        let mut lines: HashMap<OrderId, Vec<ExportLine>> = HashMap::new();
        for line in export_lines(&mut db, ids).await? {
            lines.entry(line.order_id).or_default().push(line);
        }
        let contacts: Vec<ContactId> = orders.values().filter_map(|row| row.contact_id).collect();
        let addresses: Vec<AddressId> =
            orders.values().flat_map(|row| [row.delivery_address_id, row.billing_address_id]).flatten().collect();
        let contacts = contacts::open_contacts(&self.shop, &contacts).await?;
        let addresses = contacts::open_addresses(&self.shop, &addresses).await?;
        let mut out = Vec::new();
        for order in ids.iter().filter_map(|id| orders.get(id)) {
            let mut first = Some(order_cells(order, self.zone, &contacts, &addresses));
            for line in lines.remove(&order.id).unwrap_or_default() {
                let mut row = first.take().unwrap_or_else(|| {
                    let mut row = vec![String::new(); ORDER_COLUMN_COUNT];
                    row[0].clone_from(&order.number);
                    row
                });
                row.extend(line_cells(order.currency, line));
                out.push(row);
            }
        }
        Ok(out)
    }
}

fn order_cells(
    order: &ExportRow,
    zone: TimeZone,
    contacts: &HashMap<ContactId, ContactDetails>,
    addresses: &HashMap<AddressId, Address>,
) -> Vec<String> {
    let amount = |minor: i64| Money::new(minor, order.currency).decimal();
    let contact = order.contact_id.and_then(|id| contacts.get(&id)).cloned().unwrap_or_default();
    let address = |id: Option<AddressId>| id.and_then(|id| addresses.get(&id)).cloned().unwrap_or_default();
    let (ship, bill) = (address(order.delivery_address_id), address(order.billing_address_id));
    vec![
        order.number.clone(),
        zone.iso_minute(order.placed_at),
        order.channel.to_string(),
        order.payment_method.to_string(),
        order.payment_state.to_string(),
        order.fulfilment_state.to_string(),
        order.delivery_state.to_string(),
        order.cancelled_at.map(|at| zone.iso_minute(at)).unwrap_or_default(),
        order.currency.code().to_owned(),
        amount(order.subtotal),
        amount(order.discount),
        order.discount_code.clone().unwrap_or_default(),
        amount(order.delivery_fee),
        amount(order.tax),
        amount(order.total),
        amount(order.waived),
        amount(order.captured),
        amount(order.refunded),
        contact.name,
        contact.email,
        contact.phone,
        ship.recipient,
        ship.phone,
        ship.line1,
        ship.line2,
        ship.barangay,
        ship.city,
        ship.province,
        ship.region,
        ship.postal_code,
        ship.country,
        bill.recipient,
        bill.line1,
        bill.city,
        bill.postal_code,
        bill.country,
        order.delivery_name.clone().unwrap_or_default(),
        order.tracking.clone().unwrap_or_default(),
    ]
}

fn line_cells(currency: Currency, line: ExportLine) -> [String; ORDER_COLUMNS.len() - ORDER_COLUMN_COUNT] {
    let amount = |minor: i64| Money::new(minor, currency).decimal();
    [line.sku, line.name, line.options, line.quantity.to_string(), amount(line.unit_price), amount(line.discount), amount(line.total)]
}

#[derive(Clone, Debug, platform::db::FromRow)]
struct ExportRow {
    id: OrderId,
    number: String,
    placed_at: Timestamp,
    channel: Channel,
    payment_method: PaymentMethod,
    payment_state: PaymentState,
    fulfilment_state: FulfilmentState,
    delivery_state: DeliveryState,
    cancelled_at: Option<Timestamp>,
    currency: Currency,
    subtotal: i64,
    discount: i64,
    discount_code: Option<String>,
    delivery_fee: i64,
    tax: i64,
    total: i64,
    waived: i64,
    captured: i64,
    refunded: i64,
    contact_id: Option<ContactId>,
    delivery_address_id: Option<AddressId>,
    billing_address_id: Option<AddressId>,
    delivery_name: Option<String>,
    /// The courier and tracking number of each parcel.
    tracking: Option<String>,
}

#[derive(Clone, Debug, platform::db::FromRow)]
struct ExportLine {
    order_id: OrderId,
    sku: String,
    name: String,
    options: String,
    quantity: i64,
    unit_price: i64,
    discount: i64,
    total: i64,
}

async fn export_rows(db: &mut impl Read, orders: &[OrderId]) -> Result<Vec<ExportRow>, DbError> {
    db.fetch_all(
        concat!(
            "select o.id, o.number, o.placed_at, o.channel, o.payment_method, o.payment_state, o.fulfilment_state, o.delivery_state,
            o.cancelled_at, o.currency, o.subtotal, o.discount,
            (select min(a.reference) from order_adjustments a where a.order_id = o.id and a.source = 'discount_code') as discount_code, o.delivery_fee, o.tax, o.total, o.waived, ",
            paid_of!("o.id"),
            ", o.contact_id, o.delivery_address_id, o.billing_address_id, o.delivery_name,
            (select string_agg(p.courier || coalesce(' ' || p.tracking_number, ''), '; ') from parcels p
             where p.order_id = o.id and p.courier is not null) as tracking
         from orders o where o.id in (select unhex(value->>'id') from json_each($1))"
        ),
        &[&json_ids(orders)],
    )
    .await
}

async fn export_lines(db: &mut impl Read, orders: &[OrderId]) -> Result<Vec<ExportLine>, DbError> {
    db.fetch_all(
        "select order_id, sku, name, options, quantity, unit_price, discount, total from order_lines
         where order_id in (select unhex(value->>'id') from json_each($1)) order by order_id, position",
        &[&json_ids(orders)],
    )
    .await
}
