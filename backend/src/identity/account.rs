//! Changes of one's own account: password and contact details.

use domain::Locale;
use domain::email::email_key;
use domain::messages::t;
use domain::view::ContactDetails;
use platform::{Context, throttle};

use super::events::{EmailChanged, PasswordChanged, UserUpdated};
use super::login_throttle::{self, MailAbout};
use super::second_factor::{self, Proof};
use super::{IdentityError, digest, email_taken, password_policy, prove, salt, store};
use crate::{Shop, contacts, mails};

/// Changes the signed-in user's password, ends all their sessions but the current one, and tells them by mail.
///
/// Every attempt counts towards the limit, successful ones too: hashing is expensive.
///
/// # Errors
/// [`IdentityError::Invalid`] for `current_password`, `code` or `new_password`; [`IdentityError::TooManyAttempts`] after too many attempts.
pub async fn change_password(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    token: &str,
    current: impl Into<Proof<'_>>,
    new: &str,
) -> Result<(), IdentityError> {
    let current = current.into();
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let account = store::by_id(shop.db(), user).await?.ok_or(IdentityError::SignedOut)?;
    let contact = account.me(shop)?.contact;
    let wrong = |text: String| IdentityError::Invalid(vec![("new_password".into(), text)]);
    if let Some(text) = password_policy::check(locale, new, &contact.email) {
        return Err(wrong(text));
    }
    if new == current.password {
        return Err(wrong(t::FIELD_PASSWORD_SAME.text(locale).to_owned()));
    }
    verify_current_password(shop, ctx, locale, &account, current.password, "current_password").await?;
    let code = second_factor::check_tries(shop, ctx, &account, current.code).await?;
    let hash = shop.passwords().hash(new, salt(shop)).await?;
    let (own, current_session) = (shop.clone(), digest(token));
    shop.write(ctx, async move |tx| {
        // A password that was set, or an address that was given back, since the check above stays.
        if !store::lock_if_same(tx, &account).await? {
            return Err(IdentityError::SignedOut);
        }
        second_factor::require_code(tx, &own, locale, &account, &code).await?;
        second_factor::forget_wrong_codes(tx, user).await?;
        store::set_password(tx, user, &hash).await?;
        store::end_sessions(tx, user, Some(&current_session)).await?;
        tx.record(user, PasswordChanged {});
        mails::send_password_changed(tx, &own, locale, &contact).await?;
        Ok::<_, IdentityError>(())
    })
    .await?;
    shop.session_cache().sessions.invalidate();
    Ok(())
}

/// What became of contact details that were saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactSaved {
    Saved,
    /// A link was mailed to the new address, by which the account takes it; until then it keeps its own.
    EmailToConfirm,
}

/// Changes the signed-in user's name, e-mail and telephone number. A new e-mail needs the password, as it is the login name, and a link that is
/// mailed to it; whether another account has it is not revealed. A shop that sends no mails takes it at once, and then all sessions end but
/// the current one.
///
/// # Errors
/// [`IdentityError::Invalid`] by field: `name`, `email` (also when it is taken), `phone`, `password`, `code`; [`IdentityError::TooManyAttempts`].
pub async fn save_contact(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    token: &str,
    contact: &ContactDetails,
    proof: impl Into<Proof<'_>>,
) -> Result<ContactSaved, IdentityError> {
    let proof = proof.into();
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let errors = contacts::check_contact(locale, contact);
    if !errors.is_empty() {
        return Err(IdentityError::Invalid(errors));
    }
    let account = store::by_id(shop.db(), user).await?.ok_or(IdentityError::SignedOut)?;
    let before = account.me(shop)?.contact;
    let email_changed = email_key(&before.email) != email_key(&contact.email);
    let is_mailed = email_changed && shop.mailer().is_configured();
    let kept = ContactDetails { email: before.email.clone(), ..contact.clone() };
    let prepared = contacts::prepare_contact_as(shop, account.contact_id, if is_mailed { &kept } else { contact }, locale);
    if email_changed {
        // Before the answer reveals whether the new e-mail is taken, so that a list of addresses cannot be probed.
        verify_current_password(shop, ctx, locale, &account, proof.password, "password").await?;
    }
    let code = if email_changed { Some(second_factor::check_tries(shop, ctx, &account, proof.code).await?) } else { None };
    if is_mailed {
        let counters = login_throttle::mail_counters(shop, ctx, MailAbout::NewEmail, &contacts::email_hash(shop, &contact.email));
        throttle::attempt(shop.db(), &counters).await?;
    }
    let email_hash = prepared.email_hash.clone().unwrap_or_default();
    let (own, current_session, new_email) = (shop.clone(), digest(token), contact.email.clone());
    shop.write(ctx, async move |tx| {
        if !store::lock_if_same(tx, &account).await? {
            return Err(IdentityError::SignedOut);
        }
        if let Some(code) = &code {
            second_factor::require_code(tx, &own, locale, &account, code).await?;
        }
        if !store::set_email(tx, user, &email_hash).await? {
            return Err(email_taken(locale));
        }
        contacts::store::update_contact(tx, &prepared).await?;
        tx.record(user, UserUpdated { contact: prepared.id });
        if is_mailed {
            prove::send_to_new(tx, &own, locale, &account, &new_email).await?;
        } else if email_changed {
            store::end_sessions(tx, user, Some(&current_session)).await?;
            tx.record(user, EmailChanged {});
        }
        Ok(())
    })
    .await?;
    shop.session_cache().sessions.invalidate();
    Ok(if is_mailed { ContactSaved::EmailToConfirm } else { ContactSaved::Saved })
}

/// Is it really them? Asks for the password once more.
pub(super) async fn verify_current_password(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    account: &store::AccountRow,
    password: &str,
    field: &str,
) -> Result<(), IdentityError> {
    let wrong = |text: &str| IdentityError::Invalid(vec![(field.to_owned(), text.to_owned())]);
    if password.is_empty() {
        return Err(wrong(t::FIELD_PASSWORD_NEEDED.text(locale)));
    }
    throttle::attempt(shop.db(), &login_throttle::account_change_counters(shop, ctx, account.id)).await?;
    if shop.passwords().verify(password, Some(account.password_hash.clone())).await? {
        Ok(())
    } else {
        Err(wrong(t::FIELD_PASSWORD_WRONG.text(locale)))
    }
}
