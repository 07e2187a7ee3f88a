//! Turns `messages/*.toml` into Rust constants, one a message (see `src/messages.rs`).
//!
//! The build fails, naming the key, when a language lacks a key, has one too many, or uses other parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use toml::{Table, Value};

/// Languages in the order of `Locale::ALL`; the first is the one the others are measured by.
const LANGUAGES: [&str; 2] = ["en", "fil"];

/// A message in one language: plain, or one text for one and another for several.
enum Entry {
    Plain(String),
    Plural { one: String, other: String },
}

/// The messages of a language by dotted key.
type Catalogue = BTreeMap<String, Entry>;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=messages");
    match generate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            for problem in problems {
                println!("cargo::error={problem}");
            }
            ExitCode::FAILURE
        }
    }
}

fn generate() -> Result<(), Vec<String>> {
    let mut catalogues = Vec::new();
    for language in LANGUAGES {
        catalogues.push(read(language).map_err(|problem| vec![problem])?);
    }
    let problems = differences(&catalogues);
    if !problems.is_empty() {
        return Err(problems);
    }
    let code = constants(&catalogues).map_err(|problem| vec![problem])?;
    let folder = env::var("OUT_DIR").map_err(|problem| vec![problem.to_string()])?;
    fs::write(Path::new(&folder).join("messages.rs"), code).map_err(|problem| vec![problem.to_string()])
}

fn read(language: &str) -> Result<Catalogue, String> {
    let path = format!("messages/{language}.toml");
    let text = fs::read_to_string(&path).map_err(|problem| format!("{path}: {problem}"))?;
    let table: Table = text.parse().map_err(|problem| format!("{path}: {problem}").replace('\n', " "))?;
    let mut catalogue = Catalogue::new();
    flatten("", &table, &mut catalogue).map_err(|problem| format!("{path}: {problem}"))?;
    Ok(catalogue)
}

fn flatten(prefix: &str, table: &Table, into: &mut Catalogue) -> Result<(), String> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let entry = match value {
            Value::String(text) => Entry::Plain(text.clone()),
            Value::Table(forms) if forms.contains_key("other") => plural(&key, forms)?,
            Value::Table(section) => {
                flatten(&key, section, into)?;
                continue;
            }
            _ => return Err(format!("{key} is neither a text nor a section")),
        };
        into.insert(key, entry);
    }
    Ok(())
}

fn plural(key: &str, forms: &Table) -> Result<Entry, String> {
    match (forms.get("one"), forms.get("other"), forms.len()) {
        (Some(Value::String(one)), Some(Value::String(other)), 2) => Ok(Entry::Plural { one: one.clone(), other: other.clone() }),
        _ => Err(format!("{key} is a plural: it needs the two texts `one` and `other`, and nothing else")),
    }
}

fn differences(catalogues: &[Catalogue]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut constants = BTreeMap::new();
    for key in catalogues[0].keys() {
        if let Some(twin) = constants.insert(constant_name(key), key) {
            problems.push(format!("messages {twin} and {key} would have the same constant name"));
        }
    }
    for (language, catalogue) in LANGUAGES.iter().zip(catalogues).skip(1) {
        for (key, entry) in &catalogues[0] {
            let Some(translation) = catalogue.get(key) else {
                problems.push(format!("message {key} is missing in messages/{language}.toml"));
                continue;
            };
            let (expected, found) = (parameters(entry), parameters(translation));
            if expected != found {
                problems.push(format!("message {key} takes {expected:?}, but {found:?} in messages/{language}.toml"));
            }
        }
        for key in catalogue.keys().filter(|key| !catalogues[0].contains_key(*key)) {
            problems.push(format!("message {key} is in messages/{language}.toml, but not in messages/{}.toml", LANGUAGES[0]));
        }
    }
    problems
}

/// Names in braces. A plural always has `count`, even when its texts do not show it.
fn parameters(entry: &Entry) -> BTreeSet<String> {
    match entry {
        Entry::Plain(text) => braces(text),
        Entry::Plural { one, other } => {
            let mut names = braces(one);
            names.extend(braces(other));
            names.insert("count".to_owned());
            names
        }
    }
}

fn braces(text: &str) -> BTreeSet<String> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

fn constant_name(key: &str) -> String {
    key.replace(['.', '-'], "_").to_uppercase()
}

fn constants(catalogues: &[Catalogue]) -> Result<String, String> {
    let mut code = String::new();
    for key in catalogues[0].keys() {
        let name = constant_name(key);
        let mut texts = String::new();
        let mut is_plural = false;
        for catalogue in catalogues {
            let written = match catalogue.get(key) {
                Some(Entry::Plain(text)) => write!(texts, "{text:?}, "),
                Some(Entry::Plural { one, other }) => {
                    is_plural = true;
                    write!(texts, "Forms {{ one: {one:?}, other: {other:?} }}, ")
                }
                None => return Err(format!("message {key} is missing")),
            };
            written.map_err(|problem| problem.to_string())?;
        }
        let kind = if is_plural { "PluralMsg" } else { "Msg" };
        let english = match &catalogues[0][key] {
            Entry::Plain(text) => text,
            Entry::Plural { other, .. } => other,
        };
        writeln!(code, "/// `{}`", english.replace(['`', '\n'], " ")).map_err(|problem| problem.to_string())?;
        writeln!(code, "pub const {name}: {kind} = {kind} {{ key: {key:?}, texts: [{texts}] }};").map_err(|problem| problem.to_string())?;
    }
    Ok(code)
}
