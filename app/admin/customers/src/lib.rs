//! Admin pages: the customers, a customer with orders, notes and tags, and one customer made of two. Their addresses are in
//! `app/src/admin.rs`.

#![forbid(unsafe_code)]
#![recursion_limit = "512"]

pub mod customer;
pub mod list;
pub mod merge;
mod notes;
mod rows;

use web::Access;
#[cfg(feature = "ssr")]
use web::AppError;

/// Every server function of these pages, with its access.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [list::ACCESS, customer::ACCESS, notes::ACCESS, merge::ACCESS].concat()
}

#[cfg(feature = "ssr")]
fn customer_error(error: &backend::customers::CustomerError) -> AppError {
    use backend::customers::CustomerError;
    use web::request;
    match (error, error.message(request::locale())) {
        (CustomerError::Forbidden(_), _) => request::fail(AppError::new(403)),
        (CustomerError::Unknown, Some(message)) => request::fail(AppError::with_message(404, message)),
        (CustomerError::Note, Some(message)) => request::invalid(vec![("note".into(), message)]),
        (CustomerError::Tag | CustomerError::TooManyTags, Some(message)) => request::invalid(vec![("tag".into(), message)]),
        (_, Some(message)) => request::fail(AppError::with_message(409, message)),
        (_, None) => request::unexpected(error),
    }
}
