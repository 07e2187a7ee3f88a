//! What every page and server function shares: who asks and in which language ([`request`], on the server), what went
//! wrong ([`AppError`]), what may be asked by whom ([`access!`]), and forms that work without a script ([`PostForm`]).
//!
//! A server function is thin: state its access, ask [`request`] for the shop and the context, call one function of the
//! backend, turn its error into an [`AppError`].

#![forbid(unsafe_code)]

mod access;
mod address;
mod answer;
mod brand;
mod error;
mod form;
mod hydration;
mod lazy;
mod reading;
#[cfg(feature = "ssr")]
pub mod request;
mod title;

pub use access::{RequiresAccess, access_of};
pub use address::{escaped, sign_in_address};
pub use answer::{Answer, Packed};
pub use brand::{Brand, use_brand};
pub use domain::permission::{Access, Permission};
pub use error::{AppError, Told};
pub use form::*;
pub use hydration::{HYDRATED, when_hydrated};
pub use lazy::{PartMissing, part};
pub use reading::{loaded, resource, shared};
pub use title::{Title, TitleBetweenPages};
