//! What became of the units of an order's lines. Each change of parcels and reservations counts them here, in its transaction.

use std::collections::BTreeMap;

use domain::id::OrderLineId;
use serde::Serialize;

use platform::db::{DbError, Hex, JsonRows, Tx, hex};

use super::LockedOrder;

/// The open units of a row of `order_lines` with this name, as [`domain::order::open_units`] counts them.
macro_rules! open_units {
    ($line:literal) => {
        concat!("(", $line, ".quantity - ", $line, ".cancelled - ", $line, ".shipped)")
    };
}
pub(crate) use open_units;

/// What happened to units of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitState {
    /// Given up before they left.
    Cancelled,
    /// They left with a parcel.
    Shipped,
    Delivered,
    /// They came back, and are not for sale.
    Returned,
    /// They came back, and are in the stock again.
    Restocked,
}

/// Counts units of an order's lines; false when a line has not so many of which that can be true, and then the caller rolls back.
///
/// # Errors
/// The database's.
pub(crate) async fn count_units(
    tx: &mut Tx,
    order: &LockedOrder,
    state: UnitState,
    units: impl IntoIterator<Item = (OrderLineId, i64)>,
) -> Result<bool, DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        line: Hex<'a>,
        units: i64,
    }
    let mut sums: BTreeMap<OrderLineId, i64> = BTreeMap::new();
    for (line, units) in units {
        *sums.entry(line).or_default() += units;
    }
    if sums.is_empty() {
        return Ok(true);
    }
    macro_rules! count {
        ($set:literal, $of:expr) => {
            concat!(
                "update order_lines set ",
                $set,
                " from (select unhex(value->>'line') as line, cast(value->>'units' as bigint) as units from json_each($2)) d
                 where order_lines.id = d.line and order_lines.order_id = $1 and d.units <= ",
                $of
            )
        };
    }
    let sql = match state {
        UnitState::Cancelled => count!("cancelled = cancelled + d.units", open_units!("order_lines")),
        UnitState::Shipped => count!("shipped = shipped + d.units", open_units!("order_lines")),
        UnitState::Delivered => count!("delivered = delivered + d.units", "shipped - delivered"),
        UnitState::Returned => count!("returned = returned + d.units", "shipped - returned"),
        UnitState::Restocked => count!("returned = returned + d.units, restocked = restocked + d.units", "shipped - returned"),
    };
    let rows: JsonRows = sums.iter().map(|(line, units)| Row { line: hex(line), units: *units }).collect();
    Ok(tx.execute(sql, &[&order.id, &rows.finish()]).await? == sums.len() as u64)
}
