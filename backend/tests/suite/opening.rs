//! Opening a database and closing it: its key, and one program for each file.

use crate::support::{Folder, both_empty};
use backend::{OpenError, ShopConfig};
use platform::db::{Backup, Db, DbError, Scripts};
use platform::secrets::SecretsError;

const ONE_TABLE: Scripts = &[("0001_first", "create table first (n bigint not null); insert into first (n) values (1);")];

#[tokio::test(flavor = "multi_thread")]
async fn a_second_program_on_the_same_file_is_refused_with_a_message() {
    let shop = crate::support::sqlite().await;
    let second = Db::open(&format!("sqlite:{}", shop.folder.path().join("shop.db").display())).await;
    assert!(matches!(second.err(), Some(DbError::InUse(_))));
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
