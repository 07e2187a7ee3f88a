use serde::{Deserialize, Serialize};

use super::{Address, ContactDetails};
use crate::cart::DeliveryRate;
use crate::id::{CartId, OrderId};
use crate::order::PaymentMethod;
use crate::{Money, Timestamp};

/// Where to deliver, as far as fees and days depend on it: a city or municipality of the Philippines, or another country.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryPlace {
    /// Its code in the Philippine Standard Geographic Code, ten digits, or that of a country, two letters.
    pub code: String,
    /// In the everyday form: `Cebu City`.
    pub name: String,
    /// The province or region that it is in; empty for a country.
    pub within: String,
}

/// A way to deliver to a place, before the items are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryPromise {
    pub name: String,
    pub rate: DeliveryRate,
    /// The earliest day, for what is ordered now.
    pub from: Timestamp,
    /// The latest day, for what is ordered now.
    pub to: Timestamp,
    /// What is ordered from this moment on arrives a day later; none when that moment has passed today, or there is none.
    pub order_by: Option<Timestamp>,
}

/// What delivery costs and how long it takes: to a place, or, before one is chosen, to each zone of the shop's country.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryTo {
    /// None before a place is chosen.
    pub place: Option<DeliveryPlace>,
    /// The ways to deliver to each zone; one zone when the place is known.
    pub zones: Vec<Vec<DeliveryPromise>>,
}

impl DeliveryTo {
    /// The ways to deliver items of this price and weight to the chosen place with their fees, the cheapest first.
    #[must_use]
    pub fn ways(&self, price: Money, weight_g: i64) -> Vec<(Money, &DeliveryPromise)> {
        let zone = self.zones.first().filter(|_| self.place.is_some());
        zone.map(|zone| priced(zone, price, weight_g)).unwrap_or_default()
    }

    /// From which price on a delivery to the chosen place is free, minor units; none before a place is chosen, and where none becomes free.
    #[must_use]
    pub fn free_from(&self) -> Option<i64> {
        let zone = self.zones.first().filter(|_| self.place.is_some())?;
        zone.iter().filter_map(|way| if way.rate.fee == 0 && way.rate.per_kg_fee == 0 { Some(0) } else { way.rate.free_from }).min()
    }

    /// The lowest and the highest fee over the zones, each with its cheapest way; none where nothing is delivered.
    #[must_use]
    pub fn fees(&self, price: Money, weight_g: i64) -> Option<(Money, Money)> {
        let cheapest = |zone: &Vec<DeliveryPromise>| priced(zone, price, weight_g).first().map(|(fee, _)| *fee);
        let fees: Vec<Money> = self.zones.iter().filter_map(cheapest).collect();
        Some((fees.iter().copied().min_by_key(|fee| fee.minor)?, fees.iter().copied().max_by_key(|fee| fee.minor)?))
    }
}

fn priced(zone: &[DeliveryPromise], price: Money, weight_g: i64) -> Vec<(Money, &DeliveryPromise)> {
    let mut ways: Vec<_> = zone.iter().filter_map(|way| Some((way.rate.fee_for(price, weight_g).ok()?, way))).collect();
    ways.sort_by_key(|(fee, way)| (fee.minor, way.to));
    ways
}

/// Can an order be paid in cash on delivery, and if not, why?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CashOnDelivery {
    Taken,
    /// The delivery method collects no cash.
    NotCollected,
    /// The order costs more than this limit for cash.
    UpTo(Money),
    /// The shop takes no cash at the moment.
    Off,
}

impl CashOnDelivery {
    #[must_use]
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Taken)
    }
}

/// A way to deliver to an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryOption {
    pub code: String,
    pub name: String,
    pub description: String,
    /// What it costs for this cart.
    pub fee: Money,
    /// The earliest promised day.
    pub from: Timestamp,
    /// The latest promised day.
    pub to: Timestamp,
    /// Can it be paid in cash on delivery?
    pub cash: CashOnDelivery,
}

/// A gift note has at most so many characters: they fit on a card.
pub const MAX_GIFT_NOTE_CHARS: usize = 300;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutForm {
    pub cart: CartId,
    pub contact: ContactDetails,
    pub delivery_address: Address,
    /// The billing address, when it differs.
    pub billing_address: Option<Address>,
    /// A code of [`DeliveryOption`].
    pub delivery: String,
    /// What is to be written on a card in the parcel, at most [`MAX_GIFT_NOTE_CHARS`]; empty without one. Left out of the hash of a form
    /// without one, so that forms of before there were any can be sent again.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub gift_note: String,
    pub payment: PaymentMethod,
    /// The total that the shopper saw, minor units; when the real one differs, the order is refused.
    pub seen_total: Option<i64>,
}

/// An order of what is handed over at a counter: without a delivery, and without anybody's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterForm {
    pub cart: CartId,
    pub payment: PaymentMethod,
    /// As in a [`CheckoutForm`].
    pub seen_total: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    pub order: OrderId,
    pub number: String,
    pub total: Money,
    /// A signed link to follow it: the path and query.
    pub link: String,
    /// The gateway's page, when paying needs one.
    pub pay_at: Option<String>,
    /// Was it placed by an earlier attempt with the same key?
    pub replay: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    fn way(fee: i64, free_from: Option<i64>) -> DeliveryPromise {
        let rate = DeliveryRate { fee, per_kg_fee: 1_000, free_from, tax_rate_bp: 1_200 };
        DeliveryPromise { name: String::new(), rate, from: Timestamp::default(), to: Timestamp::default(), order_by: None }
    }

    fn pesos(minor: i64) -> Money {
        Money::new(minor, Currency::PHP)
    }

    #[test]
    fn before_a_place_is_chosen_there_is_a_range_and_no_promise() {
        let mut to =
            DeliveryTo { place: None, zones: vec![vec![way(18_900, None), way(8_900, Some(50_000))], vec![way(15_900, None)], vec![]] };
        assert_eq!(to.fees(pesos(10_000), 500), Some((pesos(8_900), pesos(15_900))));
        assert_eq!(to.fees(pesos(50_000), 1_001), Some((pesos(0), pesos(16_900))));
        assert!(to.ways(pesos(10_000), 500).is_empty());
        assert_eq!(to.free_from(), None);
        to.place = Some(DeliveryPlace::default());
        let fees: Vec<_> = to.ways(pesos(10_000), 500).into_iter().map(|(fee, _)| fee.minor).collect();
        assert_eq!(fees, [8_900, 18_900]);
        assert_eq!(to.free_from(), Some(50_000));
        to.zones = vec![vec![way(18_900, None)]];
        assert_eq!(to.free_from(), None);
        assert_eq!(DeliveryTo::default().fees(pesos(1), 1), None);
    }
}
