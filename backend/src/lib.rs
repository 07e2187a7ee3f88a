//! The business: one folder an area; the only crate with the shop's SQL. Outside services are behind traits,
//! which the crate `adapters` implements.
//!
//! An area's `mod.rs` holds what it can do, its `store.rs` the SQL. What must be true together is one transaction, what may
//! follow is an event. Everything from outside comes in through [`Shop`].

pub mod accounting;
pub mod audit;
pub mod back_in_stock;
pub mod caches;
pub mod cart;
pub mod catalog;
pub mod checkout;
pub mod clean_up;
pub mod contacts;
pub mod content;
pub mod customers;
pub mod dashboard;
pub mod fulfilment;
pub mod identity;
pub mod inventory;
pub mod jobs;
mod mails;
pub mod notifications;
pub mod order_management;
pub mod orders;
mod paging;
pub mod payments;
pub mod pricing;
mod public_url;
pub mod refusals;
mod schema;
pub mod search;
pub mod seed;
pub mod settings;
mod shop;

pub use platform;
pub use public_url::PublicUrl;
pub use schema::SCHEMA;
pub use shop::{Adapters, GatewayConfig, OpenError, Shop, ShopConfig};
