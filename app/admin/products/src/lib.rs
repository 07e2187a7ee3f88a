//! Admin pages: products, import, categories, stock. Their addresses are in `app/src/admin.rs`.

#![forbid(unsafe_code)]
#![recursion_limit = "512"]

pub mod categories;
pub mod category;
mod draft;
pub mod edit;
pub mod import;
pub mod list;
pub mod movements;
pub mod picture;
mod separated;
pub mod stock;
mod variants;

use server_fn::ServerFn;
use session::Access;

/// Every server function of these pages with its access.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [categories::ACCESS, category::ACCESS, edit::ACCESS, import::ACCESS, list::ACCESS, movements::ACCESS, picture::ACCESS, stock::ACCESS]
        .concat()
}

/// Server functions that take files: they are called with `multipart/form-data` only.
pub const FILES: [&str; 3] = [picture::AddPicture::PATH, import::ImportProducts::PATH, category::SetCategoryPicture::PATH];

/// An error of the catalogue as a page shows it.
#[cfg(feature = "ssr")]
pub(crate) fn catalog_error(error: backend::catalog::CatalogError) -> session::AppError {
    use backend::catalog::CatalogError;
    use session::{AppError, request};
    use ui::t;
    match error {
        CatalogError::Forbidden(_) => request::fail(AppError::new(403)),
        CatalogError::Invalid(fields) => request::invalid(fields),
        CatalogError::Unknown => request::not_found(),
        CatalogError::InUse => request::refused(409, t::ADMIN_CATEGORIES_IN_USE),
        CatalogError::Stale => request::refused(409, t::ADMIN_PRODUCTS_STALE),
        CatalogError::NotAPicture | CatalogError::TooLarge => {
            request::invalid(vec![("picture".into(), t::ADMIN_PRODUCTS_PICTURE_BAD.text(request::locale()).to_owned())])
        }
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
