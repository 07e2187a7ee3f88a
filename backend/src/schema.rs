//! The migrations of the shop's schema, for each kind of database.

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
pub const SCHEMA: Migrations = migrations!(
    "0001_platform" "0002_people" "0003_catalog" "0004_inventory" "0005_carts" "0006_orders" "0007_accounting" "0008_imports"
    "0009_categories" "0010_filters" "0011_discounts" "0012_idle_carts"
);
