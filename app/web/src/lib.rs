//! What every page and server function shares: the caller and the language ([`request`], on the server), errors
//! ([`AppError`]), who may call what ([`access!`]), and forms that work without a script ([`PostForm`]).
//!
//! A server function is thin: declare its access, get the shop and the context from [`request`], call one function of the
//! backend, turn its error into an [`AppError`].

#![forbid(unsafe_code)]

mod access;
mod address;
mod answer;
mod brand;
#[cfg(feature = "ssr")]
pub mod cookies;
mod error;
mod form;
mod hydration;
#[cfg(feature = "ssr")]
pub mod language;
mod lazy;
mod reading;
#[cfg(feature = "ssr")]
pub mod request;
mod title;
mod typing;
mod units;

pub use access::{RequiresAccess, access_of};
pub use address::{confirm_address, escaped, sign_in_address};
pub use answer::{Answer, Packed};
pub use brand::{Brand, use_brand};
pub use domain::permission::{Access, Permission};
pub use error::{AppError, PackedError};
pub use form::*;
pub use hydration::{HYDRATED, when_hydrated};
pub use lazy::{PartMissing, PartView, part};
pub use reading::{loaded, resource, shared};
pub use title::{Title, TitleBetweenPages};
pub use typing::LatestRequest;
pub use units::TypedUnits;
#[cfg(feature = "ssr")]
pub use units::{ReadUnits, read_units};
