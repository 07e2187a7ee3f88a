//! Identity: accounts, passwords, sessions, staff and their roles, API keys.
//!
//! An account is a row of `users` that points to a sealed contact. A signed-in browser holds a token of 256 random bits, of
//! which only the SHA-256 is stored. A shopper's session expires after 30 days without use, a member of staff's after 12 hours.
//! Guest orders with the same e-mail are not added to an account, as the e-mail has not been verified.

mod account;
mod api_keys;
mod demo;
mod denials;
mod device_token;
pub mod events;
mod login_throttle;
mod password;
mod password_hasher;
mod session_cache;
mod staff;
mod store;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{RequestId, SessionId, UserId};
use domain::messages::t;
use domain::permission::Role;
use domain::view::{ContactDetails, DenialKind, FieldErrors, Me, SessionView};
use domain::{Locale, Timestamp, email};
use platform::db::{DbError, Tx};
use platform::throttle::{self, Throttled};
use platform::{Context, Forbidden};
use sha2::{Digest as _, Sha256};

use crate::Shop;
use crate::customers::{self, CustomerError};

pub use account::{change_password, save_contact};
pub use api_keys::{api_keys, authenticate_api_key, create_api_key, revoke_api_key};
pub use demo::{count_demo_accounts, count_owners, has_demo_password};
pub use denials::{denials, record_denial, record_denial_in_background};
pub use device_token::device_token;
use events::{UserCreated, UserSignedIn};
pub use password::Cost;
pub use password_hasher::PasswordHasher;
pub use session_cache::SessionCache;
pub(crate) use session_cache::invalidate;
pub(crate) use staff::create_demo_account;
pub use staff::{create_staff, set_active, set_role, staff};

/// The SHA-256 of a token or a secret.
type Digest = [u8; 32];

/// A shopper's session expires after so long without use.
const SHOPPER_SESSION_MS: i64 = 30 * Timestamp::DAY;
/// A member of staff's session expires after so long without use.
const STAFF_SESSION_MS: i64 = Timestamp::DAY / 2;
/// Of one account; the oldest gives way.
const MAX_SESSIONS: i64 = 50;

#[derive(Clone, Debug, thiserror::Error)]
pub enum IdentityError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Wrong or missing fields, in the user's language.
    #[error("some fields need another look")]
    Invalid(FieldErrors),
    /// Wrong password or unknown e-mail; the answer does not reveal which.
    #[error("e-mail and password do not match")]
    WrongCredentials,
    /// It carries no waiting time, as the attempts may be a stranger's.
    #[error("too many tries; try again later")]
    TooManyAttempts,
    /// Too many passwords wait to be checked.
    #[error("too many sign in at once; try again in a moment")]
    Busy,
    #[error("sign in first")]
    SignedOut,
    #[error("there is no such account, session or key")]
    Unknown,
    #[error("the shop needs one active owner")]
    LastOwner,
    #[error("the password could not be checked")]
    Hash,
    #[error(transparent)]
    Customer(#[from] CustomerError),
    #[error("{0}")]
    Db(#[from] DbError),
}

impl From<Throttled> for IdentityError {
    fn from(error: Throttled) -> Self {
        match error {
            Throttled::Wait => Self::TooManyAttempts,
            Throttled::Db(error) => Self::Db(error),
        }
    }
}

/// Creates an account and signs it in; returns the session token for the browser.
///
/// # Errors
/// [`IdentityError::Invalid`] by field: `name`, `email` (also when it is taken), `phone`, `password`.
pub async fn sign_up(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    contact: ContactDetails,
    password: &str,
) -> Result<(UserId, String), IdentityError> {
    let account = prepare_account(shop, locale, &contact, password, None).await?;
    let token = token(shop);
    let session = digest(&token);
    let user = shop
        .write(ctx, async move |tx| {
            let user = account.write(tx, locale).await?;
            begin_session(tx, user, None, session).await?;
            Ok::<_, IdentityError>(user)
        })
        .await?;
    Ok((user, token))
}

/// Signs in; returns the user and the session token for the browser.
///
/// Unknown e-mails take as long and get the same answer as wrong passwords.
///
/// # Errors
/// [`IdentityError::WrongCredentials`], or [`IdentityError::TooManyAttempts`] after too many wrong passwords of this client for this
/// e-mail.
pub async fn sign_in(shop: &Shop, ctx: &Context, locale: Locale, email: &str, password: &str) -> Result<(Me, String), IdentityError> {
    let email_hash = customers::email_hash(shop, email::email(email).as_deref().unwrap_or(email));
    let account = store::by_email(shop.db(), &email_hash).await?;
    let user = account.as_ref().map(|account| account.id);
    let counters = login_throttle::sign_in_counters(shop, ctx, &email_hash, user);
    if let Err(error) = throttle::attempt(shop.db(), &counters).await {
        if matches!(error, Throttled::Wait) {
            record_denial(shop, ctx, DenialKind::Wait, user).await;
        }
        return Err(error.into());
    }
    let hash = account.as_ref().filter(|account| account.may_sign_in(shop)).map(|account| account.password_hash.clone());
    let matches = shop.passwords().verify(password, hash).await?;
    let Some(account) = account.filter(|_| matches) else {
        record_denial(shop, ctx, DenialKind::SignIn, user).await;
        return Err(IdentityError::WrongCredentials);
    };
    let me = account.me(shop)?;
    let (user, role) = (me.id, me.role);
    let token = token(shop);
    let session = digest(&token);
    let signed_in = context_of(&me, ctx.request).from(ctx.client);
    shop.write(ctx, async move |tx| {
        // The password may have been changed, or the account deactivated, since the check above.
        if !store::lock_if_unchanged(tx, user, &account.password_hash).await? {
            return Err(IdentityError::WrongCredentials);
        }
        throttle::succeeded(tx, &counters).await?;
        begin_session(tx, user, role, session).await?;
        tx.record_as(&signed_in, user, UserSignedIn { staff: role.is_some(), locale: locale.code().to_owned() });
        Ok(())
    })
    .await?;
    Ok((me, token))
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

/// Deletes expired sessions, login counters and denials; returns how many.
///
/// # Errors
/// The database's.
pub async fn delete_expired(shop: &Shop) -> Result<u64, DbError> {
    shop.db()
        .write(async |tx: &mut Tx| {
            let sessions = store::delete_expired_sessions(tx).await?;
            Ok(sessions + throttle::tidy(tx).await? + denials::delete_expired(tx).await?)
        })
        .await
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

/// The context of a signed-in user.
#[must_use]
pub fn context_of(me: &Me, request: RequestId) -> Context {
    match me.role {
        Some(role) => Context::staff(me.id, role, request),
        None => Context::customer(me.id, request),
    }
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

/// A checked account, ready to be written.
struct PreparedAccount {
    contact: customers::PreparedContact,
    password_hash: String,
    role: Option<Role>,
}

/// Checks a new account, and hashes its password outside of the transaction.
async fn prepare_account(
    shop: &Shop,
    locale: Locale,
    contact: &ContactDetails,
    password: &str,
    role: Option<Role>,
) -> Result<PreparedAccount, IdentityError> {
    let mut errors = customers::check_contact(locale, contact);
    errors.extend(password::check(locale, password, &contact.email).map(|wrong| ("password".to_owned(), wrong)));
    if !errors.is_empty() {
        return Err(IdentityError::Invalid(errors));
    }
    let password_hash = shop.passwords().hash(password, salt(shop)).await?;
    Ok(PreparedAccount { contact: customers::prepare_contact(shop, contact, locale), password_hash, role })
}

impl PreparedAccount {
    async fn write(&self, tx: &mut Tx, locale: Locale) -> Result<UserId, IdentityError> {
        let user = UserId(tx.id());
        customers::insert_contacts(tx, [&self.contact]).await?;
        let email_hash = self.contact.email_hash.clone().unwrap_or_default();
        if !store::insert_user(tx, user, self.contact.id, &email_hash, &self.password_hash, self.role).await? {
            return Err(email_taken(locale));
        }
        tx.record(user, UserCreated { role: self.role });
        Ok(user)
    }
}

/// It reveals on purpose that an e-mail has an account: its owner needs the message, and sign-up is rate-limited by network address.
fn email_taken(locale: Locale) -> IdentityError {
    IdentityError::Invalid(vec![("email".into(), t::FIELD_EMAIL_TAKEN.text(locale).to_owned())])
}

async fn begin_session(tx: &mut Tx, user: UserId, role: Option<Role>, session: Digest) -> Result<(), DbError> {
    store::make_room_for_session(tx, user, MAX_SESSIONS).await?;
    store::insert_session(tx, &session, SessionId(tx.id()), user, tx.now().plus_millis(session_lifetime_ms(role))).await
}

const fn session_lifetime_ms(role: Option<Role>) -> i64 {
    if role.is_some() { STAFF_SESSION_MS } else { SHOPPER_SESSION_MS }
}

/// 256 random bits, as text for a cookie or a header.
fn token(shop: &Shop) -> String {
    let mut bytes = [0; 32];
    shop.rng().fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn salt(shop: &Shop) -> [u8; 16] {
    let mut bytes = [0; 16];
    shop.rng().fill(&mut bytes);
    bytes
}

/// Only this is stored. Tokens and secrets are random, so it needs no salt.
fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}
