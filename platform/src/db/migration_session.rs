//! The connection that migrations run on: of its own, beside the writer's.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, Migrator};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqliteConnection};

use super::error::DbError;
use super::handle::{Db, Pool};
use super::migrate::{POSTGRES_TABLES, RECORD, SQLITE_TABLES};
use super::open::LOCKED;

/// Between two looks whether another program has done migrating.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// What differs from other sessions of Postgres: a migration, or the wait for another program's, may take longer than a shopper would wait.
/// Tables that are there already are no news.
const UNHURRIED: [(&str, &str); 3] = [("lock_timeout", "0"), ("statement_timeout", "0"), ("client_min_messages", "warning")];

/// How a migration without a transaction is written: the index that it builds has a name, by which an interrupted one is found.
const ONE_INDEX: &str = "without a transaction it may hold one “create index concurrently if not exists NAME on …” and nothing else";

/// The turn of a program to do what others that share its Postgres must not do at the same time.
pub struct SetupLock(Option<MigrationSession>);

impl SetupLock {
    /// Lets the next program go on. One that is dropped does so too, when its connection is closed.
    pub async fn end(self) {
        if let Some(session) = self.0 {
            session.close().await;
        }
    }
}

impl Db {
    /// Waits until no other program on this Postgres migrates it or has its turn, and lets all others wait until this one's ends: for what
    /// is done once to a new database. A SQLite file belongs to one program anyway.
    ///
    /// # Errors
    /// The database's.
    pub async fn lock_for_setup(&self) -> Result<SetupLock, DbError> {
        if !self.is_postgres() {
            return Ok(SetupLock(None));
        }
        let mut session = MigrationSession::open(self).await?;
        session.lock().await?;
        Ok(SetupLock(Some(session)))
    }
}

pub(super) enum MigrationSession {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl MigrationSession {
    /// A new session on the same database. On SQLite it does not follow references: a table that others refer to can be built anew.
    pub(super) async fn open(db: &Db) -> Result<Self, DbError> {
        match &db.0.pool {
            Pool::Sqlite(pool) => {
                let options = (*pool.connect_options()).clone().pragma("query_only", "false").foreign_keys(false);
                Ok(Self::Sqlite(options.connect().await?))
            }
            Pool::Postgres(pool) => {
                let options = (*pool.connect_options()).clone().options(UNHURRIED);
                let connected = tokio::time::timeout(LOCKED, options.connect()).await.map_err(|_| DbError::Away)?;
                Ok(Self::Postgres(connected?))
            }
        }
    }

    /// Closes it, which also gives the lock back.
    pub(super) async fn close(self) {
        let _ = match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        };
    }

    /// Waits until no other program migrates or fills this Postgres. It asks again and again and does not wait within a statement, whose snapshot
    /// the other's `create index concurrently` would wait for. A SQLite file belongs to one program anyway.
    pub(super) async fn lock(&mut self) -> Result<(), DbError> {
        let Self::Postgres(connection) = self else { return Ok(()) };
        let mut told = false;
        while !sqlx::query_scalar::<_, bool>("select pg_try_advisory_lock(6073011518)").fetch_one(&mut *connection).await? {
            if !std::mem::replace(&mut told, true) {
                tracing::info!("another program migrates or fills this database: waiting for it");
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    /// Whether any table has a row.
    pub(super) async fn has_rows(&mut self) -> Result<bool, DbError> {
        let tables: Vec<String> = match self {
            Self::Sqlite(connection) => sqlx::query_scalar(SQLITE_TABLES).fetch_all(connection).await?,
            Self::Postgres(connection) => sqlx::query_scalar(POSTGRES_TABLES).fetch_all(connection).await?,
        };
        for table in tables.iter().filter(|table| *table != RECORD) {
            let sql = AssertSqlSafe(format!("select count(*) from (select 1 from \"{table}\" limit 1) first"));
            let rows: i64 = match self {
                Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await?,
                Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(connection).await?,
            };
            if rows > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Is a SQLite file whole? Postgres sees to that itself.
    pub(super) async fn is_sound(&mut self) -> bool {
        match self {
            Self::Sqlite(connection) => {
                let verdict: Result<String, _> =
                    sqlx::query_scalar("select quick_check from pragma_quick_check limit 1").fetch_one(connection).await;
                verdict.is_ok_and(|verdict| verdict == "ok")
            }
            Self::Postgres(_) => true,
        }
    }

    /// Runs a statement without values.
    pub(super) async fn execute(&mut self, sql: &'static str) -> Result<(), DbError> {
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(drop)?,
            Self::Postgres(connection) => connection.execute(sql).await.map(drop)?,
        }
        Ok(())
    }

    /// Runs one migration, those before which have run.
    pub(super) async fn run(&mut self, migrator: &Migrator, migration: &Migration, name: &str) -> Result<(), DbError> {
        match self {
            Self::Sqlite(connection) => run_on_sqlite(connection, migrator, migration, name).await,
            Self::Postgres(connection) => run_on_postgres(connection, migrator, migration, name).await,
        }
    }
}

// `Migrator::run_to` calls `run_direct` as well; its own future cannot be sent to another thread (“`Acquire` is not general enough”).

/// In a transaction that is kept when every reference leads to its row afterwards: nobody looked while the migration ran.
async fn run_on_sqlite(connection: &mut SqliteConnection, migrator: &Migrator, migration: &Migration, name: &str) -> Result<(), DbError> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    migrator.run_direct(Some(migration.version), &mut *tx, false).await.map_err(|error| failed(name, error))?;
    let broken: Option<(String, String, i64)> =
        sqlx::query_as("select \"table\", parent, count(*) from pragma_foreign_key_check group by 1, 2 order by 1, 2")
            .fetch_optional(&mut *tx)
            .await?;
    if let Some((table, parent, rows)) = broken {
        tx.rollback().await?;
        let reason = format!("{rows} rows of {table} would lead to no row of {parent}; it was undone");
        return Err(DbError::BadMigration { name: name.to_owned(), reason });
    }
    Ok(tx.commit().await?)
}

async fn run_on_postgres(connection: &mut PgConnection, migrator: &Migrator, migration: &Migration, name: &str) -> Result<(), DbError> {
    if migration.no_tx {
        let index = concurrent_index(migration.sql.as_str());
        let index = index.ok_or_else(|| DbError::BadMigration { name: name.to_owned(), reason: ONE_INDEX.to_owned() })?;
        drop_invalid(connection, index).await?;
    }
    migrator.run_direct(Some(migration.version), &mut *connection, false).await.map_err(|error| failed(name, error))
}

/// Removes what is left of an index whose building was interrupted: it would be kept up to date for ever and never be read.
async fn drop_invalid(connection: &mut PgConnection, index: &str) -> Result<(), DbError> {
    let sql = "select count(*) from pg_index where indexrelid = to_regclass($1) and not indisvalid";
    let invalid: i64 = sqlx::query_scalar(sql).bind(index).fetch_one(&mut *connection).await?;
    if invalid > 0 {
        tracing::warn!(index, "an index was not finished: it is built anew");
        connection.execute(AssertSqlSafe(format!("drop index concurrently {index}"))).await?;
    }
    Ok(())
}

/// The name in `create index concurrently if not exists NAME on …`, when that is all there is.
fn concurrent_index(sql: &str) -> Option<&str> {
    let lines: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let mut words = lines.iter().flat_map(|line| line.split_whitespace()).filter(|word| *word != "unique");
    let begins = ["create", "index", "concurrently", "if", "not", "exists"].into_iter().all(|word| words.next() == Some(word));
    let name = words.next()?;
    let is_alone = !lines.join(" ").trim_end().trim_end_matches(';').contains(';');
    (begins && words.next() == Some("on") && is_alone).then_some(name)
}

fn failed(name: &str, error: MigrateError) -> DbError {
    let error = match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error,
        other => other.into(),
    };
    match DbError::from(error) {
        DbError::Sql(source) => DbError::Migration { name: name.to_owned(), source },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::concurrent_index;

    #[test]
    fn a_migration_without_a_transaction_builds_one_index() {
        let one = "-- no-transaction\n-- Why; and how.\ncreate unique index concurrently if not exists orders_x\n    on orders (x);\n";
        assert_eq!(concurrent_index(one), Some("orders_x"));
        for other in [
            "-- no-transaction\ncreate index concurrently orders_x on orders (x);",
            "-- no-transaction\ncreate index if not exists orders_x on orders (x);",
            "-- no-transaction\ncreate index concurrently if not exists a on t (x); create index concurrently if not exists b on t (y);",
            "-- no-transaction\nupdate orders set x = 1;",
        ] {
            assert_eq!(concurrent_index(other), None, "{other}");
        }
    }
}
