//! Card orders that nobody pays: their stock goes back on sale.

use std::time::Duration;

use domain::id::OrderId;
use domain::order::{AttemptState, FulfilmentState, PaymentMethod, PaymentState};

use crate::platform::db::DbError;
use crate::{Shop, orders};

use super::{PaymentError, refund, settle, store};

/// How long a card order may stay unpaid, milliseconds.
pub const UNPAID_FOR: i64 = crate::checkout::PAYMENT_TIME;

/// The pause between two looks.
const ROUND: Duration = Duration::from_secs(300);

/// Cancels card orders that were placed more than [`UNPAID_FOR`] ago and are not paid, and releases their stock. The gateway is asked
/// first, and told to take no money any more, so that nobody pays for an order that is gone; an order whose gateway does not
/// answer stays until the next round. Says how many were cancelled.
///
/// # Errors
/// The database's.
pub async fn expire(shop: &Shop) -> Result<usize, PaymentError> {
    let before = shop.now().plus_millis(-UNPAID_FOR);
    let mut cancelled = 0;
    for (order,) in store::unpaid_before(&mut shop.db(), before).await? {
        match expire_order(shop, order).await {
            Ok(true) => cancelled += 1,
            Ok(false) => {}
            Err(PaymentError::Db(error)) => return Err(error.into()),
            Err(error) => tracing::warn!(%order, %error, "an unpaid order could not be settled; it stays for now"),
        }
    }
    Ok(cancelled)
}

/// Expires orders for as long as the program runs. Each order has a job of its own, `payments.expire`; this finds those whose job was
/// given up because the gateway was away for long.
pub fn watch(shop: &Shop) -> tokio::task::JoinHandle<()> {
    let shop = shop.clone();
    tokio::spawn(async move {
        loop {
            match expire(&shop).await {
                Ok(_) => {}
                Err(PaymentError::Db(DbError::Stopped)) => return,
                Err(error) => tracing::warn!(%error, "unpaid orders could not be looked at; tried again in a while"),
            }
            tokio::time::sleep(ROUND).await;
        }
    })
}

/// Expires one order, if it is unpaid and its time is over. Says whether it was cancelled.
pub(super) async fn expire_order(shop: &Shop, order: OrderId) -> Result<bool, PaymentError> {
    let Some(head) = orders::head(&mut shop.db(), order).await? else { return Ok(false) };
    // Voided and not cancelled: an earlier look got no further than the gateway, or the bank's hold ran out before anything was sent.
    let waits =
        matches!(head.payment_state, PaymentState::Pending | PaymentState::RequiresAction | PaymentState::Failed | PaymentState::Voided);
    let due = head.placed_at.plus_millis(UNPAID_FOR) <= shop.now();
    let open = head.cancelled_at.is_none() && head.fulfilment_state == FulfilmentState::Unfulfilled;
    if !open || head.payment_method != PaymentMethod::Card || head.total == 0 || !waits || !due {
        return Ok(false);
    }
    settle(shop, order).await?;
    for attempt in store::of_order(&mut shop.db(), order).await? {
        if !matches!(attempt.state, AttemptState::Authorised | AttemptState::Captured | AttemptState::Voided) {
            refund::void(shop, attempt.id).await?;
        }
    }
    let inner = shop.clone();
    let done = shop
        .db()
        .write(async move |tx| {
            let head = orders::lock(tx, order).await?.ok_or(orders::OrderError::Unknown)?;
            let attempts = store::of_order(tx, order).await?;
            let paid = attempts.iter().any(|a| matches!(a.state, AttemptState::Authorised | AttemptState::Captured));
            if paid || head.cancelled_at.is_some() {
                return Ok::<_, orders::OrderError>(None);
            }
            let ctx = inner.system();
            orders::cancel_rows(tx, &inner, &ctx, order, orders::EXPIRED).await.map(Some)
        })
        .await;
    match done {
        Ok(None) => Ok(false),
        Ok(Some(todo)) => {
            refund::carry_out(shop, todo).await;
            shop.feed().wake();
            Ok(true)
        }
        Err(orders::OrderError::Db(error)) => Err(error.into()),
        Err(error) => {
            tracing::warn!(%order, %error, "an unpaid order could not be cancelled");
            Ok(false)
        }
    }
}
