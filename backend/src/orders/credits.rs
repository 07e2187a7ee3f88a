//! The credit lines of an order: what of its price is not charged, or goes back.

use domain::credit::{Credit, PricePart};
use domain::id::{CreditLineId, OrderId, OrderLineId, RefundId};
use serde::Serialize;

use platform::db::{DbError, Hex, JsonRows, Read, Tx, hex};

use super::LockedOrder;

/// The condition for credit lines `c` that count: all but those of a refund that failed.
macro_rules! is_credited {
    () => {
        "(c.refund_id is null or exists (select 1 from refunds r where r.id = c.refund_id and r.state <> 'failed'))"
    };
}
pub(crate) use is_credited;

#[derive(platform::db::FromRow)]
struct Row {
    line: Option<OrderLineId>,
    quantity: i64,
    amount: i64,
    tax: i64,
    credited_units: i64,
    credited: i64,
    credited_tax: i64,
}

/// The parts of an order's price, its lines in order and then the delivery fee, with what of each is credited.
///
/// # Errors
/// The database's.
pub(crate) async fn price_parts(db: &mut impl Read, order: OrderId) -> Result<Vec<PricePart>, DbError> {
    let rows: Vec<Row> = db
        .fetch_all(
            concat!(
                "select p.line, p.quantity, p.amount, p.tax,
                    coalesce(cast(sum(c.units) as bigint), 0) as credited_units,
                    coalesce(cast(sum(c.amount) as bigint), 0) as credited,
                    coalesce(cast(sum(c.tax) as bigint), 0) as credited_tax
                 from (select l.id as line, l.position as place, l.quantity, l.total as amount, l.tax
                        from order_lines l where l.order_id = $1
                    union all
                    select null, 9223372036854775807, cast(0 as bigint), o.shipping, o.tax
                            - (select coalesce(cast(sum(l.tax) as bigint), 0) from order_lines l where l.order_id = o.id)
                        from orders o where o.id = $1) p
                 left join credit_lines c on c.order_id = $1
                    and (c.order_line_id = p.line or (c.order_line_id is null and p.line is null)) and ",
                is_credited!(),
                " group by p.line, p.place, p.quantity, p.amount, p.tax order by p.place"
            ),
            &[&order],
        )
        .await?;
    let part = |row: Row| {
        let Row { line, quantity, amount, tax, credited_units, credited, credited_tax } = row;
        PricePart { line, quantity, amount, tax, credited_units, credited, credited_tax }
    };
    Ok(rows.into_iter().map(part).collect())
}

/// Writes what is not charged, or what goes back with a refund; returns the first line. What is not charged is added to what is no longer
/// due of the order.
///
/// # Errors
/// The database's.
pub(crate) async fn insert_credits(
    tx: &mut Tx,
    order: &LockedOrder,
    refund: Option<RefundId>,
    credits: &[Credit],
) -> Result<Option<CreditLineId>, DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        line: Option<Hex<'a>>,
        units: i64,
        amount: i64,
        tax: i64,
    }
    let mut first = None;
    if credits.is_empty() {
        return Ok(first);
    }
    let mut rows = JsonRows::new();
    for credit in credits {
        let id = CreditLineId(tx.id());
        first.get_or_insert(id);
        let line = credit.line.as_ref().map(hex);
        rows.push(&Row { id: hex(&id), line, units: credit.units, amount: credit.amount, tax: credit.tax });
    }
    tx.execute(
        "insert into credit_lines (id, order_id, order_line_id, units, amount, tax, refund_id, at)
         select unhex(value->>'id'), $1, unhex(value->>'line'), cast(value->>'units' as bigint), cast(value->>'amount' as bigint),
            cast(value->>'tax' as bigint), $2, $3 from json_each($4)",
        &[&order.id, &refund, &tx.now(), &rows.finish()],
    )
    .await?;
    if refund.is_none() {
        let (amount, tax) = domain::credit::sum(credits);
        tx.execute("update orders set waived = waived + $2, waived_tax = waived_tax + $3 where id = $1", &[&order.id, &amount, &tax])
            .await?;
    }
    Ok(first)
}

/// The credit lines of a refund.
///
/// # Errors
/// The database's.
pub(crate) async fn credits_of(db: &mut impl Read, refund: RefundId) -> Result<Vec<Credit>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        order_line_id: Option<OrderLineId>,
        units: i64,
        amount: i64,
        tax: i64,
    }
    let rows: Vec<Row> =
        db.fetch_all("select order_line_id, units, amount, tax from credit_lines where refund_id = $1 order by id", &[&refund]).await?;
    Ok(rows.into_iter().map(|row| Credit { line: row.order_line_id, units: row.units, amount: row.amount, tax: row.tax }).collect())
}
