//! The SQL of the figures.

use domain::{Currency, Date, TimeZone};

use crate::orders::is_sale;
use platform::db::{Db, DbError};

/// The orders of one day.
#[derive(platform::db::FromRow)]
pub(super) struct DaySales {
    /// As [`Date::days`].
    pub day: i64,
    pub orders: i64,
    /// Minor units, less what is no longer due.
    pub sales: i64,
}

/// The days from one on; days without orders are missing.
pub(super) async fn sales_since(db: &Db, first: Date, zone: TimeZone, currency: Currency) -> Result<Vec<DaySales>, DbError> {
    db.fetch_all(
        concat!(
            "select (placed_at + $3) / 86400000 as day, count(*) as orders, cast(sum(total - waived) as bigint) as sales
             from orders where placed_at >= $1 and currency = $2 and ",
            is_sale!(),
            " group by 1"
        ),
        &[&zone.start_of(first), &currency, &zone.offset_millis()],
    )
    .await
}

/// 1 where there is one, otherwise 0.
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
