//! `tindahan`: the process. Configuration, command line, HTTP, page cache, API.

#![recursion_limit = "256"]

mod api;
mod cache;
mod cli;
mod config;
mod http;
mod logs;
mod metrics;
mod workers;

/// Rendering allocates many small pieces: this allocator halves its cost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
