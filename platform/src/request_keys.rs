//! Request keys: a change that is sent twice under one key is made once.
//!
//! A form carries a key that was made when its page was rendered, a program names one with its call
//! ([`Context::with_key`](super::Context::with_key)). It is the caller's own: API keys and users know nothing of each other's. Guests have
//! theirs in common, so theirs name what they are for, such as an order.
//! Whoever changes something asks [`answered`] first and [`keep`]s the answer in the same transaction, under a lock that holds others off
//! meanwhile.

use domain::Timestamp;

use super::Context;
use super::db::{DbError, Tx};

/// How long answers are kept.
const RETENTION_MS: i64 = 30 * Timestamp::DAY;

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeyError {
    /// The key was used for something else.
    #[error("this form was sent before with other contents")]
    Reused,
    #[error("{0}")]
    Db(#[from] DbError),
}

/// The stored answer of an earlier request with the caller's key; nothing for a new key, or without one.
///
/// # Errors
/// [`KeyError::Reused`] when the earlier request was another one.
pub async fn answered(tx: &mut Tx, ctx: &Context, action: &str, asked: &str) -> Result<Option<String>, KeyError> {
    let Some(key) = ctx.owned_key() else { return Ok(None) };
    #[derive(sqlx_macros::FromRow)]
    struct Known {
        asked: String,
        answer: String,
    }
    let known: Option<Known> =
        tx.fetch_optional("select asked, answer from request_keys where key = $1 and action = $2", &[&key, &action]).await?;
    match known {
        Some(known) if known.asked == asked => Ok(Some(known.answer)),
        Some(_) => Err(KeyError::Reused),
        None => Ok(None),
    }
}

/// Forgets what was answered under the caller's key to what `begins` so: it did not come about, and may be asked for anew by the same
/// form.
///
/// # Errors
/// The database's.
pub async fn forget(tx: &mut Tx, ctx: &Context, action: &str, begins: &str) -> Result<(), DbError> {
    let Some(key) = ctx.owned_key() else { return Ok(()) };
    let sql = "delete from request_keys where key = $1 and action = $2 and asked like $3 || '%'";
    tx.execute(sql, &[&key, &action, &begins]).await.map(drop)
}

/// Keeps the answer under the caller's key.
///
/// # Errors
/// [`DbError::Busy`] when another request with the same key was quicker: nothing is done, and a retry gets the answer.
pub async fn keep(tx: &mut Tx, ctx: &Context, action: &str, asked: &str, answer: &str) -> Result<(), DbError> {
    let Some(key) = ctx.owned_key() else { return Ok(()) };
    tx.execute("delete from request_keys where at < $1", &[&tx.now().plus_millis(-RETENTION_MS)]).await?;
    let kept = tx
        .execute(
            "insert into request_keys (key, action, asked, answer, at) values ($1, $2, $3, $4, $5) on conflict (key, action) do nothing",
            &[&key, &action, &asked, &answer, &tx.now()],
        )
        .await?;
    if kept == 1 { Ok(()) } else { Err(DbError::Busy) }
}
