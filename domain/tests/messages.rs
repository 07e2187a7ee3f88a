//! The catalogue says what the code needs: no message is dead, no parameter is forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::{Locale, messages::t};
use toml::{Table, Value};

/// Every Rust source of the repository.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                sources(&path, into);
            }
        } else if name.ends_with(".rs") {
            into.push(path);
        }
    }
}

fn keys(prefix: &str, table: &Table, into: &mut BTreeSet<String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Table(section) if !section.contains_key("other") => keys(&key, section, into),
            _ => {
                into.insert(key);
            }
        }
    }
}

fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.contains('_'))
}

#[test]
fn every_message_is_used_somewhere() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(here.parent().unwrap(), &mut files);
    let mut used = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        used.extend(identifiers(&text).map(str::to_owned));
    }
    let table: Table = fs::read_to_string(here.join("messages/en.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let mut all = BTreeSet::new();
    keys("", &table, &mut all);
    let unused: Vec<_> = all
        .iter()
        .filter(|key| !used.contains(&key.replace('.', "_").to_uppercase()))
        .collect();
    assert!(
        unused.is_empty(),
        "{} messages are used nowhere; remove them: {unused:#?}",
        unused.len()
    );
}

#[test]
fn the_offline_page_says_what_the_catalogue_says() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(here.join("../public/offline.html")).unwrap();
    for locale in Locale::ALL {
        for message in [
            t::ERROR_OFFLINE_TITLE,
            t::ERROR_OFFLINE_BODY,
            t::ERROR_HOME_ACTION,
            t::CART_VIEW,
        ] {
            assert!(
                page.contains(message.text(locale)),
                "{} in {}",
                message.key,
                locale.tag()
            );
        }
    }
}
