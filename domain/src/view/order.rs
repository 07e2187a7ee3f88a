//! Orders as pages, mails and the API show them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Address, ContactDetails};
use crate::credit::PricePart;
use crate::id::{CaptureId, ContactId, OrderId, OrderLineId, ParcelId, PaymentId, PictureId, RefundId};
use crate::messages::{Msg, t};
use crate::order::{
    AdjustmentKind, AdjustmentSource, AttemptState, CaptureState, Channel, DeliveryState, FulfilmentState, ParcelState, PaymentMethod,
    PaymentState, ReturnCause, Tender, open_units,
};
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
    /// The part of the total that is waived.
    pub waived: Money,
    pub units: i64,
    pub method: PaymentMethod,
    pub payment: PaymentState,
    pub fulfilment: FulfilmentState,
    pub delivery: DeliveryState,
    pub channel: Channel,
}

impl OrderRowView {
    /// The total less what is waived.
    #[must_use]
    pub fn price(&self) -> Money {
        Money::new(self.total.minor - self.waived.minor, self.total.currency)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLineView {
    pub id: OrderLineId,
    /// The SKU when it was bought.
    pub sku: String,
    /// Of its product's page, for shoppers; none when the product is not published any more.
    pub slug: Option<String>,
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
    /// What of `total` was refunded, or is on its way back.
    pub refunded: Money,
}

/// A change of an order's price: a line's share of a discount, the delivery fee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderAdjustmentView {
    /// Its number among the order's.
    pub n: i64,
    /// None for one of the whole order.
    pub line: Option<OrderLineId>,
    pub kind: AdjustmentKind,
    pub source: AdjustmentSource,
    /// Which discount code or delivery method it comes from.
    pub reference: String,
    /// Negative for what is taken off.
    pub amount: Money,
    /// Tax inside `amount`.
    pub tax: Money,
}

/// A tax inside of an order's price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTaxView {
    /// The line that is taxed, less what is taken off it.
    pub line: Option<OrderLineId>,
    /// Otherwise the number of the adjustment that is.
    pub adjustment: Option<i64>,
    /// The tax class.
    pub class: String,
    /// The region whose rate it is: its country, and the code of its state or province; empty for the whole country.
    pub country: String,
    pub province: String,
    /// Basis points.
    pub rate_bp: i64,
    /// What is taxed, without tax.
    pub net: Money,
    pub tax: Money,
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
    /// Units that can still be cancelled, or sent.
    #[must_use]
    pub const fn open(&self) -> i64 {
        open_units(self.quantity, self.cancelled, self.shipped)
    }

    /// The product's name with the chosen options.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} {}", self.name, self.options).trim().to_owned()
    }

    /// What became of its units and its price, where not all of them are simply sent and paid: "1 cancelled · 2 came back". `staff` are
    /// told where the units are that came back.
    #[must_use]
    pub fn unit_states(&self, locale: Locale, staff: bool) -> Option<String> {
        let units = |units: i64, message: Msg| (units > 0).then(|| message.with(locale, &[("units", &locale.number(units))]));
        let back = if staff {
            [
                units(self.returned - self.restocked, t::ADMIN_ORDERS_UNITS_WRITTEN_OFF),
                units(self.restocked, t::ADMIN_ORDERS_UNITS_RESTOCKED),
            ]
        } else {
            [units(self.returned, t::ORDER_UNITS_RETURNED), None]
        };
        let refunded = (self.refunded.minor > 0).then(|| t::ORDER_LINE_REFUNDED.with(locale, &[("amount", &locale.money(self.refunded))]));
        let [first, second] = back;
        let unit_states: Vec<String> =
            [units(self.cancelled, t::ORDER_UNITS_CANCELLED), first, second, refunded].into_iter().flatten().collect();
        (!unit_states.is_empty()).then(|| unit_states.join(" · "))
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
    pub id: RefundId,
    pub amount: Money,
    /// Tax inside what of the price it is.
    pub tax: Money,
    /// What of the price it is: units of lines, the delivery fee, an amount off the items; each with its amount.
    pub of: Vec<(String, Money)>,
    /// `pending`, `done` or `failed`.
    pub state: String,
    /// It is of a payment in cash: staff hand the money over, or transfer it.
    pub by_hand: bool,
    /// When they did, and who.
    pub handed_over: Option<(Timestamp, String)>,
    pub reason: String,
    pub failure: Option<String>,
    pub actor: String,
    pub at: Timestamp,
}

/// A payment of an order, for staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentView {
    pub id: PaymentId,
    pub tender: Tender,
    pub state: AttemptState,
    /// What was asked for.
    pub amount: Money,
    /// What the bank holds or held.
    pub authorised: Money,
    /// Until when it does, where that is known.
    pub authorised_until: Option<Timestamp>,
    pub captured: Money,
    pub refunded: Money,
    /// Oldest first.
    pub captures: Vec<CaptureView>,
}

/// What was asked to be taken of a payment, for staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureView {
    pub id: CaptureId,
    pub amount: Money,
    pub state: CaptureState,
    /// Why the gateway refused.
    pub failure: Option<String>,
    pub at: Timestamp,
    /// When it was done, refused or withdrawn.
    pub ended_at: Option<Timestamp>,
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
    /// This amount is refunded to the card.
    Back(Money),
    /// This amount was paid in cash, and is handed over or transferred.
    BackByHand(Money),
}

impl CancelledMoney {
    /// From the payment method and what goes back of what was captured.
    #[must_use]
    pub const fn of(method: PaymentMethod, back: Money) -> Self {
        match method {
            PaymentMethod::Card if back.minor > 0 => Self::Back(back),
            PaymentMethod::Cash if back.minor > 0 => Self::BackByHand(back),
            PaymentMethod::Card => Self::NotCharged,
            PaymentMethod::Cash => Self::Nothing,
        }
    }

    #[must_use]
    pub fn words(self, locale: Locale) -> String {
        match self {
            Self::Nothing => t::ORDER_MONEY_NONE.text(locale).to_owned(),
            Self::NotCharged => t::ORDER_MONEY_NOT_CHARGED.text(locale).to_owned(),
            Self::Back(amount) => t::ORDER_MONEY_BACK.with(locale, &[("amount", &locale.money(amount))]),
            Self::BackByHand(amount) => t::ORDER_MONEY_BACK_BY_HAND.with(locale, &[("amount", &locale.money(amount))]),
        }
    }
}

impl PaymentMethod {
    /// What it is called; cash is paid on delivery where the order `is_delivered`, and not handed over at a counter.
    #[must_use]
    pub const fn words(self, is_delivered: bool) -> Msg {
        match self {
            Self::Card => t::CHECKOUT_PAYMENT_CARD,
            Self::Cash if is_delivered => t::CHECKOUT_PAYMENT_ON_DELIVERY,
            Self::Cash => t::ORDER_CASH,
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
    /// The contact's id, which leads to the customer's page; for staff.
    pub customer: Option<ContactId>,
    /// None, like all up to `promised`, for what is handed over at a counter.
    pub delivery_address: Option<Address>,
    pub billing_address: Option<Address>,
    /// The delivery address as the lines of a label; none without one.
    pub delivery_label: Vec<String>,
    /// The billing address as the lines of a label; none without one.
    pub billing_label: Vec<String>,
    /// The delivery method's name as bought.
    pub delivery_name: Option<String>,
    /// What is to be written on a card in the parcel.
    pub gift_note: Option<String>,
    /// The earliest and the latest promised day.
    pub promised: Option<(Timestamp, Timestamp)>,
    pub payment_method: PaymentMethod,
    pub lines: Vec<OrderLineView>,
    /// Before discount and delivery.
    pub subtotal: Money,
    pub discount: Money,
    pub delivery_fee: Money,
    /// Tax inside the total.
    pub tax: Money,
    /// Tax inside what is left of the total, without what is waived or was refunded.
    pub tax_left: Money,
    /// What the discount, the fee and everything like them consist of.
    pub adjustments: Vec<OrderAdjustmentView>,
    /// What the tax consists of.
    pub taxes: Vec<OrderTaxView>,
    pub total: Money,
    /// The part of the total that is not charged, because items came back or are not sent.
    pub waived: Money,
    pub captured: Money,
    /// What the gateway is asked to capture and has not answered.
    pub capturing: Money,
    pub refunded: Money,
    /// Refunds not yet done.
    pub returning: Money,
    /// Oldest first; for staff.
    pub refunds: Vec<RefundView>,
    /// Oldest first; for staff.
    pub payments: Vec<PaymentView>,
    /// The lines and then the adjustments of the whole order, with what of each is not charged or went back; for staff.
    pub price: Vec<PricePart>,
    pub payment: PaymentState,
    pub fulfilment: FulfilmentState,
    pub delivery: DeliveryState,
    /// When it was cancelled, and why.
    pub cancelled: Option<(Timestamp, String)>,
    /// What goes back because it was cancelled: what was paid and not refunded before.
    pub returned_on_cancel: Money,
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

impl OrderView {
    /// The days on which it is promised to arrive; none once it has arrived, came back or was cancelled.
    #[must_use]
    pub fn arrival(&self) -> Option<(Timestamp, Timestamp)> {
        let is_over = self.cancelled.is_some() || matches!(self.delivery, DeliveryState::Delivered | DeliveryState::Returned);
        self.promised.filter(|_| !is_over)
    }

    /// What is still to be paid; nothing of a cancelled order.
    #[must_use]
    pub fn due(&self) -> Money {
        let due = self.total.minor - self.waived.minor - self.captured.minor;
        Money::new(if self.cancelled.is_some() { 0 } else { due.max(0) }, self.total.currency)
    }

    /// The total less what is waived.
    #[must_use]
    pub fn price_now(&self) -> Money {
        Money::new(self.total.minor - self.waived.minor, self.total.currency)
    }

    /// What was captured and is neither refunded nor on its way back.
    #[must_use]
    pub fn refundable(&self) -> Money {
        Money::new(self.captured.minor - self.refunded.minor - self.returning.minor, self.captured.currency)
    }

    /// What was paid beyond the price and can still go back: of no part of the price. `price` must be known, as it is to staff.
    #[must_use]
    pub fn overpaid(&self) -> Money {
        let of_price: i64 = self.price.iter().map(PricePart::left).sum();
        Money::new((self.refundable().minor - of_price).max(0), self.total.currency)
    }

    /// What became of the total, for the lines below it: what is waived, what is to be paid where that is another amount, what was
    /// paid, and what was refunded.
    #[must_use]
    pub fn after_total(&self) -> Vec<(Msg, Money)> {
        let minus = |money: Money| Money::new(-money.minor, money.currency);
        let due = self.due();
        let lines = [
            (t::ORDER_WAIVED, minus(self.waived), true),
            (t::ORDER_PAID, self.captured, true),
            (t::ORDER_REFUNDED, minus(self.refunded), true),
            (t::ORDER_RETURNING, minus(self.returning), true),
            (t::ORDER_TO_PAY, due, due != self.total),
        ];
        lines.into_iter().filter(|(_, money, differs)| money.minor != 0 && *differs).map(|(label, money, _)| (label, money)).collect()
    }

    /// What is refunded when a parcel comes back and its money is to be refunded: the price of its units, at most what was paid of it;
    /// everything that was paid where nothing of the order is left. `price` must be known, as it is to staff.
    #[must_use]
    pub fn refund_of(&self, parcel: &ParcelView) -> Money {
        let in_parcel = |line: OrderLineId| parcel.lines.iter().filter(|(id, _)| *id == line).map(|(_, units)| *units).sum::<i64>();
        let left = self.refundable().minor.max(0);
        let nothing_stays = self.lines.iter().all(|line| line.open() == 0 && line.shipped - line.returned == in_parcel(line.id));
        let credits = crate::credit::of_units(&self.price, &parcel.lines, false);
        let amount = if nothing_stays { left } else { (crate::credit::sum(&credits).0 - self.due().minor).clamp(0, left) };
        Money::new(amount, self.total.currency)
    }

    /// The discount code that it was bought with.
    #[must_use]
    pub fn discount_code(&self) -> Option<&str> {
        let of_code = |one: &&OrderAdjustmentView| one.source == AdjustmentSource::DiscountCode;
        self.adjustments.iter().find(of_code).map(|one| one.reference.as_str())
    }

    /// Its taxes by rate, the highest first: the rate in basis points, what is taxed, and the tax. What is not taxed is left out.
    #[must_use]
    pub fn taxes_by_rate(&self) -> Vec<(i64, Money, Money)> {
        let mut sums: BTreeMap<Reverse<i64>, (i64, i64)> = BTreeMap::new();
        for one in self.taxes.iter().filter(|one| one.rate_bp > 0) {
            let sum = sums.entry(Reverse(one.rate_bp)).or_default();
            *sum = (sum.0 + one.net.minor, sum.1 + one.tax.minor);
        }
        let money = |minor| Money::new(minor, self.total.currency);
        sums.into_iter().map(|(Reverse(rate_bp), (net, tax))| (rate_bp, money(net), money(tax))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    #[test]
    fn only_captured_money_is_announced_as_refunded() {
        let pesos = |minor| Money::new(minor, Currency::PHP);
        let words = |method, captured| CancelledMoney::of(method, pesos(captured)).words(Locale::En);
        assert_eq!(words(PaymentMethod::Cash, 0), "Nothing was paid.");
        assert_eq!(words(PaymentMethod::Card, 0), "Your card is not charged.");
        assert_eq!(words(PaymentMethod::Card, 11_900), "₱119.00 is refunded to your card.");
        assert_eq!(words(PaymentMethod::Cash, 11_900), "₱119.00 is refunded in cash or by transfer.");
    }
}
