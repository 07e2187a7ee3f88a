//! The credit lines of an order: what of its price is not charged, or goes back.

use domain::credit::{Credit, Part, PricePart};
use domain::id::{CreditLineId, OrderId, OrderLineId, RefundId};
use domain::order::AdjustmentKind;
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

/// A part of a price by the columns that name it.
#[derive(platform::db::FromRow)]
struct PartRow {
    order_line_id: Option<OrderLineId>,
    adjustment: Option<i64>,
    /// Of the adjustment.
    kind: Option<AdjustmentKind>,
}

impl TryFrom<PartRow> for Part {
    type Error = DbError;
    fn try_from(row: PartRow) -> Result<Self, DbError> {
        match (row.order_line_id, row.adjustment, row.kind) {
            (Some(line), ..) => Ok(Self::Line(line)),
            (None, Some(n), Some(kind)) => Ok(Self::Adjustment(n, kind)),
            (None, ..) => Err(DbError::Invariant("neither a line nor an adjustment".into())),
        }
    }
}

/// The parts of an order's price, its lines in order and then the adjustments of the whole order, such as the delivery fee, with what of
/// each is credited.
///
/// # Errors
/// The database's.
pub(crate) async fn price_parts(db: &mut impl Read, order: OrderId) -> Result<Vec<PricePart>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        #[sqlx(flatten)]
        part: PartRow,
        quantity: i64,
        amount: i64,
        tax: i64,
        credited_units: i64,
        credited: i64,
        credited_tax: i64,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            concat!(
                "select p.order_line_id, p.adjustment, p.kind, p.quantity, p.amount, p.tax,
                    coalesce(cast(sum(c.units) as bigint), 0) as credited_units,
                    coalesce(cast(sum(c.amount) as bigint), 0) as credited,
                    coalesce(cast(sum(c.tax) as bigint), 0) as credited_tax
                 from (select l.id as order_line_id, cast(null as bigint) as adjustment, cast(null as text) as kind, l.position as place,
                            l.quantity, l.total as amount, l.tax
                        from order_lines l where l.order_id = $1
                    union all
                    select null, a.n, a.kind, a.n, cast(0 as bigint), a.amount, a.tax
                        from order_adjustments a where a.order_id = $1 and a.order_line_id is null) p
                 left join credit_lines c on c.order_id = $1 and (c.order_line_id = p.order_line_id or c.adjustment = p.adjustment) and ",
                is_credited!(),
                " group by p.order_line_id, p.adjustment, p.kind, p.place, p.quantity, p.amount, p.tax
                 order by case when p.adjustment is null then 0 else 1 end, p.place"
            ),
            &[&order],
        )
        .await?;
    let part = |row: Row| {
        let Row { part, quantity, amount, tax, credited_units, credited, credited_tax } = row;
        Ok::<_, DbError>(PricePart { part: part.try_into()?, quantity, amount, tax, credited_units, credited, credited_tax })
    };
    rows.into_iter().map(part).collect()
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
        adjustment: Option<i64>,
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
        let (line, adjustment) = match &credit.part {
            Part::Line(line) => (Some(hex(line)), None),
            Part::Adjustment(n, _) => (None, Some(*n)),
        };
        rows.push(&Row { id: hex(&id), line, adjustment, units: credit.units, amount: credit.amount, tax: credit.tax });
    }
    tx.execute(
        "insert into credit_lines (id, order_id, order_line_id, adjustment, units, amount, tax, refund_id, at)
         select unhex(value->>'id'), $1, unhex(value->>'line'), cast(value->>'adjustment' as bigint), cast(value->>'units' as bigint),
            cast(value->>'amount' as bigint), cast(value->>'tax' as bigint), $2, $3 from json_each($4)",
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
        #[sqlx(flatten)]
        part: PartRow,
        units: i64,
        amount: i64,
        tax: i64,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select c.order_line_id, c.adjustment, a.kind, c.units, c.amount, c.tax
             from credit_lines c left join order_adjustments a on a.order_id = c.order_id and a.n = c.adjustment
             where c.refund_id = $1 order by c.id",
            &[&refund],
        )
        .await?;
    let credit = |row: Row| Ok::<_, DbError>(Credit { part: row.part.try_into()?, units: row.units, amount: row.amount, tax: row.tax });
    rows.into_iter().map(credit).collect()
}

/// The credit lines of an order's refunds that did not fail, each with its refund.
///
/// # Errors
/// The database's.
pub(crate) async fn refunded_credits(db: &mut impl Read, order: OrderId) -> Result<Vec<(RefundId, Credit)>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        refund_id: RefundId,
        #[sqlx(flatten)]
        part: PartRow,
        units: i64,
        amount: i64,
        tax: i64,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            concat!(
                "select c.refund_id, c.order_line_id, c.adjustment, a.kind, c.units, c.amount, c.tax
                 from credit_lines c left join order_adjustments a on a.order_id = c.order_id and a.n = c.adjustment
                 where c.order_id = $1 and c.refund_id is not null and ",
                is_credited!(),
                " order by c.id"
            ),
            &[&order],
        )
        .await?;
    let credit = |row: Row| {
        let credit = Credit { part: row.part.try_into()?, units: row.units, amount: row.amount, tax: row.tax };
        Ok::<_, DbError>((row.refund_id, credit))
    };
    rows.into_iter().map(credit).collect()
}
