//! Proving that an address is its owner's, and changing it, by links in mails.

use domain::id::UserId;
use domain::messages::t;
use domain::view::{ContactDetails, EmailLink};
use domain::{Locale, Timestamp};
use platform::db::Tx;
use platform::jobs::{self, Failure, Handlers, Job};
use platform::mail::Mail;
use platform::{Context, throttle};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::events::{EmailChanged, EmailProved, EmailRestored};
use super::links::{self, Link, LinkKind, PROOF_MS, UNDO_MS};
use super::store::AccountRow;
use super::{Digest, IdentityError, context_of, digest, email_taken, forgotten, login_throttle, salt, second_factor, store, token};
use crate::{Shop, contacts, mails};

/// What the sealed new address of a job is bound to.
const SEALED_KIND: &str = "new_email";

/// Mails the link that proves an account's address, or gives it a new one.
#[derive(Debug, Serialize, Deserialize)]
struct SendProofMail {
    /// Of the mail: its `Message-ID` begins with it.
    notice: Uuid,
    user: UserId,
    /// The sealed new address; empty where the account's own is proved.
    new_email: Vec<u8>,
    /// The account as it was when the mail was asked for: a link is made for no other.
    state: Vec<u8>,
    locale: String,
    at: Timestamp,
}

impl Job for SendProofMail {
    const KIND: &'static str = "proof_mail.send";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        mails::send_composed(&shop, compose(&shop, &self).await).await
    }
}

/// Adds the job of this file.
pub(super) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<SendProofMail>();
}

/// The mail with the link; none where the account is gone or has changed since, its address is proved already, or the link would be too old.
async fn compose(shop: &Shop, job: &SendProofMail) -> Result<Option<Mail>, IdentityError> {
    let Some(account) = store::by_id(shop.db(), job.user).await? else { return Ok(None) };
    let mut to = account.me(shop)?.contact;
    let (kind, [subject, body, action]) = if job.new_email.is_empty() {
        if account.email_proved_at.is_some() {
            return Ok(None);
        }
        (LinkKind::ProveEmail, [t::MAIL_PROOF_SUBJECT, t::MAIL_PROOF_BODY, t::MAIL_PROOF_ACTION])
    } else {
        to.email = contacts::unseal(shop, SEALED_KIND, job.notice.as_bytes(), &job.new_email)?;
        let texts = [t::MAIL_NEW_EMAIL_SUBJECT, t::MAIL_NEW_EMAIL_BODY, t::MAIL_PROOF_ACTION];
        (LinkKind::ChangeEmail { email: to.email.clone() }, texts)
    };
    if links::state(&account, &kind) != job.state {
        return Ok(None);
    }
    let link = Link::new(&account, kind, job.at, PROOF_MS);
    if link.is_over(shop.now()) {
        return Ok(None);
    }
    let path = format!("/confirm-email/{}", link.token(shop));
    let content = mails::AccountMail { subject, body, facts: Vec::new(), action: (action, &path), note: Some(t::MAIL_PROOF_NOTE) };
    Ok(Some(content.to(shop, Locale::parse(&job.locale).unwrap_or_default(), to, job.notice)))
}

/// Mails the link that proves the address of an account.
pub(super) async fn send(tx: &mut Tx, shop: &Shop, locale: Locale, user: UserId, email_hash: &[u8]) -> Result<(), IdentityError> {
    enqueue(tx, shop, locale, (user, email_hash.to_vec()), None).await
}

/// Mails a link to a new address, by which the account takes it.
pub(super) async fn send_to_new(tx: &mut Tx, shop: &Shop, locale: Locale, account: &AccountRow, email: &str) -> Result<(), IdentityError> {
    let state = links::state(account, &LinkKind::ChangeEmail { email: email.to_owned() });
    enqueue(tx, shop, locale, (account.id, state), Some(email)).await
}

async fn enqueue(
    tx: &mut Tx,
    shop: &Shop,
    locale: Locale,
    (user, state): (UserId, Vec<u8>),
    new_email: Option<&str>,
) -> Result<(), IdentityError> {
    if !shop.mailer().is_configured() {
        return Ok(());
    }
    let (notice, at) = (tx.id(), tx.now());
    let new_email = new_email.map(|email| contacts::seal(shop, SEALED_KIND, notice.as_bytes(), &email)).unwrap_or_default();
    let job = SendProofMail { notice, user, new_email, state, locale: locale.code().to_owned(), at };
    Ok(jobs::enqueue(tx, &job, at, None).await?)
}

/// Is the signed-in user to be asked to prove their address? Never where the shop sends no mails.
///
/// # Errors
/// [`IdentityError::SignedOut`], or the database's.
pub async fn is_proof_needed(shop: &Shop, ctx: &Context) -> Result<bool, IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    let account = store::by_id(shop.db(), user).await?.ok_or(IdentityError::SignedOut)?;
    Ok(account.email_proved_at.is_none() && shop.mailer().is_configured())
}

/// Mails the signed-in user once more the link that proves their address. Without effect where it is proved.
///
/// # Errors
/// [`IdentityError::NoMail`] where the shop sends no mails, [`IdentityError::TooManyAttempts`], [`IdentityError::SignedOut`].
pub async fn send_proof_again(shop: &Shop, ctx: &Context, locale: Locale) -> Result<(), IdentityError> {
    let user = ctx.user().ok_or(IdentityError::SignedOut)?;
    if !shop.mailer().is_configured() {
        return Err(IdentityError::NoMail);
    }
    throttle::attempt(shop.db(), &login_throttle::account_change_counters(shop, ctx, user)).await?;
    let account = store::by_id(shop.db(), user).await?.ok_or(IdentityError::SignedOut)?;
    let own = shop.clone();
    shop.write(ctx, async move |tx| send(tx, &own, locale, user, &account.email_hash).await).await
}

/// What the link of a mail would do, and whether one has to sign in to the account first.
///
/// # Errors
/// [`IdentityError::Link`] for one that does not hold, or the database's.
pub async fn email_link(shop: &Shop, ctx: &Context, token: &str) -> Result<(EmailLink, bool), IdentityError> {
    let (link, account) = links::open(shop, token).await?;
    Ok((shown(shop, &link, &account)?, needs_sign_in(ctx, &link)))
}

fn shown(shop: &Shop, link: &Link, account: &AccountRow) -> Result<EmailLink, IdentityError> {
    Ok(match &link.kind {
        LinkKind::ProveEmail => EmailLink::Prove(account.me(shop)?.contact.email),
        LinkKind::ChangeEmail { email } => EmailLink::Change(email.clone()),
        LinkKind::UndoEmail { email } => EmailLink::Undo(email.clone()),
        LinkKind::ResetPassword | LinkKind::SetPassword | LinkKind::RemoveSecondFactor => return Err(IdentityError::Link),
    })
}

/// An address is proved by whoever has both the mailbox and the account: somebody may have signed up with a stranger's, who opens the link
/// and would give them the orders that they placed as a guest. An undo is for those who cannot sign in any more.
fn needs_sign_in(ctx: &Context, link: &Link) -> bool {
    matches!(link.kind, LinkKind::ProveEmail | LinkKind::ChangeEmail { .. }) && ctx.user() != Some(link.user)
}

/// Does what the link of a mail is for: proves an address, gives the account a new one, or its former one back. Then the former address
/// gets a mail by which the change is undone; undoing it ends all sessions, makes the password useless and mails a link to set another,
/// because somebody else knew it. `session` is the token of the browser, whose session goes on after a change.
///
/// # Errors
/// [`IdentityError::Link`] for one that does not hold; [`IdentityError::SignedOut`] when one has to sign in to the account first;
/// [`IdentityError::Invalid`] for `email` when another account has it meanwhile.
pub async fn follow_email_link(shop: &Shop, ctx: &Context, locale: Locale, token: &str, session: &str) -> Result<EmailLink, IdentityError> {
    let (link, account) = links::open(shop, token).await?;
    let done = shown(shop, &link, &account)?;
    if needs_sign_in(ctx, &link) {
        return Err(IdentityError::SignedOut);
    }
    let owner = context_of(&account.me(shop)?, ctx.request).from(ctx.client);
    let own = shop.clone();
    match link.kind {
        LinkKind::ProveEmail => {
            shop.write(&owner, async move |tx| {
                lock(tx, &account).await?;
                set_proved(tx, &own, &account).await
            })
            .await?;
        }
        LinkKind::ChangeEmail { email } => {
            let session = digest(session);
            shop.write(&owner, async move |tx| change(tx, &own, locale, &account, &email, &session).await).await?;
        }
        LinkKind::UndoEmail { email } => {
            let unknown = shop.passwords().hash(&self::token(shop), salt(shop)).await?;
            shop.write(&owner, async move |tx| undo(tx, &own, locale, &account, (&email, link.made_at), &unknown).await).await?;
        }
        LinkKind::ResetPassword | LinkKind::SetPassword | LinkKind::RemoveSecondFactor => return Err(IdentityError::Link),
    }
    shop.session_cache().sessions.invalidate();
    Ok(done)
}

/// Locks the account's row while it is as it was read.
async fn lock(tx: &mut Tx, account: &AccountRow) -> Result<(), IdentityError> {
    if store::lock_if_same(tx, account).await? { Ok(()) } else { Err(IdentityError::Link) }
}

/// Notes that the account's address is its owner's, and gives the account the orders that were placed with it as a guest since the last
/// proof.
pub(super) async fn set_proved(tx: &mut Tx, shop: &Shop, account: &AccountRow) -> Result<(), IdentityError> {
    set_proved_of(tx, shop, account.id, &account.email_hash).await
}

/// The same of an account that has just been made.
pub(super) async fn set_proved_of(tx: &mut Tx, shop: &Shop, user: UserId, email_hash: &[u8]) -> Result<(), IdentityError> {
    let is_new = store::set_email_proved(tx, user).await?;
    let orders = (shop.when_email_proved())(tx, user, email_hash).await?;
    if is_new || orders > 0 {
        tx.record(user, EmailProved { orders });
    }
    Ok(())
}

async fn change(
    tx: &mut Tx,
    shop: &Shop,
    locale: Locale,
    account: &AccountRow,
    email: &str,
    session: &Digest,
) -> Result<(), IdentityError> {
    lock(tx, account).await?;
    let before = account.me(shop)?.contact;
    let changed = set_address(tx, shop, locale, account, email).await?;
    store::end_sessions(tx, account.id, Some(session)).await?;
    tx.record(account.id, EmailChanged {});
    set_proved(tx, shop, &changed).await?;
    // Whoever has the former address undoes it if they ever proved it: one that was mistyped is a stranger's.
    let mut undo = None;
    if account.email_proved_at.is_some() {
        store::reserve_email(tx, account.id, &account.email_hash, tx.now().plus_millis(UNDO_MS)).await?;
        let link = Link::new(&changed, LinkKind::UndoEmail { email: before.email.clone() }, tx.now(), UNDO_MS);
        undo = Some(format!("/confirm-email/{}", link.token(shop)));
    }
    mails::send_email_changed(tx, shop, locale, &before, undo).await?;
    Ok(())
}

async fn undo(
    tx: &mut Tx,
    shop: &Shop,
    locale: Locale,
    account: &AccountRow,
    (email, made_at): (&str, Timestamp),
    unknown_password: &str,
) -> Result<(), IdentityError> {
    lock(tx, account).await?;
    let displaced = account.me(shop)?.contact;
    let restored = set_address(tx, shop, locale, account, email).await?;
    store::set_undone(tx, account, made_at, &restored.email_hash).await?;
    store::set_password(tx, account.id, unknown_password).await?;
    store::end_sessions(tx, account.id, None).await?;
    // One that a thief set up since would keep its owner out.
    second_factor::delete_since(tx, account.id, made_at).await?;
    tx.record(account.id, EmailRestored {});
    set_proved(tx, shop, &restored).await?;
    mails::send_email_changed(tx, shop, locale, &displaced, None).await?;
    forgotten::enqueue(tx, locale, &restored.email_hash).await
}

/// Gives the account another address, to sign in with and to be written to; returns the account with it.
async fn set_address(tx: &mut Tx, shop: &Shop, locale: Locale, account: &AccountRow, email: &str) -> Result<AccountRow, IdentityError> {
    let contact = ContactDetails { email: email.to_owned(), ..account.me(shop)?.contact };
    let prepared = contacts::prepare_contact_as(shop, account.contact_id, &contact, locale);
    let email_hash = prepared.email_hash.clone().unwrap_or_default();
    if !store::set_email(tx, account.id, &email_hash).await? {
        return Err(email_taken(locale));
    }
    contacts::store::update_contact(tx, &prepared).await?;
    Ok(account.at_address(email_hash))
}
