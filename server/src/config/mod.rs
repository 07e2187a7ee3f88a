//! The configuration: what can be set ([`KEYS`]), where the values come from ([`Sources`]), and their typed form ([`Config`]).
//!
//! [`KEYS`] is the one list of settings: the flags, the variables, the file's keys, `tindahan config` and `docs/configuration.md`
//! follow it.

mod check;
mod keys;
mod sources;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use backend::PublicUrl;
use backend::platform::files::{Access, FilesAddress};
use ipnet::IpNet;
use url::{Host, Url};

pub use keys::{KEYS, Key};
pub use sources::Sources;

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line for each entry.
    Text,
    /// One JSON object for each entry.
    Json,
}

/// The whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `sqlite:FILE` or `postgres://…`.
    pub database: String,
    /// Folder of the search index.
    pub data_dir: PathBuf,
    /// Where pictures are kept.
    pub files: FilesAddress,
    /// How buckets are reached.
    pub bucket_access: Access,
    /// The key that seals personal data.
    pub key_file: PathBuf,
    pub listen: SocketAddr,
    /// The shop's address as shoppers see it; none before the port is known.
    pub public_url: Option<PublicUrl>,
    /// Copy a SQLite file with rows in it before it is migrated.
    pub backup_before_migrating: bool,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    pub smtp: Option<String>,
    /// The address that mails come from.
    pub mail_from: Option<String>,
    pub gateway_url: Option<String>,
    pub gateway_secret: Option<String>,
    pub gateway_webhook_secret: Option<String>,
    /// Fill an empty database, and stand in for gateway and mail.
    pub demo: bool,
    /// Folder of the pages' files.
    pub site_dir: Option<PathBuf>,
    /// Memory for rendered pages; 0 caches none.
    pub page_cache_bytes: u64,
    pub max_connections: u32,
    /// How long it is not ready, but still takes connections, before it ends.
    pub drain: Duration,
    /// Sign-in attempts a minute.
    pub limit_sign_in: u32,
    /// Checkouts a minute from one client address; 0 for no limit.
    pub limit_checkout: u32,
    /// Questions to the card gateway a minute.
    pub limit_payment: u32,
    /// Changes of carts a minute.
    pub limit_cart: u32,
    /// Searches and offers of delivery a minute.
    pub limit_search: u32,
    /// API requests a minute.
    pub limit_api: u32,
    pub log_format: LogFormat,
    /// The filter of log lines.
    pub log: String,
}

impl Config {
    /// The file, when the database is SQLite.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        sqlite_file(&self.database)
    }

    /// Reads an address of files as `files` has it.
    ///
    /// # Errors
    /// What to write instead, or which setting of the bucket is missing.
    pub fn files_at(&self, address: &str) -> Result<FilesAddress, String> {
        let found = FilesAddress::parse(address, &self.data_dir.join("files"), &self.bucket_access);
        let found = found.ok_or_else(|| format!("“{address}”: {}", check::FILES_FORM))?;
        match check::missing_for(&found) {
            None => Ok(found),
            Some((key, reason)) => Err(format!("{key}: {reason}")),
        }
    }

    /// Whether this is a demonstration that only this machine reaches. Only then may its accounts sign in, because their passwords are
    /// printed.
    #[must_use]
    pub fn demo_is_private(&self) -> bool {
        self.demo && self.others_reach_it().is_none()
    }

    /// Where others than this machine reach the shop, as far as the configuration shows.
    #[must_use]
    pub fn others_reach_it(&self) -> Option<String> {
        match &self.public_url {
            Some(url) if url.is_https() || !is_this_machine(url.as_str()) => Some(url.to_string()),
            _ if !self.listen.ip().to_canonical().is_loopback() => Some(self.listen.to_string()),
            _ if !self.trusted_proxies.is_empty() => Some("a proxy (trusted-proxies)".to_owned()),
            _ => None,
        }
    }

    /// The database's address without its password.
    #[must_use]
    pub fn shown_database(&self) -> String {
        without_password(&self.database)
    }
}

/// Whether the address is one of this machine, as the sandbox gateway's is.
pub fn is_this_machine(address: &str) -> bool {
    let url = Url::parse(address).ok();
    url.as_ref().and_then(Url::host).is_some_and(|host| match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    })
}

fn sqlite_file(database: &str) -> Option<PathBuf> {
    let rest = database.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    Some(PathBuf::from(path.split('?').next().unwrap_or(path)))
}

/// An address that can be shown. One that cannot be read is not shown, as a password may be anywhere in it.
fn without_password(database: &str) -> String {
    let Some((scheme, _)) = database.split_once("://").filter(|(scheme, _)| *scheme != "sqlite") else { return database.to_owned() };
    let Ok(mut url) = Url::parse(database) else { return format!("{scheme}://(hidden)") };
    if url.query_pairs().any(|(name, _)| name == "password") {
        url.set_query(None);
    }
    // Fails where there can be no password.
    let _ = url.set_password(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::sources::Origin;
    use super::*;
    use std::collections::BTreeMap;
    use std::net::IpAddr;

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
        let settings = Sources::gather(&flags, &variables, Some(&file)).unwrap();
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
        let error = Sources::gather(&flags, &none, None).unwrap().check().unwrap_err().to_string();
        assert!(error.contains("listen") && error.contains("flag") && error.contains("127.0.0.1:3000"), "{error}");
    }

    #[test]
    fn mails_come_from_an_address_or_the_start_is_refused() {
        let check = |text: &str| Sources::gather(&BTreeMap::from([("mail-from", text.to_owned())]), &none, None).unwrap().check();
        assert_eq!(check("orders@Shop.example").unwrap().mail_from.as_deref(), Some("orders@shop.example"));
        assert_eq!(check("").unwrap().mail_from, None);
        let error = check("Shop <orders@shop.example>").unwrap_err().to_string();
        assert!(error.contains("mail-from") && error.contains("e-mail address"), "{error}");
    }

    #[test]
    fn secrets_and_passwords_are_not_shown() {
        let flags = BTreeMap::from([("gateway-secret", "sk_live".to_owned()), ("database", "postgres://ana:geheim@db/shop".to_owned())]);
        let settings = Sources::gather(&flags, &none, None).unwrap();
        let shown: String = settings.shown().map(|(_, value, _)| value).collect();
        assert!(!shown.contains("sk_live") && !shown.contains("geheim") && shown.contains("postgres://ana@db/shop"));
        for address in ["postgres://ana@db/shop?password=geheim", "postgres://ana:geheim@db:port/shop"] {
            assert!(!without_password(address).contains("geheim"), "{address}");
        }
    }

    #[test]
    fn a_demonstration_is_private_on_this_machine_alone() {
        let private = |flags: &[(&'static str, &str)]| {
            let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            Sources::gather(&flags, &none, None).unwrap().check().unwrap().demo_is_private()
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
    fn a_gateway_elsewhere_is_not_taken_for_the_sandbox() {
        for local in ["http://127.0.0.1:4242", "http://localhost:4242/", "http://[::1]:4242"] {
            assert!(is_this_machine(local), "{local}");
        }
        for elsewhere in ["https://api.stripe.com", "https://pay.example:8443/x", "http://10.0.0.1"] {
            assert!(!is_this_machine(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn networks_contain_their_members_only() {
        let ten = check::network("10.0.0.0/8").unwrap();
        assert!(ten.contains(&IpAddr::from([10, 9, 8, 7])) && !ten.contains(&IpAddr::from([11, 0, 0, 1])));
        assert!(check::network("0.0.0.0/0").unwrap().contains(&IpAddr::from([1, 2, 3, 4])));
        assert!(check::network("::1").unwrap().contains(&"::1".parse::<IpAddr>().unwrap()));
        assert!(check::network("10.0.0.0/33").is_none());
    }

    #[test]
    fn every_key_is_documented() {
        let page = include_str!("../../../docs/configuration.md");
        for key in KEYS {
            assert!(page.contains(&format!("`{}`", key.name)), "docs/configuration.md lacks {}", key.name);
            assert!(page.contains(&key.variable()), "docs/configuration.md lacks {}", key.variable());
        }
    }

    #[test]
    fn a_data_folder_is_beside_its_sqlite_file() {
        let flags = BTreeMap::from([("database", "sqlite:data/shop.db".to_owned())]);
        let config = Sources::gather(&flags, &none, None).unwrap().check().unwrap();
        assert_eq!((config.data_dir, config.key_file), (PathBuf::from("data"), PathBuf::from("data/tindahan.key")));
    }
}
