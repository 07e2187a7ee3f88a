//! Invitations of staff: a link in a mail, by which somebody chooses their own password, once and within a week.

use domain::id::InvitationId;
use domain::messages::t;
use domain::permission::{Permission, Role};
use domain::view::{ContactDetails, InvitationView, InvitedView};
use domain::{Locale, Timestamp};
use platform::Context;
use platform::db::{Db, DbError, Flag, Tx};
use platform::jobs::{self, Failure, Handlers, Job};
use platform::mail::Mail;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::account::verify_current_password;
use super::events::{InvitationAccepted, InvitationSent, InvitationWithdrawn, RoleChanged};
use super::{IdentityError, links, prepare_account, prove, store};
use crate::{Shop, contacts, mails};

/// What the sealed person of an invitation, and the sealed link, are bound to.
const SEALED_KIND: &str = "invitation";
const LINK_KIND: &str = "invitation_link";
/// An invitation holds so long.
const LIFE_MS: i64 = 7 * Timestamp::DAY;
/// One that holds no more is kept so long.
const KEPT_MS: i64 = 30 * Timestamp::DAY;

#[derive(Clone, Debug, platform::db::FromRow)]
struct InvitationRow {
    id: InvitationId,
    sealed: Vec<u8>,
    role: String,
    expires_at: Timestamp,
    is_mailed: Flag,
}

/// Reads [`InvitationRow`]s that hold at `$1`.
macro_rules! open_invitations {
    () => {
        "select id, sealed, role, expires_at, is_mailed from invitations where accepted_at is null and withdrawn_at is null and expires_at > $1"
    };
}

impl InvitationRow {
    fn contact(&self, shop: &Shop) -> Result<ContactDetails, IdentityError> {
        Ok(contacts::unseal(shop, SEALED_KIND, self.id.0.as_bytes(), &self.sealed)?)
    }

    fn role(&self) -> Result<Role, IdentityError> {
        self.role.parse().map_err(|_| IdentityError::Link)
    }
}

/// Mails the link of an invitation.
#[derive(Debug, Serialize, Deserialize)]
struct SendInvitation {
    /// Of the mail: its `Message-ID` begins with it.
    notice: Uuid,
    invitation: InvitationId,
    locale: String,
}

impl Job for SendInvitation {
    const KIND: &'static str = "invitation_mail.send";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        mails::send_composed(&shop, compose(&shop, &self).await).await
    }
}

/// Adds the job of this file.
pub(super) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<SendInvitation>();
}

async fn compose(shop: &Shop, job: &SendInvitation) -> Result<Option<Mail>, IdentityError> {
    let Some(row) = find(shop.db(), job.invitation, shop.now()).await? else { return Ok(None) };
    let content = mails::AccountMail {
        subject: t::MAIL_INVITATION_SUBJECT,
        body: t::MAIL_INVITATION_BODY,
        facts: Vec::new(),
        action: (t::MAIL_INVITATION_ACTION, &path(shop, row.id)),
        note: Some(t::MAIL_INVITATION_NOTE),
    };
    Ok(Some(content.to(shop, Locale::parse(&job.locale).unwrap_or_default(), row.contact(shop)?, job.notice)))
}

/// The path of an invitation's link.
fn path(shop: &Shop, id: InvitationId) -> String {
    format!("/join/{}", links::seal_token(shop, LINK_KIND, &id))
}

async fn find(db: &Db, id: InvitationId, now: Timestamp) -> Result<Option<InvitationRow>, DbError> {
    db.fetch_optional(concat!(open_invitations!(), " and id = $2"), &[&now, &id]).await
}

/// Invites somebody to the staff. An earlier invitation of the same address holds no more. Where the shop sends no mails the answer is the path of
/// the link, to be handed over in another way; otherwise it is mailed, and nobody else sees it.
///
/// # Errors
/// [`IdentityError::Invalid`] by field: `name`, `email` (also when they are on the staff); not allowed.
pub async fn invite_staff(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    contact: ContactDetails,
    role: Role,
) -> Result<Option<String>, IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let errors = contacts::check_contact(locale, &contact);
    if !errors.is_empty() {
        return Err(IdentityError::Invalid(errors));
    }
    let email_hash = contacts::email_hash(shop, &contact.email);
    if store::by_email(shop.db(), &email_hash).await?.is_some_and(|account| account.role().is_some()) {
        return Err(IdentityError::Invalid(vec![("email".into(), t::FIELD_EMAIL_OF_STAFF.text(locale).to_owned())]));
    }
    let is_mailed = shop.mailer().is_configured();
    let own = shop.clone();
    let id = shop
        .write(ctx, async move |tx| {
            let (id, now) = (InvitationId(tx.id()), tx.now());
            let sealed = contacts::seal(&own, SEALED_KIND, id.0.as_bytes(), &contact);
            tx.execute(
                "insert into invitations (id, sealed, email_hash, role, created_at, expires_at, is_mailed)
                 values ($1, $2, $3, $4, $5, $6, $7)
                 on conflict (email_hash) where accepted_at is null and withdrawn_at is null do update
                 set id = excluded.id, sealed = excluded.sealed, role = excluded.role, created_at = excluded.created_at,
                     expires_at = excluded.expires_at, is_mailed = excluded.is_mailed",
                &[&id, &sealed, &email_hash, &role.as_str(), &now, &now.plus_millis(LIFE_MS), &is_mailed],
            )
            .await?;
            tx.record(id, InvitationSent { role });
            if is_mailed {
                let job = SendInvitation { notice: tx.id(), invitation: id, locale: locale.code().to_owned() };
                jobs::enqueue(tx, &job, now, None).await?;
            }
            Ok::<_, IdentityError>(id)
        })
        .await?;
    Ok((!is_mailed).then(|| path(shop, id)))
}

/// The invitations that hold, the newest first.
///
/// # Errors
/// Not allowed, or an error of the database or the keys.
pub async fn invitations(shop: &Shop, ctx: &Context) -> Result<Vec<InvitationView>, IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let now = shop.now();
    let rows: Vec<InvitationRow> = shop.db().fetch_all(concat!(open_invitations!(), " order by id desc limit 500"), &[&now]).await?;
    let view =
        |row: InvitationRow| Ok(InvitationView { id: row.id, contact: row.contact(shop)?, role: row.role()?, expires_at: row.expires_at });
    rows.into_iter().map(view).collect()
}

/// Takes an invitation back. Without effect on one that holds no more.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn withdraw_invitation(shop: &Shop, ctx: &Context, id: InvitationId) -> Result<(), IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    shop.write(ctx, async move |tx| {
        let sql = "update invitations set withdrawn_at = $2 where id = $1 and accepted_at is null and withdrawn_at is null";
        if tx.execute(sql, &[&id, &tx.now()]).await? == 1 {
            tx.record(id, InvitationWithdrawn {});
        }
        Ok(())
    })
    .await
}

/// The invitation of a link, while it holds.
async fn of_link(shop: &Shop, link: &str) -> Result<InvitationRow, IdentityError> {
    let id: InvitationId = links::open_token(shop, LINK_KIND, link).ok_or(IdentityError::Link)?;
    find(shop.db(), id, shop.now()).await?.ok_or(IdentityError::Link)
}

/// What whoever has the link is told.
///
/// # Errors
/// [`IdentityError::Link`] for one that does not hold.
pub async fn invitation(shop: &Shop, link: &str) -> Result<InvitedView, IdentityError> {
    let row = of_link(shop, link).await?;
    let contact = row.contact(shop)?;
    let has_account = store::by_email(shop.db(), &contacts::email_hash(shop, &contact.email)).await?.is_some();
    Ok(InvitedView { name: contact.name, email: contact.email, role: row.role()?, has_account })
}

/// Accepts an invitation: makes the account with its role, or gives the role to the shopper's account that has the address, whose password it then
/// asks for. The link works once.
///
/// # Errors
/// [`IdentityError::Link`] for one that does not hold; [`IdentityError::Invalid`] for `name` or `password`.
pub async fn accept_invitation(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    link: &str,
    name: &str,
    password: &str,
) -> Result<(), IdentityError> {
    let row = of_link(shop, link).await?;
    let (id, role, is_mailed) = (row.id, row.role()?, row.is_mailed.0);
    let contact = ContactDetails { name: name.to_owned(), ..row.contact(shop)? };
    let own = shop.clone();
    if let Some(account) = store::by_email(shop.db(), &contacts::email_hash(shop, &contact.email)).await? {
        verify_current_password(shop, ctx, locale, &account, password, "password").await?;
        shop.write(ctx, async move |tx| {
            if !store::lock_if_same(tx, &account).await? {
                return Err(IdentityError::Link);
            }
            // Somebody who is on the staff by now keeps their role.
            if store::by_id_in(tx, account.id).await?.is_none_or(|now| now.role().is_some()) {
                return Err(IdentityError::Link);
            }
            accept(tx, id).await?;
            store::set_role(tx, account.id, Some(role)).await?;
            store::end_sessions(tx, account.id, None).await?;
            tx.record(account.id, RoleChanged { role: Some(role) });
            if is_mailed {
                prove::set_proved(tx, &own, &account).await?;
            }
            Ok(())
        })
        .await?;
    } else {
        let account = prepare_account(shop, locale, &contact, password, Some(role)).await?;
        shop.write(ctx, async move |tx| {
            accept(tx, id).await?;
            let user = account.write(tx, locale).await?;
            if is_mailed {
                prove::set_proved_of(tx, &own, user, account.contact.email_hash.as_deref().unwrap_or_default()).await?;
            }
            Ok::<_, IdentityError>(())
        })
        .await?;
    }
    shop.session_cache().sessions.invalidate();
    Ok(())
}

/// Deletes those that were accepted, withdrawn or over so long ago.
pub(super) async fn delete_old(tx: &mut Tx) -> Result<u64, DbError> {
    let sql = "delete from invitations where accepted_at <= $1 or withdrawn_at <= $1 or expires_at <= $1";
    tx.execute(sql, &[&tx.now().plus_millis(-KEPT_MS)]).await
}

/// Uses an invitation up.
async fn accept(tx: &mut Tx, id: InvitationId) -> Result<(), IdentityError> {
    let sql = "update invitations set accepted_at = $2
         where id = $1 and accepted_at is null and withdrawn_at is null and expires_at > $2";
    if tx.execute(sql, &[&id, &tx.now()]).await? == 0 {
        return Err(IdentityError::Link);
    }
    tx.record(id, InvitationAccepted {});
    Ok(())
}
