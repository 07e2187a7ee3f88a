//! The managers' list of products, with its search.

use domain::id::{CategoryId, ProductId};
use domain::permission::Permission;
use domain::view::{PageAt, ProductListView};
use platform::Context;

use super::SearchError;
use crate::Shop;
use crate::catalog::CatalogError;
use crate::catalog::admin::{PAGE, all_of, list_rows, newest};
use crate::paging;

const STATUSES: [&str; 3] = ["draft", "published", "archived"];

/// A page of products, newest first, all of them or those of a category; or what a search finds, best first. `status` is empty
/// for all.
///
/// # Errors
/// Not allowed, or an error of the database or the search index.
pub async fn admin_list(
    shop: &Shop,
    ctx: &Context,
    search: &str,
    status: &str,
    category: Option<CategoryId>,
    at: &PageAt,
) -> Result<ProductListView, SearchError> {
    ctx.require(Permission::ReadProducts).map_err(CatalogError::from)?;
    let status = STATUSES.into_iter().find(|one| *one == status).unwrap_or("");
    if search.trim().is_empty() {
        let page = paging::read(PAGE, at, |rows| newest(shop.db(), status, category, rows)).await?;
        let (previous, next) = page.keys(ToString::to_string);
        return Ok(ProductListView { products: list_rows(shop, &page.rows).await?, previous, next });
    }
    // What a search finds is numbered.
    let from = match at.before.parse::<usize>() {
        Ok(before) => before.saturating_sub(PAGE),
        Err(_) => at.after.parse().unwrap_or(0),
    };
    let mut found = super::products(shop, search, status, from, PAGE + 1).await?;
    let next = (found.len() > PAGE).then(|| (from + PAGE).to_string());
    found.truncate(PAGE);
    let previous = (from > 0).then(|| from.to_string());
    Ok(ProductListView { products: list_rows(shop, &found).await?, previous, next })
}

/// Every product that [`admin_list`] has on its pages, in the same order, up to `most`.
///
/// # Errors
/// As [`admin_list`].
pub async fn admin_matches(
    shop: &Shop,
    ctx: &Context,
    search: &str,
    status: &str,
    category: Option<CategoryId>,
    most: usize,
) -> Result<Vec<ProductId>, SearchError> {
    ctx.require(Permission::ReadProducts).map_err(CatalogError::from)?;
    let status = STATUSES.into_iter().find(|one| *one == status).unwrap_or("");
    if search.trim().is_empty() {
        return Ok(all_of(shop.db(), status, category, most).await?);
    }
    super::products(shop, search, status, 0, most).await
}
