//! Searches in the list of orders that a member of staff keeps.

use domain::id::SavedFilterId;
use domain::permission::Permission;
use domain::view::SavedFilterView;

use crate::Shop;
use crate::platform::Context;

use super::{OrderError, store};

/// The caller's saved filters, by name.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn saved_filters(shop: &Shop, ctx: &Context) -> Result<Vec<SavedFilterView>, OrderError> {
    ctx.require(Permission::ReadOrders)?;
    let Some(user) = ctx.user() else { return Ok(Vec::new()) };
    let rows = store::filters(&mut shop.db(), user).await?;
    Ok(rows.into_iter().map(|(id, name, query)| SavedFilterView { id, name, query }).collect())
}

/// Keeps a filter under a name; one of the same name is replaced. `query` is an address query, `payment=pending`.
///
/// # Errors
/// [`OrderError::FilterName`] without a name or with a long one.
pub async fn save_filter(shop: &Shop, ctx: &Context, name: &str, query: &str) -> Result<SavedFilterId, OrderError> {
    ctx.require(Permission::ReadOrders)?;
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 60 || query.len() > 1_000 {
        return Err(OrderError::FilterName);
    }
    let Some(user) = ctx.user() else { return Err(OrderError::Unknown) };
    let (id, at, query) = (SavedFilterId(shop.id()), shop.now(), query.to_owned());
    shop.db().write(async move |tx| Ok(store::save_filter(tx, id, user, &name, &query, at).await?)).await
}

/// Forgets a filter of the caller.
///
/// # Errors
/// [`OrderError::Unknown`] for one that is not theirs.
pub async fn delete_filter(shop: &Shop, ctx: &Context, id: SavedFilterId) -> Result<(), OrderError> {
    ctx.require(Permission::ReadOrders)?;
    let Some(user) = ctx.user() else { return Err(OrderError::Unknown) };
    let gone = shop.db().write(async move |tx| Ok::<_, OrderError>(store::delete_filter(tx, id, user).await?)).await?;
    if gone == 0 { Err(OrderError::Unknown) } else { Ok(()) }
}
