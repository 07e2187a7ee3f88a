//! The adjustments of an order's price, and the taxes inside of it.

use domain::id::{OrderId, OrderLineId};
use domain::order::{AdjustmentKind, AdjustmentSource};
use domain::view::{OrderAdjustmentView, OrderTaxView};

use platform::db::{DbError, Read};

use super::OrderHeader;

/// The condition for adjustments `a` that are shares of a discount code, by which they are found among those of all orders: it names the
/// kind, as their index does. Those of one order are found by their source alone, lest SQLite takes that index for them.
macro_rules! of_discount_code {
    () => {
        "a.kind = 'discount' and a.source = 'discount_code'"
    };
}
pub(crate) use of_discount_code;

/// The adjustments of an order, by their number.
///
/// # Errors
/// The database's.
pub(crate) async fn adjustments(db: &mut impl Read, order: &OrderHeader) -> Result<Vec<OrderAdjustmentView>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        n: i64,
        order_line_id: Option<OrderLineId>,
        kind: AdjustmentKind,
        source: AdjustmentSource,
        reference: String,
        amount: i64,
        tax: i64,
    }
    let sql = "select n, order_line_id, kind, source, reference, amount, tax from order_adjustments where order_id = $1 order by n";
    let rows: Vec<Row> = db.fetch_all(sql, &[&order.id]).await?;
    let view = |row: Row| OrderAdjustmentView {
        n: row.n,
        line: row.order_line_id,
        kind: row.kind,
        source: row.source,
        reference: row.reference,
        amount: order.money(row.amount),
        tax: order.money(row.tax),
    };
    Ok(rows.into_iter().map(view).collect())
}

/// The taxes of an order, by their number.
///
/// # Errors
/// The database's.
pub(crate) async fn taxes(db: &mut impl Read, order: &OrderHeader) -> Result<Vec<OrderTaxView>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        order_line_id: Option<OrderLineId>,
        adjustment: Option<i64>,
        class: String,
        country: String,
        province: String,
        rate_bp: i64,
        net: i64,
        tax: i64,
    }
    let sql =
        "select order_line_id, adjustment, class, country, province, rate_bp, net, tax from order_taxes where order_id = $1 order by n";
    let rows: Vec<Row> = db.fetch_all(sql, &[&order.id]).await?;
    let view = |row: Row| OrderTaxView {
        line: row.order_line_id,
        adjustment: row.adjustment,
        class: row.class,
        country: row.country,
        province: row.province,
        rate_bp: row.rate_bp,
        net: order.money(row.net),
        tax: order.money(row.tax),
    };
    Ok(rows.into_iter().map(view).collect())
}

/// The discount codes that an order used.
///
/// # Errors
/// The database's.
pub(crate) async fn discount_codes(db: &mut impl Read, order: OrderId) -> Result<Vec<String>, DbError> {
    let sql = "select distinct reference from order_adjustments where order_id = $1 and source = 'discount_code' order by reference";
    db.fetch_scalars(sql, &[&order]).await
}
