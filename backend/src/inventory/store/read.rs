//! The SQL of reading the stock.

use std::collections::HashMap;

use domain::id::{LocationId, MovementId, OrderId, ProductId, VariantId};
use domain::order::Channel;
use domain::view::{MovementView, StockListView, StockRowView};
use domain::{Locale, Timestamp};

use platform::db::{Db, DbError, Read, json_ids};

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
}

impl From<StockRow> for StockRowView {
    fn from(row: StockRow) -> Self {
        let StockRow { variant, product, sku, name, location, location_name, on_hand, reserved, available } = row;
        Self { variant, product, sku, name, location, location_name, on_hand, reserved, available }
    }
}

const PAGE: usize = 50;

pub(in crate::inventory) async fn list(db: &Db, search: &str, after: &str) -> Result<StockListView, DbError> {
    let (after_sku, after_location) = after.split_once('~').unwrap_or((after, ""));
    let like = format!("%{}%", search.to_lowercase().replace(['%', '_'], " "));
    let mut rows: Vec<StockRow> = db
        .fetch_all(
            // `cross` has SQLite begin with the variants, in the order of the list.
            "select v.id as variant, v.product_id as product, v.sku, coalesce(t.name, p.handle) as name, l.id as location,
                l.name as location_name, s.on_hand, s.reserved, s.available
             from variants v
             cross join stock s
             join stock_locations l on l.id = s.location_id
             join products p on p.id = v.product_id
             left join product_texts t on t.product_id = p.id and t.locale = 'en'
             where s.variant_id = v.id and s.status = 'sellable' and (v.sku > $1 or (v.sku = $1 and l.code > $2)) and ($3 = '%%' or lower(v.sku) like $3 or lower(t.name) like $3)
             order by v.sku, l.code limit 51",
            &[&after_sku, &after_location, &like],
        )
        .await?;
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

/// The condition that at most `$1` units of the stock `s` are available; its band makes that an index's.
macro_rules! at_most {
    () => {
        "s.status = 'sellable' and s.available <= $1
            and s.band <= (case when $1 < 1 then 0 when $1 < 10 then 1 when $1 < 100 then 2 else 3 end)"
    };
}

pub(in crate::inventory) async fn low(db: &Db, below: i64) -> Result<Vec<StockRowView>, DbError> {
    let rows: Vec<StockRow> = db
        .fetch_all(
            concat!(
                "select v.id as variant, v.product_id as product, v.sku, coalesce(t.name, p.handle) as name, l.id as location,
                    l.name as location_name, s.on_hand, s.reserved, s.available
                 from stock s
                 join variants v on v.id = s.variant_id
                 join stock_locations l on l.id = s.location_id
                 join products p on p.id = v.product_id
                 left join product_texts t on t.product_id = p.id and t.locale = 'en'
                 where ",
                at_most!(),
                " and v.archived = 0 and p.status = 'published' order by s.available, v.sku limit 10"
            ),
            &[&below],
        )
        .await?;
    Ok(rows.into_iter().map(StockRowView::from).collect())
}

/// Variants on sale with at most so many available units over all locations.
pub(crate) async fn running_low(db: &mut impl Read, most: i64) -> Result<Vec<VariantId>, DbError> {
    db.fetch_scalars(
        concat!(
            "select v.id from (select distinct s.variant_id from stock s where ",
            at_most!(),
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

pub(in crate::inventory) async fn movements(db: &Db, variant: VariantId) -> Result<Vec<MovementView>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        id: MovementId,
        at: Timestamp,
        kind: String,
        quantity: i64,
        reason: String,
        order_id: Option<OrderId>,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select m.id, m.at, m.kind, m.quantity, m.reason, p.order_id
             from stock_movements m left join parcels p on m.source_kind = 'parcel' and p.id = m.source_id
             where m.variant_id = $1 order by m.at desc, m.id desc limit 100",
            &[&variant],
        )
        .await?;
    let view =
        |row: Row| MovementView { id: row.id, at: row.at, kind: row.kind, quantity: row.quantity, reason: row.reason, order: row.order_id };
    Ok(rows.into_iter().map(view).collect())
}
