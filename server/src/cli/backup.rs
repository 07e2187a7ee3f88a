//! `tindahan backup` and `tindahan restore`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use backend::platform::db::{Backup, Db, FileLock};

use crate::config::Config;

/// The first bytes of a SQLite file.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Copies a SQLite shop into a new file; for Postgres prints the command to use.
pub async fn backup(config: &Config, file: &Path) -> Result<ExitCode, String> {
    let Some(database) = config.sqlite_file() else {
        println!(
            "Postgres has its own tool for this. Run:\n\n  pg_dump --format=custom --file={} '{}'\n",
            file.display(),
            config.shown_database()
        );
        println!("and copy {} and the key file {} beside it.", config.files, config.key_file.display());
        return Ok(ExitCode::SUCCESS);
    };
    if !database.is_file() {
        return Err(format!("there is no shop at {}", database.display()));
    }
    if file.exists() {
        return Err(format!("{} is there already; name a new file", file.display()));
    }
    make_folder_of(file).map_err(|error| format!("the folder of {} cannot be made: {error}", file.display()))?;
    Db::copy_sqlite(&database, file).await.map_err(|error| format!("the copy was not made: {error}"))?;
    let size = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    println!("{} ({:.1} MB), checked", file.display(), size as f64 / 1_048_576.0);
    println!(
        "Keep with it: the key file {} (without it names and addresses cannot be read) and the pictures in {}.",
        config.key_file.display(),
        config.files
    );
    Ok(ExitCode::SUCCESS)
}

/// The endings of a SQLite database's files: itself, and those that a killed program leaves.
const FILE_ENDINGS: [&str; 3] = ["", "-wal", "-shm"];

/// Puts a copy in the place of a SQLite shop that is not being served. What was there is renamed.
pub async fn restore(config: &Config, file: &Path) -> Result<ExitCode, String> {
    let Some(database) = config.sqlite_file() else {
        println!(
            "Postgres has its own tool for this. Stop the shop, and run:\n\n  pg_restore --clean --if-exists --dbname='{}' {}\n",
            config.shown_database(),
            file.display()
        );
        return Ok(ExitCode::SUCCESS);
    };
    check_is_sqlite(file)?;
    let failed = |what: &str, error: &dyn std::fmt::Display| format!("{what}: {error}; nothing was changed");
    make_folder_of(&database).map_err(|error| failed("the database's folder cannot be made", &error))?;
    // No server may use it meanwhile. Held to the end, and taken without opening the database, which may be damaged.
    let lock = FileLock::take(&database).map_err(|error| failed("the copy is not put back", &error))?;
    let database = lock.database();
    let sibling = |ending: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let staged = sibling(".restoring");
    std::fs::copy(file, &staged).map_err(|error| failed("the copy cannot be read", &error))?;
    let checked = check_copy(&staged).await;
    for ending in ["-wal", "-shm", ".lock"] {
        let _ = std::fs::remove_file(sibling(&format!(".restoring{ending}")));
    }
    if let Err(error) = checked {
        let _ = std::fs::remove_file(&staged);
        return Err(failed(&format!("{} is no shop that this program can serve", file.display()), &error));
    }
    let former_ending = FILE_ENDINGS.iter().any(|file| sibling(file).exists()).then(|| free_ending(sibling));
    if let Some(ending) = &former_ending {
        for file in FILE_ENDINGS.iter().filter(|file| sibling(file).exists()) {
            let aside = sibling(&format!("{ending}{file}"));
            std::fs::rename(sibling(file), &aside)
                .map_err(|error| format!("{} cannot be moved to {}: {error}", sibling(file).display(), aside.display()))?;
        }
    }
    std::fs::rename(&staged, database).map_err(|error| {
        let former = former_ending.as_ref().map(|ending| format!("; the former shop is {}", sibling(ending).display())).unwrap_or_default();
        format!("the copy cannot be moved into place: {error}{former}")
    })?;
    println!("{} now holds {}", database.display(), file.display());
    if let Some(ending) = former_ending {
        println!("What was there is {}", sibling(&ending).display());
    }
    Ok(ExitCode::SUCCESS)
}

fn make_folder_of(file: &Path) -> std::io::Result<()> {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(Ok(()), std::fs::create_dir_all)
}

/// The first ending that no file has yet.
fn free_ending(sibling: impl Fn(&str) -> PathBuf) -> String {
    let is_free = |ending: &String| FILE_ENDINGS.iter().all(|file| !sibling(&format!("{ending}{file}")).exists());
    let first = ".before-restore".to_owned();
    if is_free(&first) {
        return first;
    }
    (2_u32..).map(|n| format!("{first}-{n}")).find(is_free).unwrap_or(first)
}

fn check_is_sqlite(file: &Path) -> Result<(), String> {
    use std::io::Read;
    let mut begin = [0; 16];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut begin));
    match read {
        Ok(()) if begin == MAGIC => Ok(()),
        Ok(()) => Err(format!("{} is no SQLite database; nothing was changed", file.display())),
        Err(error) => Err(format!("{} cannot be read: {error}; nothing was changed", file.display())),
    }
}

/// Opens the copy, migrates it, and checks its integrity.
async fn check_copy(file: &Path) -> Result<(), String> {
    let db = Db::open(&format!("sqlite:{}", file.display())).await.map_err(|error| error.to_string())?;
    let integrity: Result<String, _> = db.fetch_scalar("select integrity_check from pragma_integrity_check limit 1", &[]).await;
    let shop: Result<Option<String>, _> = db.fetch_optional_scalar("select description from _sqlx_migrations limit 1", &[]).await;
    let migrated = db.migrate(&backend::SCHEMA, Backup::Skip).await;
    db.close().await;
    match (integrity, shop) {
        (Ok(verdict), Ok(Some(_))) if verdict == "ok" => migrated.map(drop).map_err(|error| error.to_string()),
        (Ok(verdict), Ok(Some(_))) => Err(format!("it is damaged: {verdict}")),
        (Err(error), _) => Err(error.to_string()),
        (_, Ok(None) | Err(_)) => Err("it holds no shop".to_owned()),
    }
}
