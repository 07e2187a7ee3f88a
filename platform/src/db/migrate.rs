//! Migrations: forward only, each in its own transaction, run at every start.

use std::time::Duration;

use super::error::DbError;
use super::handle::{Db, Pool};

/// Names and statements, in order.
pub type Scripts = &'static [(&'static str, &'static str)];

/// The migrations of a program for each kind of database.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    pub sqlite: Scripts,
    pub postgres: Scripts,
}

impl Migrations {
    /// Those for this database.
    #[must_use]
    pub fn of(&self, db: &Db) -> Scripts {
        if db.is_postgres() { self.postgres } else { self.sqlite }
    }
}

/// Another program's migration may take longer than a shopper would wait.
const AS_LONG_AS_IT_TAKES: &str = "select set_config(name, '0', true) from unnest(array['lock_timeout', 'statement_timeout']) name";
const ALL_DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Several programs may start on one Postgres at the same time.
const ONE_AT_A_TIME: &str = "select pg_advisory_xact_lock(6073011518)";

/// Events carry the numbers of their transactions, which another Postgres server counts from its own beginning: after a dump was
/// restored there, new events would come before the old ones and nobody would follow them. Those that came along all become oldest.
const OF_ANOTHER_SERVER: &str = "update events set tx = 0 where exists
    (select 1 from events where tx >= cast(cast(pg_snapshot_xmax(pg_current_snapshot()) as text) as bigint))";

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, sqlx_macros::FromRow)]
pub struct TableColumn {
    pub table_name: String,
    pub column_name: String,
}

impl Db {
    /// Brings the schema up to date and says which migrations ran. An interrupted one leaves nothing behind and runs again.
    ///
    /// # Errors
    /// [`DbError::Newer`] for a database of a newer program, [`DbError::Migration`] naming the one that failed.
    pub async fn migrate(&self, migrations: &Migrations) -> Result<Vec<String>, DbError> {
        let ran = self.migrate_to(migrations.of(self)).await?;
        if self.is_postgres() {
            self.write_within(ALL_DAY, self.system(), async |tx: &mut super::Tx| {
                tx.lock(AS_LONG_AS_IT_TAKES, &[]).await?;
                tx.lock(ONE_AT_A_TIME, &[]).await?;
                tx.execute(OF_ANOTHER_SERVER, &[]).await
            })
            .await?;
        }
        Ok(ran)
    }

    /// The same with other migrations: the first few of this program's make an earlier schema, for tests of upgrades.
    ///
    /// # Errors
    /// As [`Db::migrate`].
    pub async fn migrate_to(&self, all: Scripts) -> Result<Vec<String>, DbError> {
        self.write_within(ALL_DAY, self.system(), async |tx: &mut super::Tx| {
            tx.lock(AS_LONG_AS_IT_TAKES, &[]).await?;
            tx.lock(ONE_AT_A_TIME, &[]).await?;
            tx.execute("create table if not exists schema_migrations (name text primary key, at bigint not null)", &[]).await
        })
        .await?;
        let done: Vec<String> = self.fetch_scalars("select name from schema_migrations order by name", &[]).await?;
        if let Some(newer) = done.iter().find(|name| !all.iter().any(|(known, _)| known == name)) {
            return Err(DbError::Newer(newer.clone()));
        }
        let mut ran = Vec::new();
        for (name, sql) in all {
            if done.iter().any(|known| known == name) {
                continue;
            }
            if self.run_migration(name, sql).await? {
                ran.push((*name).to_owned());
            }
        }
        Ok(ran)
    }

    /// False when another program did it in the meantime.
    async fn run_migration(&self, name: &'static str, sql: &'static str) -> Result<bool, DbError> {
        let failed = |e: DbError| match e {
            DbError::Sql(source) => DbError::Migration { name: name.to_owned(), source },
            other => other,
        };
        self.write_within(ALL_DAY, self.system(), async move |tx| {
            tx.lock(AS_LONG_AS_IT_TAKES, &[]).await?;
            tx.lock(ONE_AT_A_TIME, &[]).await?;
            let done: Option<String> = tx.fetch_optional_scalar("select name from schema_migrations where name = $1", &[&name]).await?;
            if done.is_some() {
                return Ok(false);
            }
            tx.script(sql).await?;
            tx.execute("insert into schema_migrations (name, at) values ($1, $2)", &[&name, &tx.now()]).await?;
            Ok(true)
        })
        .await
        .map_err(failed)
    }

    /// Tables with their columns, sorted: what a schema is, for the test that both databases have the same.
    ///
    /// # Errors
    /// The database's.
    pub async fn tables(&self) -> Result<Vec<TableColumn>, DbError> {
        match &self.0.pool {
            Pool::Sqlite(_) => {
                self.fetch_all(
                    "select m.name as table_name, c.name as column_name from sqlite_master m join pragma_table_info(m.name) c
                     where m.type = 'table' and m.name not like 'sqlite_%' order by m.name, c.name",
                    &[],
                )
                .await
            }
            Pool::Postgres(_) => {
                self.fetch_all(
                    "select cast(table_name as text) as table_name, cast(column_name as text) as column_name from information_schema.columns
                     where table_schema = 'public' order by 1, 2",
                    &[],
                )
                .await
            }
        }
    }
}

impl super::tx::Tx {
    /// Several statements without values, as in a migration.
    async fn script(&mut self, sql: &'static str) -> Result<(), DbError> {
        self.control_script(sql).await.inspect_err(|e| self.failed = Some(e.clone()))
    }

    async fn control_script(&mut self, sql: &'static str) -> Result<(), DbError> {
        match &mut self.conn {
            super::tx::Conn::Sqlite(conn) => sqlx::raw_sql(sql).execute(conn).await.map(drop).map_err(DbError::from),
            super::tx::Conn::Postgres(lease) => Box::pin(lease.ask(async |c| sqlx::raw_sql(sql).execute(c).await.map(drop))).await,
        }
    }
}
