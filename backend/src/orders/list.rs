//! Lists of orders, newest first, paged by key. Which orders a queue has is in `store/list.rs` (`in_queue!`).

use std::collections::HashMap;

use domain::id::ContactId;
use domain::permission::Permission;
use domain::view::{ContactDetails, OrderListView, OrderQuery, OrderRowView, QueueCounts};
use domain::{Money, Timestamp};
use uuid::Uuid;

use crate::{Shop, customers, pricing};
use platform::Context;

use super::store::{OrderRow, PageKey};
use super::{OrderError, store};

/// Orders on a page.
pub(super) const PAGE: usize = 50;

/// The orders of a queue, or those that match a search (a number or its beginning, a whole discount code, e-mail, phone, words of a
/// name, a whole SKU) and a payment and a fulfilment state.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn list(shop: &Shop, ctx: &Context, query: &OrderQuery) -> Result<OrderListView, OrderError> {
    ctx.require(Permission::ReadOrders)?;
    page(shop, rows(shop, query, page_key(&query.after)).await?).await
}

/// The rows of a page, and one more when another page follows.
pub(super) async fn rows(shop: &Shop, query: &OrderQuery, before: PageKey) -> Result<Vec<OrderRow>, OrderError> {
    let (payment, fulfilment) = (query.payment.trim(), query.fulfilment.trim());
    let search = query.search.trim();
    let mut db = shop.db();
    if let Ok(queue) = query.queue.trim().parse() {
        return Ok(store::by_queue(&mut db, before, queue).await?);
    }
    if search.is_empty() {
        return Ok(store::by_state(&mut db, before, payment, fulfilment).await?);
    }
    if let Some((from, to)) = number_range(search) {
        let rows = store::by_number(&mut db, before, (&from, &to), payment, fulfilment).await?;
        if !rows.is_empty() {
            return Ok(rows);
        }
    }
    if let Some(code) = pricing::normal_code(search) {
        let rows = store::by_discount(&mut db, before, &code, payment, fulfilment).await?;
        if !rows.is_empty() {
            return Ok(rows);
        }
    }
    let contacts = customers::find_contacts(shop, search).await?;
    if contacts.is_empty() {
        return Ok(store::by_sku(&mut db, before, search, payment, fulfilment).await?);
    }
    Ok(store::by_contacts(&mut db, before, &contacts, payment, fulfilment).await?)
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
    let rows = store::of_user(&mut shop.db(), page_key(after.unwrap_or("")), user).await?;
    page(shop, rows).await
}

/// The newest orders, for the admin's home; the caller has checked the permission.
pub(crate) async fn latest(shop: &Shop, limit: usize) -> Result<Vec<OrderRowView>, OrderError> {
    let mut rows = store::by_state(&mut shop.db(), page_key(""), "", "").await?;
    rows.truncate(limit);
    Ok(page(shop, rows).await?.orders)
}

async fn page(shop: &Shop, mut rows: Vec<OrderRow>) -> Result<OrderListView, OrderError> {
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|row| format!("{}~{}", row.placed_at.millis(), row.id.0.simple()));
    let ids: Vec<ContactId> = rows.iter().filter_map(|row| row.contact_id).collect();
    let contacts = customers::open_contacts(shop, &ids).await?;
    let orders = rows.into_iter().map(|row| row_view(row, &contacts)).collect();
    Ok(OrderListView { orders, next })
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

/// Parses the key of a page; anything else is the first page.
pub(super) fn page_key(after: &str) -> PageKey {
    after
        .split_once('~')
        .and_then(|(at, id)| Some((Timestamp::from_millis(at.parse().ok()?), Uuid::try_parse(id).ok()?)))
        .unwrap_or((Timestamp::from_millis(i64::MAX), Uuid::max()))
}

/// The range of numbers with the typed prefix, when it looks like a number: in any case, with the hyphen or without.
fn number_range(search: &str) -> Option<(String, String)> {
    let mut typed = search.trim_start_matches('#').to_ascii_uppercase().replace('-', "");
    let plausible = typed.starts_with('T') && (2..=9).contains(&typed.len()) && typed.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plausible {
        return None;
    }
    if typed.len() > 5 {
        typed.insert(5, '-');
    }
    // `[` follows `Z`, the greatest letter in a number.
    let end = format!("{typed}[");
    Some((typed, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_however_it_is_typed() {
        let range = Some(("TK4WX-9Q".to_owned(), "TK4WX-9Q[".to_owned()));
        assert_eq!(number_range("tk4wx9q"), range);
        assert_eq!(number_range("#TK4WX-9Q"), range);
        assert_eq!(number_range("teresa@example.ph"), None);
        assert_eq!(number_range("Ana"), None);
    }

    #[test]
    fn a_page_key_of_nonsense_begins_at_the_top() {
        assert_eq!(page_key("x~y").1, Uuid::max());
        assert_eq!(page_key("12~00000000000000000000000000000007"), (Timestamp::from_millis(12), Uuid::from_u128(7)));
    }
}
