//! What somebody changes of their own account.

use domain::Locale;
use domain::email::email_key;
use domain::messages::t;
use domain::view::ContactDetails;
use serde_json::json;

use crate::platform::{Context, throttle};
use crate::{Shop, customers, notifications};

use super::{IdentityError, attempts, digest, email_taken, password, record, salt, store};

/// Changes the signed-in person's password and ends all their sessions but the one that asks.
///
/// Each try counts, the right ones too: hashing is dear, and nobody changes a password ten times an hour.
///
/// # Errors
/// [`IdentityError::Invalid`] for `current_password` or `new_password`; [`IdentityError::Wait`] after too many tries.
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
    prove(shop, locale, &account, current, "current_password").await?;
    let hash = shop.guard().hash(new, salt(shop)).await?;
    let (own, ctx, kept) = (shop.clone(), ctx.clone(), digest(token));
    shop.db()
        .write(async move |tx| {
            store::set_password(tx, user, &hash).await?;
            store::end_sessions(tx, user, Some(&kept)).await?;
            record(tx, &own, &ctx, "user.password_changed", user, json!({})).await
        })
        .await?;
    shop.guard().forget_people();
    Ok(())
}

/// Changes the signed-in person's name, e-mail and telephone number. Another e-mail, which is what one signs in with, needs the
/// password; the former address is told, and all their sessions end but the one that asks.
///
/// # Errors
/// [`IdentityError::Invalid`] by field: `name`, `email` (also when it is taken), `phone`, `password`; [`IdentityError::Wait`].
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
    let prepared = customers::prepare_contact_as(shop, account.contact, contact, locale);
    let moved = email_key(&before.email) != email_key(&contact.email);
    if moved {
        // Before it is said whether the other e-mail is taken: nobody tries out a list of them.
        prove(shop, locale, &account, password, "password").await?;
    }
    let email_hash = prepared.email_hash.clone().unwrap_or_default();
    let (own, ctx, kept) = (shop.clone(), ctx.clone(), digest(token));
    shop.db()
        .write(async move |tx| {
            if !store::set_email(tx, user, &email_hash).await? {
                return Err(email_taken(locale));
            }
            customers::store::update_contact(tx, &prepared).await?;
            record(tx, &own, &ctx, "user.updated", user, json!({ "contact": prepared.id })).await?;
            if moved {
                store::end_sessions(tx, user, Some(&kept)).await?;
                notifications::email_changed(tx, &own, locale, &before).await?;
                record(tx, &own, &ctx, "user.email_changed", user, json!({})).await?;
            }
            Ok(())
        })
        .await?;
    shop.guard().forget_people();
    Ok(())
}

/// Is it really them? Asks for the password once more.
async fn prove(shop: &Shop, locale: Locale, account: &store::AccountRow, password: &str, field: &str) -> Result<(), IdentityError> {
    let wrong = |text: &str| IdentityError::Invalid(vec![(field.to_owned(), text.to_owned())]);
    if password.is_empty() {
        return Err(wrong(t::FIELD_PASSWORD_NEEDED.text(locale)));
    }
    throttle::attempt(shop.db(), &attempts::of_change(shop, account.id)).await?;
    if shop.guard().verify(password, Some(account.password_hash.clone())).await? {
        Ok(())
    } else {
        Err(wrong(t::FIELD_PASSWORD_WRONG.text(locale)))
    }
}
