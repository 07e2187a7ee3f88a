//! The migrations of the shop's schema, for each kind of database. See `docs/platform/migrations.md`.

use platform::db::Migrations;

macro_rules! migrations {
    ($($name:literal)*) => {
        Migrations {
            sqlite: &[$(($name, include_str!(concat!("../migrations/sqlite/", $name, ".sql")))),*],
            postgres: &[$(($name, include_str!(concat!("../migrations/postgres/", $name, ".sql")))),*],
        }
    };
}

/// What a shop's database is made with.
pub const SCHEMA: Migrations = migrations!("0001_baseline");
