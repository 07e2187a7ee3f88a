//! Taking units out of open parcels that are not to be sent.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{LocationId, OrderLineId, ParcelId};
use domain::order::ParcelState;

use crate::inventory;
use crate::orders::LockedOrder;
use platform::db::{DbError, Tx};

use super::events::ParcelCancelled;
use super::store::{self, Preparing};

/// Chooses where units that are not to be sent are, and takes them out of picked and packed parcels: first those in no parcel, then those
/// that are only picked. A parcel that is empty by then is cancelled. Returns line, location and units; nothing when fewer are open.
///
/// # Errors
/// The database's.
pub(crate) async fn remove_units(
    tx: &mut Tx,
    order: &LockedOrder,
    units: &[(OrderLineId, i64)],
) -> Result<Option<Vec<(OrderLineId, LocationId, i64)>>, DbError> {
    let mut parcels = store::in_preparation(tx, order.id).await?;
    let open = inventory::reserved_units(tx, order.id).await?;
    let Some(chosen) = choose(&open, &mut parcels, units) else { return Ok(None) };
    let emptied: BTreeSet<ParcelId> = parcels.iter().map(|row| row.parcel_id).filter(|id| is_empty(&parcels, *id)).collect();
    for row in &chosen.taken {
        // A cancelled parcel keeps what was in it.
        if !emptied.contains(&row.parcel_id) {
            store::set_units(tx, row.parcel_id, row.n, row.quantity).await?;
        }
    }
    for parcel in emptied {
        store::set_state(tx, parcel, ParcelState::Cancelled).await?;
        tx.record(order.id, ParcelCancelled { parcel });
    }
    Ok(Some(chosen.places.into_iter().map(|((line, location), units)| (line, location, units)).collect()))
}

fn is_empty(parcels: &[Preparing], id: ParcelId) -> bool {
    parcels.iter().filter(|row| row.parcel_id == id).all(|row| row.quantity == 0)
}

struct Chosen {
    places: BTreeMap<(OrderLineId, LocationId), i64>,
    /// Rows of parcels that changed, with what stays in them.
    taken: Vec<Preparing>,
}

/// Chooses units; `parcels` are left with what stays in them.
fn choose(open: &[(OrderLineId, LocationId, i64)], parcels: &mut [Preparing], units: &[(OrderLineId, i64)]) -> Option<Chosen> {
    let mut loose: BTreeMap<(OrderLineId, LocationId), i64> = BTreeMap::new();
    for (line, location, units) in open {
        *loose.entry((*line, *location)).or_default() += units;
    }
    for row in parcels.iter() {
        *loose.entry((row.order_line_id, row.location_id)).or_default() -= row.quantity;
    }
    let mut wanted: BTreeMap<OrderLineId, i64> = BTreeMap::new();
    for (line, units) in units {
        *wanted.entry(*line).or_default() += units;
    }
    let (mut places, mut taken) = (BTreeMap::new(), Vec::new());
    for (line, mut rest) in wanted {
        for ((of, location), here) in loose.iter_mut().filter(|((of, _), here)| *of == line && **here > 0) {
            let part = rest.min(*here);
            if part > 0 {
                (*here, rest) = (*here - part, rest - part);
                *places.entry((*of, *location)).or_default() += part;
            }
        }
        for state in [ParcelState::Picking, ParcelState::Packed] {
            for row in parcels.iter_mut().filter(|row| row.order_line_id == line && row.state == state) {
                let part = rest.min(row.quantity);
                if part > 0 {
                    (row.quantity, rest) = (row.quantity - part, rest - part);
                    *places.entry((line, row.location_id)).or_default() += part;
                    taken.push(row.clone());
                }
            }
        }
        if rest > 0 {
            return None;
        }
    }
    Some(Chosen { places, taken })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn loose_units_are_taken_before_picked_ones_and_these_before_packed_ones() {
        let (line, here) = (OrderLineId(Uuid::from_u128(1)), LocationId(Uuid::from_u128(2)));
        let row = |n, state, quantity| Preparing {
            parcel_id: ParcelId(Uuid::from_u128(n)),
            n: 0,
            state,
            order_line_id: line,
            location_id: here,
            quantity,
        };
        let mut parcels = [row(3, ParcelState::Packed, 2), row(4, ParcelState::Picking, 2)];
        let chosen = choose(&[(line, here, 5)], &mut parcels, &[(line, 4)]).unwrap();
        assert_eq!(chosen.places, BTreeMap::from([((line, here), 4)]));
        assert_eq!(parcels.map(|row| row.quantity), [1, 0]);
        let mut parcels = [row(3, ParcelState::Packed, 2)];
        assert!(choose(&[(line, here, 5)], &mut parcels, &[(line, 6)]).is_none());
    }
}
