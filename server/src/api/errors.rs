//! Each area's errors as problem documents.

use backend::cart::CartError;
use backend::catalog::CatalogError;
use backend::checkout::CheckoutError;
use backend::identity::IdentityError;
use backend::inventory::InventoryError;
use backend::orders::OrderError;
use backend::platform::Forbidden;
use backend::platform::db::DbError;
use backend::search::SearchError;
use domain::id::RequestId;
use http::StatusCode;

use super::Problem;

fn conflict(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, detail)
}

pub fn key_missing() -> Problem {
    let detail = "Send an “Idempotency-Key” header of 8 to 100 letters, digits, hyphens and underscores, a new one for each wish to order.";
    Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_missing", detail)
}

/// Logged; the caller gets no details.
fn unexpected(error: &dyn std::fmt::Display, request: RequestId) -> Problem {
    tracing::error!(%error, "unexpected");
    Problem::unexpected(request)
}

pub fn db(error: &DbError, request: RequestId) -> Problem {
    match error {
        error if error.is_passing() => Problem::busy(),
        DbError::NotFound => Problem::not_found("thing"),
        DbError::Full => {
            tracing::error!(%error, "refused");
            Problem::storage_full()
        }
        other => unexpected(other, request),
    }
}

fn forbidden(error: Forbidden) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "forbidden", format!("This key lacks the scope {}.", error.0.as_str()))
}

pub fn cart(error: CartError, request: RequestId) -> Problem {
    match error {
        CartError::Unknown => Problem::not_found("cart"),
        CartError::TooManyLines => Problem::field("lines", "At most 200 different items."),
        CartError::TooLarge(_) => Problem::field("lines", "The total is beyond what can be paid."),
        CartError::Db(error) => db(&error, request),
    }
}

pub fn checkout(error: CheckoutError, request: RequestId) -> Problem {
    match error {
        CheckoutError::Invalid(errors) => Problem::invalid(errors),
        CheckoutError::NoCart => Problem::not_found("cart"),
        CheckoutError::Empty => conflict("cart_empty", "Nothing in the cart can be bought."),
        CheckoutError::OutOfStock(names) => conflict("out_of_stock", format!("Not enough is left of: {}.", names.join(", "))),
        CheckoutError::Gone(names) => conflict("no_longer_sold", format!("No longer sold: {}.", names.join(", "))),
        CheckoutError::TotalChanged(total) => conflict("total_changed", format!("The total is now {total}.")),
        CheckoutError::Discount(total) => conflict(
            "discount_refused",
            format!("The cart's discount code cannot be used (any more). Without it the total is {total}: send that as expected_total."),
        ),
        CheckoutError::Ordered { number, .. } => {
            conflict("already_ordered", format!("This cart was ordered already, as {number}, with other contents."))
        }
        CheckoutError::KeyReused => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This Idempotency-Key was used for another checkout. Send a new one.",
        ),
        CheckoutError::Key => key_missing(),
        CheckoutError::TooLarge(_) => Problem::field("lines", "The total is beyond what can be paid."),
        CheckoutError::Db(error) => db(&error, request),
    }
}

pub fn orders(error: OrderError, request: RequestId) -> Problem {
    match error {
        OrderError::Forbidden(error) => forbidden(error),
        OrderError::Unknown | OrderError::Link => Problem::not_found("order"),
        OrderError::Db(error) => db(&error, request),
        other => unexpected(&other, request),
    }
}

pub fn inventory(error: InventoryError, request: RequestId) -> Problem {
    match error {
        InventoryError::Forbidden(error) => forbidden(error),
        InventoryError::Db(error) => db(&error, request),
        other => unexpected(&other, request),
    }
}

pub fn catalog(error: CatalogError, request: RequestId) -> Problem {
    match error {
        CatalogError::Db(error) => db(&error, request),
        other => unexpected(&other, request),
    }
}

pub fn search(error: SearchError, request: RequestId) -> Problem {
    match error {
        SearchError::Db(error) => db(&error, request),
        other => unexpected(&other, request),
    }
}

pub fn identity(error: IdentityError, request: RequestId) -> Problem {
    match error {
        IdentityError::Db(error) => db(&error, request),
        other => unexpected(&other, request),
    }
}
