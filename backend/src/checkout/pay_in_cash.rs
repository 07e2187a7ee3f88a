//! Paying an unpaid card order in cash on delivery instead.

use domain::id::OrderId;
use domain::order::PaymentMethod;
use domain::view::OrderLimits;

use platform::Context;
use platform::db::{DbError, Flag, Tx};

use crate::payments::{self, PaymentError};
use crate::{Shop, orders, settings};

use super::open_order_limits::{OpenOrders, OrderFingerprint, limited};

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
    let to_collect = orders::owed(tx, &order).await?;
    if !may_be_cash(tx, limits, order.id, to_collect).await? {
        return Err(PaymentError::NoCash);
    }
    payments::change_to_cash(tx, &order).await
}

/// May this order, placed to be paid by card, be paid in cash instead? `to_collect` is what is left to pay, minor units.
async fn may_be_cash(tx: &mut Tx, limits: &OrderLimits, order: OrderId, to_collect: i64) -> Result<bool, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        fingerprint: Vec<u8>,
        is_client: Flag,
    }
    if !limits.takes_cash(to_collect) {
        return Ok(false);
    }
    let rows: Vec<Row> = tx.fetch_all("select fingerprint, is_client from order_fingerprints where order_id = $1", &[&order]).await?;
    let fingerprints: Vec<OrderFingerprint> =
        rows.into_iter().map(|row| OrderFingerprint { hash: row.fingerprint, is_client: row.is_client.0 }).collect();
    let mut open = OpenOrders::count(tx, limited(&fingerprints, limits, PaymentMethod::Cash)).await?;
    Ok(open.admit(&fingerprints, limits, PaymentMethod::Cash))
}
