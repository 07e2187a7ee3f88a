//! What units cost that leave the stock.
//!
//! The stock of a variant at a location has one value. Units that come in add what they cost; units that leave take their share of it,
//! so each unit is worth the moving average. Beside it, cost layers remember what came in together: units leave the oldest first. Who moves
//! stock posts its value to the books: `adjust.rs`, `write_off.rs`, `receive` in `movements.rs`, and parcels that leave or come back (`fulfilment`).

use std::collections::{BTreeMap, BTreeSet};

use domain::Money;
use domain::id::MovementId;

use platform::db::{DbError, Tx};

use super::store::{self, OnHand, StockKey};

/// The share of the value that some of the units on hand have, rounded to the nearest minor unit: for the last units all that is left.
pub(super) fn share(units: i64, on_hand: i64, value: i64) -> i64 {
    if units >= on_hand {
        return value;
    }
    let (units, on_hand, value) = (i128::from(units), i128::from(on_hand), i128::from(value));
    // Between 0 and the value, which fits.
    i64::try_from((2 * value * units + on_hand) / (2 * on_hand)).unwrap_or(i64::MAX)
}

/// Takes units out of the sellable stock, and out of its oldest layers: those that were reserved, or available ones. Returns what they
/// cost, in order; `None` when there are too few, and then nothing is taken.
pub(super) async fn issue(tx: &mut Tx, wanted: &[(StockKey, i64)], reserved: bool) -> Result<Option<Vec<Money>>, DbError> {
    let keys: BTreeSet<StockKey> = wanted.iter().map(|(key, _)| *key).collect();
    let found = store::lock_on_hand(tx, &keys).await?;
    let mut stock: BTreeMap<StockKey, OnHand> = found.into_iter().map(|row| ((row.variant, row.location), row)).collect();
    let mut costs = Vec::with_capacity(wanted.len());
    for (key, units) in wanted {
        let Some(row) = stock.get_mut(key) else { return Ok(None) };
        let there = if reserved { &mut row.reserved } else { &mut row.available };
        if *there < *units {
            return Ok(None);
        }
        *there -= units;
        let cost = share(*units, row.on_hand, row.value);
        row.on_hand -= units;
        row.value -= cost;
        costs.push(Money::new(cost, row.currency));
    }
    store::write_on_hand(tx, stock.values()).await?;
    use_layers(tx, &keys, wanted).await?;
    Ok(Some(costs))
}

/// Takes units from the oldest layers.
async fn use_layers(tx: &mut Tx, keys: &BTreeSet<StockKey>, wanted: &[(StockKey, i64)]) -> Result<(), DbError> {
    let mut rest: BTreeMap<StockKey, i64> = BTreeMap::new();
    for (key, units) in wanted {
        *rest.entry(*key).or_default() += units;
    }
    let mut used: Vec<(MovementId, i64)> = Vec::new();
    for layer in store::open_layers(tx, keys).await? {
        let Some(rest) = rest.get_mut(&(layer.variant, layer.location)).filter(|rest| **rest > 0) else { continue };
        let part = layer.remaining.min(*rest);
        *rest -= part;
        used.push((layer.id, layer.remaining - part));
    }
    if rest.values().any(|rest| *rest > 0) {
        return Err(DbError::Invariant("the cost layers hold fewer units than are on hand".to_owned()));
    }
    store::set_remaining(tx, &used).await
}

#[cfg(test)]
mod tests {
    use super::share;
    use proptest::prelude::*;

    #[test]
    fn a_share_is_rounded_to_the_nearest_minor_unit() {
        assert_eq!((share(1, 3, 100), share(2, 3, 100), share(1, 2, 101)), (33, 67, 51));
        assert_eq!(share(3, 3, 100), 100);
        assert_eq!(share(999_999, 1_000_000, i64::MAX), 9_223_362_813_482_738_952);
    }

    proptest! {
        #[test]
        fn whatever_leaves_first_the_last_unit_leaves_nothing_behind(
            value in 0..=i64::MAX, parts in proptest::collection::vec(1..10_000_i64, 1..20),
        ) {
            let (mut on_hand, mut left) = (parts.iter().sum::<i64>(), value);
            for units in parts {
                let cost = share(units, on_hand, left);
                prop_assert!((0..=left).contains(&cost));
                on_hand -= units;
                left -= cost;
            }
            prop_assert_eq!((on_hand, left), (0, 0));
        }
    }
}
