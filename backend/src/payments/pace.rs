//! How often the gateway is asked about one order because somebody looks at a page. What timers, jobs and webhooks ask is not counted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use domain::id::OrderId;

use crate::Shop;

use super::{PaymentError, settle};

/// Milliseconds between two questions about one order: what was asked a moment ago is known.
const INTERVAL_MS: i64 = 2_000;
/// Orders that are remembered, at most.
const MAX_ENTRIES: usize = 10_000;

/// When the gateway was asked about an order last, and whether it was still at work then.
#[derive(Debug, Default)]
pub struct Pace(Mutex<HashMap<OrderId, (Timestamp, bool)>>);

/// [`settle`] for whoever looks at a page: of many who ask about one order at once one asks the gateway, and the others wait a moment and
/// are told what it said. Who asks again at once, as after another card, waits until it may be asked again.
///
/// # Errors
/// As [`settle`].
pub async fn settle_paced(shop: &Shop, order: OrderId) -> Result<bool, PaymentError> {
    if !shop.pace().may_ask(order, shop.now()) {
        tokio::time::sleep(Duration::from_millis(INTERVAL_MS.unsigned_abs())).await;
        if !shop.pace().may_ask(order, shop.now()) {
            return Ok(shop.pace().was_at_work(order));
        }
    }
    let at_work = settle(shop, order).await?;
    shop.pace().heard(order, at_work);
    Ok(at_work)
}

impl Pace {
    fn may_ask(&self, order: OrderId, now: Timestamp) -> bool {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |(at, _): &(Timestamp, bool)| at.plus_millis(INTERVAL_MS) > now;
        if asked.len() >= MAX_ENTRIES {
            asked.retain(|_, last| recent(last));
        }
        if asked.get(&order).is_some_and(recent) || asked.len() >= MAX_ENTRIES {
            return false;
        }
        let was_at_work = asked.get(&order).is_some_and(|last| last.1);
        asked.insert(order, (now, was_at_work));
        true
    }

    fn was_at_work(&self, order: OrderId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&order).is_some_and(|last| last.1)
    }

    fn heard(&self, order: OrderId, at_work: bool) {
        if let Some(last) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&order) {
            last.1 = at_work;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at what is not as expected")]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn an_order_is_asked_about_once_in_a_while_and_many_fill_nothing() {
        let (pace, at) = (Pace::default(), Timestamp::from_millis);
        let order = |n: u128| OrderId(Uuid::from_u128(n));
        assert!(pace.may_ask(order(1), at(0)));
        assert!(!pace.may_ask(order(1), at(INTERVAL_MS - 1)));
        assert!(pace.may_ask(order(2), at(INTERVAL_MS - 1)));
        assert!(pace.may_ask(order(1), at(INTERVAL_MS)));
        let asked = (10..20_000).filter(|n| pace.may_ask(order(*n), at(INTERVAL_MS))).count();
        assert!(asked < MAX_ENTRIES && pace.0.lock().unwrap().len() <= MAX_ENTRIES);
        assert!(pace.may_ask(order(20_000), at(3 * INTERVAL_MS)), "room is made again");
    }
}
