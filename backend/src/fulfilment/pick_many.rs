//! Picking many orders, for the list's bulk action.

use domain::Locale;
use domain::id::OrderId;
use domain::messages::t;
use domain::order::{DeliveryState, FulfilmentState};
use domain::permission::Permission;
use domain::view::{LeftOutView, PickedOrdersView};

use crate::Shop;
use crate::orders::{self, OrderHeader};
use platform::Context;
use platform::db::DbError;

use super::{FulfilmentError, pick};

/// Picks everything that is open of each order, each in its own transaction, so that one failure does not stop the others. Each is in the
/// answer, with the reason where it was left out.
///
/// # Errors
/// Not allowed.
pub async fn pick_many(shop: &Shop, ctx: &Context, locale: Locale, orders: &[OrderId]) -> Result<PickedOrdersView, FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    let mut outcome = PickedOrdersView::default();
    for order in orders {
        let picked = pick(shop, ctx, *order).await;
        // Read afterwards: by now it may be cancelled, or picked by somebody else.
        let head = orders::head(&mut shop.db(), *order).await.ok().flatten();
        let number = head.as_ref().map(|head| head.number.clone()).unwrap_or_default();
        match picked {
            Ok(_) => outcome.picked.push((*order, number)),
            Err(error) => outcome.left_out.push(LeftOutView { order: *order, number, why: why_not(&error, head.as_ref(), locale) }),
        }
    }
    Ok(outcome)
}

/// Why an order is not picked, for the user.
pub(super) fn why_not(error: &FulfilmentError, head: Option<&OrderHeader>, locale: Locale) -> String {
    let nothing_left = || match head.map(|head| (head.fulfilment_state, head.delivery_state)) {
        Some((FulfilmentState::Fulfilled, _)) => t::ADMIN_ORDERS_SENT_ALREADY,
        Some((_, DeliveryState::Preparing)) => t::ADMIN_ORDERS_PICKING_ALREADY,
        Some((_, DeliveryState::Packed)) => t::ADMIN_ORDERS_PACKED_ALREADY,
        _ => t::ORDER_ERROR_NOTHING_TO_PICK,
    };
    if matches!(error, FulfilmentError::NothingToPick) {
        return nothing_left().text(locale).to_owned();
    }
    error.message(locale).unwrap_or_else(|| {
        tracing::error!(%error, "an order was not picked");
        let message = if DbError::is_in_doubt_in(error) { t::ERROR_IN_DOUBT_BODY } else { t::ERROR_UNEXPECTED_BODY };
        message.text(locale).to_owned()
    })
}
