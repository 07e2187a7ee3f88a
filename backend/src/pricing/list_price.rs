//! Prices as their lists hold them, with or without tax, and what shoppers pay: in Rust for one price, in SQL for many.

use domain::Currency;

use super::TaxRegion;
use crate::{Shop, settings};

/// A price as its list holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPrice {
    /// Minor units of the list's currency.
    pub amount: i64,
    /// Is tax inside of it? Otherwise it is added.
    pub includes_tax: bool,
}

impl ListPrice {
    /// What shoppers pay for one where this rate (basis points) holds, tax inside. Of a price without tax it is the price and its tax,
    /// rounded half up.
    #[must_use]
    pub fn with_tax(self, rate_bp: i64) -> i64 {
        if self.includes_tax {
            return self.amount;
        }
        let tax = (i128::from(self.amount) * i128::from(rate_bp) + 5_000) / 10_000;
        i64::try_from(i128::from(self.amount) + tax).unwrap_or(i64::MAX)
    }
}

/// [`ListPrice::with_tax`] in SQL: of an amount, of `f.includes_tax` and of a rate.
macro_rules! with_tax {
    ($amount:literal, $rate:literal) => {
        concat!("(case when f.includes_tax = 1 then ", $amount, " else ", $amount, " + (", $amount, " * ", $rate, " + 5000) / 10000 end)")
    };
}
pub(crate) use with_tax;

/// Joins the price `r` of a variant `v` that is in force in a currency and a channel at a time, and its list `f`: `join` for variants that
/// have one, `left join` for all.
macro_rules! prices_in_force {
    ($join:literal, $currency:literal, $channel:literal, $at:literal) => {
        concat!(
            $join,
            " prices r on r.variant_id = v.id and r.price_list_id = (
                select l.id from prices q join price_lists l on l.id = q.price_list_id
                where q.variant_id = v.id and l.currency = ",
            $currency,
            " and (l.channel is null or l.channel = ",
            $channel,
            ") and (l.valid_from is null or l.valid_from <= ",
            $at,
            ") and (l.valid_to is null or l.valid_to > ",
            $at,
            ") order by l.position, l.id limit 1) ",
            $join,
            " price_lists f on f.id = r.price_list_id"
        )
    };
}
pub(crate) use prices_in_force;

/// What the prices on pages are in: the shop's currency, with the taxes of its country.
#[derive(Clone, Debug)]
pub struct HomeMarket {
    pub currency: Currency,
    pub region: TaxRegion,
}

/// Of the settings as they are now.
#[must_use]
pub fn home_market(shop: &Shop) -> HomeMarket {
    HomeMarket { currency: settings::shop_currency(shop), region: TaxRegion::country(settings::shop(shop).country) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tax_is_added_once_and_rounded_half_up() {
        let net = |amount| ListPrice { amount, includes_tax: false };
        assert_eq!([100, 104, 104, 0].map(|amount| net(amount).with_tax(1_200)), [112, 116, 116, 0]);
        // 0.5 centavos of tax are one.
        assert_eq!((net(50).with_tax(100), net(49).with_tax(100), net(333).with_tax(0)), (51, 49, 333));
        assert_eq!(ListPrice { amount: 333, includes_tax: true }.with_tax(1_200), 333);
        assert_eq!(net(i64::MAX).with_tax(10_000), i64::MAX);
    }
}
