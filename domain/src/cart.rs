//! What a cart costs. The browser and the server compute it with the same function; the server's prices are the ones that count.

use serde::{Deserialize, Serialize};

use crate::{Currency, Money, MoneyError, Quantity};

/// The most different items in one cart.
pub const MAX_LINES: usize = 200;

/// A line as its price is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedLine {
    /// Minor units, tax included, not negative.
    pub unit_price: i64,
    pub quantity: Quantity,
    /// Tax rate in basis points (12 % is 1,200), contained in the price.
    pub tax_rate_bp: i64,
    /// Grams of one unit.
    pub weight_g: i64,
}

/// A discount on the items, not on delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Discount {
    /// A share of what the items cost in basis points, 0 to 10,000.
    Percent(i64),
    /// An amount in minor units; never more than the items cost.
    Amount(i64),
}

/// What a delivery method costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRate {
    /// Minor units a parcel, tax included.
    pub fee: i64,
    /// Minor units for each begun kilogram beyond the first.
    pub per_kg_fee: i64,
    /// Items that cost at least this after discount, minor units, are delivered free.
    pub free_from: Option<i64>,
    /// Tax rate in basis points, contained in the fee.
    pub tax_rate_bp: i64,
}

/// A line with its share of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineTotal {
    /// Units times price, before discount.
    pub subtotal: Money,
    /// Its share of the discount, positive.
    pub discount: Money,
    /// What the discount takes off the tax: the tax inside `subtotal` less `tax`.
    pub discount_tax: Money,
    /// What is paid for it.
    pub total: Money,
    /// The tax inside `total`.
    pub tax: Money,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub lines: Vec<LineTotal>,
    /// The items before discount.
    pub subtotal: Money,
    /// What is taken off, as a positive amount.
    pub discount: Money,
    pub delivery_fee: Money,
    /// Tax inside `total`, of items and delivery; rounded once a line.
    pub tax: Money,
    /// The part of `tax` inside `delivery_fee`.
    pub delivery_tax: Money,
    /// What is to be paid.
    pub total: Money,
    /// Grams of all items.
    pub weight_g: i64,
}

impl DeliveryRate {
    /// The fee for items of this worth and weight.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] beyond 64 bits.
    pub fn fee_for(&self, items: Money, weight_g: i64) -> Result<Money, MoneyError> {
        if self.free_from.is_some_and(|from| items.minor >= from) {
            return Ok(Money::zero(items.currency));
        }
        let kilograms = weight_g.max(0).checked_add(999).ok_or(MoneyError::Overflow)? / 1_000;
        let extra = Money::new(self.per_kg_fee, items.currency).times((kilograms - 1).max(0))?;
        Money::new(self.fee, items.currency).plus(extra)
    }
}

/// Adds a cart up: the discount is spread over the lines in proportion by largest remainder, and tax is taken out of each
/// line and of the delivery fee, rounded half away from zero once for each.
///
/// # Errors
/// [`MoneyError::Overflow`] when a sum passes 64 bits.
pub fn totals(
    currency: Currency,
    lines: &[PricedLine],
    discount: Option<Discount>,
    delivery: Option<DeliveryRate>,
) -> Result<Totals, MoneyError> {
    let zero = Money::zero(currency);
    let mut subtotals = Vec::with_capacity(lines.len());
    let (mut subtotal, mut weight_g) = (zero, 0_i64);
    for line in lines {
        let sum = Money::new(line.unit_price, currency).times(line.quantity.get())?;
        subtotal = subtotal.plus(sum)?;
        let grams = line.weight_g.checked_mul(line.quantity.get()).ok_or(MoneyError::Overflow)?;
        weight_g = weight_g.checked_add(grams).ok_or(MoneyError::Overflow)?;
        subtotals.push(sum);
    }
    let off = match discount {
        None => zero,
        Some(Discount::Percent(bp)) => subtotal.share(bp.clamp(0, 10_000))?,
        Some(Discount::Amount(minor)) => Money::new(minor.clamp(0, subtotal.minor.max(0)), currency),
    };
    let weights: Vec<i64> = subtotals.iter().map(|s| s.minor).collect();
    let shares = off.allocate(&weights);
    let mut out = Vec::with_capacity(lines.len());
    let mut tax = zero;
    for ((line, sum), share) in lines.iter().zip(subtotals).zip(shares) {
        let total = sum.minus(share)?;
        let line_tax = total.tax_inside(line.tax_rate_bp)?;
        tax = tax.plus(line_tax)?;
        let discount_tax = sum.tax_inside(line.tax_rate_bp)?.minus(line_tax)?;
        out.push(LineTotal { subtotal: sum, discount: share, discount_tax, total, tax: line_tax });
    }
    let items = subtotal.minus(off)?;
    let delivery_fee = match delivery {
        Some(rate) if !lines.is_empty() => rate.fee_for(items, weight_g)?,
        _ => zero,
    };
    let delivery_tax = delivery_fee.tax_inside(delivery.map_or(0, |d| d.tax_rate_bp))?;
    Ok(Totals {
        lines: out,
        subtotal,
        discount: off,
        delivery_fee,
        tax: tax.plus(delivery_tax)?,
        delivery_tax,
        total: items.plus(delivery_fee)?,
        weight_g,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(unit_price: i64, quantity: i64) -> PricedLine {
        PricedLine { unit_price, quantity: Quantity::clamped(quantity), tax_rate_bp: 1_200, weight_g: 400 }
    }
    const RATE: DeliveryRate = DeliveryRate { fee: 10_000, per_kg_fee: 2_000, free_from: Some(200_000), tax_rate_bp: 1_200 };

    #[test]
    fn a_hundred_percent_off_leaves_exactly_zero() -> Result<(), MoneyError> {
        for currency in [Currency::PHP, Currency::JPY, Currency::KWD] {
            let t = totals(currency, &[line(333, 3), line(1, 1)], Some(Discount::Percent(10_000)), None)?;
            assert_eq!((t.total.minor, t.tax.minor), (0, 0));
            assert!(t.lines.iter().all(|l| l.total.minor == 0));
        }
        Ok(())
    }

    #[test]
    fn heavy_parcels_cost_more_and_large_orders_travel_free() -> Result<(), MoneyError> {
        let one = totals(Currency::PHP, &[line(10_000, 1)], None, Some(RATE))?;
        assert_eq!(one.delivery_fee.minor, 10_000);
        let heavy = totals(Currency::PHP, &[line(10_000, 6)], None, Some(RATE))?; // 2.4 kg: two more
        assert_eq!(heavy.delivery_fee.minor, 14_000);
        let large = totals(Currency::PHP, &[line(10_000, 20)], None, Some(RATE))?;
        assert_eq!(large.delivery_fee.minor, 0);
        Ok(())
    }

    #[test]
    fn an_overflow_is_an_error_and_no_wrong_sum() {
        assert_eq!(totals(Currency::PHP, &[line(i64::MAX / 2, 3)], None, None), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn lines_and_delivery_add_up_to_the_total(
            prices in prop::collection::vec((0_i64..10_000_000, 1_i64..50), 1..12),
            percent in 0_i64..=10_000,
        ) {
            let lines: Vec<_> = prices.iter().map(|(p, q)| line(*p, *q)).collect();
            let t = totals(Currency::PHP, &lines, Some(Discount::Percent(percent)), Some(RATE)).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(t.lines.iter().map(|l| l.total.minor).sum::<i64>() + t.delivery_fee.minor, t.total.minor);
            prop_assert_eq!(t.lines.iter().map(|l| l.discount.minor).sum::<i64>(), t.discount.minor);
            prop_assert_eq!(t.lines.iter().map(|l| l.tax.minor).sum::<i64>() + t.delivery_tax.minor, t.tax.minor);
            prop_assert!(t.lines.iter().all(|l| l.total.minor >= 0));
            prop_assert!(t.lines.iter().all(|l| (0..=l.discount.minor).contains(&l.discount_tax.minor)));
        }
    }
}
