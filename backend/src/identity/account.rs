//! Changes of one's own account: password and contact details.

use domain::Locale;
use domain::email::email_key;
use domain::messages::t;
use domain::view::ContactDetails;
use platform::{Context, throttle};

use super::events::{EmailChanged, PasswordChanged, UserUpdated};
use super::{IdentityError, digest, email_taken, login_throttle, password, salt, store};
use crate::{Shop, customers, mails};

/// Changes the signed-in user's password and ends all their sessions but the current one.
///
/// Every attempt counts towards the limit, successful ones too: hashing is expensive.
///
/// # Errors
/// [`IdentityError::Invalid`] for `current_password` or `new_password`; [`IdentityError::TooManyAttempts`] after too many attempts.
pub async fn change_password(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    token: &str,
    current: &str,
    new: &str,
) -> Result<(), IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let account = store::by_id(shop.db(), user).await?.ok_or(IdentityError::SignedOut)?;
    let email = account.me(shop)?.contact.email;
    let wrong = |text: String| IdentityError::Invalid(vec![("new_password".into(), text)]);
    if let Some(text) = password::check(locale, new, &email) {
        return Err(wrong(text));
    }
    if new == current {
        return Err(wrong(t::FIELD_PASSWORD_SAME.text(locale).to_owned()));
    }
    verify_current_password(shop, locale, &account, current, "current_password").await?;
    let hash = shop.passwords().hash(new, salt(shop)).await?;
    let current_session = digest(token);
    shop.write(ctx, async move |tx| {
        store::set_password(tx, user, &hash).await?;
        store::end_sessions(tx, user, Some(&current_session)).await?;
        tx.record(user, PasswordChanged {});
        Ok::<_, IdentityError>(())
    })
    .await?;
    shop.session_cache().sessions.invalidate();
    Ok(())
}

/// Changes the signed-in user's name, e-mail and telephone number. A new e-mail needs the password, as it is the login name; the old
/// address gets a mail about it, and all sessions end but the current one.
///
/// # Errors
/// [`IdentityError::Invalid`] by field: `name`, `email` (also when it is taken), `phone`, `password`; [`IdentityError::TooManyAttempts`].
pub async fn save_contact(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    token: &str,
    contact: &ContactDetails,
    password: &str,
) -> Result<(), IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let errors = customers::check_contact(locale, contact);
    if !errors.is_empty() {
        return Err(IdentityError::Invalid(errors));
    }
    let account = store::by_id(shop.db(), user).await?.ok_or(IdentityError::SignedOut)?;
    let before = account.me(shop)?.contact;
    let prepared = customers::prepare_contact_as(shop, account.contact_id, contact, locale);
    let email_changed = email_key(&before.email) != email_key(&contact.email);
    if email_changed {
        // Before the answer reveals whether the new e-mail is taken, so that a list of addresses cannot be probed.
        verify_current_password(shop, locale, &account, password, "password").await?;
    }
    let email_hash = prepared.email_hash.clone().unwrap_or_default();
    let (own, current_session) = (shop.clone(), digest(token));
    shop.write(ctx, async move |tx| {
        if !store::set_email(tx, user, &email_hash).await? {
            return Err(email_taken(locale));
        }
        customers::store::update_contact(tx, &prepared).await?;
        tx.record(user, UserUpdated { contact: prepared.id });
        if email_changed {
            store::end_sessions(tx, user, Some(&current_session)).await?;
            mails::send_email_changed(tx, &own, locale, &before).await?;
            tx.record(user, EmailChanged {});
        }
        Ok(())
    })
    .await?;
    shop.session_cache().sessions.invalidate();
    Ok(())
}

/// Is it really them? Asks for the password once more.
async fn verify_current_password(
    shop: &Shop,
    locale: Locale,
    account: &store::AccountRow,
    password: &str,
    field: &str,
) -> Result<(), IdentityError> {
    let wrong = |text: &str| IdentityError::Invalid(vec![(field.to_owned(), text.to_owned())]);
    if password.is_empty() {
        return Err(wrong(t::FIELD_PASSWORD_NEEDED.text(locale)));
    }
    throttle::attempt(shop.db(), &login_throttle::account_change_counters(shop, account.id)).await?;
    if shop.passwords().verify(password, Some(account.password_hash.clone())).await? {
        Ok(())
    } else {
        Err(wrong(t::FIELD_PASSWORD_WRONG.text(locale)))
    }
}
