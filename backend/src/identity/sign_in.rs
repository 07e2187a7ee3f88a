//! Signing in.

use domain::id::UserId;
use domain::view::{DenialKind, Me};
use domain::{Locale, email};
use platform::Context;
use platform::db::Tx;
use platform::throttle::{self, Counter, Throttled};

use super::events::UserSignedIn;
use super::store::AccountRow;
use super::{IdentityError, context_of, device_token, digest, login_throttle, record_denial, second_factor, sessions, store, token};
use crate::{Shop, contacts, mails};

/// Signs in; returns the user and the session token for the browser.
///
/// Unknown e-mails take as long and get the same answer as wrong passwords. Of a browser that has not signed in to the account before, its owner
/// is told by mail.
///
/// # Errors
/// [`IdentityError::WrongCredentials`], or [`IdentityError::TooManyAttempts`] after too many wrong passwords of this client for this
/// e-mail. [`IdentityError::CodeNeeded`] where the password is right and the account has a second factor.
pub async fn sign_in(shop: &Shop, ctx: &Context, locale: Locale, email: &str, password: &str) -> Result<(Me, String), IdentityError> {
    let email_hash = contacts::email_hash(shop, email::email(email).as_deref().unwrap_or(email));
    let account = store::by_email(shop.db(), &email_hash).await?;
    let user = account.as_ref().map(|account| account.id);
    let counters = login_throttle::sign_in_counters(shop, ctx, &email_hash, user);
    attempt(shop, ctx, &counters, user).await?;
    let hash = account.as_ref().filter(|account| account.may_sign_in(shop)).map(|account| account.password_hash.clone());
    let matches = shop.passwords().verify(password, hash).await?;
    let Some(account) = account.filter(|_| matches) else {
        record_denial(shop, ctx, DenialKind::SignIn, user).await;
        return Err(IdentityError::WrongCredentials);
    };
    if account.has_second_factor() {
        shop.db().write(async move |tx: &mut Tx| throttle::succeeded(tx, &counters).await).await?;
        return Err(IdentityError::CodeNeeded(second_factor::ticket(shop, &account)));
    }
    let user = account.id;
    enter(shop, ctx, locale, &account, &counters, async move |tx| {
        // One that was switched on since the account was read.
        if second_factor::is_on(tx, user).await? { Err(IdentityError::WrongCredentials) } else { Ok(()) }
    })
    .await
}

/// Counts a try to sign in, and records one that has to wait.
pub(super) async fn attempt(shop: &Shop, ctx: &Context, counters: &[Counter], user: Option<UserId>) -> Result<(), IdentityError> {
    let Err(error) = throttle::attempt(shop.db(), counters).await else { return Ok(()) };
    if matches!(error, Throttled::Wait) {
        record_denial(shop, ctx, DenialKind::Throttled, user).await;
    }
    Err(error.into())
}

/// Begins the session of an account that has shown who it is; `last` is done in the same transaction, and may refuse.
pub(super) async fn enter(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    account: &AccountRow,
    counters: &[Counter],
    last: impl AsyncFn(&mut Tx) -> Result<(), IdentityError> + Send + Sync + 'static,
) -> Result<(Me, String), IdentityError> {
    let me = account.me(shop)?;
    let (user, role) = (me.id, me.role);
    let token = token(shop);
    let (session, own, origin) = (digest(&token), shop.clone(), sessions::Origin::of(ctx));
    let signed_in = context_of(&me, ctx.request).from(ctx.client);
    let is_known = ctx.device.as_deref().is_some_and(|device| device_token::verified_device(shop, user, device).is_some());
    // Everybody knows the password of a demonstration's account.
    let told = (!is_known && !account.demo.0).then(|| me.contact.clone());
    let (account, counters) = (account.clone(), counters.to_vec());
    shop.write(ctx, async move |tx| {
        // The password may have been changed, or the account deactivated, since the check.
        if !store::lock_if_unchanged(tx, user, &account.password_hash).await? {
            return Err(IdentityError::WrongCredentials);
        }
        last(tx).await?;
        throttle::succeeded(tx, &counters).await?;
        sessions::begin(tx, &own, (user, role), session, &origin).await?;
        if let Some(contact) = &told {
            mails::send_new_device(tx, &own, locale, contact, &origin.device, &origin.address).await?;
        }
        tx.record_as(&signed_in, user, UserSignedIn { staff: role.is_some(), locale: locale.code().to_owned() });
        Ok(())
    })
    .await?;
    Ok((me, token))
}
