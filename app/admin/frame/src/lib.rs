//! What every managers' page stands in: the frame with the jobs that the reader may do, the guard at its door, and what
//! the forms of managers' pages share.
//!
//! Forms here are Leptos's `ActionForm`: with a script the page stays, without one the server function sends the browser
//! back to the page, with what went wrong in the address, which [`failure`] finds.

#![forbid(unsafe_code)]
#![recursion_limit = "256"]

mod form;
mod shell;
mod trouble;

pub use form::*;
pub use shell::*;
pub use trouble::*;
