//! Admin pages: the pages that the owner writes, menus and home page, and what visitors wrote through the contact page. Their addresses are in
//! `app/src/admin.rs`.

#![forbid(unsafe_code)]
#![recursion_limit = "512"]

mod find;
mod hand_picked;
pub mod home;
pub mod list;
pub mod menu_entry;
pub mod menus;
pub mod messages;
pub mod page;
mod preview;
mod rows;
pub mod section;
mod section_texts;

use server_fn::ServerFn;
use web::Access;

/// Every server function of these pages with its access.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [
        list::ACCESS,
        page::ACCESS,
        preview::ACCESS,
        menus::ACCESS,
        menu_entry::ACCESS,
        home::ACCESS,
        section::ACCESS,
        hand_picked::ACCESS,
        find::ACCESS,
        messages::ACCESS,
    ]
    .concat()
}

/// Server functions that take files: they are called with `multipart/form-data` only.
pub const FILES: [&str; 1] = [section::SetSectionPicture::PATH];

/// An error of the content as a page shows it.
#[cfg(feature = "ssr")]
pub(crate) fn content_error(error: backend::content::ContentError) -> web::AppError {
    use backend::catalog::CatalogError;
    use backend::content::ContentError;
    use backend::platform::request_keys::KeyError;
    use web::{AppError, request};
    match error {
        ContentError::Forbidden(_) => request::fail(AppError::new(403)),
        ContentError::Invalid(fields) => request::invalid(fields),
        ContentError::Unknown => request::not_found(),
        ContentError::Kept => request::refused(409, ui::t::ADMIN_CONTENT_KEPT),
        ContentError::Stale => request::fail(AppError::new(409)),
        ContentError::Key(KeyError::Reused) => request::refused(409, ui::t::ORDER_ERROR_KEY_REUSED),
        ContentError::Catalog(CatalogError::Forbidden(_)) => request::fail(AppError::new(403)),
        other => request::unexpected(&other),
    }
}
