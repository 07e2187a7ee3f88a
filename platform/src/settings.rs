//! Small settings by key, as JSON, with a copy in memory that is read anew when something changes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::cache::{Version, VersionCounter};
use super::db::{Db, DbError, Tx};

/// After this time the copy is read again: another node may have changed it.
const MAX_AGE_MS: i64 = 5_000;

#[derive(sqlx_macros::FromRow)]
struct Setting {
    key: String,
    value: String,
}

type All = Arc<HashMap<String, String>>;

/// All settings, as they were read.
struct Copy {
    version: Version,
    read_at: Timestamp,
    all: All,
}

/// The settings of a shop. No [`Cache`](super::cache::Cache), for the last copy stays until another is read.
#[derive(Default)]
pub struct Settings {
    versions: VersionCounter,
    copy: RwLock<Option<Copy>>,
    /// What each was when it was last read as what it is.
    readable: RwLock<HashMap<String, String>>,
}

impl Settings {
    /// Reads all of them, unless that was done a moment ago.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(&self, db: &Db) -> Result<All, DbError> {
        let (version, now) = (self.versions.current(), db.now());
        if let Some(all) = self.fresh(now) {
            return Ok(all);
        }
        let rows: Vec<Setting> = db.fetch_all("select key, value from settings", &[]).await?;
        let all = Arc::new(rows.into_iter().map(|row| (row.key, row.value)).collect());
        self.replace(Copy { version, read_at: now, all: Arc::clone(&all) });
        Ok(all)
    }

    fn fresh(&self, now: Timestamp) -> Option<All> {
        let copy = self.copy.read().unwrap_or_else(PoisonError::into_inner);
        let copy = copy.as_ref().filter(|copy| copy.version == self.versions.current())?;
        (0..MAX_AGE_MS).contains(&(now.millis() - copy.read_at.millis())).then(|| Arc::clone(&copy.all))
    }

    /// What was read before a change replaces nothing that was read after it.
    fn replace(&self, read: Copy) {
        let mut copy = self.copy.write().unwrap_or_else(PoisonError::into_inner);
        if copy.as_ref().is_none_or(|copy| copy.version <= read.version) {
            *copy = Some(read);
        }
    }

    /// The last copy, without asking the database. Where that cannot be read any more, which [`Self::get`] says, it is what could be.
    #[must_use]
    pub fn last<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let copy = self.copy.read().unwrap_or_else(PoisonError::into_inner);
        let value = copy.as_ref()?.all.get(key)?;
        let readable = self.readable.read().unwrap_or_else(PoisonError::into_inner);
        parse(key, value).or_else(|error| readable.get(key).map_or(Err(error), |value| parse(key, value))).ok()
    }

    /// One setting.
    ///
    /// # Errors
    /// [`DbError::Setting`] for one that cannot be read as what it is; the database's.
    pub async fn get<T: DeserializeOwned>(&self, db: &Db, key: &str) -> Result<Option<T>, DbError> {
        let all = self.load(db).await?;
        let Some(value) = all.get(key) else { return Ok(None) };
        let setting = parse(key, value)?;
        let mut readable = self.readable.write().unwrap_or_else(PoisonError::into_inner);
        if readable.get(key) != Some(value) {
            readable.insert(key.to_owned(), value.clone());
        }
        Ok(Some(setting))
    }

    /// Marks the copy as old: the next reader fetches it anew. Until then, and should that fail, [`Settings::last`] gives the old one.
    pub fn forget(&self) {
        self.versions.begin_next();
    }
}

/// A setting as what it is.
fn parse<T: DeserializeOwned>(key: &str, value: &str) -> Result<T, DbError> {
    serde_json::from_str(value).map_err(|error| DbError::Setting { key: key.to_owned(), source: Arc::new(error) })
}

/// One setting, as a transaction finds it.
///
/// # Errors
/// [`DbError::Setting`] for one that cannot be read as what it is; the database's.
pub async fn read<T: DeserializeOwned>(tx: &mut Tx, key: &str) -> Result<Option<T>, DbError> {
    let value: Option<String> = tx.fetch_optional_scalar("select value from settings where key = $1", &[&key]).await?;
    value.map(|value| parse(key, &value)).transpose()
}

/// Writes a setting; call [`Settings::forget`] after the commit.
///
/// # Errors
/// The database's.
pub async fn put<T: Serialize>(tx: &mut Tx, key: &str, value: &T) -> Result<(), DbError> {
    let value = serde_json::to_string(value)?;
    tx.execute(
        "insert into settings (key, value, updated_at) values ($1, $2, $3)
         on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at",
        &[&key, &value, &tx.now()],
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_is_read_again_and_replaces_nothing() {
        let (settings, at) = (Settings::default(), Timestamp::from_millis);
        let copy = |name: &str| Arc::new(HashMap::from([("name".to_owned(), format!("\"{name}\""))]));
        let name = || settings.last::<String>("name");
        let read = |version, name| settings.replace(Copy { version, read_at: at(0), all: copy(name) });
        let before = settings.versions.current();
        settings.forget();
        read(before, "late");
        assert_eq!((settings.fresh(at(0)), name().as_deref()), (None, Some("late")), "it is better than none until the next is read");
        read(settings.versions.current(), "new");
        read(before, "later");
        assert_eq!((settings.fresh(at(MAX_AGE_MS - 1)), name().as_deref()), (Some(copy("new")), Some("new")));
        assert_eq!(settings.fresh(at(MAX_AGE_MS)), None, "another node may have changed it");
    }
}
