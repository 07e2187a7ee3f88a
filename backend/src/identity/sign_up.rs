//! Signing up. Where the shop sends mails, an account is made by a link that is mailed, on whose page its password is chosen: whoever signs up is
//! not told whether the address has an account, and nobody makes one with an address that is not theirs. Until then nothing is stored but the mail.

use domain::messages::t;
use domain::view::ContactDetails;
use domain::{Locale, Timestamp, id::UserId};
use platform::Context;
use platform::db::{DbError, Tx};
use platform::jobs::{self, Failure, Handlers, Job};
use platform::mail::Mail;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::links::{self, PROOF_MS};
use super::login_throttle::{self, MailAbout};
use super::{IdentityError, PreparedAccount, digest, prepare_account, prove, sessions, store, token};
use crate::{Shop, contacts, mails};

/// What the sealed account of a job, and of a link, is bound to.
const JOB_KIND: &str = "sign_up";
const LINK_KIND: &str = "sign_up_link";

/// An account that is not made yet. It is sealed wherever it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct NewAccount {
    contact: ContactDetails,
    until: Timestamp,
}

/// Mails the link that makes an account, or that there is one with this address.
#[derive(Debug, Serialize, Deserialize)]
struct SendSignUpMail {
    /// Of the mail: its `Message-ID` begins with it.
    notice: Uuid,
    sealed: Vec<u8>,
    locale: String,
}

impl Job for SendSignUpMail {
    const KIND: &'static str = "sign_up_mail.send";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        mails::send_composed(&shop, compose(&shop, &self).await).await
    }
}

/// Adds the job of this file.
pub(super) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<SendSignUpMail>();
}

/// Deletes the jobs of this file that are done: anybody can have them made.
pub(super) async fn delete_done(tx: &mut Tx) -> Result<u64, DbError> {
    jobs::delete_done_of::<SendSignUpMail>(tx).await
}

/// Are accounts made by a link in a mail, or at once by [`sign_up`]?
#[must_use]
pub fn signs_up_by_mail(shop: &Shop) -> bool {
    shop.mailer().is_configured()
}

/// Asks for the link that makes an account. The answer, and the work until it, is the same whether the address has an account or not; who asks
/// again and again gets it too, and no further mail.
///
/// # Errors
/// [`IdentityError::Invalid`] by field: `name`, `email`, `phone`; [`IdentityError::NoMail`] where the shop sends no mails.
pub async fn request_sign_up(shop: &Shop, ctx: &Context, locale: Locale, contact: ContactDetails) -> Result<(), IdentityError> {
    let errors = contacts::check_contact(locale, &contact);
    if !errors.is_empty() {
        return Err(IdentityError::Invalid(errors));
    }
    if !signs_up_by_mail(shop) {
        return Err(IdentityError::NoMail);
    }
    if !login_throttle::may_mail(shop, ctx, MailAbout::SignUp, &contacts::email_hash(shop, &contact.email)).await? {
        return Ok(());
    }
    let own = shop.clone();
    shop.write(ctx, async move |tx| {
        let (notice, at) = (tx.id(), tx.now());
        let account = NewAccount { contact: contact.clone(), until: at.plus_millis(PROOF_MS) };
        let sealed = contacts::seal(&own, JOB_KIND, notice.as_bytes(), &account);
        let job = SendSignUpMail { notice, sealed, locale: locale.code().to_owned() };
        Ok::<_, IdentityError>(jobs::enqueue(tx, &job, at, None).await?)
    })
    .await
}

/// Makes an account at once, and signs it in; returns the session token for the browser. For shops that send no mails.
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
    create(shop, ctx, locale, account, false).await
}

/// Writes an account whose address is proved, or is to be proved by a mail, and begins its session.
async fn create(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    account: PreparedAccount,
    is_proved: bool,
) -> Result<(UserId, String), IdentityError> {
    let token = token(shop);
    let (session, own, origin) = (digest(&token), shop.clone(), sessions::Origin::of(ctx));
    let user = shop
        .write(ctx, async move |tx| {
            let user = account.write(tx, locale).await?;
            let email_hash = account.contact.email_hash.as_deref().unwrap_or_default();
            if is_proved {
                prove::set_proved_of(tx, &own, user, email_hash).await?;
            } else {
                prove::send(tx, &own, locale, user, email_hash).await?;
            }
            sessions::begin(tx, &own, (user, None), session, &origin).await?;
            Ok::<_, IdentityError>(user)
        })
        .await?;
    Ok((user, token))
}

async fn compose(shop: &Shop, job: &SendSignUpMail) -> Result<Option<Mail>, IdentityError> {
    let account: NewAccount = contacts::unseal(shop, JOB_KIND, job.notice.as_bytes(), &job.sealed)?;
    if account.until <= shop.now() {
        return Ok(None);
    }
    let is_taken = store::by_email(shop.db(), &contacts::email_hash(shop, &account.contact.email)).await?.is_some();
    let path = format!("/sign-up/{}", links::seal_token(shop, LINK_KIND, &account));
    let content = if is_taken {
        mails::AccountMail {
            subject: t::MAIL_HAS_ACCOUNT_SUBJECT,
            body: t::MAIL_HAS_ACCOUNT_BODY,
            facts: Vec::new(),
            action: (t::MAIL_HAS_ACCOUNT_ACTION, "/sign-in"),
            note: Some(t::MAIL_HAS_ACCOUNT_NOTE),
        }
    } else {
        mails::AccountMail {
            subject: t::MAIL_SIGN_UP_SUBJECT,
            body: t::MAIL_SIGN_UP_BODY,
            facts: Vec::new(),
            action: (t::MAIL_SIGN_UP_ACTION, &path),
            note: Some(t::MAIL_SIGN_UP_NOTE),
        }
    };
    Ok(Some(content.to(shop, Locale::parse(&job.locale).unwrap_or_default(), account.contact, job.notice)))
}

/// The account of a link.
fn of_link(shop: &Shop, link: &str) -> Result<NewAccount, IdentityError> {
    let account: NewAccount = links::open_token(shop, LINK_KIND, link).ok_or(IdentityError::Link)?;
    if shop.now() < account.until { Ok(account) } else { Err(IdentityError::Link) }
}

/// The e-mail of the account that a link makes.
///
/// # Errors
/// [`IdentityError::Link`] for one that is too old, or is not the shop's, or whose account was made.
pub async fn sign_up_link(shop: &Shop, link: &str) -> Result<String, IdentityError> {
    let email = of_link(shop, link)?.contact.email;
    let is_made = store::by_email(shop.db(), &contacts::email_hash(shop, &email)).await?.is_some();
    if is_made { Err(IdentityError::Link) } else { Ok(email) }
}

/// Makes the account of a link, whose address is proved by it, and signs it in; returns the session token for the browser.
///
/// # Errors
/// [`IdentityError::Link`] for one that does not hold, or whose account was made; [`IdentityError::Invalid`] for `password`.
pub async fn finish_sign_up(shop: &Shop, ctx: &Context, locale: Locale, link: &str, password: &str) -> Result<String, IdentityError> {
    let account = prepare_account(shop, locale, &of_link(shop, link)?.contact, password, None).await?;
    match create(shop, ctx, locale, account, true).await {
        Ok((_, token)) => Ok(token),
        // The address has an account by now.
        Err(IdentityError::Invalid(_)) => Err(IdentityError::Link),
        Err(error) => Err(error),
    }
}
