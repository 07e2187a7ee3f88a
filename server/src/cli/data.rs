//! Commands on the data: `migrate`, `seed`, `import`, `export`, `audit`.

use std::path::Path;
use std::process::ExitCode;

use backend::Shop;
use backend::catalog::import::{self, ImportOptions};
use backend::catalog::{CatalogError, ProductExport};
use backend::platform::db::{Backup, Db};
use backend::seed::{SeedError, SeedReport};
use clap::ValueEnum;
use domain::number_input::DecimalMark;
use domain::view::ImportReport;

use super::progress::Progress;
use super::{open, open_to_read};
use crate::config::Config;

/// The sign-in of the demonstration shop's owner.
pub struct SignIn {
    pub email: String,
    pub password: String,
}

pub async fn migrate(config: &Config) -> Result<ExitCode, String> {
    let db = Db::open(&config.database).await.map_err(|error| error.to_string())?;
    let backup = if config.backup_before_migrating { Backup::Make } else { Backup::Skip };
    let migrated = db.migrate(&backend::SCHEMA, backup).await;
    db.close().await;
    let migrated = migrated.map_err(|error| error.to_string())?;
    match migrated.ran.as_slice() {
        [] => println!("{} is up to date", config.shown_database()),
        names => println!("{}: {}", config.shown_database(), names.join(", ")),
    }
    if let Some(copy) = migrated.backup {
        println!("As it was before: {}", copy.display());
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn seed(config: &Config, products: Option<usize>, seed: u64) -> Result<ExitCode, String> {
    let shop = open(config).await?;
    let report =
        with_setup_lock(&shop, async || filled(async |progress| backend::seed::seed(&shop, products, seed, progress).await).await).await;
    shop.close().await;
    println!("{}", report?);
    Ok(ExitCode::SUCCESS)
}

/// Does something while no other program that shares the database fills it.
async fn with_setup_lock<T>(shop: &Shop, work: impl AsyncFnOnce() -> Result<T, String>) -> Result<T, String> {
    let lock = shop.db().lock_for_setup().await.map_err(|error| error.to_string())?;
    let done = work().await;
    lock.end().await;
    done
}

/// Fills the shop and shows how far it is; returns what was written.
async fn filled(fill: impl AsyncFnOnce(&(dyn Fn(u64, u64) + Sync)) -> Result<SeedReport, SeedError>) -> Result<String, String> {
    let progress = Progress::new("Filling the shop");
    let report = fill(&|done, all| progress.step(done, all)).await;
    progress.end();
    report.map(|report| report.to_string()).map_err(|error| error.to_string())
}

/// Fills an empty database with the demonstration shop, `with_past` or without; when another program is doing so, waits until it is filled. Returns the owner's
/// sign-in while it works and has the printed password.
pub async fn fill_when_empty(shop: &Shop, with_past: bool) -> Result<Option<SignIn>, String> {
    with_setup_lock(shop, async || {
        if backend::seed::is_empty(shop).await.map_err(|error| error.to_string())? {
            eprintln!("The database is empty: filling it with the demonstration shop, once.");
            let report = if with_past {
                filled(async |progress| backend::seed::seed_with_past(shop, progress).await).await?
            } else {
                filled(async |progress| backend::seed::seed(shop, None, 1, progress).await).await?
            };
            eprintln!("{report}");
        }
        Ok(())
    })
    .await?;
    // What was read before another program filled it.
    backend::caches::invalidate_all(shop);
    backend::settings::load(shop).await.map_err(|error| error.to_string())?;
    let email = backend::seed::OWNER_EMAIL;
    let has_printed_password = backend::identity::has_demo_password(shop, email).await.map_err(|error| error.to_string())?;
    Ok(has_printed_password.then(|| SignIn { email: email.to_owned(), password: backend::seed::PASSWORD.to_owned() }))
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Decimals {
    /// 1,234.50
    Point,
    /// 1.234,50
    Comma,
}

impl Decimals {
    pub const fn mark(self) -> DecimalMark {
        match self {
            Self::Point => DecimalMark::Point,
            Self::Comma => DecimalMark::Comma,
        }
    }
}

pub async fn import(config: &Config, file: &Path, options: &ImportOptions<'_>) -> Result<ExitCode, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    // A preview creates no database, and works while the shop is served.
    let shop = if options.preview { open_to_read(config).await? } else { open(config).await? };
    let context = shop.system();
    let progress = Progress::new(if options.preview { "Comparing" } else { "Importing" });
    let report = import::import_csv(&shop, &context, &bytes, options, &|done, all| progress.step(done, all)).await;
    progress.end();
    shop.close().await;
    let report = report.map_err(|error| match error {
        CatalogError::AmbiguousDecimalMark { .. } => format!("{error}: --decimals comma or --decimals point"),
        other => other.to_string(),
    })?;
    for problem in &report.problems {
        let kind = if problem.taken { "notice" } else { "left out" };
        let column = if problem.column.is_empty() { String::new() } else { format!("{}: ", problem.column) };
        eprintln!("{}:{}: {kind}: {column}{}", file.display(), problem.line, problem.reason);
    }
    if report.more_problems > 0 {
        eprintln!("{}: and {} more rows", file.display(), report.more_problems);
    }
    if options.preview {
        for product in &report.products {
            let what = if product.created { "new".to_owned() } else { product.changes.join("; ") };
            println!("line {}: {} ({}): {what}", product.line, product.title, product.handle);
        }
        let more = (report.created + report.updated).saturating_sub(report.products.len() as u64);
        if more > 0 {
            println!("and {more} more products");
        }
    }
    println!("{}", summary(&report));
    Ok(if report.left_out == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn summary(report: &ImportReport) -> String {
    let ImportReport { rows, created, updated, unchanged, left_out, pictures, .. } = report;
    if report.preview {
        format!(
            "{rows} rows: {created} products would be created, {updated} updated, {unchanged} left alone, {pictures} pictures fetched, \
             {left_out} rows left out; nothing was written"
        )
    } else {
        format!("{rows} rows: {created} products created, {updated} updated, {unchanged} unchanged, {left_out} rows left out")
    }
}

pub async fn export(config: &Config, file: &Path, pictures: Option<&Path>) -> Result<ExitCode, String> {
    let failed = |error: std::io::Error| format!("{} cannot be written: {error}", file.display());
    let shop = open_to_read(config).await?;
    let mut output = std::io::BufWriter::new(std::fs::File::create_new(file).map_err(failed)?);
    let written = async {
        let export = ProductExport::begin(&shop, &shop.system()).await?;
        export.write(&mut output, pictures).await
    };
    let written: Result<(), CatalogError> = written.await;
    shop.close().await;
    written.map_err(|error| {
        let _ = std::fs::remove_file(file);
        error.to_string()
    })?;
    println!("{}", file.display());
    Ok(ExitCode::SUCCESS)
}

/// Changes nothing, and may run while the shop is served.
pub async fn audit(config: &Config) -> Result<ExitCode, String> {
    let shop = open_to_read(config).await?;
    let mut checks = backend::audit::integrity(shop.db(), true).await;
    let progress = Progress::new("Auditing");
    let sums = backend::audit::run(&shop, &|done, all| progress.step(done, all)).await;
    progress.end();
    shop.close().await;
    let sums_error = sums.map(|sums| checks.extend(sums)).err();
    let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
    let mut failures = 0;
    for check in &checks {
        let verdict = if check.failures.is_empty() { "ok".to_owned() } else { format!("{} FAILED", check.failures.len()) };
        println!("{:width$}  {:>9}  {verdict}", check.name, check.count);
        for failure in &check.failures {
            println!("    {failure}");
        }
        failures += check.failures.len();
    }
    if let Some(error) = sums_error {
        println!("the other checks could not be made: {error}");
        failures += 1;
    }
    println!(
        "{}",
        if failures == 0 { format!("{} checks, all agree", checks.len()) } else { format!("{} checks, {failures} failures", checks.len()) }
    );
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
