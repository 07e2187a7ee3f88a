//! Who is who: accounts, passwords, sessions, staff and their roles, keys of the HTTP API.
//!
//! An account is a row of `users` that points to a sealed contact. A signed-in browser holds a token of 256 random bits, of
//! which only the SHA-256 is kept. A shopper's session ends after 30 days without use, a member of staff's after 12 hours.
//! Orders that were placed as a guest with the same e-mail are not given to an account: the e-mail has not been verified.

mod account;
mod attempts;
mod demo;
mod denials;
mod device;
mod guard;
mod keys;
mod password;
mod staff;
mod store;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{RequestId, SessionId, UserId};
use domain::messages::t;
use domain::permission::Role;
use domain::view::{ContactDetails, DenialKind, FieldErrors, Me, SessionView};
use domain::{Locale, Timestamp, email};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::Shop;
use crate::customers::{self, CustomerError};
use crate::platform::Context;
use crate::platform::context::Forbidden;
use crate::platform::db::{DbError, Tx};
use crate::platform::events::{self, Event};
use crate::platform::throttle::{self, Throttled};

pub use account::{change_password, save_contact};
pub use demo::{demo_accounts, has_demo_password, owners};
pub use denials::{denials, denied, denied_meanwhile};
pub use device::device;
use guard::Digest;
pub use guard::Guard;
pub use keys::{create_key, key, keys, revoke_key};
pub use password::Cost;
pub(crate) use staff::create_demo;
pub use staff::{create_staff, set_active, set_role, staff};

/// A shopper's session ends after so long without use.
const SHOPPER_SESSION: i64 = 30 * Timestamp::DAY;
/// A member of staff's session ends after so long without use.
const STAFF_SESSION: i64 = Timestamp::DAY / 2;
/// The most sessions of an account; the oldest gives way.
const MAX_SESSIONS: i64 = 50;

/// Why somebody was not let in, or an account not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IdentityError {
    /// Not allowed.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// What was written is not complete; by field, in the reader's language.
    #[error("some fields need another look")]
    Invalid(FieldErrors),
    /// E-mail and password do not belong together, or there is no such account: nobody is told which.
    #[error("e-mail and password do not match")]
    SignIn,
    /// Too many tries. It is not said for how long: the tries may be a stranger's.
    #[error("too many tries; try again later")]
    Wait,
    /// More passwords wait to be checked than can be in a moment.
    #[error("too many sign in at once; try again in a moment")]
    Busy,
    /// Nobody is signed in.
    #[error("sign in first")]
    SignedOut,
    /// No such account, session or key.
    #[error("there is no such account, session or key")]
    Unknown,
    /// The shop would be left without an owner.
    #[error("the shop needs one active owner")]
    LastOwner,
    /// The hash of a password could not be computed.
    #[error("the password could not be checked")]
    Hash,
    /// A sealed record.
    #[error(transparent)]
    Customer(#[from] CustomerError),
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
}

impl From<Throttled> for IdentityError {
    fn from(error: Throttled) -> Self {
        match error {
            Throttled::Wait => Self::Wait,
            Throttled::Db(error) => Self::Db(error),
        }
    }
}

/// Opens an account and signs it in; returns the token for the browser.
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
    let account = prepare(shop, locale, &contact, password, None).await?;
    let token = token(shop);
    let (shop, ctx, session) = (shop.clone(), ctx.clone(), digest(&token));
    let user = shop
        .clone()
        .db()
        .write(async move |tx| {
            let user = account.write(tx, &shop, &ctx, locale).await?;
            begin_session(tx, &shop, user, None, session).await?;
            Ok::<_, IdentityError>(user)
        })
        .await?;
    Ok((user, token))
}

/// Signs somebody in; returns who they are and the token for the browser.
///
/// Takes the same work whether the account exists or not, and says the same about both.
///
/// # Errors
/// [`IdentityError::SignIn`], or [`IdentityError::Wait`] after too many wrong passwords of this client for this e-mail.
pub async fn sign_in(shop: &Shop, ctx: &Context, locale: Locale, email: &str, password: &str) -> Result<(Me, String), IdentityError> {
    let email_hash = customers::email_hash(shop, email::email(email).as_deref().unwrap_or(email));
    let account = store::by_email(shop.db(), &email_hash).await?;
    let user = account.as_ref().map(|account| account.id);
    let counters = attempts::of_sign_in(shop, ctx, &email_hash, user);
    if let Err(error) = throttle::attempt(shop.db(), &counters).await {
        if matches!(error, Throttled::Wait) {
            denied(shop, ctx, DenialKind::Wait, user).await;
        }
        return Err(error.into());
    }
    let hash = account.as_ref().filter(|account| account.may_sign_in(shop)).map(|account| account.password_hash.clone());
    let fits = shop.guard().verify(password, hash).await?;
    let Some(account) = account.filter(|_| fits) else {
        denied(shop, ctx, DenialKind::SignIn, user).await;
        return Err(IdentityError::SignIn);
    };
    let me = account.me(shop)?;
    let (user, role) = (me.id, me.role);
    let token = token(shop);
    let (shop, ctx, session) = (shop.clone(), ctx.clone(), digest(&token));
    shop.clone()
        .db()
        .write(async move |tx| {
            // The password was checked a moment ago: it may have been changed, or the account locked, since.
            if !store::still_holds(tx, user, &account.password_hash).await? {
                return Err(IdentityError::SignIn);
            }
            throttle::succeeded(tx, &counters).await?;
            begin_session(tx, &shop, user, role, session).await?;
            let data = json!({ "staff": role.is_some(), "locale": locale.code() });
            events::append(tx, &shop, &as_user(&ctx, user, role), shop.now(), &[Event::new("user.signed_in", user.0, data)]).await?;
            Ok::<_, IdentityError>(())
        })
        .await?;
    Ok((me, token))
}

/// Ends the session of a token. An unknown one is as good as ended.
///
/// # Errors
/// The database's.
pub async fn sign_out(shop: &Shop, token: &str) -> Result<(), IdentityError> {
    let session = digest(token);
    shop.db().write(async move |tx| store::end_session(tx, &session).await).await?;
    shop.guard().forget_people();
    Ok(())
}

/// Removes sessions that have ended, counts of tries that are forgotten, what was refused long ago; says how many.
///
/// # Errors
/// The database's.
pub async fn tidy(shop: &Shop) -> Result<u64, DbError> {
    let now = shop.now();
    let all = async move |tx: &mut Tx| {
        Ok::<_, DbError>(store::clear_ended(tx, now).await? + throttle::tidy(tx).await? + denials::tidy(tx, now).await?)
    };
    shop.db().write(all).await
}

/// Who holds a token; none when its session has ended. Remembered for a few seconds. To ask is to use the session, which then ends
/// later.
///
/// # Errors
/// What the database or the keys say.
pub async fn who(shop: &Shop, token: &str) -> Result<Option<Me>, IdentityError> {
    read(shop, token, true).await
}

/// The same without using the session: for what a page asks by itself while nobody may sit before it.
///
/// # Errors
/// What the database or the keys say.
pub async fn who_still(shop: &Shop, token: &str) -> Result<Option<Me>, IdentityError> {
    read(shop, token, false).await
}

async fn read(shop: &Shop, token: &str, used: bool) -> Result<Option<Me>, IdentityError> {
    let (session, now) = (digest(token), shop.now());
    if let Some(me) = shop.guard().seen(&session, now) {
        return Ok(Some(me));
    }
    let epoch = shop.guard().people_epoch();
    let Some(found) = store::by_session(shop.db(), &session, now).await? else { return Ok(None) };
    if !found.account.may_sign_in(shop) {
        return Ok(None);
    }
    let (seen_at, me) = (found.seen_at, found.account.me(shop)?);
    let lasts = lasts(me.role);
    // The end moves with use, but not with every use: a write a day (an hour for staff) is enough.
    if used && seen_at.plus_millis(lasts / 12) <= now {
        let kept = shop.db().write(async move |tx| store::keep_session(tx, &session, now, now.plus_millis(lasts)).await).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "a session's last use was not noted");
        }
    }
    shop.guard().remember(epoch, session, me.clone(), now);
    Ok(Some(me))
}

/// The context of somebody signed in.
#[must_use]
pub fn context_of(me: &Me, request: RequestId) -> Context {
    match me.role {
        Some(role) => Context::staff(me.id, role, request),
        None => Context::customer(me.id, request),
    }
}

/// The signed-in person's sessions, the latest first; `token` tells which of them asks.
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

/// Ends one of the signed-in person's sessions.
///
/// # Errors
/// [`IdentityError::Unknown`] when it is not theirs.
pub async fn revoke_session(shop: &Shop, ctx: &Context, session: SessionId) -> Result<(), IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let ended = shop.db().write(async move |tx| store::revoke_session(tx, user, session).await).await?;
    shop.guard().forget_people();
    if ended { Ok(()) } else { Err(IdentityError::Unknown) }
}

/// A new account, checked, its password hashed.
struct Account {
    contact: customers::PreparedContact,
    password_hash: String,
    role: Option<Role>,
}

/// Checks a new account and does what takes time.
async fn prepare(
    shop: &Shop,
    locale: Locale,
    contact: &ContactDetails,
    password: &str,
    role: Option<Role>,
) -> Result<Account, IdentityError> {
    let mut errors = customers::check_contact(locale, contact);
    errors.extend(password::check(locale, password, &contact.email).map(|wrong| ("password".to_owned(), wrong)));
    if !errors.is_empty() {
        return Err(IdentityError::Invalid(errors));
    }
    let password_hash = shop.guard().hash(password, salt(shop)).await?;
    Ok(Account { contact: customers::prepare_contact(shop, contact, locale), password_hash, role })
}

impl Account {
    async fn write(&self, tx: &mut Tx, shop: &Shop, ctx: &Context, locale: Locale) -> Result<UserId, IdentityError> {
        let user = UserId(shop.id());
        customers::insert_contacts(tx, std::slice::from_ref(&self.contact)).await?;
        let email_hash = self.contact.email_hash.clone().unwrap_or_default();
        let (role, at) = (self.role, self.contact.at);
        if !store::insert_user(tx, user, self.contact.id, &email_hash, &self.password_hash, role, at).await? {
            return Err(email_taken(locale));
        }
        record(tx, shop, ctx, "user.created", user, json!({ "role": role.map(Role::as_str) })).await?;
        Ok(user)
    }
}

/// An error, not a flaw: somebody who owns the address may know, and sign-up is limited by network address.
fn email_taken(locale: Locale) -> IdentityError {
    IdentityError::Invalid(vec![("email".into(), t::FIELD_EMAIL_TAKEN.text(locale).to_owned())])
}

async fn begin_session(tx: &mut Tx, shop: &Shop, user: UserId, role: Option<Role>, session: Digest) -> Result<(), DbError> {
    let now = shop.now();
    store::clear_sessions(tx, user, now, MAX_SESSIONS).await?;
    store::insert_session(tx, &session, SessionId(shop.id()), user, now, now.plus_millis(lasts(role))).await
}

const fn lasts(role: Option<Role>) -> i64 {
    if role.is_some() { STAFF_SESSION } else { SHOPPER_SESSION }
}

/// The same request, by the one who has just shown who they are.
fn as_user(ctx: &Context, user: UserId, role: Option<Role>) -> Context {
    match role {
        Some(role) => Context::staff(user, role, ctx.request),
        None => Context::customer(user, ctx.request),
    }
    .from(ctx.client)
}

/// Events say what changed about an account, never its personal data: they are not sealed.
async fn record(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    kind: &'static str,
    user: UserId,
    data: serde_json::Value,
) -> Result<(), IdentityError> {
    Ok(events::append(tx, shop, ctx, shop.now(), &[Event::new(kind, user.0, data)]).await?)
}

/// 256 random bits that fit into a cookie or a header.
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

/// What is kept of a token or a secret. They are random, so a plain hash cannot be guessed backwards.
fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}
