//! The rules of commerce: plain types and functions, without I/O, the same on the server and in the browser.
//!
//! Money is whole minor units with a currency ([`Money`]), time is milliseconds since 1970 UTC ([`Timestamp`]) shown in
//! a [`TimeZone`], and every entity has its own id type ([`id`]). What a cart costs is computed by [`cart`], what state an order is in
//! by [`order`], and who may do what is named by [`permission`].

#[cfg(feature = "sqlx")]
#[macro_use]
mod sql;
#[macro_use]
mod named;

pub mod barcode;
pub mod books;
pub mod cart;
pub mod colour;
pub mod credit;
pub mod email;
pub mod id;
mod locale;
pub mod messages;
mod money;
pub mod number_input;
pub mod order;
pub mod order_number;
pub mod permission;
pub mod phone;
pub mod picture;
mod quantity;
pub mod query;
pub mod slug;
pub mod stock;
mod swatch;
pub mod text;
mod time;
mod upload;
pub mod view;

pub use colour::Colour;
pub use locale::Locale;
pub use money::{Currency, Money, MoneyError};
pub use named::UnknownName;
pub use quantity::{Quantity, QuantityError};
pub use swatch::swatch;
pub use time::{Date, TimeZone, Timestamp};
pub use upload::{MAX_UPLOAD_BYTES, MAX_UPLOAD_MB};
