//! `tindahan`: the process. Configuration, command line, HTTP, page cache, API.

#![cfg_attr(test, allow(clippy::unwrap_used))]
#![recursion_limit = "256"]

mod api;
mod cache;
mod cli;
mod config;
mod http;
mod logs;
mod metrics;
mod work;

/// Renders ask for much small memory: this allocator halves their cost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
