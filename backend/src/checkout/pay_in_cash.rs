//! Paying an unpaid card order in cash on delivery instead.

use domain::id::OrderId;
use domain::view::OrderLimits;

use platform::Context;
use platform::db::Tx;

use crate::payments::{self, PaymentError};
use crate::{Shop, orders, settings};

use super::open_order_limits;

/// Changes an unpaid card order to cash on delivery. Its payment is first cancelled at the gateway; an order that was paid meanwhile
/// stays paid by card.
///
/// # Errors
/// [`PaymentError::NoCash`] where the delivery method takes none; [`PaymentError::Cancelled`]; [`PaymentError::Gateway`] and
/// [`PaymentError::Waiting`] when the gateway does not answer.
pub async fn pay_in_cash(shop: &Shop, ctx: &Context, order: OrderId) -> Result<(), PaymentError> {
    let head = orders::head(&mut shop.db(), order).await?.ok_or(PaymentError::Unknown)?;
    if head.cancelled_at.is_some() {
        return Err(PaymentError::Cancelled);
    }
    if !payments::is_unpaid(&head) {
        return Ok(());
    }
    if !payments::takes_cash(shop, &mut shop.db(), &head).await? {
        return Err(PaymentError::NoCash);
    }
    if payments::close_attempts(shop, order).await? {
        return Ok(());
    }
    let limits = settings::shop(shop).limits;
    shop.write(ctx, async move |tx| to_cash(tx, &limits, order).await).await
}

async fn to_cash(tx: &mut Tx, limits: &OrderLimits, order: OrderId) -> Result<(), PaymentError> {
    let order = orders::lock(tx, order).await?.ok_or(PaymentError::Unknown)?;
    if order.cancelled_at.is_some() {
        return Err(PaymentError::Cancelled);
    }
    if !payments::is_unpaid(&order) || payments::is_paid(tx, order.id).await? {
        return Ok(());
    }
    if !open_order_limits::may_be_cash(tx, limits, order.id, order.total).await? {
        return Err(PaymentError::NoCash);
    }
    payments::change_to_cash(tx, &order).await
}
