//! How long a session lives, who it belongs to, and how it ends. A changed password ends all others of the account (`account.rs`).

use domain::Timestamp;
use domain::id::{SessionId, UserId};
use domain::permission::Role;
use domain::view::{Me, SessionView};
use platform::Context;
use platform::db::{DbError, Tx};

use crate::Shop;

use super::{Digest, IdentityError, digest, store};

/// A shopper's session expires after so long without use.
const SHOPPER_SESSION_MS: i64 = 30 * Timestamp::DAY;
/// A member of staff's session expires after so long without use.
const STAFF_SESSION_MS: i64 = Timestamp::DAY / 2;
/// Of one account; the oldest gives way.
const MAX_SESSIONS: i64 = 50;

/// Begins a session of a user; of too many, the oldest ends.
pub(super) async fn begin(tx: &mut Tx, user: UserId, role: Option<Role>, session: Digest) -> Result<(), DbError> {
    store::make_room_for_session(tx, user, MAX_SESSIONS).await?;
    store::insert_session(tx, &session, SessionId(tx.id()), user, tx.now().plus_millis(session_lifetime_ms(role))).await
}

const fn session_lifetime_ms(role: Option<Role>) -> i64 {
    if role.is_some() { STAFF_SESSION_MS } else { SHOPPER_SESSION_MS }
}

/// The user of a session token; none when the session has ended. Cached for a few seconds. Renews the session.
///
/// # Errors
/// The database's, or a sealed record that cannot be opened.
pub async fn authenticate(shop: &Shop, token: &str) -> Result<Option<Me>, IdentityError> {
    session_user(shop, token, true).await
}

/// [`authenticate`] without renewing the session: for requests that a page makes on its own.
///
/// # Errors
/// The database's, or a sealed record that cannot be opened.
pub async fn authenticate_without_renewal(shop: &Shop, token: &str) -> Result<Option<Me>, IdentityError> {
    session_user(shop, token, false).await
}

async fn session_user(shop: &Shop, token: &str, renew: bool) -> Result<Option<Me>, IdentityError> {
    let (session, now, cache) = (digest(token), shop.now(), &shop.session_cache().sessions);
    let reading = cache.begin_reading();
    if let Some(me) = cache.get(&session) {
        return Ok(Some(me));
    }
    let Some(found) = store::by_session(shop.db(), &session, now).await? else { return Ok(None) };
    if !found.account.may_sign_in(shop) {
        return Ok(None);
    }
    let (seen_at, me) = (found.seen_at, found.account.me(shop)?);
    let lifetime = session_lifetime_ms(me.role);
    // A write each twelfth of the lifetime (2.5 days, an hour for staff) is enough.
    if renew && seen_at.plus_millis(lifetime / 12) <= now {
        let renewed = shop.db().write(async move |tx| store::renew_session(tx, &session, now, now.plus_millis(lifetime)).await).await;
        if let Err(error) = renewed {
            tracing::warn!(%error, "a session was not renewed");
        }
    }
    cache.insert(reading, session, me.clone());
    Ok(Some(me))
}

/// The signed-in user's sessions, the latest first; `token` is that of the current one.
///
/// # Errors
/// [`IdentityError::SignedOut`], or the database's.
pub async fn sessions(shop: &Shop, ctx: &Context, token: &str) -> Result<Vec<SessionView>, IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let current = digest(token).to_vec();
    let rows = store::sessions(shop.db(), user, shop.now()).await?;
    let views =
        rows.into_iter().map(|s| SessionView { id: s.id, created_at: s.created_at, seen_at: s.seen_at, current: s.token_hash == current });
    Ok(views.collect())
}

/// Ends one of the signed-in user's sessions.
///
/// # Errors
/// [`IdentityError::Unknown`] when it is not theirs.
pub async fn revoke_session(shop: &Shop, ctx: &Context, session: SessionId) -> Result<(), IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let ended = shop.db().write(async move |tx| store::revoke_session(tx, user, session).await).await?;
    shop.session_cache().sessions.invalidate();
    if ended { Ok(()) } else { Err(IdentityError::Unknown) }
}

/// Ends the session of a token; does nothing for an unknown one.
///
/// # Errors
/// The database's.
pub async fn sign_out(shop: &Shop, token: &str) -> Result<(), IdentityError> {
    let session = digest(token);
    shop.db().write(async move |tx| store::end_session(tx, &session).await).await?;
    shop.session_cache().sessions.invalidate();
    Ok(())
}
