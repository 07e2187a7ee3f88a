//! The figures' SQL.

use domain::{Currency, Timestamp};

use crate::orders::is_sale;
use crate::platform::db::{Db, DbError};

/// Day (counted from 1970, Philippine time), orders and what they bring, from a moment on. Days without orders are missing.
pub(super) async fn sales_by_day(db: &Db, from: Timestamp, currency: Currency) -> Result<Vec<(i64, i64, i64)>, DbError> {
    db.fetch_all(
        concat!(
            "select (placed_at + 28800000) / 86400000 as day, count(*), cast(sum(total - waived) as bigint) from orders
             where placed_at >= $1 and currency = $2 and ",
            is_sale!(),
            " group by (placed_at + 28800000) / 86400000"
        ),
        &[&from, &currency],
    )
    .await
}

/// One or none each: a delivery method that is offered, a product on sale, a tax rate for standard goods in this country.
pub(super) async fn has(db: &Db, country: &str) -> Result<(i64, i64, i64), DbError> {
    db.fetch_one(
        "select (select count(*) from (select 1 from delivery_methods where active = 1 limit 1) a),
            (select count(*) from (select 1 from products where status = 'published' limit 1) b),
            (select count(*) from (select 1 from tax_rates where class = 'standard' and country = $1 limit 1) c)",
        &[&country],
    )
    .await
}
