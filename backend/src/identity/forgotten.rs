//! Setting a new password in place of a forgotten one, by a link in a mail.

use domain::messages::t;
use domain::permission::Permission;
use domain::{Locale, Timestamp, email};
use platform::Context;
use platform::db::{DbError, Tx};
use platform::jobs::{self, Failure, Handlers, Job};
use platform::mail::Mail;
use platform::throttle;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::events::{PasswordReset, PasswordVoided};
use super::links::{self, Link, LinkKind, RESET_MS};
use super::login_throttle::{self, MailAbout};
use super::{IdentityError, context_of, password_policy, prove, salt, second_factor, store, token};
use crate::{Shop, contacts, mails};

/// Mails a link to whoever has an account with this address. Nobody else gets anything, and nobody is told which it was: that is found
/// out by the job.
#[derive(Debug, Serialize, Deserialize)]
struct SendResetMail {
    /// Of the mail: its `Message-ID` begins with it.
    notice: Uuid,
    /// The keyed hash of the address.
    email_hash: Vec<u8>,
    locale: String,
    at: Timestamp,
}

impl Job for SendResetMail {
    const KIND: &'static str = "reset_mail.send";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        mails::send_composed(&shop, compose(&shop, &self).await).await
    }
}

/// Adds the job of this file.
pub(super) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<SendResetMail>();
}

/// Deletes the jobs of this file that are done: anybody can have them made, for addresses that nobody has.
pub(super) async fn delete_done(tx: &mut Tx) -> Result<u64, DbError> {
    jobs::delete_done_of::<SendResetMail>(tx).await
}

/// Asks for a link by which a new password is set. The answer, and the work until it, is the same whether there is such an account or not; who
/// asks again and again gets it too, and no further mail.
///
/// # Errors
/// [`IdentityError::Invalid`] for `email`; [`IdentityError::NoMail`] where the shop sends no mails.
pub async fn request_password_reset(shop: &Shop, ctx: &Context, locale: Locale, address: &str) -> Result<(), IdentityError> {
    let Some(address) = email::email(address) else {
        return Err(IdentityError::Invalid(vec![("email".into(), t::FIELD_EMAIL_INVALID.text(locale).into())]));
    };
    if !shop.mailer().is_configured() {
        return Err(IdentityError::NoMail);
    }
    let email_hash = contacts::email_hash(shop, &address);
    if !login_throttle::may_mail(shop, ctx, MailAbout::Reset, &email_hash).await? {
        return Ok(());
    }
    shop.write(ctx, async move |tx| enqueue(tx, locale, &email_hash).await).await
}

/// Mails the link to the account of this address.
pub(super) async fn enqueue(tx: &mut Tx, locale: Locale, email_hash: &[u8]) -> Result<(), IdentityError> {
    let (notice, at) = (tx.id(), tx.now());
    let job = SendResetMail { notice, email_hash: email_hash.to_vec(), locale: locale.code().to_owned(), at };
    Ok(jobs::enqueue(tx, &job, at, None).await?)
}

/// The mail with the link; none where no account has the address, or the link would be too old.
async fn compose(shop: &Shop, job: &SendResetMail) -> Result<Option<Mail>, IdentityError> {
    let account = store::by_email(shop.db(), &job.email_hash).await?.filter(|account| account.may_sign_in(shop));
    let Some(account) = account else { return Ok(None) };
    let link = Link::new(&account, LinkKind::ResetPassword, job.at, RESET_MS);
    if link.is_over(shop.now()) {
        return Ok(None);
    }
    let (to, token) = (account.me(shop)?.contact, link.token(shop));
    let locale = Locale::parse(&job.locale).unwrap_or_default();
    let content = mails::AccountMail {
        subject: t::MAIL_RESET_SUBJECT,
        body: t::MAIL_RESET_BODY,
        facts: Vec::new(),
        action: (t::MAIL_RESET_ACTION, &format!("/reset-password/{token}")),
        note: Some(t::MAIL_RESET_NOTE),
    };
    Ok(Some(content.to(shop, locale, to, job.notice)))
}

/// For somebody at the machine: ends the sessions of the account of an address, makes its password useless, takes its second factor away, and
/// returns the path of a link that sets a new password. The owner is told by mail of the second factor, where the shop sends mails.
///
/// # Errors
/// [`IdentityError::Unknown`] where there is no such account that may sign in; not allowed.
pub async fn rescue(shop: &Shop, ctx: &Context, locale: Locale, address: &str) -> Result<String, IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let account = store::by_email(shop.db(), &contacts::email_hash(shop, address)).await?;
    let account = account.filter(|account| account.may_sign_in(shop)).ok_or(IdentityError::Unknown)?;
    let locked = lock_out(shop, ctx, locale, account, false).await?;
    Ok(format!("/reset-password/{}", Link::new(&locked, LinkKind::SetPassword, shop.now(), RESET_MS).token(shop)))
}

/// Ends the sessions of an account, makes its password useless and takes its second factor away: until a new password is set nobody is let in,
/// whoever knew the former one. With `is_mailed` the link for it is mailed. Returns the account as it is then.
pub(super) async fn lock_out(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    account: store::AccountRow,
    is_mailed: bool,
) -> Result<store::AccountRow, IdentityError> {
    let unknown = shop.passwords().hash(&token(shop), salt(shop)).await?;
    let (own, locked) = (shop.clone(), account.with_password(unknown.clone()));
    shop.write(ctx, async move |tx| {
        store::set_password(tx, account.id, &unknown).await?;
        let count = store::end_sessions(tx, account.id, None).await?;
        second_factor::remove(tx, &own, locale, &account).await?;
        tx.record(account.id, PasswordVoided { sessions: count });
        if is_mailed {
            enqueue(tx, locale, &account.email_hash).await?;
        }
        Ok::<_, IdentityError>(())
    })
    .await?;
    shop.session_cache().sessions.invalidate();
    Ok(locked)
}

/// Does a link still set a password?
///
/// # Errors
/// [`IdentityError::Link`], or the database's.
pub async fn check_reset_link(shop: &Shop, token: &str) -> Result<(), IdentityError> {
    of_link(shop, token).await.map(drop)
}

/// The account of a link that sets a password, and whether the link was mailed.
async fn of_link(shop: &Shop, token: &str) -> Result<(store::AccountRow, bool), IdentityError> {
    let (link, account) = links::open(shop, token).await?;
    match link.kind {
        LinkKind::ResetPassword => Ok((account, true)),
        LinkKind::SetPassword => Ok((account, false)),
        _ => Err(IdentityError::Link),
    }
}

/// Sets the password of the account that a link was mailed to, ends all of its sessions, and tells its owner by mail. The link, and any
/// other that was mailed before, opens nothing any more. Who got it by mail has proved the address.
///
/// # Errors
/// [`IdentityError::Link`] for one that does not hold, [`IdentityError::Invalid`] for `new_password`.
pub async fn reset_password(shop: &Shop, ctx: &Context, locale: Locale, token: &str, new: &str) -> Result<(), IdentityError> {
    let (account, is_mailed) = of_link(shop, token).await?;
    let me = account.me(shop)?;
    if let Some(text) = password_policy::check(locale, new, &me.contact.email) {
        return Err(IdentityError::Invalid(vec![("new_password".into(), text)]));
    }
    let hash = shop.passwords().hash(new, salt(shop)).await?;
    let owner = context_of(&me, ctx.request).from(ctx.client);
    let counters = login_throttle::sign_in_counters(shop, ctx, &account.email_hash, Some(account.id));
    let own = shop.clone();
    shop.write(&owner, async move |tx| {
        if !store::lock_if_same(tx, &account).await? {
            return Err(IdentityError::Link);
        }
        store::set_password(tx, account.id, &hash).await?;
        store::end_sessions(tx, account.id, None).await?;
        // Wrong passwords of before do not keep its owner from signing in with the new one.
        throttle::succeeded(tx, &counters).await?;
        tx.record(account.id, PasswordReset {});
        second_factor::forget_wrong_codes(tx, account.id).await?;
        if is_mailed {
            prove::set_proved(tx, &own, &account).await?;
        }
        mails::send_password_changed(tx, &own, locale, &me.contact).await?;
        Ok(())
    })
    .await?;
    shop.session_cache().sessions.invalidate();
    Ok(())
}
