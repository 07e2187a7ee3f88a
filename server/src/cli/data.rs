//! Commands about what is in the database: `migrate`, `seed`, `import`, `audit`.

use std::path::Path;
use std::process::ExitCode;

use backend::Shop;
use backend::platform::db::Db;

use super::open;
use super::progress::Progress;
use crate::config::Config;

/// How somebody signs in to the admin of the demonstration shop.
pub struct SignIn {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// Brings the schema up to date.
pub async fn migrate(config: &Config) -> Result<ExitCode, String> {
    let db = Db::open(&config.database).await.map_err(|error| error.to_string())?;
    let ran = db.migrate().await;
    db.close().await;
    let ran = ran.map_err(|error| error.to_string())?;
    match ran.as_slice() {
        [] => println!("{} is up to date", config.shown_database()),
        names => println!("{}: {}", config.shown_database(), names.join(", ")),
    }
    Ok(ExitCode::SUCCESS)
}

/// Fills the database.
pub async fn seed(config: &Config, products: Option<usize>, seed: u64) -> Result<ExitCode, String> {
    let shop = open(config).await?;
    let done = fill(&shop, products, seed).await;
    shop.close().await;
    println!("{}", done?);
    Ok(ExitCode::SUCCESS)
}

async fn fill(shop: &Shop, products: Option<usize>, seed: u64) -> Result<String, String> {
    let progress = Progress::new("Filling the shop");
    let report = backend::seed::seed(shop, products, seed, &|done, all| progress.step(done, all)).await;
    progress.end();
    report.map(|report| report.to_string()).map_err(|error| error.to_string())
}

/// Fills an empty database with the demonstration shop, and gives the sign-in of its owner.
pub async fn fill_when_empty(shop: &Shop) -> Result<Option<SignIn>, String> {
    let any: Option<(i64,)> =
        shop.db().fetch_optional("select cast(1 as bigint) from products limit 1", &[]).await.map_err(|error| error.to_string())?;
    if any.is_none() {
        eprintln!("The database is empty: filling it with the demonstration shop, once.");
        eprintln!("{}", fill(shop, None, 1).await?);
    }
    Ok(Some(SignIn { email: backend::seed::OWNER_EMAIL.to_owned(), password: backend::seed::PASSWORD.to_owned() }))
}

/// Reads products from a file.
pub async fn import(config: &Config, file: &Path, pictures: Option<&Path>) -> Result<ExitCode, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let shop = open(config).await?;
    let context = shop.system();
    let progress = Progress::new("Importing");
    let report = backend::catalog::import::import_csv(&shop, &context, &bytes, pictures, &|done, all| progress.step(done, all)).await;
    progress.end();
    shop.close().await;
    let report = report.map_err(|error| error.to_string())?;
    for problem in &report.problems {
        eprintln!("{}:{}: {}: {}", file.display(), problem.line, problem.column, problem.reason);
    }
    println!(
        "{} rows: {} products created, {} updated, {} unchanged, {} rows left out",
        report.rows,
        report.created,
        report.updated,
        report.unchanged,
        report.problems.len()
    );
    Ok(if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Proves that everything agrees.
pub async fn audit(config: &Config) -> Result<ExitCode, String> {
    let shop = open(config).await?;
    let progress = Progress::new("Auditing");
    let checks = backend::audit::run(&shop, &|done, all| progress.step(done, all)).await;
    progress.end();
    shop.close().await;
    let checks = checks.map_err(|error| error.to_string())?;
    let wide = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
    let mut failures = 0;
    for check in &checks {
        let verdict = if check.failures.is_empty() { "ok".to_owned() } else { format!("{} FAILED", check.failures.len()) };
        println!("{:wide$}  {:>9}  {verdict}", check.name, check.count);
        for failure in &check.failures {
            println!("    {failure}");
        }
        failures += check.failures.len();
    }
    println!(
        "{}",
        if failures == 0 { format!("{} checks, all agree", checks.len()) } else { format!("{} checks, {failures} failures", checks.len()) }
    );
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
