//! Cash orders that are not picked for days: they are cancelled, and their stock is released.

use domain::Timestamp;
use domain::id::OrderId;

use platform::db::DbError;

use crate::{Shop, orders, payments, settings};

use super::OrderChangeError;
use super::cancel::cancel_rows;

/// Cash orders of which nothing was picked or paid yet.
macro_rules! unpicked {
    () => {
        "o.payment_method = 'cod' and o.payment_state = 'pending' and o.fulfilment_state = 'unfulfilled' and o.cancelled_at is null
         and o.total > 0 and not exists (select 1 from parcels p where p.order_id = o.id and p.state <> 'cancelled')"
    };
}

/// Cancels cash orders that are not picked within the number of days in the settings; returns how many. Those of which money came stay:
/// staff decide about them.
///
/// # Errors
/// The database's.
pub async fn expire_cash(shop: &Shop) -> Result<u64, DbError> {
    let days = settings::shop(shop).limits.cash_days;
    if days <= 0 {
        return Ok(0);
    }
    let before = shop.now().plus_millis(-days.saturating_mul(Timestamp::DAY));
    let due: Vec<OrderId> = shop
        .db()
        .fetch_scalars(
            concat!("select o.id from orders o where ", unpicked!(), " and o.placed_at <= $1 order by o.placed_at limit 500"),
            &[&before],
        )
        .await?;
    let mut cancelled = 0;
    for order in due {
        let done = shop
            .db()
            .write(async move |tx| {
                let Some(locked) = orders::lock(tx, order).await? else { return Ok(None) };
                let due: Option<OrderId> =
                    tx.fetch_optional_scalar(concat!("select o.id from orders o where ", unpicked!(), " and o.id = $1"), &[&order]).await?;
                if due.is_none() {
                    return Ok::<_, OrderChangeError>(None);
                }
                cancel_rows(tx, &locked, orders::NOT_SENT).await.map(Some)
            })
            .await;
        match done {
            Ok(Some(calls)) => {
                payments::carry_out(shop, calls).await;
                cancelled += 1;
            }
            Ok(None) => {}
            Err(OrderChangeError::Db(error @ (DbError::Away | DbError::Stopped))) => return Err(error),
            Err(error) => tracing::warn!(%order, %error, "a cash order that nobody sends could not be cancelled"),
        }
    }
    Ok(cancelled)
}
