//! The pick list of some orders.

use std::collections::HashMap;

use domain::Locale;
use domain::id::OrderId;
use domain::permission::Permission;
use domain::view::{PickLine, PickListView};

use crate::{Shop, orders};
use platform::Context;

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
    let (mut ids, mut numbers) = (Vec::new(), HashMap::new());
    for id in orders.iter().take(MAX_ORDERS) {
        let Some(head) = orders::head(&mut shop.db(), *id).await? else { continue };
        match sendable(&head) {
            Ok(()) => ids.push(*id),
            Err(error) => list.left_out.push((head.number.clone(), error.message(locale).unwrap_or_default())),
        }
        numbers.insert(*id, head.number);
    }
    let rows = store::to_pick(&mut shop.db(), &ids).await?;
    for id in ids.iter().filter(|id| rows.iter().all(|row| row.order_id != **id)) {
        let why = FulfilmentError::NothingToPick.message(locale).unwrap_or_default();
        list.left_out.push((numbers.get(id).cloned().unwrap_or_default(), why));
    }
    for row in rows {
        let number = numbers.get(&row.order_id).cloned().unwrap_or_default();
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
