//! Why stock changes.

named! {
    /// Why units came into the stock or left it.
    StockReason {
        /// The stock with which a product began.
        Opening "opening",
        /// Stock in an imported list of products.
        Imported "imported",
        /// Sent in a parcel of an order.
        Order "order",
        /// Back from the door, where the parcel was not taken.
        Refused "refused",
        /// Back because the parcel could not be delivered.
        Undeliverable "undeliverable",
        /// A count found more or fewer than the books had.
        Count "count",
        /// Goods that came in.
        Received "received",
        /// Units that turned up.
        Found "found",
        /// Units that can no longer be sold.
        Damaged "damaged",
    }
}

impl StockReason {
    /// Those that staff choose from when they change the stock by hand.
    pub const BY_HAND: [Self; 4] = [Self::Count, Self::Received, Self::Found, Self::Damaged];

    /// May so many units come in, or leave when the number is negative, for this reason?
    #[must_use]
    pub const fn allows(self, units: i64) -> bool {
        match self {
            Self::Count => true,
            Self::Opening | Self::Imported | Self::Received | Self::Found | Self::Refused | Self::Undeliverable => units >= 0,
            Self::Order | Self::Damaged => units <= 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StockReason::{Count, Damaged, Found, Received};

    #[test]
    fn damaged_units_leave_and_found_ones_come_in() {
        assert!(Damaged.allows(-1) && !Damaged.allows(1));
        assert!(Found.allows(1) && !Found.allows(-1) && Received.allows(1) && !Received.allows(-1));
        assert!(Count.allows(1) && Count.allows(-1));
    }
}
