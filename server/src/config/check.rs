//! Reads each value in its form.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use backend::PublicUrl;
use backend::platform::files::{Access, FilesAddress};
use ipnet::IpNet;
use url::Url;

use super::sources::{ConfigError, Sources};
use super::{Config, LogFormat, sqlite_file};

impl Sources {
    /// # Errors
    /// The first value of a wrong form, with its origin.
    pub fn check(&self) -> Result<Config, ConfigError> {
        let database = self.checked("database", "write sqlite:FILE or postgres://USER@HOST/NAME", |v| {
            let is_supported =
                ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| v.len() > scheme.len() && v.starts_with(scheme));
            is_supported.then(|| v.to_owned())
        })?;
        let data_dir = self.text("data-dir").map_or_else(|| folder_of(&database), PathBuf::from);
        let key_file = self.text("key-file").map_or_else(|| data_dir.join("tindahan.key"), PathBuf::from);
        let address = |name: &str| self.address(name);
        let count = |name: &str| self.count(name);
        let flag = |name: &str| self.flag(name);
        let mail = |v: &str| (v.is_empty() || v.starts_with("smtp://") || v.starts_with("smtps://")).then_some(());
        self.checked("smtp", "write smtp://HOST:PORT", mail)?;
        let bucket_access = self.bucket_access()?;
        let files = self.checked("files", FILES_FORM, |v| FilesAddress::parse(v, &data_dir.join("files"), &bucket_access))?;
        if let Some((key, reason)) = missing_for(&files) {
            return Err(self.wrong(key, reason));
        }
        let config = Config {
            files,
            bucket_access,
            listen: self.checked("listen", "write an address and a port, such as 127.0.0.1:3000", |v| v.parse().ok())?,
            public_url: address("public-url")?.as_deref().map(PublicUrl::from),
            trusted_proxies: self.checked(
                "trusted-proxies",
                "write addresses or networks, such as 10.0.0.0/8, separated by commas",
                |v| v.split(',').map(str::trim).filter(|part| !part.is_empty()).map(network).collect(),
            )?,
            smtp: self.text("smtp"),
            mail_from: match self.raw("mail-from") {
                "" => None,
                _ => self.checked("mail-from", "write an e-mail address, such as orders@shop.example", domain::email::email).map(Some)?,
            },
            gateway_url: address("gateway-url")?,
            gateway_secret: self.text("gateway-secret"),
            gateway_webhook_secret: self.text("gateway-webhook-secret"),
            demo: flag("demo")?,
            backup_before_migrating: flag("backup-before-migrating")?,
            site_dir: self.text("site-dir").map(PathBuf::from),
            page_cache_bytes: u64::from(count("page-cache-mb")?) * 1_048_576,
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
            log_format: self.log_format()?,
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

    fn log_format(&self) -> Result<LogFormat, ConfigError> {
        self.checked("log-format", "write text, json or auto", |v| match v {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            "auto" | "" => Some(if std::io::IsTerminal::is_terminal(&std::io::stderr()) { LogFormat::Text } else { LogFormat::Json }),
            _ => None,
        })
    }

    /// A web address, or none.
    fn address(&self, name: &str) -> Result<Option<String>, ConfigError> {
        match self.raw(name) {
            "" => Ok(None),
            _ => self.checked(name, "write an address that begins with http:// or https://", web_address).map(Some),
        }
    }

    fn count(&self, name: &str) -> Result<u32, ConfigError> {
        self.checked(name, "write a whole number from 0 to 1000000", |v| v.parse().ok().filter(|n: &u32| *n <= 1_000_000))
    }

    fn flag(&self, name: &str) -> Result<bool, ConfigError> {
        self.checked(name, "write true or false", |v| match v {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" | "" => Some(false),
            _ => None,
        })
    }

    /// How buckets are reached, also when files are in a folder: they may be copied into one.
    fn bucket_access(&self) -> Result<Access, ConfigError> {
        let word = |name: &str, reason: &str| self.checked(name, reason, |v| v.bytes().all(|b| b.is_ascii_graphic()).then(|| v.to_owned()));
        let endpoint = match self.address("files-endpoint")? {
            // The bucket's name is set before the host's or behind the address.
            Some(url) if url.contains(['?', '#', '@']) => {
                return Err(self.wrong("files-endpoint", "write the service's address alone, such as https://s3.example"));
            }
            endpoint => endpoint,
        };
        let region = word("files-region", "write the bucket's region, such as ap-southeast-1")?;
        let region = if region.is_empty() && endpoint.is_some() { "us-east-1".to_owned() } else { region };
        Ok(Access {
            endpoint,
            region,
            access_key: word("files-access-key", "write the access key as the service gave it")?,
            secret_key: word("files-secret-key", "write the secret key as the service gave it")?,
            path_style: self.flag("files-path-style")?,
            cache_bytes: u64::from(self.count("files-cache-mb")?) * 1_048_576,
        })
    }
}

/// What to write for an address of files.
pub(super) const FILES_FORM: &str = "write folder, folder:PATH or s3://BUCKET/PREFIX";

/// The setting that these files need and that is not there, with what to write.
pub(super) fn missing_for(files: &FilesAddress) -> Option<(&'static str, &'static str)> {
    let FilesAddress::Bucket(bucket) = files else { return None };
    let access = &bucket.access;
    if access.access_key.is_empty() {
        return Some(("files-access-key", "a bucket needs its access key"));
    }
    if access.secret_key.is_empty() {
        return Some(("files-secret-key", "a bucket needs the secret key of its access key"));
    }
    access
        .region
        .is_empty()
        .then_some(("files-region", "a bucket of Amazon's needs its region, such as ap-southeast-1; another, files-endpoint"))
}

/// Reads `10.0.0.0/8`, or one address.
pub(super) fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse().map(|address: IpAddr| address.into()).ok())
}

/// An address of the web without a slash at its end.
fn web_address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.as_str().trim_end_matches('/').to_owned())
}

fn folder_of(database: &str) -> PathBuf {
    let folder = sqlite_file(database).and_then(|file| file.parent().map(Path::to_owned));
    match folder {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => PathBuf::from("."),
    }
}
