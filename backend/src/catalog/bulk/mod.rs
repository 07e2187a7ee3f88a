//! Bulk edits: prices, status, category and tags of many products, first as a preview, then done by a job, and undone.
//!
//! A preview keeps what would change of each product, before and after, with the version that it has. Doing it changes what was previewed
//! and nothing else: a product with another version by then is left out. Undoing it compares each part with what the bulk edit set, and
//! leaves those that somebody changed since.

mod apply;
mod plan;
mod store;

use std::collections::HashSet;

use domain::id::{BulkEditId, CategoryId, PriceListId, ProductId};
use domain::messages::{Msg, t};
use domain::permission::Permission;
use domain::view::{
    BulkChange, BulkChoicesView, BulkEditState, BulkEditView, BulkPartView, BulkRowState, BulkRowView, BulkRowsView, CategoryChange,
    FieldErrors, PriceRule,
};
use domain::{Currency, Locale, Money, Timestamp};
use platform::Context;
use platform::db::{DbError, FromRow};
use platform::jobs::{self, Handlers};

use self::plan::Plan;
use self::store::{Head, PlannedProduct, ShownProduct};
use super::check::{Checker, MAX_TAG};
use super::events::{BulkEditBegun, BulkEditUndoBegun};
use super::write::of_ordinary_list;
use super::{CatalogError, admin, store as catalog_store};
use crate::Shop;
use crate::settings::shop_currency;

/// Products on a page of a bulk edit.
const PAGE: i64 = 100;

/// What can be chosen for a bulk edit.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn bulk_choices(shop: &Shop, ctx: &Context, locale: Locale) -> Result<BulkChoicesView, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    #[derive(FromRow)]
    struct List {
        id: PriceListId,
        name: String,
        currency: Currency,
    }
    let sql = "select id, name, currency from price_lists order by position, id";
    let mut lists: Vec<List> = shop.db().fetch_all(sql, &[]).await?;
    let ordinary: Option<PriceListId> = shop.db().fetch_optional_scalar(of_ordinary_list!("id", "$1"), &[&shop_currency(shop)]).await?;
    lists.sort_by_key(|list| Some(list.id) != ordinary);
    Ok(BulkChoicesView {
        price_lists: lists.into_iter().map(|list| (list.id, list.name, list.currency)).collect(),
        categories: admin::category_choices(shop, locale).await?,
    })
}

/// The currency of a price list; none for no such list.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn price_list_currency(shop: &Shop, ctx: &Context, list: PriceListId) -> Result<Option<Currency>, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    Ok(store::currency_of(&mut shop.db(), list).await?)
}

/// Works out what a change does to each of these products and keeps it as a preview for a day. No product is changed.
///
/// # Errors
/// [`CatalogError::Invalid`] by field (`products`, `price`, `amount`, `list`, `status`, `category`, `add_tags`, `remove_tags`), not
/// allowed, or the database's.
pub async fn plan_bulk_edit(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    products: &[ProductId],
    mut change: BulkChange,
) -> Result<BulkEditId, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    tidy(&mut change);
    let currency = check(shop, locale, products, &change).await?;
    let list = change.prices.map(|prices| prices.list);
    // Each once, in the order in which they were chosen.
    let mut seen = HashSet::new();
    let products: Vec<ProductId> = products.iter().copied().filter(|id| seen.insert(*id)).collect();
    let mut now = store::current(&mut shop.db(), &products, list).await?;
    let planned: Vec<PlannedProduct> = products
        .iter()
        .filter_map(|id| now.remove(id))
        .map(|product| {
            let (plan, state, problems) = plan::plan(&product, &change, currency);
            PlannedProduct { product: product.id, version: product.version, state, plan, problems }
        })
        .collect();
    if planned.is_empty() {
        return Err(wrong(locale, "products", t::ADMIN_BULK_NONE));
    }
    let (id, change) = (BulkEditId(shop.id()), serde_json::to_string(&change).map_err(DbError::from)?);
    shop.write(ctx, async move |tx| Ok::<_, CatalogError>(store::insert(tx, id, &change, &planned).await?)).await?;
    Ok(id)
}

fn wrong(locale: Locale, field: &str, message: Msg) -> CatalogError {
    CatalogError::Invalid(vec![(field.to_owned(), message.text(locale).to_owned())])
}

fn tidy(change: &mut BulkChange) {
    for tags in [&mut change.add_tags, &mut change.remove_tags] {
        *tags = super::check::tidy_tags(tags.iter().map(String::as_str));
    }
}

/// What is wrong by field, or the currency of the prices that are changed.
async fn check(shop: &Shop, locale: Locale, products: &[ProductId], change: &BulkChange) -> Result<Currency, CatalogError> {
    let mut c = Checker { locale, errors: FieldErrors::new() };
    let mut currency = shop_currency(shop);
    if products.is_empty() {
        c.wrong("products", t::ADMIN_BULK_NONE.text(locale));
    }
    if products.len() > BulkChange::MOST_PRODUCTS {
        let most = locale.number(i64::try_from(BulkChange::MOST_PRODUCTS).unwrap_or(i64::MAX));
        c.wrong("products", t::ADMIN_BULK_TOO_MANY.with(locale, &[("most", &most)]));
    }
    if change.is_empty() {
        c.wrong("price", t::ADMIN_BULK_NOTHING.text(locale));
    }
    if let Some(prices) = &change.prices {
        match store::currency_of(&mut shop.db(), prices.list).await? {
            Some(of_list) => currency = of_list,
            None => c.wrong("list", t::FIELD_CHOOSE.text(locale)),
        }
        match prices.rule {
            PriceRule::Set(amount) => _ = c.amount("amount", amount, currency),
            PriceRule::Amount(0) | PriceRule::Percent(0) => c.wrong("amount", t::ADMIN_BULK_ZERO.text(locale)),
            PriceRule::Amount(amount) => _ = c.amount("amount", amount.saturating_abs(), currency),
            PriceRule::Percent(basis_points) => {
                let (least, most) = BulkChange::PERCENT_RANGE;
                if !(least..=most).contains(&basis_points) {
                    let percent = |basis_points| locale.percent(basis_points);
                    let range = [("min", &*percent(least)), ("max", &*percent(most))];
                    c.wrong("amount", t::FIELD_AMOUNT_RANGE.with(locale, &range));
                }
            }
        }
    }
    if change.status.as_ref().is_some_and(|status| !["draft", "published", "archived"].contains(&status.as_str())) {
        c.wrong("status", t::FIELD_CHOOSE.text(locale));
    }
    if let Some(CategoryChange::Into(category)) = change.category
        && !catalog_store::categories(shop.db(), true).await?.iter().any(|known| known.id == category && known.rule.is_none())
    {
        c.wrong("category", t::FIELD_CHOOSE.text(locale));
    }
    for (field, tags) in [("add_tags", &change.add_tags), ("remove_tags", &change.remove_tags)] {
        for tag in tags {
            c.text(field, tag, MAX_TAG);
        }
    }
    if change.add_tags.iter().any(|tag| change.remove_tags.contains(tag)) {
        c.wrong("remove_tags", t::ADMIN_BULK_TAG_TWICE.text(locale));
    }
    if c.errors.is_empty() { Ok(currency) } else { Err(CatalogError::Invalid(c.errors)) }
}

/// Does what a preview shows. A few products are changed at once, many by a job. Without effect when it was begun before.
///
/// # Errors
/// [`CatalogError::Unknown`] for no such preview, as one that is older than a day; not allowed, or the database's.
pub async fn do_bulk_edit(shop: &Shop, ctx: &Context, id: BulkEditId) -> Result<(), CatalogError> {
    begin(shop, ctx, id, BulkEditState::Running).await
}

/// Brings back what a bulk edit changed, but for what somebody changed since. Without effect when that was begun before.
///
/// # Errors
/// [`CatalogError::TooLate`] later than [`BulkChange::UNDO_DAYS`] after it was done, [`CatalogError::Unknown`], not allowed, or the
/// database's.
pub async fn undo_bulk_edit(shop: &Shop, ctx: &Context, id: BulkEditId) -> Result<(), CatalogError> {
    begin(shop, ctx, id, BulkEditState::Undoing).await
}

async fn begin(shop: &Shop, ctx: &Context, id: BulkEditId, to: BulkEditState) -> Result<(), CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let (from, todo) = match to {
        BulkEditState::Undoing => (BulkEditState::Done, BulkRowState::Done),
        _ => (BulkEditState::Planned, BulkRowState::Planned),
    };
    let products = shop
        .write(ctx, async move |tx| {
            let head = store::lock(tx, id).await?.ok_or(CatalogError::Unknown)?;
            if head.state != from {
                return Ok(None);
            }
            if to == BulkEditState::Undoing && head.undo_until().is_none_or(|until| until < tx.now()) {
                return Err(CatalogError::TooLate);
            }
            let actor = tx.ctx().actor.to_string();
            tx.execute("update bulk_edits set state = $2, actor = $3 where id = $1", &[&id, &to.as_str(), &actor]).await?;
            let counts = store::counts(tx, &[id]).await?;
            let products = counts.iter().find(|count| count.state == todo).map_or(0, |count| count.products);
            if to == BulkEditState::Undoing {
                tx.record(id, BulkEditUndoBegun {});
            } else {
                tx.record(id, BulkEditBegun { products });
            }
            let key = format!("bulk_edit.run:{id}:{to}");
            jobs::enqueue(tx, &apply::RunBulkEdit { edit: id }, tx.now(), Some(&key)).await?;
            Ok::<_, CatalogError>(Some(products))
        })
        .await?;
    // The job does what is left where this ends early.
    if products.is_some_and(|products| products <= apply::CHUNK) {
        resume_bulk_edit(shop, id).await?;
    }
    Ok(())
}

/// Goes on with a bulk edit that is being done or undone, as its job does.
///
/// # Errors
/// The database's.
pub async fn resume_bulk_edit(shop: &Shop, id: BulkEditId) -> Result<(), DbError> {
    apply::run(shop, id).await
}

impl Head {
    fn undo_until(&self) -> Option<Timestamp> {
        self.done_at.map(|at| at.plus_millis(BulkChange::UNDO_DAYS * Timestamp::DAY))
    }
}

/// A bulk edit. Its actor is the text of events, to be named by the caller.
///
/// # Errors
/// [`CatalogError::Unknown`], not allowed, or the database's.
pub async fn bulk_edit(shop: &Shop, ctx: &Context, locale: Locale, id: BulkEditId) -> Result<BulkEditView, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    let head = store::head(&mut shop.db(), id).await?.ok_or(CatalogError::Unknown)?;
    views(shop, locale, vec![head]).await?.pop().ok_or(CatalogError::Unknown)
}

/// The latest bulk edits that were begun, at most 20.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn latest_bulk_edits(shop: &Shop, ctx: &Context, locale: Locale) -> Result<Vec<BulkEditView>, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    let heads = store::latest(&mut shop.db()).await?;
    views(shop, locale, heads).await
}

async fn views(shop: &Shop, locale: Locale, heads: Vec<Head>) -> Result<Vec<BulkEditView>, CatalogError> {
    #[derive(FromRow)]
    struct List {
        id: PriceListId,
        name: String,
        currency: Currency,
    }
    let counts = store::counts(&mut shop.db(), &heads.iter().map(|head| head.id).collect::<Vec<_>>()).await?;
    let categories = catalog_store::categories(shop.db(), true).await?;
    let lists: Vec<List> = shop.db().fetch_all("select id, name, currency from price_lists", &[]).await?;
    let view = |head: Head| {
        let change: BulkChange = serde_json::from_str(&head.change).map_err(DbError::from)?;
        let list = change.prices.and_then(|prices| lists.iter().find(|list| list.id == prices.list));
        let category = match change.category {
            Some(CategoryChange::Into(id)) => categories.iter().find(|category| category.id == id).map(|found| found.view(locale).name),
            Some(CategoryChange::Out) | None => None,
        };
        let count = |state| counts.iter().find(|count| count.edit == head.id && count.state == state).map_or(0, |count| count.products);
        Ok(BulkEditView {
            id: head.id,
            state: head.state,
            price_list: list.map(|list| (list.name.clone(), list.currency)),
            category: category.unwrap_or_default(),
            at: head.done_at.unwrap_or(head.created_at),
            undo_until: head.undo_until().filter(|_| head.state == BulkEditState::Done),
            counts: BulkRowState::ALL.map(count),
            actor: head.actor,
            change,
        })
    };
    heads.into_iter().map(view).collect()
}

/// A page of the products of a bulk edit from a position on, those of one state or all.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn bulk_rows(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    id: BulkEditId,
    state: Option<BulkRowState>,
    from: i64,
) -> Result<BulkRowsView, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    let head = store::head(&mut shop.db(), id).await?.ok_or(CatalogError::Unknown)?;
    let change: BulkChange = serde_json::from_str(&head.change).map_err(DbError::from)?;
    let currency = match change.prices {
        Some(prices) => store::currency_of(&mut shop.db(), prices.list).await?.unwrap_or_else(|| shop_currency(shop)),
        None => shop_currency(shop),
    };
    let mut rows = store::shown(&mut shop.db(), id, state, from, PAGE + 1).await?;
    let next = rows.get(PAGE as usize).map(|row| row.position);
    rows.truncate(PAGE as usize);
    let before = store::positions_before(&mut shop.db(), id, state, from, PAGE).await?;
    let categories = admin::category_choices(shop, locale).await?;
    let rows = rows.into_iter().map(|row| row_view(row, currency, &categories)).collect::<Result<_, _>>()?;
    Ok(BulkRowsView { rows, previous: before.last().copied(), next })
}

fn row_view(row: ShownProduct, currency: Currency, categories: &[(CategoryId, String)]) -> Result<BulkRowView, CatalogError> {
    let Plan { prices, status, category, add_tags, remove_tags } = serde_json::from_str(&row.plan).map_err(DbError::from)?;
    let money = |minor: Option<i64>| minor.map(|minor| Money::new(minor, currency));
    let name = |id: Option<CategoryId>| {
        let found = categories.iter().find(|(known, _)| Some(*known) == id);
        found.map(|(_, name)| name.clone()).unwrap_or_default()
    };
    let prices = prices.into_iter().map(|price| BulkPartView::Price { sku: price.sku, old: money(price.old), new: money(price.new) });
    let mut parts: Vec<BulkPartView> = prices.collect();
    parts.extend(status.map(|(old, new)| BulkPartView::Status { old, new }));
    parts.extend(category.map(|(old, new)| BulkPartView::Category { old: name(old), new: name(new) }));
    if !add_tags.is_empty() || !remove_tags.is_empty() {
        parts.push(BulkPartView::Tags { added: add_tags, removed: remove_tags });
    }
    let problems = serde_json::from_str(&row.problems).map_err(DbError::from)?;
    Ok(BulkRowView { product: row.product, name: row.name, state: row.state, parts, problems })
}

/// Deletes previews that nobody did within a day, and bulk edits that can no longer be undone.
///
/// # Errors
/// The database's.
pub async fn delete_old_bulk_edits(shop: &Shop) -> Result<(), DbError> {
    while shop.db().write(async |tx| store::delete_old(tx, BulkChange::UNDO_DAYS).await).await? > 0 {}
    Ok(())
}

/// Adds the job of this folder.
pub(super) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<apply::RunBulkEdit>();
}
