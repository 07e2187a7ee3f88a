//! One way to a database, SQLite or Postgres, with one SQL text. See `docs/platform/database.md`.

mod batcher;
mod bind;
mod copy;
mod derived_reads;
mod error;
mod file_lock;
mod handle;
mod json_rows;
mod migrate;
mod migration_session;
mod open;
mod postgres_writer;
mod reachability;
mod read_meter;
mod read_only;
mod row;
mod tx;
mod writer;

pub use batcher::{BatchError, Batcher, Outcome};
pub use bind::{Bind, Binds};
pub use error::DbError;
pub use file_lock::FileLock;
pub use handle::Db;
pub use json_rows::{Hex, JsonRows, hex, json_ids, json_texts};
pub use migrate::{Backup, Migrated, Migrations, Scripts, TableColumn};
pub use migration_session::SetupLock;
pub use read_meter::ReadMeter;
pub use row::{Flag, FromDb, Scalar};
pub use sqlx_macros::FromRow;
pub use tx::{Read, Tx};
