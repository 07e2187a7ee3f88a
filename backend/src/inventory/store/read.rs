//! The SQL of reading the stock.

use std::collections::{BTreeSet, HashMap};

use domain::id::{LocationId, MovementId, OrderId, ProductId, VariantId};
use domain::order::Channel;
use domain::stock::StockReason;
use domain::view::{DashboardView, LocationChoiceView, MovementListView, MovementView, PageAt, StockListView, StockRowView};
use domain::{Currency, Locale, Money, Timestamp};
use uuid::Uuid;

use platform::db::{Db, DbError, Flag, Read, json_ids, json_texts};

use super::pattern::pattern;
use crate::paging::{self, Rows};

/// Units of variants that orders of each channel can get, over all locations that serve it. Variants without any are missing.
pub(in crate::inventory) async fn available_by_channel(
    db: &mut impl Read,
    channels: &BTreeSet<Channel>,
    variants: &BTreeSet<VariantId>,
) -> Result<HashMap<Channel, HashMap<VariantId, i64>>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        channel: Channel,
        variant_id: VariantId,
        available: i64,
    }
    if variants.is_empty() || channels.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Row> = db
        .fetch_all(
            concat!(
                "select c.channel, s.variant_id, cast(sum(s.available) as bigint) as available
                 from (select unhex(value->>'id') as id from json_each($1)) j
                 join stock s on s.variant_id = j.id join stock_locations l on l.id = s.location_id
                 cross join (select value->>'text' as channel from json_each($2)) c
                 where ",
                serves!("c.channel"),
                " group by c.channel, s.variant_id"
            ),
            &[&json_ids(variants), &json_texts(channels.iter().map(|channel| channel.as_str()))],
        )
        .await?;
    let mut available: HashMap<Channel, HashMap<VariantId, i64>> = HashMap::new();
    for row in rows {
        available.entry(row.channel).or_default().insert(row.variant_id, row.available);
    }
    Ok(available)
}

#[derive(platform::db::FromRow)]
struct StockRow {
    variant: VariantId,
    product: ProductId,
    sku: String,
    name: String,
    location: LocationId,
    location_code: String,
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
        "v.id as variant, v.product_id as product, v.sku, coalesce(t.name, e.name, p.handle) as name, l.id as location, l.code as location_code, l.name as location_name,
            s.on_hand, s.reserved, s.available, s.value, s.currency,
            case when v.archived = 0 and p.status = 'published' then cast(1 as bigint) else cast(0 as bigint) end as on_sale"
    };
}

/// The tables that name the variants `v` and the stock `s`: in the language `t`, else in English `e`.
macro_rules! names {
    ($locale:literal) => {
        concat!(
            " join stock_locations l on l.id = s.location_id
             join products p on p.id = v.product_id
             left join product_texts t on t.product_id = p.id and t.locale = ",
            $locale,
            " left join product_texts e on e.product_id = p.id and e.locale = 'en' "
        )
    };
}

/// A name without the accents that are written as characters of their own.
macro_rules! composed {
    ($name:literal) => {
        concat!("replace(replace(replace(", $name, ", '\u{303}', ''), '\u{301}', ''), '\u{300}', '')")
    };
}

/// The condition that a search for the pattern `$1` finds the variant `v`: by its SKU, its barcode, or its name in either language.
macro_rules! is_found {
    () => {
        concat!(
            "($1 = '**' or glob($1, v.sku) or glob($1, coalesce(v.barcode, '')) or glob($1, ",
            composed!("coalesce(t.name, '')"),
            ") or glob($1, ",
            composed!("coalesce(e.name, '')"),
            "))"
        )
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

/// All stock that a search for `$1` finds, named in the language `$2`: what is selected of it.
macro_rules! all_stock {
    ($select:expr) => {
        concat!(
            "select ",
            $select,
            // `cross` has SQLite begin with the variants, in the order of the list.
            " from variants v cross join stock s",
            names!("$2"),
            "where s.variant_id = v.id and s.status = 'sellable' and ",
            is_found!()
        )
    };
}

/// The same of what is on sale and at most `$3` of it available. What is low is found first, by its index.
macro_rules! low_stock {
    ($select:expr) => {
        concat!(
            "with low as materialized (select s.variant_id, s.location_id from stock s where ",
            at_most!("$3"),
            ") select ",
            $select,
            " from low w join stock s on s.variant_id = w.variant_id and s.location_id = w.location_id and s.status = 'sellable'
             join variants v on v.id = s.variant_id",
            names!("$2"),
            "where v.archived = 0 and p.status = 'published' and ",
            is_found!()
        )
    };
}

const PAGE: usize = 50;

/// A page of the stock, or with `most` of what is on sale and at most so many units of it available.
pub(in crate::inventory) async fn list(
    db: &Db,
    locale: Locale,
    search: &str,
    most: Option<i64>,
    at: &PageAt,
) -> Result<StockListView, DbError> {
    let pattern = &pattern(search);
    let page = paging::read(PAGE, at, |rows| async move {
        let (key, back) = match rows {
            Rows::First => (String::new(), false),
            Rows::After(key) => (key, false),
            Rows::Before(key) => (key, true),
        };
        let (sku, location) = key.split_once('~').unwrap_or((&key, ""));
        let sql = match (most, back) {
            (None, false) => {
                concat!(all_stock!(columns!()), " and (v.sku > $3 or (v.sku = $3 and l.code > $4)) order by v.sku, l.code limit 51")
            }
            (None, true) => {
                concat!(
                    all_stock!(columns!()),
                    " and (v.sku < $3 or (v.sku = $3 and l.code < $4)) order by v.sku desc, l.code desc limit 51"
                )
            }
            (Some(_), false) => {
                concat!(low_stock!(columns!()), " and (v.sku > $4 or (v.sku = $4 and l.code > $5)) order by v.sku, l.code limit 51")
            }
            (Some(_), true) => {
                concat!(
                    low_stock!(columns!()),
                    " and (v.sku < $4 or (v.sku = $4 and l.code < $5)) order by v.sku desc, l.code desc limit 51"
                )
            }
        };
        match most {
            None => db.fetch_all(sql, &[pattern, &locale.code(), &sku, &location]).await,
            Some(most) => db.fetch_all(sql, &[pattern, &locale.code(), &most, &sku, &location]).await,
        }
    })
    .await?;
    let (previous, next) = page.keys(|row: &StockRow| format!("{}~{}", row.sku, row.location_code));
    Ok(StockListView { rows: page.rows.into_iter().map(StockRowView::from).collect(), previous, next })
}

/// What the rows of a list are worth together, by currency. It reads them all.
pub(in crate::inventory) async fn list_value(db: &Db, locale: Locale, search: &str, most: Option<i64>) -> Result<Vec<Money>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        currency: Currency,
        value: i64,
    }
    let pattern = pattern(search);
    let rows: Vec<Row> = match most {
        Some(most) => {
            let sql = concat!(low_stock!("s.currency, cast(sum(s.value) as bigint) as value"), " group by s.currency order by s.currency");
            db.fetch_all(sql, &[&pattern, &locale.code(), &most]).await?
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
            db.fetch_all(sql, &[&pattern, &locale.code()]).await?
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
pub(in crate::inventory) async fn low(db: &Db, locale: Locale, most: i64) -> Result<Vec<StockRowView>, DbError> {
    let rows: Vec<StockRow> = db
        .fetch_all(
            concat!(
                "select ",
                columns!(),
                " from stock s join variants v on v.id = s.variant_id",
                names!("$2"),
                "where ",
                at_most!("$1"),
                " and v.archived = 0 and p.status = 'published' order by s.available, v.sku limit 10"
            ),
            &[&most, &locale.code()],
        )
        .await?;
    Ok(rows.into_iter().map(|row| StockRowView { value: None, ..StockRowView::from(row) }).collect())
}

/// How many such rows there are, counted up to one more than [`DashboardView::MOST_COUNTED`].
pub(in crate::inventory) async fn count_low(db: &Db, most: i64) -> Result<i64, DbError> {
    db.fetch_scalar(
        concat!(
            "select count(*) from (select v.id from stock s join variants v on v.id = s.variant_id join products p on p.id = v.product_id
             where ",
            at_most!("$1"),
            " and v.archived = 0 and p.status = 'published' limit $2) c"
        ),
        &[&most, &(DashboardView::MOST_COUNTED + 1)],
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

/// The movement behind which the page is that ends before another; none for the first page.
async fn page_before(db: &Db, variant: VariantId, before: &str) -> Result<Option<(Timestamp, Uuid)>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        at: Timestamp,
        id: MovementId,
    }
    let (at, id) = movement_key(before);
    let sql = "select at, id from stock_movements where variant_id = $1 and (at, id) > ($2, $3) order by at, id limit 51";
    let rows: Vec<Row> = db.fetch_all(sql, &[&variant, &at, &id]).await?;
    Ok(rows.get(PAGE).map(|row| (row.at, row.id.0)))
}

/// A page of the movements of a variant, the latest first. The balance after each is that of now, less what came later.
pub(in crate::inventory) async fn movements(db: &Db, variant: VariantId, page_at: &PageAt) -> Result<MovementListView, DbError> {
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
        /// At the location after the page's latest movement there.
        on_hand: i64,
        order_id: Option<OrderId>,
        order_number: Option<String>,
    }
    let begin = match (page_at.before.as_str(), page_at.after.as_str()) {
        ("", "") => None,
        ("", after) => Some(movement_key(after)),
        (before, _) => page_before(db, variant, before).await?,
    };
    let (at, id) = begin.unwrap_or_else(|| movement_key(""));
    let mut rows: Vec<Row> = db
        .fetch_all(
            "select m.id, m.at, m.kind, m.quantity, m.value, m.currency, m.reason, m.note, m.actor, m.location_id, l.name as location_name,
                m.status, s.on_hand - coalesce(n.quantity, 0) as on_hand, p.order_id, o.number as order_number
             from stock_movements m
             join stock_locations l on l.id = m.location_id
             join stock s on s.variant_id = m.variant_id and s.location_id = m.location_id and s.status = m.status
             left join (select location_id, status, cast(sum(quantity) as bigint) as quantity from stock_movements
                        where variant_id = $1 and (at, id) >= ($2, $3) group by location_id, status) n
                on n.location_id = m.location_id and n.status = m.status
             left join parcels p on m.source_kind = 'parcel' and p.id = m.source_id
             left join orders o on o.id = p.order_id
             where m.variant_id = $1 and (m.at, m.id) < ($2, $3) order by m.at desc, m.id desc limit 51",
            &[&variant, &at, &id],
        )
        .await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let key = |row: &Row| format!("{}~{}", row.at.millis(), row.id.0.simple());
    let (previous, next) = (rows.first().filter(|_| begin.is_some()).map(key), rows.last().filter(|_| more).map(key));
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
    Ok(MovementListView { movements: rows.into_iter().map(view).collect(), previous, next })
}

/// Where a page of movements begins: before this moment and id. Anything else is the first page.
fn movement_key(after: &str) -> (Timestamp, Uuid) {
    let key = after.split_once('~').and_then(|(at, id)| Some((Timestamp::from_millis(at.parse().ok()?), Uuid::try_parse(id).ok()?)));
    key.unwrap_or((Timestamp::from_millis(i64::MAX), Uuid::max()))
}
