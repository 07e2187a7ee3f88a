//! Databases in trouble: held by somebody else, full, not there.

use crate::support::{Folder, TestShop, a_cart, a_product, buy, number, open, postgres_url};
use backend::checkout::CheckoutError;
use backend::platform::db::{Db, DbError};
use sqlx::{Connection, PgConnection, SqliteConnection};

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
async fn a_sqlite_that_somebody_else_holds_is_busy() {
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
async fn a_postgres_table_that_somebody_else_holds_is_busy() {
    let (shop, mut rival) = a_postgres_shop().await;
    let run = async |sql| {
        sqlx::raw_sql(sql).execute(&mut rival).await.unwrap();
    };
    let hold = "begin; lock table journal_entries in share mode";
    refused_then_bought(&shop, run, hold, "rollback", |error| matches!(error, DbError::Busy)).await;
}

/// What Postgres says when its disk is full (`disk_full`, 53100), said by a trigger on one of the last tables of an order.
#[tokio::test]
async fn a_postgres_without_room_says_so_and_keeps_nothing_of_an_order() {
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
async fn a_postgres_that_is_not_there_is_named_with_its_address() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = Db::open(&format!("postgres://nobody:secret@127.0.0.1:{port}/shop")).await.err().unwrap();
    let said = error.to_string();
    assert!(said.contains(&format!("postgres://127.0.0.1:{port}/shop")) && !said.contains("secret"), "{said}");
}
