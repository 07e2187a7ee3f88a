//! Picking: parcels are created of what is open of an order.

use std::collections::BTreeMap;

use domain::id::{LocationId, OrderId, OrderLineId, ParcelId};
use domain::permission::Permission;

use crate::{Shop, inventory, orders};
use platform::Context;
use platform::db::Tx;

use super::events::ParcelPicked;
use super::{FulfilmentError, sendable, store};

/// Picks everything that is open of an order: one parcel for each location of its stock.
///
/// # Errors
/// [`FulfilmentError::Unpaid`] before the card is authorised; [`FulfilmentError::NothingToPick`] when all is in parcels.
pub async fn pick(shop: &Shop, ctx: &Context, order: OrderId) -> Result<Vec<ParcelId>, FulfilmentError> {
    pick_lines(shop, ctx, order, Vec::new()).await
}

/// [`pick`] for some lines and units only; without any, for all.
///
/// # Errors
/// As [`pick`], and [`FulfilmentError::TooMany`].
pub async fn pick_lines(
    shop: &Shop,
    ctx: &Context,
    order: OrderId,
    lines: Vec<(OrderLineId, i64)>,
) -> Result<Vec<ParcelId>, FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    shop.write(ctx, async move |tx| {
        let order = orders::lock(tx, order).await?.ok_or(FulfilmentError::Unknown)?;
        sendable(&order)?;
        let mut picked = Vec::new();
        for (location, lines) in choose(unpicked_units(tx, order.id).await?, &lines)? {
            let parcel = store::insert(tx, &order, location, &lines).await?;
            tx.record(order.id, ParcelPicked { parcel });
            picked.push(parcel);
        }
        orders::refresh_states(tx, &order).await?;
        Ok(picked)
    })
    .await
}

/// Units of a line at a location.
type UnitsByPlace = Vec<(OrderLineId, LocationId, i64)>;

/// Reserved units that are in no parcel yet.
async fn unpicked_units(tx: &mut Tx, order: OrderId) -> Result<UnitsByPlace, FulfilmentError> {
    let mut open: BTreeMap<(OrderLineId, LocationId), i64> = BTreeMap::new();
    for (line, location, units) in inventory::reserved_units(tx, order).await? {
        *open.entry((line, location)).or_default() += units;
    }
    for row in store::in_preparation(tx, order).await? {
        *open.entry((row.order_line_id, row.location_id)).or_default() -= row.quantity;
    }
    Ok(open.into_iter().filter(|(_, units)| *units > 0).map(|((line, location), units)| (line, location, units)).collect())
}

/// The parcels to create: lines and units by location.
fn choose(open: UnitsByPlace, wanted: &[(OrderLineId, i64)]) -> Result<BTreeMap<LocationId, Vec<(OrderLineId, i64)>>, FulfilmentError> {
    let mut parcels: BTreeMap<LocationId, Vec<(OrderLineId, i64)>> = BTreeMap::new();
    if wanted.is_empty() {
        for (line, location, units) in open {
            parcels.entry(location).or_default().push((line, units));
        }
    } else {
        let mut left: BTreeMap<OrderLineId, i64> = BTreeMap::new();
        for (line, units) in wanted {
            if *units <= 0 {
                return Err(FulfilmentError::TooMany);
            }
            *left.entry(*line).or_default() += units;
        }
        for (line, location, units) in open {
            let part = left.get(&line).copied().unwrap_or(0).min(units);
            if part > 0 {
                left.entry(line).and_modify(|rest| *rest -= part);
                parcels.entry(location).or_default().push((line, part));
            }
        }
        if left.values().any(|rest| *rest > 0) {
            return Err(FulfilmentError::TooMany);
        }
    }
    if parcels.is_empty() { Err(FulfilmentError::NothingToPick) } else { Ok(parcels) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const fn line(n: u128) -> OrderLineId {
        OrderLineId(Uuid::from_u128(n))
    }
    const fn location(n: u128) -> LocationId {
        LocationId(Uuid::from_u128(n))
    }

    #[test]
    fn items_in_two_locations_make_two_parcels() {
        let open = vec![(line(1), location(1), 1), (line(1), location(2), 1)];
        assert_eq!(choose(open, &[]).map(|parcels| parcels.len()).ok(), Some(2));
    }

    #[test]
    fn no_more_is_picked_than_is_open() {
        let open = || vec![(line(1), location(1), 2)];
        assert!(matches!(choose(open(), &[(line(1), 3)]), Err(FulfilmentError::TooMany)));
        assert!(matches!(choose(open(), &[(line(2), 1)]), Err(FulfilmentError::TooMany)));
        assert!(matches!(choose(Vec::new(), &[]), Err(FulfilmentError::NothingToPick)));
        assert!(choose(open(), &[(line(1), 1)]).is_ok());
    }
}
