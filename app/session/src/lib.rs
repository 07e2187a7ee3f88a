//! What every page and server function shares: who asks and in which language ([`request`], on the server), what went
//! wrong ([`AppError`]), what may be asked by whom ([`access!`]), and forms that work without a script ([`PostForm`]).
//!
//! A server function is thin: state its access, ask [`request`] for the shop and the context, call one function of the
//! backend, turn its error into an [`AppError`].

#![forbid(unsafe_code)]

mod access;
mod address;
mod alive;
mod answer;
mod brand;
mod error;
mod form;
mod lazy;
mod reading;
#[cfg(feature = "ssr")]
pub mod request;
mod title;

pub use access::{Stated, stated};
pub use address::{escaped, sign_in_address};
pub use alive::{ALIVE, when_alive};
pub use answer::{Answer, Packed};
pub use brand::{Brand, use_brand};
pub use domain::permission::{Access, Permission};
pub use error::{AppError, Told};
pub use form::*;
pub use lazy::{PartMissing, part};
pub use reading::{loaded, resource, shared};
pub use title::{Title, TitleBetweenPages};
