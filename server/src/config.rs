//! What the program is told: by flags, by `TINDAHAN_*` variables, by a file, and by defaults, in that order of strength.
//!
//! [`KEYS`] is the one list of what can be set; the flags, the variables, the file's keys, `tindahan config` and
//! `docs/configuration.md` follow it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One thing that can be set.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As in the file, and with `--` as a flag.
    pub name: &'static str,
    /// Its value when nobody sets it; empty for none.
    pub default: &'static str,
    /// Never shown.
    pub secret: bool,
}

const fn key(name: &'static str, default: &'static str) -> Key {
    Key { name, default, secret: false }
}
const fn secret(name: &'static str) -> Key {
    Key { name, default: "", secret: true }
}

/// Everything that can be set, in the order in which it is shown. What each does is told by its flag's help and by
/// `docs/configuration.md`.
pub const KEYS: &[Key] = &[
    key("database", "sqlite:shop.db"),
    key("data-dir", ""),
    key("key-file", ""),
    key("listen", "127.0.0.1:3000"),
    key("public-url", ""),
    key("trusted-proxies", ""),
    secret("smtp"),
    key("mail-from", ""),
    key("gateway-url", ""),
    secret("gateway-secret"),
    secret("gateway-webhook-secret"),
    key("demo", "false"),
    key("site-dir", ""),
    key("page-cache-mb", "64"),
    key("max-connections", "2000"),
    key("drain-seconds", "5"),
    key("limit-sign-in", "30"),
    key("limit-checkout", "60"),
    key("limit-payment", "60"),
    key("limit-cart", "600"),
    key("limit-search", "600"),
    key("limit-api", "1200"),
    key("log-format", "auto"),
    key("log", "info"),
];

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line.
    Flag,
    /// This environment variable.
    Variable(String),
    /// This file.
    File(PathBuf),
    /// Nobody set it.
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

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {0} cannot be read: {1}")]
    File(PathBuf, std::io::Error),
    /// The file is not TOML.
    #[error("the configuration file {0} is not valid TOML: {1}")]
    Syntax(PathBuf, toml::de::Error),
    /// The file or a variable names something that cannot be set.
    #[error("{0} sets “{1}”, which is not a key; `tindahan config` lists them")]
    Unknown(String, String),
    /// A value in the file is no text, number, flag or list of texts.
    #[error("{0} sets “{1}” to something that is no text, number, true or false")]
    Form(String, String),
    /// A value has the wrong form.
    #[error("{key} = “{value}” (from {origin}): {reason}")]
    Value {
        /// The key.
        key: &'static str,
        /// What was given; hidden when secret.
        value: String,
        /// Where it came from.
        origin: Origin,
        /// What is wanted.
        reason: String,
    },
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// A network whose members are trusted proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, `::1` or `192.0.2.7`.
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address.parse::<IpAddr>().ok()?, bits.parse().ok()?),
            None => {
                let address = text.parse::<IpAddr>().ok()?;
                (address, if address.is_ipv4() { 32 } else { 128 })
            }
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        (bits <= most).then_some(Self { address, bits })
    }

    /// Is the address in it?
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        let same = |a: u128, b: u128, width: u8| {
            let shift = u32::from(width - self.bits);
            a.checked_shr(shift).unwrap_or(0) == b.checked_shr(shift).unwrap_or(0)
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

/// The whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `sqlite:FILE` or `postgres://…`.
    pub database: String,
    /// Folder of pictures and the search index.
    pub data_dir: PathBuf,
    /// Seals personal data.
    pub key_file: PathBuf,
    /// Where it serves.
    pub listen: SocketAddr,
    /// The shop's address as shoppers see it, without a slash at the end; none before the port is known.
    pub public_url: Option<String>,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<Network>,
    /// Mail server.
    pub smtp: Option<String>,
    /// The address that mails come from.
    pub mail_from: Option<String>,
    /// The card gateway.
    pub gateway_url: Option<String>,
    /// Its secret key.
    pub gateway_secret: Option<String>,
    /// What it signs webhooks with.
    pub gateway_webhook_secret: Option<String>,
    /// Fill an empty database, and stand in for gateway and mail.
    pub demo: bool,
    /// Folder of the pages' files.
    pub site_dir: Option<PathBuf>,
    /// Bytes of memory for rendered pages.
    pub page_cache: u64,
    /// Connections at the same time.
    pub max_connections: u32,
    /// How long it is not ready, but still takes connections, before it ends.
    pub drain: Duration,
    /// Sign-in attempts a minute.
    pub limit_sign_in: u32,
    /// Checkouts a minute.
    pub limit_checkout: u32,
    /// Questions to the card gateway a minute.
    pub limit_payment: u32,
    /// Changes of carts a minute.
    pub limit_cart: u32,
    /// Searches and offers of delivery a minute.
    pub limit_search: u32,
    /// API requests a minute.
    pub limit_api: u32,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// What is logged.
    pub log: String,
}

/// A value of each key with its origin, before it is checked.
#[derive(Clone, Debug)]
pub struct Settings(Vec<(&'static Key, String, Origin)>);

/// The name of a key's environment variable: `TINDAHAN_DATA_DIR` for `data-dir`.
#[must_use]
pub fn variable(name: &str) -> String {
    format!("TINDAHAN_{}", name.replace('-', "_").to_uppercase())
}

impl Settings {
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
            let name = variable(key.name);
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
            let shown = match (key.secret, value.is_empty()) {
                (true, false) => "(hidden)".to_owned(),
                _ if key.name == "database" => without_password(value),
                _ => value.clone(),
            };
            (key.name, shown, origin)
        })
    }

    fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(key, ..)| key.name == name).map_or("", |(_, value, _)| value.trim())
    }

    fn text(&self, name: &str) -> Option<String> {
        let value = self.raw(name);
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn checked<T>(&self, name: &str, reason: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, ConfigError> {
        let value = self.raw(name);
        read(value).ok_or_else(|| self.wrong(name, reason))
    }

    fn wrong(&self, name: &str, reason: &str) -> ConfigError {
        let found = self.0.iter().find(|(key, ..)| key.name == name);
        ConfigError::Value {
            key: found.map_or("", |(key, ..)| key.name),
            value: found.map_or_else(String::new, |(key, value, _)| if key.secret { "(hidden)".into() } else { value.clone() }),
            origin: found.map_or(Origin::Default, |(.., origin)| origin.clone()),
            reason: reason.to_owned(),
        }
    }

    /// Checks every value.
    ///
    /// # Errors
    /// The first value of a wrong form, with its origin.
    pub fn check(&self) -> Result<Config, ConfigError> {
        let database = self.checked("database", "write sqlite:FILE or postgres://USER@HOST/NAME", |v| {
            let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| v.len() > scheme.len() && v.starts_with(scheme));
            known.then(|| v.to_owned())
        })?;
        let data_dir = self.text("data-dir").map_or_else(|| folder_of(&database), PathBuf::from);
        let key_file = self.text("key-file").map_or_else(|| data_dir.join("tindahan.key"), PathBuf::from);
        let web = |v: &str| {
            let whole = v.strip_prefix("https://").or_else(|| v.strip_prefix("http://"))?;
            (!whole.trim_matches('/').is_empty()).then(|| v.trim_end_matches('/').to_owned())
        };
        let address = |name: &str| match self.raw(name) {
            "" => Ok(None),
            _ => self.checked(name, "write an address that begins with http:// or https://", web).map(Some),
        };
        let count =
            |name: &str| self.checked(name, "write a whole number from 0 to 1000000", |v| v.parse().ok().filter(|n: &u32| *n <= 1_000_000));
        let mail = |v: &str| (v.is_empty() || v.starts_with("smtp://") || v.starts_with("smtps://")).then_some(());
        self.checked("smtp", "write smtp://HOST:PORT", mail)?;
        let config = Config {
            listen: self.checked("listen", "write an address and a port, such as 127.0.0.1:3000", |v| v.parse().ok())?,
            public_url: address("public-url")?,
            trusted_proxies: self.checked(
                "trusted-proxies",
                "write addresses or networks, such as 10.0.0.0/8, separated by commas",
                |v| v.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Network::parse).collect(),
            )?,
            smtp: self.text("smtp"),
            mail_from: match self.raw("mail-from") {
                "" => None,
                _ => self.checked("mail-from", "write an e-mail address, such as orders@shop.example", domain::email::email).map(Some)?,
            },
            gateway_url: address("gateway-url")?,
            gateway_secret: self.text("gateway-secret"),
            gateway_webhook_secret: self.text("gateway-webhook-secret"),
            demo: self.checked("demo", "write true or false", |v| match v {
                "true" | "1" | "yes" => Some(true),
                "false" | "0" | "no" | "" => Some(false),
                _ => None,
            })?,
            site_dir: self.text("site-dir").map(PathBuf::from),
            page_cache: u64::from(count("page-cache-mb")?) * 1_048_576,
            max_connections: self.checked("max-connections", "write a whole number from 10 to 1000000", |v| {
                v.parse().ok().filter(|n: &u32| (10..=1_000_000).contains(n))
            })?,
            drain: Duration::from_secs(self.checked("drain-seconds", "write a whole number of seconds from 0 to 600", |v| {
                v.parse().ok().filter(|n: &u64| *n <= 600)
            })?),
            limit_sign_in: count("limit-sign-in")?,
            limit_checkout: count("limit-checkout")?,
            limit_payment: count("limit-payment")?,
            limit_cart: count("limit-cart")?,
            limit_search: count("limit-search")?,
            limit_api: count("limit-api")?,
            log_format: self.checked("log-format", "write text, json or auto", |v| match v {
                "text" => Some(LogFormat::Text),
                "json" => Some(LogFormat::Json),
                "auto" | "" => Some(if std::io::IsTerminal::is_terminal(&std::io::stderr()) { LogFormat::Text } else { LogFormat::Json }),
                _ => None,
            })?,
            log: self.raw("log").to_owned(),
            database,
            data_dir,
            key_file,
        };
        if config.gateway_url.is_some() && config.gateway_secret.is_none() {
            return Err(self.wrong("gateway-secret", "a gateway-url needs the gateway's secret key beside it"));
        }
        Ok(config)
    }
}

impl Config {
    /// The SQLite file, when the database is one.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        sqlite_file(&self.database)
    }

    /// Is this a demonstration that only this machine reaches? Only then may the demonstration's accounts sign in, for their passwords
    /// are printed.
    #[must_use]
    pub fn demo_is_private(&self) -> bool {
        self.demo && self.others_reach_it().is_none()
    }

    /// Where others than this machine reach the shop, as far as the configuration tells.
    #[must_use]
    pub fn others_reach_it(&self) -> Option<String> {
        match &self.public_url {
            Some(url) if url.starts_with("https://") || !is_here(url) => Some(url.clone()),
            _ if !self.listen.ip().to_canonical().is_loopback() => Some(self.listen.to_string()),
            _ if !self.trusted_proxies.is_empty() => Some("a proxy (trusted-proxies)".to_owned()),
            _ => None,
        }
    }

    /// The database's address without its password, for people.
    #[must_use]
    pub fn shown_database(&self) -> String {
        without_password(&self.database)
    }
}

/// Is this an address of this machine, as the sandbox gateway's is?
pub fn is_here(url: &str) -> bool {
    let url: Option<http::Uri> = url.parse().ok();
    let host = url.as_ref().and_then(http::Uri::host).unwrap_or_default();
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn sqlite_file(database: &str) -> Option<PathBuf> {
    let rest = database.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    Some(PathBuf::from(path.split('?').next().unwrap_or(path)))
}

fn folder_of(database: &str) -> PathBuf {
    let folder = sqlite_file(database).and_then(|file| file.parent().map(Path::to_owned));
    match folder {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => PathBuf::from("."),
    }
}

fn without_password(database: &str) -> String {
    let Some((scheme, rest)) = database.split_once("://") else {
        return database.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((user, host)) => format!("{scheme}://{}@{host}", user.split(':').next().unwrap_or_default()),
        None => database.to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn a_flag_is_stronger_than_a_variable_and_a_variable_than_the_file() {
        let folder = std::env::temp_dir().join(format!("tindahan-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("shop.toml");
        std::fs::write(&file, "listen = \"127.0.0.1:1\"\nlog = \"warn\"\nlimit-api = 7\n").unwrap();
        let flags = BTreeMap::from([("listen", "127.0.0.1:3".to_owned())]);
        let variables = |name: &str| match name {
            "TINDAHAN_LISTEN" => Some("127.0.0.1:2".to_owned()),
            "TINDAHAN_LOG" => Some("debug".to_owned()),
            _ => None,
        };
        let settings = Settings::gather(&flags, &variables, Some(&file)).unwrap();
        let config = settings.check().unwrap();
        assert_eq!((config.listen.port(), config.log.as_str(), config.limit_api), (3, "debug", 7));
        let origins: Vec<_> = settings.shown().map(|(name, _, origin)| (name, origin.clone())).collect();
        assert!(origins.contains(&("listen", Origin::Flag)));
        assert!(origins.contains(&("log", Origin::Variable("TINDAHAN_LOG".into()))));
        assert!(origins.contains(&("limit-api", Origin::File(file.clone()))));
        assert!(origins.contains(&("database", Origin::Default)));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_wrong_value_names_its_key_and_its_origin() {
        let flags = BTreeMap::from([("listen", "here".to_owned())]);
        let error = Settings::gather(&flags, &none, None).unwrap().check().unwrap_err().to_string();
        assert!(error.contains("listen") && error.contains("flag") && error.contains("127.0.0.1:3000"), "{error}");
    }

    #[test]
    fn mails_come_from_an_address_or_the_start_is_refused() {
        let check = |text: &str| Settings::gather(&BTreeMap::from([("mail-from", text.to_owned())]), &none, None).unwrap().check();
        assert_eq!(check("orders@Shop.example").unwrap().mail_from.as_deref(), Some("orders@shop.example"));
        assert_eq!(check("").unwrap().mail_from, None);
        let error = check("Shop <orders@shop.example>").unwrap_err().to_string();
        assert!(error.contains("mail-from") && error.contains("e-mail address"), "{error}");
    }

    #[test]
    fn secrets_and_passwords_are_not_shown() {
        let flags = BTreeMap::from([("gateway-secret", "sk_live".to_owned()), ("database", "postgres://ana:geheim@db/shop".to_owned())]);
        let settings = Settings::gather(&flags, &none, None).unwrap();
        let shown: String = settings.shown().map(|(_, value, _)| value).collect();
        assert!(!shown.contains("sk_live") && !shown.contains("geheim") && shown.contains("postgres://ana@db/shop"));
    }

    #[test]
    fn a_demonstration_is_private_on_this_machine_alone() {
        let private = |flags: &[(&'static str, &str)]| {
            let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            Settings::gather(&flags, &none, None).unwrap().check().unwrap().demo_is_private()
        };
        assert!(!private(&[]));
        let demo = ("demo", "true");
        for here in [&[demo][..], &[demo, ("listen", "[::1]:3000")], &[demo, ("public-url", "http://localhost:3000")]] {
            assert!(private(here), "{here:?}");
        }
        for (name, value) in [
            ("listen", "0.0.0.0:3000"),
            ("listen", "[::]:3000"),
            ("listen", "192.168.1.5:3000"),
            ("public-url", "https://localhost"),
            ("public-url", "http://shop.example"),
            ("public-url", "http://127.0.0.1.shop.example"),
            ("trusted-proxies", "127.0.0.1"),
        ] {
            assert!(!private(&[demo, (name, value)]), "{name} {value}");
        }
    }

    #[test]
    fn a_gateway_elsewhere_is_told_from_the_sandbox() {
        for here in ["http://127.0.0.1:4242", "http://localhost:4242/", "http://[::1]:4242"] {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in ["https://api.stripe.com", "https://pay.example:8443/x", "http://10.0.0.1"] {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn networks_contain_their_members_only() {
        let ten = Network::parse("10.0.0.0/8").unwrap();
        assert!(ten.contains([10, 9, 8, 7].into()) && !ten.contains([11, 0, 0, 1].into()));
        assert!(Network::parse("0.0.0.0/0").unwrap().contains([1, 2, 3, 4].into()));
        assert!(Network::parse("::1").unwrap().contains("::1".parse().unwrap()));
        assert!(Network::parse("10.0.0.0/33").is_none());
    }

    #[test]
    fn every_key_is_documented() {
        let page = include_str!("../../docs/configuration.md");
        for key in KEYS {
            assert!(page.contains(&format!("`{}`", key.name)), "docs/configuration.md lacks {}", key.name);
            assert!(page.contains(&variable(key.name)), "docs/configuration.md lacks {}", variable(key.name));
        }
    }

    #[test]
    fn a_data_folder_is_beside_its_sqlite_file() {
        let flags = BTreeMap::from([("database", "sqlite:data/shop.db".to_owned())]);
        let config = Settings::gather(&flags, &none, None).unwrap().check().unwrap();
        assert_eq!((config.data_dir, config.key_file), (PathBuf::from("data"), PathBuf::from("data/tindahan.key")));
    }
}
