//! Opening a database and closing it: its key, and one program for each file.

use crate::support::{Folder, both_empty};
use backend::settings::{self, SettingsError};
use backend::{OpenError, ShopConfig};
use domain::Currency;
use domain::id::RequestId;
use domain::view::ShopSettings;
use platform::Context;
use platform::db::{Backup, Db, DbError, Scripts};
use platform::secrets::SecretsError;
use sqlx::{Connection, PgConnection, SqliteConnection};

const ONE_TABLE: Scripts = &[("0001_first", "create table first (n bigint not null); insert into first (n) values (1);")];

#[tokio::test(flavor = "multi_thread")]
async fn a_second_program_on_the_same_file_is_refused_with_a_message() {
    let shop = crate::support::sqlite().await;
    let second = Db::open(&format!("sqlite:{}", shop.folder.path().join("shop.db").display())).await;
    assert!(matches!(second.err(), Some(DbError::InUse(_))));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_program_is_refused_through_a_symbolic_link_too() {
    let (shop, elsewhere) = (crate::support::sqlite().await, Folder::new());
    let link = elsewhere.path().join("shop.db");
    std::os::unix::fs::symlink(shop.folder.path().join("shop.db"), &link).unwrap();
    let second = Db::open(&format!("sqlite:{}", link.display())).await;
    assert!(matches!(second.err(), Some(DbError::InUse(_))));
    // The lock is that of the file, also when the link was there first.
    let (file, link) = (elsewhere.path().join("new.db"), elsewhere.path().join("link.db"));
    std::os::unix::fs::symlink("new.db", &link).unwrap();
    let first = Db::open(&format!("sqlite:{}", link.display())).await.unwrap();
    assert!(matches!(Db::open(&format!("sqlite:{}", file.display())).await.err(), Some(DbError::InUse(_))));
    first.close().await;
    Db::open(&format!("sqlite:{}", file.display())).await.unwrap().close().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_several_names_is_not_opened_by_any() {
    let folder = Folder::new();
    let names = ["shop.db", "other.db"].map(|name| folder.path().join(name));
    let open = async |name: usize| Db::open(&format!("sqlite:{}", names[name].display())).await;
    open(0).await.unwrap().close().await;
    std::fs::hard_link(&names[0], &names[1]).unwrap();
    for name in [0, 1] {
        let refused = open(name).await.err();
        assert!(matches!(refused, Some(DbError::SeveralNames { names: 2, .. })), "{refused:?}");
    }
    std::fs::remove_file(&names[1]).unwrap();
    open(0).await.unwrap().close().await;
}

const INVOICES: &str = "create table invoices (n bigint); insert into invoices (n) values (1)";

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_file_of_another_program_is_left_as_it_is() {
    let folder = Folder::new();
    let file = folder.path().join("theirs.db");
    let mut theirs = SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", file.display())).await.unwrap();
    sqlx::raw_sql(INVOICES).execute(&mut theirs).await.unwrap();
    theirs.close().await.unwrap();
    let before = std::fs::read(&file).unwrap();
    let url = format!("sqlite:{}", file.display());
    for refused in [Db::open(&url).await.err(), Db::open_to_read(&url, &backend::SCHEMA).await.err()] {
        assert!(matches!(&refused, Some(DbError::Foreign { table, .. }) if table == "invoices"), "{refused:?}");
    }
    assert!(std::fs::read(&file).unwrap() == before, "the file was changed");
    // What SQLite keeps for itself is nobody's.
    let mut emptied = SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", folder.path().join("emptied.db").display())).await.unwrap();
    let own =
        "create table invoices (n integer primary key autoincrement); insert into invoices default values; analyze; drop table invoices";
    sqlx::raw_sql(own).execute(&mut emptied).await.unwrap();
    emptied.close().await.unwrap();
    let db = Db::open(&format!("sqlite:{}", folder.path().join("emptied.db").display())).await.unwrap();
    assert!(!db.migrate(&backend::SCHEMA, Backup::Make).await.unwrap().ran.is_empty());
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_database_of_another_program_is_left_as_it_is() {
    let url = crate::support::postgres_url().await;
    let mut theirs = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(INVOICES).execute(&mut theirs).await.unwrap();
    let db = Db::open(&url).await.unwrap();
    for refused in [db.migrate(&backend::SCHEMA, Backup::Make).await.err(), Db::open_to_read(&url, &backend::SCHEMA).await.err()] {
        assert!(matches!(&refused, Some(DbError::Foreign { table, .. }) if table == "invoices"), "{refused:?}");
    }
    let tables: Vec<String> = db.tables().await.unwrap().into_iter().map(|column| column.table_name).collect();
    assert_eq!(tables, ["invoices"]);
    // A table that came with an extension, as that of PostGIS does, is nobody's.
    sqlx::raw_sql("alter table invoices rename to spatial_ref_sys; alter extension plpgsql add table spatial_ref_sys")
        .execute(&mut theirs)
        .await
        .unwrap();
    assert!(!db.migrate(&backend::SCHEMA, Backup::Make).await.unwrap().ran.is_empty());
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_finishes_the_writes_that_were_accepted() {
    both_empty(async |url| {
        let db = Db::open(url).await.unwrap();
        db.migrate_to(ONE_TABLE, Backup::Make).await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_read_are_an_error_that_names_them_and_no_defaults() {
    both_empty(async |url| {
        let folder = Folder::new();
        let config = ShopConfig::new(url, folder.path(), "http://127.0.0.1:3000");
        let shop = crate::support::open_shop(config.clone()).await.unwrap();
        let system = Context::system(RequestId(shop.id()));
        let yen = ShopSettings { name: "Yen".into(), currency: "JPY".into(), country: "JP".into(), ..ShopSettings::default() };
        settings::save(&shop, &system, yen.clone()).await.unwrap();
        let write = async |value: &'static str| {
            let sql = "update settings set value = $1 where key = 'shop'";
            shop.db().write(async move |tx| tx.execute(sql, &[&value]).await).await.unwrap();
            shop.settings().forget();
        };
        for broken in ["{\"name\":", "7", "{\"name\": 7}"] {
            write(broken).await;
            let refused = settings::load(&shop).await;
            assert!(matches!(&refused, Err(DbError::Setting { key, .. }) if key == "shop"), "{broken}: {refused:?}");
            assert!(refused.unwrap_err().to_string().contains("“shop”"));
            assert_eq!(settings::shop_currency(&shop), Currency::JPY, "what could be read last stays");
            let saved = settings::save(&shop, &system, ShopSettings { name: "Peso".into(), ..yen.clone() }).await;
            assert!(matches!(saved, Err(SettingsError::Db(DbError::Setting { .. }))), "{saved:?}");
            assert!(matches!(settings::check_readable(shop.db()).await, Err(DbError::Setting { .. })));
        }
        shop.close().await;
        let opened = crate::support::open_shop(config).await.err().map(|error| error.to_string());
        assert!(opened.as_ref().is_some_and(|error| error.contains("the setting “shop” cannot be read")), "{opened:?}");
    })
    .await;
}
