//! What the roles of the staff are called.

use domain::permission::Role;

use crate::tr;

/// A role in the user's language.
#[must_use]
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => tr!(ADMIN_SETTINGS_ROLE_OWNER),
        Role::Manager => tr!(ADMIN_SETTINGS_ROLE_MANAGER),
        Role::Clerk => tr!(ADMIN_SETTINGS_ROLE_CLERK),
    }
}
