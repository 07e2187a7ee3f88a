//! Small settings by key, as JSON, with a copy in memory that is read anew when something changes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde::{Serialize, de::DeserializeOwned};

use super::db::{Db, DbError, Tx};

/// After this time the copy is read again: another node may have changed it.
const FRESH: Duration = Duration::from_secs(5);

/// When it was read, or none once it is known to be old: it stays until another is read.
type Copy = Option<(Option<Instant>, Arc<HashMap<String, String>>)>;

#[derive(sqlx_macros::FromRow)]
struct Setting {
    key: String,
    value: String,
}

/// The settings of a shop.
#[derive(Default)]
pub struct Settings(RwLock<Copy>);

impl Settings {
    /// Reads all of them, unless that was done a moment ago.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(&self, db: &Db) -> Result<Arc<HashMap<String, String>>, DbError> {
        if let Some((Some(at), all)) = &*self.0.read().unwrap_or_else(PoisonError::into_inner)
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(all));
        }
        let rows: Vec<Setting> = db.fetch_all("select key, value from settings", &[]).await?;
        let all = Arc::new(rows.into_iter().map(|row| (row.key, row.value)).collect::<HashMap<_, _>>());
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some((Some(Instant::now()), Arc::clone(&all)));
        Ok(all)
    }

    /// The last copy, without asking the database.
    #[must_use]
    pub fn last<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let copy = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (_, all) = copy.as_ref()?;
        serde_json::from_str(all.get(key)?).ok()
    }

    /// One setting.
    ///
    /// # Errors
    /// The database's.
    pub async fn get<T: DeserializeOwned>(&self, db: &Db, key: &str) -> Result<Option<T>, DbError> {
        let all = self.load(db).await?;
        Ok(all.get(key).and_then(|value| serde_json::from_str(value).ok()))
    }

    /// The copy is old: whoever asks next reads anew. Until then, and should that fail, [`Settings::last`] gives what was.
    pub fn forget(&self) {
        if let Some((at, _)) = &mut *self.0.write().unwrap_or_else(PoisonError::into_inner) {
            *at = None;
        }
    }
}

/// Writes a setting; call [`Settings::forget`] after the commit.
///
/// # Errors
/// The database's.
pub async fn put<T: Serialize>(tx: &mut Tx, key: &str, value: &T) -> Result<(), DbError> {
    let value = serde_json::to_string(value).map_err(|e| DbError::Lost(e.to_string()))?;
    tx.execute(
        "insert into settings (key, value, updated_at) values ($1, $2, $3)
         on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at",
        &[&key, &value, &tx.now()],
    )
    .await?;
    Ok(())
}
