//! Makes the site's files of what was compiled, in place of `cargo leptos`, whose installation takes longer than the rest of a
//! first build. `scripts/build.sh` calls it.
//!
//! A site is a folder with the files of `public/`, and in `pkg/` the style sheet and a folder for each WebAssembly. The names of
//! both have a hash of their content in their names; the server reads the names from `files.json` (`app/src/files.rs`).

#![forbid(unsafe_code)]

mod pack;
mod site;
mod wasm;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

#[derive(Parser)]
#[command(version, about)]
enum Command {
    /// Writes a site: the files of a folder, a style sheet, and one WebAssembly for all pages or one each for shop and admin
    Site(Site),
    /// Writes script and WebAssembly as `wasm-bindgen` does, for `cargo leptos`, which calls it by that name
    Bindgen(Bindgen),
    /// Says which wasm-bindgen is built in
    Version,
}

#[derive(clap::Args)]
struct Site {
    /// The folder to write; what is in it goes
    #[arg(long)]
    out: PathBuf,
    /// The files that are served as they are
    #[arg(long)]
    public: PathBuf,
    /// The style sheet
    #[arg(long)]
    css: PathBuf,
    /// The WebAssembly of the shop's pages, or of all pages
    #[arg(long)]
    shop: PathBuf,
    /// The WebAssembly of the admin's pages, when it is another
    #[arg(long)]
    admin: Option<PathBuf>,
    /// Make it small: optimise the WebAssembly, minify scripts, keep each file compressed beside itself
    #[arg(long)]
    small: bool,
}

/// The arguments that `cargo leptos` passes on.
#[derive(clap::Args)]
struct Bindgen {
    input: PathBuf,
    #[arg(long)]
    out_dir: PathBuf,
    #[arg(long)]
    out_name: String,
    #[arg(long)]
    target: String,
    #[arg(long)]
    keep_lld_exports: bool,
    #[arg(long)]
    no_demangle: bool,
    #[arg(long)]
    debug: bool,
    #[arg(long)]
    keep_debug: bool,
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Site(site) => site::write(&site),
        Command::Bindgen(bindgen) => bindgen_as_asked(&bindgen),
        Command::Version => {
            println!("wasm-bindgen {}", wasm::BINDGEN);
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bindgen_as_asked(asked: &Bindgen) -> Result<()> {
    anyhow::ensure!(asked.target == "web", "only `--target web` is known");
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen
        .input_path(&asked.input)
        .out_name(&asked.out_name)
        .keep_lld_exports(asked.keep_lld_exports)
        .demangle(!asked.no_demangle)
        .debug(asked.debug)
        .keep_debug(asked.keep_debug)
        .web(true)?
        .generate(&asked.out_dir)
}
