//! The way back of somebody who lost their telephone and their recovery codes. They know the password and have the mailbox, which a thief may
//! have too: so they wait three days, and the owner is told at once. A code that is used meanwhile, or a new password, ends the request.

use domain::messages::t;
use domain::permission::Permission;
use domain::{Locale, Timestamp, id::UserId};
use platform::Context;
use platform::jobs::{self, Failure, Handlers, Job};
use platform::mail::Mail;
use platform::throttle;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::links::{self, Link, LinkKind, RESET_MS};
use super::super::login_throttle::{self, MailAbout};
use super::super::{IdentityError, context_of, forgotten, store as accounts};
use super::{is_demanded, remove, sign_in_code};
use crate::{Shop, mails};

/// From when on the link takes the second factor away, and until when.
pub(in crate::identity) const WAIT_MS: i64 = 3 * Timestamp::DAY;
const LIFE_MS: i64 = 10 * Timestamp::DAY;

/// Mails the link that takes the second factor away after three days.
#[derive(Debug, Serialize, Deserialize)]
struct SendRemovalMail {
    /// Of the mail: its `Message-ID` begins with it.
    notice: Uuid,
    user: UserId,
    /// The account as it was when the mail was asked for: a link is made for no other.
    state: Vec<u8>,
    locale: String,
    at: Timestamp,
}

impl Job for SendRemovalMail {
    const KIND: &'static str = "second_factor_removal_mail.send";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        mails::send_composed(&shop, compose(&shop, &self).await).await
    }
}

/// Adds the job of this file.
pub(in crate::identity) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<SendRemovalMail>();
}

async fn compose(shop: &Shop, job: &SendRemovalMail) -> Result<Option<Mail>, IdentityError> {
    let Some(account) = accounts::by_id(shop.db(), job.user).await?.filter(accounts::AccountRow::has_second_factor) else {
        return Ok(None);
    };
    if links::state(&account, &LinkKind::RemoveSecondFactor) != job.state {
        return Ok(None);
    }
    let link = Link::new(&account, LinkKind::RemoveSecondFactor, job.at, LIFE_MS);
    let path = format!("/sign-in/lost/{}", link.token(shop));
    let content = mails::AccountMail {
        subject: t::MAIL_FACTOR_REMOVAL_SUBJECT,
        body: t::MAIL_FACTOR_REMOVAL_BODY,
        facts: Vec::new(),
        action: (t::MAIL_FACTOR_REMOVAL_ACTION, &path),
        note: Some(t::MAIL_FACTOR_REMOVAL_NOTE),
    };
    Ok(Some(content.to(shop, Locale::parse(&job.locale).unwrap_or_default(), account.me(shop)?.contact, job.notice)))
}

/// Asks, with the ticket of a right password, that the second factor be taken away.
///
/// # Errors
/// [`IdentityError::TicketOver`], [`IdentityError::NoMail`], [`IdentityError::TooManyAttempts`] after too many mails;
/// [`IdentityError::FactorDemanded`] for a role that must have one, whose owner asks the shop's.
pub async fn request_removal(shop: &Shop, ctx: &Context, locale: Locale, ticket: &str) -> Result<(), IdentityError> {
    let account = sign_in_code::of_ticket(shop, ticket).await?;
    if is_demanded(shop, account.role()).await? {
        return Err(IdentityError::FactorDemanded);
    }
    if !shop.mailer().is_configured() {
        return Err(IdentityError::NoMail);
    }
    throttle::attempt(shop.db(), &login_throttle::mail_counters(shop, ctx, MailAbout::Removal, &account.email_hash)).await?;
    let state = links::state(&account, &LinkKind::RemoveSecondFactor);
    shop.write(ctx, async move |tx| {
        let (notice, at) = (tx.id(), tx.now());
        let job = SendRemovalMail { notice, user: account.id, state: state.clone(), locale: locale.code().to_owned(), at };
        Ok::<_, IdentityError>(jobs::enqueue(tx, &job, at, None).await?)
    })
    .await
}

/// What a link that takes the second factor away does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemovalLink {
    /// Nothing before this moment.
    From(Timestamp),
    Ready,
}

/// # Errors
/// [`IdentityError::Link`] for one that does not hold.
pub async fn removal_link(shop: &Shop, token: &str) -> Result<RemovalLink, IdentityError> {
    let (link, _) = open(shop, token).await?;
    let from = link.made_at.plus_millis(WAIT_MS);
    Ok(if shop.now() < from { RemovalLink::From(from) } else { RemovalLink::Ready })
}

async fn open(shop: &Shop, token: &str) -> Result<(Link, accounts::AccountRow), IdentityError> {
    let (link, account) = links::open(shop, token).await?;
    if link.kind == LinkKind::RemoveSecondFactor { Ok((link, account)) } else { Err(IdentityError::Link) }
}

/// Takes the second factor away by the link that was mailed, once its three days are over.
///
/// # Errors
/// [`IdentityError::Link`] for one that does not hold, or not yet.
pub async fn follow_removal_link(shop: &Shop, ctx: &Context, locale: Locale, token: &str) -> Result<(), IdentityError> {
    let (link, account) = open(shop, token).await?;
    if shop.now() < link.made_at.plus_millis(WAIT_MS) || is_demanded(shop, account.role()).await? {
        return Err(IdentityError::Link);
    }
    let state = links::state(&account, &LinkKind::RemoveSecondFactor);
    let (own, owner) = (shop.clone(), context_of(&account.me(shop)?, ctx.request).from(ctx.client));
    shop.write(&owner, async move |tx| {
        if !accounts::lock_if_same(tx, &account).await? {
            return Err(IdentityError::Link);
        }
        // A code that was used meanwhile ends the link.
        let now = accounts::by_id_in(tx, account.id).await?;
        if now.is_none_or(|now| links::state(&now, &LinkKind::RemoveSecondFactor) != state) {
            return Err(IdentityError::Link);
        }
        remove(tx, &own, locale, &account).await
    })
    .await?;
    shop.session_cache().sessions.invalidate();
    Ok(())
}

/// Takes the second factor of a member of staff away, who asked the owner for it: their sessions end, nobody knows their password, and a link to
/// set another is mailed to them. Where the shop sends no mails the answer is its path, to be handed over in another way.
///
/// # Errors
/// Not allowed; [`IdentityError::OwnFactor`] for one's own, [`IdentityError::Unknown`] for somebody who is not of the staff.
pub async fn reset_second_factor(shop: &Shop, ctx: &Context, locale: Locale, user: UserId) -> Result<Option<String>, IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    if ctx.user() == Some(user) {
        return Err(IdentityError::OwnFactor);
    }
    let account = accounts::by_id(shop.db(), user).await?.filter(|account| account.role().is_some()).ok_or(IdentityError::Unknown)?;
    let is_mailed = shop.mailer().is_configured();
    let locked = forgotten::lock_out(shop, ctx, locale, account, is_mailed).await?;
    let link = Link::new(&locked, LinkKind::SetPassword, shop.now(), RESET_MS);
    Ok((!is_mailed).then(|| format!("/reset-password/{}", link.token(shop))))
}
