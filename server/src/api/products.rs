//! `/api/v1/products`, `/search` and `/categories`. Open to everybody.

use axum::Json;
use axum::extract::{Path, State};
use backend::{Shop, catalog, search};
use domain::view::{ListingQuery, Sort};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::Caller;
use super::read::{Language, Params};
use super::schema::{Categories, Found, Product, Products};
use super::{Problem, errors};

pub fn routes() -> OpenApiRouter<Shop> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(one)).routes(routes!(categories)).routes(routes!(find))
}

/// Lists products
///
/// Pages of 24 by key: send `next` of one answer as `after` of the next request.
#[utoipa::path(get, path = "/products", operation_id = "list_products", tag = "products",
    params(
        ("category" = Option<String>, Query, description = "A category's slug", max_length = 80),
        ("sort" = Option<String>, Query, description = "`newest` (default), `price_up` or `price_down`", pattern = "^(newest|price_up|price_down)$"),
        ("option" = Option<Vec<String>>, Query, description = "Chosen option values, `option:value`; values of one option are alternatives, options add up", max_items = 20),
        ("price_min" = Option<i64>, Query, description = "Lowest price, minor units", minimum = 0, maximum = 9007199254740991_i64),
        ("price_max" = Option<i64>, Query, description = "Highest price, minor units", minimum = 0, maximum = 9007199254740991_i64),
        ("in_stock" = Option<bool>, Query, description = "Only what can be bought now"),
        ("after" = Option<String>, Query, description = "Where the page begins", max_length = 200),
    ),
    responses(
        (status = 200, description = "A page of products", body = Products),
        (status = 404, description = "`not_found`: there is no such category", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn list(
    State(shop): State<Shop>,
    Caller(ctx): Caller,
    Language(locale): Language,
    mut params: Params,
) -> Result<Json<Products>, Problem> {
    let mut options = params.all("option", 120);
    options.truncate(20);
    let query = ListingQuery {
        category: params.one("category", 80),
        sort: params.word("sort", &["newest", "price_up", "price_down"]).and_then(|name| name.parse().ok()).unwrap_or_default(),
        options,
        price_min: params.amount("price_min"),
        price_max: params.amount("price_max"),
        in_stock: params.flag("in_stock"),
        after: params.one("after", 200),
        before: None,
    };
    params.end()?;
    let has_category = query.category.is_some();
    let found = catalog::listing(&shop, locale, &query).await.map_err(|error| errors::catalog(error, ctx.request))?;
    if has_category && found.category.is_none() {
        return Err(Problem::not_found("category"));
    }
    Ok(Json(found.into()))
}

/// Reads a product
///
/// By its slug in any language, with its options, variants, prices and what can be bought.
#[utoipa::path(get, path = "/products/{slug}", operation_id = "read_product", tag = "products",
    params(("slug" = String, Path, description = "The product's slug", min_length = 1, max_length = 80)),
    responses((status = 200, description = "The product", body = Product)))]
pub async fn one(
    State(shop): State<Shop>,
    Caller(ctx): Caller,
    Language(locale): Language,
    Path(slug): Path<String>,
    params: Params,
) -> Result<Json<Product>, Problem> {
    params.end()?;
    // Saves the query.
    if !domain::slug::is_slug(&slug) {
        return Err(Problem::not_found("product"));
    }
    let product = catalog::product(&shop, locale, &slug).await.map_err(|error| errors::catalog(error, ctx.request))?;
    product.map(|product| Json(product.into())).ok_or_else(|| Problem::not_found("product"))
}

/// Lists categories
#[utoipa::path(get, path = "/categories", operation_id = "list_categories", tag = "products",
    responses((status = 200, description = "All categories", body = Categories)))]
pub async fn categories(
    State(shop): State<Shop>,
    Caller(ctx): Caller,
    Language(locale): Language,
    params: Params,
) -> Result<Json<Categories>, Problem> {
    params.end()?;
    let found = catalog::categories(&shop, locale).await.map_err(|error| errors::catalog(error, ctx.request))?;
    Ok(Json(Categories { categories: found.into_iter().map(Into::into).collect() }))
}

/// Searches products
///
/// A SKU or barcode comes first, then words and beginnings of words, in either number, written together or apart; typos are forgiven
/// where nothing else is found.
#[utoipa::path(get, path = "/search", operation_id = "search_products", tag = "products",
    params(
        ("q" = String, Query, description = "What is looked for", min_length = 1, max_length = 200),
        ("after" = Option<String>, Query, description = "Where the page begins", max_length = 200),
    ),
    responses((status = 200, description = "What was found, best first", body = Found)))]
pub async fn find(
    State(shop): State<Shop>,
    Caller(ctx): Caller,
    Language(locale): Language,
    mut params: Params,
) -> Result<Json<Found>, Problem> {
    let (q, after) = (params.one("q", 200), params.one("after", 200));
    params.end()?;
    let q = q.filter(|q| !q.trim().is_empty()).ok_or_else(|| Problem::field("q", "Say what you are looking for."))?;
    let query = ListingQuery { sort: Sort::Best, after, ..ListingQuery::default() };
    let found = search::search(&shop, locale, &q, &query).await.map_err(|error| errors::search(error, ctx.request))?;
    Ok(Json(found.into()))
}
