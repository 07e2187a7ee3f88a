//! Card orders that are not paid in time: they are cancelled, and their stock is released.

use std::time::Duration;

use domain::Timestamp;
use domain::id::OrderId;
use domain::view::RefusalKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use platform::db::DbError;
use platform::jobs::{Failure, Handlers, Job};

use crate::payments::{PaymentError, UNPAID_FOR_MS, is_paid, is_unpaid};
use crate::refusals::Refusal;
use crate::{Shop, orders, payments};

use super::OrderChangeError;
use super::cancel::cancel_rows;
use super::store::{self, UnpaidOrder};

/// How long an unpaid order waits for a gateway that does not answer, from when it was placed.
const GATEWAY_WAIT_MS: i64 = 24 * 60 * 60 * 1_000;

/// The pause between two sweeps.
const SWEEP_INTERVAL: Duration = Duration::from_secs(300);

/// Cancels an order that is not paid in time. Written by checkout.
#[derive(Serialize, Deserialize)]
pub(crate) struct ExpireOrder {
    pub(crate) order: OrderId,
}

impl ExpireOrder {
    pub(crate) fn key(&self) -> String {
        format!("{}:{}", Self::KIND, self.order)
    }
}

impl Job for ExpireOrder {
    const KIND: &'static str = "order.expire";
    type State = Shop;
    async fn run(self, shop: Shop) -> Result<(), Failure> {
        payments::job_result(Self::KIND, expire_order(&shop, self.order).await.map(drop))
    }
}

/// The refusal that the job becomes when it is dead; nothing for other jobs.
pub(crate) fn refusal_of(kind: &str, payload: &Value, why: &str) -> Option<Refusal> {
    if kind != ExpireOrder::KIND {
        return None;
    }
    let job: ExpireOrder = serde_json::from_value(payload.clone()).ok()?;
    Some(Refusal { order: Some(job.order), ..Refusal::new(RefusalKind::Payment, job.key(), why) })
}

/// Adds the job that cancels an order.
pub fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<ExpireOrder>();
}

/// Cancels card orders that were placed more than [`UNPAID_FOR_MS`] ago and are not paid, and releases their stock. The payment is
/// first cancelled at the gateway, so that an expired order cannot be paid; an order whose gateway does not answer stays until the
/// next sweep, for a day. A payment that is missing at the gateway ends at once. Returns how many orders were cancelled.
///
/// # Errors
/// The database's.
pub async fn expire_unpaid(shop: &Shop) -> Result<usize, PaymentError> {
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

/// Sweeps for as long as the program runs. Each order has a job of its own, `order.expire`; this finds those whose job was
/// voided because the gateway did not answer for long.
pub fn watch(shop: &Shop) -> tokio::task::JoinHandle<()> {
    let shop = shop.clone();
    tokio::spawn(async move {
        loop {
            match expire_unpaid(&shop).await {
                Ok(_) => {}
                Err(PaymentError::Db(DbError::Stopped)) => return,
                Err(error) => tracing::warn!(%error, "unpaid orders could not be looked at; tried again in a while"),
            }
            tokio::time::sleep(SWEEP_INTERVAL).await;
        }
    })
}

/// Cancels one order if it is unpaid and its time is over; returns whether it was cancelled.
async fn expire_order(shop: &Shop, order: OrderId) -> Result<bool, PaymentError> {
    let Some(head) = orders::head(&mut shop.db(), order).await? else { return Ok(false) };
    let due = head.placed_at.plus_millis(UNPAID_FOR_MS) <= shop.now();
    if !is_unpaid(&head) || !due {
        return Ok(false);
    }
    let patient = head.placed_at.plus_millis(GATEWAY_WAIT_MS) > shop.now();
    payments::close_expired(shop, order, patient).await?;
    let done = shop
        .db()
        .write(async move |tx| {
            let order = orders::lock(tx, order).await?.ok_or(OrderChangeError::Unknown)?;
            if !is_unpaid(&order) || is_paid(tx, order.id).await? {
                return Ok::<_, OrderChangeError>(None);
            }
            cancel_rows(tx, &order, orders::EXPIRED).await.map(Some)
        })
        .await;
    match done {
        Ok(None) => Ok(false),
        Ok(Some(calls)) => {
            payments::carry_out(shop, calls).await;
            Ok(true)
        }
        Err(OrderChangeError::Db(error)) => Err(error.into()),
        Err(error) => {
            tracing::warn!(%order, %error, "an unpaid order could not be cancelled");
            Ok(false)
        }
    }
}
