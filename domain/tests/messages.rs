//! The catalogue fits the code: no message is unused, no parameter is missing.

#![allow(clippy::unwrap_used, reason = "a test may stop at what is not as expected")]

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
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(section) if !section.contains_key("other") => keys(&key, section, into),
            _ => {
                into.insert(key);
            }
        }
    }
}

fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').filter(|word| word.contains('_'))
}

#[test]
fn every_message_is_used_somewhere() {
    let here = &PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap());
    let mut files = Vec::new();
    sources(here.parent().unwrap(), &mut files);
    let mut used = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        used.extend(identifiers(&text).map(str::to_owned));
    }
    let table: Table = fs::read_to_string(here.join("messages/en.toml")).unwrap().parse().unwrap();
    let mut all = BTreeSet::new();
    keys("", &table, &mut all);
    let unused: Vec<_> = all.iter().filter(|key| !used.contains(&key.replace('.', "_").to_uppercase())).collect();
    assert!(unused.is_empty(), "{} messages are used nowhere; remove them: {unused:#?}", unused.len());
}

/// The parameters that a text names in braces, with `count` for a plural.
fn parameters(value: &Value) -> BTreeSet<String> {
    let braces =
        |text: &str| -> Vec<String> { text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect() };
    match value {
        Value::String(text) => braces(text).into_iter().collect(),
        Value::Table(forms) => {
            let texts = forms.values().filter_map(Value::as_str).flat_map(braces);
            texts.filter(|name| name != "count").collect()
        }
        _ => BTreeSet::new(),
    }
}

/// What stands inside the brackets that open at the start of `text`.
fn inside(text: &str) -> &str {
    let mut depth = 0_usize;
    let mut quoted = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return &text[1..at];
                }
            }
            _ => {}
        }
    }
    ""
}

/// The parts between the commas that stand in no bracket.
fn arguments(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut quoted) = (0_usize, 0, false);
    let mut parts = Vec::new();
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

#[test]
fn every_view_gives_a_message_all_its_parameters() {
    let here = &PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap());
    let table: Table = fs::read_to_string(here.join("messages/en.toml")).unwrap().parse().unwrap();
    let mut files = Vec::new();
    sources(&here.parent().unwrap().join("app"), &mut files);
    let mut problems = Vec::new();
    let mut calls = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for (opening, skip) in [(" tr!(", 1), ("(tr!(", 1), ("{tr!(", 1), ("=tr!(", 1), ("::tr!(", 1), ("trn!(", 2)] {
            for (at, _) in text.match_indices(opening) {
                let parts = arguments(inside(&text[at + opening.len() - 1..]));
                let Some(value) = parts.first().and_then(|name| find("", &table, name)) else {
                    continue;
                };
                let given = parts.iter().skip(skip).filter_map(|part| Some(part.split_once('=')?.0.trim().to_owned()));
                let given: BTreeSet<String> = given.collect();
                calls += 1;
                if given != parameters(value) {
                    problems.push(format!("{}: {} takes {:?}, gets {given:?}", file.display(), parts[0], parameters(value)));
                }
            }
        }
    }
    assert!(calls > 100, "only {calls} messages were found in views: the search is broken");
    assert!(problems.is_empty(), "{problems:#?}");
}

/// The message that a constant stands for.
fn find<'a>(prefix: &str, table: &'a Table, constant: &str) -> Option<&'a Value> {
    table.iter().find_map(|(name, value)| {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}_{name}") };
        match value {
            Value::Table(section) if !section.contains_key("other") => find(&key, section, constant),
            _ => (key.to_uppercase() == constant).then_some(value),
        }
    })
}

#[test]
fn the_offline_pages_have_the_texts_of_the_catalogue() {
    let here = &PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap());
    for (file, body, action) in
        [("offline.html", t::ERROR_OFFLINE_BODY, t::CART_VIEW), ("offline-admin.html", t::ERROR_OFFLINE_ADMIN_BODY, t::COMMON_RETRY)]
    {
        let page = fs::read_to_string(here.join("../public").join(file)).unwrap();
        for locale in Locale::ALL {
            for message in [t::ERROR_OFFLINE_TITLE, body, action, t::ERROR_HOME_ACTION] {
                assert!(page.contains(message.text(locale)), "{} in {}: {file}", message.key, locale.tag());
            }
        }
        let cart = t::CART_VIEW.text(Locale::En);
        assert!(file == "offline.html" || !page.contains(cart), "the desk has no cart");
    }
}
