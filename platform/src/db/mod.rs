//! One way to a database, SQLite or Postgres, with one SQL text. See `docs/platform/database.md`.

mod batcher;
mod bind;
mod copy;
mod derived_reads;
mod error;
mod json_rows;
mod read_only;
mod migrate;
mod open;
mod reachability;
mod row;
mod tx;
mod writer;

pub use batcher::{Batcher, Outcome};
pub use bind::{Bind, Binds};
pub use error::DbError;
pub use json_rows::{Hex, JsonRows, hex, json_ids, json_texts};
pub use migrate::{Migrations, Scripts, TableColumn};
pub use sqlx_macros::FromRow;

pub use row::{Flag, FromDb, Scalar};
pub use tx::{Read, Tx};
pub use writer::Db;
