//! The SQL of second steps.

use domain::Timestamp;
use domain::id::UserId;
use platform::db::{Db, DbError, Tx};
use uuid::Uuid;

#[derive(Clone, Debug, platform::db::FromRow)]
pub(super) struct AuthenticatorRow {
    pub id: Uuid,
    pub sealed: Vec<u8>,
}

/// What is being set up since this moment.
pub(super) async fn pending(db: &Db, user: UserId, kind: &str, oldest: Timestamp) -> Result<Option<AuthenticatorRow>, DbError> {
    db.fetch_optional(
        "select id, sealed from authenticators where user_id = $1 and kind = $2 and confirmed_at is null and created_at > $3",
        &[&user, &kind, &oldest],
    )
    .await
}

/// Since when the second step is on.
pub(super) async fn confirmed_since(db: &Db, user: UserId) -> Result<Option<Timestamp>, DbError> {
    let sql = "select confirmed_at from authenticators where user_id = $1 and confirmed_at is not null order by confirmed_at limit 1";
    db.fetch_optional_scalar(sql, &[&user]).await
}

pub(super) async fn recovery_left(db: &Db, user: UserId) -> Result<i64, DbError> {
    db.fetch_scalar("select count(*) from recovery_codes where user_id = $1 and used_at is null", &[&user]).await
}

pub(super) async fn recovery_left_in(tx: &mut Tx, user: UserId) -> Result<i64, DbError> {
    tx.fetch_scalar("select count(*) from recovery_codes where user_id = $1 and used_at is null", &[&user]).await
}

pub(super) async fn insert(tx: &mut Tx, id: Uuid, user: UserId, kind: &str, sealed: &[u8]) -> Result<(), DbError> {
    tx.execute(
        "insert into authenticators (id, user_id, kind, sealed, created_at) values ($1, $2, $3, $4, $5)",
        &[&id, &user, &kind, &sealed, &tx.now()],
    )
    .await
    .map(drop)
}

pub(super) async fn delete_pending(tx: &mut Tx, user: UserId, kind: &str) -> Result<(), DbError> {
    let sql = "delete from authenticators where user_id = $1 and kind = $2 and confirmed_at is null";
    tx.execute(sql, &[&user, &kind]).await.map(drop)
}

pub(super) async fn delete_confirmed(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    tx.execute("delete from authenticators where user_id = $1 and confirmed_at is not null", &[&user]).await.map(drop)
}

/// Deletes all of an account, with its recovery codes; returns how many were on.
pub(super) async fn delete_all(tx: &mut Tx, user: UserId) -> Result<u64, DbError> {
    let on = tx.execute("delete from authenticators where user_id = $1 and confirmed_at is not null", &[&user]).await?;
    tx.execute("delete from authenticators where user_id = $1", &[&user]).await?;
    delete_recovery_codes(tx, user).await?;
    Ok(on)
}

/// Confirms one that is being set up, by the code of this step; false when it is gone.
pub(super) async fn confirm(tx: &mut Tx, id: Uuid, sealed: &[u8], step: i64) -> Result<bool, DbError> {
    let sql =
        "update authenticators set sealed = $2, last_step = $3, confirmed_at = $4, used_at = $4 where id = $1 and confirmed_at is null";
    Ok(tx.execute(sql, &[&id, &sealed, &step, &tx.now()]).await? == 1)
}

/// Those that are on.
pub(super) async fn confirmed(tx: &mut Tx, user: UserId) -> Result<Vec<AuthenticatorRow>, DbError> {
    tx.fetch_all("select id, sealed from authenticators where user_id = $1 and confirmed_at is not null order by id", &[&user]).await
}

/// Uses the code of a step; false when it, or a later one, was used before.
pub(super) async fn use_step(tx: &mut Tx, id: Uuid, step: i64) -> Result<bool, DbError> {
    let sql = "update authenticators set last_step = $2, used_at = $3 where id = $1 and last_step < $2";
    Ok(tx.execute(sql, &[&id, &step, &tx.now()]).await? == 1)
}

/// Uses a recovery code; false when there is none, or it was used.
pub(super) async fn use_recovery_code(tx: &mut Tx, user: UserId, hash: &[u8]) -> Result<bool, DbError> {
    let sql = "update recovery_codes set used_at = $3 where user_id = $1 and code_hash = $2 and used_at is null";
    if tx.execute(sql, &[&user, &hash, &tx.now()]).await? == 0 {
        return Ok(false);
    }
    // A request to take the second step away is over: its owner is there.
    tx.execute("update authenticators set used_at = $2 where user_id = $1 and confirmed_at is not null", &[&user, &tx.now()]).await?;
    Ok(true)
}

pub(super) async fn delete_recovery_codes(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    tx.execute("delete from recovery_codes where user_id = $1", &[&user]).await.map(drop)
}

pub(super) async fn insert_recovery_code(tx: &mut Tx, user: UserId, hash: &[u8]) -> Result<(), DbError> {
    tx.execute("insert into recovery_codes (user_id, code_hash) values ($1, $2)", &[&user, &hash]).await.map(drop)
}
