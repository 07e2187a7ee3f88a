//! An order.

use serde::{Deserialize, Serialize};

use super::{Address, ContactDetails};
use crate::id::{OrderId, OrderLineId, PictureId, ShipmentId};
use crate::order::{Channel, DeliveryState, FulfilmentState, PaymentMethod, PaymentState, ReturnCause, ShipmentState};
use crate::{Money, Timestamp};

/// An order in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRowView {
    /// The order.
    pub id: OrderId,
    /// As people say it.
    pub number: String,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Who bought.
    pub customer: String,
    /// What it costs.
    pub total: Money,
    /// Units.
    pub units: i64,
    /// How it is paid.
    pub method: PaymentMethod,
    /// Money.
    pub payment: PaymentState,
    /// Goods.
    pub fulfilment: FulfilmentState,
    /// Parcels.
    pub delivery: DeliveryState,
    /// Where it came from.
    pub channel: Channel,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLineView {
    /// The line.
    pub id: OrderLineId,
    /// As bought.
    pub sku: String,
    /// As bought.
    pub name: String,
    /// As bought.
    pub options: String,
    /// Photograph.
    pub picture: Option<PictureId>,
    /// Units.
    pub quantity: i64,
    /// Units that left.
    pub shipped: i64,
    /// Price of one.
    pub unit_price: Money,
    /// Its share of the discount.
    pub discount: Money,
    /// Tax inside `total`.
    pub tax: Money,
    /// What was charged.
    pub total: Money,
}

/// A parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentView {
    /// The parcel.
    pub id: ShipmentId,
    /// How far it is.
    pub state: ShipmentState,
    /// Who carries it.
    pub carrier: Option<String>,
    /// The carrier's number.
    pub tracking_number: Option<String>,
    /// Lines in it with their units.
    pub lines: Vec<(OrderLineId, i64)>,
    /// When it left.
    pub shipped_at: Option<Timestamp>,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
    /// When it came back, and why; what the staff wrote of it, for staff.
    pub returned: Option<(Timestamp, ReturnCause, String)>,
}

/// Something that happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// The event's kind, `order.placed`.
    pub kind: String,
    /// What to say, in the reader's language.
    pub text: String,
    /// Who did it, for staff; empty for shoppers.
    pub actor: String,
}

/// Money that goes back, for staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundView {
    /// How much.
    pub amount: Money,
    /// `pending`, `done` or `failed`.
    pub state: String,
    /// Why it goes back.
    pub reason: String,
    /// Why it was refused.
    pub failure: Option<String>,
    /// Who gave it back.
    pub actor: String,
    /// When it was asked for.
    pub at: Timestamp,
}

/// A card order that waits for its payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnpaidView {
    /// Until then its goods are kept.
    pub until: Timestamp,
    /// Can it be paid in cash on delivery instead?
    pub cash: bool,
}

/// An order's page, for its shopper and for staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderView {
    /// The order.
    pub id: OrderId,
    /// As people say it.
    pub number: String,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Where it came from.
    pub channel: Channel,
    /// Who bought.
    pub contact: ContactDetails,
    /// Where it goes.
    pub shipping_address: Address,
    /// Who pays.
    pub billing_address: Address,
    /// Where it goes, in the lines of a label.
    pub shipping_label: Vec<String>,
    /// Who pays, in the lines of a label.
    pub billing_label: Vec<String>,
    /// The delivery method's name as bought.
    pub delivery_name: String,
    /// The earliest promised day.
    pub promised_from: Timestamp,
    /// The latest promised day.
    pub promised_to: Timestamp,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// Lines.
    pub lines: Vec<OrderLineView>,
    /// Goods before discount.
    pub subtotal: Money,
    /// Discount, positive.
    pub discount: Money,
    /// The code used.
    pub discount_code: Option<String>,
    /// Delivery.
    pub shipping: Money,
    /// Tax inside the total.
    pub tax: Money,
    /// What it costs.
    pub total: Money,
    /// What is no longer due of it, as its goods came back or are not sent.
    pub waived: Money,
    /// What arrived.
    pub captured: Money,
    /// What went back.
    pub refunded: Money,
    /// What is on its way back and did not arrive yet.
    pub returning: Money,
    /// What went back, is on its way, or was refused, oldest first; for staff.
    pub refunds: Vec<RefundView>,
    /// Money.
    pub payment: PaymentState,
    /// Goods.
    pub fulfilment: FulfilmentState,
    /// Parcels.
    pub delivery: DeliveryState,
    /// Cancelled, and why.
    pub cancelled: Option<(Timestamp, String)>,
    /// It waits for its payment by card.
    pub unpaid: Option<UnpaidView>,
    /// Why the last attempt to pay failed.
    pub payment_failure: Option<String>,
    /// Units that wait to be sent, in parcels or not.
    pub unsent: i64,
    /// Units of them that are in no parcel yet.
    pub unpicked: i64,
    /// Can its shopper still cancel it?
    pub can_cancel: bool,
    /// Parcels.
    pub shipments: Vec<ShipmentView>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// The order's version, for changes.
    pub version: i64,
}
