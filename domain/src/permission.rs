//! Who may do what: permissions, the roles that are sets of them, and the scopes of API keys, in one vocabulary.

named! {
    /// One thing that a user or API key may do. The texts are also the scopes of API keys.
    Permission {
        /// See the admin's home with the day's figures.
        ReadDashboard "read_dashboard",
        /// See orders and who bought.
        ReadOrders "read_orders",
        /// Sell at a counter.
        CreateOrders "create_orders",
        /// Take all orders out as a file, with who bought.
        ExportOrders "export_orders",
        /// See customers: their orders, addresses and notes, and what they spent.
        ReadCustomers "read_customers",
        /// Write notes and tags, and make one customer of two.
        WriteCustomers "write_customers",
        /// Take all customers out as a file.
        ExportCustomers "export_customers",
        /// Pick, pack, ship, deliver and take back.
        FulfilOrders "fulfil_orders",
        CapturePayments "capture_payments",
        CancelOrders "cancel_orders",
        RefundPayments "refund_payments",
        /// See products that are not published, costs and versions.
        ReadProducts "read_products",
        /// Create, edit, publish and import products.
        WriteProducts "write_products",
        /// See stock and its movements.
        ReadStock "read_stock",
        WriteStock "write_stock",
        /// See pages that are not published.
        ReadContent "read_content",
        /// Write, publish and delete pages.
        WriteContent "write_content",
        /// See what visitors wrote through the contact page, and mark it as handled.
        HandleMessages "handle_messages",
        ReadBooks "read_books",
        ReadSettings "read_settings",
        WriteSettings "write_settings",
        /// Invite staff, give roles, make API keys.
        WriteStaff "write_staff",
    }
    /// The role of a member of staff, the strongest first.
    Role {
        /// May do everything.
        Owner "owner",
        /// Runs the shop, but gives no roles.
        Manager "manager",
        /// Handles orders and stock; refunds nothing, sets no prices, and sees a customer only as an order has them.
        Clerk "clerk",
    }
}

impl Permission {
    /// What a key of the API may be given: what its calls ask for.
    pub const API_SCOPES: [Self; 5] = [Self::CreateOrders, Self::ReadOrders, Self::CancelOrders, Self::RefundPayments, Self::ReadStock];
}

impl Role {
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        match self {
            Self::Owner => true,
            Self::Manager => !matches!(permission, Permission::WriteStaff),
            Self::Clerk => matches!(
                permission,
                Permission::ReadDashboard
                    | Permission::ReadOrders
                    | Permission::CreateOrders
                    | Permission::FulfilOrders
                    | Permission::ReadProducts
                    | Permission::ReadStock
                    | Permission::WriteStock
            ),
        }
    }
}

/// What a page, server function, route or API call requires of its caller, declared beside each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody, without signing in.
    Public,
    /// A signed-in shopper, and only their own things.
    Customer,
    /// A member of staff, or an API key, with this permission.
    Staff(Permission),
    /// The same, and a member of staff has shown lately that it is them, by their password: for what a thief at an open session is
    /// after.
    ConfirmedStaff(Permission),
}

/// Why access is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No session and no API key was sent.
    SignedOut,
    /// The caller is known and lacks the permission.
    Forbidden,
    /// The caller's role demands a second factor of signing in, which they have not set up.
    NoSecondFactor,
    /// The caller has the permission, and is to show first that it is them.
    Unconfirmed,
}

impl Denied {
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::SignedOut => 401,
            Self::Forbidden | Self::NoSecondFactor => 403,
            Self::Unconfirmed => 428,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clerk_cannot_refund_and_the_owner_may_do_everything() {
        assert!(!Role::Clerk.may(Permission::RefundPayments) && !Role::Clerk.may(Permission::CancelOrders));
        assert!(!Role::Clerk.may(Permission::ReadCustomers) && Role::Manager.may(Permission::WriteCustomers));
        assert!(!Role::Clerk.may(Permission::ExportOrders) && !Role::Clerk.may(Permission::ExportCustomers));
        assert!(Permission::ALL.into_iter().all(|p| Role::Owner.may(p)));
        assert!(!Role::Manager.may(Permission::WriteStaff));
    }

    #[test]
    fn permissions_are_read_as_written() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(permission));
        }
    }
}
