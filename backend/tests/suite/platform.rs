//! What the platform promises of writes, batches, rows, settings and files, on both databases.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::support::{Folder, both, number};
use platform::db::{Backup, Batcher, Db, DbError, Flag, Hex, JsonRows, Outcome, Tx, hex};
use sqlx::Connection;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum Oops {
    #[error("no")]
    No,
    #[error(transparent)]
    Db(#[from] DbError),
}

pub async fn put(tx: &mut Tx, key: &str) -> Result<(), DbError> {
    tx.execute("insert into settings (key, value, updated_at) values ($1, '', 1)", &[&key]).await?;
    Ok(())
}

async fn has(db: &Db, key: &str) -> bool {
    db.fetch_optional_scalar::<String>("select key from settings where key = $1", &[&key]).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_caller_undoes_only_its_own_work() {
    both(async |shop| {
        let db = shop.db().clone();
        let many: Vec<_> = (0..40)
            .map(|i| {
                let db = db.clone();
                tokio::spawn(async move {
                    let inner = db.clone();
                    db.write(async move |tx| {
                        put(tx, &format!("k{i}")).await?;
                        match i {
                            7 => return Err(Oops::No),
                            8 => panic!("on purpose"),
                            9 => drop(put(tx, "k9").await),
                            10 => return inner.write(async |tx: &mut Tx| put(tx, "nested").await).await.map(|()| i).map_err(Oops::from),
                            _ => {}
                        }
                        Ok(i)
                    })
                    .await
                })
            })
            .collect();
        for (i, one) in many.into_iter().enumerate() {
            let done = one.await.unwrap();
            assert_eq!(done.is_ok(), !(7..=10).contains(&i), "{i}: {done:?}");
        }
        for (key, there) in [("k6", true), ("k7", false), ("k8", false), ("k9", false), ("k10", false), ("nested", false), ("k11", true)] {
            assert_eq!(has(&db, key).await, there, "{key}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_disconnects_does_not_stop_its_write() {
    both(async |shop| {
        let db = shop.db().clone();
        let gone = Arc::new(tokio::sync::Notify::new());
        {
            let gone = gone.clone();
            let mut write = Box::pin(db.write(async move |tx| {
                // It must not end before the caller has disconnected.
                gone.notified().await;
                put(tx, "gone").await
            }));
            assert!(futures::poll!(&mut write).is_pending());
        }
        gone.notify_one();
        for _ in 0..500 {
            if has(&db, "gone").await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the write was lost");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn serialisation_failures_are_tried_again() {
    let shop = crate::support::postgres().await;
    let db = shop.db().clone();
    db.write(async |tx: &mut Tx| put(tx, "counter").await).await.unwrap();
    let many: Vec<_> = (0..30)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(async move |tx| {
                    tx.execute("set transaction isolation level serializable", &[]).await?;
                    let n: i64 = tx.fetch_scalar("select updated_at from settings where key = 'counter'", &[]).await?;
                    tx.execute("update settings set updated_at = $1 where key = 'counter'", &[&(n + 1)]).await?;
                    Ok::<_, DbError>(())
                })
                .await
            })
        })
        .collect();
    for one in many {
        one.await.unwrap().unwrap();
    }
    assert_eq!(number(&shop, "select updated_at from settings where key = 'counter'").await, 31);
}

/// Ends all other sessions of a Postgres database, as `restart -m fast` does, and waits until they are gone.
async fn end_sessions(url: &str) {
    let mut other = sqlx::PgConnection::connect(url).await.unwrap();
    let sql =
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::query(sql).execute(&mut other).await.unwrap();
    other.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_postgres_causes_no_error_for_callers() {
    let url = crate::support::postgres_url().await;
    let shop = crate::support::open(url.clone(), Folder::new(), |_| {}).await;
    end_sessions(&url).await;
    shop.db().write(async |tx: &mut Tx| put(tx, "after").await).await.unwrap();
    end_sessions(&url).await;
    assert!(has(shop.db(), "after").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_a_stopping_postgres_cuts_off_may_be_made_again() {
    let url = crate::support::postgres_url().await;
    let shop = crate::support::open(url.clone(), Folder::new(), |_| {}).await;
    let within = url.clone();
    let error = shop.db().write(async move |tx: &mut Tx| {
        put(tx, "first").await?;
        end_sessions(&within).await;
        put(tx, "second").await
    });
    let error = error.await.unwrap_err();
    assert!(error.is_transient() && matches!(error, DbError::Lost(_)), "{error:?}");
    let error = shop.db().write(async move |tx: &mut Tx| {
        put(tx, "third").await?;
        end_sessions(&url).await;
        Ok::<_, DbError>(())
    });
    let error = error.await.unwrap_err();
    assert!(matches!(error, DbError::Lost(_) | DbError::InDoubt), "{error:?}");
    for key in ["first", "second", "third"] {
        assert!(!has(shop.db(), key).await, "{key}");
    }
    shop.db().write(async |tx: &mut Tx| put(tx, "after").await).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_sqlite_is_whole() {
    let shop = crate::support::sqlite().await;
    let (file, copy) = (shop.folder.path().join("shop.db"), shop.folder.path().join("copy.db"));
    shop.db().write(async |tx: &mut Tx| put(tx, "kept").await).await.unwrap();
    Db::copy_sqlite(&file, &copy).await.unwrap();
    assert!(Db::copy_sqlite(&file, &copy).await.is_err(), "an older backup is not written over");
    let restored = Db::open(&format!("sqlite:{}", copy.display())).await.unwrap();
    assert!(restored.migrate(&backend::SCHEMA, Backup::Make).await.unwrap().ran.is_empty() && has(&restored, "kept").await);
    assert!(restored.size().await.unwrap() > 0);

    let postgres = crate::support::postgres().await;
    assert!(postgres.db().size().await.unwrap() > 0);
}

#[derive(Debug, PartialEq, platform::db::FromRow)]
struct Columns {
    text: String,
    id: Uuid,
    number: i64,
    yes: Flag,
    bytes: Vec<u8>,
    remark: Option<String>,
}

#[derive(serde::Serialize)]
struct Given<'a> {
    text: &'a str,
    id: Hex<'a>,
    number: i64,
    yes: Flag,
    bytes: Hex<'a>,
    remark: Option<&'a str>,
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_values_arrive_as_they_were() {
    both(async |shop| {
        let (id, text, bytes) = (Uuid::now_v7(), "\"ñ\\\n\u{1}🥭'", vec![0_u8, 255]);
        let (nil, none) = (Uuid::nil(), Vec::new());
        let mut rows = JsonRows::new();
        rows.push(&Given { text, id: hex(&id), number: i64::MAX, yes: Flag(true), bytes: hex(&bytes), remark: None });
        rows.push(&Given { text: "", id: hex(&nil), number: i64::MIN, yes: Flag(false), bytes: hex(&none), remark: Some("x") });
        let sql = "select value->>'text' as text, unhex(value->>'id') as id, cast(value->>'number' as bigint) as number,
                    cast(value->>'yes' as bigint) as yes, unhex(value->>'bytes', '') as bytes, value->>'remark' as remark
             from json_each($1)";
        let read: Vec<Columns> = shop.db().fetch_all(sql, &[&rows.finish()]).await.unwrap();
        assert_eq!(
            read,
            [
                Columns { text: text.into(), id, number: i64::MAX, yes: Flag(true), bytes, remark: None },
                Columns { text: String::new(), id: nil, number: i64::MIN, yes: Flag(false), bytes: none, remark: Some("x".into()) },
            ]
        );
        // A NUL from a form is no error of the database.
        shop.db().write(async |tx: &mut Tx| put(tx, "n\0ul").await).await.unwrap();
        assert!(has(shop.db(), "nul").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_command_of_a_batch_fails_alone() {
    both(async |shop| {
        let work = async |tx: &mut Tx, keys: &[&'static str], _: Option<&()>| {
            let mut done = Vec::new();
            for key in keys {
                put(tx, key).await?;
                done.push(Outcome::Answered(Ok::<_, DbError>(keys.len())));
            }
            Ok(done)
        };
        let batcher = Arc::new(Batcher::new(shop.db().clone(), 64, work));
        let calls = ["one", "two", "two", "three"].map(|key| {
            let batcher = Arc::clone(&batcher);
            tokio::spawn(async move { batcher.call(key).await.is_ok() })
        });
        let mut good = 0;
        for call in calls {
            good += i32::from(call.await.unwrap());
        }
        assert_eq!(good, 3);
        for key in ["one", "two", "three"] {
            assert!(has(shop.db(), key).await, "{key}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_lost_a_race_for_a_key_gets_the_answer_of_the_first() {
    both(async |shop| {
        shop.db().write(async |tx: &mut Tx| put(tx, "taken").await).await.unwrap();
        let runs = Arc::new(AtomicI64::new(0));
        let counted = Arc::clone(&runs);
        let work = async move |tx: &mut Tx, keys: &[&'static str], _: Option<&()>| {
            // It ran twice before the other had committed: in the batch, and alone.
            if counted.fetch_add(1, Ordering::SeqCst) < 2 {
                put(tx, keys[0]).await?;
            }
            let at: i64 = tx.fetch_scalar("select updated_at from settings where key = $1", &[&keys[0]]).await?;
            Ok(vec![Outcome::Answered(Ok::<_, DbError>(at))])
        };
        let batcher = Batcher::new(shop.db().clone(), 64, work);
        assert_eq!(batcher.call("taken").await.unwrap(), 1);
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forgotten_settings_are_used_until_they_are_read_again() {
    both(async |shop| {
        let mut settings = backend::settings::load(shop).await.unwrap();
        settings.currency = "USD".into();
        let manager =
            platform::Context::staff(domain::id::UserId(shop.id()), domain::permission::Role::Manager, domain::id::RequestId(shop.id()));
        backend::settings::save(shop, &manager, settings).await.unwrap();
        shop.settings().forget();
        assert_eq!(backend::settings::shop_currency(shop).code(), "USD");
    })
    .await;
}
