//! Migrations: forward only, run at every start by sqlx's `Migrator`, by one server at a time (`migration_session.rs`). See `docs/platform/migrations.md`.

use std::path::PathBuf;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::error::DbError;
use super::handle::{Db, Pool};
use super::migration_session::MigrationSession;

/// Names and statements, in order. A name is a number and words, `0002_gift_cards`, which are what the database keeps of it.
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

/// What is done about a database with rows in it before it is migrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backup {
    /// SQLite's file is copied; when it cannot be, nothing is migrated. On Postgres the log says how to make one.
    Make,
    /// Nothing: somebody else sees to it.
    Skip,
}

/// What a start changed of the schema.
#[derive(Clone, Debug, Default)]
pub struct Migrated {
    /// Names of the migrations that ran, in order.
    pub ran: Vec<String>,
    /// The copy of a SQLite file as it was before.
    pub backup: Option<PathBuf>,
}

/// The table in which sqlx keeps what has run.
pub(super) const RECORD: &str = "_sqlx_migrations";

/// The names of all tables.
pub(super) const SQLITE_TABLES: &str = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name";
/// The names of all tables in the schema where new ones are made, but for those that belong to an extension, such as PostGIS.
pub(super) const POSTGRES_TABLES: &str =
    "select cast(c.relname as text) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_schema() and c.relkind in ('r', 'p')
      and not exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    order by c.relname";

/// A table of another program: what has tables is a shop only when it keeps which migrations have run.
pub(super) fn foreign_among(tables: Vec<String>) -> Option<String> {
    if tables.iter().any(|table| table == RECORD) { None } else { tables.into_iter().next() }
}

/// Events carry the numbers of their transactions, which another Postgres server counts from its own beginning: after a dump was
/// restored there, new events would come before the old ones and would not be followed. Those that came along all become oldest.
const OF_ANOTHER_SERVER: &str = "update events set tx = 0 where exists
    (select 1 from events where tx >= cast(cast(pg_snapshot_xmax(pg_current_snapshot()) as text) as bigint))";

/// A migration that has run on a database.
#[derive(Debug, sqlx_macros::FromRow)]
struct Applied {
    version: i64,
    description: String,
    checksum: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, sqlx_macros::FromRow)]
pub struct TableColumn {
    pub table_name: String,
    pub column_name: String,
}

impl Db {
    /// Brings the schema up to date. An interrupted migration leaves nothing behind and runs again. Programs that start together on one
    /// Postgres wait for each other.
    ///
    /// # Errors
    /// [`DbError::Foreign`] for a database of another program, [`DbError::Newer`] for one of a newer release, [`DbError::Changed`] for a
    /// migration that is not as it was when it ran, [`DbError::Migration`] and [`DbError::BadMigration`] naming the one that failed,
    /// [`DbError::Backup`].
    pub async fn migrate(&self, migrations: &Migrations, backup: Backup) -> Result<Migrated, DbError> {
        self.migrate_then(migrations.of(self), backup, self.is_postgres().then_some(OF_ANOTHER_SERVER)).await
    }

    /// The same with other migrations: the first few of this program's make an earlier schema, for tests of upgrades.
    ///
    /// # Errors
    /// As [`Db::migrate`].
    pub async fn migrate_to(&self, all: Scripts, backup: Backup) -> Result<Migrated, DbError> {
        self.migrate_then(all, backup, None).await
    }

    async fn migrate_then(&self, all: Scripts, backup: Backup, then: Option<&'static str>) -> Result<Migrated, DbError> {
        let migrator = migrator(all)?;
        let mut session = MigrationSession::open(self).await?;
        let done = self.run_pending(&mut session, &migrator, backup, then).await;
        session.close().await;
        done
    }

    async fn run_pending(
        &self,
        session: &mut MigrationSession,
        migrator: &Migrator,
        backup: Backup,
        then: Option<&'static str>,
    ) -> Result<Migrated, DbError> {
        session.lock().await?;
        self.refuse_foreign().await?;
        self.remove_unfinished_copy();
        let pending = pending(migrator, &self.applied().await?)?;
        let mut migrated = Migrated::default();
        if let (Some(first), Backup::Make) = (pending.first(), backup)
            && session.has_rows().await?
        {
            migrated.backup = self.back_up_before(&name_of(first)).await?;
        }
        for migration in pending {
            let name = name_of(migration);
            let ran = session.run(migrator, migration, &name).await;
            if let (Err(DbError::Migration { .. } | DbError::BadMigration { .. }), true, Some(copy)) =
                (&ran, migrated.ran.is_empty(), &migrated.backup)
                && session.is_sound().await
            {
                // The database is as it was. A program that is started again and again would fill the disk with copies of it.
                let _ = std::fs::remove_file(copy);
                tracing::info!("the copy is removed again: the migration failed and the database is as it was");
            }
            ran?;
            migrated.ran.push(name);
        }
        if let Some(statement) = then {
            session.execute(statement).await?;
        }
        Ok(migrated)
    }

    /// Does it hold a shop of this program, with nothing left to migrate?
    ///
    /// # Errors
    /// [`DbError::NoShop`], [`DbError::Foreign`], [`DbError::Older`], [`DbError::Newer`], [`DbError::Changed`], [`DbError::Open`].
    pub(super) async fn check_schema(&self, all: Scripts) -> Result<(), DbError> {
        let failed = |error: DbError| DbError::Open { path: self.url().to_owned(), reason: error.to_string() };
        let applied = self.applied().await.map_err(failed)?;
        if applied.is_empty() {
            self.refuse_foreign().await?;
            return Err(DbError::NoShop(self.url().to_owned()));
        }
        let migrator = migrator(all)?;
        if pending(&migrator, &applied)?.is_empty() { Ok(()) } else { Err(DbError::Older(self.url().to_owned())) }
    }

    /// Refuses a database with tables that are not this program's.
    async fn refuse_foreign(&self) -> Result<(), DbError> {
        let sql = if self.is_postgres() { POSTGRES_TABLES } else { SQLITE_TABLES };
        match foreign_among(self.fetch_scalars(sql, &[]).await?) {
            Some(table) => Err(DbError::Foreign { database: self.url().to_owned(), table }),
            None => Ok(()),
        }
    }

    /// What has run, in order; nothing on a new database.
    async fn applied(&self) -> Result<Vec<Applied>, DbError> {
        if !self.tables().await?.iter().any(|column| column.table_name == RECORD) {
            return Ok(Vec::new());
        }
        self.fetch_all("select version, description, checksum from _sqlx_migrations order by version", &[]).await
    }

    /// Tables with their columns, sorted: what a schema is, for the test that both databases have the same.
    ///
    /// # Errors
    /// The database's.
    pub async fn tables(&self) -> Result<Vec<TableColumn>, DbError> {
        match &self.0.pool {
            Pool::Sqlite(_) => {
                self.fetch_all(
                    "select m.name as table_name, c.name as column_name from sqlite_master m join pragma_table_xinfo(m.name) c
                     where m.type = 'table' and m.name not like 'sqlite_%' order by m.name, c.name",
                    &[],
                )
                .await
            }
            Pool::Postgres(_) => {
                self.fetch_all(
                    "select cast(table_name as text) as table_name, cast(column_name as text) as column_name from information_schema.columns
                     where table_schema = current_schema() order by 1, 2",
                    &[],
                )
                .await
            }
        }
    }
}

/// sqlx's `Migrator` of these. Its own lock is left out: whoever waits in `pg_advisory_lock` holds a snapshot, for whose end
/// `create index concurrently` waits. [`MigrationSession::lock`] is used instead.
fn migrator(all: Scripts) -> Result<Migrator, DbError> {
    let migrations: Result<Vec<Migration>, DbError> = all.iter().map(|(name, sql)| migration(name, sql)).collect();
    let mut migrator = Migrator::with_migrations(migrations?);
    migrator.set_locking(false);
    Ok(migrator)
}

fn migration(name: &'static str, sql: &'static str) -> Result<Migration, DbError> {
    let parts = name.split_once('_').and_then(|(version, words)| Some((version.parse::<i64>().ok()?, words)));
    let Some((version, words)) = parts else {
        return Err(DbError::BadMigration { name: name.to_owned(), reason: "its name is not a number, _ and words".to_owned() });
    };
    // sqlx's own marker.
    let no_tx = sql.starts_with("-- no-transaction");
    Ok(Migration::new(version, words.into(), MigrationType::Simple, SqlStr::from_static(sql), no_tx))
}

fn name_of(migration: &Migration) -> String {
    shown(migration.version, &migration.description)
}

fn shown(version: i64, words: &str) -> String {
    format!("{version:04}_{words}")
}

/// Those that have not run, in order.
fn pending<'a>(migrator: &'a Migrator, applied: &[Applied]) -> Result<Vec<&'a Migration>, DbError> {
    for Applied { version, description, checksum } in applied {
        match migrator.iter().find(|known| known.version == *version) {
            None => return Err(DbError::Newer(shown(*version, description))),
            Some(known) if *known.checksum != **checksum => return Err(DbError::Changed(name_of(known))),
            Some(_) => {}
        }
    }
    Ok(migrator.iter().filter(|known| !applied.iter().any(|done| done.version == known.version)).collect())
}
