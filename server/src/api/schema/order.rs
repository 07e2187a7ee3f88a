//! Checkouts and orders in the API.

use domain::id::OrderLineId;
use domain::order::PaymentMethod;
use domain::view;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Money, OrderAdjustment, OrderTax, whole, whole_or_none};

/// A postal address. Fields that a country does not use stay empty.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Name of the person who receives the parcel.
    #[serde(default)]
    #[schema(max_length = 120, example = "Ana Reyes")]
    pub recipient: String,
    /// Telephone number for the courier.
    #[serde(default)]
    #[schema(max_length = 40, example = "+639171234567")]
    pub phone: String,
    /// Country, as ISO 3166-1 alpha-2.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "PH")]
    pub country: String,
    /// House number and street.
    #[serde(default)]
    #[schema(max_length = 120, example = "12 Mabini Street")]
    pub line1: String,
    /// Floor, unit or landmark.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub line2: String,
    /// Barangay; in the Philippines only.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub barangay: String,
    /// City or municipality.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub city: String,
    /// Province, state or prefecture.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub province: String,
    /// Region; in the Philippines only.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub region: String,
    /// Postal code as the country writes it.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub postal_code: String,
    /// The barangay's code in the Philippine Standard Geographic Code; with it, barangay, city, province and region may stay empty.
    #[serde(default)]
    #[schema(max_length = 10, example = "1381300009")]
    pub place: String,
}

impl From<Address> for view::Address {
    fn from(a: Address) -> Self {
        Self {
            recipient: a.recipient,
            phone: a.phone,
            country: a.country,
            line1: a.line1,
            line2: a.line2,
            barangay: a.barangay,
            city: a.city,
            province: a.province,
            region: a.region,
            postal_code: a.postal_code,
            place: a.place,
        }
    }
}

impl From<view::Address> for Address {
    fn from(a: view::Address) -> Self {
        Self {
            recipient: a.recipient,
            phone: a.phone,
            country: a.country,
            line1: a.line1,
            line2: a.line2,
            barangay: a.barangay,
            city: a.city,
            province: a.province,
            region: a.region,
            postal_code: a.postal_code,
            place: a.place,
        }
    }
}

impl Address {
    /// `(field, message)` for each field that is too long; `prefix` goes before the field.
    #[must_use]
    pub fn too_long(&self, prefix: &str) -> view::FieldErrors {
        let fields = [
            ("recipient", &self.recipient, 120),
            ("phone", &self.phone, 40),
            ("country", &self.country, 2),
            ("line1", &self.line1, 120),
            ("line2", &self.line2, 120),
            ("barangay", &self.barangay, 120),
            ("city", &self.city, 120),
            ("province", &self.province, 120),
            ("region", &self.region, 120),
            ("postal_code", &self.postal_code, 20),
            ("place", &self.place, 10),
        ];
        fields.into_iter().filter_map(|(field, text, max_chars)| too_long(&format!("{prefix}{field}"), text, max_chars)).collect()
    }
}

/// The error of a field that has more than `max_chars` characters.
#[must_use]
pub fn too_long(field: &str, text: &str, max_chars: usize) -> Option<(String, String)> {
    (text.chars().count() > max_chars).then(|| (field.to_owned(), format!("At most {max_chars} characters.")))
}

/// A way to deliver.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryOption {
    /// For `delivery` of a checkout.
    #[schema(example = "standard")]
    pub code: String,
    /// Name of the delivery method in the caller's language.
    pub name: String,
    /// What the delivery method promises, in a sentence.
    pub description: String,
    /// What it costs for this cart.
    pub fee: Money,
    /// The earliest promised time.
    pub from: i64,
    /// The latest promised time.
    pub to: i64,
    /// Whether `cod`, cash on delivery, can be chosen with it.
    pub collects_cash: bool,
}

/// The ways to deliver a cart to an address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryOptions {
    /// Cheapest first; none when nothing goes there.
    pub options: Vec<DeliveryOption>,
}

impl From<Vec<view::DeliveryOption>> for DeliveryOptions {
    fn from(options: Vec<view::DeliveryOption>) -> Self {
        let option = |o: view::DeliveryOption| DeliveryOption {
            code: o.code,
            name: o.name,
            description: o.description,
            fee: o.fee.into(),
            from: o.from.millis(),
            to: o.to.millis(),
            collects_cash: o.cash.is_taken(),
        };
        Self { options: options.into_iter().map(option).collect() }
    }
}

/// The person who buys, and how the shop reaches them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Given name and family name.
    #[schema(min_length = 1, max_length = 200, example = "Ana Reyes")]
    pub name: String,
    /// E-mail address that mails about the order go to.
    #[schema(min_length = 3, max_length = 254, example = "ana@example.com")]
    pub email: String,
    /// Telephone number; may stay empty.
    #[serde(default)]
    #[schema(max_length = 40, example = "+639171234567")]
    pub phone: String,
}

/// How an order is paid.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// Cash: on delivery the courier collects it, at a counter whoever sells.
    Cod,
    /// A card: the answer has the address where the shopper pays.
    Card,
}

impl From<Payment> for PaymentMethod {
    fn from(payment: Payment) -> Self {
        match payment {
            Payment::Cod => Self::Cod,
            Payment::Card => Self::Card,
        }
    }
}

/// Everything that makes an order of a cart.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// The person who buys. Contact, delivery_address and delivery are needed, except for what is handed over at a counter: a cart of the channel
    /// `till` may be ordered without all three.
    #[serde(default)]
    pub contact: Option<Contact>,
    /// Address that the parcels go to.
    #[serde(default)]
    pub delivery_address: Option<Address>,
    /// Who pays, when elsewhere.
    #[serde(default)]
    pub billing_address: Option<Address>,
    /// The code of a delivery option.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, example = "standard")]
    pub delivery: Option<String>,
    /// How it is paid.
    pub payment: Payment,
    /// The total that the shopper was shown, minor units; when it has changed, no order is made.
    #[serde(default, deserialize_with = "whole_or_none")]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub expected_total: Option<i64>,
}

impl NewOrder {
    /// Does it say nothing of who buys, and of where and how it is delivered?
    #[must_use]
    pub const fn is_without_delivery(&self) -> bool {
        self.contact.is_none() && self.delivery_address.is_none() && self.billing_address.is_none() && self.delivery.is_none()
    }
}

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
    /// Is their share of the delivery fee no longer due either?
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

/// A refund that was made, or is on its way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Refund {
    /// Id of the refund; none while the gateway does not answer.
    pub id: Option<String>,
    /// `done`, or `pending` while the gateway does not answer: it is asked again by itself.
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
    /// `picked`, `packed`, `shipped`, `delivered`, `cancelled` or `returned`.
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
    /// What it is made with: `cod` or `card`.
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
    /// The earliest promised time.
    pub promised_from: Option<i64>,
    /// The latest promised time.
    pub promised_to: Option<i64>,
    /// `cod` or `card`.
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
    /// What is no longer due of it, as its items came back or are not sent.
    pub waived: Money,
    /// Money that the shop took, over all attempts.
    pub captured: Money,
    /// Money that went back to the shopper.
    pub refunded: Money,
    /// Its payments, oldest first; for keys with `read_orders` only.
    pub payments: Vec<OrderPayment>,
    /// `pending`, `requires_action`, `authorised`, `partly_paid`, `paid`, `partly_refunded`, `refunded`, `failed` or `voided`.
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
