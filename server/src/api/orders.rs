//! `/api/v1/orders` for keys with `read_orders`, one order for whoever holds its signed link, and `/api/v1/stock` for keys
//! with `read_stock`.

use axum::Json;
use axum::extract::{Path, State};
use backend::{Shop, inventory, order_management, orders};
use domain::id::OrderId;
use domain::permission::Permission;
use domain::view::OrderQuery;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::read::{Caller, Language, Params};
use super::schema::{Order, Orders, Stock};
use super::{Problem, errors};

const PAYMENT_STATES: &[&str] =
    &["pending", "requires_action", "authorised", "partly_paid", "paid", "partly_refunded", "refunded", "failed", "voided"];
const FULFILMENT_STATES: &[&str] = &["unfulfilled", "partial", "fulfilled", "cancelled", "returned"];

pub fn routes() -> OpenApiRouter<Shop> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(one)).routes(routes!(follow)).routes(routes!(stock))
}

/// Lists orders
///
/// Newest first, in pages of 50 by key. Needs the scope `read_orders`.
#[utoipa::path(get, path = "/orders", operation_id = "list_orders", tag = "orders", security(("key" = ["read_orders"])),
    params(
        ("search" = Option<String>, Query, description = "A number, an e-mail, a phone or words of a name", max_length = 200),
        ("payment" = Option<String>, Query, description = "A payment state", pattern = "^(pending|requires_action|authorised|partly_paid|paid|partly_refunded|refunded|failed|voided)$"),
        ("fulfilment" = Option<String>, Query, description = "A fulfilment state", pattern = "^(unfulfilled|partial|fulfilled|cancelled|returned)$"),
        ("after" = Option<String>, Query, description = "Where the page begins", max_length = 200),
    ),
    responses((status = 200, description = "A page of orders", body = Orders)))]
pub async fn list(State(shop): State<Shop>, caller: Caller, mut params: Params) -> Result<Json<Orders>, Problem> {
    let ctx = caller.with_scope(&shop, Permission::ReadOrders).await?;
    let query = OrderQuery {
        search: params.one("search", 200).unwrap_or_default(),
        payment: params.word("payment", PAYMENT_STATES).unwrap_or_default().to_owned(),
        fulfilment: params.word("fulfilment", FULFILMENT_STATES).unwrap_or_default().to_owned(),
        queue: String::new(),
        after: params.one("after", 200).unwrap_or_default(),
    };
    params.end()?;
    let found = orders::list(&shop, &ctx, &query).await.map_err(|error| errors::orders(error, ctx.request))?;
    Ok(Json(found.into()))
}

/// Reads an order
///
/// Needs the scope `read_orders`.
#[utoipa::path(get, path = "/orders/{order}", operation_id = "read_order", tag = "orders", security(("key" = ["read_orders"])),
    params(("order" = String, Path, description = "The order", pattern = "^ord_[0-9a-f]{32}$")),
    responses((status = 200, description = "The order", body = Order)))]
pub async fn one(
    State(shop): State<Shop>,
    caller: Caller,
    Language(locale): Language,
    Path(order): Path<String>,
    params: Params,
) -> Result<Json<Order>, Problem> {
    let ctx = caller.with_scope(&shop, Permission::ReadOrders).await?;
    params.end()?;
    let id: OrderId = order.parse().map_err(|_| Problem::not_found("order"))?;
    let found = order_management::view(&shop, &ctx, locale, id).await.map_err(|error| errors::orders(error, ctx.request))?;
    Ok(Json(found.into()))
}

/// Follows an order by its signed link
///
/// With a signed link: its last part is the token. No key is needed.
#[utoipa::path(get, path = "/orders/follow/{token}", operation_id = "follow_order", tag = "orders",
    params(("token" = String, Path, description = "The link's token", min_length = 1, max_length = 400)),
    responses((status = 200, description = "The order", body = Order)))]
pub async fn follow(
    State(shop): State<Shop>,
    Caller(ctx): Caller,
    Language(locale): Language,
    Path(token): Path<String>,
    params: Params,
) -> Result<Json<Order>, Problem> {
    params.end()?;
    let found = order_management::by_link(&shop, locale, &token).await.map_err(|error| errors::orders(error, ctx.request))?;
    Ok(Json(found.into()))
}

/// Lists stock
///
/// On hand, reserved and available of each variant at each location, by SKU, in pages of 50 by key. Needs the scope `read_stock`.
#[utoipa::path(get, path = "/stock", operation_id = "list_stock", tag = "stock", security(("key" = ["read_stock"])),
    params(
        ("search" = Option<String>, Query, description = "The beginning of a SKU, or words of a name", max_length = 200),
        ("after" = Option<String>, Query, description = "Where the page begins", max_length = 200),
    ),
    responses((status = 200, description = "A page of stock", body = Stock)))]
pub async fn stock(State(shop): State<Shop>, caller: Caller, mut params: Params) -> Result<Json<Stock>, Problem> {
    let ctx = caller.with_scope(&shop, Permission::ReadStock).await?;
    let (search, after) = (params.one("search", 200), params.one("after", 200));
    params.end()?;
    let found = inventory::list(&shop, &ctx, search.as_deref().unwrap_or_default(), after.as_deref()).await;
    Ok(Json(found.map_err(|error| errors::inventory(error, ctx.request))?.into()))
}
