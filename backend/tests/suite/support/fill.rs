//! Fills a shop with as many finished orders as a test wants, a few open ones, and a movement of stock for each: a million in minutes.
//!
//! People are sealed by the program. All else is written by SQL of whole sets (`fill/*.sql`), the same for both databases, past the program and
//! with the indexes away until the end. Catalogue, open orders and what waits are the same however many orders there are; whatever ends
//! or is kept grows with them. Sums do not agree with each other, so no audit passes.

use domain::Locale;
use domain::view::{Address, ContactDetails};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{START, TestShop, address};
use backend::contacts;

/// Orders of which one was placed every `every_ms`, the last when the test begins.
#[derive(Clone, Copy)]
pub struct Filling {
    pub orders: i64,
    pub every_ms: i64,
}

/// Orders that are written in one transaction.
const BATCH: i64 = 50_000;
/// Contacts that are written in one transaction.
const PEOPLE: i64 = 10_000;

/// Fills a shop that has what [`super::basics`] makes. `url` is its database's.
pub async fn fill(shop: &TestShop, url: &str, filling: Filling) {
    let mut raw = Raw::open(url).await;
    let indexes = raw.take_indexes().await;
    let people = filling.orders / 4;
    for first in (0..people).step_by(usize::try_from(PEOPLE).unwrap()) {
        write_people(shop, first, people.min(first + PEOPLE)).await;
    }
    let write = |sql: &str, from: i64, to: i64| {
        let numbers = [("from", from), ("to", to), ("count", filling.orders), ("start", START.millis()), ("step", filling.every_ms)];
        numbers.iter().fold(sql.to_owned(), |sql, (name, number)| sql.replace(&format!("{{{name}}}"), &number.to_string()))
    };
    raw.run(write(include_str!("fill/catalogue.sql"), 0, 0)).await;
    for from in (1..=filling.orders).step_by(usize::try_from(BATCH).unwrap()) {
        raw.run(write(include_str!("fill/orders.sql"), from, filling.orders.min(from + BATCH - 1))).await;
    }
    raw.run(
        "drop table fill_lines; drop table fill_orders; drop table fill_users; drop table fill_people; drop table fill_numbers;".into(),
    )
    .await;
    for index in indexes {
        raw.run(format!("{index};")).await;
    }
    raw.close().await;
}

/// Four of five people are called Maria Santos and have one telephone number; the first thirty are called Reyes.
pub fn person(k: i64) -> ContactDetails {
    let name = match k {
        0..30 => "Maria Reyes".to_owned(),
        _ if k % 5 > 0 => "Maria Santos".to_owned(),
        _ => format!("Jose Cruz{}", k % 50),
    };
    let phone = if k % 5 > 0 { 0 } else { k };
    ContactDetails { name, email: format!("shopper{k}@example.com"), phone: format!("+63917{phone:07}") }
}

async fn write_people(shop: &TestShop, from: i64, to: i64) {
    let contacts: Vec<_> = (from..to).map(|k| contacts::prepare_contact(shop, &person(k), Locale::En)).collect();
    let home: Address = address();
    let addresses: Vec<_> = contacts.iter().map(|contact| contacts::prepare_address(shop, contact.id, &home)).collect();
    shop.db()
        .write(async move |tx| {
            contacts::insert_contacts(tx, &contacts).await?;
            contacts::insert_addresses(tx, &addresses).await
        })
        .await
        .unwrap();
}

/// A connection of its own, which checks no foreign keys: what is written is of one script, and a test of it checks them all.
enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    async fn open(url: &str) -> Self {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let mut raw = Self::Sqlite(SqliteConnection::connect(&format!("sqlite:{path}")).await.unwrap());
            raw.run_alone("pragma foreign_keys = off; pragma synchronous = off; pragma cache_size = -400000; pragma temp_store = file")
                .await;
            raw
        } else {
            let mut raw = Self::Postgres(PgConnection::connect(url).await.unwrap());
            raw.run_alone(
                "set jit = off; set synchronous_commit = off; set session_replication_role = replica; set maintenance_work_mem = '512MB'; set work_mem = '64MB'",
            )
            .await;
            // What the script takes of SQLite's function of this name.
            raw.run_alone(
                "create function printf(text, bigint) returns text language sql immutable
                 as 'select lpad(to_hex($2), cast(substr($1, 3, length($1) - 3) as int), ''0'')'",
            )
            .await;
            raw
        }
    }

    /// Runs statements in one transaction.
    async fn run(&mut self, sql: String) {
        self.run_alone(&format!("begin; {sql} commit;")).await;
    }

    async fn run_alone(&mut self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(connection) => drop(sql.execute(connection).await.unwrap()),
            Self::Postgres(connection) => drop(sql.execute(connection).await.unwrap()),
        }
    }

    /// Drops the indexes that hold no key of a table, and returns how they are made.
    async fn take_indexes(&mut self) -> Vec<String> {
        let (names, made): (Vec<String>, Vec<String>) = match self {
            Self::Sqlite(connection) => {
                let sql = "select name, sql from sqlite_master where type = 'index' and sql is not null";
                sqlx::query_as::<_, (String, String)>(sql).fetch_all(connection).await.unwrap().into_iter().unzip()
            }
            Self::Postgres(connection) => {
                let sql = "select c.relname::text, pg_get_indexdef(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indexrelid
                     where c.relnamespace = 'public'::regnamespace
                       and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid)";
                sqlx::query_as::<_, (String, String)>(sql).fetch_all(connection).await.unwrap().into_iter().unzip()
            }
        };
        self.run(names.iter().map(|name| format!("drop index {name};")).collect()).await;
        made
    }

    /// Leaves the database as one that has been in use for a while.
    async fn close(mut self) {
        match self {
            // The program keeps no statistics of SQLite's.
            Self::Sqlite(connection) => connection.close().await.unwrap(),
            Self::Postgres(_) => {
                self.run_alone("drop function printf").await;
                // No worker of the server's own looks at pages while somebody counts them.
                self.run_alone(
                    "do $$ declare name text; begin
                     for name in select tablename from pg_tables where schemaname = 'public' loop
                        execute format('alter table %I set (autovacuum_enabled = off)', name);
                     end loop; end $$",
                )
                .await;
                self.run_alone("vacuum analyze").await;
                if let Self::Postgres(connection) = self {
                    connection.close().await.unwrap();
                }
            }
        }
    }
}
