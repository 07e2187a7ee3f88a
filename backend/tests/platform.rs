//! What the platform promises, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use backend::platform::db::{Db, DbError, Tx};
use backend::platform::events::{self, Event};
use backend::platform::jobs;
use support::{both, number};
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
    db.fetch_optional::<(i64,)>("select 1 from settings where key = $1", &[&key]).await.unwrap().is_some()
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
        {
            let mut write = Box::pin(db.write(async move |tx| put(tx, "gone").await));
            assert!(futures::poll!(&mut write).is_pending());
        }
        // The next write waits behind the first.
        db.write(async move |tx| put(tx, "next").await).await.unwrap();
        for _ in 0..100 {
            if has(&db, "gone").await {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the write was lost");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_tables_and_columns() {
    let (sqlite, postgres) = (support::sqlite().await, support::postgres().await);
    assert_eq!(sqlite.db().tables().await.unwrap(), postgres.db().tables().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_twice_changes_nothing() {
    both(async |shop| {
        assert!(shop.db().migrate().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_program_on_the_same_file_is_told_so() {
    let shop = support::sqlite().await;
    let second = Db::open(&format!("sqlite:{}", shop.folder.path().join("shop.db").display())).await;
    assert!(matches!(second.err(), Some(DbError::InUse(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn serialisation_failures_are_tried_again() {
    let shop = support::postgres().await;
    let db = shop.db().clone();
    db.write(async |tx: &mut Tx| put(tx, "counter").await).await.unwrap();
    let many: Vec<_> = (0..30)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                db.write(async move |tx| {
                    tx.execute("set transaction isolation level serializable", &[]).await?;
                    let (n,) = tx.fetch_one::<(i64,)>("select updated_at from settings where key = 'counter'", &[]).await?;
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
            let (inner, ctx) = (shop.shop.clone(), shop.system());
            shop.db()
                .write(async move |tx| {
                    events::append(tx, &inner, &ctx, inner.now(), &[Event::new("test.happened", Uuid::nil(), serde_json::json!(n))]).await
                })
                .await
                .unwrap();
        }
        let failing = |_: backend::Shop, _: Vec<events::Happened>| -> events::Handled { Box::pin(async { Err(DbError::Busy) }) };
        assert!(events::catch_up(shop, "test", &failing).await.is_err());
        let sum = Arc::new(AtomicI64::new(0));
        let adding = {
            let sum = sum.clone();
            move |_: backend::Shop, events: Vec<events::Happened>| -> events::Handled {
                sum.fetch_add(events.iter().map(|e| e.data.parse::<i64>().unwrap()).sum(), Ordering::SeqCst);
                Box::pin(async { Ok(()) })
            }
        };
        assert_eq!(events::catch_up(shop, "test", &adding).await.unwrap(), 250);
        assert_eq!(sum.load(Ordering::SeqCst), (0..250).sum::<i64>());
        assert_eq!(events::catch_up(shop, "test", &adding).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_tried_again_with_longer_pauses_and_given_up_at_last() {
    both(async |shop| {
        let inner = shop.shop.clone();
        shop.db()
            .write(async move |tx| {
                for _ in 0..2 {
                    jobs::enqueue(tx, &inner, "test.fails", &serde_json::json!({}), inner.now(), Some("once")).await?;
                }
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
        assert_eq!(number(shop, "select count(*) from jobs").await, 1);
        let handler: jobs::Handler = Box::new(|_, _| Box::pin(async { Err("the bank is closed".to_owned()) }));
        let handlers = jobs::Handlers::from([("test.fails", handler)]);
        for n in 1..=jobs::TRIES {
            assert_eq!(jobs::run_due(shop, &handlers).await.unwrap(), 1, "try {n}");
            assert_eq!(jobs::run_due(shop, &handlers).await.unwrap(), 0, "it waits after try {n}");
            shop.clock.advance(86_400_000);
        }
        assert_eq!(jobs::run_due(shop, &handlers).await.unwrap(), 0);
        assert_eq!(number(shop, "select count(*) from jobs where state = 'dead'").await, 1);
    })
    .await;
}
