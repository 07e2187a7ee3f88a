//! Does a bulk edit, and undoes it, some products at a time, so that no transaction is long. A job does it, which may begin again at
//! any time: what is done is kept with each product.

use std::collections::{HashMap, HashSet};

use domain::Currency;
use domain::id::{BulkEditId, CategoryId, PriceListId, ProductId};
use domain::view::{BulkChange, BulkEditState, BulkProblem, BulkProblemKind, BulkRowState, CategoryChange};
use platform::Context;
use platform::db::{DbError, Hex, JsonRows, Tx, hex, json_ids};
use platform::jobs::{Failure, Job};
use serde::{Deserialize, Serialize};

use super::plan::{self, Current, Plan};
use super::store::{self, Head, Outcome, StoredProduct};
use crate::Shop;
use crate::catalog::events::{BulkEditDone, BulkEditUndone, ProductArchived, ProductPublished, ProductUpdated, ProductWithdrawn};
use crate::catalog::write;
use crate::pricing::{HomeMarket, home_market};

/// Products of one transaction.
pub(super) const CHUNK: i64 = 100;

/// Does or undoes a bulk edit that staff began.
#[derive(Serialize, Deserialize)]
pub(super) struct RunBulkEdit {
    pub edit: BulkEditId,
}

impl Job for RunBulkEdit {
    const KIND: &'static str = "bulk_edit.run";
    type State = Shop;
    async fn run(self, shop: Shop) -> Result<(), Failure> {
        run(&shop, self.edit).await.map_err(|error| error.to_string().into())
    }
}

/// Changes the products that are left, in the name of who asked for it.
pub(super) async fn run(shop: &Shop, edit: BulkEditId) -> Result<(), DbError> {
    let Some(head) = store::head(&mut shop.db(), edit).await? else { return Ok(()) };
    let system = shop.system();
    let actor = head.actor.parse().unwrap_or(system.actor);
    let ctx = Context::in_the_name_of(actor, system.request);
    loop {
        let home = home_market(shop);
        let changed = shop.write(&ctx, async move |tx| next_chunk(tx, &home, edit).await).await?;
        let Some(changed) = changed else { return Ok(()) };
        shop.listings().invalidate(changed);
    }
}

/// Changes the next products; none when nothing is left to be done.
async fn next_chunk(tx: &mut Tx, home: &HomeMarket, edit: BulkEditId) -> Result<Option<Vec<ProductId>>, DbError> {
    let Some(head) = store::lock(tx, edit).await? else { return Ok(None) };
    let (todo, ends_as) = match head.state {
        BulkEditState::Running => (BulkRowState::Planned, BulkEditState::Done),
        BulkEditState::Undoing => (BulkRowState::Done, BulkEditState::Undone),
        BulkEditState::Planned | BulkEditState::Done | BulkEditState::Undone => return Ok(None),
    };
    let rows = store::next(tx, edit, todo, CHUNK).await?;
    if rows.is_empty() {
        end(tx, edit, ends_as).await?;
        return Ok(None);
    }
    let products: Vec<ProductId> = rows.iter().map(|row| row.product).collect();
    let lock = "select 1 from products where id in (select unhex(value->>'id') from json_each($1)) order by id for update";
    tx.lock(lock, &[&json_ids(&products)]).await?;
    let change: BulkChange = serde_json::from_str(&head.change)?;
    let list = match change.prices.map(|prices| prices.list) {
        Some(list) => store::currency_of(tx, list).await?.map(|currency| (list, currency)),
        None => None,
    };
    let now = store::current(tx, &products, list.map(|(list, _)| list)).await?;
    let (changes, outcomes) = match head.state {
        BulkEditState::Undoing => undo_of(tx, &rows, &now).await?,
        _ => changes_of(tx, &change, &rows, &now).await?,
    };
    write_changes(tx, home, &head, list, &changes).await?;
    store::set_outcomes(tx, edit, &outcomes).await?;
    Ok(Some(changes.into_iter().map(|(product, _)| product.id).collect()))
}

/// Products as they are, and what is changed of each.
type Changes = Vec<(Current, Plan)>;

/// The changes of the preview, of products that are as they were then.
async fn changes_of(
    tx: &mut Tx,
    change: &BulkChange,
    rows: &[StoredProduct],
    now: &HashMap<ProductId, Current>,
) -> Result<(Changes, Vec<Outcome>), DbError> {
    let into = match change.category {
        Some(CategoryChange::Into(category)) => Some(category),
        Some(CategoryChange::Out) | None => None,
    };
    let is_gone = match into {
        Some(category) => store::existing_categories(tx, &[category]).await?.is_empty(),
        None => false,
    };
    let problem = |kind| Some(vec![BulkProblem { kind, sku: String::new() }]);
    let (mut changes, mut outcomes) = (Changes::new(), Vec::new());
    for row in rows {
        let mut plan: Plan = serde_json::from_str(&row.plan)?;
        let Some(product) = now.get(&row.product).filter(|product| product.version == row.version) else {
            outcomes.push((row.position, BulkRowState::LeftOut, problem(BulkProblemKind::ChangedMeanwhile)));
            continue;
        };
        let lacks_category = is_gone && plan.category.take().is_some();
        let problems = if lacks_category { problem(BulkProblemKind::NoCategory) } else { None };
        if plan.is_empty() {
            outcomes.push((row.position, BulkRowState::LeftOut, problems));
        } else {
            outcomes.push((row.position, BulkRowState::Done, problems));
            changes.push((product.clone(), plan));
        }
    }
    Ok((changes, outcomes))
}

/// What brings products back to how they were, as far as nobody changed them since.
async fn undo_of(tx: &mut Tx, rows: &[StoredProduct], now: &HashMap<ProductId, Current>) -> Result<(Changes, Vec<Outcome>), DbError> {
    let done = rows.iter().map(|row| serde_json::from_str(&row.plan)).collect::<Result<Vec<Plan>, _>>()?;
    let former: HashSet<CategoryId> = done.iter().filter_map(|plan| plan.category?.0).collect();
    let categories = store::existing_categories(tx, &former.into_iter().collect::<Vec<_>>()).await?;
    let (mut changes, mut outcomes) = (Changes::new(), Vec::new());
    for (row, done) in rows.iter().zip(&done) {
        let Some(product) = now.get(&row.product) else { continue };
        let (back, problems) = plan::undo(product, done, &categories);
        let state = if problems.is_empty() { BulkRowState::Undone } else { BulkRowState::Kept };
        outcomes.push((row.position, state, Some(problems)));
        if !back.is_empty() {
            changes.push((product.clone(), back));
        }
    }
    Ok((changes, outcomes))
}

/// Nothing is left to be done.
async fn end(tx: &mut Tx, edit: BulkEditId, state: BulkEditState) -> Result<(), DbError> {
    let now = tx.now();
    let counts = store::counts(tx, &[edit]).await?;
    let count = |state| counts.iter().find(|count| count.state == state).map_or(0, |count| count.products);
    if state == BulkEditState::Done {
        tx.execute("update bulk_edits set state = 'done', done_at = $2 where id = $1", &[&edit, &now]).await?;
        tx.record(edit, BulkEditDone { changed: count(BulkRowState::Done), left_out: count(BulkRowState::LeftOut) });
    } else {
        tx.execute("update bulk_edits set state = 'undone' where id = $1", &[&edit]).await?;
        tx.record(edit, BulkEditUndone { undone: count(BulkRowState::Undone), kept: count(BulkRowState::Kept) });
    }
    Ok(())
}

/// Writes these changes with their events. Each event is one version of its product.
async fn write_changes(
    tx: &mut Tx,
    home: &HomeMarket,
    head: &Head,
    list: Option<(PriceListId, Currency)>,
    changes: &[(Current, Plan)],
) -> Result<(), DbError> {
    if changes.is_empty() {
        return Ok(());
    }
    write_products(tx, changes).await?;
    write_tags(tx, changes).await?;
    if let Some((list, _)) = list {
        write_prices(tx, list, changes).await?;
    }
    write::refresh(tx, home, &changes.iter().map(|(product, _)| product.id).collect::<Vec<_>>()).await?;
    for (product, plan) in changes {
        record(tx, head.id, list, product, plan);
    }
    Ok(())
}

/// The parts of a product that an event of its change names; status has an event of its own.
fn parts(plan: &Plan) -> Vec<String> {
    let parts = [
        ("variants", !plan.prices.is_empty()),
        ("category", plan.category.is_some()),
        ("tags", !plan.add_tags.is_empty() || !plan.remove_tags.is_empty()),
    ];
    parts.into_iter().filter(|(_, changes)| *changes).map(|(part, _)| part.to_owned()).collect()
}

fn record(tx: &mut Tx, edit: BulkEditId, list: Option<(PriceListId, Currency)>, product: &Current, plan: &Plan) {
    let changed = parts(plan);
    if !changed.is_empty() {
        let prices = plan.prices.iter().map(|price| (price.sku.clone(), (price.old.unwrap_or(0), price.new.unwrap_or(0))));
        let list = list.filter(|_| !plan.prices.is_empty());
        let updated = ProductUpdated {
            changed: Some(changed),
            handle: Some(product.handle.clone()),
            version: Some(product.version + 1),
            prices: list.map(|_| prices.collect()),
            currency: list.map(|(_, currency)| currency),
            price_list: list.map(|(list, _)| list),
            bulk_edit: Some(edit),
            ..ProductUpdated::default()
        };
        tx.record(product.id, updated);
    }
    if let Some((from, to)) = plan.status.clone() {
        match to.as_str() {
            "published" => tx.record(product.id, ProductPublished { from }),
            "archived" => tx.record(product.id, ProductArchived { from }),
            _ => tx.record(product.id, ProductWithdrawn { from }),
        }
    }
}

async fn write_products(tx: &mut Tx, changes: &[(Current, Plan)]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        status: &'a str,
        category: Option<Hex<'a>>,
        versions: i64,
    }
    let mut rows = JsonRows::new();
    for (product, plan) in changes {
        let category = plan.category.as_ref().map_or(product.category.as_ref(), |(_, new)| new.as_ref());
        rows.push(&Row {
            id: hex(&product.id),
            status: plan.status.as_ref().map_or(&product.status, |(_, new)| new),
            category: category.map(|category| hex(category)),
            versions: i64::from(!parts(plan).is_empty()) + i64::from(plan.status.is_some()),
        });
    }
    let now = tx.now();
    tx.execute(
        "update products set status = d.status, category_id = d.category_id, updated_at = $2, version = products.version + d.versions
         from (select unhex(value->>'id') as id, value->>'status' as status, unhex(value->>'category') as category_id,
                cast(value->>'versions' as bigint) as versions from json_each($1)) d
         where products.id = d.id",
        &[&rows.finish(), &now],
    )
    .await?;
    Ok(())
}

async fn write_tags(tx: &mut Tx, changes: &[(Current, Plan)]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        product: Hex<'a>,
        tag: &'a str,
    }
    let rows = |of: fn(&Plan) -> &Vec<String>| {
        let each = changes.iter().flat_map(|(product, plan)| of(plan).iter().map(|tag| Row { product: hex(&product.id), tag }));
        each.collect::<JsonRows>()
    };
    tx.write_rows(
        "delete from product_tags where (product_id, tag) in (select unhex(value->>'product'), value->>'tag' from json_each($1))",
        rows(|plan| &plan.remove_tags),
    )
    .await?;
    tx.write_rows(
        "insert into product_tags (product_id, tag) select unhex(value->>'product'), value->>'tag' from json_each($1) where true
         on conflict (product_id, tag) do nothing",
        rows(|plan| &plan.add_tags),
    )
    .await
}

/// Compare-at prices stay.
async fn write_prices(tx: &mut Tx, list: PriceListId, changes: &[(Current, Plan)]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        variant: Hex<'a>,
        list: Hex<'a>,
        amount: i64,
    }
    let (mut set, mut gone) = (JsonRows::new(), Vec::new());
    for price in changes.iter().flat_map(|(_, plan)| &plan.prices) {
        match price.new {
            Some(amount) => set.push(&Row { variant: hex(&price.variant), list: hex(&list), amount }),
            None => gone.push(price.variant),
        }
    }
    tx.write_rows(
        "insert into prices (variant_id, price_list_id, amount)
         select unhex(value->>'variant'), unhex(value->>'list'), cast(value->>'amount' as bigint) from json_each($1) where true
         on conflict (variant_id, price_list_id) do update set amount = excluded.amount",
        set,
    )
    .await?;
    if gone.is_empty() {
        return Ok(());
    }
    let sql = "delete from prices where price_list_id = $2 and variant_id in (select unhex(value->>'id') from json_each($1))";
    tx.execute(sql, &[&json_ids(&gone), &list]).await.map(drop)
}
