//! Admin pages: settings, taxes, delivery, stock locations, discount codes, staff, keys of the HTTP API, failed jobs, denied access, one's
//! own preferences. Their addresses are in `app/src/admin.rs`.

#![forbid(unsafe_code)]
#![recursion_limit = "512"]

pub mod api_keys;
pub mod confirm;
pub mod delivery_method;
pub mod delivery_methods;
pub mod denials;
pub mod discount;
pub mod discounts;
mod edit_page;
pub mod general;
pub mod jobs;
pub mod limits;
pub mod location;
pub mod locations;
pub mod logo;
pub mod my_notices;
mod percent;
#[cfg(feature = "ssr")]
mod saved;
pub mod signed_in;
pub mod staff;
pub mod taxes;

use server_fn::ServerFn;
use web::Access;

/// Every server function of these pages with its access.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [
        delivery_methods::ACCESS,
        discount::ACCESS,
        discounts::ACCESS,
        general::ACCESS,
        jobs::ACCESS,
        api_keys::ACCESS,
        limits::ACCESS,
        location::ACCESS,
        locations::ACCESS,
        logo::ACCESS,
        delivery_method::ACCESS,
        my_notices::ACCESS,
        denials::ACCESS,
        staff::ACCESS,
        taxes::ACCESS,
    ]
    .concat()
}

/// Server functions that take files: they are called with `multipart/form-data` only.
pub const FILES: [&str; 1] = [logo::SetLogo::PATH];

/// An error of the pricing area as a page shows it.
#[cfg(feature = "ssr")]
pub(crate) fn pricing_error(error: backend::pricing::PricingError) -> web::AppError {
    use backend::pricing::PricingError;
    use web::{AppError, request};
    match error {
        PricingError::Forbidden(_) => request::fail(AppError::new(403)),
        PricingError::Invalid(fields) => request::invalid(fields),
        PricingError::Unknown => request::not_found(),
        PricingError::Stale => request::refused(409, ui::t::ADMIN_PRODUCTS_STALE),
        PricingError::Db(_) => request::unexpected(&error),
    }
}

/// Everything that is wrong with a form: what cannot be read as it was typed, and what is wrong with the rest.
#[cfg(feature = "ssr")]
pub(crate) fn all_wrong(unread: domain::view::FieldErrors, rest: domain::view::FieldErrors) -> Result<(), web::AppError> {
    let mut errors = unread;
    for (field, message) in rest {
        if errors.iter().all(|(known, _)| *known != field) {
            errors.push((field, message));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(web::request::invalid(errors)) }
}
