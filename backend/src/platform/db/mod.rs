//! One way to a database, SQLite or Postgres, with one SQL text. See `docs/platform/database.md`.

mod batcher;
mod bind;
mod copy;
mod error;
mod look;
mod migrate;
mod open;
mod reach;
mod row;
mod rows;
mod tx;
mod writer;

pub use batcher::{Batcher, Outcome};
pub use bind::{Bind, Binds};
pub use error::DbError;
pub use migrate::Migrations;
pub use row::{Column, FromDb, RawRow};
pub use rows::{Cell, Rows};
pub use tx::{Reader, Tx};
pub use writer::Db;
