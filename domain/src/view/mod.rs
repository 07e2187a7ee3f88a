//! Views: plain data for pages and the API, the same on the server and in the browser.
//!
//! Amounts are [`Money`](crate::Money), ids are typed, texts of products are already in the user's language.

mod cart;
mod catalog;
mod checkout;
mod dashboard;
mod import;
mod operations;
mod order;
mod order_list;
mod people;
mod pricing;
mod product_admin;
mod refusal;
mod settings;
mod stock;

pub use cart::*;
pub use catalog::*;
pub use checkout::*;
pub use dashboard::*;
pub use import::*;
pub use operations::*;
pub use order::*;
pub use order_list::*;
pub use people::*;
pub use pricing::*;
pub use product_admin::*;
pub use refusal::*;
pub use settings::*;
pub use stock::*;
