//! A compiled WebAssembly becomes a folder that browsers load: its parts, and the script that binds it to the page.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};
use wasm_bindgen_cli_support::Bindgen;

/// The version of wasm-bindgen that is built in. The program's own must be the same.
pub const BINDGEN: &str = "0.2.130";

/// The name of script and WebAssembly, as in the workspace's `Cargo.toml`.
const NAME: &str = "tindahan";

/// The least bytes that are worth an optimiser's start.
const WORTH_OPTIMISING: u64 = 4096;

/// Of each part of the code, the files that it needs: names without `.wasm`.
pub type Parts = BTreeMap<String, Vec<String>>;

/// Splits a WebAssembly at its lazy functions and writes it with its script into an empty folder.
///
/// # Errors
/// The module was not linked with `--emit-relocs`, or is of another wasm-bindgen; a file that cannot be written.
pub fn write(module: &Path, folder: &Path) -> Result<Parts> {
    let input = fs::read(module).with_context(|| format!("{} cannot be read", module.display()))?;
    let whole = folder.join("whole.wasm");
    let mut options = wasm_split_cli_support::Options::new(&input);
    options.output_dir = folder;
    options.main_out_path = &whole;
    let main = format!("./{NAME}.js");
    options.main_module = &main;
    let split = wasm_split_cli_support::transform(options).map_err(|error| anyhow!("{} cannot be split: {error:#}", module.display()))?;
    drop(input);
    Bindgen::new()
        .input_path(&whole)
        .out_name(NAME)
        // The parts find the functions of the whole by the names that the linker gave them.
        .keep_lld_exports(true)
        .demangle(false)
        .web(true)?
        .typescript(false)
        .generate(folder)
        .with_context(|| format!("wasm-bindgen cannot use {}", module.display()))?;
    fs::remove_file(&whole)?;
    fs::rename(folder.join(format!("{NAME}_bg.wasm")), folder.join(format!("{NAME}.wasm")))?;
    Ok(split.prefetch_map.into_iter().collect())
}

/// Makes the files of a folder small, with `wasm-opt` and `esbuild` from `PATH`.
///
/// # Errors
/// A tool that is missing or fails.
pub fn shrink(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.extension().and_then(|end| end.to_str()) {
            Some("wasm") if path.metadata()?.len() >= WORTH_OPTIMISING => {
                run(Command::new("wasm-opt")
                    .args(["-Oz", "--quiet", "--enable-bulk-memory", "--enable-nontrapping-float-to-int"])
                    .arg(&path)
                    .arg("-o")
                    .arg(&path))?;
            }
            Some("js") => {
                run(Command::new("esbuild")
                    .args(["--minify", "--log-level=error", "--allow-overwrite"])
                    .arg(&path)
                    .arg(format!("--outfile={}", path.display())))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{program} cannot be started; `scripts/setup.sh dist` installs it"))?;
    ensure!(status.success(), "{program} failed: {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_library() {
        let workspace = include_str!("../../Cargo.toml");
        assert!(
            workspace.contains(&format!("wasm-bindgen-cli-support = \"={BINDGEN}\""))
                && workspace.contains(&format!("wasm-bindgen = \"={BINDGEN}\""))
        );
    }
}
