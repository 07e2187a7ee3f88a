//! What state an order is in: three separate states, each derived from facts and from nothing else.

named! {
    /// Where the money of an order is.
    PaymentState {
        /// Nothing has been promised or paid.
        Pending "pending",
        /// The shopper must confirm with their bank.
        RequiresAction "requires_action",
        /// The bank holds the amount.
        Authorised "authorised",
        /// Some of it arrived.
        PartlyPaid "partly_paid",
        /// All of it arrived.
        Paid "paid",
        /// Some of it went back, or all that came so far while more is due.
        PartlyRefunded "partly_refunded",
        /// All of it went back, and nothing more is due.
        Refunded "refunded",
        /// The last attempt failed; another may follow.
        Failed "failed",
        /// Cancelled before anything was paid.
        Voided "voided",
    }
    /// How far the items are prepared.
    FulfilmentState {
        /// Nothing was sent.
        Unfulfilled "unfulfilled",
        /// Some was sent.
        Partial "partial",
        /// All was sent.
        Fulfilled "fulfilled",
        /// Nothing will be sent: cancelled, or given back before anything left.
        Cancelled "cancelled",
        /// All that was sent came back.
        Returned "returned",
    }
    /// Where the parcels are.
    DeliveryState {
        /// No parcel yet.
        None "none",
        /// A parcel is being picked or packed.
        Preparing "preparing",
        /// All that is to be sent is packed, and nothing of the order left yet.
        Packed "packed",
        /// On the way.
        InTransit "in_transit",
        /// All parcels arrived.
        Delivered "delivered",
        /// All parcels came back.
        Returned "returned",
    }
    /// How far one attempt to pay is.
    AttemptState {
        /// Begun, and nothing promised or paid.
        Pending "pending",
        /// The shopper must confirm with their bank.
        RequiresAction "requires_action",
        /// The bank holds the amount.
        Authorised "authorised",
        /// The money arrived.
        Captured "captured",
        /// Declined, or ended without an answer.
        Failed "failed",
        /// Cancelled before capture.
        Voided "voided",
    }
    /// How far one parcel is.
    ParcelState {
        /// Its items are being taken from the shelf.
        Picking "picked",
        /// Its items are in the box, which waits for the courier.
        Packed "packed",
        /// Handed to the courier.
        Shipped "shipped",
        /// In the shopper's hands.
        Delivered "delivered",
        /// Given up before it left.
        Cancelled "cancelled",
        /// It left and came back: refused at the door, or it could not be delivered.
        Returned "returned",
    }
    /// Why a parcel came back.
    ReturnCause {
        /// The shopper did not take it.
        Refused "refused",
        /// The recipient was not there, or the address was wrong.
        Undeliverable "undeliverable",
    }
    /// What becomes of returned items.
    ReturnedItems {
        /// Back into the stock of the location that they were shipped from.
        Restock "restock",
        /// Broken or spoilt: written off.
        WriteOff "write_off",
    }
    /// What becomes of money that was paid for returned items.
    ReturnedMoney {
        /// It goes back the way it came.
        Refund "refund",
        /// The shop keeps it for now.
        Keep "keep",
    }
    /// What an adjustment of an order's price is.
    AdjustmentKind {
        /// Taken off.
        Discount "discount",
        /// The fee of the delivery method.
        Delivery "delivery",
    }
    /// What an adjustment comes from.
    AdjustmentSource {
        /// A discount code, which its reference is.
        DiscountCode "discount_code",
        /// A delivery method, whose code its reference is.
        DeliveryMethod "delivery_method",
    }
    /// The reason that a shopper gives for cancelling.
    CancelCause {
        /// They gave no reason.
        Unsaid "unsaid",
        /// Changed their mind.
        ChangedMind "changed_mind",
        /// Ordered by mistake, or twice.
        Mistake "mistake",
        /// It takes too long.
        TooLong "too_long",
        /// To order again with other items, another address or another payment method.
        OrderAnew "order_anew",
    }
    /// Orders with the same next step.
    OrderQueue {
        /// May be sent, and is not all packed: to be taken from the shelf and packed.
        ToPack "to_pack",
        /// A packed parcel waits for its courier.
        ToShip "to_ship",
        /// By card, and not paid yet.
        Unpaid "unpaid",
        /// Cash that couriers have to bring.
        CashDue "cash_due",
    }
    /// How an order is paid.
    PaymentMethod {
        /// Cash, which the courier collects on delivery, or whoever sells takes at a counter. Its name in tables, events and the API is
        /// from before there were counters.
        Cash "cod",
        /// A card, through the gateway.
        Card "card",
    }
    /// What one payment is made with. An order has one payment method, and may be paid by several payments.
    Tender {
        /// Cash, on delivery or at a counter.
        Cash "cod",
        /// A card, through the gateway.
        Card "card",
    }
    /// How far it is with taking money of a payment.
    CaptureState {
        /// Asked for, and not answered yet.
        Requested "requested",
        /// The money arrived.
        Done "done",
        /// The gateway refused for good.
        Refused "refused",
        /// Not wanted any more before it was answered.
        Withdrawn "withdrawn",
    }
    /// Whether an account at a gateway moves money.
    GatewayMode {
        /// It moves none.
        Test "test",
        Live "live",
    }
    /// What a location is, where stock is kept.
    LocationKind {
        Warehouse "warehouse",
        /// Shoppers come there too.
        Store "store",
    }
    /// Where an order came from.
    Channel {
        /// The shop's pages.
        Web "web",
        Api "api",
        /// Sold at the counter of a shop.
        Till "till",
        /// Sold through another firm's shop.
        Marketplace "marketplace",
    }
}

impl Tender {
    /// What an order with this payment method is paid with.
    #[must_use]
    pub const fn of(method: PaymentMethod) -> Self {
        match method {
            PaymentMethod::Cash => Self::Cash,
            PaymentMethod::Card => Self::Card,
        }
    }
}

impl AttemptState {
    /// May an attempt in this state become `next`? A late or repeated event never undoes a captured payment.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Pending => !matches!(next, Self::Pending),
            Self::RequiresAction => matches!(next, Self::Authorised | Self::Captured | Self::Failed | Self::Voided),
            // A card declined before the authorisation is a late event.
            Self::Authorised => matches!(next, Self::Captured | Self::Voided),
            Self::Failed => matches!(next, Self::Authorised | Self::Captured | Self::RequiresAction),
            // Voided here while the intent was being made at the gateway, and paid there.
            Self::Voided => matches!(next, Self::Authorised | Self::Captured),
            Self::Captured => false,
        }
    }
}

impl PaymentState {
    /// May an order with this payment state be shipped? Cash on delivery is paid later; a card must at least be authorised.
    #[must_use]
    pub const fn may_be_sent(self, method: PaymentMethod) -> bool {
        match (method, self) {
            (_, Self::Refunded | Self::Voided) => false,
            (PaymentMethod::Cash, _) => true,
            (PaymentMethod::Card, Self::Authorised | Self::PartlyPaid | Self::Paid | Self::PartlyRefunded) => true,
            (PaymentMethod::Card, Self::Pending | Self::RequiresAction | Self::Failed) => false,
        }
    }
}

impl ParcelState {
    /// May a parcel in this state become `next`?
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Picking => matches!(next, Self::Packed | Self::Cancelled),
            Self::Packed => matches!(next, Self::Shipped | Self::Cancelled),
            Self::Shipped => matches!(next, Self::Delivered | Self::Returned),
            Self::Delivered | Self::Cancelled | Self::Returned => false,
        }
    }
}

/// The facts about an order's money.
#[derive(Clone, Copy, Debug)]
pub struct PaymentFacts {
    /// What the order costs, less what is waived, minor units.
    pub total: i64,
    /// What arrived over all attempts, minor units.
    pub captured: i64,
    /// Refunds that were made, minor units.
    pub refunded: i64,
    /// Does the bank hold money for it, whichever attempt got it?
    pub held: bool,
    /// The state of the latest attempt, which counts as long as none brought money.
    pub latest: AttemptState,
    pub cancelled: bool,
}

impl PaymentFacts {
    /// Is something still to be paid although money went back, which [`PaymentState::PartlyRefunded`] does not say?
    #[must_use]
    pub const fn is_rest_due(self) -> bool {
        matches!(self.state(), PaymentState::PartlyRefunded) && !self.cancelled && self.captured < self.total
    }

    /// The state they amount to. An order that costs nothing is paid from the start.
    #[must_use]
    pub const fn state(self) -> PaymentState {
        if self.captured > 0 && self.refunded >= self.captured && (self.cancelled || self.captured >= self.total) {
            return PaymentState::Refunded;
        }
        if self.refunded > 0 {
            return PaymentState::PartlyRefunded;
        }
        if self.cancelled && self.captured == 0 {
            return PaymentState::Voided;
        }
        if self.captured >= self.total {
            return PaymentState::Paid;
        }
        if self.captured > 0 {
            return PaymentState::PartlyPaid;
        }
        if self.held {
            return PaymentState::Authorised;
        }
        match self.latest {
            AttemptState::Pending | AttemptState::Captured => PaymentState::Pending,
            AttemptState::RequiresAction => PaymentState::RequiresAction,
            AttemptState::Authorised => PaymentState::Authorised,
            AttemptState::Failed => PaymentState::Failed,
            AttemptState::Voided => PaymentState::Voided,
        }
    }
}

/// The open units of an order's line: neither cancelled nor shipped, so they can still be both. In SQL: `open_units!` of the backend.
#[must_use]
pub const fn open_units(ordered: i64, cancelled: i64, shipped: i64) -> i64 {
    ordered - cancelled - shipped
}

/// The facts about an order's items, in units.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnitFacts {
    pub ordered: i64,
    /// Shipped and not returned.
    pub shipped: i64,
    pub delivered: i64,
    pub returned: i64,
    /// Will not be shipped: their reservation was released.
    pub released: i64,
    /// Packed and not shipped.
    pub packed: i64,
    /// Is a parcel being picked or packed?
    pub preparing: bool,
    pub cancelled: bool,
}

impl UnitFacts {
    /// Units that are with the shopper when all is done.
    const fn to_send(self) -> i64 {
        self.ordered - self.returned - self.released
    }

    /// How far the items are prepared.
    #[must_use]
    pub const fn fulfilment(self) -> FulfilmentState {
        let nothing_follows = self.to_send() <= 0;
        match self.shipped {
            0 if self.cancelled => FulfilmentState::Cancelled,
            0 if nothing_follows && self.returned > 0 => FulfilmentState::Returned,
            0 if nothing_follows && self.released > 0 => FulfilmentState::Cancelled,
            0 => FulfilmentState::Unfulfilled,
            shipped if shipped < self.to_send() => FulfilmentState::Partial,
            _ => FulfilmentState::Fulfilled,
        }
    }

    /// Where the parcels are.
    #[must_use]
    pub const fn delivery(self) -> DeliveryState {
        if self.shipped > 0 && self.delivered >= self.to_send() {
            DeliveryState::Delivered
        } else if self.shipped > 0 {
            DeliveryState::InTransit
        } else if self.packed > 0 && self.packed >= self.to_send() {
            DeliveryState::Packed
        } else if self.preparing {
            DeliveryState::Preparing
        } else if self.returned > 0 {
            DeliveryState::Returned
        } else {
            DeliveryState::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_event_never_undoes_a_captured_payment() {
        for next in AttemptState::ALL {
            assert!(!AttemptState::Captured.may_become(next));
        }
        assert!(AttemptState::Failed.may_become(AttemptState::Captured));
        assert!(!AttemptState::Authorised.may_become(AttemptState::Failed), "the shopper paid after the card before was declined");
    }

    #[test]
    fn an_order_that_costs_nothing_is_paid() {
        let facts = PaymentFacts { total: 0, captured: 0, refunded: 0, held: false, latest: AttemptState::Pending, cancelled: false };
        assert_eq!(facts.state(), PaymentState::Paid);
    }

    #[test]
    fn money_that_an_earlier_attempt_brought_counts_though_a_later_one_failed() {
        let facts = PaymentFacts { total: 100, captured: 0, refunded: 0, held: true, latest: AttemptState::Failed, cancelled: false };
        assert_eq!(facts.state(), PaymentState::Authorised);
        assert_eq!(PaymentFacts { captured: 40, ..facts }.state(), PaymentState::PartlyPaid);
        assert_eq!(PaymentFacts { captured: 100, held: false, ..facts }.state(), PaymentState::Paid);
        assert_eq!(PaymentFacts { held: false, ..facts }.state(), PaymentState::Failed);
        assert_eq!(PaymentFacts { cancelled: true, ..facts }.state(), PaymentState::Voided);
    }

    #[test]
    fn an_order_of_which_more_is_due_is_not_refunded_in_full() {
        let facts = PaymentFacts { total: 389, captured: 95, refunded: 95, held: false, latest: AttemptState::Pending, cancelled: false };
        assert_eq!(facts.state(), PaymentState::PartlyRefunded);
        assert_eq!(PaymentFacts { cancelled: true, ..facts }.state(), PaymentState::Refunded);
        assert_eq!(PaymentFacts { total: 95, ..facts }.state(), PaymentState::Refunded);
    }

    #[test]
    fn a_partly_shipped_order_is_partial() {
        let facts = UnitFacts { ordered: 3, shipped: 1, delivered: 1, ..UnitFacts::default() };
        assert_eq!((facts.fulfilment(), facts.delivery()), (FulfilmentState::Partial, DeliveryState::InTransit));
    }

    #[test]
    fn returned_and_released_units_are_not_waited_for() {
        let of = |facts: UnitFacts| (facts.fulfilment(), facts.delivery());
        let ordered = UnitFacts { ordered: 3, ..UnitFacts::default() };
        let all_back = UnitFacts { returned: 3, ..ordered };
        assert_eq!(of(all_back), (FulfilmentState::Returned, DeliveryState::Returned));
        assert_eq!(of(UnitFacts { cancelled: true, ..all_back }), (FulfilmentState::Cancelled, DeliveryState::Returned));
        let half_kept = UnitFacts { returned: 1, shipped: 2, delivered: 2, ..ordered };
        assert_eq!(of(half_kept), (FulfilmentState::Fulfilled, DeliveryState::Delivered));
        let rest_dropped = UnitFacts { released: 2, shipped: 1, delivered: 0, ..ordered };
        assert_eq!(of(rest_dropped), (FulfilmentState::Fulfilled, DeliveryState::InTransit));
        assert_eq!(of(UnitFacts { released: 3, ..ordered }), (FulfilmentState::Cancelled, DeliveryState::None));
        assert_eq!(of(UnitFacts { returned: 1, ..ordered }), (FulfilmentState::Unfulfilled, DeliveryState::Returned));
    }

    #[test]
    fn an_order_is_packed_when_nothing_is_left_to_pack() {
        let half = UnitFacts { ordered: 3, packed: 2, preparing: true, ..UnitFacts::default() };
        assert_eq!(half.delivery(), DeliveryState::Preparing);
        assert_eq!(UnitFacts { packed: 3, ..half }.delivery(), DeliveryState::Packed);
    }
}
