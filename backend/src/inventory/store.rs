//! Stock's SQL.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::Timestamp;
use domain::id::{LocationId, MovementId, OrderId, OrderLineId, ProductId, ReservationId, VariantId};
use domain::view::{MovementView, StockListView, StockRowView};

use crate::platform::db::{Db, DbError, Reader, Rows, Tx};

use super::{Movement, NewReservation, Reserved};

/// Locks the stock of these variants without waiting; says which of them somebody else holds.
pub(super) async fn lock_free(tx: &mut Tx, variants: &BTreeSet<VariantId>) -> Result<BTreeSet<VariantId>, DbError> {
    if variants.is_empty() || !tx.is_postgres() {
        return Ok(BTreeSet::new());
    }
    let asked: Rows = variants.iter().collect();
    let asked = asked.end();
    let got: Vec<(VariantId, LocationId)> = tx
        .fetch_all(
            "select variant_id, location_id from stock where variant_id in (select unhex(value->>0) from json_each($1))
             order by variant_id, location_id for update skip locked",
            &[&asked],
        )
        .await?;
    let got: BTreeSet<_> = got.into_iter().collect();
    let all: Vec<(VariantId, LocationId)> = tx
        .fetch_all("select variant_id, location_id from stock where variant_id in (select unhex(value->>0) from json_each($1))", &[&asked])
        .await?;
    Ok(all.into_iter().filter(|row| !got.contains(row)).map(|(variant, _)| variant).collect())
}

/// Waits for the stock of a variant, as long as the transaction may wait for a lock.
pub(super) async fn wait_for(tx: &mut Tx, variant: VariantId) -> Result<(), DbError> {
    tx.lock("select 1 from stock where variant_id = $1 order by location_id for update", &[&variant]).await
}

/// Free units by place, in the places' order; on Postgres the rows are locked in id order first.
pub(super) async fn available_for_update(
    tx: &mut Tx,
    variants: &BTreeSet<VariantId>,
) -> Result<Vec<(VariantId, LocationId, i64)>, DbError> {
    if variants.is_empty() {
        return Ok(Vec::new());
    }
    let asked: Rows = variants.iter().collect();
    let asked = asked.end();
    tx.lock(
        "select 1 from stock where variant_id in (select unhex(value->>0) from json_each($1)) order by variant_id, location_id for update",
        &[&asked],
    )
    .await?;
    tx.fetch_all(
        "select s.variant_id, s.location_id, s.available
         from (select unhex(value->>0) as id from json_each($1)) j
         join stock s on s.variant_id = j.id join locations l on l.id = s.location_id
         where s.available > 0 order by l.position, l.id",
        &[&asked],
    )
    .await
}

fn deltas(sums: &BTreeMap<(VariantId, LocationId), i64>) -> String {
    let mut rows = Rows::new();
    for ((variant, location), units) in sums {
        rows.row(&[variant, location, units]);
    }
    rows.end()
}

pub(super) async fn reserve(tx: &mut Tx, sums: &BTreeMap<(VariantId, LocationId), i64>) -> Result<u64, DbError> {
    tx.execute(
        "update stock set available = available - d.n, reserved = reserved + d.n
         from (select unhex(value->>0) as v, unhex(value->>1) as l, cast(value->>2 as bigint) as n from json_each($1)) d
         where stock.variant_id = d.v and stock.location_id = d.l and stock.available >= d.n",
        &[&deltas(sums)],
    )
    .await
}

pub(super) async fn unreserve(tx: &mut Tx, sums: &BTreeMap<(VariantId, LocationId), i64>) -> Result<u64, DbError> {
    let rows = deltas(sums);
    lock_rows(tx, &rows).await?;
    tx.execute(
        "update stock set available = available + d.n, reserved = reserved - d.n
         from (select unhex(value->>0) as v, unhex(value->>1) as l, cast(value->>2 as bigint) as n from json_each($1)) d
         where stock.variant_id = d.v and stock.location_id = d.l",
        &[&rows],
    )
    .await
}

pub(super) async fn take_out(tx: &mut Tx, sums: &BTreeMap<(VariantId, LocationId), i64>) -> Result<u64, DbError> {
    let rows = deltas(sums);
    lock_rows(tx, &rows).await?;
    tx.execute(
        "update stock set on_hand = on_hand - d.n, reserved = reserved - d.n
         from (select unhex(value->>0) as v, unhex(value->>1) as l, cast(value->>2 as bigint) as n from json_each($1)) d
         where stock.variant_id = d.v and stock.location_id = d.l",
        &[&rows],
    )
    .await
}

/// In id order, so that two writers never wait for each other in a ring.
async fn lock_rows(tx: &mut Tx, rows: &String) -> Result<(), DbError> {
    tx.lock(
        "select 1 from stock where variant_id in (select unhex(value->>0) from json_each($1)) order by variant_id, location_id for update",
        &[rows],
    )
    .await
}

pub(crate) async fn insert_reservations(tx: &mut Tx, at: Timestamp, new: &[NewReservation]) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for r in new {
        rows.row(&[&r.id, &r.order, &r.line, &r.variant, &r.location, &r.units, &r.expires_at]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into reservations (id, order_id, order_line_id, variant_id, location_id, quantity, state, expires_at, at)
         select unhex(value->>0), unhex(value->>1), unhex(value->>2), unhex(value->>3), unhex(value->>4), cast(value->>5 as bigint), 'open',
            cast(value->>6 as bigint), $2 from json_each($1)",
        &[&rows.end(), &at],
    )
    .await?;
    Ok(())
}

type ReservedRow = (ReservationId, OrderLineId, VariantId, LocationId, i64, i64);

fn reserved(rows: Vec<ReservedRow>) -> Vec<Reserved> {
    rows.into_iter().map(|(id, line, variant, location, units, shipped)| Reserved { id, line, variant, location, units, shipped }).collect()
}

pub(super) async fn open_reservations(tx: &mut Tx, order: OrderId) -> Result<Vec<Reserved>, DbError> {
    tx.lock("select 1 from reservations where order_id = $1 order by id for update", &[&order]).await?;
    let rows = tx
        .fetch_all(
            "select id, order_line_id, variant_id, location_id, quantity, shipped from reservations
             where order_id = $1 and state = 'open' order by id",
            &[&order],
        )
        .await?;
    Ok(reserved(rows))
}

pub(super) async fn reservations(tx: &mut Tx, order: OrderId) -> Result<Vec<Reserved>, DbError> {
    let rows = tx
        .fetch_all(
            "select id, order_line_id, variant_id, location_id, quantity, shipped from reservations where order_id = $1 order by id",
            &[&order],
        )
        .await?;
    Ok(reserved(rows))
}

/// A reservation of which a part was shipped stays as shipped with that part; the rest was given back.
pub(super) async fn close_reservations(tx: &mut Tx, order: OrderId) -> Result<u64, DbError> {
    tx.execute(
        "update reservations set state = case when shipped > 0 then 'shipped' else 'released' end, expires_at = null
         where order_id = $1 and state = 'open'",
        &[&order],
    )
    .await
}

pub(super) async fn hold_for_good(tx: &mut Tx, order: OrderId) -> Result<(), DbError> {
    tx.execute("update reservations set expires_at = null where order_id = $1 and state = 'open'", &[&order]).await?;
    Ok(())
}

pub(super) async fn mark_shipped(tx: &mut Tx, id: ReservationId, shipped: i64, all: bool) -> Result<(), DbError> {
    let state = if all { "shipped" } else { "open" };
    tx.execute("update reservations set shipped = $2, state = $3 where id = $1", &[&id, &shipped, &state]).await?;
    Ok(())
}

pub(super) async fn insert_movements(tx: &mut Tx, movements: &[Movement]) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for m in movements {
        rows.row(&[&m.id, &m.variant, &m.location, &m.kind, &m.units, &m.reason, &m.order, &m.at]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into stock_movements (id, variant_id, location_id, kind, quantity, reason, order_id, at)
         select unhex(value->>0), unhex(value->>1), unhex(value->>2), value->>3, cast(value->>4 as bigint), value->>5, unhex(value->>6),
            cast(value->>7 as bigint) from json_each($1)",
        &[&rows.end()],
    )
    .await?;
    Ok(())
}

/// Adds what came in; a row of `stock` is made where there is none.
pub(super) async fn add_on_hand(tx: &mut Tx, movements: &[Movement]) -> Result<(), DbError> {
    let mut sums: BTreeMap<(VariantId, LocationId), i64> = BTreeMap::new();
    for m in movements {
        *sums.entry((m.variant, m.location)).or_default() += m.units;
    }
    if sums.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into stock (variant_id, location_id, on_hand, reserved, available)
         select unhex(value->>0), unhex(value->>1), cast(value->>2 as bigint), 0, cast(value->>2 as bigint) from json_each($1) where true
         on conflict (variant_id, location_id) do update set on_hand = stock.on_hand + excluded.on_hand,
            available = stock.available + excluded.available",
        &[&deltas(&sums)],
    )
    .await?;
    Ok(())
}

pub(super) async fn first_place(tx: &mut Tx) -> Result<Option<LocationId>, DbError> {
    let place: Option<(LocationId,)> = tx.fetch_optional("select id from locations order by position, id limit 1", &[]).await?;
    Ok(place.map(|(id,)| id))
}

/// The first place of a shop, unless a rival just made it.
pub(super) async fn make_place(tx: &mut Tx, id: LocationId, name: &str) -> Result<(), DbError> {
    tx.execute(
        "insert into locations (id, code, name, kind, position) values ($1, 'main', $2, 'store', 1) on conflict (code) do nothing",
        &[&id, &name],
    )
    .await
    .map(drop)
}

/// A row of `stock` at this place for each variant that has none anywhere.
pub(super) async fn count_at(tx: &mut Tx, place: LocationId, variants: &[VariantId]) -> Result<(), DbError> {
    let rows: Rows = variants.iter().collect();
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into stock (variant_id, location_id)
         select v.id, $2 from (select unhex(value->>0) as id from json_each($1)) v
         where not exists (select 1 from stock s where s.variant_id = v.id) on conflict (variant_id, location_id) do nothing",
        &[&rows.end(), &place],
    )
    .await
    .map(drop)
}

/// The cost of a variant, when variant and place exist. The variant is held until the end of the transaction.
pub(super) async fn lock_cost(tx: &mut Tx, variant: VariantId, location: LocationId) -> Result<Option<(i64,)>, DbError> {
    tx.lock("select 1 from variants where id = $1 for no key update", &[&variant]).await?;
    tx.fetch_optional("select v.cost from variants v join locations l on l.id = $2 where v.id = $1", &[&variant, &location]).await
}

/// False when more would go than is free.
pub(super) async fn adjust(tx: &mut Tx, variant: VariantId, location: LocationId, delta: i64) -> Result<bool, DbError> {
    tx.execute(
        "insert into stock (variant_id, location_id) values ($1, $2) on conflict (variant_id, location_id) do nothing",
        &[&variant, &location],
    )
    .await?;
    let changed = tx
        .execute(
            "update stock set on_hand = on_hand + $3, available = available + $3
             where variant_id = $1 and location_id = $2 and available + $3 >= 0",
            &[&variant, &location, &delta],
        )
        .await?;
    Ok(changed == 1)
}

/// Units that are available, and those that are reserved.
pub(super) async fn free_and_promised(tx: &mut Tx, variant: VariantId, location: LocationId) -> Result<(i64, i64), DbError> {
    let sql = "select available, reserved from stock where variant_id = $1 and location_id = $2";
    Ok(tx.fetch_optional(sql, &[&variant, &location]).await?.unwrap_or_default())
}

pub(super) async fn available_of(
    db: &mut impl Reader,
    variants: impl IntoIterator<Item = VariantId>,
) -> Result<HashMap<VariantId, i64>, DbError> {
    let asked: Rows = variants.into_iter().collect();
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(VariantId, i64)> = db
        .fetch_all(
            "select variant_id, cast(sum(available) as bigint) from stock
             where variant_id in (select unhex(value->>0) from json_each($1)) group by variant_id",
            &[&asked.end()],
        )
        .await?;
    Ok(rows.into_iter().collect())
}

type StockRow = (VariantId, ProductId, String, String, LocationId, String, i64, i64, i64);

fn stock_row(row: StockRow) -> StockRowView {
    let (variant, product, sku, name, location, location_name, on_hand, reserved, available) = row;
    StockRowView { variant, product, sku, name, location, location_name, on_hand, reserved, available }
}

const PAGE: usize = 50;

pub(super) async fn list(db: &Db, search: &str, after: &str) -> Result<StockListView, DbError> {
    let (after_sku, after_place) = after.split_once('~').unwrap_or((after, ""));
    let like = format!("%{}%", search.to_lowercase().replace(['%', '_'], " "));
    let mut rows: Vec<StockRow> = db
        .fetch_all(
            "select v.id, v.product_id, v.sku, coalesce(t.name, p.handle), l.id, l.name, s.on_hand, s.reserved, s.available
             from variants v
             join stock s on s.variant_id = v.id
             join locations l on l.id = s.location_id
             join products p on p.id = v.product_id
             left join product_texts t on t.product_id = p.id and t.locale = 'en'
             where (v.sku > $1 or (v.sku = $1 and l.code > $2)) and ($3 = '%%' or lower(v.sku) like $3 or lower(t.name) like $3)
             order by v.sku, l.code limit 51",
            &[&after_sku, &after_place, &like],
        )
        .await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = match (more, rows.last()) {
        (true, Some(last)) => {
            let code: (String,) = db.fetch_one("select code from locations where id = $1", &[&last.4]).await?;
            Some(format!("{}~{}", last.2, code.0))
        }
        _ => None,
    };
    Ok(StockListView { rows: rows.into_iter().map(stock_row).collect(), next })
}

pub(super) async fn low(db: &Db, below: i64) -> Result<Vec<StockRowView>, DbError> {
    let rows: Vec<StockRow> = db
        .fetch_all(
            "select v.id, v.product_id, v.sku, coalesce(t.name, p.handle), l.id, l.name, s.on_hand, s.reserved, s.available
             from stock s
             join variants v on v.id = s.variant_id
             join locations l on l.id = s.location_id
             join products p on p.id = v.product_id
             left join product_texts t on t.product_id = p.id and t.locale = 'en'
             where s.available <= $1 and v.archived = 0 and p.status = 'published' order by s.available, v.sku limit 10",
            &[&below],
        )
        .await?;
    Ok(rows.into_iter().map(stock_row).collect())
}

/// Variants on sale of which there are at most so many units over all places.
pub(crate) async fn running_low(db: &mut impl Reader, most: i64) -> Result<Vec<VariantId>, DbError> {
    let rows: Vec<(VariantId,)> = db
        .fetch_all(
            "select v.id from variants v join products p on p.id = v.product_id join stock s on s.variant_id = v.id
             where v.archived = 0 and p.status = 'published' group by v.id having sum(s.available) <= $1",
            &[&most],
        )
        .await?;
    Ok(rows.into_iter().map(|(variant,)| variant).collect())
}

/// SKU, name in a language and free units of these variants, fewest first.
pub(crate) async fn named(
    db: &mut impl Reader,
    variants: &[VariantId],
    locale: domain::Locale,
) -> Result<Vec<(String, String, i64)>, DbError> {
    let asked: Rows = variants.iter().collect();
    db.fetch_all(
        "select v.sku, coalesce(t.name, e.name, p.handle), cast(sum(s.available) as bigint)
         from variants v join products p on p.id = v.product_id join stock s on s.variant_id = v.id
         left join product_texts t on t.product_id = p.id and t.locale = $2
         left join product_texts e on e.product_id = p.id and e.locale = 'en'
         where v.id in (select unhex(value->>0) from json_each($1))
         group by v.sku, coalesce(t.name, e.name, p.handle) order by 3, v.sku",
        &[&asked.end(), &locale.code()],
    )
    .await
}

pub(super) async fn movements(db: &Db, variant: VariantId) -> Result<Vec<MovementView>, DbError> {
    let rows: Vec<(MovementId, Timestamp, String, i64, String, Option<OrderId>)> = db
        .fetch_all(
            "select id, at, kind, quantity, reason, order_id from stock_movements where variant_id = $1 order by at desc, id desc limit 100",
            &[&variant],
        )
        .await?;
    let views = rows.into_iter().map(|(id, at, kind, quantity, reason, order)| MovementView { id, at, kind, quantity, reason, order });
    Ok(views.collect())
}
