//! What of an order's price is not charged, or is refunded: which lines, how much of the delivery fee, and the tax inside each.
//!
//! Each part of the price, a line or an adjustment of the whole order such as the fee, has its own tax. Whatever the sequence of credits,
//! those of a part add up to at most its amount and its tax, and to both exactly when all of it is credited. Amounts are minor units of
//! the order's currency.

use serde::{Deserialize, Serialize};

use crate::id::OrderLineId;
use crate::order::AdjustmentKind;
use crate::{Currency, Money};

/// Which part of an order's price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// A line, less what is taken off it.
    Line(OrderLineId),
    /// An adjustment of the whole order: its number among the order's, and what it is.
    Adjustment(i64, AdjustmentKind),
}

impl Part {
    /// The line, where it is one.
    #[must_use]
    pub const fn line(self) -> Option<OrderLineId> {
        match self {
            Self::Line(line) => Some(line),
            Self::Adjustment(..) => None,
        }
    }

    /// Is it the delivery fee?
    #[must_use]
    pub const fn is_delivery(self) -> bool {
        matches!(self, Self::Adjustment(_, AdjustmentKind::Delivery))
    }
}

/// A part of an order's price, and what of it is credited so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricePart {
    pub part: Part,
    /// Units that were ordered; 0 for what is no line.
    pub quantity: i64,
    pub amount: i64,
    /// Inside `amount`.
    pub tax: i64,
    /// Units whose price is credited.
    pub credited_units: i64,
    pub credited: i64,
    pub credited_tax: i64,
}

impl PricePart {
    /// What can still be credited.
    #[must_use]
    pub const fn left(&self) -> i64 {
        self.amount - self.credited
    }

    /// The tax inside [`left`](Self::left).
    #[must_use]
    pub const fn tax_left(&self) -> i64 {
        self.tax - self.credited_tax
    }

    /// Units whose price can still be credited.
    #[must_use]
    pub const fn units_left(&self) -> i64 {
        self.quantity - self.credited_units
    }

    /// A credit of `amount`, at most what is left, with the tax nearest to `tax` that leaves no more tax than amount.
    fn credit(&self, units: i64, amount: i64, tax: i64) -> Credit {
        let amount = amount.clamp(0, self.left().max(0));
        let least = self.tax_left() - (self.left() - amount);
        let tax = tax.min(self.tax_left()).min(amount).max(least).max(0);
        Credit { part: self.part, units, amount, tax }
    }

    /// The price of `units` of the line: its share, rounded down over all units that are credited by then.
    fn of_units(&self, units: i64) -> Credit {
        let (before, units) = (self.credited_units, units.min(self.units_left()).max(0));
        let step = |of: i64| share(of, before + units, self.quantity) - share(of, before, self.quantity);
        self.credit(units, step(self.amount), step(self.tax))
    }

    /// A part of the amount, with the tax in proportion.
    fn of_amount(&self, amount: i64) -> Credit {
        self.credit(0, amount, share(self.tax_left(), amount, self.left()))
    }

    fn take(&mut self, credit: &Credit) {
        self.credited_units += credit.units;
        self.credited += credit.amount;
        self.credited_tax += credit.tax;
    }
}

/// What is credited of one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    pub part: Part,
    /// Units whose price it is; 0 for an amount off.
    pub units: i64,
    pub amount: i64,
    /// Inside `amount`.
    pub tax: i64,
}

/// What is to be credited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditRequest {
    /// Units of lines.
    pub lines: Vec<(OrderLineId, i64)>,
    /// Of the delivery fee.
    pub fee: i64,
    /// Off everything: spread over what is left of each part.
    pub amount: i64,
}

impl From<i64> for CreditRequest {
    /// An amount off everything.
    fn from(amount: i64) -> Self {
        Self { amount, ..Self::default() }
    }
}

/// Why something cannot be credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreditError {
    /// An amount less than nothing, or a line that the order does not have.
    #[error("that is no part of the order's price")]
    Unknown,
    /// More units, or less than none.
    #[error("at most {left} units of this line")]
    TooManyUnits { line: OrderLineId, left: i64 },
    #[error("at most {0} minor units of the delivery fee")]
    TooMuchFee(i64),
    #[error("at most {0} minor units more")]
    TooMuch(i64),
}

/// Everything for which a request cannot be credited: of its units, of the fee, and when these are right, of the amount.
#[must_use]
pub fn faults(parts: &[PricePart], wanted: &CreditRequest) -> Vec<CreditError> {
    let mut parts = parts.to_vec();
    let mut faults = Vec::new();
    if wanted.fee < 0 || wanted.amount < 0 {
        faults.push(CreditError::Unknown);
    }
    for (line, units) in &wanted.lines {
        match parts.iter_mut().find(|part| part.part == Part::Line(*line)) {
            None => faults.push(CreditError::Unknown),
            Some(part) if !(0..=part.units_left().max(0)).contains(units) => {
                faults.push(CreditError::TooManyUnits { line: *line, left: part.units_left() });
            }
            Some(part) => part.take(&part.of_units(*units)),
        }
    }
    if wanted.fee > 0 {
        match parts.iter_mut().find(|part| part.part.is_delivery()) {
            None => faults.push(CreditError::TooMuchFee(0)),
            Some(part) if wanted.fee > part.left() => faults.push(CreditError::TooMuchFee(part.left())),
            Some(part) => part.take(&part.of_amount(wanted.fee)),
        }
    }
    let left: i64 = parts.iter().map(PricePart::left).sum();
    if faults.is_empty() && wanted.amount > left {
        faults.push(CreditError::TooMuch(left));
    }
    faults
}

/// How a request is credited: first the units and the fee, then the amount over what is left of each part, in proportion by largest
/// remainder. The credits have at most one entry a part for the units or the fee, and one for the amount.
///
/// # Errors
/// The first of the [`faults`] for more than is left.
pub fn credits(parts: &[PricePart], wanted: &CreditRequest) -> Result<Vec<Credit>, CreditError> {
    if let Some(fault) = faults(parts, wanted).into_iter().next() {
        return Err(fault);
    }
    let mut parts = parts.to_vec();
    let mut credits = Vec::new();
    for (line, units) in &wanted.lines {
        if let Some(part) = parts.iter_mut().find(|part| part.part == Part::Line(*line)) {
            let credit = part.of_units(*units);
            push(&mut credits, part, credit);
        }
    }
    if let Some(part) = parts.iter_mut().find(|part| part.part.is_delivery()).filter(|_| wanted.fee > 0) {
        let credit = part.of_amount(wanted.fee);
        push(&mut credits, part, credit);
    }
    credits.extend(spread(&parts, wanted.amount));
    Ok(credits)
}

/// How much a refund comes to, and what it is of. An amount off everything first gives back what was paid beyond the price, `overpaid`,
/// which is of no part of it.
///
/// # Errors
/// The first of the [`faults`]: of an amount, together with what was overpaid.
pub fn refund(parts: &[PricePart], overpaid: i64, wanted: &CreditRequest) -> Result<(i64, Vec<Credit>), CreditError> {
    if wanted.lines.iter().all(|(_, units)| *units == 0) && wanted.fee == 0 {
        return Ok((wanted.amount, spread(parts, wanted.amount - overpaid)));
    }
    let debt = overpaid.min(wanted.amount);
    let of_price = CreditRequest { amount: wanted.amount - debt, ..wanted.clone() };
    let credits = credits(parts, &of_price).map_err(|error| match error {
        CreditError::TooMuch(left) => CreditError::TooMuch(left + debt),
        other => other,
    })?;
    Ok((sum(&credits).0 + debt, credits))
}

/// An amount, at most what is left, over what is left of each part.
#[must_use]
pub fn spread(parts: &[PricePart], amount: i64) -> Vec<Credit> {
    let weights: Vec<i64> = parts.iter().map(|part| part.left().max(0)).collect();
    let amount = amount.clamp(0, weights.iter().sum());
    // The currency plays no part in it.
    let shares = Money::new(amount, Currency::PHP).allocate(&weights);
    let credits = parts.iter().zip(shares).map(|(part, share)| part.of_amount(share.minor));
    credits.filter(|credit| credit.amount > 0).collect()
}

/// The price of units that are not sent or came back, at most what is left of it; with the fee's share by the value of these lines where
/// that is asked for.
#[must_use]
pub fn of_units(parts: &[PricePart], lines: &[(OrderLineId, i64)], with_fee: bool) -> Vec<Credit> {
    let mut parts = parts.to_vec();
    let before: i64 = parts.iter().filter(|part| part.part.line().is_some()).map(|part| part.credited).sum();
    let mut credits = Vec::new();
    for (line, units) in lines {
        if let Some(part) = parts.iter_mut().find(|part| part.part == Part::Line(*line)) {
            let credit = part.of_units(*units);
            push(&mut credits, part, credit);
        }
    }
    let of_lines = |of: fn(&PricePart) -> i64| parts.iter().filter(|part| part.part.line().is_some()).map(of).sum::<i64>();
    let (all, after) = (of_lines(|part| part.amount), of_lines(|part| part.credited));
    if let Some(fee) = parts.iter_mut().find(|part| part.part.is_delivery()).filter(|_| with_fee) {
        let part = share(fee.amount, after, all) - share(fee.amount, before, all);
        let credit = fee.of_amount(part);
        push(&mut credits, fee, credit);
    }
    credits
}

fn push(credits: &mut Vec<Credit>, part: &mut PricePart, credit: Credit) {
    if credit.amount > 0 || credit.units > 0 {
        part.take(&credit);
        credits.push(credit);
    }
}

/// Splits credits: the first that come to `amount`, and the rest. Units stay with the first piece of their credit.
#[must_use]
pub fn split(credits: &[Credit], amount: i64) -> (Vec<Credit>, Vec<Credit>) {
    let (mut first, mut rest, mut wanted) = (Vec::new(), Vec::new(), amount.max(0));
    for credit in credits {
        if credit.amount <= wanted && (wanted > 0 || credit.amount == 0 && rest.is_empty()) {
            wanted -= credit.amount;
            first.push(*credit);
        } else if wanted > 0 {
            let tax = share(credit.tax, wanted, credit.amount);
            first.push(Credit { amount: wanted, tax, ..*credit });
            rest.push(Credit { units: 0, amount: credit.amount - wanted, tax: credit.tax - tax, ..*credit });
            wanted = 0;
        } else {
            rest.push(*credit);
        }
    }
    (first, rest)
}

/// Is as much as these credits left of each part?
#[must_use]
pub fn fits(parts: &[PricePart], credits: &[Credit]) -> bool {
    let mut parts = parts.to_vec();
    for credit in credits {
        match parts.iter_mut().find(|part| part.part == credit.part) {
            Some(part) => part.take(credit),
            None => return false,
        }
    }
    parts.iter().all(|part| part.units_left() >= 0 && part.left() >= 0 && (0..=part.left()).contains(&part.tax_left()))
}

/// The sum of credits, and the tax inside it.
#[must_use]
pub fn sum(credits: &[Credit]) -> (i64, i64) {
    credits.iter().fold((0, 0), |(amount, tax), credit| (amount + credit.amount, tax + credit.tax))
}

/// `units` of `all` parts of an amount, rounded down.
fn share(of: i64, units: i64, all: i64) -> i64 {
    if all <= 0 {
        return 0;
    }
    i64::try_from(i128::from(of) * i128::from(units) / i128::from(all)).unwrap_or(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const fn line(n: u128) -> OrderLineId {
        OrderLineId(Uuid::from_u128(n))
    }

    const FEE: Part = Part::Adjustment(0, AdjustmentKind::Delivery);

    const fn part(part: Part, quantity: i64, amount: i64, tax: i64) -> PricePart {
        PricePart { part, quantity, amount, tax, credited_units: 0, credited: 0, credited_tax: 0 }
    }

    /// A taxed line of 1,120.00 with 120.00 of tax, an exempt one of 1,000.00, a fee of 100.00.
    fn mixed() -> Vec<PricePart> {
        vec![part(Part::Line(line(1)), 1, 112_000, 12_000), part(Part::Line(line(2)), 2, 100_000, 0), part(FEE, 0, 10_000, 1_071)]
    }

    #[test]
    fn all_that_is_too_much_is_found_at_once() {
        let wanted = CreditRequest { lines: vec![(line(1), 2), (line(2), 2)], fee: 10_001, amount: 0 };
        let found = faults(&mixed(), &wanted);
        assert_eq!(found, [CreditError::TooManyUnits { line: line(1), left: 1 }, CreditError::TooMuchFee(10_000)]);
        assert_eq!(credits(&mixed(), &wanted), Err(found[0]));
    }

    fn apply(parts: &mut [PricePart], credits: &[Credit]) {
        for credit in credits {
            let part = parts.iter_mut().find(|part| part.part == credit.part).unwrap();
            part.take(credit);
        }
    }

    #[test]
    fn what_was_overpaid_goes_back_first_and_without_tax() {
        let tax = |overpaid, wanted: &CreditRequest| refund(&mixed(), overpaid, wanted).map(|(amount, credits)| (amount, sum(&credits)));
        assert_eq!(tax(5_000, &CreditRequest::from(5_000)), Ok((5_000, (0, 0))));
        assert_eq!(tax(5_000, &CreditRequest::from(227_000)), Ok((227_000, (222_000, 13_071))));
        let with_line = CreditRequest { lines: vec![(line(1), 1)], ..CreditRequest::from(5_000) };
        assert_eq!(tax(5_000, &with_line), Ok((117_000, (112_000, 12_000))));
        let too_much = CreditRequest { amount: 115_001, ..with_line };
        assert_eq!(tax(5_000, &too_much), Err(CreditError::TooMuch(115_000)));
    }

    #[test]
    fn an_exempt_line_goes_back_without_tax() {
        let wanted = CreditRequest { lines: vec![(line(2), 2)], ..CreditRequest::default() };
        assert_eq!(credits(&mixed(), &wanted), Ok(vec![Credit { part: Part::Line(line(2)), units: 2, amount: 100_000, tax: 0 }]));
    }

    #[test]
    fn no_more_is_credited_than_is_left() {
        let units = |n| CreditRequest { lines: vec![(line(2), n)], ..CreditRequest::default() };
        assert_eq!(credits(&mixed(), &units(3)), Err(CreditError::TooManyUnits { line: line(2), left: 2 }));
        assert_eq!(credits(&mixed(), &units(-1)), Err(CreditError::TooManyUnits { line: line(2), left: 2 }));
        assert_eq!(credits(&mixed(), &CreditRequest { fee: 10_001, ..CreditRequest::default() }), Err(CreditError::TooMuchFee(10_000)));
        assert_eq!(credits(&mixed(), &CreditRequest::from(222_001)), Err(CreditError::TooMuch(222_000)));
        assert_eq!(credits(&mixed(), &CreditRequest::from(-1)), Err(CreditError::Unknown));
    }

    #[test]
    fn the_fee_goes_with_the_lines_by_their_value() {
        let mut parts = mixed();
        let first = of_units(&parts, &[(line(2), 1)], true);
        assert_eq!(first[1], Credit { part: FEE, units: 0, amount: 2_358, tax: 252 });
        apply(&mut parts, &first);
        let rest = of_units(&parts, &[(line(1), 1), (line(2), 1)], true);
        assert_eq!(sum(&[first, rest].concat()), (222_000, 13_071));
    }

    #[test]
    fn credits_are_split_where_the_amount_is_reached() {
        let credits =
            [Credit { part: Part::Line(line(1)), units: 1, amount: 100, tax: 11 }, Credit { part: FEE, units: 0, amount: 50, tax: 5 }];
        let (first, rest) = split(&credits, 40);
        assert_eq!(first, vec![Credit { part: Part::Line(line(1)), units: 1, amount: 40, tax: 4 }]);
        assert_eq!(rest, vec![Credit { part: Part::Line(line(1)), units: 0, amount: 60, tax: 7 }, credits[1]]);
        assert_eq!(split(&credits, 150), (credits.to_vec(), Vec::new()));
        assert_eq!(split(&credits, 0), (Vec::new(), credits.to_vec()));
    }

    fn any_parts() -> impl Strategy<Value = Vec<PricePart>> {
        let one = (1_i64..6, 0_i64..100_000, prop_oneof![Just(0_i64), Just(1_200), Just(2_500)]);
        (proptest::collection::vec(one, 1..5), 0_i64..20_000).prop_map(|(lines, fee)| {
            let taxed = |amount: i64, rate| Money::new(amount, Currency::PHP).tax_inside(rate).unwrap().minor;
            let lines = lines
                .into_iter()
                .zip(1_u128..)
                .map(|((quantity, amount, rate), n)| part(Part::Line(line(n)), quantity, amount, taxed(amount, rate)));
            lines.chain([part(FEE, 0, fee, taxed(fee, 1_200))]).collect()
        })
    }

    proptest! {
        #[test]
        fn any_sequence_of_credits_adds_up_to_each_part_and_its_tax(
            parts in any_parts(),
            steps in proptest::collection::vec((0_usize..3, 0_usize..4, 0_i64..4, 0_i64..30_000, any::<bool>()), 0..20),
        ) {
            let mut now = parts.clone();
            for (kind, at, units, amount, fee) in steps {
                let id = line(1 + (at % (parts.len() - 1)) as u128);
                let made = match kind {
                    0 => of_units(&now, &[(id, units)], fee),
                    1 => credits(&now, &CreditRequest { lines: vec![(id, units)], fee: if fee { amount } else { 0 }, amount: 0 }).unwrap_or_default(),
                    _ => spread(&now, amount),
                };
                let (all, _) = sum(&made);
                let (first, rest) = split(&made, amount.min(all));
                prop_assert_eq!(sum(&first).0, amount.min(all));
                prop_assert_eq!(sum(&[first.clone(), rest.clone()].concat()), sum(&made));
                prop_assert!(first.iter().chain(&rest).all(|credit| credit.amount >= 0 && (0..=credit.amount).contains(&credit.tax)));
                apply(&mut now, &first);
                apply(&mut now, &rest);
                for part in &now {
                    prop_assert!(part.left() >= 0 && part.units_left() >= 0 && (0..=part.left()).contains(&part.tax_left()), "{part:?}");
                }
            }
            let left: i64 = now.iter().map(PricePart::left).sum();
            let all = spread(&now, left);
            apply(&mut now, &all);
            for part in &now {
                prop_assert_eq!((part.left(), part.tax_left()), (0, 0));
            }
        }
    }
}
