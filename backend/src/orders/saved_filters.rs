//! Saved filters of the list of orders. A query may contain a shopper's name, so both the name of a filter and its query are sealed.

use domain::id::{SavedFilterId, UserId};
use domain::permission::Permission;
use domain::view::SavedFilterView;

use crate::{Shop, contacts};
use platform::Context;

use super::{OrderError, store};

/// The caller's saved filters, by name.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn saved_filters(shop: &Shop, ctx: &Context) -> Result<Vec<SavedFilterView>, OrderError> {
    ctx.require(Permission::ReadOrders)?;
    let Some(user) = ctx.user() else { return Ok(Vec::new()) };
    let rows = store::filters(&mut shop.db(), user).await?;
    let open = |filter: store::SavedFilter| {
        let (name, query) = contacts::unseal(shop, KIND, &seal_context(user, &filter.name_hash), &filter.sealed)?;
        Ok(SavedFilterView { id: filter.id, name, query })
    };
    let mut filters: Vec<_> = rows.into_iter().map(open).collect::<Result<_, OrderError>>()?;
    filters.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(filters)
}

const KIND: &str = "filter";

/// The context that a filter is sealed for; the same when it is replaced.
fn seal_context(user: UserId, name_hash: &[u8]) -> Vec<u8> {
    [user.0.as_bytes(), name_hash].concat()
}

/// Saves a filter; one of the same name is replaced. `query` is a URL query, `payment=pending`.
///
/// # Errors
/// [`OrderError::FilterName`] without a name or with a long one.
pub async fn save_filter(shop: &Shop, ctx: &Context, name: &str, query: &str) -> Result<SavedFilterId, OrderError> {
    ctx.require(Permission::ReadOrders)?;
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 60 || query.len() > 1_000 {
        return Err(OrderError::FilterName);
    }
    let Some(user) = ctx.user() else { return Err(OrderError::Unknown) };
    let name_hash = contacts::blind_index(shop, KIND, name);
    let sealed = contacts::seal(shop, KIND, &seal_context(user, &name_hash), &(name, query));
    shop.write(ctx, async move |tx| Ok(store::save_filter(tx, user, &name_hash, &sealed).await?)).await
}

/// Deletes a filter of the caller.
///
/// # Errors
/// [`OrderError::Unknown`] for one that is not theirs.
pub async fn delete_filter(shop: &Shop, ctx: &Context, id: SavedFilterId) -> Result<(), OrderError> {
    ctx.require(Permission::ReadOrders)?;
    let Some(user) = ctx.user() else { return Err(OrderError::Unknown) };
    let deleted = shop.write(ctx, async move |tx| Ok::<_, OrderError>(store::delete_filter(tx, id, user).await?)).await?;
    if deleted == 0 { Err(OrderError::Unknown) } else { Ok(()) }
}
