//! The site's folder, its files' names and the list of them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{Site, pack, wasm};

/// Writes the site anew.
///
/// # Errors
/// An input that is missing or broken; a file that cannot be written.
pub fn write(site: &Site) -> Result<()> {
    // Written beside the old one and put in its place at the end: a build that breaks off leaves the old site whole, and two at
    // once do not write into each other's.
    let new = site.out.with_extension(format!("new-{}", std::process::id()));
    let old = site.out.with_extension(format!("old-{}", std::process::id()));
    remove(&new)?;
    let pkg = new.join("pkg");
    fs::create_dir_all(&pkg)?;
    copy(&site.public, &new)?;
    let css = fs::read(&site.css).with_context(|| format!("{} cannot be read", site.css.display()))?;
    let sheet = format!("pkg/tindahan.{}.css", hash([css.as_slice()]));
    fs::write(new.join(&sheet), css)?;
    let shop = module(&site.shop, &pkg, site.small)?;
    let admin = match &site.admin {
        Some(admin) => module(admin, &pkg, site.small)?,
        None => shop.clone(),
    };
    let list = json!({ "css": format!("/{sheet}"), "shop": shop, "admin": admin });
    if site.small {
        pack::folder(&new)?;
    }
    fs::write(new.join("files.json"), serde_json::to_vec_pretty(&list)?)?;
    if site.out.exists() {
        fs::rename(&site.out, &old)?;
    }
    fs::rename(&new, &site.out)?;
    remove(&old)
}

/// Writes a WebAssembly into a folder of `pkg` that is named by a hash of its content; returns its entry of `files.json`.
fn module(wasm: &Path, pkg: &Path, small: bool) -> Result<serde_json::Value> {
    let making = pkg.join("making");
    fs::create_dir(&making)?;
    let parts = wasm::write(wasm, &making)?;
    if small {
        wasm::shrink(&making)?;
    }
    let mut files = listed(&making)?;
    files.sort();
    let contents = files.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?;
    let name = hash(contents.iter().map(Vec::as_slice));
    if pkg.join(&name).exists() {
        remove(&making)?;
    } else {
        fs::rename(&making, pkg.join(&name))?;
    }
    Ok(json!({ "folder": format!("/pkg/{name}"), "parts": parts }))
}

/// A name that changes with the contents: 24 letters and digits, by which the server recognises hashed names.
fn hash<'a>(contents: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut digest = Sha256::new();
    for content in contents {
        digest.update((content.len() as u64).to_le_bytes());
        digest.update(content);
    }
    URL_SAFE_NO_PAD.encode(&digest.finalize()[..18]).replace('-', "0").replace('_', "1")
}

/// Every file in a folder and in those below.
pub fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(listed(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in listed(from)? {
        let target = to.join(file.strip_prefix(from)?);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&file, target)?;
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_holds_the_hash_of_its_content() {
        let name = hash([b"abc".as_slice(), b"d"]);
        assert_eq!(name.len(), 24);
        assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric()));
        assert_ne!(name, hash([b"ab".as_slice(), b"cd"]));
        assert_eq!(name, hash([b"abc".as_slice(), b"d"]));
    }
}
