//! `/api/v1/orders` for keys with `read_orders`, one order for whoever holds its signed link, what keys with `cancel_orders` and
//! `refund_payments` do with an order, and `/api/v1/stock` for keys with `read_stock`.

use axum::Json;
use axum::extract::{Path, State};
use backend::payments::PaymentError;
use backend::platform::Context;
use backend::{Shop, inventory, order_management, orders, payments};
use domain::credit::CreditRequest;
use domain::id::OrderId;
use domain::permission::Permission;
use domain::view::{OrderQuery, PageAt};
use http::{HeaderMap, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::Caller;
use super::read::{self, Language, Params};
use super::schema::{self, NewCancellation, NewRefund, Order, Orders, Refund, RefundPart, Stock, too_long};
use super::{Problem, errors};

const PAYMENT_STATES: &[&str] =
    &["pending", "requires_action", "authorised", "partly_paid", "paid", "partly_refunded", "refunded", "failed", "voided"];
const FULFILMENT_STATES: &[&str] = &["unfulfilled", "partial", "fulfilled", "cancelled", "returned"];

pub fn routes() -> OpenApiRouter<Shop> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(follow))
        .routes(routes!(cancel_lines))
        .routes(routes!(refund))
        .routes(routes!(stock))
}

/// Lists orders
///
/// Newest first, in pages of 50 by key. Needs the scope `read_orders`.
#[utoipa::path(get, path = "/orders", operation_id = "list_orders", tag = "orders", security(("key" = ["read_orders"])),
    params(
        ("search" = Option<String>, Query, description = "A number, a parcel's tracking number, an e-mail, a phone, words of a name or a SKU in any case", max_length = 200),
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
        after: params.one("after", 200).unwrap_or_default(),
        ..OrderQuery::default()
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

/// Cancels units of an order's lines
///
/// Units that did not leave yet: their stock becomes available, and their price is waived or goes back. When nothing of the order is
/// left, it is cancelled. Sent again with the same key, it is done once. Needs the scope `cancel_orders`.
#[utoipa::path(post, path = "/orders/{order}/cancellations", operation_id = "cancel_order_lines", tag = "orders", security(("key" = ["cancel_orders"])),
    params(
        ("order" = String, Path, description = "The order", pattern = "^ord_[0-9a-f]{32}$"),
        ("Idempotency-Key" = String, Header, description = "Names this wish to cancel", min_length = 8, max_length = 100, pattern = "^[A-Za-z0-9_-]{8,100}$"),
    ),
    request_body = NewCancellation,
    responses(
        (status = 204, description = "They are cancelled"),
        (status = 409, description = "The order is in a state that does not allow it: `not_possible`", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn cancel_lines(
    State(shop): State<Shop>,
    caller: Caller,
    Path(order): Path<String>,
    params: Params,
    headers: HeaderMap,
    read::Body(new): read::Body<NewCancellation>,
) -> Result<StatusCode, Problem> {
    let ctx = caller.with_scope(&shop, Permission::CancelOrders).await?;
    params.end()?;
    let ctx = with_key(ctx, &headers)?;
    let id: OrderId = order.parse().map_err(|_| Problem::not_found("order"))?;
    let lines = schema::line_units(new.lines).map_err(Problem::invalid)?;
    if let Some(wrong) = too_long("reason", &new.reason, 200) {
        return Err(Problem::invalid(vec![wrong]));
    }
    let named = lines.clone();
    order_management::cancel_units(&shop, &ctx, id, lines, new.with_delivery_fee, &new.reason)
        .await
        .map_err(|error| errors::order_change(error, &named, ctx.request))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refunds parts of an order
///
/// Units of lines, a part of the delivery fee, an amount off everything; each with exactly its tax, the way it was paid. What no single
/// payment brought goes back as a refund of each of several, and the answer has all of them. Sent again with the same key, it is done once. Needs the scope `refund_payments`.
#[utoipa::path(post, path = "/orders/{order}/refunds", operation_id = "refund_order", tag = "orders", security(("key" = ["refund_payments"])),
    params(
        ("order" = String, Path, description = "The order", pattern = "^ord_[0-9a-f]{32}$"),
        ("Idempotency-Key" = String, Header, description = "Names this wish to refund", min_length = 8, max_length = 100, pattern = "^[A-Za-z0-9_-]{8,100}$"),
    ),
    request_body = NewRefund,
    responses(
        (status = 201, description = "The refunds; each says whether it was made", body = Refund),
        (status = 202, description = "They are written down; the gateway does not answer about one and is asked again by itself", body = Refund),
        (status = 409, description = "The order is in a state that does not allow it, or the gateway refused: `not_possible`", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn refund(
    State(shop): State<Shop>,
    caller: Caller,
    Path(order): Path<String>,
    params: Params,
    headers: HeaderMap,
    read::Body(new): read::Body<NewRefund>,
) -> Result<(StatusCode, Json<Refund>), Problem> {
    let ctx = caller.with_scope(&shop, Permission::RefundPayments).await?;
    params.end()?;
    let ctx = with_key(ctx, &headers)?;
    let id: OrderId = order.parse().map_err(|_| Problem::not_found("order"))?;
    let lines = schema::line_units(new.lines).map_err(Problem::invalid)?;
    let amounts = [("delivery_fee", new.delivery_fee), ("amount", new.amount)];
    let amounts = amounts.into_iter().filter(|(_, minor)| !(0..=read::MAX_SAFE_INTEGER).contains(minor));
    let mut wrong: Vec<_> =
        amounts.map(|(field, _)| (field.to_owned(), format!("A whole number from 0 to {}.", read::MAX_SAFE_INTEGER))).collect();
    wrong.extend(too_long("reason", &new.reason, 200));
    if !wrong.is_empty() {
        return Err(Problem::invalid(wrong));
    }
    let named = lines.clone();
    let wanted = CreditRequest { lines, fee: new.delivery_fee, amount: new.amount };
    let parts = payments::refund_parts(&shop, &ctx, id, wanted, &new.reason).await.and_then(some_made);
    parts.map(refund_answer).map_err(|error| errors::payment(error, &named, ctx.request))
}

/// The refunds of a request, of which at least one is made or on its way; otherwise why the first is not.
fn some_made(parts: Vec<payments::RefundPart>) -> Result<Vec<payments::RefundPart>, PaymentError> {
    let is_made = |part: &payments::RefundPart| matches!(part.outcome, Ok(()) | Err(PaymentError::Waiting));
    match parts.first() {
        Some(payments::RefundPart { outcome: Err(error), .. }) if !parts.iter().any(is_made) => Err(error.clone()),
        _ => Ok(parts),
    }
}

/// What became of each payment's refund.
fn refund_answer(parts: Vec<payments::RefundPart>) -> (StatusCode, Json<Refund>) {
    let part = |part: payments::RefundPart| RefundPart {
        id: part.id.to_string(),
        amount: part.amount.into(),
        state: match part.outcome {
            Ok(()) => "done",
            Err(PaymentError::Waiting) => "pending",
            Err(_) => "failed",
        },
    };
    let refunds: Vec<RefundPart> = parts.into_iter().map(part).collect();
    let has = |state: &str| refunds.iter().any(|refund| refund.state == state);
    let (status, state) = match (has("pending"), has("failed")) {
        (true, _) => (StatusCode::ACCEPTED, "pending"),
        (false, true) => (StatusCode::CREATED, "failed"),
        (false, false) => (StatusCode::CREATED, "done"),
    };
    (status, Json(Refund { state, refunds }))
}

/// The caller with their request key.
fn with_key(ctx: Context, headers: &HeaderMap) -> Result<Context, Problem> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
    let is_key = (8..=100).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !is_key {
        return Err(errors::key_missing());
    }
    Ok(ctx.with_key(key))
}

/// Lists stock
///
/// On hand, reserved and available of each variant at each location, by SKU, in pages of 50 by key. Needs the scope `read_stock`.
#[utoipa::path(get, path = "/stock", operation_id = "list_stock", tag = "stock", security(("key" = ["read_stock"])),
    params(
        ("search" = Option<String>, Query, description = "A part of a SKU, a barcode or a name, in any case and without accents", max_length = 200),
        ("after" = Option<String>, Query, description = "Where the page begins", max_length = 200),
    ),
    responses((status = 200, description = "A page of stock", body = Stock)))]
pub async fn stock(
    State(shop): State<Shop>,
    caller: Caller,
    Language(locale): Language,
    mut params: Params,
) -> Result<Json<Stock>, Problem> {
    let ctx = caller.with_scope(&shop, Permission::ReadStock).await?;
    let (search, after) = (params.one("search", 200), params.one("after", 200));
    params.end()?;
    let found =
        inventory::list(&shop, &ctx, locale, search.as_deref().unwrap_or_default(), &PageAt::after(after.unwrap_or_default())).await;
    Ok(Json(found.map_err(|error| errors::inventory(error, ctx.request))?.into()))
}

#[cfg(test)]
mod tests {
    use backend::payments::gateway::GatewayError;
    use domain::id::RefundId;
    use domain::{Currency, Money};
    use uuid::Uuid;

    use super::*;

    fn part(id: u128, outcome: Result<(), PaymentError>) -> payments::RefundPart {
        payments::RefundPart { id: RefundId(Uuid::from_u128(id)), amount: Money::new(500, Currency::PHP), outcome }
    }

    #[test]
    fn the_answer_to_a_refund_has_the_refund_of_each_payment() {
        let refused = || Err(PaymentError::Gateway(GatewayError::Refused { code: "no".into(), message: "no".into() }));
        let answer = |parts| {
            some_made(parts).map(refund_answer).map(|(status, Json(refund))| {
                let states: Vec<&str> = refund.refunds.iter().map(|part| part.state).collect();
                (status.as_u16(), refund.state, states)
            })
        };
        assert_eq!(answer(vec![part(1, Ok(())), part(2, Ok(()))]).unwrap(), (201, "done", vec!["done", "done"]));
        let waiting = Err(PaymentError::Waiting);
        assert_eq!(answer(vec![part(1, Ok(())), part(2, waiting)]).unwrap(), (202, "pending", vec!["done", "pending"]));
        assert_eq!(answer(vec![part(1, Ok(())), part(2, refused())]).unwrap(), (201, "failed", vec!["done", "failed"]));
        assert!(matches!(answer(vec![part(1, refused()), part(2, refused())]), Err(PaymentError::Gateway(_))));
        let (_, Json(refund)) = refund_answer(vec![part(7, Ok(()))]);
        assert_eq!((refund.refunds[0].id.parse::<RefundId>(), refund.refunds[0].amount.minor), (Ok(RefundId(Uuid::from_u128(7))), 500));
    }
}
