//! Taking a parcel back, and settling what its order is then worth.

use domain::id::ParcelId;
use domain::permission::Permission;

use crate::fulfilment::{self, Returned};
use crate::{Shop, payments};
use platform::Context;

use super::OrderChangeError;
use super::reduce::settle_returned;

/// Takes a shipped parcel back: its units are restocked or written off, and the books no longer carry their cost. Their price is no
/// longer due, or refunded. When nothing of the order is left, it is cancelled with its delivery fee, unless its money is kept.
///
/// # Errors
/// [`OrderChangeError::Parcel`] unless the parcel is on its way; [`OrderChangeError::NotCaptured`] while the gateway is asked to
/// capture and a part is waived; not allowed, also when paid money is to be refunded and the caller may not refund.
pub async fn take_back(shop: &Shop, ctx: &Context, parcel: ParcelId, back: Returned) -> Result<(), OrderChangeError> {
    ctx.require(Permission::FulfilOrders)?;
    let calls = shop
        .write(ctx, async move |tx| {
            let (order, lines) = fulfilment::return_parcel(tx, parcel, &back).await?;
            settle_returned(tx, &order, parcel, &lines, &back).await
        })
        .await?;
    payments::carry_out(shop, calls).await;
    Ok(())
}
