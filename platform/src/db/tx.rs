//! A write transaction, and reading in or outside of one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::Timestamp;
use domain::id::RequestId;
use serde::Serialize;
use sqlx::Executor;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};

use super::bind::Binds;
use super::derived_reads::derived_reads;
use super::error::DbError;
use super::json_rows::{Hex, JsonRows, hex};
use super::reachability::PooledConnection;
use super::row::RawRow;
use super::row::{self, FromDb, Scalar};
use crate::events::Event;
use crate::rng::Rng;
use crate::{Actor, Context};
use uuid::Uuid;

/// What can be read from: a transaction, or the database itself.
pub trait Read: Send {
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

    /// The first row, or [`DbError::NotFound`].
    fn fetch_one<T: FromDb>(&mut self, sql: &'static str, binds: Binds<'_>) -> impl Future<Output = Result<T, DbError>> + Send {
        async move { self.fetch_optional(sql, binds).await?.ok_or(DbError::NotFound) }
    }

    /// The only column of all rows.
    fn fetch_scalars<T: Scalar>(&mut self, sql: &'static str, binds: Binds<'_>) -> impl Future<Output = Result<Vec<T>, DbError>> + Send {
        async move { Ok(self.fetch_all::<(T,)>(sql, binds).await?.into_iter().map(|(value,)| value).collect()) }
    }

    /// The only column of the first row, when there is one.
    fn fetch_optional_scalar<T: Scalar>(
        &mut self,
        sql: &'static str,
        binds: Binds<'_>,
    ) -> impl Future<Output = Result<Option<T>, DbError>> + Send {
        async move { Ok(self.fetch_optional::<(T,)>(sql, binds).await?.map(|(value,)| value)) }
    }

    /// The only column of the first row, or [`DbError::NotFound`].
    fn fetch_scalar<T: Scalar>(&mut self, sql: &'static str, binds: Binds<'_>) -> impl Future<Output = Result<T, DbError>> + Send {
        async move { self.fetch_optional_scalar(sql, binds).await?.ok_or(DbError::NotFound) }
    }
}

pub(super) enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PooledConnection),
}

/// A write transaction: one change of one caller, with the time and the person that all of it has in common.
pub struct Tx {
    pub(super) conn: Conn,
    unit: Unit,
    /// The first database error. After it every statement is refused and the caller's work is rolled back, on both databases
    /// alike (Postgres would refuse by itself, SQLite would carry on).
    pub(super) failed: Option<DbError>,
    /// The caller wrote events, so who follows them is woken after the commit.
    pub(super) announced: bool,
    /// The database's count.
    statements: Arc<AtomicU64>,
}

/// What a change has in common.
struct Unit {
    ctx: Context,
    now: Timestamp,
    rng: Arc<dyn Rng>,
    events: Vec<Recorded>,
}

/// An event that is written when the work of its transaction is done.
struct Recorded {
    kind: &'static str,
    subject: Uuid,
    actor: Actor,
    on_behalf_of: Option<String>,
    request: RequestId,
    data: String,
}

impl Recorded {
    fn of<E: Event>(ctx: &Context, subject: E::Subject, event: &E) -> Result<Self, DbError> {
        Ok(Self {
            kind: E::KIND,
            subject: subject.into(),
            actor: ctx.actor,
            on_behalf_of: ctx.on_behalf_of.clone(),
            request: ctx.request,
            data: serde_json::to_string(event)?,
        })
    }
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
    derived_reads!(self: &mut Self);

    pub(super) fn new(conn: Conn, rng: Arc<dyn Rng>, statements: Arc<AtomicU64>) -> Self {
        let unit = Unit { ctx: Context::system(RequestId(Uuid::nil())), now: Timestamp::default(), rng, events: Vec::new() };
        Self { conn, unit, failed: None, announced: false, statements }
    }

    /// Begins a change of this caller.
    pub(super) fn begin_unit(&mut self, ctx: Context, now: Timestamp) {
        self.failed = None;
        self.announced = false;
        self.unit.ctx = ctx;
        self.unit.now = now;
        self.unit.events.clear();
    }

    /// When the change is made: the same time from its first to its last statement.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.unit.now
    }

    /// Who makes the change.
    #[must_use]
    pub const fn ctx(&self) -> &Context {
        &self.unit.ctx
    }

    /// A new UUIDv7 of this time.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.unit.rng.uuid(self.unit.now)
    }

    /// Records an event of this change, with its actor. It is written before the commit.
    pub fn record<E: Event>(&mut self, subject: E::Subject, event: E) {
        let recorded = Recorded::of(&self.unit.ctx, subject, &event);
        self.push_event(recorded);
    }

    /// The same with another actor, where one transaction serves many.
    pub fn record_as<E: Event>(&mut self, ctx: &Context, subject: E::Subject, event: E) {
        self.push_event(Recorded::of(ctx, subject, &event));
    }

    fn push_event(&mut self, recorded: Result<Recorded, DbError>) {
        match recorded {
            Ok(event) => self.unit.events.push(event),
            Err(error) => self.failed = Some(error),
        }
    }

    /// Writes what `record` and `record_as` collected; the commit follows.
    pub(super) async fn write_events(&mut self) -> Result<(), DbError> {
        #[derive(Serialize)]
        struct Row<'a> {
            id: Hex<'a>,
            kind: &'a str,
            subject: Hex<'a>,
            actor: String,
            on_behalf_of: Option<&'a str>,
            request: Hex<'a>,
            data: &'a str,
            at: Timestamp,
        }
        if self.unit.events.is_empty() {
            return Ok(());
        }
        let mut rows = JsonRows::new();
        for event in std::mem::take(&mut self.unit.events) {
            rows.push(&Row {
                id: hex(&self.id()),
                kind: event.kind,
                subject: hex(&event.subject),
                actor: event.actor.to_string(),
                on_behalf_of: event.on_behalf_of.as_deref(),
                request: hex(&event.request),
                data: &event.data,
                at: self.unit.now,
            });
        }
        // Postgres gives `seq` before the default of `tx` gives the transaction its number: a reader between the two would pass by.
        let sql = if self.is_postgres() {
            "insert into events (id, kind, subject, actor, on_behalf_of, request, data, at)
             select unhex(value->>'id'), value->>'kind', unhex(value->>'subject'), value->>'actor', value->>'on_behalf_of',
                    unhex(value->>'request'), value->>'data', cast(value->>'at' as bigint)
             from json_each($1) where pg_current_xact_id() is not null"
        } else {
            "insert into events (id, kind, subject, actor, on_behalf_of, request, data, at)
             select unhex(value->>'id'), value->>'kind', unhex(value->>'subject'), value->>'actor', value->>'on_behalf_of',
                    unhex(value->>'request'), value->>'data', cast(value->>'at' as bigint)
             from json_each($1)"
        };
        self.execute(sql, &[&rows.finish()]).await?;
        self.announced = true;
        Ok(())
    }

    /// Runs a statement and returns how many rows it changed.
    ///
    /// # Errors
    /// The database's; afterwards the transaction can only be rolled back.
    pub async fn execute(&mut self, sql: &'static str, binds: Binds<'_>) -> Result<u64, DbError> {
        self.begin_statement()?;
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

    /// Runs a statement with all of these rows as its `$1`; nothing when there are none.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn write_rows(&mut self, sql: &'static str, rows: JsonRows) -> Result<(), DbError> {
        if !rows.is_empty() {
            self.execute(sql, &[&rows.finish()]).await?;
        }
        Ok(())
    }

    async fn raw_rows(&mut self, sql: &'static str, binds: Binds<'_>) -> Result<Vec<RawRow>, DbError> {
        self.begin_statement()?;
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
        self.note(rows)
    }

    /// All rows of a query, or what a statement returns.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn fetch_all<T: FromDb>(&mut self, sql: &'static str, binds: Binds<'_>) -> Result<Vec<T>, DbError> {
        let rows = self.raw_rows(sql, binds).await?;
        self.note(row::read(&rows).map_err(DbError::from))
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

    /// Refuses a statement after one that failed, and counts all others.
    fn begin_statement(&self) -> Result<(), DbError> {
        self.failed.clone().map_or(Ok(()), Err)?;
        self.statements.fetch_add(1, Ordering::Relaxed);
        Ok(())
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
        self.statements.fetch_add(1, Ordering::Relaxed);
        match &mut self.conn {
            Conn::Sqlite(conn) => conn.execute(sql).await.map(|_| ())?,
            Conn::Postgres(lease) => Box::pin(lease.ask(async |c| c.execute(sql).await.map(drop))).await?,
        }
        Ok(())
    }
}

impl Read for Tx {
    async fn fetch_all<T: FromDb>(&mut self, sql: &'static str, binds: Binds<'_>) -> Result<Vec<T>, DbError> {
        Self::fetch_all(self, sql, binds).await
    }
}
