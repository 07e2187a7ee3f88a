//! Arrows between areas go down.

use std::path::Path;

/// Areas from the lowest to the highest. Each may use those before it.
const LAYERS: &[&str] = &[
    "settings",
    "accounting",
    "contacts",
    "pricing",
    "inventory",
    "refusals",
    "cart",
    "catalog",
    "search",
    "mails",
    "back_in_stock",
    "identity",
    "orders",
    "payments",
    "fulfilment",
    "order_management",
    "customers",
    "content",
    "checkout",
    "notifications",
    "dashboard",
    "audit",
    "seed",
];

fn sources(folder: &Path, all: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The areas that a source names: `crate::orders::…`, `use crate::{orders, payments::{…}}`.
fn used(source: &str) -> Vec<&str> {
    let mut used = Vec::new();
    for (at, _) in source.match_indices("crate::") {
        let rest = &source[at + "crate::".len()..];
        let end = if rest.starts_with('{') {
            rest.find(';').unwrap_or(rest.len())
        } else {
            rest.find([':', ';', ' ', ',']).unwrap_or(rest.len())
        };
        used.extend(LAYERS.iter().filter(|area| rest[..end].split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == **area)));
    }
    used
}

#[test]
fn no_area_uses_one_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders: Vec<String> = std::fs::read_dir(&src)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut listed = LAYERS.to_vec();
    listed.sort_unstable();
    assert_eq!(folders, listed, "every area has its place");
    for (place, area) in LAYERS.iter().enumerate() {
        let mut texts = Vec::new();
        sources(&src.join(area), &mut texts);
        for above in texts.iter().flat_map(|text| used(text)) {
            let layer = LAYERS.iter().position(|other| *other == above).unwrap();
            assert!(layer <= place, "{area} uses {above}, which is above it");
        }
    }
}
