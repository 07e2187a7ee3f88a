//! The managers' list of products, with its search.

use domain::id::{CategoryId, ProductId};
use domain::permission::Permission;
use domain::view::ProductListView;
use platform::Context;

use super::SearchError;
use crate::Shop;
use crate::catalog::CatalogError;
use crate::catalog::admin::{PAGE, list_rows, newest};

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
    after: Option<&str>,
) -> Result<ProductListView, SearchError> {
    ctx.require(Permission::ReadProducts).map_err(CatalogError::from)?;
    let status = STATUSES.into_iter().find(|one| *one == status).unwrap_or("");
    let (ids, next) = if search.trim().is_empty() {
        let after = after.and_then(|a| a.parse::<ProductId>().ok());
        newest(shop.db(), status, category, after).await?
    } else {
        let from = after.and_then(|a| a.parse::<usize>().ok()).unwrap_or(0);
        let found = super::products(shop, search, status, from, PAGE + 1).await?;
        let next = (found.len() > PAGE).then(|| (from + PAGE).to_string());
        (found.into_iter().take(PAGE).collect(), next)
    };
    Ok(ProductListView { products: list_rows(shop, &ids).await?, next })
}
