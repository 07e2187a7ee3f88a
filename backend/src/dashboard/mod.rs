//! The figures of the admin's first page.

mod store;

use domain::permission::Permission;
use domain::view::{Missing, TodayView};
use domain::{Money, Timestamp};

use crate::orders::OrderError;
use crate::refusals::{self, ReadError};
use crate::{Shop, inventory, orders, settings};
use platform::Context;

/// Philippine time is UTC+8 all year.
const OFFSET_MS: i64 = 8 * 3_600_000;
/// Days that the chart shows, today included.
const DAYS: i64 = 14;
/// So many of the newest orders are shown.
const LATEST: usize = 8;

/// The day's figures, in the shop's currency, with days as they are in the Philippines. Cancelled orders do not count,
/// nor do card orders that are not paid.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn today(shop: &Shop, ctx: &Context) -> Result<TodayView, OrderError> {
    ctx.require(Permission::ReadDashboard)?;
    let settings = settings::load(shop).await?;
    let currency = settings::shop_currency(shop);
    let today = day_of(shop.now());
    let first = today - (DAYS - 1);
    let sales = store::sales_by_day(shop.db(), begin_of(first), currency).await?;
    let of_day = |day: i64| sales.iter().find(|sales| sales.day == day);
    let last_days = (first..=today).map(|day| (begin_of(day), of_day(day).map_or(0, |day| day.sales))).collect();
    // The newest orders name who bought: only for those who may read orders.
    let latest = if ctx.may(Permission::ReadOrders) { orders::latest(shop, LATEST).await? } else { Vec::new() };
    let refusals = match refusals::open(shop, ctx).await {
        Ok(refusals) => refusals,
        Err(ReadError::Db(error)) => return Err(error.into()),
        Err(ReadError::Forbidden(_)) => Vec::new(),
    };
    Ok(TodayView {
        orders: of_day(today).map_or(0, |day| day.orders),
        sales: Money::new(of_day(today).map_or(0, |day| day.sales), currency),
        queues: orders::queue_counts(shop).await?,
        refusals,
        missing: missing(shop, &settings.country).await?,
        last_days,
        latest,
        low_stock: inventory::low(shop, settings.low_stock).await?,
    })
}

async fn missing(shop: &Shop, country: &str) -> Result<Vec<Missing>, OrderError> {
    let there = store::existing(shop.db(), country).await?;
    let counts = [(Missing::Delivery, there.methods), (Missing::Products, there.products), (Missing::Tax, there.tax_rates)];
    Ok(counts.into_iter().filter(|(_, count)| *count == 0).map(|(what, _)| what).collect())
}

/// The Philippine day of a moment, counted from 1970.
const fn day_of(at: Timestamp) -> i64 {
    at.millis().saturating_add(OFFSET_MS).div_euclid(Timestamp::DAY)
}

/// When a Philippine day begins.
const fn begin_of(day: i64) -> Timestamp {
    Timestamp::from_millis(day * Timestamp::DAY - OFFSET_MS)
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
