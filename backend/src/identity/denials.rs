//! Log of refused access for managers: wrong passwords, throttled attempts, missing permissions.
//!
//! An attacker cannot fill the database: repetitions within an hour are counted on one row, an hour has [`MAX_ROWS_PER_HOUR`] rows,
//! and all further ones are counted together on one more. Each new row is an event. Client addresses are sealed; rows are deleted
//! after 30 days.

use std::collections::HashMap;

use domain::Timestamp;
use domain::id::UserId;
use domain::permission::Permission;
use domain::view::{DenialKind, DenialView};
use platform::Context;
use platform::db::{DbError, Tx};
use uuid::Uuid;

use super::events::{ApiKeyRefused, PermissionRefused, SignInFailed, SignInThrottled};
use super::{IdentityError, store};
use crate::{Shop, contacts};

const MAX_ROWS_PER_HOUR: i64 = 500;
const HOUR_MS: i64 = 60 * 60_000;
const RETENTION_MS: i64 = 30 * Timestamp::DAY;
const MAX_SHOWN: i64 = 200;

/// Records a denial. Access is denied in any case, so an error of the database is only logged.
pub async fn record_denial(shop: &Shop, ctx: &Context, kind: DenialKind, account: Option<UserId>) {
    let account = account.or(ctx.user());
    let client = ctx.client.map(|client| client.to_string());
    let subject = account.map_or_else(String::new, |user| user.to_string());
    let fingerprint = contacts::blind_index(shop, "refusal", &format!("{} {subject}", client.as_deref().unwrap_or_default()));
    let sealed = client.as_ref().map(|client| contacts::seal(shop, "refusal", &fingerprint, client));
    let recorded = shop
        .write(ctx, async move |tx| {
            let now = tx.now();
            let hour = now.millis() - now.millis().rem_euclid(HOUR_MS);
            if count_again(tx, kind, hour, &fingerprint).await? {
                return Ok(());
            }
            let rows: i64 = tx.fetch_scalar("select count(*) from denials where hour = $1", &[&hour]).await?;
            let full = rows >= MAX_ROWS_PER_HOUR;
            let (fingerprint, account, sealed) = if full { (Vec::new(), None, None) } else { (fingerprint.clone(), account, sealed.clone()) };
            if full && count_again(tx, kind, hour, &fingerprint).await? {
                return Ok(());
            }
            tx.execute(
                "insert into denials (kind, hour, fingerprint, account, client, count, first_at, last_at) values ($1, $2, $3, $4, $5, 1, $6, $6)
                 on conflict (kind, hour, fingerprint) do update set count = denials.count + 1, last_at = excluded.last_at",
                &[&kind.as_str(), &hour, &fingerprint, &account, &sealed, &now],
            )
            .await?;
            let subject = account.map_or_else(Uuid::nil, |user| user.0);
            match kind {
                DenialKind::SignIn => tx.record(subject, SignInFailed {}),
                DenialKind::Throttled => tx.record(subject, SignInThrottled {}),
                DenialKind::Permission => tx.record(subject, PermissionRefused {}),
                DenialKind::Key => tx.record(subject, ApiKeyRefused {}),
            }
            Ok::<_, DbError>(())
        })
        .await;
    if let Err(error) = recorded {
        tracing::warn!(%error, kind = kind.as_str(), "a denial was not recorded");
    }
}

/// [`record_denial`] in the background, so that the answer does not wait for it.
pub fn record_denial_in_background(shop: &Shop, ctx: &Context, kind: DenialKind) {
    let (shop, ctx) = (shop.clone(), ctx.clone());
    tokio::spawn(async move { record_denial(&shop, &ctx, kind, None).await });
}

/// Counts a repetition within the hour; false for the first.
async fn count_again(tx: &mut Tx, kind: DenialKind, hour: i64, fingerprint: &[u8]) -> Result<bool, DbError> {
    let sql = "update denials set count = count + 1, last_at = $4 where kind = $1 and hour = $2 and fingerprint = $3";
    Ok(tx.execute(sql, &[&kind.as_str(), &hour, &fingerprint, &tx.now()]).await? > 0)
}

#[derive(platform::db::FromRow)]
struct DenialRow {
    kind: String,
    fingerprint: Vec<u8>,
    account: Option<UserId>,
    client: Option<Vec<u8>>,
    count: i64,
    first_at: Timestamp,
    last_at: Timestamp,
}

/// The latest denials of the last 30 days, 200 at most.
///
/// # Errors
/// Not allowed, or an error of the database or the keys.
pub async fn denials(shop: &Shop, ctx: &Context) -> Result<Vec<DenialView>, IdentityError> {
    ctx.require(Permission::ReadSettings)?;
    let rows: Vec<DenialRow> = shop
        .db()
        .fetch_all(
            // The condition is that of the index, which SQLite would not read in its order without one.
            "select kind, fingerprint, account, client, count, first_at, last_at from denials where last_at > $2
             order by last_at desc, kind, fingerprint limit $1",
            &[&MAX_SHOWN, &shop.now().plus_millis(-RETENTION_MS)],
        )
        .await?;
    let mut names: HashMap<UserId, String> = HashMap::new();
    let mut views = Vec::with_capacity(rows.len());
    for DenialRow { kind, fingerprint, account, client, count, first_at, last_at } in rows {
        let Ok(kind) = kind.parse() else { continue };
        if let Some(user) = account
            && !names.contains_key(&user)
        {
            let found = store::by_id(shop.db(), user).await?;
            names.insert(user, found.map(|row| row.me(shop)).transpose()?.map(|me| me.contact.name).unwrap_or_default());
        }
        let account = account.and_then(|user| names.get(&user).cloned());
        let client = client.map(|sealed| contacts::unseal(shop, "refusal", &fingerprint, &sealed)).transpose()?;
        views.push(DenialView { kind, account, client, count, first_at, last_at });
    }
    Ok(views)
}

/// Deletes rows older than [`RETENTION_MS`].
pub(super) async fn delete_expired(tx: &mut Tx) -> Result<u64, DbError> {
    tx.execute("delete from denials where last_at <= $1", &[&tx.now().plus_millis(-RETENTION_MS)]).await
}
