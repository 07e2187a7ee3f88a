//! A write transaction, and reading in or outside of one.

use sqlx::Executor;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};

use super::bind::Binds;
use super::error::DbError;
use super::reach::Lease;
use super::row::{FromDb, RawRow};

/// What can be read from: a transaction, or the database itself.
pub trait Reader: Send {
    /// All rows of a query.
    fn fetch_all<T: FromDb>(&mut self, sql: &'static str, binds: Binds<'_>) -> impl Future<Output = Result<Vec<T>, DbError>> + Send;

    /// The first row, when there is one.
    fn fetch_optional<T: FromDb>(
        &mut self,
        sql: &'static str,
        binds: Binds<'_>,
    ) -> impl Future<Output = Result<Option<T>, DbError>> + Send {
        async move { Ok(self.fetch_all::<T>(sql, binds).await?.into_iter().next()) }
    }
}

pub(super) enum Conn {
    Sqlite(SqliteConnection),
    Postgres(Lease),
}

/// A write transaction.
pub struct Tx {
    pub(super) conn: Conn,
    /// The first database error. After it every statement is refused and the caller's work is rolled back, on both databases
    /// alike (Postgres would refuse by itself, SQLite would carry on).
    pub(super) failed: Option<DbError>,
    /// The caller wrote events, so who follows them is woken after the commit.
    pub(super) announced: bool,
}

pub(super) fn sqlite_args(binds: Binds<'_>) -> Result<SqliteArguments, DbError> {
    let mut args = SqliteArguments::default();
    for bind in binds {
        bind.sqlite(&mut args).map_err(sqlx::Error::Encode)?;
    }
    Ok(args)
}

pub(super) fn postgres_args(binds: Binds<'_>) -> Result<PgArguments, DbError> {
    let mut args = PgArguments::default();
    for bind in binds {
        bind.postgres(&mut args).map_err(sqlx::Error::Encode)?;
    }
    Ok(args)
}

impl Tx {
    pub(super) const fn new(conn: Conn) -> Self {
        Self { conn, failed: None, announced: false }
    }

    /// Has [`Db::changed`](super::Db::changed) woken after the commit.
    pub const fn announce(&mut self) {
        self.announced = true;
    }

    /// Runs a statement and says how many rows it changed.
    ///
    /// # Errors
    /// The database's; afterwards the transaction can only be rolled back.
    pub async fn execute(&mut self, sql: &'static str, binds: Binds<'_>) -> Result<u64, DbError> {
        self.check()?;
        let done = match &mut self.conn {
            Conn::Sqlite(conn) => match sqlite_args(binds) {
                Ok(args) => conn.execute(sqlx::query_with(sql, args)).await.map(|r| r.rows_affected()).map_err(DbError::from),
                Err(e) => Err(e),
            },
            Conn::Postgres(lease) => match postgres_args(binds) {
                Ok(args) => Box::pin(lease.ask(async |c| c.execute(sqlx::query_with(sql, args)).await.map(|r| r.rows_affected()))).await,
                Err(e) => Err(e),
            },
        };
        self.note(done)
    }

    /// All rows of a query, or what a statement returns.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn fetch_all<T: FromDb>(&mut self, sql: &'static str, binds: Binds<'_>) -> Result<Vec<T>, DbError> {
        self.check()?;
        let rows: Result<Vec<RawRow>, DbError> = match &mut self.conn {
            Conn::Sqlite(conn) => match sqlite_args(binds) {
                Ok(args) => conn
                    .fetch_all(sqlx::query_with(sql, args))
                    .await
                    .map(|rows| rows.into_iter().map(RawRow::Sqlite).collect())
                    .map_err(DbError::from),
                Err(e) => Err(e),
            },
            Conn::Postgres(lease) => match postgres_args(binds) {
                Ok(args) => {
                    let rows = Box::pin(lease.ask(async |c| c.fetch_all(sqlx::query_with(sql, args)).await)).await;
                    rows.map(|rows| rows.into_iter().map(RawRow::Postgres).collect())
                }
                Err(e) => Err(e),
            },
        };
        let made = rows.and_then(|rows| rows.iter().map(T::from_db).collect::<Result<Vec<T>, _>>().map_err(DbError::from));
        self.note(made)
    }

    /// The first row, when there is one.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn fetch_optional<T: FromDb>(&mut self, sql: &'static str, binds: Binds<'_>) -> Result<Option<T>, DbError> {
        Ok(self.fetch_all::<T>(sql, binds).await?.into_iter().next())
    }

    /// The first row.
    ///
    /// # Errors
    /// [`DbError::NotFound`] when there is none.
    pub async fn fetch_one<T: FromDb>(&mut self, sql: &'static str, binds: Binds<'_>) -> Result<T, DbError> {
        self.fetch_optional(sql, binds).await?.ok_or(DbError::NotFound)
    }

    /// Takes row locks on Postgres, in the order the statement names; SQLite's writer has the whole database anyway.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn lock(&mut self, sql: &'static str, binds: Binds<'_>) -> Result<(), DbError> {
        if self.is_postgres() {
            self.execute(sql, binds).await?;
        }
        Ok(())
    }

    /// For the few statements that differ.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        matches!(self.conn, Conn::Postgres(_))
    }

    fn check(&self) -> Result<(), DbError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn note<T>(&mut self, done: Result<T, DbError>) -> Result<T, DbError> {
        done.inspect_err(|e| self.failed = Some(e.clone()))
    }

    /// Gives up a connection of Postgres', with whatever is open on it.
    pub(super) fn abandon(&mut self) {
        if let Conn::Postgres(lease) = &mut self.conn {
            lease.abandon();
        }
    }

    pub(super) async fn control(&mut self, sql: &'static str) -> Result<(), DbError> {
        match &mut self.conn {
            Conn::Sqlite(conn) => conn.execute(sql).await.map(|_| ())?,
            Conn::Postgres(lease) => Box::pin(lease.ask(async |c| c.execute(sql).await.map(drop))).await?,
        }
        Ok(())
    }
}

impl Reader for Tx {
    async fn fetch_all<T: FromDb>(&mut self, sql: &'static str, binds: Binds<'_>) -> Result<Vec<T>, DbError> {
        Self::fetch_all(self, sql, binds).await
    }
}
