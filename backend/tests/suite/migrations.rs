//! What migrations promise, on both databases.

use std::path::{Path, PathBuf};

use crate::support::{Folder, both, both_empty, postgres_url};
use platform::db::{Backup, Db, DbError, Migrated, Migrations, Scripts, Tx};
use sqlx::Connection;

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_tables_and_columns() {
    let (sqlite, postgres) = (crate::support::sqlite().await, crate::support::postgres().await);
    assert_eq!(sqlite.db().tables().await.unwrap(), postgres.db().tables().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_twice_changes_nothing() {
    both(async |shop| {
        assert!(shop.db().migrate(&backend::SCHEMA, Backup::Make).await.unwrap().ran.is_empty());
    })
    .await;
}

const HALF: Scripts = &[
    ("0001_first", "create table first (n bigint not null); insert into first (n) values (1);"),
    ("0002_second", "create table second (n bigint not null); insert into nowhere (n) values (2);"),
];
const WHOLE: Scripts = &[
    ("0001_first", "create table first (n bigint not null); insert into first (n) values (1);"),
    ("0002_second", "create table second (n bigint not null); insert into second (n) select n + 1 from first;"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_breaks_off_leaves_nothing_and_runs_again() {
    both_empty(async |url| {
        let db = Db::open(url).await.unwrap();
        let broken = db.migrate_to(HALF, Backup::Make).await;
        assert!(matches!(&broken, Err(DbError::Migration { name, .. }) if name == "0002_second"), "{broken:?}");
        assert!(db.fetch_scalars::<i64>("select n from second", &[]).await.is_err());
        db.close().await;

        let db = Db::open(url).await.unwrap();
        assert_eq!(db.migrate_to(WHOLE, Backup::Make).await.unwrap().ran, ["0002_second"]);
        assert_eq!(db.fetch_scalars::<i64>("select n from second", &[]).await.unwrap(), [2]);
        let older = db.migrate_to(&WHOLE[..1], Backup::Make).await;
        assert!(matches!(&older, Err(DbError::Newer(name)) if name == "0002_second"), "{older:?}");
        db.close().await;
    })
    .await;
}

/// Programs of a newer release that start at the same moment: what each of them ran.
async fn start_together(url: &str, migrations: &'static Migrations) -> Vec<Vec<String>> {
    let starts: Vec<_> = (0..2)
        .map(|_| {
            let url = url.to_owned();
            tokio::spawn(async move {
                let db = Db::open(&url).await.unwrap();
                let migrated = db.migrate_to(migrations.of(&db), Backup::Make).await.unwrap();
                db.close().await;
                migrated.ran
            })
        })
        .collect();
    let mut ran = Vec::new();
    for start in starts {
        ran.push(start.await.unwrap());
    }
    ran.sort_by_key(Vec::len);
    ran
}

/// Removes everything from a Postgres database.
async fn empty(url: &str) {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql("drop schema public cascade; create schema public").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// How often programs are started together.
const ROUNDS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_start_together_make_an_empty_database_once() {
    let url = postgres_url().await;
    for _ in 0..ROUNDS {
        let ran = start_together(&url, &backend::SCHEMA).await;
        let all: Vec<&str> = backend::SCHEMA.postgres.iter().map(|(name, _)| *name).collect();
        assert_eq!(ran, [Vec::new(), all]);
        empty(&url).await;
    }
}

/// A table with rows, a column more, and an index that is built beside the writers.
const INDEXED: Scripts = &[
    ("0001_first", "create table first (n bigint not null); insert into first (n) select * from generate_series(1, 1000);"),
    ("0002_column", "alter table first add column m bigint not null default 7;"),
    ("0003_index", "-- no-transaction\n-- For lists.\ncreate index concurrently if not exists first_n on first (n, m);\n"),
];
const NEWER: Migrations = Migrations { sqlite: &[], postgres: INDEXED };

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_start_together_migrate_an_old_database_once() {
    let url = postgres_url().await;
    for _ in 0..ROUNDS {
        let db = Db::open(&url).await.unwrap();
        assert_eq!(db.migrate_to(&INDEXED[..1], Backup::Make).await.unwrap().ran, ["0001_first"]);
        db.close().await;
        let ran = start_together(&url, &NEWER).await;
        assert_eq!(ran, [vec![], vec!["0002_column", "0003_index"]]);
        assert_eq!(sound_indexes(&url).await, 1);
        empty(&url).await;
    }
}

/// Two programs cannot have one SQLite file: the second is told so, or comes when the first is done.
#[tokio::test(flavor = "multi_thread")]
async fn programs_that_start_together_on_one_file_make_it_once() {
    for _ in 0..ROUNDS {
        let folder = Folder::new();
        let url = format!("sqlite:{}", folder.path().join("shop.db").display());
        let starts = [url.clone(), url.clone()].map(|url| {
            tokio::spawn(async move {
                let db = Db::open(&url).await?;
                let migrated = db.migrate(&backend::SCHEMA, Backup::Make).await;
                db.close().await;
                migrated
            })
        });
        let mut ran = 0;
        for start in starts {
            match start.await.unwrap() {
                Ok(migrated) => ran += migrated.ran.len(),
                Err(error) => assert!(matches!(error, DbError::InUse(_)), "{error}"),
            }
        }
        assert_eq!(ran, backend::SCHEMA.sqlite.len());
    }
}

/// How many indexes named `first_n` are whole.
async fn sound_indexes(url: &str) -> i64 {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let sql = "select count(*) from pg_index where indexrelid = to_regclass('first_n') and indisvalid";
    let count = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_whose_building_was_interrupted_is_built_anew() {
    let url = postgres_url().await;
    let db = Db::open(&url).await.unwrap();
    db.migrate_to(&INDEXED[..2], Backup::Make).await.unwrap();
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    // Every row has the same `m`, so this breaks off and leaves what a killed program would.
    let broken = sqlx::raw_sql("create unique index concurrently first_n on first (m)").execute(&mut connection).await;
    assert!(broken.is_err());
    assert_eq!(sound_indexes(&url).await, 0);
    assert_eq!(db.migrate_to(INDEXED, Backup::Make).await.unwrap().ran, ["0003_index"]);
    assert_eq!(sound_indexes(&url).await, 1);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_was_killed_between_an_index_and_its_record_goes_on() {
    let url = postgres_url().await;
    let db = Db::open(&url).await.unwrap();
    db.migrate_to(&INDEXED[..2], Backup::Make).await.unwrap();
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("create index first_n on first (n, m)").execute(&mut connection).await.unwrap();
    assert_eq!(db.migrate_to(INDEXED, Backup::Make).await.unwrap().ran, ["0003_index"]);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_waits_for_another_session_is_not_cut_short() {
    let url = postgres_url().await;
    let db = Db::open(&url).await.unwrap();
    db.migrate_to(&INDEXED[..1], Backup::Make).await.unwrap();
    let mut other = sqlx::PgConnection::connect(&url).await.unwrap();
    let role_is_hasty = "alter role current_user in database ";
    let name = url.rsplit('/').next().unwrap();
    let hasty = format!("{role_is_hasty}{name} set lock_timeout = '50ms'; {role_is_hasty}{name} set statement_timeout = '300ms'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(hasty)).execute(&mut other).await.unwrap();
    let mut reader = other.begin().await.unwrap();
    sqlx::raw_sql("lock table first in access share mode").execute(&mut *reader).await.unwrap();
    let migrating = tokio::spawn(async move { db.migrate_to(INDEXED, Backup::Make).await });
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    assert!(!migrating.is_finished());
    reader.rollback().await.unwrap();
    assert_eq!(migrating.await.unwrap().unwrap().ran, ["0002_column", "0003_index"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_without_a_transaction_holds_one_index() {
    const WRONG: Scripts = &[("0001_first", "-- no-transaction\ncreate table first (n bigint)")];
    let db = Db::open(&postgres_url().await).await.unwrap();
    let refused = db.migrate_to(WRONG, Backup::Make).await;
    assert!(matches!(&refused, Err(DbError::BadMigration { name, .. }) if name == "0001_first"), "{refused:?}");
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_was_changed_after_it_ran_is_named() {
    const CHANGED: Scripts = &[("0001_first", "create table first (n bigint not null, m bigint);"), WHOLE[1]];
    const MIGRATIONS: Migrations = Migrations { sqlite: CHANGED, postgres: CHANGED };
    both_empty(async |url| {
        let db = Db::open(url).await.unwrap();
        db.migrate_to(&WHOLE[..1], Backup::Make).await.unwrap();
        let changed = db.migrate_to(CHANGED, Backup::Make).await.unwrap_err();
        assert!(matches!(&changed, DbError::Changed(name) if name == "0001_first"), "{changed:?}");
        assert!(changed.to_string().contains("a new one"), "{changed}");
        assert!(db.fetch_scalars::<i64>("select n from second", &[]).await.is_err());
        db.close().await;
        assert!(matches!(Db::open_to_read(url, &MIGRATIONS).await, Err(DbError::Changed(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_looks_is_told_of_a_newer_and_of_an_older_database() {
    const OLD: Migrations = Migrations { sqlite: WHOLE.split_at(1).0, postgres: WHOLE.split_at(1).0 };
    const NEW: Migrations = Migrations { sqlite: WHOLE, postgres: WHOLE };
    both_empty(async |url| {
        let db = Db::open(url).await.unwrap();
        assert!(matches!(Db::open_to_read(url, &OLD).await, Err(DbError::NoShop(_))));
        db.migrate_to(OLD.of(&db), Backup::Make).await.unwrap();
        assert!(matches!(Db::open_to_read(url, &NEW).await, Err(DbError::Older(_))));
        db.migrate_to(WHOLE, Backup::Make).await.unwrap();
        assert!(matches!(Db::open_to_read(url, &OLD).await, Err(DbError::Newer(name)) if name == "0002_second"));
        Db::open_to_read(url, &NEW).await.unwrap().close().await;
        db.close().await;
    })
    .await;
}

const REFERRED: (&str, &str) = (
    "0001_families",
    "create table parents (id integer primary key, name text) strict;
     create table children (parent_id integer not null references parents (id)) strict;
     insert into parents (id, name) values (1, 'Ana'), (2, 'Ben');
     insert into children (parent_id) values (1), (2), (2);",
);
const REBUILT: Scripts = &[
    REFERRED,
    (
        "0002_names",
        "create table new_parents (id integer primary key, name text not null check (name <> '')) strict;
         insert into new_parents (id, name) select id, name from parents;
         drop table parents;
         alter table new_parents rename to parents;",
    ),
];
const LOSING: Scripts = &[
    REFERRED,
    (
        "0002_names",
        "create table new_parents (id integer primary key, name text not null check (name <> '')) strict;
         insert into new_parents (id, name) select id, name from parents where id = 1;
         drop table parents;
         alter table new_parents rename to parents;",
    ),
];

fn file_in(folder: &Folder) -> (PathBuf, String) {
    let file = folder.path().join("shop.db");
    let url = format!("sqlite:{}", file.display());
    (file, url)
}

/// The copies of a database that are beside it.
fn copies(folder: &Folder) -> Vec<PathBuf> {
    let is_copy = |path: &Path| path.to_string_lossy().contains(".before-");
    let mut copies: Vec<PathBuf> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| is_copy(path)).collect();
    copies.sort();
    copies
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_others_refer_to_is_built_anew_with_its_rows() {
    let folder = Folder::new();
    let db = Db::open(&file_in(&folder).1).await.unwrap();
    db.migrate_to(&REBUILT[..1], Backup::Make).await.unwrap();
    let add = async |parent: i64| {
        db.write(async move |tx: &mut Tx| tx.execute("insert into children (parent_id) values ($1)", &[&parent]).await).await
    };
    let joined = "select count(*) from children c join parents p on p.id = c.parent_id";
    add(1).await.unwrap();
    assert_eq!(db.migrate_to(REBUILT, Backup::Make).await.unwrap().ran, ["0002_names"]);
    assert_eq!(db.fetch_scalar::<i64>(joined, &[]).await.unwrap(), 4);
    add(2).await.unwrap();
    assert!(add(3).await.is_err(), "the reference holds as before");
    let unnamed = db.write(async |tx: &mut Tx| tx.execute("insert into parents (id, name) values (3, '')", &[]).await).await;
    assert!(unnamed.is_err(), "the new rule holds");
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_table_that_lost_rows_is_refused_and_undone() {
    let folder = Folder::new();
    let db = Db::open(&file_in(&folder).1).await.unwrap();
    db.migrate_to(&LOSING[..1], Backup::Make).await.unwrap();
    let refused = db.migrate_to(LOSING, Backup::Make).await.unwrap_err();
    let DbError::BadMigration { name, reason } = &refused else { panic!("{refused}") };
    assert_eq!(name, "0002_names");
    assert!(reason.contains("2 rows of children") && reason.contains("parents"), "{reason}");
    assert_eq!(db.fetch_scalars::<String>("select name from parents order by id", &[]).await.unwrap(), ["Ana", "Ben"]);
    assert_eq!(copies(&folder), Vec::<PathBuf>::new(), "nothing was changed, so nothing is kept of it");
    assert_eq!(db.migrate_to(REBUILT, Backup::Make).await.unwrap().ran, ["0002_names"]);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_rows_is_copied_before_it_is_migrated() {
    let folder = Folder::new();
    let (file, url) = file_in(&folder);
    let db = Db::open(&url).await.unwrap();
    assert_eq!(db.migrate_to(&REBUILT[..1], Backup::Make).await.unwrap().backup, None, "it was new");
    let former = PathBuf::from(format!("{}.before-0002_names", file.display()));
    std::fs::write(&former, "an older copy").unwrap();
    let copy = db.migrate_to(REBUILT, Backup::Make).await.unwrap().backup.unwrap();
    assert_eq!(copies(&folder), [former.clone(), copy.clone()]);
    assert_eq!(std::fs::read_to_string(former).unwrap(), "an older copy");
    let Migrated { ran, backup } = db.migrate_to(REBUILT, Backup::Make).await.unwrap();
    assert!(ran.is_empty() && backup.is_none(), "nothing was left to do");
    db.write(async |tx: &mut Tx| tx.execute("update parents set name = 'Bea' where id = 2", &[]).await).await.unwrap();
    db.close().await;

    let before = Db::open(&format!("sqlite:{}", copy.display())).await.unwrap();
    assert_eq!(before.fetch_scalars::<String>("select name from parents order by id", &[]).await.unwrap(), ["Ana", "Ben"]);
    assert!(before.migrate_to(&REBUILT[..1], Backup::Make).await.unwrap().ran.is_empty(), "it is of the former release");
    assert_eq!(before.migrate_to(REBUILT, Backup::Skip).await.unwrap().backup, None);
    before.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_copy_of_a_killed_program_is_removed_by_the_next_start() {
    let folder = Folder::new();
    let (file, url) = file_in(&folder);
    let db = Db::open(&url).await.unwrap();
    db.migrate_to(&REBUILT[..1], Backup::Make).await.unwrap();
    let half = PathBuf::from(format!("{}.unfinished-copy", file.display()));
    std::fs::write(&half, "half a copy").unwrap();
    assert!(db.migrate_to(&REBUILT[..1], Backup::Make).await.unwrap().ran.is_empty());
    assert!(!half.exists(), "nothing was left to migrate");
    std::fs::write(&half, "half a copy").unwrap();
    let copy = db.migrate_to(REBUILT, Backup::Make).await.unwrap().backup.unwrap();
    assert_eq!((half.exists(), copies(&folder)), (false, vec![copy]));
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_file_and_one_without_rows_are_not_copied() {
    const TABLES: Scripts = &[("0001_first", "create table first (n bigint)"), ("0002_second", "create table second (n bigint)")];
    let folder = Folder::new();
    let db = Db::open(&file_in(&folder).1).await.unwrap();
    for many in 1..=2 {
        assert_eq!(db.migrate_to(&TABLES[..many], Backup::Make).await.unwrap().backup, None);
    }
    db.close().await;
    assert_eq!(copies(&folder), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_copy_a_file_is_left_as_it_is() {
    let folder = Folder::new();
    // The copy's name would be longer than a file's may be.
    let file = folder.path().join(format!("{}.db", "shop".repeat(60)));
    let db = Db::open(&format!("sqlite:{}", file.display())).await.unwrap();
    db.migrate_to(&REBUILT[..1], Backup::Make).await.unwrap();
    let refused = db.migrate_to(REBUILT, Backup::Make).await;
    assert!(matches!(refused, Err(DbError::Backup { .. })), "{refused:?}");
    assert!(db.migrate_to(&REBUILT[..1], Backup::Make).await.unwrap().ran.is_empty());
    assert_eq!(db.migrate_to(REBUILT, Backup::Skip).await.unwrap().ran, ["0002_names"]);
    db.close().await;
}
