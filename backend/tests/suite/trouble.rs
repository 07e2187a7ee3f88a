//! Databases in trouble: locked, full, unreachable.

use std::time::{Duration, Instant};

use crate::support::wire::Wire;
use crate::support::{Folder, TestShop, a_cart, a_product, buy, form, guest, number, open, place, postgres_url};
use backend::checkout::CheckoutError;
use domain::Locale;
use domain::order::{Channel, PaymentMethod};
use platform::db::{Db, DbError, Tx};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// While `hold` is in force an order is refused for this reason and nothing of it is there; after `release` the same key buys.
async fn refused_then_bought(
    shop: &TestShop,
    mut rival: impl AsyncFnMut(&'static str),
    hold: &'static str,
    release: &'static str,
    reason: impl Fn(&DbError) -> bool,
) {
    let variant = a_product().with_stock(5).make(shop).await;
    let cart = a_cart(shop, &[(variant, 2)]).await;
    rival(hold).await;
    let refused = buy(shop, cart, "troubled-1").await;
    assert!(matches!(&refused, Err(CheckoutError::Db(error)) if reason(error)), "{refused:?}");
    rival(release).await;
    let reserved = "select cast(coalesce(sum(reserved), 0) as bigint) from stock";
    assert_eq!((number(shop, "select count(*) from orders").await, number(shop, reserved).await), (0, 0));
    buy(shop, cart, "troubled-1").await.unwrap();
    assert_eq!((number(shop, "select count(*) from orders").await, number(shop, reserved).await), (1, 2));
    let checks = backend::audit::run(shop, &|_, _| ()).await.unwrap();
    assert!(checks.iter().all(|check| check.failures.is_empty()), "{checks:?}");
}

async fn a_postgres_shop() -> (TestShop, PgConnection) {
    let url = postgres_url().await;
    let shop = open(url.clone(), Folder::new(), |_| {}).await;
    let rival = PgConnection::connect(&url).await.unwrap();
    (shop, rival)
}

#[tokio::test]
async fn a_locked_sqlite_database_is_reported_as_busy() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("shop.db").display());
    let shop = open(url.clone(), folder, |_| {}).await;
    let mut rival = SqliteConnection::connect(&url).await.unwrap();
    let run = async |sql| {
        sqlx::raw_sql(sql).execute(&mut rival).await.unwrap();
    };
    refused_then_bought(&shop, run, "begin immediate", "rollback", |error| matches!(error, DbError::Busy)).await;
}

#[tokio::test]
async fn a_locked_postgres_table_is_reported_as_busy() {
    let (shop, mut rival) = a_postgres_shop().await;
    let run = async |sql| {
        sqlx::raw_sql(sql).execute(&mut rival).await.unwrap();
    };
    let hold = "begin; lock table journal_entries in share mode";
    refused_then_bought(&shop, run, hold, "rollback", |error| matches!(error, DbError::Busy)).await;
}

/// Postgres' error when its disk is full (`disk_full`, 53100), raised by a trigger on one of the last tables of an order.
#[tokio::test]
async fn a_full_postgres_is_reported_and_no_part_of_an_order_is_kept() {
    let (shop, mut rival) = a_postgres_shop().await;
    let run = async |sql| {
        sqlx::raw_sql(sql).execute(&mut rival).await.unwrap();
    };
    let full = "create function full_disk() returns trigger language plpgsql as
                $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
                create trigger full_disk before insert on reservations execute function full_disk()";
    refused_then_bought(&shop, run, full, "drop trigger full_disk on reservations", |error| matches!(error, DbError::Full)).await;
}

#[tokio::test]
async fn an_unreachable_postgres_is_reported_with_its_address() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = Db::open(&format!("postgres://nobody:secret@127.0.0.1:{port}/shop")).await.err().unwrap();
    let message = error.to_string();
    assert!(message.contains(&format!("postgres://127.0.0.1:{port}/shop")) && !message.contains("secret"), "{message}");
}

/// Locks with this statement in another transaction.
async fn hold(rival: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(format!("begin; {sql}"))).execute(rival).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_orders_for_a_locked_row_wait_for_it() {
    let (shop, mut rival) = a_postgres_shop().await;
    let (held, free) = (a_product().with_stock(50).make(&shop).await, a_product().with_stock(500).make(&shop).await);
    let mut blocked = vec![a_cart(&shop, &[(free, 1), (held, 1)]).await];
    hold(&mut rival, format!("select 1 from stock where variant_id = '{}' for update", held.0)).await;
    // Its cart is locked too, and the discount code of another.
    let cart = a_cart(&shop, &[(free, 1)]).await;
    sqlx::raw_sql(AssertSqlSafe(format!("select 1 from carts where id = '{}' for update", cart.0))).execute(&mut rival).await.unwrap();
    blocked.push(cart);
    let view = backend::cart::sync(
        &shop,
        &guest(&shop),
        Locale::En,
        Channel::Web,
        None,
        0,
        crate::support::items(&[(free, 1)]),
        Some("TEN".into()),
    )
    .await
    .unwrap();
    sqlx::raw_sql("select 1 from discount_codes where code = 'TEN' for update").execute(&mut rival).await.unwrap();
    blocked.push(view.id.unwrap());

    let waiting: Vec<_> = blocked
        .iter()
        .enumerate()
        .map(|(n, cart)| {
            let (shop, cart) = (shop.shop.clone(), *cart);
            tokio::spawn(async move { buy(&shop, cart, &format!("blocked-{n}")).await })
        })
        .collect();
    // All at once, so that they come into the same batch, and then one after the other.
    let wanted = [(free, 1)];
    let others = (0..30).map(|_| place(&shop, &wanted));
    for placed in futures::future::join_all(others).await {
        placed.unwrap();
    }
    for _ in 0..10 {
        place(&shop, &[(free, 1)]).await.unwrap();
    }
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()), "nobody was to be answered yet");
    assert_eq!(number(&shop, "select count(*) from orders").await, 40);
    sqlx::raw_sql("rollback").execute(&mut rival).await.unwrap();
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
    assert_eq!(number(&shop, "select count(*) from orders").await, 43);
    assert_eq!(number(&shop, "select cast(sum(reserved) as bigint) from stock").await, 44);
    let checks = backend::audit::run(&shop, &|_, _| ()).await.unwrap();
    assert!(checks.iter().all(|check| check.failures.is_empty()), "{checks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_locked_variant_ends_after_the_time_limit() {
    let (shop, mut rival) = a_postgres_shop().await;
    let (held, free) = (a_product().with_stock(5).make(&shop).await, a_product().with_stock(500).make(&shop).await);
    let cart = a_cart(&shop, &[(held, 1)]).await;
    hold(&mut rival, format!("select 1 from stock where variant_id = '{}' for update", held.0)).await;
    let begun = Instant::now();
    let mut refused = Box::pin(buy(&shop, cart, "blocked-1"));
    let (mut sold, wanted) = (0, [(free, 1)]);
    let answer = loop {
        tokio::select! {
            answer = &mut refused => break answer,
            placed = place(&shop, &wanted) => { placed.unwrap(); sold += 1; }
        }
        // So that the stock lasts.
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(matches!(answer, Err(CheckoutError::Db(DbError::Busy))), "{answer:?}");
    assert!(begun.elapsed() >= Duration::from_secs(5) && begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert!(sold > 20, "others could hardly buy: {sold}");
    sqlx::raw_sql("rollback").execute(&mut rival).await.unwrap();
    buy(&shop, cart, "blocked-1").await.unwrap();
}

/// Two programs that sell the same variant wait for each other in turn.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_sell_one_variant_to_the_last_unit() {
    let url = postgres_url().await;
    let a = open(url.clone(), Folder::new(), |_| {}).await;
    let variant = a_product().with_stock(60).make(&a).await;
    let folder = Folder::new();
    std::fs::copy(a.folder.path().join("key"), folder.path().join("key")).unwrap();
    let b = crate::support::open_shop(backend::ShopConfig::new(url, folder.path(), "http://127.0.0.1:3000")).await.unwrap();
    let buyers = (0..100).map(|n| {
        let shop = if n % 2 == 0 { a.shop.clone() } else { b.clone() };
        tokio::spawn(async move { place(&shop, &[(variant, 1)]).await })
    });
    let mut sold = 0;
    for buyer in futures::future::join_all(buyers).await {
        match buyer.unwrap() {
            Ok(_) => sold += 1,
            Err(CheckoutError::OutOfStock(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(sold, 60);
    b.close().await;
}

/// A program that is frozen in the middle of a transaction, as when its machine is paused.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_transaction_is_ended_and_its_stock_is_sold() {
    let url = postgres_url().await;
    let shop = open(url.clone(), Folder::new(), |_| {}).await;
    let variant = a_product().with_stock(5).make(&shop).await;
    let cart = a_cart(&shop, &[(variant, 1)]).await;
    let still = Db::open(&url).await.unwrap();
    let (holds, held) = tokio::sync::oneshot::channel();
    let (holds, tries) = (std::sync::Mutex::new(Some(holds)), std::sync::atomic::AtomicI64::new(0));
    let standing = tokio::spawn(async move {
        still
            .write(async move |tx: &mut Tx| {
                // When it continues, the write is begun again and reads the current state.
                if tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 {
                    tx.lock("select 1 from stock where variant_id = $1 for update", &[&variant]).await?;
                    let _ = holds.lock().unwrap().take().unwrap().send(());
                    tokio::time::sleep(Duration::from_secs(12)).await;
                }
                let reserved: i64 = tx.fetch_scalar("select cast(sum(reserved) as bigint) from stock", &[]).await?;
                Ok::<_, DbError>(reserved)
            })
            .await
    });
    held.await.unwrap();
    // Within its time-out or at the second try.
    if buy(&shop, cart, "frozen-1").await.is_err() {
        buy(&shop, cart, "frozen-1").await.unwrap();
    }
    assert!(!standing.is_finished(), "it was to be sold while the other stands still");
    assert_eq!(standing.await.unwrap().unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_is_reported_at_once_and_used_again_once_it_is_back() {
    let (wire, url) = Wire::to_postgres(&postgres_url().await).await;
    let shop = open(url, Folder::new(), |_| {}).await;
    let variant = a_product().with_stock(5).make(&shop).await;
    let cart = a_cart(&shop, &[(variant, 1)]).await;
    wire.cut();
    let begun = Instant::now();
    let read = shop.db().fetch_optional_scalar::<String>("select key from settings", &[]).await;
    assert!(matches!(read, Err(DbError::Away)) && begun.elapsed() < Duration::from_secs(3), "{read:?} after {:?}", begun.elapsed());
    let begun = Instant::now();
    let bought = buy(&shop, cart, "away-key-1").await;
    assert!(matches!(bought, Err(CheckoutError::Db(DbError::Away))), "{bought:?}");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    wire.mend();
    let begun = Instant::now();
    while shop.db().is_away() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    buy(&shop, cart, "away-key-1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_too_busy_for_new_connections_is_not_reported_as_away() {
    let (wire, url) = Wire::to_postgres(&postgres_url().await).await;
    let shop = open(url, Folder::new(), |_| {}).await;
    let sleep = async |milliseconds: i64| {
        let sql = "select cast(1 as bigint) from (select pg_sleep(cast(cast($1 as bigint) as double precision) / 1000)) s";
        shop.db().fetch_scalar::<i64>(sql, &[&milliseconds]).await
    };
    // Connections in store: one that was used goes back to the pool a moment after its answer.
    for opened in futures::future::join_all((0..4).map(|_| sleep(200))).await {
        opened.unwrap();
    }
    wire.stall_new();
    // Longer than it takes until the database is looked for, and until it counts as unreachable.
    let slow = sleep(4_500);
    let quick = async {
        for _ in 0..45 {
            sleep(100).await?;
        }
        Ok::<(), DbError>(())
    };
    let (slow, quick) = tokio::join!(slow, quick);
    assert!(slow.is_ok() && quick.is_ok(), "{slow:?}, {quick:?}");
    assert!(!shop.db().is_away());
}

#[tokio::test(flavor = "multi_thread")]
async fn database_connections_that_stopped_answering_are_replaced() {
    let (wire, url) = Wire::to_postgres(&postgres_url().await).await;
    let shop = open(url, Folder::new(), |_| {}).await;
    let variant = a_product().with_stock(50).make(&shop).await;
    let mut carts = Vec::new();
    for _ in 0..9 {
        carts.push(a_cart(&shop, &[(variant, 1)]).await);
    }
    // The pool has connections now that are used again.
    backend::checkout::place_order(&shop, &guest(&shop), Locale::En, Channel::Web, "whole-wire", form(carts[0], PaymentMethod::Cash))
        .await
        .unwrap();
    wire.swallow();
    let begun = Instant::now();
    // Some get a connection that was in use before; it times out and is replaced.
    for (n, cart) in carts[1..].iter().enumerate() {
        let bought = tokio::time::timeout(Duration::from_secs(30), buy(&shop, *cart, &format!("swallowed-{n}"))).await;
        bought.expect("it is not waited for for ever").unwrap();
    }
    assert!(begun.elapsed() >= Duration::from_secs(1), "the wire carried all");
    // Connections for reading may have been swallowed too: this is read where it was written.
    let orders = shop.db().write(async |tx: &mut Tx| tx.fetch_scalar::<i64>("select count(*) from orders", &[]).await).await.unwrap();
    assert_eq!(orders, 9);
}

/// The database's name, for statements about it.
fn name_of(url: &str) -> &str {
    url.rsplit_once('/').unwrap().1
}

/// After this new sessions can write, or not.
async fn set_read_only(rival: &mut PgConnection, url: &str, read_only: bool) {
    let word = if read_only { "on" } else { "off" };
    let sql = format!("alter database \"{}\" set default_transaction_read_only = {word}", name_of(url));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(rival).await.unwrap();
}

/// As where an address leads to a replica for a while, because the primary is being replaced.
#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_takes_no_writes_is_as_good_as_none_until_it_takes_them() {
    let url = postgres_url().await;
    let shop = open(url.clone(), Folder::new(), |_| {}).await;
    let mut rival = PgConnection::connect(&url).await.unwrap();
    let cart = a_cart(&shop, &[(a_product().with_stock(5).make(&shop).await, 1)]).await;
    set_read_only(&mut rival, &url, true).await;
    let end =
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::raw_sql(end).execute(&mut rival).await.unwrap();
    let begun = Instant::now();
    let bought = buy(&shop, cart, "no-writes-1").await;
    assert!(matches!(bought, Err(CheckoutError::Db(DbError::Away))), "{bought:?}");
    let read = shop.db().fetch_optional_scalar::<String>("select key from settings", &[]).await;
    assert!(matches!(read, Err(DbError::Away)), "what a replica says may be old: {read:?}");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let refused = Db::open(&url).await.err().unwrap().to_string();
    assert!(refused.contains("it takes no writes"), "{refused}");
    let reader = Db::open_to_read(&url, &backend::SCHEMA).await.unwrap();
    assert!(reader.fetch_optional_scalar::<String>("select key from settings", &[]).await.is_ok(), "a replica can be looked into");
    reader.close().await;
    set_read_only(&mut rival, &url, false).await;
    let begun = Instant::now();
    while shop.db().is_away() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    buy(&shop, cart, "no-writes-1").await.unwrap();
    assert_eq!(number(&shop, "select count(*) from orders").await, 1);
}

/// A primary that is demoted keeps the sessions that it has in some cases. A trigger refuses the writes of those that were there, as Postgres
/// refuses them then (`read_only_sql_transaction`, 25006).
#[tokio::test(flavor = "multi_thread")]
async fn a_write_on_a_connection_to_a_demoted_primary_is_made_on_another() {
    let (shop, mut rival) = a_postgres_shop().await;
    let cart = a_cart(&shop, &[(a_product().with_stock(5).make(&shop).await, 1)]).await;
    let demote = "create table demoted as select pid from pg_stat_activity where datname = current_database();
                  create function demoted() returns trigger language plpgsql as
                  $$ begin if exists (select 1 from demoted where pid = pg_backend_pid()) then
                      raise exception 'cannot execute INSERT in a read-only transaction' using errcode = '25006';
                  end if; return new; end $$;
                  create trigger demoted before insert on reservations execute function demoted()";
    sqlx::raw_sql(demote).execute(&mut rival).await.unwrap();
    let before = "select count(*) from pg_stat_activity a join demoted d on d.pid = a.pid where a.datname = current_database()";
    let there: i64 = sqlx::query_scalar(before).fetch_one(&mut rival).await.unwrap();
    buy(&shop, cart, "demoted-1").await.unwrap();
    assert_eq!(number(&shop, "select count(*) from orders").await, 1);
    let begun = Instant::now();
    // The session of the order is gone. Others were not used to write.
    while sqlx::query_scalar::<_, i64>(before).fetch_one(&mut rival).await.unwrap() >= there {
        assert!(begun.elapsed() < Duration::from_secs(10), "a connection that cannot write is used again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
