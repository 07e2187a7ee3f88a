//! API keys: a secret that is shown once, and the permissions (scopes) it grants.

use domain::Locale;
use domain::id::ApiKeyId;
use domain::messages::t;
use domain::permission::Permission;
use domain::view::ApiKeyView;
use platform::Context;

use super::events::{ApiKeyCreated, ApiKeyRevoked};
use super::{IdentityError, digest, store, token};
use crate::Shop;

/// Secrets begin with this, so that secret scanners recognise them.
const PREFIX: &str = "tdh_";

/// Creates an API key and returns its secret, of which only a hash is stored.
///
/// # Errors
/// [`IdentityError::Invalid`] for `name` or `scopes`; not allowed.
pub async fn create_api_key(
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
    if scopes.is_empty() || scopes.iter().any(|scope| !Permission::API_SCOPES.contains(scope)) {
        return Err(IdentityError::Invalid(vec![("scopes".into(), t::FIELD_CHOOSE.text(locale).to_owned())]));
    }
    let mut texts: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    let (id, secret, scopes) = (ApiKeyId(shop.id()), format!("{PREFIX}{}", token(shop)), texts.join(" "));
    let hash = digest(&secret);
    shop.write(ctx, async move |tx| {
        store::insert_api_key(tx, id, &name, &hash, &scopes).await?;
        tx.record(id, ApiKeyCreated { name: name.clone(), scopes: scopes.clone() });
        Ok::<_, IdentityError>(())
    })
    .await?;
    Ok((id, secret))
}

/// The API key of a secret and its scopes; none when it is unknown or revoked. Cached for a few seconds.
///
/// # Errors
/// The database's.
pub async fn authenticate_api_key(shop: &Shop, secret: &str) -> Result<Option<(ApiKeyId, Vec<Permission>)>, IdentityError> {
    if !secret.starts_with(PREFIX) || secret.len() > 100 {
        return Ok(None);
    }
    let hash = digest(secret);
    let read = async {
        let row = store::active_api_key(shop.db(), &hash).await?;
        Ok(row.map(|row| (row.id, permissions(&row.scopes))))
    };
    shop.session_cache().api_keys.get_or_read(hash, read).await
}

/// All API keys, the latest first, revoked ones included.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn api_keys(shop: &Shop, ctx: &Context) -> Result<Vec<ApiKeyView>, IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let rows = store::api_keys(shop.db()).await?;
    let views = rows.into_iter().map(|row| ApiKeyView {
        id: row.id,
        name: row.name,
        scopes: permissions(&row.scopes),
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    });
    Ok(views.collect())
}

/// Revokes an API key.
///
/// # Errors
/// [`IdentityError::Unknown`] when there is no active key with this id; not allowed.
pub async fn revoke_api_key(shop: &Shop, ctx: &Context, id: ApiKeyId) -> Result<(), IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    shop.write(ctx, async move |tx| {
        if !store::revoke_api_key(tx, id).await? {
            return Err(IdentityError::Unknown);
        }
        tx.record(id, ApiKeyRevoked {});
        Ok(())
    })
    .await?;
    shop.session_cache().api_keys.invalidate();
    Ok(())
}

/// Unknown scopes grant nothing.
fn permissions(scopes: &str) -> Vec<Permission> {
    scopes.split_whitespace().filter_map(|scope| scope.parse().ok()).collect()
}
