//! Rows as tuples (`(OrderId, String, i64)`) or as structs made with [`rows!`](crate::rows).

use domain::{Currency, Timestamp};
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

/// A row of either database, not yet read.
#[derive(Debug)]
pub enum RawRow {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From Postgres.
    Postgres(PgRow),
}

/// A value of a column.
pub trait Column: Sized {
    /// Reads it by its place.
    ///
    /// # Errors
    /// When the column has another type.
    fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error>;
}

macro_rules! plain {
    ($($type:ty)*) => {$(
        impl Column for $type {
            fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error> {
                match row {
                    RawRow::Sqlite(row) => row.try_get(index),
                    RawRow::Postgres(row) => row.try_get(index),
                }
            }
        }
        impl Column for Option<$type> {
            fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error> {
                match row {
                    RawRow::Sqlite(row) => row.try_get(index),
                    RawRow::Postgres(row) => row.try_get(index),
                }
            }
        }
    )*};
}
plain! { String Vec<u8> Uuid }

/// Postgres counts and literals may be 32 bits wide.
impl Column for Option<i64> {
    fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error> {
        match row {
            RawRow::Sqlite(row) => row.try_get(index),
            RawRow::Postgres(row) => row.try_get(index).or_else(|_| row.try_get::<Option<i32>, _>(index).map(|v| v.map(i64::from))),
        }
    }
}
impl Column for i64 {
    fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error> {
        Option::<Self>::get(row, index)?.ok_or_else(|| null(index))
    }
}
impl Column for bool {
    fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error> {
        i64::get(row, index).map(|n| n != 0)
    }
}
impl Column for Option<bool> {
    fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error> {
        Ok(Option::<i64>::get(row, index)?.map(|n| n != 0))
    }
}
impl Column for Timestamp {
    fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error> {
        i64::get(row, index).map(Self::from_millis)
    }
}
impl Column for Option<Timestamp> {
    fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error> {
        Ok(Option::<i64>::get(row, index)?.map(Timestamp::from_millis))
    }
}
impl Column for Currency {
    fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error> {
        String::get(row, index)?.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))
    }
}
impl Column for Option<Currency> {
    fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error> {
        let text = Option::<String>::get(row, index)?;
        text.map(|code| code.parse()).transpose().map_err(|e| sqlx::Error::Decode(Box::new(e)))
    }
}

macro_rules! text_states {
    ($($type:ident)*) => {$(
        impl Column for domain::order::$type {
            fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error> {
                String::get(row, index)?.parse().map_err(|e: domain::order::UnknownState| sqlx::Error::Decode(Box::new(e)))
            }
        }
        impl Column for Option<domain::order::$type> {
            fn get(row: &RawRow, index: usize) -> Result<Self, sqlx::Error> {
                let text = Option::<String>::get(row, index)?;
                text.map(|text| text.parse()).transpose().map_err(|e: domain::order::UnknownState| sqlx::Error::Decode(Box::new(e)))
            }
        }
        impl super::Bind for domain::order::$type {
            fn sqlite(&self, to: &mut sqlx::sqlite::SqliteArguments) -> Result<(), sqlx::error::BoxDynError> { self.as_str().sqlite(to) }
            fn postgres(&self, to: &mut sqlx::postgres::PgArguments) -> Result<(), sqlx::error::BoxDynError> { self.as_str().postgres(to) }
        }
    )*};
}
text_states! { PaymentState FulfilmentState DeliveryState AttemptState ParcelState ReturnCause PaymentMethod Channel }

fn null(index: usize) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: index.to_string(), source: "a value is missing".into() }
}

/// What a row becomes.
pub trait OldRow: Sized + Send {
    /// Reads the columns from the left.
    ///
    /// # Errors
    /// When there are too few, or one has another type.
    fn from_db(row: &RawRow) -> Result<Self, sqlx::Error>;
}

macro_rules! tuples {
    ($(($($name:ident $index:literal),+);)*) => {$(
        impl<$($name: Column + Send),+> OldRow for ($($name,)+) {
            fn from_db(row: &RawRow) -> Result<Self, sqlx::Error> {
                Ok(($($name::get(row, $index)?,)+))
            }
        }
    )*};
}
tuples! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17);
}

/// Declares a struct that a row becomes, column by column from the left.
///
/// ```text
/// rows! {
///     /// An order's head.
///     pub(super) struct Head { pub id: OrderId, pub number: String, pub total: i64 }
/// }
/// ```
#[macro_export]
macro_rules! rows {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $fvis:vis $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug)]
        $vis struct $name { $($(#[$fmeta])* $fvis $field: $type),* }
        impl $crate::db::OldRow for $name {
            fn from_db(row: &$crate::db::RawRow) -> Result<Self, sqlx::Error> {
                let mut index = 0;
                $(
                    let $field = <$type as $crate::db::Column>::get(row, index)?;
                    index += 1;
                )*
                let _ = index;
                Ok(Self { $($field),* })
            }
        }
    )*};
}
