//! What is to be taken from the shelves for some orders.

use std::collections::HashMap;

use domain::Locale;
use domain::id::OrderId;
use domain::permission::Permission;
use domain::view::{PickLine, PickListView};

use crate::platform::Context;
use crate::{Shop, orders};

use super::{FulfilmentError, sendable, store};

/// The most orders of a list: as many as a page of the orders' list.
const MAX_ORDERS: usize = 50;

/// What is to be taken from the shelves for these orders, by place and article: what is reserved for them and not packed yet. Orders that
/// were cancelled, are not paid, or have nothing left to pack are named with why they are left out.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn pick_list(shop: &Shop, ctx: &Context, locale: Locale, orders: &[OrderId]) -> Result<PickListView, FulfilmentError> {
    ctx.require(Permission::ReadOrders)?;
    let mut list = PickListView { made_at: shop.now(), ..PickListView::default() };
    let (mut asked, mut numbers) = (Vec::new(), HashMap::new());
    for id in orders.iter().take(MAX_ORDERS) {
        let Some(head) = orders::head(&mut shop.db(), *id).await? else { continue };
        match sendable(&head) {
            Ok(()) => asked.push(*id),
            Err(error) => list.left_out.push((head.number.clone(), error.message(locale).unwrap_or_default())),
        }
        numbers.insert(*id, head.number);
    }
    let rows = store::to_pick(&mut shop.db(), &asked).await?;
    for id in asked.iter().filter(|id| rows.iter().all(|row| row.5 != **id)) {
        let why = FulfilmentError::NothingToPick.message(locale).unwrap_or_default();
        list.left_out.push((numbers.get(id).cloned().unwrap_or_default(), why));
    }
    for (place, sku, name, options, units, order) in rows {
        let number = numbers.get(&order).cloned().unwrap_or_default();
        match list.lines.last_mut().filter(|line| line.place == place && line.sku == sku) {
            Some(line) => {
                line.units += units;
                if !line.orders.contains(&number) {
                    line.orders.push(number);
                }
            }
            None => {
                list.lines.push(PickLine { place, sku, name: format!("{name} {options}").trim().to_owned(), units, orders: vec![number] });
            }
        }
    }
    Ok(list)
}
