//! Sets the release mark, by which a page recognises answers of another release.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    // Not in development: each edit would compile everything again.
    let mark = if release { of_sources()? } else { 0 };
    println!("cargo:rustc-env=TINDAHAN_RELEASE_MARK={mark}");
    Ok(())
}

/// A hash of the sources that define the answers' types: `domain` and the pages.
fn of_sources() -> Result<u32, Box<dyn Error>> {
    let app = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("..");
    let folders = [app.join("../domain/src"), app];
    let mut files = BTreeSet::new();
    for folder in &folders {
        println!("cargo:rerun-if-changed={}", folder.display());
        sources(folder, &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    for file in files {
        hasher.write(&fs::read(file)?);
    }
    Ok(u32::try_from(hasher.finish() >> 32)?)
}

fn sources(folder: &Path, into: &mut BTreeSet<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.insert(path);
        }
    }
    Ok(())
}
