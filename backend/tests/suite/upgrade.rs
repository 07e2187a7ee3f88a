//! Databases of former releases, with data, brought up to date and audited.
//!
//! `backend/tests/fixtures` has a dump of each release's schema with a small shop in it, for each database: `shop-0001.sqlite.sql`,
//! `shop-0001.postgres.sql`. `TINDAHAN_KEEP_SCHEMA=1 scripts/test.sh rust -E 'test(upgrade::)'` writes that of the schema as it is now,
//! over the one of the same number; for Postgres it runs `pg_dump`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::audit::a_busy_shop;
use crate::support::outside::both_worlds;
use crate::support::{Folder, adapters, number, postgres_url};
use backend::{SCHEMA, Shop, ShopConfig, audit, seed};
use platform::db::{Backup, Db};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// The kinds of a fixture, as its file's name ends.
const SQLITE: &str = ".sqlite.sql";
const POSTGRES: &str = ".postgres.sql";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The dumps of a kind, oldest schema first.
fn fixtures(kind: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder()).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|file| file.to_string_lossy().ends_with(kind)).collect();
    files.sort();
    assert!(!files.is_empty(), "there is no *{kind} in {}: run this test once with TINDAHAN_KEEP_SCHEMA=1", folder().display());
    files
}

/// Brings the database up to date and audits it.
async fn upgrade(url: String, folder: &Folder, from: &Path) {
    let db = Db::open(&url).await.unwrap();
    let migrated = db.migrate(&SCHEMA, Backup::Make).await.unwrap();
    assert_eq!(migrated.backup.is_some(), !migrated.ran.is_empty() && !db.is_postgres(), "{}", from.display());
    db.close().await;
    let config = ShopConfig::new(url, folder.path(), "http://127.0.0.1:3000");
    let outside = adapters(&config);
    let shop = Shop::open_to_read(config, outside).await.unwrap();
    assert!(number(&shop, "select count(*) from orders").await > 0 && number(&shop, "select count(*) from products").await > 0);
    let mut checks = audit::integrity(shop.db(), true).await;
    checks.extend(audit::run(&shop, &|_, _| {}).await.unwrap());
    let failures: Vec<String> = checks.into_iter().flat_map(|check| check.failures).collect();
    assert_eq!(failures, Vec::<String>::new(), "{}", from.display());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shops_of_former_releases_are_brought_up_to_date_and_pass_the_audit() {
    if std::env::var_os("TINDAHAN_KEEP_SCHEMA").is_some() {
        keep_schema().await;
    }
    for dump in fixtures(SQLITE) {
        let folder = Folder::new();
        let url = format!("sqlite:{}", folder.path().join("shop.db").display());
        Db::open(&url).await.unwrap().close().await;
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        // A dump is in no order of references.
        let sql = format!("pragma foreign_keys = off; begin; {} commit;", std::fs::read_to_string(&dump).unwrap());
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        upgrade(url, &folder, &dump).await;
    }
    for dump in fixtures(POSTGRES) {
        let url = postgres_url().await;
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let sql = std::fs::read_to_string(&dump).unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        upgrade(url, &Folder::new(), &dump).await;
    }
}

/// Fills a small shop on each database and writes its dump.
async fn keep_schema() {
    let (newest, _) = SCHEMA.sqlite.last().unwrap();
    let version = newest.split_once('_').unwrap().0;
    std::fs::create_dir_all(folder()).unwrap();
    both_worlds(async |world| {
        seed::seed(world, Some(4), 1, &|_, _| {}).await.unwrap();
        a_busy_shop(world).await;
        let url = &world.config().database;
        let (kind, dump) = if world.db().is_postgres() { (POSTGRES, dump_postgres(url)) } else { (SQLITE, dump_sqlite(url).await) };
        std::fs::write(folder().join(format!("shop-{version}{kind}")), dump).unwrap();
    })
    .await;
}

async fn dump_sqlite(url: &str) -> String {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let tables: Vec<(String, String)> =
        sqlx::query_as("select name, sql from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let mut dump = String::new();
    for (table, sql) in &tables {
        writeln!(dump, "{sql};").unwrap();
        let columns: Vec<String> = sqlx::query_scalar("select 'quote(\"' || name || '\")' from pragma_table_info($1)")
            .bind(table)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let rows = format!("select '(' || {} || ')' from \"{table}\"", columns.join(" || ',' || "));
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut connection).await.unwrap();
        if !rows.is_empty() {
            writeln!(dump, "insert into \"{table}\" values\n{};", rows.join(",\n")).unwrap();
        }
    }
    let indexes: Vec<String> = sqlx::query_scalar("select sql from sqlite_master where type = 'index' and sql is not null order by name")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    for sql in indexes {
        writeln!(dump, "{sql};").unwrap();
    }
    connection.close().await.unwrap();
    dump
}

/// Without what only `psql` understands, what only its own version of Postgres knows, and its headings.
fn dump_postgres(url: &str) -> String {
    let output =
        Command::new("pg_dump").args(["--inserts", "--rows-per-insert=100", "--no-owner", "--no-privileges", url]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let is_needed =
        |line: &&str| !["--", "\\", "SET transaction_timeout", "CREATE SCHEMA public"].iter().any(|start| line.starts_with(start));
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = lines.lines().filter(is_needed).collect();
    lines.join("\n")
}
