//! What pages and the API are given to show: plain data, the same on the server and in the browser.
//!
//! Amounts are [`Money`](crate::Money), ids are typed, texts are already in the reader's language.

mod admin;
mod cart;
mod catalog;
mod checkout;
mod order;
mod order_list;
mod people;
mod refusal;

pub use admin::*;
pub use cart::*;
pub use catalog::*;
pub use checkout::*;
pub use order::*;
pub use order_list::*;
pub use people::*;
pub use refusal::*;
