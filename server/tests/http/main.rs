//! The program as a client sees it: each test starts it on a free port with a database of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod api;
mod commands;
mod crash;
mod disk;
mod ending;
mod pages;
mod program;
