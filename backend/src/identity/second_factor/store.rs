//! The SQL of second factors.

use domain::Timestamp;
use domain::id::UserId;
use platform::db::{Db, DbError, Tx};
use uuid::Uuid;

#[derive(Clone, Debug, platform::db::FromRow)]
pub(super) struct AuthenticatorRow {
    pub id: Uuid,
    pub sealed: Vec<u8>,
}

/// What this session is setting up since a moment.
pub(super) async fn pending(db: &Db, session: &[u8], kind: &str, oldest: Timestamp) -> Result<Option<AuthenticatorRow>, DbError> {
    db.fetch_optional(
        "select a.id, a.sealed from sessions s join authenticators a on a.user_id = s.user_id and a.session_id = s.id
         where s.token_hash = $1 and a.kind = $2 and a.confirmed_at is null and a.created_at > $3",
        &[&session, &kind, &oldest],
    )
    .await
}

/// Since when the second factor is on.
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

/// Begins to set one up, in place of another that is being set up.
pub(super) async fn insert(tx: &mut Tx, id: Uuid, user: UserId, session: &[u8], kind: &str, sealed: &[u8]) -> Result<(), DbError> {
    tx.execute(
        "insert into authenticators (id, user_id, session_id, kind, sealed, created_at)
         values ($1, $2, (select s.id from sessions s where s.token_hash = $3), $4, $5, $6)
         on conflict (user_id, kind) where confirmed_at is null do update
         set id = excluded.id, session_id = excluded.session_id, sealed = excluded.sealed, created_at = excluded.created_at",
        &[&id, &user, &session, &kind, &sealed, &tx.now()],
    )
    .await
    .map(drop)
}

/// Deletes what was begun before this moment and never confirmed.
pub(in crate::identity) async fn delete_abandoned(tx: &mut Tx, oldest: Timestamp) -> Result<u64, DbError> {
    tx.execute("delete from authenticators where confirmed_at is null and created_at <= $1", &[&oldest]).await
}

/// Deletes those that were confirmed from this moment on; returns how many.
pub(in crate::identity) async fn delete_since(tx: &mut Tx, user: UserId, from: Timestamp) -> Result<u64, DbError> {
    tx.execute("delete from authenticators where user_id = $1 and confirmed_at >= $2", &[&user, &from]).await
}

/// Counts a wrong code; returns how many there were since the last right one.
pub(super) async fn count_wrong_code(tx: &mut Tx, user: UserId) -> Result<i64, DbError> {
    let sql = "update authenticators set wrong_codes = wrong_codes + 1 where user_id = $1 and confirmed_at is not null";
    tx.execute(sql, &[&user]).await?;
    wrong_codes(tx, user).await
}

pub(super) async fn wrong_codes(tx: &mut Tx, user: UserId) -> Result<i64, DbError> {
    let sql = "select coalesce(max(wrong_codes), 0) from authenticators where user_id = $1 and confirmed_at is not null";
    tx.fetch_scalar(sql, &[&user]).await
}

/// Begins the count of wrong codes anew.
pub(in crate::identity) async fn forget_wrong_codes(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    tx.execute("update authenticators set wrong_codes = 0 where user_id = $1 and wrong_codes > 0", &[&user]).await.map(drop)
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

/// Is a second factor on?
pub(in crate::identity) async fn is_on(tx: &mut Tx, user: UserId) -> Result<bool, DbError> {
    Ok(!confirmed(tx, user).await?.is_empty())
}

/// Uses the code of a step; false when it, or a later one, was used before.
pub(super) async fn use_step(tx: &mut Tx, id: Uuid, step: i64) -> Result<bool, DbError> {
    let sql = "update authenticators set last_step = $2, used_at = $3, wrong_codes = 0 where id = $1 and last_step < $2";
    Ok(tx.execute(sql, &[&id, &step, &tx.now()]).await? == 1)
}

/// Uses a recovery code; false when there is none, or it was used.
pub(super) async fn use_recovery_code(tx: &mut Tx, user: UserId, hash: &[u8]) -> Result<bool, DbError> {
    let sql = "update recovery_codes set used_at = $3 where user_id = $1 and code_hash = $2 and used_at is null";
    if tx.execute(sql, &[&user, &hash, &tx.now()]).await? == 0 {
        return Ok(false);
    }
    // A request to take the second factor away is over: its owner is there.
    tx.execute(
        "update authenticators set used_at = $2, wrong_codes = 0 where user_id = $1 and confirmed_at is not null",
        &[&user, &tx.now()],
    )
    .await?;
    Ok(true)
}

pub(super) async fn delete_recovery_codes(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    tx.execute("delete from recovery_codes where user_id = $1", &[&user]).await.map(drop)
}

pub(super) async fn insert_recovery_code(tx: &mut Tx, user: UserId, hash: &[u8]) -> Result<(), DbError> {
    tx.execute("insert into recovery_codes (user_id, code_hash) values ($1, $2)", &[&user, &hash]).await.map(drop)
}
