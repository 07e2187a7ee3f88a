//! Each area's errors as problem documents.

use backend::cart::CartError;
use backend::catalog::CatalogError;
use backend::checkout::CheckoutError;
use backend::identity::IdentityError;
use backend::inventory::InventoryError;
use backend::order_management::OrderChangeError;
use backend::orders::OrderError;
use backend::payments::PaymentError;
use backend::platform::Forbidden;
use backend::platform::db::DbError;
use backend::search::SearchError;
use domain::id::{OrderLineId, RequestId};
use http::StatusCode;

use super::Problem;

fn conflict(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, detail)
}

pub fn key_missing() -> Problem {
    let detail = "Send an “Idempotency-Key” header of 8 to 100 letters, digits, hyphens and underscores, a new one for each wish.";
    Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_missing", detail)
}

/// Logged; the caller gets no details. A database that is busy or away is no fault, however deep in the error it is.
fn unexpected(error: &(dyn std::error::Error + 'static), request: RequestId) -> Problem {
    if DbError::is_transient_in(error) {
        return Problem::busy();
    }
    if DbError::is_in_doubt_in(error) {
        tracing::error!(%error, "not answered");
        return Problem::timeout();
    }
    tracing::error!(%error, "unexpected");
    Problem::unexpected(request)
}

pub fn db(error: &DbError, request: RequestId) -> Problem {
    match error {
        error if error.is_transient() => Problem::busy(),
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
        CartError::Unknown | CartError::OfAccount => Problem::not_found("cart"),
        CartError::TooManyLines => Problem::field("lines", "At most 200 different items."),
        CartError::TooLarge(_) => Problem::field("lines", "The total is beyond what can be paid."),
        CartError::Db(error) => db(&error, request),
    }
}

pub fn checkout(error: CheckoutError, request: RequestId) -> Problem {
    match error {
        CheckoutError::Invalid(errors) => Problem::invalid(errors),
        CheckoutError::Forbidden(error) => forbidden(error),
        CheckoutError::NoCart => Problem::not_found("cart"),
        CheckoutError::Empty => conflict("cart_empty", "Nothing in the cart can be bought."),
        CheckoutError::OutOfStock(names) => conflict("out_of_stock", format!("Not enough is left of: {}.", names.join(", "))),
        CheckoutError::NotForSale(names) => conflict("no_longer_sold", format!("No longer sold: {}.", names.join(", "))),
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

/// The number of the line that an error is about, in the request.
fn units_field(line: OrderLineId, named: &[(OrderLineId, i64)]) -> String {
    named.iter().position(|(id, _)| *id == line).map_or_else(|| "lines".to_owned(), |at| format!("lines[{at}].units"))
}

/// `named` are the lines of the request.
pub fn order_change(error: OrderChangeError, named: &[(OrderLineId, i64)], request: RequestId) -> Problem {
    match error {
        OrderChangeError::Forbidden(error) => forbidden(error),
        OrderChangeError::Unknown => Problem::not_found("order or line"),
        OrderChangeError::Reason => Problem::field("reason", "Say why."),
        OrderChangeError::Units => Problem::field("lines", "Name units of at least one line."),
        OrderChangeError::TooManyUnits { line, left } => Problem::field(units_field(line, named), format!("At most {left}.")),
        OrderChangeError::Payment(error) => payment(*error, named, request),
        OrderChangeError::Db(error) => db(&error, request),
        error @ (OrderChangeError::Sent | OrderChangeError::Packed | OrderChangeError::NotCaptured | OrderChangeError::Paid) => {
            conflict("not_possible", sentence(&error))
        }
        other => unexpected(&other, request),
    }
}

/// `named` are the lines of the request.
pub fn payment(error: PaymentError, named: &[(OrderLineId, i64)], request: RequestId) -> Problem {
    match error {
        PaymentError::Forbidden(error) => forbidden(error),
        PaymentError::Unknown => Problem::not_found("order or line"),
        PaymentError::Reason => Problem::field("reason", "Say why."),
        PaymentError::Amount => Problem::field("amount", "Name units, a part of the delivery fee, or an amount."),
        PaymentError::TooManyUnits { line, left } => Problem::field(units_field(line, named), format!("At most {left}.")),
        PaymentError::TooMuchFee(left) => Problem::field("delivery_fee", format!("At most {left}.")),
        PaymentError::TooMuch(left) => Problem::field("amount", format!("At most {left}.")),
        error @ PaymentError::TooMuchWith(..) => Problem::field("amount", sentence(&error)),
        PaymentError::KeyReused => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request. Send a new one.",
        ),
        error @ (PaymentError::Cancelled
        | PaymentError::NothingToRefund
        | PaymentError::NoGateway
        | PaymentError::Waiting
        | PaymentError::Capturing(_)
        | PaymentError::Mismatch(_)
        | PaymentError::Gateway(_)) => conflict("not_possible", sentence(&error)),
        PaymentError::Db(error) => db(&error, request),
        other => unexpected(&other, request),
    }
}

/// An error's words as a sentence.
fn sentence(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).chain(['.']).collect())
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

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn a_database_that_is_away_answers_503_however_deep_in_the_error_it_is() {
        let request = RequestId(uuid::Uuid::nil());
        let deep = OrderChangeError::Stock(InventoryError::Db(DbError::Away));
        assert_eq!(order_change(deep, &[], request).into_response().status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            order_change(OrderChangeError::Db(DbError::InDoubt), &[], request).into_response().status(),
            StatusCode::GATEWAY_TIMEOUT
        );
        let deep = OrderChangeError::Stock(InventoryError::Db(DbError::InDoubt));
        assert_eq!(order_change(deep, &[], request).into_response().status(), StatusCode::GATEWAY_TIMEOUT);
        let other = OrderChangeError::Stock(InventoryError::Db(DbError::NotFound));
        assert_eq!(order_change(other, &[], request).into_response().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
