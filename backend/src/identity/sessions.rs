//! How long a session lives, who it belongs to, where it is, and how it ends. A changed password ends all others of the account
//! (`account.rs`).

use domain::id::{RequestId, SessionId, UserId};
use domain::permission::Role;
use domain::view::{Device, Me, SessionView};
use domain::{Locale, Timestamp};
use platform::db::{DbError, Tx};
use platform::{Context, throttle};
use serde::{Deserialize, Serialize};

use super::account::verify_current_password;
use super::events::{SessionConfirmed, SessionsEnded};
use super::{Digest, IdentityError, context_of, device, digest, login_throttle, second_factor, store};
use crate::{Shop, contacts};

/// A shopper's session expires after so long without use, and after so long however it is used.
const SHOPPER_IDLE_MS: i64 = 30 * Timestamp::DAY;
const SHOPPER_MAX_MS: i64 = 180 * Timestamp::DAY;
/// The same of a member of staff.
const STAFF_IDLE_MS: i64 = Timestamp::DAY / 2;
const STAFF_MAX_MS: i64 = 7 * Timestamp::DAY;
/// So long after they showed that it is them, nobody is asked again.
const CONFIRMED_MS: i64 = Timestamp::DAY / 24;
/// Of one account; the oldest gives way.
const MAX_SESSIONS: i64 = 50;
/// What the sealed browser of a session is bound to.
const SEALED_KIND: &str = "session";

/// The age of the cookie with a session's token, seconds. The server ends the session itself.
pub const SESSION_COOKIE_SECONDS: i64 = SHOPPER_MAX_MS / 1_000;

/// Who is signed in by a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    pub me: Me,
    /// Until then they are not asked again who they are.
    pub confirmed_until: Timestamp,
    /// Does their role demand a second factor, which they have not? Then they may only set one up.
    pub lacks_second_factor: bool,
}

impl SignedIn {
    /// The context of a request of theirs at this time.
    #[must_use]
    pub fn context(&self, request: RequestId, now: Timestamp) -> Context {
        Context { is_confirmed: now < self.confirmed_until, lacks_second_factor: self.lacks_second_factor, ..context_of(&self.me, request) }
    }
}

/// Where a session began: the browser, and its address on the network.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Origin {
    pub device: Device,
    pub address: String,
}

impl Origin {
    pub(super) fn of(ctx: &Context) -> Self {
        let device = ctx.user_agent.as_deref().map(device::describe).unwrap_or_default();
        Self { device, address: ctx.client.map(|client| client.to_string()).unwrap_or_default() }
    }
}

/// Begins a session of a user; of too many, the oldest ends.
pub(super) async fn begin(
    tx: &mut Tx,
    shop: &Shop,
    (user, role): (UserId, Option<Role>),
    session: Digest,
    origin: &Origin,
) -> Result<(), DbError> {
    store::make_room_for_session(tx, user, MAX_SESSIONS).await?;
    let id = SessionId(tx.id());
    let sealed = contacts::seal(shop, SEALED_KIND, id.0.as_bytes(), origin);
    store::insert_session(tx, &session, id, user, tx.now().plus_millis(idle_ms(role)), &sealed).await
}

const fn idle_ms(role: Option<Role>) -> i64 {
    if role.is_some() { STAFF_IDLE_MS } else { SHOPPER_IDLE_MS }
}

const fn max_ms(role: Option<Role>) -> i64 {
    if role.is_some() { STAFF_MAX_MS } else { SHOPPER_MAX_MS }
}

/// The user of a session token; none when the session has ended. Cached for a few seconds. Renews the session.
///
/// # Errors
/// The database's, or a sealed record that cannot be opened.
pub async fn authenticate(shop: &Shop, token: &str) -> Result<Option<SignedIn>, IdentityError> {
    session_user(shop, token, true).await
}

/// [`authenticate`] without renewing the session: for requests that a page makes on its own.
///
/// # Errors
/// The database's, or a sealed record that cannot be opened.
pub async fn authenticate_without_renewal(shop: &Shop, token: &str) -> Result<Option<SignedIn>, IdentityError> {
    session_user(shop, token, false).await
}

async fn session_user(shop: &Shop, token: &str, renew: bool) -> Result<Option<SignedIn>, IdentityError> {
    let (session, now, cache) = (digest(token), shop.now(), &shop.session_cache().sessions);
    let reading = cache.begin_reading();
    if let Some(signed_in) = cache.get(&session) {
        return Ok(Some(signed_in));
    }
    let Some(found) = store::by_session(shop.db(), &session, now).await? else { return Ok(None) };
    let ends_at = found.begun_at.plus_millis(max_ms(found.account.role()));
    if ends_at <= now || !found.account.may_sign_in(shop) {
        return Ok(None);
    }
    let me = found.account.me(shop)?;
    let idle = idle_ms(me.role);
    // A write each twelfth of that time (2.5 days, an hour for staff) is enough.
    if renew && found.seen_at.plus_millis(idle / 12) <= now {
        let expires_at = now.plus_millis(idle).min(ends_at);
        let renewed = shop.db().write(async move |tx| store::renew_session(tx, &session, now, expires_at).await).await;
        if let Err(error) = renewed {
            tracing::warn!(%error, "a session was not renewed");
        }
    }
    let confirmed_until = found.confirmed_at.map_or(Timestamp::from_millis(0), |at| at.plus_millis(CONFIRMED_MS));
    let lacks_second_factor = !found.account.has_second_factor() && second_factor::is_demanded(shop, me.role).await?;
    let signed_in = SignedIn { me, confirmed_until, lacks_second_factor };
    cache.insert(reading, session, signed_in.clone());
    Ok(Some(signed_in))
}

/// The signed-in user's sessions, the latest first; `token` is that of the current one.
///
/// # Errors
/// [`IdentityError::SignedOut`], or the database's.
pub async fn sessions(shop: &Shop, ctx: &Context, token: &str) -> Result<Vec<SessionView>, IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let current = digest(token).to_vec();
    let rows = store::sessions(shop.db(), user, shop.now()).await?;
    let view = |row: store::SessionRow| {
        // What cannot be opened is not known.
        let origin: Origin =
            row.sealed.and_then(|sealed| contacts::unseal(shop, SEALED_KIND, row.id.0.as_bytes(), &sealed).ok()).unwrap_or_default();
        SessionView {
            id: row.id,
            created_at: row.created_at,
            seen_at: row.seen_at,
            current: row.token_hash == current,
            device: origin.device,
            address: origin.address,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Ends one of the signed-in user's sessions.
///
/// # Errors
/// [`IdentityError::Unknown`] when it is not theirs, [`IdentityError::SignedOut`].
pub async fn revoke_session(shop: &Shop, ctx: &Context, session: SessionId) -> Result<(), IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    shop.write(ctx, async move |tx| {
        if !store::revoke_session(tx, user, session).await? {
            return Err(IdentityError::Unknown);
        }
        tx.record(user, SessionsEnded { count: 1 });
        Ok(())
    })
    .await?;
    shop.session_cache().sessions.invalidate();
    Ok(())
}

/// Ends the signed-in user's sessions but the one of this token; returns how many.
///
/// # Errors
/// [`IdentityError::SignedOut`], or the database's.
pub async fn revoke_other_sessions(shop: &Shop, ctx: &Context, token: &str) -> Result<u64, IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let current = digest(token);
    let ended = shop
        .write(ctx, async move |tx| {
            let count = store::end_sessions(tx, user, Some(&current)).await?;
            if count > 0 {
                tx.record(user, SessionsEnded { count });
            }
            Ok::<_, IdentityError>(count)
        })
        .await?;
    shop.session_cache().sessions.invalidate();
    Ok(ended)
}

/// Shows by the password that it is still the account's owner who sits there; for an hour nobody asks again. Returns the session's new token: a
/// copy of the former one, which a thief may hold, opens nothing any more.
///
/// # Errors
/// [`IdentityError::Invalid`] for `password`, [`IdentityError::TooManyAttempts`], [`IdentityError::SignedOut`].
pub async fn confirm(shop: &Shop, ctx: &Context, locale: Locale, token: &str, password: &str) -> Result<String, IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let account = store::by_id(shop.db(), user).await?.ok_or(IdentityError::SignedOut)?;
    verify_current_password(shop, ctx, locale, &account, password, "password").await?;
    let new = super::token(shop);
    let (before, after) = (digest(token), digest(&new));
    let counters = login_throttle::account_change_counters(shop, ctx, user);
    shop.write(ctx, async move |tx| {
        if !store::lock_if_same(tx, &account).await? || !store::set_confirmed(tx, &before, &after).await? {
            return Err(IdentityError::SignedOut);
        }
        throttle::succeeded(tx, &counters).await?;
        tx.record(user, SessionConfirmed {});
        Ok(())
    })
    .await?;
    shop.session_cache().sessions.invalidate();
    Ok(new)
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
