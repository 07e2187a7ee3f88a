//! Admin pages: products, import, categories, stock. Their addresses are in `app/src/admin.rs`.

#![forbid(unsafe_code)]
#![recursion_limit = "512"]

pub mod bulk;
pub mod bulk_edit;
pub mod categories;
pub mod category;
mod category_rule;
mod draft;
pub mod edit;
pub mod facts;
pub mod import;
pub mod list;
pub mod movements;
pub mod picture;
pub mod product_type;
pub mod product_types;
mod separated;
mod stale;
pub mod stock;
mod variants;

use server_fn::ServerFn;
use web::Access;

/// Every server function of these pages with its access.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [
        bulk::ACCESS,
        bulk_edit::ACCESS,
        categories::ACCESS,
        category::ACCESS,
        edit::ACCESS,
        import::ACCESS,
        list::ACCESS,
        movements::ACCESS,
        picture::ACCESS,
        product_type::ACCESS,
        product_types::ACCESS,
        stock::ACCESS,
    ]
    .concat()
}

/// Server functions that take files: they are called with `multipart/form-data` only.
pub const FILES: [&str; 3] = [picture::AddPicture::PATH, import::ImportProducts::PATH, category::SetCategoryPicture::PATH];

/// An error of the catalogue as a page shows it.
#[cfg(feature = "ssr")]
pub(crate) fn catalog_error(error: backend::catalog::CatalogError) -> web::AppError {
    use backend::catalog::CatalogError;
    use ui::t;
    use web::{AppError, request};
    if let Some(problem) = admin_layout::picture_problem(&error, "picture") {
        return problem;
    }
    match error {
        CatalogError::Forbidden(_) => request::fail(AppError::new(403)),
        CatalogError::Invalid(fields) => request::invalid(fields),
        CatalogError::Unknown => request::not_found(),
        CatalogError::InUse => request::refused(409, t::ADMIN_CATEGORIES_IN_USE),
        CatalogError::Stale => request::refused(409, t::ADMIN_PRODUCTS_STALE),
        CatalogError::TooLate => request::refused(409, t::ADMIN_BULK_TOO_LATE),
        CatalogError::Status(_) => request::fail(AppError::new(400)),
        other => request::unexpected(&other),
    }
}

/// A product's status as a badge.
pub(crate) fn status(status: &str) -> leptos::prelude::AnyView {
    use leptos::prelude::*;
    use ui::{StatusBadge, Tone, tr};
    let (tone, settled, text) = match status {
        "published" => (Tone::Success, true, tr!(ADMIN_PRODUCTS_STATE_PUBLISHED)),
        "archived" => (Tone::Neutral, true, tr!(ADMIN_PRODUCTS_STATE_ARCHIVED)),
        _ => (Tone::Warning, false, tr!(ADMIN_PRODUCTS_STATE_DRAFT)),
    };
    view! { <StatusBadge tone settled text/> }.into_any()
}
