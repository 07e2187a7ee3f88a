//! The layout of every admin page: navigation, sign-in and permissions, and the parts of
//! the admin's forms.
//!
//! Forms here are [`StaffForm`]s, and [`FileForm`]s where a file is sent: with a script the page stays, without one the form
//! posts to the page's own address, which calls the function and shows the page again with what was typed and the errors
//! ([`web::typed`], [`web::problem`]).

#![forbid(unsafe_code)]
#![recursion_limit = "256"]

mod confirm;
mod error_page;
mod focus;
mod form;
mod layout;
mod one_picture;
mod paged;
mod pages;
mod palette;
mod stale;
pub mod states;
mod ticked;
mod typed_input;
mod unsaved;
mod upload;

pub use confirm::ConfirmIdentity;
pub use error_page::*;
pub use focus::*;
pub use form::*;
pub use layout::*;
pub use one_picture::*;
pub use paged::*;
pub use pages::*;
pub use stale::*;
pub use ticked::*;
pub use typed_input::*;
pub use upload::*;
