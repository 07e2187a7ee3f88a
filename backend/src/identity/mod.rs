//! Identity: accounts, passwords, sessions, staff and their roles, API keys.
//!
//! An account is a row of `users` that points to a sealed contact. A signed-in browser holds a token of 256 random bits, of
//! which only the SHA-256 is stored (`sessions.rs`).
//! Whoever wants, and whose role demands it, signs in by a code, too ([`second_factor`](self::second_factor())). Orders of a guest join the account with the same e-mail once it is proved by a link in a mail ([`prove`]).

mod account;
mod api_keys;
mod demo;
mod denials;
mod device;
mod device_token;
pub mod events;
mod forgotten;
mod hashing_queue;
mod invitations;
mod links;
mod login_throttle;
mod password_hash;
mod password_policy;
mod prove;
mod second_factor;
mod session_cache;
mod sessions;
mod sign_in;
mod sign_up;
mod staff;
mod store;

use std::pin::Pin;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Locale;
use domain::id::{RequestId, UserId};
use domain::messages::t;
use domain::permission::Role;
use domain::view::{ContactDetails, FieldErrors, Me};
use platform::db::{DbError, Tx};
use platform::jobs::Handlers;
use platform::throttle::{self, Throttled};
use platform::{Context, Forbidden};
use sha2::{Digest as _, Sha256};

use crate::Shop;
use crate::contacts::{self, ContactError};

pub use account::{ContactSaved, change_password, save_contact};
pub use api_keys::{api_keys, authenticate_api_key, create_api_key, revoke_api_key};
pub use demo::{count_demo_accounts, count_owners, has_demo_password};
pub use denials::{denials, record_denial, record_denial_in_background};
pub use device_token::device_token;
use events::UserCreated;
pub use forgotten::{check_reset_link, request_password_reset, rescue, reset_password};
pub use hashing_queue::HashingQueue;
pub use invitations::{accept_invitation, invitation, invitations, invite_staff, withdraw_invitation};
pub use password_hash::Cost;
pub use prove::{email_link, follow_email_link, is_proof_needed, send_proof_again};
pub use second_factor::{
    Proof, RemovalLink, cancel_set_up, confirm_authenticator, confirm_recovery_codes, follow_removal_link, has_second_factor, removal_link,
    request_removal, reset_second_factor, second_factor, second_factor_roles, set_second_factor_roles, set_up_authenticator,
    set_up_recovery_codes, sign_in_with_code, switch_off_second_factor,
};
pub use session_cache::SessionCache;
pub(crate) use session_cache::invalidate;
pub use sessions::{
    SESSION_COOKIE_SECONDS, SignedIn, authenticate, authenticate_without_renewal, confirm, revoke_other_sessions, revoke_session, sessions,
    sign_out,
};
pub use sign_in::sign_in;
pub use sign_up::{finish_sign_up, request_sign_up, sign_up, sign_up_link, signs_up_by_mail};
pub(crate) use staff::create_demo_account;
pub use staff::{create_staff, set_active, set_role, staff};

/// What follows the proof that an address is an account's: gives it the orders of a guest with this keyed hash of the address, in the same
/// transaction; returns how many.
pub type WhenEmailProved = for<'a> fn(&'a mut Tx, UserId, &'a [u8]) -> Pin<Box<dyn Future<Output = Result<u64, DbError>> + Send + 'a>>;

/// Adds the jobs of accounts.
pub(crate) fn register(handlers: &mut Handlers<Shop>) {
    forgotten::register(handlers);
    prove::register(handlers);
    second_factor::register(handlers);
    sign_up::register(handlers);
    invitations::register(handlers);
}

/// The SHA-256 of a token or a secret.
type Digest = [u8; 32];

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
    /// The password is right, and the account has a second factor: the ticket for it.
    #[error("a code is needed, too")]
    CodeNeeded(String),
    /// The password was typed too long ago, or is another since.
    #[error("sign in anew")]
    TicketOver,
    #[error("the code is wrong, or was used")]
    WrongCode,
    /// Their role must have a second factor.
    #[error("the role demands a second factor")]
    FactorDemanded,
    #[error("one's own second factor is switched off with the password")]
    OwnFactor,
    #[error("what was set up is over; begin anew")]
    SetupOver,
    /// Whoever demands a second factor of their own role has one first.
    #[error("set up a second factor first")]
    FactorFirst,
    #[error("the link is too old, was used, or is not the shop's")]
    Link,
    #[error("the shop sends no mails")]
    NoMail,
    #[error("sign in first")]
    SignedOut,
    #[error("there is no such account, session or key")]
    Unknown,
    #[error("the shop needs one active owner")]
    LastOwner,
    #[error("the password could not be checked")]
    Hash,
    #[error(transparent)]
    Customer(#[from] ContactError),
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

/// Deletes expired sessions, login counters and denials; returns how many.
///
/// # Errors
/// The database's.
pub async fn delete_expired(shop: &Shop) -> Result<u64, DbError> {
    shop.db()
        .write(async |tx: &mut Tx| {
            let sessions = store::delete_expired_sessions(tx).await?;
            forgotten::delete_done(tx).await?;
            sign_up::delete_done(tx).await?;
            invitations::delete_old(tx).await?;
            second_factor::delete_abandoned(tx, tx.now().plus_millis(-second_factor::SETUP_MS)).await?;
            Ok(sessions + throttle::delete_expired(tx).await? + denials::delete_expired(tx).await?)
        })
        .await
}

/// The context of a signed-in user.
#[must_use]
pub fn context_of(me: &Me, request: RequestId) -> Context {
    match me.role {
        Some(role) => Context::staff(me.id, role, request),
        None => Context::customer(me.id, request),
    }
}

/// A checked account, ready to be written.
struct PreparedAccount {
    contact: contacts::PreparedContact,
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
    let mut errors = contacts::check_contact(locale, contact);
    errors.extend(password_policy::check(locale, password, &contact.email).map(|wrong| ("password".to_owned(), wrong)));
    if !errors.is_empty() {
        return Err(IdentityError::Invalid(errors));
    }
    let password_hash = shop.passwords().hash(password, salt(shop)).await?;
    Ok(PreparedAccount { contact: contacts::prepare_contact(shop, contact, locale), password_hash, role })
}

impl PreparedAccount {
    async fn write(&self, tx: &mut Tx, locale: Locale) -> Result<UserId, IdentityError> {
        let user = UserId(tx.id());
        contacts::insert_contacts(tx, [&self.contact]).await?;
        let email_hash = self.contact.email_hash.clone().unwrap_or_default();
        if !store::insert_user(tx, user, self.contact.id, &email_hash, &self.password_hash, self.role).await? {
            return Err(email_taken(locale));
        }
        tx.record(user, UserCreated { role: self.role });
        Ok(user)
    }
}

/// Where the shop sends no mails it reveals that an e-mail has an account; sign-up is then limited by network address alone.
fn email_taken(locale: Locale) -> IdentityError {
    IdentityError::Invalid(vec![("email".into(), t::FIELD_EMAIL_TAKEN.text(locale).to_owned())])
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
