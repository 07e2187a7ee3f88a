//! What every managers' page stands in: the frame with the jobs that the reader may do, the guard at its door, and what
//! the forms of managers' pages share.
//!
//! Forms here are [`StaffForm`]s, and [`FileForm`]s where a file is sent: with a script the page stays, without one the form
//! posts to the page's own address, which calls the function and shows the page again with what was typed and what is wrong
//! ([`session::typed`], [`session::problem`]).

#![forbid(unsafe_code)]
#![recursion_limit = "256"]

mod focus;
mod form;
mod one_picture;
mod shell;
mod trouble;
mod upload;

pub use focus::*;
pub use form::*;
pub use one_picture::*;
pub use shell::*;
pub use trouble::*;
pub use upload::*;
