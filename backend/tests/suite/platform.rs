//! What the platform promises, on both databases.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::support::{Folder, both, number};
use backend::{OpenError, Shop, ShopConfig};
use domain::id::EventId;
use platform::db::{Batcher, Db, DbError, Flag, Hex, JsonRows, Outcome, Scripts, Tx, hex};
use platform::events::{self, Event, Subscriber};
use platform::follows;
use platform::secrets::SecretsError;
use sqlx::Connection;
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
enum Oops {
    #[error("no")]
    No,
    #[error(transparent)]
    Db(#[from] DbError),
}

async fn put(tx: &mut Tx, key: &str) -> Result<(), DbError> {
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
async fn a_caller_that_goes_away_does_not_stop_its_write() {
    both(async |shop| {
        let db = shop.db().clone();
        let gone = Arc::new(tokio::sync::Notify::new());
        {
            let gone = gone.clone();
            let mut write = Box::pin(db.write(async move |tx| {
                // Not done before the caller is gone.
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

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_sees_each_event_and_again_after_a_failure() {
    both(async |shop| {
        for n in 0..250_i64 {
            happen(shop, n, true).await.unwrap();
        }
        let failing = Subscriber::new("test", follows![Happened], |_| Box::pin(async { Err(DbError::Busy) }));
        assert!(events::catch_up(shop.db(), &failing).await.is_err());
        let sum = Arc::new(AtomicI64::new(0));
        let adding = {
            let sum = sum.clone();
            Subscriber::new("test", follows![Happened], move |events| {
                sum.fetch_add(events.iter().map(|e| e.read::<Happened>().unwrap().1.0).sum(), Ordering::SeqCst);
                Box::pin(async { Ok(()) })
            })
        };
        assert_eq!(events::catch_up(shop.db(), &adding).await.unwrap(), 250);
        assert_eq!(sum.load(Ordering::SeqCst), (0..250).sum::<i64>());
        assert_eq!(events::catch_up(shop.db(), &adding).await.unwrap(), 0);
    })
    .await;
}

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
async fn a_restarted_postgres_is_not_noticed_by_callers() {
    let url = crate::support::postgres_url().await;
    let shop = crate::support::open(url.clone(), Folder::new(), |_| {}).await;
    let cut = async || {
        let mut other = sqlx::PgConnection::connect(&url).await.unwrap();
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
        )
        .execute(&mut other)
        .await
        .unwrap();
    };
    cut().await;
    shop.db().write(async |tx: &mut Tx| put(tx, "after").await).await.unwrap();
    cut().await;
    assert!(has(shop.db(), "after").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_sqlite_is_whole() {
    let shop = crate::support::sqlite().await;
    let (file, copy) = (shop.folder.path().join("shop.db"), shop.folder.path().join("copy.db"));
    shop.db().write(async |tx: &mut Tx| put(tx, "kept").await).await.unwrap();
    Db::copy_sqlite(&file, &copy).await.unwrap();
    assert!(Db::copy_sqlite(&file, &copy).await.is_err(), "an older backup is not written over");
    let restored = Db::open(&format!("sqlite:{}", copy.display())).await.unwrap();
    assert!(restored.migrate(&backend::SCHEMA).await.unwrap().is_empty() && has(&restored, "kept").await);
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
async fn one_bad_command_of_a_bundle_hurts_itself_only() {
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

#[derive(serde::Serialize, serde::Deserialize)]
struct Happened(i64);

impl Event for Happened {
    const KIND: &'static str = "test.happened";
    type Subject = EventId;
}

async fn happen(shop: &Shop, n: i64, keep: bool) -> Result<(), Oops> {
    let work = async move |tx: &mut Tx| {
        tx.record(EventId(Uuid::nil()), Happened(n));
        if keep { Ok(()) } else { Err(Oops::No) }
    };
    shop.write(&shop.system(), work).await
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_are_woken_by_what_is_kept_and_by_nothing_else() {
    both(async |shop| {
        let changed = Arc::clone(shop.db().changed());
        let mut woken = Box::pin(changed.notified());
        happen(shop, 1, false).await.unwrap_err();
        shop.db().write(async |tx: &mut Tx| put(tx, "quiet").await).await.unwrap();
        assert!(futures::poll!(&mut woken).is_pending());
        happen(shop, 2, true).await.unwrap();
        tokio::time::timeout(std::time::Duration::from_secs(10), woken).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_lives_through_a_panic_and_gets_the_events_again() {
    both(async |shop| {
        happen(shop, 1, true).await.unwrap();
        let (seen, mut sees) = tokio::sync::mpsc::unbounded_channel();
        let first = std::sync::atomic::AtomicBool::new(true);
        let fragile = Subscriber::new("fragile", follows![Happened], move |happened| {
            let (seen, panics) = (seen.clone(), first.swap(false, Ordering::SeqCst));
            Box::pin(async move {
                assert!(!panics, "on purpose");
                let _ = seen.send(happened.len());
                Ok(())
            })
        });
        let follower = events::subscribe(shop.db(), fragile);
        assert_eq!(sees.recv().await, Some(1));
        follower.abort();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_hears_once_of_what_happens_after_it_began() {
    both(async |shop| {
        happen(shop, -1, true).await.unwrap();
        let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
        let watcher = events::watch(shop.db(), move |happened| {
            for event in happened {
                let _ = heard.send(event.data.parse::<i64>().unwrap());
            }
        });
        // It begins in its own time: what happens before it has begun it need not hear.
        let mut n = 0;
        let first = loop {
            happen(shop, n, true).await.unwrap();
            n += 1;
            if let Ok(first) = hears.try_recv() {
                break first;
            }
            tokio::task::yield_now().await;
        };
        for later in first + 1..n {
            assert_eq!(hears.recv().await, Some(later));
        }
        happen(shop, 1_000_000, true).await.unwrap();
        assert_eq!(hears.recv().await, Some(1_000_000));
        watcher.abort();
    })
    .await;
}

/// What [`raw_event`] writes.
#[derive(serde::Serialize, serde::Deserialize)]
struct Raw {}

impl Event for Raw {
    const KIND: &'static str = "test";
    type Subject = EventId;
}

/// Writes an event in somebody else's transaction.
async fn raw_event(connection: &mut sqlx::PgConnection, n: i64) {
    sqlx::query(
        "insert into events (id, kind, subject, actor, request, data, at)
         values (gen_random_uuid(), 'test', gen_random_uuid(), 'system', gen_random_uuid(), $1, 0)",
    )
    .bind(n.to_string())
    .execute(connection)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_is_passed_by_when_commits_overtake_each_other() {
    let url = crate::support::postgres_url().await;
    let shop = crate::support::open(url.clone(), Folder::new(), |_| {}).await;
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let note = {
        let seen = Arc::clone(&seen);
        Subscriber::new("test", follows![Raw], move |events| {
            seen.lock().unwrap().extend(events.into_iter().map(|e| e.data));
            Box::pin(async { Ok(()) })
        })
    };
    let mut connections = Vec::new();
    for _ in 0..3 {
        connections.push(sqlx::PgConnection::connect(&url).await.unwrap());
    }
    let [a, b, c] = &mut connections[..] else { unreachable!() };

    // The higher number commits first: the subscriber waits for the lower one.
    let mut slow = a.begin().await.unwrap();
    raw_event(&mut slow, 1).await;
    let mut quick = b.begin().await.unwrap();
    raw_event(&mut quick, 2).await;
    quick.commit().await.unwrap();
    let waiting = tokio::time::timeout(std::time::Duration::from_millis(200), events::catch_up(shop.db(), &note)).await;
    assert!(waiting.is_err() && seen.lock().unwrap().is_empty());
    slow.commit().await.unwrap();
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 2);

    // The older transaction has the higher number: it may go first, and the lower one still comes.
    let mut older = a.begin().await.unwrap();
    sqlx::query("select pg_current_xact_id()").execute(&mut *older).await.unwrap();
    let mut younger = c.begin().await.unwrap();
    raw_event(&mut younger, 3).await;
    raw_event(&mut older, 4).await;
    older.commit().await.unwrap();
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 1);
    younger.commit().await.unwrap();
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 1);
    assert_eq!(*seen.lock().unwrap(), ["1", "2", "4", "3"]);
}

/// Transactions are numbered for all databases of a Postgres together.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_transaction_in_another_database_delays_no_event() {
    let (url, elsewhere) = (crate::support::postgres_url().await, crate::support::postgres_url().await);
    let shop = crate::support::open(url.clone(), Folder::new(), |_| {}).await;
    let mut other = sqlx::PgConnection::connect(&elsewhere).await.unwrap();
    sqlx::raw_sql("begin; select pg_current_xact_id()").execute(&mut other).await.unwrap();
    happen(&shop, 1, true).await.unwrap();
    let note = Subscriber::new("test", follows![Raw], |_| Box::pin(async { Ok(()) }));
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 1);
    // One in this database does: it may still write an event with a lower number.
    let mut here = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("begin; select pg_current_xact_id()").execute(&mut here).await.unwrap();
    happen(&shop, 2, true).await.unwrap();
    let waiting = tokio::time::timeout(std::time::Duration::from_millis(200), events::catch_up(shop.db(), &note)).await;
    assert!(waiting.is_err(), "{waiting:?}");
    raw_event(&mut here, 3).await;
    sqlx::raw_sql("commit").execute(&mut here).await.unwrap();
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_came_from_another_server_do_not_hide_the_new_ones() {
    let url = crate::support::postgres_url().await;
    let shop = crate::support::open(url.clone(), Folder::new(), |_| {}).await;
    let note = Subscriber::new("test", follows![Raw], |_| Box::pin(async { Ok(()) }));
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    raw_event(&mut connection, 1).await;
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 1);
    // A dump carries the numbers of transactions of where it was made.
    sqlx::raw_sql("update events set tx = tx + 1000000000").execute(&mut connection).await.unwrap();
    raw_event(&mut connection, 2).await;
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 0, "it would be hidden");
    shop.db().migrate(&backend::SCHEMA).await.unwrap();
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 1);
    raw_event(&mut connection, 3).await;
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_of_before_stay_until_others_are_read() {
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
async fn a_file_name_never_leads_out_of_the_folder() {
    let shop = crate::support::sqlite().await;
    for name in ["../key", "..", "", "ab", ".hidden", "a/b/c", "a\0b", "/etc/passwd"] {
        assert!(shop.files().get(name).is_err() && shop.files().put(name, b"x").is_err(), "{name}");
    }
    let name = platform::files::Files::name(b"picture");
    shop.files().put(&name, b"picture").unwrap();
    shop.files().put(&name, b"picture").unwrap();
    assert_eq!(shop.files().get(&name).unwrap(), b"picture");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_lost_a_race_for_a_key_is_answered_with_what_the_winner_wrote() {
    both(async |shop| {
        shop.db().write(async |tx: &mut Tx| put(tx, "taken").await).await.unwrap();
        let runs = Arc::new(AtomicI64::new(0));
        let counted = Arc::clone(&runs);
        let work = async move |tx: &mut Tx, keys: &[&'static str], _: Option<&()>| {
            // Twice it looked before the winner had committed: in the batch, and alone.
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
