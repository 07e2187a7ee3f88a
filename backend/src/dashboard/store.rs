//! The SQL of the figures.

use domain::{Currency, Date, TimeZone, Timestamp};

use crate::orders::is_sale;
use platform::db::{Db, DbError};

/// The orders of one day.
#[derive(platform::db::FromRow)]
pub(super) struct DaySales {
    /// As [`Date::days`].
    pub day: i64,
    pub orders: i64,
    /// Minor units, less what is waived.
    pub sales: i64,
}

/// The days from one on; days without orders are missing.
pub(super) async fn sales_since(db: &Db, first: Date, zone: TimeZone, currency: Currency) -> Result<Vec<DaySales>, DbError> {
    // Clocks are changed once at most in so few days.
    let begin = zone.start_of(first);
    let change = zone.next_change(begin).unwrap_or(Timestamp::from_millis(i64::MAX));
    db.fetch_all(
        concat!(
            "select (placed_at + case when placed_at < $4 then cast($3 as bigint) else cast($5 as bigint) end) / 86400000 as day, count(*) as orders, cast(sum(total - waived) as bigint) as sales
             from orders where placed_at >= $1 and currency = $2 and ",
            is_sale!(),
            " group by 1"
        ),
        &[&begin, &currency, &zone.offset_millis(begin), &change, &zone.offset_millis(change)],
    )
    .await
}

/// Orders placed from one moment until another, and what they come to.
pub(super) async fn sales_between(db: &Db, from: Timestamp, to: Timestamp, currency: Currency) -> Result<(i64, i64), DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        orders: i64,
        sales: i64,
    }
    let row: Row = db
        .fetch_one(
            concat!(
                "select count(*) as orders, cast(coalesce(sum(total - waived), 0) as bigint) as sales
                 from orders where placed_at >= $1 and placed_at < $2 and currency = $3 and ",
                is_sale!()
            ),
            &[&from, &to, &currency],
        )
        .await?;
    Ok((row.orders, row.sales))
}

/// What is set up: 1 where there is one, otherwise 0.
#[derive(platform::db::FromRow)]
pub(super) struct Existing {
    /// Delivery methods that are offered.
    pub methods: i64,
    /// Products on sale.
    pub products: i64,
    /// Tax rates of the standard class in the country.
    pub tax_rates: i64,
}

pub(super) async fn existing(db: &Db, country: &str) -> Result<Existing, DbError> {
    db.fetch_one(
        "select (select count(*) from (select 1 from delivery_methods where active = 1 limit 1) a) as methods,
            (select count(*) from (select 1 from products where status = 'published' limit 1) b) as products,
            (select count(*) from (select 1 from tax_rates where class = 'standard' and country = $1 and province = '' limit 1) c) as tax_rates",
        &[&country],
    )
    .await
}
