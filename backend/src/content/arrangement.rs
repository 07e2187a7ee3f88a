//! Whether a menu or the home page is arranged by hand. Its row is locked by every change of it.

use platform::db::{DbError, Tx};

/// Has it arranged from now on; false when it is already.
pub(super) async fn begin(tx: &mut Tx, name: &'static str) -> Result<bool, DbError> {
    let sql = "insert into arrangements (name, created_at) values ($1, $2) on conflict (name) do nothing";
    Ok(tx.execute(sql, &[&name, &tx.now()]).await? > 0)
}

/// Has it made by the shop itself again; false when it is already.
pub(super) async fn end(tx: &mut Tx, name: &'static str) -> Result<bool, DbError> {
    Ok(tx.execute("delete from arrangements where name = $1", &[&name]).await? > 0)
}

/// Holds off other changes of it; false when it is not arranged.
pub(super) async fn lock(tx: &mut Tx, name: &'static str) -> Result<bool, DbError> {
    tx.lock("select 1 from arrangements where name = $1 for update", &[&name]).await?;
    let found: Option<String> = tx.fetch_optional_scalar("select name from arrangements where name = $1", &[&name]).await?;
    Ok(found.is_some())
}
