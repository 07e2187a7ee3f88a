//! Managers' pages: the shop's face and rules, staff, keys of the HTTP API.
//!
//! Routes to mount under the admin's frame at `/admin`:
//!
//! | path | page |
//! |---|---|
//! | `/settings` | [`general::General`] |
//! | `/settings/staff` | [`staff::Staff`] |
//! | `/settings/keys` | [`keys::Keys`] |

#![forbid(unsafe_code)]
#![recursion_limit = "512"]

pub mod general;
pub mod keys;
pub mod staff;

use leptos::prelude::*;
use session::Access;
use ui::{Tab, Tabs, tr};

/// Every server function of these pages, with what it asks of its caller.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [general::ACCESS, keys::ACCESS, staff::ACCESS].concat()
}

/// The pages of the settings, side by side.
pub(crate) fn pages(current: &str) -> AnyView {
    let tab = |href: &str, name: &str| Tab { href: href.to_owned(), name: name.to_owned(), count: None, current: href == current };
    let tabs = vec![
        tab("/admin/settings", tr!(ADMIN_SETTINGS_GENERAL)),
        tab("/admin/settings/staff", tr!(ADMIN_SETTINGS_STAFF)),
        tab("/admin/settings/keys", tr!(ADMIN_SETTINGS_KEYS)),
    ];
    view! { <Tabs label=tr!(ADMIN_SETTINGS) tabs/> }.into_any()
}

/// What the identity area refused, as a page can show it.
#[cfg(feature = "ssr")]
pub(crate) fn refused(error: backend::identity::IdentityError) -> session::AppError {
    use backend::identity::IdentityError;
    use session::{AppError, request};
    match error {
        IdentityError::Forbidden(_) => request::fail(AppError::new(403)),
        IdentityError::Invalid(fields) => request::invalid(fields),
        IdentityError::Unknown => request::not_found(),
        IdentityError::LastOwner => request::refused(409, ui::t::ADMIN_SETTINGS_LAST_OWNER),
        IdentityError::SignedOut => request::fail(AppError::new(401)),
        other => request::unexpected(&other),
    }
}
