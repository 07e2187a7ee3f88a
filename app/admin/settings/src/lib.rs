//! Managers' pages: the shop's face, taxes, delivery, discount codes, staff, keys of the HTTP API.
//!
//! Routes to mount under the admin's frame at `/admin`:
//!
//! | path | page |
//! |---|---|
//! | `/settings` | [`general::General`] |
//! | `/settings/taxes` | [`taxes::Taxes`] |
//! | `/settings/delivery` | [`delivery::Delivery`] |
//! | `/settings/delivery/:code`, a new one as `new` | [`method::EditMethod`] |
//! | `/settings/discounts` | [`discounts::Discounts`] |
//! | `/settings/discounts/:code`, a new one as `new` | [`discount::EditDiscount`] |
//! | `/settings/jobs` | [`jobs::Jobs`] |
//! | `/settings/staff` | [`staff::Staff`] |
//! | `/settings/keys` | [`keys::Keys`] |
//! | `/preferences` | [`mine::Mine`] |
//! | `/settings/denials` | [`denials::Denials`] |

#![forbid(unsafe_code)]
#![recursion_limit = "512"]

pub mod delivery;
pub mod denials;
pub mod discount;
pub mod discounts;
pub mod general;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod logo;
pub mod method;
pub mod mine;
mod share;
pub mod staff;
pub mod taxes;

use domain::permission::Permission;
use leptos::prelude::*;
use server_fn::ServerFn;
use session::Access;
use ui::{Tab, Tabs, tr};

/// Every server function of these pages, with what it asks of its caller.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [
        delivery::ACCESS,
        discount::ACCESS,
        discounts::ACCESS,
        general::ACCESS,
        jobs::ACCESS,
        keys::ACCESS,
        limits::ACCESS,
        logo::ACCESS,
        method::ACCESS,
        mine::ACCESS,
        denials::ACCESS,
        staff::ACCESS,
        taxes::ACCESS,
    ]
    .concat()
}

/// Server functions that take files: they can be called with `multipart/form-data` alone.
pub const FILES: [&str; 1] = [logo::SetLogo::PATH];

/// The pages of the settings, side by side.
pub(crate) fn pages(current: &str) -> AnyView {
    let staff = admin_frame::may(Permission::WriteStaff);
    let current = current.to_owned();
    let tabs = move |may_staff: bool| {
        let tab = |href: &str, name: &str| Tab { href: href.to_owned(), name: name.to_owned(), count: None, current: href == current };
        let mut tabs = vec![
            tab("/admin/settings", tr!(ADMIN_SETTINGS_GENERAL)),
            tab("/admin/settings/taxes", tr!(ADMIN_SETTINGS_TAX)),
            tab("/admin/settings/delivery", tr!(ADMIN_SETTINGS_DELIVERY)),
            tab("/admin/settings/discounts", tr!(ADMIN_SETTINGS_DISCOUNTS)),
            tab("/admin/settings/denials", tr!(ADMIN_SETTINGS_DENIALS)),
        ];
        if may_staff {
            tabs.push(tab("/admin/settings/staff", tr!(ADMIN_SETTINGS_STAFF)));
            tabs.push(tab("/admin/settings/keys", tr!(ADMIN_SETTINGS_KEYS)));
        }
        view! { <Tabs label=tr!(ADMIN_SETTINGS) tabs/> }
    };
    view! { {move || tabs(staff.get())} }.into_any()
}

/// What the rules of prices refused, as a page can show it.
#[cfg(feature = "ssr")]
pub(crate) fn rule_refused(error: backend::pricing::RulesError) -> session::AppError {
    use backend::pricing::RulesError;
    use session::{AppError, request};
    match error {
        RulesError::Forbidden(_) => request::fail(AppError::new(403)),
        RulesError::Invalid(fields) => request::invalid(fields),
        RulesError::Unknown => request::not_found(),
        RulesError::Db(_) => request::unexpected(&error),
    }
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
