//! Lists the pictures of the demonstration shop with the forms that are served, so that the program carries them.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=../demo/pictures");
    println!("cargo::rerun-if-changed=../demo/shop.toml");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../demo/pictures");
    // Made by `cargo run --release --package backend --example demo_pictures`.
    let forms = names(&folder.join("forms"))?;
    let mut code = String::from("/// Each photograph, by name.\nstatic PICTURES: &[Photograph] = &[\n");
    for file in names(&folder)? {
        let Some(name) = file.strip_suffix(".webp") else { continue };
        let _ = write!(code, "    Photograph {{ name: {name:?}, original: {}, forms: &[", included(&file));
        for form in &forms {
            // `mug-640.avif`, and not `mug-close-640.avif`.
            let Some((width, end)) = form.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')).and_then(|rest| rest.split_once('.'))
            else {
                continue;
            };
            if width.bytes().all(|byte| byte.is_ascii_digit()) {
                let _ = write!(code, "({width}, {end:?}, {}), ", included(&format!("forms/{form}")));
            }
        }
        code.push_str("] },\n");
    }
    code.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("pictures.rs"), code)
}

/// The names of a folder's files, in order; none when there is no such folder.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The bytes of a file of `demo/pictures`, as code.
fn included(file: &str) -> String {
    format!("include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../demo/pictures/{file}\"))")
}
