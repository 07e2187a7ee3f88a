//! The SQL of reading the stock.

use std::collections::HashMap;

use domain::id::{LocationId, MovementId, OrderId, ProductId, VariantId};
use domain::order::Channel;
use domain::stock::StockReason;
use domain::view::{LocationChoiceView, MovementView, StockListView, StockRowView, TodayView};
use domain::{Currency, Locale, Money, Timestamp};

use platform::db::{Db, DbError, Flag, Read, json_ids};

pub(in crate::inventory) async fn available_of(
    db: &mut impl Read,
    channel: Channel,
    variants: impl IntoIterator<Item = VariantId>,
) -> Result<HashMap<VariantId, i64>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        variant_id: VariantId,
        available: i64,
    }
    let variants: Vec<VariantId> = variants.into_iter().collect();
    if variants.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Row> = db
        .fetch_all(
            concat!(
                "select s.variant_id, cast(sum(s.available) as bigint) as available
                 from stock s join stock_locations l on l.id = s.location_id
                 where s.variant_id in (select unhex(value->>'id') from json_each($1)) and ",
                serves!("$2"),
                " group by s.variant_id"
            ),
            &[&json_ids(variants), &channel],
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.variant_id, row.available)).collect())
}

#[derive(platform::db::FromRow)]
struct StockRow {
    variant: VariantId,
    product: ProductId,
    sku: String,
    name: String,
    location: LocationId,
    location_name: String,
    on_hand: i64,
    reserved: i64,
    available: i64,
    value: i64,
    currency: Currency,
    on_sale: Flag,
}

impl From<StockRow> for StockRowView {
    fn from(row: StockRow) -> Self {
        let StockRow { variant, product, sku, name, location, location_name, on_hand, reserved, available, .. } = row;
        let (value, on_sale) = (Some(Money::new(row.value, row.currency)), row.on_sale.0);
        Self { variant, product, sku, name, location, location_name, on_hand, reserved, available, value, on_sale }
    }
}

/// The columns of a [`StockRow`].
macro_rules! columns {
    () => {
        "v.id as variant, v.product_id as product, v.sku, coalesce(t.name, p.handle) as name, l.id as location, l.name as location_name,
            s.on_hand, s.reserved, s.available, s.value, s.currency,
            case when v.archived = 0 and p.status = 'published' then cast(1 as bigint) else cast(0 as bigint) end as on_sale"
    };
}

/// The tables that name the variants `v` and the stock `s`.
macro_rules! names {
    () => {
        " join stock_locations l on l.id = s.location_id
         join products p on p.id = v.product_id
         left join product_texts t on t.product_id = p.id and t.locale = 'en' "
    };
}

/// The condition that at most so many units of the stock `s` are available, which is an expression of SQL; its band makes that an
/// index's.
macro_rules! at_most {
    ($most:literal) => {
        concat!(
            "s.status = 'sellable' and s.available <= ",
            $most,
            " and s.band <= (case when ",
            $most,
            " < 1 then 0 when ",
            $most,
            " < 10 then 1 when ",
            $most,
            " < 100 then 2 else 3 end)"
        )
    };
}

/// All stock with `$1` in SKU or name: what is selected of it.
macro_rules! all_stock {
    ($select:expr) => {
        concat!(
            "select ",
            $select,
            // `cross` has SQLite begin with the variants, in the order of the list.
            " from variants v cross join stock s",
            names!(),
            "where s.variant_id = v.id and s.status = 'sellable' and ($1 = '%%' or lower(v.sku) like $1 or lower(t.name) like $1)"
        )
    };
}

/// The same of what is on sale and at most `$2` of it available. What is low is found first, by its index.
macro_rules! low_stock {
    ($select:expr) => {
        concat!(
            "with low as materialized (select s.variant_id, s.location_id from stock s where ",
            at_most!("$2"),
            ") select ",
            $select,
            " from low w join stock s on s.variant_id = w.variant_id and s.location_id = w.location_id and s.status = 'sellable'
             join variants v on v.id = s.variant_id",
            names!(),
            "where v.archived = 0 and p.status = 'published' and ($1 = '%%' or lower(v.sku) like $1 or lower(t.name) like $1)"
        )
    };
}

const PAGE: usize = 50;

/// What a search looks for, as a pattern of `like`.
fn pattern(search: &str) -> String {
    format!("%{}%", search.to_lowercase().replace(['%', '_'], " "))
}

/// A page of the stock, or with `most` of what is on sale and at most so many units of it available.
pub(in crate::inventory) async fn list(db: &Db, search: &str, most: Option<i64>, after: &str) -> Result<StockListView, DbError> {
    let (after_sku, after_location) = after.split_once('~').unwrap_or((after, ""));
    let like = pattern(search);
    let mut rows: Vec<StockRow> = match most {
        None => {
            let sql = concat!(all_stock!(columns!()), " and (v.sku > $2 or (v.sku = $2 and l.code > $3)) order by v.sku, l.code limit 51");
            db.fetch_all(sql, &[&like, &after_sku, &after_location]).await?
        }
        Some(most) => {
            let sql = concat!(low_stock!(columns!()), " and (v.sku > $3 or (v.sku = $3 and l.code > $4)) order by v.sku, l.code limit 51");
            db.fetch_all(sql, &[&like, &most, &after_sku, &after_location]).await?
        }
    };
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = match (more, rows.last()) {
        (true, Some(last)) => {
            let code: String = db.fetch_scalar("select code from stock_locations where id = $1", &[&last.location]).await?;
            Some(format!("{}~{code}", last.sku))
        }
        _ => None,
    };
    Ok(StockListView { rows: rows.into_iter().map(StockRowView::from).collect(), next })
}

/// What the rows of a list are worth together, by currency.
pub(in crate::inventory) async fn list_value(db: &Db, search: &str, most: Option<i64>) -> Result<Vec<Money>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        currency: Currency,
        value: i64,
    }
    let like = pattern(search);
    let rows: Vec<Row> = match most {
        Some(most) => {
            let sql = concat!(low_stock!("s.currency, cast(sum(s.value) as bigint) as value"), " group by s.currency order by s.currency");
            db.fetch_all(sql, &[&like, &most]).await?
        }
        None if search.is_empty() => {
            db.fetch_all(
                "select currency, cast(sum(value) as bigint) as value from stock where status = 'sellable'
                 group by currency order by currency",
                &[],
            )
            .await?
        }
        None => {
            let sql = concat!(all_stock!("s.currency, cast(sum(s.value) as bigint) as value"), " group by s.currency order by s.currency");
            db.fetch_all(sql, &[&like]).await?
        }
    };
    Ok(rows.into_iter().map(|row| Money::new(row.value, row.currency)).collect())
}

/// The locations to choose from, active ones first.
pub(in crate::inventory) async fn location_choices(db: &Db) -> Result<Vec<LocationChoiceView>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        id: LocationId,
        name: String,
        active: Flag,
    }
    let rows: Vec<Row> = db.fetch_all("select id, name, active from stock_locations order by active desc, position, id", &[]).await?;
    Ok(rows.into_iter().map(|row| LocationChoiceView { location: row.id, name: row.name, active: row.active.0 }).collect())
}

/// The first rows of what is on sale and at most so many units of it available, fewest first.
pub(in crate::inventory) async fn low(db: &Db, most: i64) -> Result<Vec<StockRowView>, DbError> {
    let rows: Vec<StockRow> = db
        .fetch_all(
            concat!(
                "select ",
                columns!(),
                " from stock s join variants v on v.id = s.variant_id",
                names!(),
                "where ",
                at_most!("$1"),
                " and v.archived = 0 and p.status = 'published' order by s.available, v.sku limit 10"
            ),
            &[&most],
        )
        .await?;
    Ok(rows.into_iter().map(|row| StockRowView { value: None, ..StockRowView::from(row) }).collect())
}

/// How many such rows there are, counted up to one more than [`TodayView::MOST_COUNTED`].
pub(in crate::inventory) async fn count_low(db: &Db, most: i64) -> Result<i64, DbError> {
    db.fetch_scalar(
        concat!(
            "select count(*) from (select v.id from stock s join variants v on v.id = s.variant_id join products p on p.id = v.product_id
             where ",
            at_most!("$1"),
            " and v.archived = 0 and p.status = 'published' limit $2) c"
        ),
        &[&most, &(TodayView::MOST_COUNTED + 1)],
    )
    .await
}

/// Variants on sale with at most so many available units over all locations.
pub(crate) async fn running_low(db: &mut impl Read, most: i64) -> Result<Vec<VariantId>, DbError> {
    db.fetch_scalars(
        concat!(
            "select v.id from (select distinct s.variant_id from stock s where ",
            at_most!("$1"),
            ") j
             join variants v on v.id = j.variant_id join products p on p.id = v.product_id join stock s on s.variant_id = v.id
             where v.archived = 0 and p.status = 'published' group by v.id having sum(s.available) <= $1"
        ),
        &[&most],
    )
    .await
}

/// A variant with what is available of it.
#[derive(platform::db::FromRow)]
pub(crate) struct NamedVariant {
    pub sku: String,
    pub name: String,
    pub units: i64,
}

/// These variants with their names in a language, fewest available first.
pub(crate) async fn named(db: &mut impl Read, variants: &[VariantId], locale: Locale) -> Result<Vec<NamedVariant>, DbError> {
    db.fetch_all(
        "select v.sku, coalesce(t.name, e.name, p.handle) as name, cast(sum(s.available) as bigint) as units
         from variants v join products p on p.id = v.product_id join stock s on s.variant_id = v.id
         left join product_texts t on t.product_id = p.id and t.locale = $2
         left join product_texts e on e.product_id = p.id and e.locale = 'en'
         where v.id in (select unhex(value->>'id') from json_each($1))
         group by v.sku, coalesce(t.name, e.name, p.handle) order by units, v.sku",
        &[&json_ids(variants), &locale.code()],
    )
    .await
}

/// The latest movements of a variant. The balance after each is that of now, less what came later.
pub(in crate::inventory) async fn movements(db: &Db, variant: VariantId) -> Result<Vec<MovementView>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        id: MovementId,
        at: Timestamp,
        kind: String,
        quantity: i64,
        value: i64,
        currency: Currency,
        reason: StockReason,
        note: String,
        actor: String,
        location_id: LocationId,
        location_name: String,
        status: String,
        on_hand: i64,
        order_id: Option<OrderId>,
        order_number: Option<String>,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select m.id, m.at, m.kind, m.quantity, m.value, m.currency, m.reason, m.note, m.actor, m.location_id, l.name as location_name,
                m.status, s.on_hand, p.order_id, o.number as order_number
             from stock_movements m
             join stock_locations l on l.id = m.location_id
             join stock s on s.variant_id = m.variant_id and s.location_id = m.location_id and s.status = m.status
             left join parcels p on m.source_kind = 'parcel' and p.id = m.source_id
             left join orders o on o.id = p.order_id
             where m.variant_id = $1 order by m.at desc, m.id desc limit 100",
            &[&variant],
        )
        .await?;
    let mut balances: HashMap<(LocationId, String), i64> = HashMap::new();
    let view = |row: Row| {
        let balance = balances.entry((row.location_id, row.status)).or_insert(row.on_hand);
        let after = *balance;
        *balance -= row.quantity;
        MovementView {
            id: row.id,
            at: row.at,
            kind: row.kind,
            quantity: row.quantity,
            balance: after,
            value: Some(Money::new(row.value, row.currency)),
            location_name: row.location_name,
            reason: row.reason,
            note: row.note,
            actor: row.actor,
            order: row.order_id,
            order_number: row.order_number,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}
