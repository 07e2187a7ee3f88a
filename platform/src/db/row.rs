//! Rows become structs by the names of their columns, with sqlx's own traits for both databases at once.

use serde::{Serialize, Serializer};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Database, Decode, FromRow, Type};

/// A row of either database, not yet read.
#[derive(Debug)]
pub(super) enum RawRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// What a row of either database becomes: a struct with `#[derive(sqlx::FromRow)]`.
pub trait FromDb: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> FromDb for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// What the only column of a row becomes.
pub trait Scalar: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres> + Send + Unpin {}
impl<T> Scalar for T where T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres> + Send + Unpin {}

pub(super) fn read<T: FromDb>(rows: &[RawRow]) -> Result<Vec<T>, sqlx::Error> {
    let read = |row: &RawRow| match row {
        RawRow::Sqlite(row) => T::from_row(row),
        RawRow::Postgres(row) => T::from_row(row),
    };
    rows.iter().map(read).collect()
}

/// A yes or no that both databases keep in a bigint, as 1 or 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flag(pub bool);

impl<DB: Database> Type<DB> for Flag
where
    i64: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <i64 as Type<DB>>::type_info()
    }
    fn compatible(info: &DB::TypeInfo) -> bool {
        <i64 as Type<DB>>::compatible(info)
    }
}

impl<'r, DB: Database> Decode<'r, DB> for Flag
where
    i64: Decode<'r, DB>,
{
    fn decode(value: <DB as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(i64::decode(value)? != 0))
    }
}

/// In rows that go in as JSON.
impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(self.0.into())
    }
}

impl From<bool> for Flag {
    fn from(yes: bool) -> Self {
        Self(yes)
    }
}
