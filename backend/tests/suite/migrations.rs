//! Opening a database: its migrations, its key, and one program for each file.

use crate::support::{Folder, both};
use backend::{OpenError, ShopConfig};
use platform::db::{Db, DbError, Scripts};
use platform::secrets::SecretsError;

/// Runs a test on an empty database of each kind.
async fn both_empty(test: impl AsyncFn(&str)) {
    let folder = Folder::new();
    test(&format!("sqlite:{}", folder.path().join("shop.db").display())).await;
    test(&crate::support::postgres_url().await).await;
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
async fn both_databases_have_the_same_tables_and_columns() {
    let (sqlite, postgres) = (crate::support::sqlite().await, crate::support::postgres().await);
    assert_eq!(sqlite.db().tables().await.unwrap(), postgres.db().tables().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_twice_changes_nothing() {
    both(async |shop| {
        assert!(shop.db().migrate(&backend::SCHEMA).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_program_on_the_same_file_is_told_so() {
    let shop = crate::support::sqlite().await;
    let second = Db::open(&format!("sqlite:{}", shop.folder.path().join("shop.db").display())).await;
    assert!(matches!(second.err(), Some(DbError::InUse(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_breaks_off_leaves_nothing_and_runs_again() {
    both_empty(async |url| {
        let db = Db::open(url).await.unwrap();
        let broken = db.migrate_to(HALF).await;
        assert!(matches!(&broken, Err(DbError::Migration { name, .. }) if name == "0002_second"), "{broken:?}");
        assert!(db.fetch_scalars::<i64>("select n from second", &[]).await.is_err());
        db.close().await;

        let db = Db::open(url).await.unwrap();
        assert_eq!(db.migrate_to(WHOLE).await.unwrap(), ["0002_second"]);
        assert_eq!(db.fetch_scalars::<i64>("select n from second", &[]).await.unwrap(), [2]);
        let older = db.migrate_to(&WHOLE[..1]).await;
        assert!(matches!(&older, Err(DbError::Newer(name)) if name == "0002_second"), "{older:?}");
        db.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_start_together_migrate_once() {
    let url = crate::support::postgres_url().await;
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { Db::open(&url).await.unwrap().migrate(&backend::SCHEMA).await.unwrap().len() })
        })
        .collect();
    let mut ran = 0;
    for start in starts {
        ran += start.await.unwrap();
    }
    assert_eq!(ran, backend::SCHEMA.postgres.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_finishes_what_was_promised() {
    both_empty(async |url| {
        let db = Db::open(url).await.unwrap();
        db.migrate_to(WHOLE).await.unwrap();
        let writes: Vec<_> = (0..200_i64)
            .map(|n| {
                let db = db.clone();
                tokio::spawn(async move { db.write(async move |tx| tx.execute("insert into first (n) values ($1)", &[&n]).await).await })
            })
            .collect();
        tokio::task::yield_now().await;
        db.close().await;
        let mut kept = 1;
        for write in writes {
            match write.await.unwrap() {
                Ok(rows) => kept += i64::try_from(rows).unwrap(),
                Err(error) => assert!(matches!(error, DbError::Stopped), "{error}"),
            }
        }
        assert!(matches!(db.fetch_scalars::<i64>("select n from first", &[]).await, Err(DbError::Stopped)));
        let db = Db::open(url).await.unwrap();
        assert_eq!(db.fetch_scalar::<i64>("select count(*) from first", &[]).await.unwrap(), kept);
        db.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_is_not_opened_with_another_key() {
    both_empty(async |url| {
        let folder = Folder::new();
        let key = folder.path().join("key");
        let open = async || crate::support::open_shop(ShopConfig::new(url, folder.path(), "http://127.0.0.1:3000")).await;
        open().await.unwrap().close().await;
        let right = std::fs::read(&key).unwrap();
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&key).unwrap().permissions()) & 0o777, 0o600);

        std::fs::remove_file(&key).unwrap();
        assert!(matches!(open().await.err(), Some(OpenError::Keys(SecretsError::Missing(_)))));
        assert!(!key.exists(), "no key is made that would hide the loss");
        std::fs::write(&key, [1; 32]).unwrap();
        assert!(matches!(open().await.err(), Some(OpenError::Keys(SecretsError::OtherKey(_)))));
        std::fs::write(&key, [1; 31]).unwrap();
        assert!(matches!(open().await.err(), Some(OpenError::Keys(SecretsError::File { .. }))));
        // One more key behind the first is a change of keys.
        std::fs::write(&key, [right, vec![2; 32]].concat()).unwrap();
        open().await.unwrap().close().await;
    })
    .await;
}
