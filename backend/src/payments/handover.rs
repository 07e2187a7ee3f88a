//! Handing over what goes back in cash: who gave it to the shopper, and when.
//!
//! A refund of a payment in cash is booked when it is decided. That the shopper has the money is an event of its own: with the refund where
//! the clerk pays it from the till, otherwise when staff say that they handed it over or transferred it.

use domain::id::RefundId;
use domain::order::Tender;
use domain::permission::Permission;

use platform::db::Tx;
use platform::{Actor, Context};

use crate::Shop;
use crate::orders::LockedOrder;

use super::events::RefundHandedOver;
use super::store::Refund;
use super::{PaymentError, refund, store};

/// Records that the cash of a refund was handed over or transferred, once.
///
/// # Errors
/// [`PaymentError::NothingToRefund`] for one that the staff do not hand over: of a card, or one that is not made.
pub async fn hand_over_refund(shop: &Shop, ctx: &Context, id: RefundId) -> Result<(), PaymentError> {
    ctx.require(Permission::FulfilOrders)?;
    shop.write(ctx, async move |tx| {
        let (order, refund) = refund::lock(tx, id).await?;
        if !refund.is_by_hand() {
            return Err(PaymentError::NothingToRefund);
        }
        if !store::is_handed_over(tx, order.id, id).await? {
            record(tx, &refund);
        }
        Ok(())
    })
    .await
}

/// What follows a refund that was booked: one that was given back already, or that a counter pays from its till, is handed over with it.
pub(super) fn follow(tx: &mut Tx, order: &LockedOrder, refund: &Refund, was_given: bool) {
    let is_from_till = order.delivery_code.is_none() && matches!(tx.ctx().actor, Actor::Staff(_) | Actor::ApiKey(_));
    if refund.tender == Tender::Cash && (was_given || is_from_till) {
        record(tx, refund);
    }
}

fn record(tx: &mut Tx, refund: &Refund) {
    let Refund { id, payment_id: payment, amount, currency, .. } = *refund;
    tx.record(refund.order_id, RefundHandedOver { payment, refund: id, amount, currency });
}
