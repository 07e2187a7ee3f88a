//! Orders in the API: as bought, with their states, parcels and payments; what is cancelled and refunded of them; lists.

use domain::id::OrderLineId;
use domain::view;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Address, Contact, Money, OrderAdjustment, OrderTax, whole};

/// An order that was placed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderPlaced {
    /// Id of the order.
    pub id: String,
    /// Number of the order for people.
    #[schema(example = "TK4WX-9QPM")]
    pub number: String,
    /// What is to be paid: items less discount, and delivery; tax included.
    pub total: Money,
    /// A signed link to follow it, for the shopper: path and query.
    pub link: String,
    /// The token of that link, for `/api/v1/orders/follow/{token}`.
    pub token: String,
    /// Where the shopper goes to pay, when they must.
    pub pay_at: Option<String>,
}

impl From<view::Placed> for OrderPlaced {
    fn from(placed: view::Placed) -> Self {
        let token = placed.link.rsplit('/').next().unwrap_or_default().to_owned();
        Self {
            id: placed.order.to_string(),
            number: placed.number,
            total: placed.total.into(),
            link: placed.link,
            token,
            pay_at: placed.pay_at,
        }
    }
}

/// A line of an order, as bought.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderLine {
    /// Id of the line.
    pub id: String,
    /// Stock keeping unit when it was bought.
    pub sku: String,
    /// Name of the product when it was bought.
    pub name: String,
    /// Chosen options when it was bought; empty without options.
    pub options: String,
    /// Units that were bought.
    pub quantity: i64,
    /// Units of `quantity` that are not sent.
    pub cancelled: i64,
    /// Units of `quantity` that left with a parcel.
    pub shipped: i64,
    /// Units of `shipped` that arrived.
    pub delivered: i64,
    /// Units of `shipped` that came back.
    pub returned: i64,
    /// Price of one unit, before discount, tax included.
    pub unit_price: Money,
    /// Its share of the discount.
    pub discount: Money,
    /// Tax inside `total`.
    pub tax: Money,
    /// What the line costs after its discount, tax included.
    pub total: Money,
}

/// Units of a line of an order.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineUnits {
    /// Id of the line, as the order gives it.
    #[schema(pattern = "^line_[0-9a-f]{32}$", example = "line_0199a0b0c0d07e10b2f3a4b5c6d7e8f9")]
    pub line: String,
    /// How many of its units.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 9999, example = 1)]
    pub units: i64,
}

/// Units of an order that are not to be sent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCancellation {
    /// Units that did not leave yet; the same line twice is added up.
    #[schema(min_items = 1, max_items = 200)]
    pub lines: Vec<LineUnits>,
    /// Is their share of the delivery fee waived as well?
    #[serde(default)]
    pub with_delivery_fee: bool,
    /// Why, for the staff.
    #[schema(min_length = 1, max_length = 200, example = "Sold out")]
    pub reason: String,
}

/// What is to be given back of an order's price.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    /// Units whose price goes back with its tax.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub lines: Vec<LineUnits>,
    /// Of the delivery fee, minor units.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 0, example = 0)]
    pub delivery_fee: i64,
    /// Off everything that is left, minor units.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 0, example = 500)]
    pub amount: i64,
    /// Why, for the staff.
    #[schema(min_length = 1, max_length = 200, example = "Arrived with a scratch")]
    pub reason: String,
}

/// Money that goes back: a refund of each payment that it comes of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Refund {
    /// `done`; `pending` while the gateway does not answer about one of them; `failed` where one was refused and the others are done.
    pub state: &'static str,
    /// The largest payment first; more than one where no single payment brought as much.
    #[schema(min_items = 1)]
    pub refunds: Vec<RefundPart>,
}

/// The refund of one payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefundPart {
    /// Id of the refund.
    #[schema(example = "ref_0199c3f17d0a7b6fb2f0d5a9e8c71234")]
    pub id: String,
    pub amount: Money,
    /// `done`; `pending` while the gateway does not answer, which is asked again by itself; `failed` where it refused: staff see to that.
    pub state: &'static str,
}

/// The lines of the order that are meant.
pub fn line_units(lines: Vec<LineUnits>) -> Result<Vec<(OrderLineId, i64)>, view::FieldErrors> {
    if lines.len() > domain::cart::MAX_LINES {
        return Err(vec![("lines".to_owned(), format!("At most {} lines.", domain::cart::MAX_LINES))]);
    }
    let (mut errors, mut read) = (Vec::new(), Vec::with_capacity(lines.len()));
    for (i, LineUnits { line, units }) in lines.into_iter().enumerate() {
        match line.parse::<OrderLineId>() {
            Ok(id) if (1..=9_999).contains(&units) => read.push((id, units)),
            Ok(_) => errors.push((format!("lines[{i}].units"), "A whole number from 1 to 9,999.".to_owned())),
            Err(_) => errors.push((format!("lines[{i}].line"), "A line's id, as the order shows it.".to_owned())),
        }
    }
    if errors.is_empty() { Ok(read) } else { Err(errors) }
}

/// A parcel: units of the order that leave one location together.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Parcel {
    /// Id of the parcel.
    pub id: String,
    /// `picked` (it is being picked), `packed`, `shipped`, `delivered`, `cancelled` or `returned`.
    pub state: String,
    /// Name of the courier; none before it is shipped.
    pub courier: Option<String>,
    /// The courier's number for the parcel.
    pub tracking_number: Option<String>,
    /// When it was handed to the courier, milliseconds since 1970 UTC.
    pub shipped_at: Option<i64>,
    /// When it arrived, milliseconds since 1970 UTC.
    pub delivered_at: Option<i64>,
    /// When it came back, milliseconds since 1970 UTC.
    pub returned_at: Option<i64>,
}

/// A payment of an order: one attempt to be paid.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderPayment {
    /// Id of the payment.
    pub id: String,
    /// What it is made with: `cod` (cash) or `card`.
    pub tender: String,
    /// `pending`, `requires_action`, `authorised`, `captured`, `failed` or `voided`.
    pub state: String,
    /// What was asked for.
    pub amount: Money,
    /// What the bank holds or held.
    pub authorised: Money,
    /// Until when the bank holds it, milliseconds since 1970 UTC; none where that is not known.
    pub authorised_until: Option<i64>,
    /// What the shop took.
    pub captured: Money,
    /// What went back to the shopper.
    pub refunded: Money,
    /// What was asked to be taken, oldest first.
    pub captures: Vec<Capture>,
}

/// What was asked to be taken of a payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Capture {
    /// Id of the capture.
    pub id: String,
    /// What was asked for, and taken when it is done.
    pub amount: Money,
    /// `requested`, `done`, `refused` or `withdrawn`.
    pub state: String,
    /// Why the gateway refused.
    pub failure: Option<String>,
    /// When it was asked for, milliseconds since 1970 UTC.
    pub at: i64,
    /// When it was done, refused or withdrawn, milliseconds since 1970 UTC.
    pub ended_at: Option<i64>,
}

impl From<view::PaymentView> for OrderPayment {
    fn from(p: view::PaymentView) -> Self {
        let capture = |c: view::CaptureView| Capture {
            id: c.id.to_string(),
            amount: c.amount.into(),
            state: c.state.to_string(),
            failure: c.failure,
            at: c.at.millis(),
            ended_at: c.ended_at.map(domain::Timestamp::millis),
        };
        Self {
            id: p.id.to_string(),
            tender: p.tender.to_string(),
            state: p.state.to_string(),
            amount: p.amount.into(),
            authorised: p.authorised.into(),
            authorised_until: p.authorised_until.map(domain::Timestamp::millis),
            captured: p.captured.into(),
            refunded: p.refunded.into(),
            captures: p.captures.into_iter().map(capture).collect(),
        }
    }
}

/// An order as it was bought, with its states.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Order {
    /// Id of the order.
    pub id: String,
    /// Number of the order for people.
    pub number: String,
    /// When it was placed, milliseconds since 1970 UTC.
    pub placed_at: i64,
    /// `web`, `api`, `till` or `marketplace`.
    pub channel: String,
    /// The person who bought; none where nobody's name was taken, at a counter.
    pub contact: Option<Contact>,
    /// Address that the parcels go to; none for what is handed over at a counter, like all up to `promised_to`.
    pub delivery_address: Option<Address>,
    /// Billing address.
    pub billing_address: Option<Address>,
    /// The delivery method's name as bought.
    pub delivery_name: Option<String>,
    /// What is to be written on a card in the parcel.
    pub gift_note: Option<String>,
    /// The earliest promised time.
    pub promised_from: Option<i64>,
    /// The latest promised time.
    pub promised_to: Option<i64>,
    /// `cod` (cash, on delivery or at a counter) or `card`.
    pub payment_method: String,
    /// Lines as they were bought.
    pub lines: Vec<OrderLine>,
    /// Sum of the lines, before discount.
    pub subtotal: Money,
    /// What discounts took off, as a positive amount.
    pub discount: Money,
    /// Fee of the delivery method.
    pub delivery_fee: Money,
    /// Tax inside the total.
    pub tax: Money,
    /// What discount and delivery fee consist of: each line's share, and what is of the whole order. The sum of the lines and of these is the total.
    pub adjustments: Vec<OrderAdjustment>,
    /// What the tax consists of, for each line and each adjustment of the whole order.
    pub taxes: Vec<OrderTax>,
    /// What was to be paid when it was placed: items less discount, and delivery; tax included.
    pub total: Money,
    /// What is waived of it: not charged, as its items came back or are not sent.
    pub waived: Money,
    /// Money that the shop took, over all attempts.
    pub captured: Money,
    /// Money that went back to the shopper.
    pub refunded: Money,
    /// Its payments, oldest first; for keys with `read_orders` only.
    pub payments: Vec<OrderPayment>,
    /// `pending` (nothing is paid or promised), `requires_action` (the bank asks the shopper to confirm), `authorised`, `partly_paid`, `paid`,
    /// `partly_refunded`, `refunded`, `failed` or `voided` (cancelled before anything was paid).
    pub payment_state: String,
    /// `unfulfilled`, `partial`, `fulfilled`, `cancelled` or `returned`.
    pub fulfilment_state: String,
    /// `none`, `preparing`, `packed`, `in_transit`, `delivered` or `returned`.
    pub delivery_state: String,
    /// When it was cancelled.
    pub cancelled_at: Option<i64>,
    /// Parcels of the order, without cancelled ones.
    pub parcels: Vec<Parcel>,
}

impl From<view::OrderView> for Order {
    fn from(o: view::OrderView) -> Self {
        let line = |l: view::OrderLineView| OrderLine {
            id: l.id.to_string(),
            sku: l.sku,
            name: l.name,
            options: l.options,
            quantity: l.quantity,
            cancelled: l.cancelled,
            shipped: l.shipped,
            delivered: l.delivered,
            returned: l.returned,
            unit_price: l.unit_price.into(),
            discount: l.discount.into(),
            tax: l.tax.into(),
            total: l.total.into(),
        };
        let parcel = |s: view::ParcelView| Parcel {
            id: s.id.to_string(),
            state: s.state.to_string(),
            courier: s.courier,
            tracking_number: s.tracking_number,
            shipped_at: s.shipped_at.map(domain::Timestamp::millis),
            delivered_at: s.delivered_at.map(domain::Timestamp::millis),
            returned_at: s.returned.map(|(at, ..)| at.millis()),
        };
        Self {
            id: o.id.to_string(),
            number: o.number,
            placed_at: o.placed_at.millis(),
            channel: o.channel.to_string(),
            contact: o.contact.map(|contact| Contact { name: contact.name, email: contact.email, phone: contact.phone }),
            delivery_address: o.delivery_address.map(Into::into),
            billing_address: o.billing_address.map(Into::into),
            delivery_name: o.delivery_name,
            gift_note: o.gift_note,
            promised_from: o.promised.map(|(from, _)| from.millis()),
            promised_to: o.promised.map(|(_, to)| to.millis()),
            payment_method: o.payment_method.to_string(),
            lines: o.lines.into_iter().map(line).collect(),
            subtotal: o.subtotal.into(),
            discount: o.discount.into(),
            delivery_fee: o.delivery_fee.into(),
            tax: o.tax.into(),
            adjustments: o.adjustments.into_iter().map(Into::into).collect(),
            taxes: o.taxes.into_iter().map(Into::into).collect(),
            total: o.total.into(),
            waived: o.waived.into(),
            captured: o.captured.into(),
            refunded: o.refunded.into(),
            payments: o.payments.into_iter().map(Into::into).collect(),
            payment_state: o.payment.to_string(),
            fulfilment_state: o.fulfilment.to_string(),
            delivery_state: o.delivery.to_string(),
            cancelled_at: o.cancelled.map(|(at, _)| at.millis()),
            parcels: o.parcels.into_iter().map(parcel).collect(),
        }
    }
}

/// An order in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderRow {
    /// Id of the order.
    pub id: String,
    /// Number of the order for people.
    pub number: String,
    /// When it was placed, milliseconds since 1970 UTC.
    pub placed_at: i64,
    /// Name of the person who bought; none where it was not taken, at a counter.
    pub customer: Option<String>,
    /// What was to be paid when it was placed, tax included.
    pub total: Money,
    /// Units over all lines.
    pub units: i64,
    /// As in an order.
    pub payment_state: String,
    /// As in an order.
    pub fulfilment_state: String,
    /// As in an order.
    pub delivery_state: String,
    /// As in an order.
    pub channel: String,
}

/// A page of orders.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Orders {
    /// Up to 50, newest first.
    pub orders: Vec<OrderRow>,
    /// For `after` of the next page; none on the last.
    pub next: Option<String>,
}

impl From<view::OrderListView> for Orders {
    fn from(list: view::OrderListView) -> Self {
        let row = |o: view::OrderRowView| OrderRow {
            id: o.id.to_string(),
            number: o.number,
            placed_at: o.placed_at.millis(),
            customer: o.customer,
            total: o.total.into(),
            units: o.units,
            payment_state: o.payment.to_string(),
            fulfilment_state: o.fulfilment.to_string(),
            delivery_state: o.delivery.to_string(),
            channel: o.channel.to_string(),
        };
        Self { orders: list.orders.into_iter().map(row).collect(), next: list.next }
    }
}
