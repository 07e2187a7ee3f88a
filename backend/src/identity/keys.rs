//! Keys of the HTTP API: a secret that is shown once, and the scopes it opens.

use domain::Locale;
use domain::id::ApiKeyId;
use domain::messages::t;
use domain::permission::Permission;
use domain::view::ApiKeyView;
use serde_json::json;

use crate::Shop;
use crate::platform::Context;
use crate::platform::events::{self, Event};

use super::{IdentityError, digest, store, token};

/// What every secret begins with, so that scanners of leaked secrets know it.
const PREFIX: &str = "tdh_";

/// Makes a key; returns its secret, which is kept nowhere and cannot be shown again.
///
/// # Errors
/// [`IdentityError::Invalid`] for `name` or `scopes`; not allowed.
pub async fn create_key(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    name: &str,
    scopes: &[Permission],
) -> Result<(ApiKeyId, String), IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let name = name.trim().to_owned();
    if name.is_empty() {
        return Err(IdentityError::Invalid(vec![("name".into(), t::FIELD_REQUIRED.text(locale).to_owned())]));
    }
    if name.chars().count() > 80 {
        return Err(IdentityError::Invalid(vec![("name".into(), t::FIELD_TOO_LONG.with(locale, &[("max", "80")]))]));
    }
    if scopes.is_empty() {
        return Err(IdentityError::Invalid(vec![("scopes".into(), t::FIELD_CHOOSE.text(locale).to_owned())]));
    }
    let mut texts: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    let (id, secret, scopes) = (ApiKeyId(shop.id()), format!("{PREFIX}{}", token(shop)), texts.join(" "));
    let (own, ctx, hash) = (shop.clone(), ctx.clone(), digest(&secret));
    shop.db()
        .write(async move |tx| {
            store::insert_key(tx, id, &name, &hash, &scopes, own.now()).await?;
            let data = json!({ "name": name, "scopes": scopes });
            events::append(tx, &own, &ctx, own.now(), &[Event::new("key.created", id.0, data)]).await?;
            Ok::<_, IdentityError>(())
        })
        .await?;
    Ok((id, secret))
}

/// The key of a secret and what it may do; none when it is unknown or was taken back. Remembered for a few seconds.
///
/// # Errors
/// The database's.
pub async fn key(shop: &Shop, secret: &str) -> Result<Option<(ApiKeyId, Vec<Permission>)>, IdentityError> {
    if !secret.starts_with(PREFIX) || secret.len() > 100 {
        return Ok(None);
    }
    let (hash, now) = (digest(secret), shop.now());
    if let Some(key) = shop.guard().key(&hash, now) {
        return Ok(Some(key));
    }
    let epoch = shop.guard().keys_epoch();
    let Some((id, scopes)) = store::key(shop.db(), &hash).await? else { return Ok(None) };
    let key = (id, permissions(&scopes));
    shop.guard().remember_key(epoch, hash, key.clone(), now);
    Ok(Some(key))
}

/// The keys, the latest first, those that were taken back among them.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn keys(shop: &Shop, ctx: &Context) -> Result<Vec<ApiKeyView>, IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let rows = store::keys(shop.db()).await?;
    let views = rows.into_iter().map(|row| ApiKeyView {
        id: row.id,
        name: row.name,
        scopes: permissions(&row.scopes),
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    });
    Ok(views.collect())
}

/// Takes a key back, for good.
///
/// # Errors
/// [`IdentityError::Unknown`] when there is no such key any more; not allowed.
pub async fn revoke_key(shop: &Shop, ctx: &Context, id: ApiKeyId) -> Result<(), IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let (own, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            if !store::revoke_key(tx, id, own.now()).await? {
                return Err(IdentityError::Unknown);
            }
            events::append(tx, &own, &ctx, own.now(), &[Event::new("key.revoked", id.0, json!({}))]).await?;
            Ok(())
        })
        .await?;
    shop.guard().forget_keys();
    Ok(())
}

/// A scope that this program does not know opens nothing.
fn permissions(scopes: &str) -> Vec<Permission> {
    scopes.split_whitespace().filter_map(|scope| scope.parse().ok()).collect()
}
