//! The command line: `tindahan COMMAND`.

mod admin;
mod backup;
mod data;
mod doctor;
mod files;
mod progress;
mod sandbox;
mod serve;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use backend::catalog::import::{ImportOptions, Pictures};
use backend::{GatewayConfig, PublicUrl, Shop, ShopConfig};
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use crate::config::{Config, KEYS, Key, Sources};
use crate::logs;

/// A complete shop: storefront, admin, HTTP API, stock, orders and books in one program.
#[derive(Debug, Parser)]
#[command(
    name = "tindahan",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  tindahan serve --demo                              a demonstration shop on http://127.0.0.1:3000
  tindahan serve --listen 0.0.0.0:8080 --public-url https://shop.example
  tindahan serve --database postgres://tindahan@db/shop
  tindahan config                                    every setting, its value and where it comes from

Every setting can also be a variable (TINDAHAN_LISTEN for --listen) or a line of tindahan.toml. See docs/configuration.md."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    settings: Flags,
}

/// The settings as flags, one for each of [`KEYS`].
#[derive(Debug)]
struct Flags {
    file: Option<PathBuf>,
    values: BTreeMap<&'static str, String>,
}

/// The name of the flag that names the configuration file.
const FILE_FLAG: &str = "config";

fn flag_keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(|key| !key.help.is_empty())
}

impl Args for Flags {
    fn augment_args(command: clap::Command) -> clap::Command {
        let flag = |name: &'static str, form: &'static str, help: String| {
            Arg::new(name).long(name).value_name(form).help(help).global(true).help_heading("Settings")
        };
        let file = flag(FILE_FLAG, "FILE", "The configuration file [default: tindahan.toml, when it is there]".to_owned());
        let settings = flag_keys().map(|key| {
            let help = if key.default.is_empty() { key.help.to_owned() } else { format!("{} [default: {}]", key.help, key.default) };
            flag(key.name, key.form, help).hide_short_help(key.is_advanced)
        });
        command.arg(file.value_parser(clap::value_parser!(PathBuf))).args(settings)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let values = flag_keys().filter_map(|key| Some((key.name, matches.get_one::<String>(key.name)?.clone()))).collect();
        Ok(Self { file: matches.get_one(FILE_FLAG).cloned(), values })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the shop
    #[command(after_help = "\
Examples:
  tindahan serve
  tindahan serve --demo
  tindahan serve --demo --without-past           on its first day, nothing sold yet
  tindahan serve --listen 0.0.0.0:3000 --public-url https://shop.example --trusted-proxies 10.0.0.0/8")]
    Serve {
        /// Fill an empty database with the demonstration shop and three months of orders, and stand in for card gateway and mail server
        #[arg(long)]
        demo: bool,
        /// Fill it with goods alone: a demonstration shop on its first day
        #[arg(long)]
        without_past: bool,
    },
    /// Bring the database's schema up to date (serve does so too)
    #[command(after_help = "Example:\n  tindahan migrate --database postgres://tindahan@db/shop")]
    Migrate,
    /// Fill the database with the demonstration shop
    #[command(after_help = "\
Examples:
  tindahan seed
  tindahan seed --products 10000 --seed 7        the same seed always gives the same shop")]
    Seed {
        /// How many products; the demonstration shop's own without it
        #[arg(long, value_name = "N")]
        products: Option<usize>,
        /// Number from which the shop is made: the same number always gives the same shop
        #[arg(long, value_name = "S", default_value_t = 1)]
        seed: u64,
    },
    /// Read products from Shopify's product CSV
    #[command(after_help = "\
Examples:
  tindahan import products.csv --preview
  tindahan import products.csv
  tindahan import products.csv --pictures photos/ --decimals comma

What a file does not say stays as it is, and a second run changes nothing. Rows that are not taken are listed with line, column and
reason; then it ends with 1.")]
    Import {
        /// CSV file to read
        file: PathBuf,
        /// A folder with the pictures that the file names
        #[arg(long, value_name = "DIR", conflicts_with = "without_pictures")]
        pictures: Option<PathBuf>,
        /// Leave all pictures as they are
        #[arg(long)]
        without_pictures: bool,
        /// The sign before the decimals, for a file with numbers such as 1.290 or 4,20
        #[arg(long, value_name = "SIGN")]
        decimals: Option<data::Decimals>,
        /// Say what would be done, and do nothing
        #[arg(long)]
        preview: bool,
    },
    /// Write all products into a CSV file that `import` reads again
    #[command(after_help = "\
Examples:
  tindahan export products.csv
  tindahan export products.csv --pictures photos/       with the pictures as they were uploaded

A shop that reads the file gets the same products; this one finds nothing to change.")]
    Export {
        /// CSV file to write
        file: PathBuf,
        /// A folder for the pictures; without it the file names their addresses
        #[arg(long, value_name = "DIR")]
        pictures: Option<PathBuf>,
    },
    /// Look after staff accounts and API keys
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Prove that stock, money and events agree; ends with 1 on any failure
    #[command(after_help = "Example:\n  tindahan audit --database sqlite:shop.db")]
    Audit,
    /// Copy a SQLite shop into a file, while it serves
    #[command(after_help = "\
Example:
  tindahan backup shop-2026-11-24.db

The copy is whole at one moment. Keep the key file and the data folder's files beside it: see docs/operations.md.
For Postgres it says which pg_dump to run.")]
    Backup {
        /// File to write; it must not exist
        file: PathBuf,
    },
    /// Put a copy in the place of a SQLite shop that is not being served
    #[command(after_help = "Example:\n  tindahan restore shop-2026-11-24.db --database sqlite:shop.db")]
    Restore {
        /// Copy that `backup` wrote
        file: PathBuf,
    },
    /// Look after pictures, wherever they are kept
    Files {
        #[command(subcommand)]
        command: FilesCommand,
    },
    /// Look for what would keep the shop from running well
    Doctor,
    /// Show every setting, its value and where it comes from
    Config,
    /// Write completions for a shell
    #[command(after_help = "Example:\n  tindahan completions bash > /etc/bash_completion.d/tindahan")]
    Completions {
        /// Shell to complete for
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Make a staff account
    #[command(after_help = "\
Examples:
  tindahan admin create --email ana@shop.example --name \"Ana Reyes\" --role owner
  echo \"$PASSWORD\" | tindahan admin create --email ben@shop.example --name \"Ben Cruz\" --role clerk

The password is asked for on a terminal, and read from standard input elsewhere.")]
    Create {
        /// E-mail address to sign in with
        #[arg(long)]
        email: String,
        /// Name of the person, as other staff see it
        #[arg(long)]
        name: String,
        /// owner, manager or clerk
        #[arg(long, default_value = "owner")]
        role: String,
    },
    /// Let somebody in who is locked out: print a link that sets a new password, and take their second factor away
    #[command(after_help = "Example:\n  tindahan admin reset --email owner@example.com")]
    Reset {
        #[arg(long)]
        email: String,
    },
    /// Make a key of the HTTP API, and show it once
    #[command(after_help = "Example:\n  tindahan admin key --name \"Warehouse\" --scope read_orders --scope read_stock")]
    Key {
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it may do, again for each scope
        #[arg(long = "scope", required = true, value_name = "SCOPE")]
        scopes: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
enum FilesCommand {
    /// Copy all files from one place to another; what is there already stays
    #[command(after_help = "\
Examples:
  tindahan files copy --from folder --to s3://my-shop/files
  tindahan files copy --from s3://my-shop/files --to folder:backups/files --compare

An address is written as the setting `files` is; the settings files-* say how buckets are reached. It can run while the shop is
served, be stopped, and be run again. Files that are damaged are named and left out; then it ends with 1.")]
    Copy {
        /// Where the files are
        #[arg(long, value_name = "ADDRESS")]
        from: String,
        /// Where they are to be as well
        #[arg(long, value_name = "ADDRESS")]
        to: String,
        /// Read what is there already and compare it, rather than its size alone
        #[arg(long)]
        compare: bool,
    },
}

/// Runs the command line.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match command(cli) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("tindahan: {message}");
            ExitCode::FAILURE
        }
    }
}

fn command(cli: Cli) -> Result<ExitCode, String> {
    let mut flags = cli.settings.values.clone();
    match &cli.command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "tindahan", &mut script);
            print(&script)?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Serve { demo: true, .. } => drop(flags.insert("demo", "true".to_owned())),
        _ => {}
    }
    let settings =
        Sources::gather(&flags, &|name| std::env::var(name).ok(), cli.settings.file.as_deref()).map_err(|error| error.to_string())?;
    if matches!(cli.command, Command::Config) {
        print(settings_table(&settings).as_bytes())?;
        return settings.check().map(|_| ExitCode::SUCCESS).map_err(|error| error.to_string());
    }
    let config = settings.check().map_err(|error| error.to_string())?;
    let filter = if matches!(cli.command, Command::Serve { .. }) { config.log.as_str() } else { "warn,platform::db::copy=info" };
    logs::start(config.log_format, filter)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| format!("cannot begin: {error}"))?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve { without_past, .. } => serve::run(config, !without_past).await,
            Command::Migrate => data::migrate(&config).await,
            Command::Seed { products, seed } => data::seed(&config, products, seed).await,
            Command::Import { file, pictures, without_pictures, decimals, preview } => {
                let pictures = match pictures.as_deref() {
                    _ if without_pictures => Pictures::LeaveOut,
                    Some(folder) => Pictures::Folder(folder),
                    None => Pictures::Fetch,
                };
                let decimals = decimals.map(data::Decimals::mark);
                let options = ImportOptions { pictures, decimals, preview, ..ImportOptions::default() };
                data::import(&config, &file, &options).await
            }
            Command::Export { file, pictures } => data::export(&config, &file, pictures.as_deref()).await,
            Command::Audit => data::audit(&config).await,
            Command::Admin { command: AdminCommand::Key { name, scopes } } => admin::key(&config, &name, &scopes).await,
            Command::Admin { command: AdminCommand::Reset { email } } => admin::reset(&config, &email).await,
            Command::Admin { command: AdminCommand::Create { email, name, role } } => admin::create(&config, &email, &name, &role).await,
            Command::Backup { file } => backup::backup(&config, &file).await,
            Command::Restore { file } => backup::restore(&config, &file).await,
            Command::Files { command: FilesCommand::Copy { from, to, compare } } => files::copy(&config, &from, &to, compare).await,
            Command::Doctor => doctor::run(&config).await,
            Command::Config | Command::Completions { .. } => Ok(ExitCode::SUCCESS),
        }
    })
}

/// Prints a text as it is. Whoever reads it may have had enough of it, as `head` does.
fn print(text: &[u8]) -> Result<(), String> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(format!("cannot print: {error}")),
        _ => Ok(()),
    }
}

fn settings_table(settings: &Sources) -> String {
    let rows: Vec<_> = settings
        .shown()
        .map(|(name, value, origin)| (name, if value.is_empty() { "-".to_owned() } else { value }, origin.to_string()))
        .collect();
    let width = |column: fn(&(&str, String, String)) -> usize| rows.iter().map(column).max().unwrap_or_default();
    let (names, values) = (width(|row| row.0.len()), width(|row| row.1.chars().count()));
    debug_assert_eq!(rows.len(), KEYS.len());
    rows.iter().map(|(name, value, origin)| format!("{name:names$}  {value:values$}  {origin}\n")).collect()
}

async fn open(config: &Config) -> Result<Shop, String> {
    open_shop(shop_config(config, None)).await
}

/// Opens a shop with what it needs from outside.
async fn open_shop(config: ShopConfig) -> Result<Shop, String> {
    let adapters = adapters::open(&config).map_err(|error| error.to_string())?;
    Shop::open(config, adapters).await.map_err(|error| error.to_string())
}

/// Opens an existing shop for a command that changes nothing, also while it is served.
async fn open_to_read(config: &Config) -> Result<Shop, String> {
    let config = shop_config(config, None);
    let adapters = adapters::open(&config).map_err(|error| error.to_string())?;
    Shop::open_to_read(config, adapters).await.map_err(|error| error.to_string())
}

/// The backend's configuration. `public_url` is taken when the configuration names none.
fn shop_config(config: &Config, public_url: Option<PublicUrl>) -> ShopConfig {
    let public_url = config.public_url.clone().or(public_url).unwrap_or_else(|| web_address(config.listen));
    let mut shop = ShopConfig::new(config.database.clone(), config.data_dir.clone(), public_url);
    shop.key_file = Some(config.key_file.clone());
    shop.files.clone_from(&config.files);
    shop.demo_accounts = config.demo_is_private();
    shop.backup_before_migrating = config.backup_before_migrating;
    shop.smtp.clone_from(&config.smtp);
    shop.mail_from.clone_from(&config.mail_from);
    shop.gateway = config.gateway_url.as_ref().map(|url| GatewayConfig {
        url: url.clone(),
        secret_key: config.gateway_secret.clone().unwrap_or_default(),
        webhook_secret: config.gateway_webhook_secret.clone().unwrap_or_default(),
        pay_page: format!("{url}/pay/{{intent}}"),
    });
    shop
}

/// The shop's address where none is configured.
fn web_address(served_on: SocketAddr) -> PublicUrl {
    format!("http://{served_on}").as_str().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_definition_is_valid() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_setting_has_a_flag_that_counts() {
        for key in KEYS.iter().filter(|key| key.name != "demo") {
            let cli = Cli::try_parse_from(["tindahan", &format!("--{}", key.name), "1", "doctor"]).unwrap();
            assert_eq!(cli.settings.values.get(key.name).map(String::as_str), Some("1"), "--{}", key.name);
        }
    }
}
