//! Views: plain data for pages and the API, the same on the server and in the browser.
//!
//! Amounts are [`Money`](crate::Money), ids are typed, texts of products are already in the user's language.

mod account;
mod back_in_stock;
mod bulk_edit;
mod cart;
mod catalog;
mod checkout;
mod content;
mod customer;
mod dashboard;
mod home;
mod import;
mod menu;
mod operations;
mod order;
mod order_list;
mod pricing;
mod product_admin;
mod product_type;
mod refusal;
mod settings;
mod stock;

pub use account::*;
pub use back_in_stock::*;
pub use bulk_edit::*;
pub use cart::*;
pub use catalog::*;
pub use checkout::*;
pub use content::*;
pub use customer::*;
pub use dashboard::*;
pub use home::*;
pub use import::*;
pub use menu::*;
pub use operations::*;
pub use order::*;
pub use order_list::*;
pub use pricing::*;
pub use product_admin::*;
pub use product_type::*;
pub use refusal::*;
pub use settings::*;
pub use stock::*;

/// Where a page of a list is: behind a row, before one, or at the beginning where both are empty. What names a row is a former answer's `next`
/// or `previous`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct PageAt {
    pub after: String,
    pub before: String,
}

impl PageAt {
    /// The page behind this row.
    #[must_use]
    pub fn after(key: impl Into<String>) -> Self {
        Self { after: key.into(), before: String::new() }
    }

    /// The page before this row.
    #[must_use]
    pub fn before(key: impl Into<String>) -> Self {
        Self { after: String::new(), before: key.into() }
    }

    #[must_use]
    pub fn is_first(&self) -> bool {
        self.after.is_empty() && self.before.is_empty()
    }
}
