//! What was refused: wrong passwords, tries that had to wait, things that somebody may not do. Managers see it, by the hour.
//!
//! Whoever attacks writes little: what happens again within the hour is counted on one row, an hour has [`MAX_ROWS_PER_HOUR`] rows, and
//! what is beyond is counted together. A row's beginning is an event. Client addresses are sealed, and go with the rows after 30 days.

use std::collections::HashMap;

use domain::Timestamp;
use domain::id::UserId;
use domain::permission::Permission;
use domain::view::{DenialKind, DenialView};
use serde_json::json;
use uuid::Uuid;

use crate::Shop;
use crate::customers;
use crate::platform::Context;
use crate::platform::db::{DbError, Tx};
use crate::platform::events::{self, Event};

use super::{IdentityError, store};

/// Rows of one hour, at most.
const MAX_ROWS_PER_HOUR: i64 = 500;
const HOUR: i64 = 60 * 60_000;
/// How long they are kept, milliseconds.
const RETENTION_MS: i64 = 30 * Timestamp::DAY;
/// How many are shown.
const SHOWN: i64 = 200;

const fn event(kind: DenialKind) -> &'static str {
    match kind {
        DenialKind::SignIn => "sign_in.failed",
        DenialKind::Wait => "sign_in.waiting",
        DenialKind::Permission => "permission.refused",
        DenialKind::Key => "key.refused",
    }
}

/// Notes a refusal. It is refused whether it is noted or not, so a database that does not answer is only logged.
pub async fn denied(shop: &Shop, ctx: &Context, kind: DenialKind, account: Option<UserId>) {
    let account = account.or(ctx.user());
    let client = ctx.client.map(|client| client.to_string());
    let subject = account.map_or_else(String::new, |user| user.to_string());
    let mark = customers::blind(shop, "refusal", &format!("{} {subject}", client.as_deref().unwrap_or_default()));
    let sealed = client.as_ref().map(|client| customers::seal(shop, "refusal", &mark, client));
    let now = shop.now();
    let hour = now.millis() - now.millis().rem_euclid(HOUR);
    let (own, ctx) = (shop.clone(), ctx.clone());
    let noted = shop
        .db()
        .write(async move |tx| {
            if again(tx, kind, hour, &mark, now).await? {
                return Ok(());
            }
            let (rows,): (i64,) = tx.fetch_one("select count(*) from denials where hour = $1", &[&hour]).await?;
            let full = rows >= MAX_ROWS_PER_HOUR;
            let (mark, account, sealed) = if full { (Vec::new(), None, None) } else { (mark.clone(), account, sealed.clone()) };
            if full && again(tx, kind, hour, &mark, now).await? {
                return Ok(());
            }
            tx.execute(
                "insert into denials (kind, hour, mark, account, client, count, first_at, last_at) values ($1, $2, $3, $4, $5, 1, $6, $6)
                 on conflict (kind, hour, mark) do update set count = denials.count + 1, last_at = excluded.last_at",
                &[&kind.as_str(), &hour, &mark, &account, &sealed, &now],
            )
            .await?;
            let subject = account.map_or_else(Uuid::nil, |user| user.0);
            events::append(tx, &own, &ctx, now, &[Event::new(event(kind), subject, json!({}))]).await
        })
        .await;
    if let Err(error) = noted {
        tracing::warn!(%error, kind = kind.as_str(), "a refusal was not noted");
    }
}

/// The same, without having whoever was refused wait for it.
pub fn denied_meanwhile(shop: &Shop, ctx: &Context, kind: DenialKind) {
    let (shop, ctx) = (shop.clone(), ctx.clone());
    tokio::spawn(async move { denied(&shop, &ctx, kind, None).await });
}

/// Counts it where it happened before in this hour.
async fn again(tx: &mut Tx, kind: DenialKind, hour: i64, mark: &[u8], now: Timestamp) -> Result<bool, DbError> {
    let sql = "update denials set count = count + 1, last_at = $4 where kind = $1 and hour = $2 and mark = $3";
    Ok(tx.execute(sql, &[&kind.as_str(), &hour, &mark, &now]).await? > 0)
}

type Row = (String, Vec<u8>, Option<UserId>, Option<Vec<u8>>, i64, Timestamp, Timestamp);

/// The latest denials, 200 at most.
///
/// # Errors
/// Not allowed, or what the database or the keys say.
pub async fn denials(shop: &Shop, ctx: &Context) -> Result<Vec<DenialView>, IdentityError> {
    ctx.require(Permission::ReadSettings)?;
    let rows: Vec<Row> = shop
        .db()
        .fetch_all(
            "select kind, mark, account, client, count, first_at, last_at from denials order by last_at desc, kind, mark limit $1",
            &[&SHOWN],
        )
        .await?;
    let mut names: HashMap<UserId, String> = HashMap::new();
    let mut views = Vec::with_capacity(rows.len());
    for (kind, mark, account, client, count, first_at, last_at) in rows {
        let Ok(kind) = kind.parse() else { continue };
        if let Some(user) = account
            && !names.contains_key(&user)
        {
            let found = store::by_id(shop.db(), user).await?;
            names.insert(user, found.map(|row| row.me(shop)).transpose()?.map(|me| me.contact.name).unwrap_or_default());
        }
        let account = account.and_then(|user| names.get(&user).cloned());
        let client = client.map(|sealed| customers::unseal(shop, "refusal", &mark, &sealed)).transpose()?;
        views.push(DenialView { kind, account, client, count, first_at, last_at });
    }
    Ok(views)
}

/// Removes what is older than 30 days.
pub(super) async fn tidy(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    tx.execute("delete from denials where last_at <= $1", &[&now.plus_millis(-RETENTION_MS)]).await
}
