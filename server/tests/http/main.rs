//! The program as a client sees it: each test starts it on a free port with a database of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod api;
mod away;
mod bucket_pictures;
#[allow(dead_code, reason = "the backend's suite uses more of it")]
#[path = "../../../backend/tests/suite/support/buckets.rs"]
mod buckets;
mod commands;
mod crash;
mod dated_prices;
mod demo;
mod disk;
mod ending;
mod frozen;
mod load;
mod nodes;
mod pages;
mod program;
mod refused;
#[allow(dead_code, reason = "the backend's suite uses more of it")]
#[path = "../../../backend/tests/suite/support/wire.rs"]
mod wire;
