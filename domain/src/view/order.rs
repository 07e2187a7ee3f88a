//! An order.

use serde::{Deserialize, Serialize};

use super::{Address, ContactDetails};
use crate::id::{OrderId, OrderLineId, ParcelId, PictureId};
use crate::messages::t;
use crate::order::{Channel, DeliveryState, FulfilmentState, ParcelState, PaymentMethod, PaymentState, ReturnCause};
use crate::{Locale, Money, Timestamp};

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
pub struct ParcelView {
    /// The parcel.
    pub id: ParcelId,
    /// How far it is.
    pub state: ParcelState,
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

/// What becomes of the money of an order that is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelledMoney {
    /// Nothing was paid.
    Nothing,
    /// A card was to pay, and is not charged.
    NotCharged,
    /// So much was paid, and goes back the way it came.
    Back(Money),
}

impl CancelledMoney {
    /// Of an order that is paid so, and of which so much arrived.
    #[must_use]
    pub const fn of(method: PaymentMethod, captured: Money) -> Self {
        match method {
            _ if captured.minor > 0 => Self::Back(captured),
            PaymentMethod::Card => Self::NotCharged,
            PaymentMethod::Cod => Self::Nothing,
        }
    }

    /// It in a sentence.
    #[must_use]
    pub fn words(self, locale: Locale) -> String {
        match self {
            Self::Nothing => t::ORDER_MONEY_NONE.text(locale).to_owned(),
            Self::NotCharged => t::ORDER_MONEY_NOT_CHARGED.text(locale).to_owned(),
            Self::Back(amount) => t::ORDER_MONEY_BACK.with(locale, &[("amount", &locale.money(amount))]),
        }
    }
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
    /// Was it its shopper who cancelled it?
    pub cancelled_by_shopper: bool,
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
    pub parcels: Vec<ParcelView>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// The order's version, for changes.
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    #[test]
    fn nobody_is_promised_money_back_that_they_never_paid() {
        let pesos = |minor| Money::new(minor, Currency::PHP);
        let said = |method, captured| CancelledMoney::of(method, pesos(captured)).words(Locale::En);
        assert_eq!(said(PaymentMethod::Cod, 0), "Nothing was paid.");
        assert_eq!(said(PaymentMethod::Card, 0), "Your card is not charged.");
        assert_eq!(said(PaymentMethod::Card, 11_900), "₱119.00 goes back the way it came.");
        assert_eq!(said(PaymentMethod::Cod, 11_900), "₱119.00 goes back the way it came.");
    }
}
