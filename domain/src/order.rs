//! What state an order is in: three separate states, each derived from facts and from nothing else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that names no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a state")]
pub struct UnknownState;

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }
        impl $name {
            /// Every state.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// As written in tables and in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl FromStr for $name {
            type Err = UnknownState;
            fn from_str(text: &str) -> Result<Self, UnknownState> {
                match text { $($text => Ok(Self::$variant),)* _ => Err(UnknownState) }
            }
        }
    )*};
}

states! {
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
        /// Some of it went back.
        PartlyRefunded "partly_refunded",
        /// All of it went back.
        Refunded "refunded",
        /// The last attempt failed; another may follow.
        Failed "failed",
        /// Cancelled before anything was paid.
        Voided "voided",
    }
    /// How far the goods are prepared.
    FulfilmentState {
        /// Nothing was sent.
        Unfulfilled "unfulfilled",
        /// Some was sent.
        Partial "partial",
        /// All was sent.
        Fulfilled "fulfilled",
        /// Cancelled before anything was sent.
        Cancelled "cancelled",
    }
    /// Where the parcels are.
    DeliveryState {
        /// No parcel yet.
        None "none",
        /// A parcel is being picked or packed.
        Preparing "preparing",
        /// On the way.
        InTransit "in_transit",
        /// All parcels arrived.
        Delivered "delivered",
    }
    /// How far one attempt to pay is.
    AttemptState {
        /// Begun.
        Pending "pending",
        /// The shopper must confirm with their bank.
        RequiresAction "requires_action",
        /// The bank holds the amount.
        Authorised "authorised",
        /// The money arrived.
        Captured "captured",
        /// Declined or given up.
        Failed "failed",
        /// Cancelled before capture.
        Voided "voided",
    }
    /// How far one parcel is.
    ShipmentState {
        /// Its goods are being taken from the shelf.
        Picked "picked",
        /// In the box.
        Packed "packed",
        /// Handed to the courier.
        Shipped "shipped",
        /// In the shopper's hands.
        Delivered "delivered",
        /// Given up before it left.
        Cancelled "cancelled",
    }
    /// How an order is paid.
    PaymentMethod {
        /// Cash on delivery.
        Cod "cod",
        /// A card, through the gateway.
        Card "card",
    }
    /// Where an order came from.
    Channel {
        /// The shop's pages.
        Web "web",
        /// The HTTP API.
        Api "api",
        /// The counter.
        Till "till",
        /// Somebody else's shop.
        Marketplace "marketplace",
    }
}

impl AttemptState {
    /// May an attempt in this state become `next`? Late or repeated news never takes a captured payment back.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Pending => !matches!(next, Self::Pending),
            Self::RequiresAction => matches!(next, Self::Authorised | Self::Captured | Self::Failed | Self::Voided),
            Self::Authorised => matches!(next, Self::Captured | Self::Voided | Self::Failed),
            Self::Failed => matches!(next, Self::Authorised | Self::Captured | Self::RequiresAction),
            // Given up here while the gateway was being asked for the intent, and paid there.
            Self::Voided => matches!(next, Self::Authorised | Self::Captured),
            Self::Captured => false,
        }
    }
}

impl ShipmentState {
    /// May a parcel in this state become `next`?
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Picked => matches!(next, Self::Packed | Self::Cancelled),
            Self::Packed => matches!(next, Self::Shipped | Self::Cancelled),
            Self::Shipped => matches!(next, Self::Delivered),
            Self::Delivered | Self::Cancelled => false,
        }
    }
}

/// The facts about an order's money.
#[derive(Clone, Copy, Debug)]
pub struct PaymentFacts {
    /// What the order costs, minor units.
    pub total: i64,
    /// What arrived over all attempts.
    pub captured: i64,
    /// What went back.
    pub refunded: i64,
    /// The state of the latest attempt.
    pub latest: AttemptState,
    /// Was the order cancelled?
    pub cancelled: bool,
}

impl PaymentFacts {
    /// The state they amount to. An order that costs nothing is paid from the start.
    #[must_use]
    pub const fn state(self) -> PaymentState {
        if self.captured > 0 && self.refunded >= self.captured {
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
        match self.latest {
            AttemptState::Pending | AttemptState::Captured => PaymentState::Pending,
            AttemptState::RequiresAction => PaymentState::RequiresAction,
            AttemptState::Authorised => PaymentState::Authorised,
            AttemptState::Failed => PaymentState::Failed,
            AttemptState::Voided => PaymentState::Voided,
        }
    }
}

/// The facts about an order's goods.
#[derive(Clone, Copy, Debug)]
pub struct GoodsFacts {
    /// Units ordered.
    pub ordered: i64,
    /// Units that left the house.
    pub shipped: i64,
    /// Units that arrived.
    pub delivered: i64,
    /// Is a parcel being picked or packed?
    pub preparing: bool,
    /// Was the order cancelled?
    pub cancelled: bool,
}

impl GoodsFacts {
    /// How far the goods are prepared.
    #[must_use]
    pub const fn fulfilment(self) -> FulfilmentState {
        if self.cancelled && self.shipped == 0 {
            FulfilmentState::Cancelled
        } else if self.shipped == 0 {
            FulfilmentState::Unfulfilled
        } else if self.shipped < self.ordered {
            FulfilmentState::Partial
        } else {
            FulfilmentState::Fulfilled
        }
    }

    /// Where the parcels are.
    #[must_use]
    pub const fn delivery(self) -> DeliveryState {
        if self.shipped > 0 && self.delivered >= self.ordered {
            DeliveryState::Delivered
        } else if self.shipped > 0 {
            DeliveryState::InTransit
        } else if self.preparing {
            DeliveryState::Preparing
        } else {
            DeliveryState::None
        }
    }
}

/// An order's number as people say it: `T` and eight of Crockford's 32 letters, from 40 random bits, `TK4WX-9QPM2`-like
/// without the dash in tables. Says nothing about how much a shop sells.
#[must_use]
pub fn order_number(random: [u8; 5]) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = random.iter().fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    let mut number = String::with_capacity(10);
    number.push('T');
    for i in (0..8).rev() {
        // Always below 32.
        number.push(char::from(LETTERS[((bits >> (i * 5)) & 31) as usize]));
        if i == 4 {
            number.push('-');
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_news_never_takes_a_captured_payment_back() {
        for next in AttemptState::ALL {
            assert!(!AttemptState::Captured.may_become(*next));
        }
        assert!(AttemptState::Failed.may_become(AttemptState::Captured));
    }

    #[test]
    fn an_order_that_costs_nothing_is_paid() {
        let facts = PaymentFacts { total: 0, captured: 0, refunded: 0, latest: AttemptState::Pending, cancelled: false };
        assert_eq!(facts.state(), PaymentState::Paid);
    }

    #[test]
    fn half_a_parcel_is_partial() {
        let facts = GoodsFacts { ordered: 3, shipped: 1, delivered: 1, preparing: false, cancelled: false };
        assert_eq!((facts.fulfilment(), facts.delivery()), (FulfilmentState::Partial, DeliveryState::InTransit));
    }

    #[test]
    fn numbers_use_letters_that_cannot_be_misread() {
        assert_eq!(order_number([0xff; 5]), "TZZZZ-ZZZZ");
        assert_eq!(order_number([0; 5]), "T0000-0000");
    }
}
