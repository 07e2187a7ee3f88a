//! Mails about an account.

use domain::messages::{Msg, t};
use domain::view::ContactDetails;
use domain::{Locale, Timestamp};
use platform::db::{DbError, Tx};
use platform::jobs::{Failure, Handlers, Job, enqueue};
use platform::mail::Mail;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::template::{MailContent, greeting};
use super::{mail, send};
use crate::customers::CustomerError;
use crate::{Shop, customers, settings};

/// What the sealed recipient is bound to.
const SEALED_KIND: &str = "notice";

/// What a mail about an account says: texts with the shop's name as `shop`, and its button with the path that it opens.
pub(crate) struct AccountMail<'a> {
    pub subject: Msg,
    pub body: Msg,
    pub action: (Msg, &'a str),
    pub note: Option<Msg>,
}

impl AccountMail<'_> {
    pub(crate) fn to(&self, shop: &Shop, locale: Locale, to: ContactDetails, id: Uuid) -> Mail {
        let name = settings::shop(shop).name;
        let subject = self.subject.text(locale).to_owned();
        let content = MailContent {
            locale,
            shop: name.clone(),
            title: subject.clone(),
            subject,
            greeting: greeting(locale, &to.name),
            body: self.body.with(locale, &[("shop", &name)]),
            facts: Vec::new(),
            rows: Vec::new(),
            sums: Vec::new(),
            note: self.note.map(|note| note.text(locale).to_owned()).unwrap_or_default(),
            action: (self.action.0.text(locale).to_owned(), format!("{}{}", shop.config().public_url, self.action.1)),
            footer: t::MAIL_ACCOUNT_FOOTER.with(locale, &[("shop", &name)]),
        };
        mail(shop, (String::new(), to.email), &id.simple().to_string(), content)
    }
}

/// What happened to an account.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
enum Notice {
    #[default]
    EmailChanged,
    PasswordChanged,
}

/// Who is told, and the path by which it is undone. It is sealed: both are secret.
#[derive(Debug, Serialize, Deserialize)]
struct Recipient {
    #[serde(flatten)]
    contact: ContactDetails,
    #[serde(default)]
    undo: String,
}

/// Tells an account's owner what happened to it.
#[derive(Debug, Serialize, Deserialize)]
struct SendAccountMail {
    /// Of the mail: its `Message-ID` begins with it.
    notice: Uuid,
    #[serde(default)]
    about: Notice,
    sealed: Vec<u8>,
    locale: String,
    at: Timestamp,
}

impl Job for SendAccountMail {
    const KIND: &'static str = "account_mail.send";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        let mail = compose(&shop, &self).map_err(|error| error.to_string())?;
        send(&shop, &mail).await
    }
}

/// Tells the former address that the account has another, with the path of the link that undoes it, where it may.
pub(crate) async fn send_email_changed(
    tx: &mut Tx,
    shop: &Shop,
    locale: Locale,
    before: &ContactDetails,
    undo: Option<String>,
) -> Result<(), DbError> {
    notify(tx, shop, locale, Notice::EmailChanged, Recipient { contact: before.clone(), undo: undo.unwrap_or_default() }).await
}

/// Tells that the account has another password.
pub(crate) async fn send_password_changed(tx: &mut Tx, shop: &Shop, locale: Locale, to: &ContactDetails) -> Result<(), DbError> {
    notify(tx, shop, locale, Notice::PasswordChanged, Recipient { contact: to.clone(), undo: String::new() }).await
}

async fn notify(tx: &mut Tx, shop: &Shop, locale: Locale, about: Notice, to: Recipient) -> Result<(), DbError> {
    if !shop.mailer().is_configured() {
        return Ok(());
    }
    let (notice, at) = (tx.id(), tx.now());
    let sealed = customers::seal(shop, SEALED_KIND, notice.as_bytes(), &to);
    enqueue(tx, &SendAccountMail { notice, about, sealed, locale: locale.code().to_owned(), at }, at, None).await
}

pub(super) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<SendAccountMail>();
}

fn compose(shop: &Shop, job: &SendAccountMail) -> Result<Mail, CustomerError> {
    let Recipient { contact, undo } = customers::unseal(shop, SEALED_KIND, job.notice.as_bytes(), &job.sealed)?;
    let content = match job.about {
        Notice::EmailChanged if undo.is_empty() => AccountMail {
            subject: t::MAIL_EMAIL_CHANGED_SUBJECT,
            body: t::MAIL_EMAIL_REPLACED_BODY,
            action: (t::MAIL_EMAIL_REPLACED_ACTION, "/"),
            note: None,
        },
        Notice::EmailChanged => AccountMail {
            subject: t::MAIL_EMAIL_CHANGED_SUBJECT,
            body: t::MAIL_EMAIL_CHANGED_BODY,
            action: (t::MAIL_EMAIL_CHANGED_ACTION, &undo),
            note: None,
        },
        Notice::PasswordChanged => AccountMail {
            subject: t::MAIL_PASSWORD_CHANGED_SUBJECT,
            body: t::MAIL_PASSWORD_CHANGED_BODY,
            action: (t::MAIL_RESET_ACTION, "/forgot-password"),
            note: None,
        },
    };
    Ok(content.to(shop, Locale::parse(&job.locale).unwrap_or_default(), contact, job.notice))
}
