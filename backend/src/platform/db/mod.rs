//! One way to a database, SQLite or Postgres, with one SQL text. See `docs/platform/database.md`.

mod bind;
mod bundle;
mod copy;
mod door;
mod error;
mod look;
mod migrate;
mod open;
mod reach;
mod row;
mod rows;
mod tx;

pub use bind::{Bind, Binds};
pub use bundle::{Bundle, Done};
pub use door::Db;
pub use error::DbError;
pub use migrate::Migrations;
pub use row::{Column, FromDb, RawRow};
pub use rows::{Cell, Rows};
pub use tx::{Reader, Tx};
