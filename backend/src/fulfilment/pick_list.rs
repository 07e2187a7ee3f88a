//! The pick list of some orders.

use std::collections::HashMap;

use domain::Locale;
use domain::id::OrderId;
use domain::permission::Permission;
use domain::view::{LeftOutView, PickLine, PickListView};

use crate::{Shop, contacts, orders};
use platform::Context;

use super::pick_many::why_not;
use super::{FulfilmentError, sendable, store};

/// As many as a page of the list of orders has.
const MAX_ORDERS: usize = 50;

/// What is to be picked for these orders, by location and variant: what is reserved for them and not packed yet. Orders that were
/// cancelled, are not paid, or have nothing left to pack are listed with the reason why they are left out.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn pick_list(shop: &Shop, ctx: &Context, locale: Locale, orders: &[OrderId]) -> Result<PickListView, FulfilmentError> {
    ctx.require(Permission::ReadOrders)?;
    let mut list = PickListView { made_at: shop.now(), ..PickListView::default() };
    let mut heads = HashMap::new();
    let mut leave_out = |order: OrderId, head: Option<&orders::OrderHeader>, error: &FulfilmentError| {
        let number = head.map(|head| head.number.clone()).unwrap_or_default();
        list.left_out.push(LeftOutView { order, number, why: why_not(error, head, locale) });
    };
    for id in orders.iter().take(MAX_ORDERS) {
        match orders::head(&mut shop.db(), *id).await? {
            None => leave_out(*id, None, &FulfilmentError::Unknown),
            Some(head) => match sendable(&head) {
                Ok(()) => {
                    heads.insert(*id, head);
                }
                Err(error) => leave_out(*id, Some(&head), &error),
            },
        }
    }
    let ids: Vec<OrderId> = orders.iter().filter(|id| heads.contains_key(id)).copied().collect();
    let rows = store::to_pick(&mut shop.db(), &ids).await?;
    for id in ids.iter().filter(|id| rows.iter().all(|row| row.order_id != **id)) {
        leave_out(*id, heads.get(id), &FulfilmentError::NothingToPick);
    }
    for id in &ids {
        let Some((head, sealed)) = heads.get(id).and_then(|head| Some((head, head.gift_note.as_ref()?))) else { continue };
        list.gift_notes.push((head.number.clone(), contacts::open_gift_note(shop, *id, sealed)?));
    }
    for row in rows {
        let number = heads.get(&row.order_id).map(|head| head.number.clone()).unwrap_or_default();
        match list.lines.last_mut().filter(|line| line.location == row.location && line.sku == row.sku) {
            Some(line) => {
                line.units += row.units;
                match line.orders.iter_mut().find(|(of, _)| *of == number) {
                    Some((_, units)) => *units += row.units,
                    None => line.orders.push((number, row.units)),
                }
            }
            None => list.lines.push(PickLine {
                name: format!("{} {}", row.name, row.options).trim().to_owned(),
                location: row.location,
                sku: row.sku,
                units: row.units,
                orders: vec![(number, row.units)],
            }),
        }
    }
    Ok(list)
}
