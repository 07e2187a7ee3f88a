use serde::{Deserialize, Serialize};

use super::{Address, ContactDetails};
use crate::credit::PricePart;
use crate::id::{OrderId, OrderLineId, ParcelId, PictureId};
use crate::messages::t;
use crate::order::{Channel, DeliveryState, FulfilmentState, ParcelState, PaymentMethod, PaymentState, ReturnCause};
use crate::{Locale, Money, Timestamp};

/// An order in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRowView {
    pub id: OrderId,
    pub number: String,
    pub placed_at: Timestamp,
    /// The name of who bought; none where it was not taken, at a counter.
    pub customer: Option<String>,
    pub total: Money,
    pub units: i64,
    pub method: PaymentMethod,
    pub payment: PaymentState,
    pub fulfilment: FulfilmentState,
    pub delivery: DeliveryState,
    pub channel: Channel,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLineView {
    pub id: OrderLineId,
    /// The SKU when it was bought.
    pub sku: String,
    /// The product's name when it was bought.
    pub name: String,
    /// The chosen options when it was bought.
    pub options: String,
    pub picture: Option<PictureId>,
    pub quantity: i64,
    /// Units of it that are not sent.
    pub cancelled: i64,
    /// Units of it that left with a parcel.
    pub shipped: i64,
    pub delivered: i64,
    /// Units of `shipped` that came back.
    pub returned: i64,
    /// Units of `returned` that are in the stock again; the others were written off.
    pub restocked: i64,
    /// Price of one unit.
    pub unit_price: Money,
    /// Its share of the discount.
    pub discount: Money,
    /// Tax inside `total`.
    pub tax: Money,
    /// After discount, tax included.
    pub total: Money,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelView {
    pub id: ParcelId,
    pub state: ParcelState,
    pub courier: Option<String>,
    /// The courier's number for the parcel.
    pub tracking_number: Option<String>,
    /// Lines with their units in this parcel.
    pub lines: Vec<(OrderLineId, i64)>,
    pub shipped_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    /// When it came back, why, and a note for staff.
    pub returned: Option<(Timestamp, ReturnCause, String)>,
}

impl OrderLineView {
    /// Units that are to be sent and did not leave yet.
    #[must_use]
    pub const fn open(&self) -> i64 {
        self.quantity - self.cancelled - self.shipped
    }
}

/// An event in an order's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    pub at: Timestamp,
    /// The event's kind, `order.placed`.
    pub kind: String,
    /// In the user's language.
    pub text: String,
    /// Who did it; only staff see it.
    pub actor: String,
}

/// A refund, for staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundView {
    pub amount: Money,
    /// `pending`, `done` or `failed`.
    pub state: String,
    pub reason: String,
    pub failure: Option<String>,
    pub actor: String,
    pub at: Timestamp,
}

/// A card order that waits for its payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnpaidView {
    /// Its items are reserved until then.
    pub until: Timestamp,
    /// Can it be paid in cash on delivery instead?
    pub cash: bool,
}

/// What happens to the money of a cancelled order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelledMoney {
    /// Nothing was paid.
    Nothing,
    /// The card is not charged.
    NotCharged,
    /// This amount is refunded the way it was paid.
    Back(Money),
}

impl CancelledMoney {
    /// From the payment method and the amount captured.
    #[must_use]
    pub const fn of(method: PaymentMethod, captured: Money) -> Self {
        match method {
            _ if captured.minor > 0 => Self::Back(captured),
            PaymentMethod::Card => Self::NotCharged,
            PaymentMethod::Cod => Self::Nothing,
        }
    }

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
    pub id: OrderId,
    pub number: String,
    pub placed_at: Timestamp,
    pub channel: Channel,
    /// None where nobody's name was taken: at a counter.
    pub contact: Option<ContactDetails>,
    /// None, like all up to `promised`, for what is handed over at a counter.
    pub shipping_address: Option<Address>,
    pub billing_address: Option<Address>,
    /// The shipping address as the lines of a label; none without one.
    pub shipping_label: Vec<String>,
    /// The billing address as the lines of a label; none without one.
    pub billing_label: Vec<String>,
    /// The delivery method's name as bought.
    pub delivery_name: Option<String>,
    /// The earliest and the latest promised day.
    pub promised: Option<(Timestamp, Timestamp)>,
    pub payment_method: PaymentMethod,
    pub lines: Vec<OrderLineView>,
    /// Before discount and delivery.
    pub subtotal: Money,
    pub discount: Money,
    pub discount_code: Option<String>,
    pub shipping: Money,
    /// Tax inside the total.
    pub tax: Money,
    pub total: Money,
    /// The part of the total that is no longer due, because items came back or are not sent.
    pub waived: Money,
    pub captured: Money,
    pub refunded: Money,
    /// Refunds not yet done.
    pub returning: Money,
    /// Oldest first; for staff.
    pub refunds: Vec<RefundView>,
    /// The lines and then the delivery fee, with what of each is not charged or went back; for staff.
    pub price: Vec<PricePart>,
    pub payment: PaymentState,
    pub fulfilment: FulfilmentState,
    pub delivery: DeliveryState,
    /// When it was cancelled, and why.
    pub cancelled: Option<(Timestamp, String)>,
    /// Cancelled by the shopper, not by staff?
    pub cancelled_by_shopper: bool,
    /// For a card order that waits for its payment.
    pub unpaid: Option<UnpaidView>,
    /// Why the last attempt to pay failed.
    pub payment_failure: Option<String>,
    /// Units that wait to be sent, in parcels or not.
    pub unsent: i64,
    /// Units of `unsent` that are in no parcel yet.
    pub unpicked: i64,
    /// Can its shopper still cancel it?
    pub can_cancel: bool,
    pub parcels: Vec<ParcelView>,
    /// Oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Grows with each change; one made to another version is refused.
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    #[test]
    fn only_captured_money_is_announced_as_refunded() {
        let pesos = |minor| Money::new(minor, Currency::PHP);
        let words = |method, captured| CancelledMoney::of(method, pesos(captured)).words(Locale::En);
        assert_eq!(words(PaymentMethod::Cod, 0), "Nothing was paid.");
        assert_eq!(words(PaymentMethod::Card, 0), "Your card is not charged.");
        assert_eq!(words(PaymentMethod::Card, 11_900), "₱119.00 goes back the way it came.");
        assert_eq!(words(PaymentMethod::Cod, 11_900), "₱119.00 goes back the way it came.");
    }
}
