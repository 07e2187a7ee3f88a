//! Searches in the list of orders that a member of staff keeps. What is searched for may be a shopper's name, so both the name of a
//! filter and its query are sealed.

use domain::id::{SavedFilterId, UserId};
use domain::permission::Permission;
use domain::view::SavedFilterView;

use crate::platform::Context;
use crate::{Shop, customers};

use super::{OrderError, store};

/// The caller's saved filters, by name.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn saved_filters(shop: &Shop, ctx: &Context) -> Result<Vec<SavedFilterView>, OrderError> {
    ctx.require(Permission::ReadOrders)?;
    let Some(user) = ctx.user() else { return Ok(Vec::new()) };
    let rows = store::filters(&mut shop.db(), user).await?;
    let open = |(id, name_hash, sealed): (_, Vec<u8>, Vec<u8>)| {
        let (name, query) = customers::unseal(shop, KIND, &place(user, &name_hash), &sealed)?;
        Ok(SavedFilterView { id, name, query })
    };
    let mut filters: Vec<_> = rows.into_iter().map(open).collect::<Result<_, OrderError>>()?;
    filters.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(filters)
}

const KIND: &str = "filter";

/// What a filter is bound to: it stays where it is when it is replaced.
fn place(user: UserId, name_hash: &[u8]) -> Vec<u8> {
    [user.0.as_bytes(), name_hash].concat()
}

/// Keeps a filter under a name; one of the same name is replaced. `query` is an address query, `payment=pending`.
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
    let (id, at, name_hash) = (SavedFilterId(shop.id()), shop.now(), customers::blind(shop, KIND, name));
    let sealed = customers::seal(shop, KIND, &place(user, &name_hash), &(name, query));
    shop.db().write(async move |tx| Ok(store::save_filter(tx, id, user, &name_hash, &sealed, at).await?)).await
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
