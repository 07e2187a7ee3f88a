//! `tindahan doctor`: looks for problems of the installation, and prints the remedy of each.

use std::path::Path;
use std::process::ExitCode;

use backend::identity;
use backend::platform::db::{Db, DbError};
use backend::platform::files::FilesAddress;

use crate::config::{Config, is_this_machine};
use crate::http::site::Site;

/// A disk with less free space is nearly full.
const LOW_DISK_BYTES: u64 = 500 << 20;

enum Finding {
    Good(String),
    Note(String),
    Bad(String),
}

/// Prints all findings; the exit code is 1 when one is bad.
pub async fn run(config: &Config) -> Result<ExitCode, String> {
    let mut findings =
        vec![data_folder(&config.data_dir), key_file(&config.key_file), files(config).await, site(config), gateway(config), mail(config)];
    findings.extend(pay_page(config));
    findings.push(public_url(config));
    findings.extend(demonstration(config));
    findings.extend(database(config).await);
    let mut bad = 0;
    for finding in &findings {
        match finding {
            Finding::Good(text) => println!("ok    {text}"),
            Finding::Note(text) => println!("note  {text}"),
            Finding::Bad(text) => {
                println!("BAD   {text}");
                bad += 1;
            }
        }
    }
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn data_folder(folder: &Path) -> Finding {
    if !folder.exists() {
        return Finding::Note(format!("the data folder {} is made at the first start", folder.display()));
    }
    let probe = folder.join(".tindahan-probe");
    let written = std::fs::write(&probe, b"probe").and_then(|()| std::fs::remove_file(&probe));
    match (written, free_bytes(folder)) {
        (Err(error), _) => Finding::Bad(format!("the data folder {} cannot be written to: {error}", folder.display())),
        (Ok(()), Some(free)) if free < LOW_DISK_BYTES => {
            Finding::Bad(format!("the disk of {} has only {} MB left", folder.display(), free >> 20))
        }
        (Ok(()), _) => Finding::Good(format!("data folder {}", folder.display())),
    }
}

/// The free space for this folder, from `df`.
fn free_bytes(folder: &Path) -> Option<u64> {
    let output = std::process::Command::new("df").arg("-Pk").arg(folder).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

fn key_file(path: &Path) -> Finding {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::Note(format!("the key file {} is made at the first start; keep a copy of it away from the database", path.display()))
        }
        Err(error) => Finding::Bad(format!("the key file {} cannot be read: {error}", path.display())),
        // A new key is appended.
        Ok(metadata) if metadata.len() == 0 || metadata.len() % 32 != 0 => Finding::Bad(format!(
            "the key file {} must have 32 bytes, or 32 more for each change of keys; it has {}",
            path.display(),
            metadata.len()
        )),
        Ok(metadata) => {
            if readable_by_others(&metadata) {
                Finding::Bad(format!("the key file {0} can be read by others; run: chmod 600 {0}", path.display()))
            } else {
                Finding::Good(format!("key file {}", path.display()))
            }
        }
    }
}

#[cfg(unix)]
fn readable_by_others(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
}
#[cfg(not(unix))]
fn readable_by_others(_: &std::fs::Metadata) -> bool {
    false
}

/// Tries the files out with a small one, which is removed again.
async fn files(config: &Config) -> Finding {
    if let FilesAddress::Folder(folder) = &config.files
        && !folder.exists()
    {
        return Finding::Note(format!("the folder of pictures {} is made by the first picture", folder.display()));
    }
    let probed = match adapters::open_files(&config.files) {
        Err(error) => return Finding::Bad(error.to_string()),
        Ok(files) => files.probe().await,
    };
    match probed {
        Ok(()) => Finding::Good(format!("pictures in {}", config.files)),
        Err((what, error)) => Finding::Bad(format!("a file cannot be {what}: {error}")),
    }
}

fn site(config: &Config) -> Finding {
    let site = Site::find(config.site_dir.as_deref());
    if site.exists() {
        Finding::Good("the pages' scripts and styles are there".to_owned())
    } else {
        Finding::Bad(format!("the pages' scripts and styles are missing ({site:?}); build with `make build`, or set --site-dir"))
    }
}

fn gateway(config: &Config) -> Finding {
    match (&config.gateway_url, &config.gateway_webhook_secret) {
        (None, _) => Finding::Note("no card gateway is set: only cash on delivery is taken (with --demo a sandbox stands in)".to_owned()),
        (Some(_), None) => Finding::Bad("gateway-webhook-secret is not set: payments are noticed only when shoppers come back".to_owned()),
        (Some(url), Some(_)) => Finding::Good(format!("card gateway {url}")),
    }
}

/// Only the sandbox gateway has a card page of its own.
fn pay_page(config: &Config) -> Option<Finding> {
    let url = config.gateway_url.as_ref().filter(|url| !is_this_machine(url))?;
    Some(Finding::Note(format!(
        "shoppers pay on {url}/pay/…, which Stripe itself does not have: a live account needs a hosted page of your own there, see docs/payments.md"
    )))
}

fn mail(config: &Config) -> Finding {
    match &config.smtp {
        None => Finding::Note("no mail server is set: shoppers get no mail (with --demo a sink stands in)".to_owned()),
        Some(_) => Finding::Good("a mail server is set".to_owned()),
    }
}

fn public_url(config: &Config) -> Finding {
    match &config.public_url {
        Some(url) if url.is_https() => Finding::Good(format!("reached at {url}")),
        Some(url) => Finding::Note(format!("{url} is not https: passwords and addresses can be read on the way")),
        None => Finding::Note("public-url is not set: links in mails lead to the address served on".to_owned()),
    }
}

/// The simulators of a demonstration take test cards for money.
fn demonstration(config: &Config) -> Option<Finding> {
    let reached = config.others_reach_it().filter(|_| config.demo)?;
    Some(Finding::Bad(format!(
        "demo is on, though others reach the shop at {reached}: without a gateway of its own it takes made-up cards for money; switch demo off"
    )))
}

/// Checks the database, also while it is served. A missing one is not created.
async fn database(config: &Config) -> Vec<Finding> {
    let shown = config.shown_database();
    match Db::open_to_read(&config.database, &backend::SCHEMA).await {
        Err(DbError::Missing(_) | DbError::NoShop(_)) => {
            vec![Finding::Note(format!("there is no shop at {shown}; the first start makes it"))]
        }
        Err(DbError::Older(_)) => {
            vec![Finding::Note(format!("the schema of {shown} is of an older release; the next start brings it up to date"))]
        }
        Err(error @ DbError::Open { .. }) => {
            vec![Finding::Bad(format!("{error}; if the file is damaged, put back a backup: see docs/operations.md"))]
        }
        Err(error) => vec![Finding::Bad(error.to_string())],
        Ok(db) => {
            let findings = check_database(config, &db, &shown).await;
            db.close().await;
            findings
        }
    }
}

async fn check_database(config: &Config, db: &Db, shown: &str) -> Vec<Finding> {
    let count = async |sql: &'static str| db.fetch_scalar::<i64>(sql, &[]).await;
    let mut findings = vec![Finding::Good(format!("database {shown}"))];
    for check in backend::audit::integrity(db, false).await {
        if check.failures.is_empty() {
            findings.push(Finding::Good(check.name.clone()));
        }
        findings.extend(check.failures.into_iter().map(|failure| {
            if failure.starts_with(backend::audit::NOT_CHECKED) {
                Finding::Note(format!("{}: {failure}", check.name))
            } else {
                Finding::Bad(format!("{failure}; put back a backup: see docs/operations.md"))
            }
        }));
    }
    findings.push(match backend::settings::check_readable(db).await {
        Ok(()) => Finding::Good("the shop's settings can be read".to_owned()),
        Err(error) => Finding::Bad(error.to_string()),
    });
    findings.push(match identity::count_owners(db, config.demo_is_private()).await {
        Ok(0) => Finding::Bad("nobody may sign in as owner; run: tindahan admin create".to_owned()),
        Ok(n) => Finding::Good(format!("{n} owner{}", if n == 1 { "" } else { "s" })),
        Err(error) => Finding::Bad(error.to_string()),
    });
    findings.extend(demo_accounts(config, db).await);
    findings.push(match count("select count(*) from jobs where state = 'dead'").await {
        Ok(0) => Finding::Good("no work was given up".to_owned()),
        Ok(n) => Finding::Bad(format!("{n} pieces of timed work were given up; see /admin/settings/jobs")),
        Err(error) => Finding::Bad(error.to_string()),
    });
    findings
}

/// Accounts whose passwords are printed.
async fn demo_accounts(config: &Config, db: &Db) -> Option<Finding> {
    let accounts = match identity::count_demo_accounts(db).await {
        Ok((0, 0)) => return None,
        Ok((staff, shoppers)) => format!("{staff} of staff and {shoppers} of shoppers are the demonstration's, with printed passwords"),
        Err(error) => return Some(Finding::Bad(error.to_string())),
    };
    Some(Finding::Note(if config.demo_is_private() {
        format!("accounts: {accounts}; they can sign in, as this is a demonstration that only this machine reaches")
    } else {
        format!("accounts: {accounts}; they cannot sign in here. Lock those of staff at /admin/settings/staff")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_changed_by_appending() {
        let file = std::env::temp_dir().join(format!("tindahan-doctor-{}", uuid::Uuid::new_v4().simple()));
        for (bytes, is_good) in [(0, false), (31, false), (32, true), (96, true), (100, false)] {
            std::fs::write(&file, vec![7; bytes]).unwrap();
            #[cfg(unix)]
            std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            assert_eq!(matches!(key_file(&file), Finding::Good(_)), is_good, "{bytes}");
        }
        std::fs::remove_file(&file).unwrap();
    }
}
