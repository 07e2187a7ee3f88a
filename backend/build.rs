//! Lists the photographs of the demonstration shop, so that the program carries them.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=../demo/pictures");
    println!("cargo::rerun-if-changed=../demo/shop.toml");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../demo/pictures");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix(".webp") {
            names.push(stem.to_owned());
        }
    }
    names.sort();
    let mut code = String::from("/// Name and bytes of each photograph, by name.\npub(super) static PICTURES: &[(&str, &[u8])] = &[\n");
    for name in names {
        let path = format!("/../demo/pictures/{name}.webp");
        let _ = writeln!(code, "    ({name:?}, include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))),");
    }
    code.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("pictures.rs"), code)
}
