//! Events have their effect once, though a node freezes or is killed while it handles them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::id::EventId;
use platform::db::{Backup, Db, DbError, Tx};
use platform::events::{self, Event, Subscriber};
use platform::follows;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{Process, Task, rounds, until};
use crate::support::{both_empty, postgres_url};

#[derive(serde::Serialize, serde::Deserialize)]
struct Noted(i64);

impl Event for Noted {
    const KIND: &'static str = "test.noted";
    type Subject = EventId;
}

async fn happen(db: &Db, numbers: std::ops::Range<i64>) {
    db.write(async move |tx: &mut Tx| {
        for n in numbers.clone() {
            tx.record(EventId(Uuid::nil()), Noted(n));
        }
        Ok::<_, DbError>(())
    })
    .await
    .unwrap();
}

/// Notes each event in a row, without any key that would refuse a second one, and takes its time.
pub(super) fn noting() -> Subscriber {
    Subscriber::new("noting", follows![Noted], |tx, events| {
        Box::pin(async move {
            for event in events {
                tx.execute("insert into trials (id, filling) values ($1, $2)", &[&tx.id(), &event.data]).await?;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(())
        })
    })
}

async fn an_empty_shop(url: &str) -> Db {
    let db = Db::open(url).await.unwrap();
    db.migrate(&backend::SCHEMA, Backup::Make).await.unwrap();
    db
}

/// How many events were noted, and how many of them more than once.
async fn noted(db: &Db) -> (i64, i64) {
    let sql = "select count(*) as events, cast(coalesce(sum(case when n > 1 then 1 else 0 end), 0) as bigint) as twice
               from (select filling, count(*) as n from trials group by filling) t";
    #[derive(platform::db::FromRow)]
    struct Row {
        events: i64,
        twice: i64,
    }
    let row: Row = db.fetch_all(sql, &[]).await.unwrap().remove(0);
    (row.events, row.twice)
}

/// Fails when the cursor or the epoch is ever lower than before, for as long as it is kept.
async fn never_back(url: &str) -> Task {
    Task(tokio::spawn(watch_cursor(PgConnection::connect(url).await.unwrap())))
}

async fn watch_cursor(mut postgres: PgConnection) {
    let sql =
        "select coalesce((select tx from events e where e.seq = c.seq), 0), c.seq, c.epoch from event_cursors c where name = 'noting'";
    let mut last = (0, 0, 0);
    loop {
        if let Some(now) = sqlx::query_as::<_, (i64, i64, i64)>(sql).fetch_optional(&mut postgres).await.unwrap() {
            assert!((now.0, now.1) >= (last.0, last.1) && now.2 >= last.2, "it went back from {last:?} to {now:?}");
            last = now;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Stops the process while its handler has written something and not yet committed it.
async fn stop_in_the_middle(node: &Process, postgres: &mut PgConnection) {
    for _ in 0..200 {
        node.signal("STOP");
        tokio::time::sleep(Duration::from_millis(50)).await;
        let standing: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'
             and query like 'insert into trials%'",
        )
        .fetch_one(&mut *postgres)
        .await
        .unwrap();
        if standing > 0 {
            return;
        }
        node.signal("CONT");
        tokio::time::sleep(Duration::from_millis(23)).await;
    }
    panic!("it was never stopped while it handled events");
}

/// A node ends in the middle of its work; another one takes over.
async fn taken_over(then: &str) {
    let url = postgres_url().await;
    let db = an_empty_shop(&url).await;
    let mut postgres = PgConnection::connect(&url).await.unwrap();
    happen(&db, 0..400).await;
    let watched = never_back(&url).await;
    let node = Process::start(&url);
    until("its first events are noted", 30, async || noted(&db).await.0 > 0).await;
    stop_in_the_middle(&node, &mut postgres).await;
    let (before, _) = noted(&db).await;
    assert!(before < 400, "it was done before it could be stopped");
    node.signal(then);
    let other = Task(events::subscribe(&db, noting()));
    let waited = until("the other node has taken over", 15, async || noted(&db).await.0 > before).await;
    println!("{then}: the other node went on after {waited:?}");
    happen(&db, 400..500).await;
    until("all events are noted", 30, async || noted(&db).await.0 == 500).await;
    // It wakes up in the middle of its transaction, and finds that another epoch has begun.
    if then == "STOP" {
        node.signal("CONT");
        happen(&db, 500..600).await;
        until("all events are noted", 30, async || noted(&db).await.0 == 600).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    assert_eq!(noted(&db).await.1, 0, "some events had their effect twice");
    assert!(!watched.0.is_finished(), "the cursor went back");
    drop((other, node));
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_frozen_node_have_their_effect_once() {
    for _ in 0..rounds(3) {
        taken_over("STOP").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_killed_node_have_their_effect_once() {
    for _ in 0..rounds(4) {
        taken_over("KILL").await;
    }
}

/// Nodes that all live, and whose clocks differ by a day.
#[tokio::test(flavor = "multi_thread")]
async fn one_node_at_a_time_hands_over_events() {
    let url = postgres_url().await;
    let first = an_empty_shop(&url).await;
    let clock = platform::clock::SimulatedClock::at(first.now().plus_millis(domain::Timestamp::DAY));
    let second = Db::open_with(&url, Arc::new(clock), Arc::new(platform::rng::SystemRng)).await.unwrap();
    let watched = never_back(&url).await;
    let following = [&first, &second].map(|db| Task(events::subscribe(db, noting())));
    for tens in 0..30 {
        happen(if tens % 2 == 0 { &first } else { &second }, tens * 10..tens * 10 + 10).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    until("all events are noted", 30, async || noted(&first).await.0 == 300).await;
    assert_eq!(noted(&first).await, (300, 0));
    assert!(!watched.0.is_finished(), "the cursor went back");
    // Where both tried all the time, each would have taken it from the other again and again.
    let epochs: i64 = first.fetch_scalar("select epoch from event_cursors where name = 'noting'", &[]).await.unwrap();
    assert!(epochs <= 5, "it went from one to the other {epochs} times");
    drop(following);
    second.close().await;
    first.close().await;
}

/// What a handler wrote is undone with its failure, and the events come again.
#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_fails_leaves_nothing_of_what_it_wrote() {
    both_empty(async |url| {
        let db = an_empty_shop(url).await;
        happen(&db, 0..150).await;
        let tries = Arc::new(AtomicI64::new(0));
        let fragile = Subscriber::new("noting", follows![Noted], move |tx, events| {
            let tries = Arc::clone(&tries);
            Box::pin(async move {
                for event in events {
                    tx.execute("insert into trials (id, filling) values ($1, $2)", &[&tx.id(), &event.data]).await?;
                }
                match tries.fetch_add(1, Ordering::SeqCst) {
                    0 => Err(DbError::Busy),
                    1 => panic!("on purpose"),
                    _ => Ok(()),
                }
            })
        });
        for _ in 0..2 {
            assert!(events::catch_up(&db, &fragile).await.is_err());
            assert_eq!(noted(&db).await, (0, 0));
        }
        assert_eq!(events::catch_up(&db, &fragile).await.unwrap(), 150);
        assert_eq!(noted(&db).await, (150, 0));
        db.close().await;
    })
    .await;
}

/// A cursor that a release without leases left behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_goes_on_where_it_was_before_there_were_leases() {
    both_empty(async |url| {
        let db = Db::open(url).await.unwrap();
        db.migrate_to(&backend::SCHEMA.of(&db)[..1], Backup::Make).await.unwrap();
        happen(&db, 0..7).await;
        let sql = "insert into event_cursors (name, seq) select 'noting', min(seq) + 2 from events";
        db.write(async move |tx: &mut Tx| tx.execute(sql, &[]).await).await.unwrap();
        assert_eq!(db.migrate(&backend::SCHEMA, Backup::Make).await.unwrap().ran[0], "0002_event_leases");
        assert_eq!(events::catch_up(&db, &noting()).await.unwrap(), 4);
        assert_eq!(noted(&db).await, (4, 0));
        db.close().await;
    })
    .await;
}
