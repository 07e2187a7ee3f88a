//! Figures: what the day brought, and what changes while somebody looks.

mod store;

use std::time::Duration;

use domain::permission::Permission;
use domain::view::TodayView;
use domain::{Money, Timestamp};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::orders::OrderError;
use crate::platform::Context;
use crate::platform::db::DbError;
use crate::{Shop, inventory, orders, settings};

/// Philippine time is UTC+8 all year.
const OFFSET: i64 = 8 * 3_600_000;
/// Days that the chart shows, today included.
const DAYS: i64 = 14;
/// The newest orders that are shown.
const LATEST: usize = 8;

/// The day's figures, in the shop's currency, with days as they are in the Philippines. Cancelled orders do not count.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn today(shop: &Shop, ctx: &Context) -> Result<TodayView, OrderError> {
    ctx.require(Permission::ReadDashboard)?;
    let face = settings::load(shop).await?;
    let currency = settings::shop_currency(shop);
    let today = day_of(shop.now());
    let first = today - (DAYS - 1);
    let sales = store::sales_by_day(shop.db(), begin_of(first), currency).await?;
    let of_day = |day: i64| sales.iter().find(|row| row.0 == day);
    let (to_ship, unpaid, dead_jobs) = store::waiting(shop.db()).await?;
    let last_days = (first..=today).map(|day| (begin_of(day), of_day(day).map_or(0, |row| row.2))).collect();
    // The newest orders name who bought: only for those who may read orders.
    let latest = if ctx.may(Permission::ReadOrders) { orders::latest(shop, LATEST).await? } else { Vec::new() };
    Ok(TodayView {
        orders: of_day(today).map_or(0, |row| row.1),
        sales: Money::new(of_day(today).map_or(0, |row| row.2), currency),
        to_ship,
        unpaid,
        dead_jobs,
        last_days,
        latest,
        low_stock: inventory::low(shop, face.low_stock).await?,
    })
}

/// The Philippine day that a moment is in, counted from 1970.
const fn day_of(at: Timestamp) -> i64 {
    at.millis().saturating_add(OFFSET).div_euclid(Timestamp::DAY)
}

/// When a Philippine day begins.
const fn begin_of(day: i64) -> Timestamp {
    Timestamp::from_millis(day * Timestamp::DAY - OFFSET)
}

/// Something that changed, for those who are looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The event's kind, `order.placed`.
    pub kind: String,
    /// What it happened to.
    pub subject: Uuid,
    /// When.
    pub at: Timestamp,
}

/// A pause between two looks at the feed while somebody listens.
const PAUSE: Duration = Duration::from_millis(500);

/// The feed of changes for server-sent events: every listener hears each change at most once, and a slow one is told that it missed some
/// (`RecvError::Lagged`), after which it reads the figures again.
#[derive(Clone, Debug)]
pub struct Live(broadcast::Sender<Change>);

impl Live {
    /// Hears what changes from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}

/// Begins to follow the event feed, for as long as the program runs and only while somebody listens. One for each process: every node
/// tells its own listeners what any node did.
#[must_use]
pub fn live(shop: &Shop) -> Live {
    let (sender, _) = broadcast::channel(256);
    let (shop, live) = (shop.clone(), Live(sender.clone()));
    tokio::spawn(async move {
        let mut seen: Option<i64> = None;
        loop {
            if sender.receiver_count() == 0 {
                seen = None;
            } else {
                match news(&shop, seen, &sender).await {
                    Ok(last) => seen = Some(last),
                    Err(DbError::Stopped) => return,
                    Err(error) => tracing::warn!(%error, "the feed could not be read for the live figures"),
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
    live
}

/// Tells what came after `seen`; says how far it got.
async fn news(shop: &Shop, seen: Option<i64>, to: &broadcast::Sender<Change>) -> Result<i64, DbError> {
    let Some(seen) = seen else { return store::last_event(shop.db()).await };
    let mut last = seen;
    for (seq, kind, subject, at) in store::events_after(shop.db(), seen).await? {
        last = seq;
        // Nobody may be listening any more.
        let _ = to.send(Change { kind, subject, at });
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_manila() {
        // 2026-11-24T15:59:59Z is 23:59:59 in Manila, a second later the next day begins.
        let before = Timestamp::from_millis(1_795_535_999_000);
        let after = before.plus_millis(1_000);
        assert_eq!(day_of(before) + 1, day_of(after));
        assert_eq!(begin_of(day_of(after)), after);
    }
}
