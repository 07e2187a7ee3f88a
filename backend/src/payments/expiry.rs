//! Card orders that nobody pays: their stock goes back on sale.

use std::time::Duration;

use domain::Timestamp;
use domain::id::OrderId;
use domain::order::AttemptState;
use domain::view::reasons;
use uuid::Uuid;

use crate::platform::db::DbError;
use crate::{Shop, orders};

use super::attempt::settle_one;
use super::store::Attempt;
use super::{PaymentError, is_paid, is_unpaid, lost, refund, store};

/// How long a card order may stay unpaid, milliseconds.
pub const UNPAID_FOR: i64 = crate::checkout::PAYMENT_TIME;

/// How long an unpaid order waits for a gateway that does not answer, from when it was placed, milliseconds.
const ANSWER_WITHIN: i64 = 24 * 60 * 60 * 1_000;

/// The pause between two looks.
const SWEEP_INTERVAL: Duration = Duration::from_secs(300);

/// Cancels card orders that were placed more than [`UNPAID_FOR`] ago and are not paid, and releases their stock. The gateway is asked
/// first, and told to take no money any more, so that nobody pays for an order that is gone; an order whose gateway does not
/// answer stays until the next round, for a day. What the gateway does not know ends at once. Says how many were cancelled.
///
/// # Errors
/// The database's.
pub async fn expire(shop: &Shop) -> Result<usize, PaymentError> {
    let before = shop.now().plus_millis(-UNPAID_FOR);
    let mut cancelled = 0;
    let mut last = (Timestamp::from_millis(0), OrderId(Uuid::nil()));
    loop {
        // From where the last page ended: orders that stay do not hold up those behind them.
        let page = store::unpaid_before(&mut shop.db(), before, last).await?;
        for (order, placed_at) in &page {
            last = (*placed_at, *order);
            match expire_order(shop, *order).await {
                Ok(true) => cancelled += 1,
                Ok(false) => {}
                Err(PaymentError::Db(error @ (DbError::Away | DbError::Stopped))) => return Err(error.into()),
                Err(error) => tracing::warn!(%order, %error, "an unpaid order could not be settled; it stays for now"),
            }
        }
        if page.is_empty() {
            return Ok(cancelled);
        }
    }
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
            tokio::time::sleep(SWEEP_INTERVAL).await;
        }
    })
}

/// Brings an attempt to where the gateway says it is, and to its end when it is not paid. What the gateway cannot say anything about
/// ends all the same, and the staff look at it: at once when it does not know the payment, after a day when it does not answer.
async fn close(shop: &Shop, attempt: &Attempt, patient: bool) -> Result<(), PaymentError> {
    let (id, Some(reference)) = (attempt.id, &attempt.gateway_ref) else { return Ok(()) };
    if matches!(attempt.state, AttemptState::Captured | AttemptState::Voided) {
        return Ok(());
    }
    let closed = match settle_one(shop, id, reference).await {
        Ok(intent) if matches!(intent.state, AttemptState::Authorised | AttemptState::Captured | AttemptState::Voided) => Ok(()),
        Ok(_) => refund::void(shop, id).await,
        Err(error) => Err(error),
    };
    match closed {
        // It does not know the payment, or says no to being asked: it will say the same tomorrow.
        Err(PaymentError::Gateway(error)) if !error.is_passing() => lost::lost(shop, id, None).await,
        Err(PaymentError::NoGateway) => lost::lost(shop, id, Some(reasons::NO_GATEWAY)).await,
        Err(PaymentError::Mismatch(_)) => lost::lost(shop, id, Some(reasons::MISMATCH)).await,
        Err(PaymentError::Waiting | PaymentError::Gateway(_)) if !patient => lost::lost(shop, id, Some(reasons::NO_ANSWER)).await,
        other => other,
    }
}

/// Expires one order, if it is unpaid and its time is over. Says whether it was cancelled.
pub(super) async fn expire_order(shop: &Shop, order: OrderId) -> Result<bool, PaymentError> {
    let Some(head) = orders::head(&mut shop.db(), order).await? else { return Ok(false) };
    let due = head.placed_at.plus_millis(UNPAID_FOR) <= shop.now();
    if !is_unpaid(&head) || !due {
        return Ok(false);
    }
    let patient = head.placed_at.plus_millis(ANSWER_WITHIN) > shop.now();
    for attempt in store::of_order(&mut shop.db(), order).await? {
        close(shop, &attempt, patient).await?;
    }
    let inner = shop.clone();
    let done = shop
        .db()
        .write(async move |tx| {
            let head = orders::lock(tx, order).await?.ok_or(orders::OrderError::Unknown)?;
            if !is_unpaid(&head) || is_paid(tx, order).await? {
                return Ok::<_, orders::OrderError>(None);
            }
            orders::cancel_rows(tx, &inner, &head, orders::EXPIRED).await.map(Some)
        })
        .await;
    match done {
        Ok(None) => Ok(false),
        Ok(Some(calls)) => {
            refund::carry_out(shop, calls).await;
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
