//! Limits how often pages ask the gateway about one order. Requests of timers, jobs and webhooks are not counted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use domain::id::OrderId;

use crate::Shop;

use super::{PaymentError, sync};

/// Between two requests about one order.
const INTERVAL_MS: i64 = 2_000;
const MAX_ENTRIES: usize = 10_000;

/// When an order was last fetched from the gateway, and whether the bank was still at work on its payment then.
#[derive(Debug, Default)]
pub struct GatewayRateLimit(Mutex<HashMap<OrderId, (Timestamp, bool)>>);

/// [`sync`] for pages: of many requests about one order at once only one goes to the gateway, and the others wait a moment for its
/// answer. A request right after that, as after another card, waits until the next may be sent.
///
/// # Errors
/// As [`sync`].
pub async fn sync_paced(shop: &Shop, order: OrderId) -> Result<bool, PaymentError> {
    if !shop.gateway_rate_limit().may_fetch(order, shop.now()) {
        tokio::time::sleep(Duration::from_millis(INTERVAL_MS.unsigned_abs())).await;
        if !shop.gateway_rate_limit().may_fetch(order, shop.now()) {
            return Ok(shop.gateway_rate_limit().was_at_work(order));
        }
    }
    let at_work = sync(shop, order).await?;
    shop.gateway_rate_limit().record(order, at_work);
    Ok(at_work)
}

impl GatewayRateLimit {
    fn may_fetch(&self, order: OrderId, now: Timestamp) -> bool {
        let mut fetched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |(at, _): &(Timestamp, bool)| at.plus_millis(INTERVAL_MS) > now;
        if fetched.len() >= MAX_ENTRIES {
            fetched.retain(|_, last| recent(last));
        }
        if fetched.get(&order).is_some_and(recent) || fetched.len() >= MAX_ENTRIES {
            return false;
        }
        let was_at_work = fetched.get(&order).is_some_and(|last| last.1);
        fetched.insert(order, (now, was_at_work));
        true
    }

    fn was_at_work(&self, order: OrderId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&order).is_some_and(|last| last.1)
    }

    fn record(&self, order: OrderId, at_work: bool) {
        if let Some(last) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&order) {
            last.1 = at_work;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn one_order_is_fetched_from_the_gateway_at_most_once_an_interval_in_bounded_memory() {
        let (pace, at) = (GatewayRateLimit::default(), Timestamp::from_millis);
        let order = |n: u128| OrderId(Uuid::from_u128(n));
        assert!(pace.may_fetch(order(1), at(0)));
        assert!(!pace.may_fetch(order(1), at(INTERVAL_MS - 1)));
        assert!(pace.may_fetch(order(2), at(INTERVAL_MS - 1)));
        assert!(pace.may_fetch(order(1), at(INTERVAL_MS)));
        let allowed = (10..20_000).filter(|n| pace.may_fetch(order(*n), at(INTERVAL_MS))).count();
        assert!(allowed < MAX_ENTRIES && pace.0.lock().unwrap().len() <= MAX_ENTRIES);
        assert!(pace.may_fetch(order(20_000), at(3 * INTERVAL_MS)), "room is made again");
    }
}
