//! [`KEYS`], the list of everything that can be set.

#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As in the file, and with `--` as a flag.
    pub name: &'static str,
    /// Its default; empty for none.
    pub default: &'static str,
    /// Is its value left out of `tindahan config` and of the log?
    pub is_secret: bool,
    /// The form of a value, as the flag's help names it.
    pub form: &'static str,
    /// The flag's help. The default is appended, unless the text has it.
    pub help: &'static str,
    /// Left out of `-h`; `--help` shows it.
    pub is_advanced: bool,
}

const fn key(name: &'static str, default: &'static str, form: &'static str, help: &'static str) -> Key {
    Key { name, default, is_secret: false, form, help, is_advanced: false }
}

impl Key {
    const fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    const fn advanced(mut self) -> Self {
        self.is_advanced = true;
        self
    }

    /// The name of its environment variable: `TINDAHAN_DATA_DIR` for `data-dir`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("TINDAHAN_{}", self.name.replace('-', "_").to_uppercase())
    }
}

/// Everything that can be set, in the order in which it is shown. `docs/configuration.md` describes each.
pub const KEYS: &[Key] = &[
    key("database", "sqlite:shop.db", "URL", "Where the shop is kept: sqlite:FILE or postgres://USER@HOST/NAME"),
    key("data-dir", "", "FOLDER", "Folder of the search index and, at first, of pictures [default: beside the SQLite file]"),
    key("files", "folder", "ADDRESS", "Where pictures are kept: folder (files in the data folder), folder:PATH, or s3://BUCKET/PREFIX"),
    key("files-endpoint", "", "URL", "The address of the service of buckets [default: Amazon's own]").advanced(),
    key("files-region", "", "REGION", "The bucket's region [default with files-endpoint: us-east-1]").advanced(),
    key("files-access-key", "", "KEY", "The access key of the bucket").advanced(),
    key("files-secret-key", "", "KEY", "The secret key of the bucket (better as a variable: flags are seen by others on the machine)")
        .secret()
        .advanced(),
    key("files-path-style", "true", "BOOL", "Whether the bucket's name is part of the path, and not of the host's name").advanced(),
    key("files-cache-mb", "32", "MB", "Memory for pictures from a bucket, megabytes; 0 asks the bucket each time").advanced(),
    key("key-file", "", "FILE", "The key that seals personal data [default: tindahan.key in the data folder]"),
    key("backup-before-migrating", "true", "BOOL", "Copy a SQLite file before a new release changes its schema").advanced(),
    key("listen", "127.0.0.1:3000", "ADDRESS", "Address and port to serve on"),
    key("public-url", "", "URL", "The shop's address as shoppers see it"),
    key("trusted-proxies", "", "NETWORKS", "Proxies whose X-Forwarded-For counts, separated by commas").advanced(),
    key("smtp", "", "URL", "Mail server: smtp://HOST:PORT").secret(),
    key("mail-from", "", "ADDRESS", "The address that mails come from [default: the shop's contact address]").advanced(),
    key("gateway-url", "", "URL", "The card gateway's address").advanced(),
    key("gateway-secret", "", "KEY", "The card gateway's secret key (better as a variable: flags are seen by others on the machine)")
        .secret()
        .advanced(),
    key("gateway-webhook-secret", "", "SECRET", "What the card gateway signs its webhooks with").secret().advanced(),
    // Its flag belongs to the command `serve`.
    key("demo", "false", "", ""),
    key("site-dir", "", "FOLDER", "Folder of the pages' scripts, styles and files").advanced(),
    key("page-cache-mb", "64", "MB", "Memory for rendered pages, megabytes; 0 renders each page afresh").advanced(),
    key("max-connections", "2000", "N", "Connections at the same time; more wait until one ends or rests").advanced(),
    key("drain-seconds", "5", "SECONDS", "How long /health/ready fails before no more connections are taken, when asked to end by SIGTERM")
        .advanced(),
    key(
        "limit-sign-in",
        "30",
        "N",
        "Attempts to sign in or up, to find an order or to ask for a mail, a minute and client address; 0 for no limit",
    )
    .advanced(),
    key("limit-checkout", "60", "N", "Checkouts a minute and client address; 0 for no limit").advanced(),
    key("limit-payment", "60", "N", "Looks at card payments a minute and client address; 0 for no limit").advanced(),
    key("limit-cart", "600", "N", "Changes of carts a minute and client address; 0 for no limit").advanced(),
    key("limit-search", "600", "N", "Searches and offers of delivery a minute and client address; 0 for no limit").advanced(),
    key("limit-api", "1200", "N", "API requests a minute and client address; 0 for no limit").advanced(),
    key("log-format", "auto", "FORMAT", "text, json or auto").advanced(),
    key("log", "info", "FILTER", "What is logged: error, warn, info, debug, or a filter").advanced(),
];
