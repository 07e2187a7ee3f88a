//! Card orders that are not paid in time: they are cancelled, and their stock is released.

use std::time::Duration;

use domain::Timestamp;
use domain::id::OrderId;
use domain::order::AttemptState;
use domain::view::reasons;
use uuid::Uuid;

use platform::db::DbError;

use crate::{Shop, orders};

use super::attempt::settle_one;
use super::store::{Attempt, UnpaidOrder};
use super::{PaymentError, is_paid, is_unpaid, lost, store, unwind};

/// How long a card order may stay unpaid before it is cancelled.
pub const UNPAID_FOR_MS: i64 = 30 * 60 * 1_000;

/// How long an unpaid order waits for a gateway that does not answer, from when it was placed.
const GATEWAY_WAIT_MS: i64 = 24 * 60 * 60 * 1_000;

/// The pause between two sweeps.
const SWEEP_INTERVAL: Duration = Duration::from_secs(300);

/// Cancels card orders that were placed more than [`UNPAID_FOR_MS`] ago and are not paid, and releases their stock. The payment is
/// first cancelled at the gateway, so that nobody pays for an order that is gone; an order whose gateway does not answer stays until the
/// next sweep, for a day. A payment that the gateway does not know ends at once. Returns how many orders were cancelled.
///
/// # Errors
/// The database's.
pub async fn expire(shop: &Shop) -> Result<usize, PaymentError> {
    let before = shop.now().plus_millis(-UNPAID_FOR_MS);
    let mut cancelled = 0;
    let mut last = UnpaidOrder { id: OrderId(Uuid::nil()), placed_at: Timestamp::from_millis(0) };
    loop {
        // From where the last page ended: orders that stay do not hold up those behind them.
        let page = store::unpaid_before(&mut shop.db(), before, last).await?;
        let Some(end) = page.last() else { return Ok(cancelled) };
        last = *end;
        for UnpaidOrder { id: order, .. } in page {
            match expire_order(shop, order).await {
                Ok(true) => cancelled += 1,
                Ok(false) => {}
                Err(PaymentError::Db(error @ (DbError::Away | DbError::Stopped))) => return Err(error.into()),
                Err(error) => tracing::warn!(%order, %error, "an unpaid order could not be settled; it stays for now"),
            }
        }
    }
}

/// Sweeps for as long as the program runs. Each order has a job of its own, `payments.expire`; this finds those whose job was
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

/// Brings an attempt to the gateway's state, and cancels it when it is not paid. One that the gateway does not know ends at once, one that
/// it does not answer about ends unless `patient`; both are shown to the staff.
async fn close(shop: &Shop, attempt: &Attempt, patient: bool) -> Result<(), PaymentError> {
    let (id, Some(reference)) = (attempt.id, &attempt.gateway_ref) else { return Ok(()) };
    if matches!(attempt.state, AttemptState::Captured | AttemptState::Voided) {
        return Ok(());
    }
    let closed = match settle_one(shop, id, reference).await {
        Ok(intent) if matches!(intent.state, AttemptState::Authorised | AttemptState::Captured | AttemptState::Voided) => Ok(()),
        Ok(_) => unwind::void(shop, id).await,
        Err(error) => Err(error),
    };
    match closed {
        // It does not know the payment, or refuses: repeating will not help.
        Err(PaymentError::Gateway(error)) if !error.is_passing() => lost::give_up(shop, id, None).await,
        Err(PaymentError::NoGateway) => lost::give_up(shop, id, Some(reasons::NO_GATEWAY)).await,
        Err(PaymentError::Mismatch(_)) => lost::give_up(shop, id, Some(reasons::MISMATCH)).await,
        Err(PaymentError::Waiting | PaymentError::Gateway(_)) if !patient => lost::give_up(shop, id, Some(reasons::NO_ANSWER)).await,
        other => other,
    }
}

/// Cancels one order if it is unpaid and its time is over; returns whether it was cancelled.
pub(super) async fn expire_order(shop: &Shop, order: OrderId) -> Result<bool, PaymentError> {
    let Some(head) = orders::head(&mut shop.db(), order).await? else { return Ok(false) };
    let due = head.placed_at.plus_millis(UNPAID_FOR_MS) <= shop.now();
    if !is_unpaid(&head) || !due {
        return Ok(false);
    }
    let patient = head.placed_at.plus_millis(GATEWAY_WAIT_MS) > shop.now();
    for attempt in store::of_order(&mut shop.db(), order).await? {
        close(shop, &attempt, patient).await?;
    }
    let done = shop
        .db()
        .write(async move |tx| {
            let order = orders::lock(tx, order).await?.ok_or(orders::OrderError::Unknown)?;
            if !is_unpaid(&order) || is_paid(tx, order.id).await? {
                return Ok::<_, orders::OrderError>(None);
            }
            orders::cancel_rows(tx, &order, orders::EXPIRED).await.map(Some)
        })
        .await;
    match done {
        Ok(None) => Ok(false),
        Ok(Some(calls)) => {
            unwind::carry_out(shop, calls).await;
            Ok(true)
        }
        Err(orders::OrderError::Db(error)) => Err(error.into()),
        Err(error) => {
            tracing::warn!(%order, %error, "an unpaid order could not be cancelled");
            Ok(false)
        }
    }
}
