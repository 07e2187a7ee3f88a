//! The simulators as their clients see them: over HTTP and SMTP, on free ports.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod gateway;
mod mail;
mod pages;
mod webhooks;
mod world;
