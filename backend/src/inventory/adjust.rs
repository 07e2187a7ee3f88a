//! Changing the stock by hand.

use domain::books::{Account, EntryKind};
use domain::id::{LocationId, MovementId, VariantId};
use domain::permission::Permission;
use domain::stock::StockReason;
use domain::{Money, text};

use crate::{Shop, accounting};
use platform::Context;
use platform::db::Tx;
use platform::request_keys;

use super::cost::issue;
use super::events::StockAdjusted;
use super::movements::put_in;
use super::{InventoryError, MAX_VALUE, Movement, store};

/// An adjustment of the stock of a variant.
struct Adjustment {
    variant: VariantId,
    location: LocationId,
    delta: i64,
    reason: StockReason,
    note: String,
}

/// Changes the stock of a variant by `delta` units, with a reason and what staff note beside it (at most 200 characters), and books the
/// value: units that come in cost what the variant says, units that go cost the moving average.
///
/// # Errors
/// [`InventoryError::NotEnough`] when fewer are available, [`InventoryError::Worth`] when the stock would be worth too much, [`InventoryError::Direction`] when units come in for a reason for which they
/// leave, or the other way round, [`InventoryError::Reason`] unless it is one [of those by hand](StockReason::BY_HAND).
pub async fn adjust(
    shop: &Shop,
    ctx: &Context,
    variant: VariantId,
    location: LocationId,
    delta: i64,
    reason: StockReason,
    note: &str,
) -> Result<(), InventoryError> {
    ctx.require(Permission::WriteStock)?;
    if delta == 0 || delta.unsigned_abs() > 1_000_000 {
        return Err(InventoryError::Amount);
    }
    if !StockReason::BY_HAND.contains(&reason) {
        return Err(InventoryError::Reason);
    }
    if !reason.allows(delta) {
        return Err(InventoryError::Direction { comes_in: delta > 0 });
    }
    let note = text::reason(note).unwrap_or_default();
    let adjustment = Adjustment { variant, location, delta, reason, note };
    shop.write(ctx, async move |tx| adjust_rows(tx, &adjustment).await).await?;
    shop.low_stock_cache().invalidate();
    Ok(())
}

async fn adjust_rows(tx: &mut Tx, adjustment: &Adjustment) -> Result<(), InventoryError> {
    let Adjustment { variant, location, delta, reason, note } = adjustment;
    let (variant, location, delta, reason) = (*variant, *location, *delta, *reason);
    // The lock is held until the end, so the same form sent meanwhile waits for the answer to the first.
    let cost = store::lock_cost(tx, variant, location).await?;
    let (ctx, request) = (tx.ctx().clone(), format!("{variant} {location} {delta} {reason} {note}"));
    if request_keys::answered(tx, &ctx, "stock.adjust", &request).await?.is_some() {
        return Ok(());
    }
    request_keys::keep(tx, &ctx, "stock.adjust", &request, "").await?;
    let unit_cost = cost.ok_or(InventoryError::Unknown)?;
    let value = if delta > 0 {
        let value = unit_cost.times(delta).map_err(|_| InventoryError::Worth)?;
        if value.minor > MAX_VALUE - store::worth(tx, variant).await? {
            return Err(InventoryError::Worth);
        }
        value
    } else {
        let Some(costs) = issue(tx, &[((variant, location), -delta)], false).await? else {
            let stock = store::units(tx, variant, location).await?;
            return Err(InventoryError::NotEnough { available: stock.available, reserved: stock.reserved });
        };
        costs.first().map_or(Money::zero(unit_cost.currency), |cost| Money::new(-cost.minor, cost.currency))
    };
    let (id, at) = (MovementId(tx.id()), tx.now());
    let movement = Movement { id, variant, location, kind: "adjusted", units: delta, value, reason, note: note.clone(), source: None, at };
    if delta > 0 {
        put_in(tx, std::slice::from_ref(&movement)).await?;
    } else {
        store::insert_movements(tx, std::slice::from_ref(&movement)).await?;
    }
    if value.minor != 0 {
        let accounts = (Account::Inventory, Account::InventoryAdjustment);
        accounting::post_between(tx, EntryKind::StockAdjusted, None, id.0, value, accounts).await?;
    }
    tx.record(variant, StockAdjusted { variant, location, delta, reason, note: note.clone() });
    Ok(())
}
