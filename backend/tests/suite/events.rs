//! The feed of events: subscribers and watchers, on both databases.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::platform::{Oops, put};
use crate::support::{Folder, both};
use backend::Shop;
use domain::id::EventId;
use platform::db::{Backup, DbError, Tx};
use platform::events::{self, Event, Subscriber};
use platform::follows;
use sqlx::Connection;
use uuid::Uuid;

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
async fn a_subscriber_sees_each_event_and_again_after_a_failure() {
    both(async |shop| {
        for n in 0..250_i64 {
            happen(shop, n, true).await.unwrap();
        }
        let failing = Subscriber::new("test", follows![Happened], |_, _| Box::pin(async { Err(DbError::Busy) }));
        assert!(events::catch_up(shop.db(), &failing).await.is_err());
        let sum = Arc::new(AtomicI64::new(0));
        let adding = {
            let sum = sum.clone();
            Subscriber::new("test", follows![Happened], move |_, events| {
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

#[tokio::test(flavor = "multi_thread")]
async fn followers_are_woken_by_committed_events_of_their_kinds_only() {
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
async fn after_a_panic_a_subscriber_gets_the_events_again() {
    both(async |shop| {
        happen(shop, 1, true).await.unwrap();
        let (seen, mut sees) = tokio::sync::mpsc::unbounded_channel();
        let first = std::sync::atomic::AtomicBool::new(true);
        let fragile = Subscriber::new("fragile", follows![Happened], move |_, happened| {
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
async fn a_watcher_is_woken_once_for_events_after_it_began() {
    both(async |shop| {
        happen(shop, -1, true).await.unwrap();
        let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
        let watcher = events::watch(
            shop.db(),
            || {},
            move |happened| {
                for event in happened {
                    let _ = heard.send(event.data.parse::<i64>().unwrap());
                }
            },
        );
        // It starts with a delay, and gets no events from before its start.
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

/// Writes an event in another transaction.
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
async fn no_event_is_skipped_when_commits_overtake_each_other() {
    let url = crate::support::postgres_url().await;
    let shop = crate::support::open(url.clone(), Folder::new(), |_| {}).await;
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let note = {
        let seen = Arc::clone(&seen);
        Subscriber::new("test", follows![Raw], move |_, events| {
            seen.lock().unwrap().extend(events.iter().map(|e| e.data.clone()));
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
    let note = Subscriber::new("test", follows![Raw], |_, _| Box::pin(async { Ok(()) }));
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
    let note = Subscriber::new("test", follows![Raw], |_, _| Box::pin(async { Ok(()) }));
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    raw_event(&mut connection, 1).await;
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 1);
    // A dump has the transaction numbers of the server it was made on.
    sqlx::raw_sql("update events set tx = tx + 1000000000").execute(&mut connection).await.unwrap();
    raw_event(&mut connection, 2).await;
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 0, "it would be hidden");
    shop.db().migrate(&backend::SCHEMA, Backup::Make).await.unwrap();
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 1);
    raw_event(&mut connection, 3).await;
    assert_eq!(events::catch_up(shop.db(), &note).await.unwrap(), 1);
}
