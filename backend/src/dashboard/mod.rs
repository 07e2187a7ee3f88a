//! The figures of the admin's first page.

mod store;

use domain::permission::Permission;
use domain::view::{DashboardView, Missing};
use domain::{Date, Locale, Money};

use crate::orders::OrderError;
use crate::refusals::{self, ReadError};
use crate::{Shop, inventory, orders, pricing, settings};
use platform::Context;

/// Days that the chart shows, today included.
const DAYS: i64 = 14;
/// So many of the newest orders are shown.
const LATEST: usize = 8;

/// The day's figures, in the shop's currency, by days of its time zone. Cancelled orders do not count,
/// nor do card orders that are not paid. Products are named in a language.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn today(shop: &Shop, ctx: &Context, locale: Locale) -> Result<DashboardView, OrderError> {
    ctx.require(Permission::ReadDashboard)?;
    let settings = settings::load(shop).await?;
    let (currency, zone) = (settings::shop_currency(shop), settings.zone());
    let now = shop.now();
    let today = zone.date(now);
    let sales = store::sales_since(shop.db(), today.plus_days(1 - DAYS), zone, currency).await?;
    let of_day = |day: Date| sales.iter().find(|sales| sales.day == day.days());
    let last_days = (1 - DAYS..=0).map(|ago| today.plus_days(ago));
    let last_days = last_days.map(|day| (zone.start_of(day), of_day(day).map_or(0, |day| day.sales))).collect();
    // The newest orders name who bought: only for those who may read orders.
    let latest = if ctx.may(Permission::ReadOrders) { orders::latest(shop, LATEST).await? } else { Vec::new() };
    let refusals = match refusals::open(shop, ctx).await {
        Ok(refusals) => refusals,
        Err(ReadError::Db(error)) => return Err(error.into()),
        Err(ReadError::Forbidden(_)) => Vec::new(),
    };
    let rules = pricing::rules(shop).await?;
    let then = zone.plus_days(now, -7);
    let low = inventory::low(shop, locale, settings.low_stock).await?;
    Ok(DashboardView {
        orders: of_day(today).map_or(0, |day| day.orders),
        sales: Money::new(of_day(today).map_or(0, |day| day.sales), currency),
        week_ago: store::sales_between(shop.db(), zone.start_of(zone.date(then)), then, currency).await?,
        cut_off: rules.methods.iter().filter_map(|method| method.order_by(now, zone)).min(),
        queues: orders::queue_counts(shop).await?,
        refusals,
        missing: missing(shop, &settings.country).await?,
        last_days,
        latest,
        low_stock: low.rows.clone(),
        low_stock_count: low.count,
    })
}

async fn missing(shop: &Shop, country: &str) -> Result<Vec<Missing>, OrderError> {
    let there = store::existing(shop.db(), country).await?;
    let counts = [(Missing::Delivery, there.methods), (Missing::Products, there.products), (Missing::Tax, there.tax_rates)];
    Ok(counts.into_iter().filter(|(_, count)| *count == 0).map(|(what, _)| what).collect())
}
