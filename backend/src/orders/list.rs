//! Lists of orders, paged by key. Which orders a queue has is in `store/list.rs` (`in_queue!`).

use std::collections::HashMap;

use domain::id::ContactId;
use domain::permission::Permission;
use domain::view::{ContactDetails, OrderDays, OrderListView, OrderQuery, OrderRowView, OrderSort, PageAt, QueueCounts};
use domain::{Money, order_number};
use uuid::Uuid;

use crate::paging::{self, Rows};
use crate::{Shop, contacts, pricing, settings};
use platform::Context;

use super::store::{OrderRow, PageKey, PersonKeys, RowOrder, Slice, Span};
use super::{OrderError, store};

/// Orders on a page.
pub(super) const PAGE: usize = 50;

/// The orders of a queue, or those that match a search (a number or its beginning, a whole discount code, tracking number, e-mail, phone,
/// words of a name, a whole SKU) and a payment and a fulfilment state; of these days, in this order. With days, the beginning of a number has
/// five letters or more.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn list(shop: &Shop, ctx: &Context, query: &OrderQuery) -> Result<OrderListView, OrderError> {
    ctx.require(Permission::ReadOrders)?;
    let (at, span) = (PageAt { after: query.after.clone(), before: query.before.clone() }, span(shop, query));
    page(shop, query.order(), &at, |slice| rows(shop, query, Slice { span, ..slice })).await
}

/// The order of rows that a sorting begins with.
pub(super) const fn row_order(sort: OrderSort) -> RowOrder {
    match sort {
        OrderSort::Newest => RowOrder::Newest,
        OrderSort::Oldest => RowOrder::Oldest,
        OrderSort::TotalDown => RowOrder::Dearest,
        OrderSort::TotalUp => RowOrder::Cheapest,
    }
}

/// The days that are asked for, by the shop's calendar; what is no day says nothing. By price it is the last of them, at most
/// [`OrderSort::TOTAL_DAYS`].
pub(super) fn span(shop: &Shop, query: &OrderQuery) -> Span {
    let zone = settings::time_zone(shop);
    let today = zone.date(shop.now());
    let OrderDays { mut from, to } = query.days(today).unwrap_or_default();
    // What is sorted by price is read as a whole; queues are short.
    if query.order().is_by_total() && query.queue.trim().is_empty() {
        from = from.max(Some(to.unwrap_or(today).plus_days(1 - OrderSort::TOTAL_DAYS)));
    }
    Span {
        from: from.map_or(Span::ALL.from, |from| zone.start_of(from).millis()),
        until: to.map_or(Span::ALL.until, |to| zone.start_of(to.plus_days(1)).millis()),
    }
}

/// The rows of a slice, and one more when others follow.
pub(super) async fn rows(shop: &Shop, query: &OrderQuery, slice: Slice) -> Result<Vec<OrderRow>, OrderError> {
    let states = (query.payment.trim(), query.fulfilment.trim());
    let search = query.search.trim();
    let mut db = shop.db();
    if let Ok(queue) = query.queue.trim().parse() {
        return Ok(store::by_queue(&mut db, slice, queue).await?);
    }
    if search.is_empty() {
        return Ok(store::by_state(&mut db, slice, states, !query.sales.is_empty()).await?);
    }
    // Numbers are by chance, so those of some days are all over them: a short beginning has too many to look through.
    let range = order_number::prefix_range(search).filter(|(begin, _)| slice.span == Span::ALL || begin.len() >= 5);
    if let Some((from, to)) = range {
        let back = slice.order != row_order(query.order());
        let rows = store::by_number(&mut db, slice, back, (&from, &to), states).await?;
        if !rows.is_empty() {
            return Ok(rows);
        }
    }
    if let Some(code) = pricing::normal_code(search) {
        let rows = store::by_discount(&mut db, slice, &code, states).await?;
        if !rows.is_empty() {
            return Ok(rows);
        }
    }
    let rows = store::by_tracking(&mut db, slice, search, states).await?;
    if !rows.is_empty() {
        return Ok(rows);
    }
    let contacts = contacts::find_contacts(shop, search).await?;
    if contacts.is_empty() {
        return Ok(store::by_sku(&mut db, slice, search, states).await?);
    }
    Ok(store::by_contacts(&mut db, slice, &contacts, states).await?)
}

/// How many orders wait in each queue.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn queues(shop: &Shop, ctx: &Context) -> Result<QueueCounts, OrderError> {
    ctx.require(Permission::ReadOrders)?;
    queue_counts(shop).await
}

/// [`queues`] without the check of permission, for the admin's home.
pub(crate) async fn queue_counts(shop: &Shop) -> Result<QueueCounts, OrderError> {
    let counts = store::queue_counts(&mut shop.db()).await?;
    Ok(QueueCounts { to_pack: counts.to_pack, to_ship: counts.to_ship, unpaid: counts.unpaid, cash_due: counts.cash_due })
}

/// The orders of the signed-in shopper.
///
/// # Errors
/// [`OrderError::Unknown`] without a session.
pub async fn of_customer(shop: &Shop, ctx: &Context, after: Option<&str>) -> Result<OrderListView, OrderError> {
    let Some(user) = ctx.user() else { return Err(OrderError::Unknown) };
    let at = PageAt::after(after.unwrap_or(""));
    page(shop, OrderSort::Newest, &at, |slice| async move { Ok(store::of_user(&mut shop.db(), slice, user).await?) }).await
}

/// A page of a person's orders; the caller has checked the permission.
pub(crate) async fn of_person(shop: &Shop, keys: &PersonKeys, at: &PageAt) -> Result<OrderListView, OrderError> {
    page(shop, OrderSort::Newest, at, |slice| async move { Ok(store::of_person(&mut shop.db(), keys, slice).await?) }).await
}

/// The newest orders, for the admin's home; the caller has checked the permission.
pub(crate) async fn latest(shop: &Shop, limit: usize) -> Result<Vec<OrderRowView>, OrderError> {
    let slice = Slice::newest(RowOrder::Newest.start());
    let mut rows = store::by_state(&mut shop.db(), slice, ("", ""), false).await?;
    rows.truncate(limit);
    views(shop, rows).await
}

/// Reads a page, slice by slice, of all days.
async fn page<F>(shop: &Shop, sort: OrderSort, at: &PageAt, read: impl Fn(Slice) -> F) -> Result<OrderListView, OrderError>
where
    F: Future<Output = Result<Vec<OrderRow>, OrderError>>,
{
    let first = row_order(sort);
    let page = paging::read(PAGE, at, |rows| {
        let (order, key) = match rows {
            Rows::First => (first, None),
            Rows::After(key) => (first, page_key(&key)),
            Rows::Before(key) => (first.reversed(), page_key(&key)),
        };
        read(Slice { key: key.unwrap_or(order.start()), order, span: Span::ALL })
    })
    .await?;
    let (previous, next) = page.keys(|row| {
        let (at, id) = key_of(row, sort);
        format!("{at}~{}", id.simple())
    });
    Ok(OrderListView { orders: views(shop, page.rows).await?, previous, next })
}

/// The key of a page that begins behind this order.
pub(super) const fn key_of(row: &OrderRow, sort: OrderSort) -> PageKey {
    (if sort.is_by_total() { row.total - row.waived } else { row.placed_at.millis() }, row.id.0)
}

async fn views(shop: &Shop, rows: Vec<OrderRow>) -> Result<Vec<OrderRowView>, OrderError> {
    let ids: Vec<ContactId> = rows.iter().filter_map(|row| row.contact_id).collect();
    let contacts = contacts::open_contacts(shop, &ids).await?;
    Ok(rows.into_iter().map(|row| row_view(row, &contacts)).collect())
}

fn row_view(row: OrderRow, contacts: &HashMap<ContactId, ContactDetails>) -> OrderRowView {
    OrderRowView {
        id: row.id,
        placed_at: row.placed_at,
        customer: row.contact_id.and_then(|id| contacts.get(&id)).map(|contact| contact.name.clone()),
        total: Money::new(row.total, row.currency),
        waived: Money::new(row.waived, row.currency),
        units: row.units,
        method: row.payment_method,
        payment: row.payment_state,
        fulfilment: row.fulfilment_state,
        delivery: row.delivery_state,
        channel: row.channel,
        number: row.number,
    }
}

/// Parses the key of a page; none for anything else.
fn page_key(key: &str) -> Option<PageKey> {
    let (at, id) = key.split_once('~')?;
    Some((at.parse().ok()?, Uuid::try_parse(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_key_of_nonsense_is_none() {
        assert_eq!(page_key("x~y"), None);
        assert_eq!(page_key("12~00000000000000000000000000000007"), Some((12, Uuid::from_u128(7))));
    }
}
