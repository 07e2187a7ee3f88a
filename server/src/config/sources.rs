//! Where values come from: flags, `TINDAHAN_*` variables, a file, and defaults, in that order of strength.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::keys::{KEYS, Key};
use super::without_password;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag,
    /// Name of the environment variable.
    Variable(String),
    File(PathBuf),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Variable(name) => f.write_str(name),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration file {0} cannot be read: {1}")]
    File(PathBuf, std::io::Error),
    #[error("the configuration file {0} is not valid TOML: {1}")]
    Syntax(PathBuf, toml::de::Error),
    /// The file or a variable names something that cannot be set.
    #[error("{0} sets “{1}”, which is not a key; `tindahan config` lists them")]
    Unknown(String, String),
    /// A value in the file is no text, number, flag or list of texts.
    #[error("{0} sets “{1}” to something that is no text, number, true or false")]
    Form(String, String),
    #[error("{key} = “{value}” (from {origin}): {reason}")]
    Value {
        key: &'static str,
        /// Masked when the setting is secret.
        value: String,
        origin: Origin,
        /// What to write instead.
        reason: String,
    },
}

/// A value of each key with its origin, before it is checked.
#[derive(Clone, Debug)]
pub struct Sources(Vec<(&'static Key, String, Origin)>);

impl Sources {
    /// Gathers the values: `flags` first, then `variables`, then the file, then the defaults. Without `file`,
    /// `tindahan.toml` in the current folder is read when it is there.
    ///
    /// # Errors
    /// A file that cannot be read or names an unknown key.
    pub fn gather(
        flags: &BTreeMap<&'static str, String>,
        variables: &dyn Fn(&str) -> Option<String>,
        file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let named = file.map(Path::to_owned).or_else(|| variables("TINDAHAN_CONFIG").map(PathBuf::from));
        let (path, must_exist) = named.map_or_else(|| (PathBuf::from("tindahan.toml"), false), |path| (path, true));
        let from_file = match std::fs::read_to_string(&path) {
            Ok(text) => read_file(&path, &text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => BTreeMap::new(),
            Err(error) => return Err(ConfigError::File(path, error)),
        };
        let value = |key: &'static Key| {
            if let Some(value) = flags.get(key.name) {
                return (key, value.clone(), Origin::Flag);
            }
            let name = key.variable();
            if let Some(value) = variables(&name) {
                return (key, value, Origin::Variable(name));
            }
            match from_file.get(key.name) {
                Some(value) => (key, value.clone(), Origin::File(path.clone())),
                None => (key, key.default.to_owned(), Origin::Default),
            }
        };
        Ok(Self(KEYS.iter().map(value).collect()))
    }

    /// Each key, its value as it may be shown, and where it came from.
    pub fn shown(&self) -> impl Iterator<Item = (&'static str, String, &Origin)> {
        self.0.iter().map(|(key, value, origin)| {
            let shown = match (key.is_secret, value.is_empty()) {
                (true, false) => "(hidden)".to_owned(),
                _ if key.name == "database" => without_password(value),
                _ => value.clone(),
            };
            (key.name, shown, origin)
        })
    }

    pub(super) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(key, ..)| key.name == name).map_or("", |(_, value, _)| value.trim())
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.raw(name);
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub(super) fn checked<T>(&self, name: &str, reason: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, ConfigError> {
        let value = self.raw(name);
        read(value).ok_or_else(|| self.wrong(name, reason))
    }

    pub(super) fn wrong(&self, name: &str, reason: &str) -> ConfigError {
        let found = self.0.iter().find(|(key, ..)| key.name == name);
        ConfigError::Value {
            key: found.map_or("", |(key, ..)| key.name),
            value: found.map_or_else(String::new, |(key, value, _)| if key.is_secret { "(hidden)".into() } else { value.clone() }),
            origin: found.map_or(Origin::Default, |(.., origin)| origin.clone()),
            reason: reason.to_owned(),
        }
    }
}

fn read_file(path: &Path, text: &str) -> Result<BTreeMap<String, String>, ConfigError> {
    let table: toml::Table = toml::from_str(text).map_err(|error| ConfigError::Syntax(path.to_owned(), error))?;
    let mut values = BTreeMap::new();
    for (name, value) in table {
        if !KEYS.iter().any(|key| key.name == name) {
            return Err(ConfigError::Unknown(path.display().to_string(), name));
        }
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Array(items) => items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(","),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            _ => return Err(ConfigError::Form(path.display().to_string(), name)),
        };
        values.insert(name, text);
    }
    Ok(values)
}
