//! Units that break before they are sent.

use std::collections::BTreeMap;

use domain::Money;
use domain::books::{Account, EntryKind};
use domain::id::{LocationId, MovementId, OrderId, OrderLineId};
use domain::stock::StockReason;

use crate::accounting;
use platform::db::Tx;

use super::cost::issue;
use super::events::StockAdjusted;
use super::{InventoryError, Movement, store};

/// Takes units that were reserved for lines of an order, and are released, out of the stock: line, location and units of each. They leave
/// as damaged, at the moving average, with this note, and their cost is booked as a loss.
///
/// # Errors
/// [`InventoryError::NotReserved`] when fewer are available, or a line had none there.
pub(crate) async fn write_off(
    tx: &mut Tx,
    order: OrderId,
    units: &[(OrderLineId, LocationId, i64)],
    note: &str,
) -> Result<(), InventoryError> {
    let reserved = store::reservations(tx, order).await?;
    let mut sums = BTreeMap::new();
    for (line, location, units) in units.iter().filter(|(_, _, units)| *units > 0) {
        let of_line = reserved.iter().find(|row| row.line == *line && row.location == *location).ok_or(InventoryError::NotReserved)?;
        *sums.entry((of_line.variant, *location)).or_default() += units;
    }
    let lost: Vec<_> = sums.into_iter().collect();
    let costs = issue(tx, &lost, false).await?.ok_or(InventoryError::NotReserved)?;
    for (((variant, location), units), cost) in lost.into_iter().zip(costs) {
        let (id, at, value) = (MovementId(tx.id()), tx.now(), Money::new(-cost.minor, cost.currency));
        let movement = Movement {
            id,
            variant,
            location,
            kind: "adjusted",
            units: -units,
            value,
            reason: StockReason::Damaged,
            note: note.to_owned(),
            source: None,
            at,
        };
        store::insert_movements(tx, std::slice::from_ref(&movement)).await?;
        if value.minor != 0 {
            let accounts = (Account::Inventory, Account::InventoryAdjustment);
            accounting::post_between(tx, EntryKind::StockAdjusted, None, id.0, value, accounts).await?;
        }
        tx.record(variant, StockAdjusted { variant, location, delta: -units, reason: StockReason::Damaged, note: note.to_owned() });
    }
    Ok(())
}
