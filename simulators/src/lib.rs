//! Stand-ins for the outside services of a shop, for development and tests.
//!
//! * a card gateway that speaks the public wire format of Stripe's payment intents, with a hosted card page, the
//!   bank's authentication page and signed webhooks that can be repeated, delayed and disordered;
//! * an SMTP server that stores what it receives and shows it over HTTP.
//!
//! Both run inside one process: [`start`] binds them and returns their addresses, [`Running::shutdown`] ends them. No money moves, no mail
//! leaves, nothing outlives the process (but the `.eml` files, when a folder is named).

#![forbid(unsafe_code)]

mod gateway;
mod mail;
mod page;
mod start;
mod text;

pub use gateway::earlier::{EarlierPayment, EarlierState};
pub use gateway::webhooks::{BadEndpoint, Endpoint};
pub use start::{Options, Running, StartError, start};
