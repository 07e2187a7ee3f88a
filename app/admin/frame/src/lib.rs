//! What every managers' page stands in: the frame with the navigation of whoever works here, the guard at its door, and what
//! the forms of managers' pages share.
//!
//! Forms here are [`StaffForm`]s, and [`FileForm`]s where a file is sent: with a script the page stays, without one the form
//! posts to the page's own address, which calls the function and shows the page again with what was typed and what is wrong
//! ([`session::typed`], [`session::problem`]).

#![forbid(unsafe_code)]
#![recursion_limit = "256"]

mod error_page;
mod focus;
mod form;
mod one_picture;
mod pages;
mod shell;
mod upload;

pub use error_page::*;
pub use focus::*;
pub use form::*;
pub use one_picture::*;
pub use pages::*;
pub use shell::*;
pub use upload::*;
