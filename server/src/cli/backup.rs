//! `tindahan backup` and `tindahan restore`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use backend::platform::db::Db;

use crate::config::Config;

/// What a SQLite file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Copies a SQLite shop into a new file; for Postgres says what does it.
pub async fn backup(config: &Config, file: &Path) -> Result<ExitCode, String> {
    let Some(database) = config.sqlite_file() else {
        println!(
            "Postgres has its own tool for this. Run:\n\n  pg_dump --format=custom --file={} '{}'\n",
            file.display(),
            config.shown_database()
        );
        println!("and copy the data folder {} and the key file {} beside it.", config.data_dir.display(), config.key_file.display());
        return Ok(ExitCode::SUCCESS);
    };
    if !database.is_file() {
        return Err(format!("there is no shop at {}", database.display()));
    }
    if file.exists() {
        return Err(format!("{} is there already; name a new file", file.display()));
    }
    let copied = Db::copy_sqlite(&database, file).await;
    if let Err(error) = copied {
        // Half a copy is worse than none.
        let _ = std::fs::remove_file(file);
        return Err(format!("the copy was not made: {error}"));
    }
    let size = std::fs::metadata(file).map_or(0, |about| about.len());
    println!("{} ({:.1} MB), checked", file.display(), size as f64 / 1_048_576.0);
    println!(
        "Keep with it: the key file {} (without it names and addresses cannot be read) and the folder {}.",
        config.key_file.display(),
        config.data_dir.join("files").display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Puts a copy in the place of a SQLite shop that is not being served. What was there is kept beside it.
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
    // Nobody may serve it meanwhile; opening takes the lock, and checks that the file can be used by this program.
    let beside = |ending: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let coming = beside(".restoring");
    let failed = |what: &str, error: &dyn std::fmt::Display| format!("{what}: {error}; nothing was changed");
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| failed("the database's folder cannot be made", &error))?;
    }
    std::fs::copy(file, &coming).map_err(|error| failed("the copy cannot be read", &error))?;
    let tried = try_out(&coming).await;
    let tidy = || {
        for ending in ["-wal", "-shm", ".lock"] {
            let _ = std::fs::remove_file(beside(&format!(".restoring{ending}")));
        }
    };
    tidy();
    if let Err(error) = tried {
        let _ = std::fs::remove_file(&coming);
        return Err(failed(&format!("{} is no shop that this program can serve", file.display()), &error));
    }
    let before = beside(".before-restore");
    if database.exists() {
        let held = Db::open(&config.database).await.map_err(|error| failed("the shop is in use", &error))?;
        // Closing writes everything into the one file.
        held.close().await;
        std::fs::rename(&database, &before).map_err(|error| failed("the shop cannot be moved aside", &error))?;
        for ending in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(beside(ending));
        }
    }
    std::fs::rename(&coming, &database)
        .map_err(|error| format!("the copy cannot be moved into place: {error}; the former shop is {}", before.display()))?;
    println!("{} now holds {}", database.display(), file.display());
    if before.exists() {
        println!("What was there is {}", before.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn check_is_sqlite(file: &Path) -> Result<(), String> {
    use std::io::Read;
    let mut begin = [0; 16];
    let read = std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut begin));
    match read {
        Ok(()) if begin == MAGIC => Ok(()),
        Ok(()) => Err(format!("{} is no SQLite database; nothing was changed", file.display())),
        Err(error) => Err(format!("{} cannot be read: {error}; nothing was changed", file.display())),
    }
}

/// Opens the copy, brings it up to date, and looks whether it is whole.
async fn try_out(file: &Path) -> Result<(), String> {
    let db = Db::open(&format!("sqlite:{}", file.display())).await.map_err(|error| error.to_string())?;
    let checked: Result<(String,), _> = db.fetch_one("select integrity_check from pragma_integrity_check limit 1", &[]).await;
    let shop: Result<Option<(String,)>, _> = db.fetch_optional("select name from schema_migrations limit 1", &[]).await;
    let migrated = db.migrate().await;
    db.close().await;
    match (checked, shop) {
        (Ok((verdict,)), Ok(Some(_))) if verdict == "ok" => migrated.map(drop).map_err(|error| error.to_string()),
        (Ok((verdict,)), Ok(Some(_))) => Err(format!("it is damaged: {verdict}")),
        (Err(error), _) => Err(error.to_string()),
        (_, Ok(None) | Err(_)) => Err("it holds no shop".to_owned()),
    }
}
