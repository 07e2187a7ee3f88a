//! Who may do what: permissions, the roles that are sets of them, and the scopes of API keys, in one vocabulary.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// One thing that somebody may be allowed to do. The texts are also the scopes of API keys.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Permission { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it is written in keys, tables and the documentation of the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
        impl FromStr for Permission {
            type Err = UnknownPermission;
            fn from_str(text: &str) -> Result<Self, UnknownPermission> {
                match text { $($text => Ok(Self::$name),)* _ => Err(UnknownPermission) }
            }
        }
    };
}

permissions! {
    /// See the admin's home with the day's figures.
    ReadDashboard "read_dashboard";
    /// See orders and who bought.
    ReadOrders "read_orders";
    /// Take all orders out as a file, with who bought.
    ExportOrders "export_orders";
    /// Take all customers out as a file.
    ExportCustomers "export_customers";
    /// Pick, pack, ship, deliver and take back.
    FulfilOrders "fulfil_orders";
    CapturePayments "capture_payments";
    CancelOrders "cancel_orders";
    RefundPayments "refund_payments";
    /// See products that are not published, costs and versions.
    ReadProducts "read_products";
    /// Create, edit, publish and import products.
    WriteProducts "write_products";
    /// See stock and its movements.
    ReadStock "read_stock";
    WriteStock "write_stock";
    ReadBooks "read_books";
    ReadSettings "read_settings";
    WriteSettings "write_settings";
    /// Invite staff, give roles, make API keys.
    WriteStaff "write_staff";
}

/// A text that names no permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a permission")]
pub struct UnknownPermission;

/// The role of a member of staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May do everything.
    Owner,
    /// Runs the shop, but gives no roles.
    Manager,
    /// Handles orders and stock; refunds nothing and sets no prices.
    Clerk,
}

impl Role {
    /// Every role, the strongest first.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Manager, Self::Clerk];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Clerk => "clerk",
        }
    }

    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        match self {
            Self::Owner => true,
            Self::Manager => !matches!(permission, Permission::WriteStaff),
            Self::Clerk => matches!(
                permission,
                Permission::ReadDashboard
                    | Permission::ReadOrders
                    | Permission::FulfilOrders
                    | Permission::ReadProducts
                    | Permission::ReadStock
                    | Permission::WriteStock
            ),
        }
    }
}

impl FromStr for Role {
    type Err = UnknownPermission;
    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownPermission)
    }
}

/// What a page, server function, route or API call requires of its caller, declared beside each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// A signed-in shopper, and only their own things.
    Customer,
    /// A member of staff, or an API key, with this permission.
    Staff(Permission),
}

/// Why access is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Nobody is signed in, and no key was sent.
    SignedOut,
    /// The caller is known and lacks the permission.
    Forbidden,
}

impl Denied {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::SignedOut => 401,
            Self::Forbidden => 403,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clerk_moves_no_money_back_and_the_owner_may_all() {
        assert!(!Role::Clerk.may(Permission::RefundPayments) && !Role::Clerk.may(Permission::CancelOrders));
        assert!(!Role::Clerk.may(Permission::ExportOrders) && !Role::Clerk.may(Permission::ExportCustomers));
        assert!(Permission::ALL.iter().all(|p| Role::Owner.may(*p)));
        assert!(!Role::Manager.may(Permission::WriteStaff));
    }

    #[test]
    fn permissions_are_read_as_written() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(*permission));
        }
    }
}
