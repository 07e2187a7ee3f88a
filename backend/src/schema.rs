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
pub const SCHEMA: Migrations = migrations!(
    "0001_baseline" "0002_event_leases" "0003_search" "0004_customers" "0005_former_slugs" "0006_sku_in_any_case" "0007_content"
    "0008_menus_and_home" "0009_goods" "0010_desk" "0011_gift_note" "0012_contact_once" "0013_proved_emails" "0014_sessions" "0015_second_factor" "0016_invitations"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_of_the_folders_is_a_migration() {
        for (folder, listed) in [("sqlite", SCHEMA.sqlite), ("postgres", SCHEMA.postgres)] {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
            let mut files: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().file_name().into_string().unwrap().trim_end_matches(".sql").to_owned())
                .collect();
            files.sort();
            assert_eq!(files, listed.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        }
    }
}
