//! The SQL of bulk edits.

use std::collections::{HashMap, HashSet};

use domain::id::{BulkEditId, CategoryId, PriceListId, ProductId, VariantId};
use domain::text::comma_separated;
use domain::view::{BulkEditState, BulkProblem, BulkRowState};
use domain::{Currency, Timestamp};
use platform::db::{DbError, Flag, FromRow, Hex, JsonRows, Read, Tx, hex, json_ids};
use serde::Serialize;

use super::plan::{Current, CurrentPrice, Plan};

/// Products as they are now, by id, with their prices in a list where one is named.
///
/// What is read first is the version: a product that is changed meanwhile has another one.
pub(super) async fn current(
    db: &mut impl Read,
    products: &[ProductId],
    list: Option<PriceListId>,
) -> Result<HashMap<ProductId, Current>, DbError> {
    #[derive(FromRow)]
    struct Row {
        id: ProductId,
        handle: String,
        version: i64,
        status: String,
        category: Option<CategoryId>,
        /// Separated by commas.
        tags: String,
        has_price: Flag,
    }
    #[derive(FromRow)]
    struct PriceRow {
        product: ProductId,
        variant: VariantId,
        sku: String,
        amount: Option<i64>,
        compare_at: Option<i64>,
    }
    let ids = json_ids(products);
    let rows: Vec<Row> = db
        .fetch_all(
            "select p.id, p.handle, p.version, p.status, p.category_id as category,
                coalesce((select string_agg(g.tag, ',' order by g.tag) from product_tags g where g.product_id = p.id), '') as tags,
                (case when exists (select 1 from variants v join prices r on r.variant_id = v.id
                    where v.product_id = p.id and v.archived = 0) then cast(1 as bigint) else cast(0 as bigint) end) as has_price
             from (select unhex(value->>'id') as id from json_each($1)) j join products p on p.id = j.id",
            &[&ids],
        )
        .await?;
    let product = |row: Row| {
        let Row { id, handle, version, status, category, tags, has_price: Flag(has_price) } = row;
        (id, Current { id, handle, version, status, category, tags: comma_separated(&tags), has_price, variants: Vec::new() })
    };
    let mut products: HashMap<ProductId, Current> = rows.into_iter().map(product).collect();
    if list.is_none() {
        return Ok(products);
    }
    let prices: Vec<PriceRow> = db
        .fetch_all(
            "select v.product_id as product, v.id as variant, v.sku, r.amount, r.compare_at
             from (select unhex(value->>'id') as id from json_each($1)) j
             join variants v on v.product_id = j.id
             left join prices r on r.variant_id = v.id and r.price_list_id = $2
             where v.archived = 0 order by v.position, v.id",
            &[&ids, &list],
        )
        .await?;
    for PriceRow { product, variant, sku, amount, compare_at } in prices {
        if let Some(product) = products.get_mut(&product) {
            product.variants.push(CurrentPrice { variant, sku, amount, compare_at });
        }
    }
    Ok(products)
}

/// The categories of these that there are.
pub(super) async fn existing_categories(tx: &mut Tx, categories: &[CategoryId]) -> Result<HashSet<CategoryId>, DbError> {
    if categories.is_empty() {
        return Ok(HashSet::new());
    }
    let ids = json_ids(categories);
    // One that is removed meanwhile is waited for.
    tx.lock("select 1 from categories where id in (select unhex(value->>'id') from json_each($1)) order by id for update", &[&ids]).await?;
    let sql = "select id from categories where rule is null and id in (select unhex(value->>'id') from json_each($1))";
    Ok(tx.fetch_scalars::<CategoryId>(sql, &[&ids]).await?.into_iter().collect())
}

/// The currency of a price list.
pub(super) async fn currency_of(db: &mut impl Read, list: PriceListId) -> Result<Option<Currency>, DbError> {
    db.fetch_optional_scalar("select currency from price_lists where id = $1", &[&list]).await
}

/// A bulk edit without its products.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Head {
    pub id: BulkEditId,
    pub state: BulkEditState,
    /// A [`BulkChange`](domain::view::BulkChange) as JSON.
    pub change: String,
    pub actor: String,
    pub created_at: Timestamp,
    pub done_at: Option<Timestamp>,
}

macro_rules! heads {
    ($rest:literal) => {
        concat!("select id, state, change, actor, created_at, done_at from bulk_edits ", $rest)
    };
}

pub(super) async fn head(db: &mut impl Read, id: BulkEditId) -> Result<Option<Head>, DbError> {
    db.fetch_optional(heads!("where id = $1"), &[&id]).await
}

/// The same, which stays as it is until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, id: BulkEditId) -> Result<Option<Head>, DbError> {
    tx.lock("select 1 from bulk_edits where id = $1 for update", &[&id]).await?;
    tx.fetch_optional(heads!("where id = $1"), &[&id]).await
}

/// The latest ones that were done, at most 20.
pub(super) async fn latest(db: &mut impl Read) -> Result<Vec<Head>, DbError> {
    db.fetch_all(heads!("where state <> 'planned' order by created_at desc, id desc limit 20"), &[]).await
}

/// How many products of each bulk edit are in which state.
#[derive(FromRow)]
pub(super) struct Count {
    pub edit: BulkEditId,
    pub state: BulkRowState,
    pub products: i64,
}

pub(super) async fn counts(db: &mut impl Read, edits: &[BulkEditId]) -> Result<Vec<Count>, DbError> {
    db.fetch_all(
        "select edit_id as edit, state, count(*) as products from bulk_edit_products
         where edit_id in (select unhex(value->>'id') from json_each($1)) group by edit_id, state",
        &[&json_ids(edits)],
    )
    .await
}

/// A product of a bulk edit.
#[derive(Clone, Debug)]
pub(super) struct PlannedProduct {
    pub product: ProductId,
    /// Of the product when the plan was made.
    pub version: i64,
    pub state: BulkRowState,
    pub plan: Plan,
    pub problems: Vec<BulkProblem>,
}

/// Keeps a preview.
pub(super) async fn insert(tx: &mut Tx, id: BulkEditId, change: &str, products: &[PlannedProduct]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        position: usize,
        product: Hex<'a>,
        version: i64,
        state: &'a str,
        plan: String,
        problems: String,
    }
    let actor = tx.ctx().actor.to_string();
    let sql = "insert into bulk_edits (id, change, state, actor, created_at) values ($1, $2, 'planned', $3, $4)";
    tx.execute(sql, &[&id, &change, &actor, &tx.now()]).await?;
    let mut rows = JsonRows::new();
    for (position, planned) in products.iter().enumerate() {
        let (plan, problems) = (serde_json::to_string(&planned.plan)?, serde_json::to_string(&planned.problems)?);
        rows.push(&Row {
            position,
            product: hex(&planned.product),
            version: planned.version,
            state: planned.state.as_str(),
            plan,
            problems,
        });
    }
    tx.execute(
        "insert into bulk_edit_products (edit_id, position, product_id, version, state, plan, problems)
         select $2, cast(value->>'position' as bigint), unhex(value->>'product'), cast(value->>'version' as bigint),
            value->>'state', value->>'plan', value->>'problems' from json_each($1)",
        &[&rows.finish(), &id],
    )
    .await?;
    Ok(())
}

/// A product of a bulk edit as it is kept.
#[derive(Clone, Debug, FromRow)]
pub(super) struct StoredProduct {
    pub position: i64,
    pub product: ProductId,
    pub version: i64,
    /// A [`Plan`] as JSON.
    pub plan: String,
}

/// The next products that are in this state.
pub(super) async fn next(tx: &mut Tx, edit: BulkEditId, state: BulkRowState, most: i64) -> Result<Vec<StoredProduct>, DbError> {
    tx.fetch_all(
        "select position, product_id as product, version, plan from bulk_edit_products
         where edit_id = $1 and state = $2 order by position limit $3",
        &[&edit, &state.as_str(), &most],
    )
    .await
}

/// What became of a product: its position, its state, and what is not as it was asked for; none where that stays what the preview said.
pub(super) type Outcome = (i64, BulkRowState, Option<Vec<BulkProblem>>);

/// Keeps what became of products.
pub(super) async fn set_outcomes(tx: &mut Tx, edit: BulkEditId, outcomes: &[Outcome]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        position: i64,
        state: &'a str,
        problems: Option<String>,
    }
    let mut rows = JsonRows::new();
    for (position, state, problems) in outcomes {
        let problems = problems.as_ref().map(serde_json::to_string).transpose()?;
        rows.push(&Row { position: *position, state: state.as_str(), problems });
    }
    tx.execute(
        "update bulk_edit_products set state = d.state, problems = coalesce(d.problems, bulk_edit_products.problems)
         from (select cast(value->>'position' as bigint) as position, value->>'state' as state, value->>'problems' as problems
               from json_each($1)) d
         where bulk_edit_products.edit_id = $2 and bulk_edit_products.position = d.position",
        &[&rows.finish(), &edit],
    )
    .await?;
    Ok(())
}

/// A product of a bulk edit as a page shows it.
#[derive(FromRow)]
pub(super) struct ShownProduct {
    pub position: i64,
    pub product: ProductId,
    pub name: String,
    pub state: BulkRowState,
    pub plan: String,
    pub problems: String,
}

/// Products from a position on, of one state or of all.
pub(super) async fn shown(
    db: &mut impl Read,
    edit: BulkEditId,
    state: Option<BulkRowState>,
    from: i64,
    most: i64,
) -> Result<Vec<ShownProduct>, DbError> {
    macro_rules! shown {
        ($condition:literal) => {
            concat!(
                "select b.position, b.product_id as product, coalesce(e.name, p.handle) as name, b.state, b.plan, b.problems
                 from bulk_edit_products b join products p on p.id = b.product_id
                 left join product_texts e on e.product_id = p.id and e.locale = 'en'
                 where b.edit_id = $1 and b.position >= $2 ",
                $condition,
                " order by b.position limit $3"
            )
        };
    }
    match state {
        Some(state) => db.fetch_all(shown!("and b.state = $4"), &[&edit, &from, &most, &state.as_str()]).await,
        None => db.fetch_all(shown!(""), &[&edit, &from, &most]).await,
    }
}

/// The positions before this one, the nearest first.
pub(super) async fn positions_before(
    db: &mut impl Read,
    edit: BulkEditId,
    state: Option<BulkRowState>,
    before: i64,
    most: i64,
) -> Result<Vec<i64>, DbError> {
    let state = state.map_or("", BulkRowState::as_str);
    db.fetch_scalars(
        "select position from bulk_edit_products where edit_id = $1 and position < $2 and ($4 = '' or state = $4)
         order by position desc limit $3",
        &[&edit, &before, &most, &state],
    )
    .await
}

/// Deletes previews that nobody did within a day, and what can no longer be undone; up to 20, and returns how many.
pub(super) async fn delete_old(tx: &mut Tx, undo_days: i64) -> Result<u64, DbError> {
    let now = tx.now();
    let old: Vec<BulkEditId> = tx
        .fetch_scalars(
            "select id from bulk_edits where created_at < $1 and (state = 'planned' or done_at < $2) order by created_at limit 20",
            &[&now.plus_millis(-Timestamp::DAY), &now.plus_millis(-undo_days * Timestamp::DAY)],
        )
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    let ids = json_ids(&old);
    tx.execute("delete from bulk_edit_products where edit_id in (select unhex(value->>'id') from json_each($1))", &[&ids]).await?;
    tx.execute("delete from bulk_edits where id in (select unhex(value->>'id') from json_each($1))", &[&ids]).await
}
