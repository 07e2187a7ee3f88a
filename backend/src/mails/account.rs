//! Mails about an account.

use domain::messages::{Msg, t};
use domain::view::{ContactDetails, Device};
use domain::{Locale, Timestamp};
use platform::db::{DbError, Tx};
use platform::jobs::{Failure, Handlers, Job, enqueue};
use platform::mail::Mail;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::template::{MailContent, greeting};
use super::{mail, send};
use crate::contacts::ContactError;
use crate::{Shop, contacts, settings};

/// What the sealed recipient is bound to.
const SEALED_KIND: &str = "notice";

/// What a mail about an account says: texts with the shop's name as `shop`, facts, and its button with the path that it opens.
pub(crate) struct AccountMail<'a> {
    pub subject: Msg,
    pub body: Msg,
    pub facts: Vec<(String, String)>,
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
            facts: self.facts.clone(),
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
    NewDevice,
    SecondFactorOn,
    SecondFactorOff,
    SecondFactorDemanded,
    RecoveryUsed,
    WrongCodes,
}

/// Who is told, and the path by which it is undone. It is sealed: both are secret.
#[derive(Debug, Serialize, Deserialize)]
struct Recipient {
    #[serde(flatten)]
    contact: ContactDetails,
    #[serde(default)]
    undo: String,
    /// The browser that signed in, and its address on the network.
    #[serde(default)]
    origin: (Device, String),
    /// How many recovery codes are left, or wrong codes were typed.
    #[serde(default)]
    count: i64,
}

impl Recipient {
    fn new(contact: &ContactDetails) -> Self {
        Self { contact: contact.clone(), undo: String::new(), origin: <_>::default(), count: 0 }
    }
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
    notify(tx, shop, locale, Notice::EmailChanged, Recipient { undo: undo.unwrap_or_default(), ..Recipient::new(before) }).await
}

/// Tells that the account has another password.
pub(crate) async fn send_password_changed(tx: &mut Tx, shop: &Shop, locale: Locale, to: &ContactDetails) -> Result<(), DbError> {
    notify(tx, shop, locale, Notice::PasswordChanged, Recipient::new(to)).await
}

/// Tells that a browser signed in that had not done so before.
pub(crate) async fn send_new_device(
    tx: &mut Tx,
    shop: &Shop,
    locale: Locale,
    to: &ContactDetails,
    device: &Device,
    address: &str,
) -> Result<(), DbError> {
    let to = Recipient { origin: (device.clone(), address.to_owned()), ..Recipient::new(to) };
    notify(tx, shop, locale, Notice::NewDevice, to).await
}

/// Tells that the account signs in by a code too from now on, or no more.
pub(crate) async fn send_second_factor(tx: &mut Tx, shop: &Shop, locale: Locale, to: &ContactDetails, is_on: bool) -> Result<(), DbError> {
    let about = if is_on { Notice::SecondFactorOn } else { Notice::SecondFactorOff };
    notify(tx, shop, locale, about, Recipient::new(to)).await
}

/// Tells that the role demands a second factor.
pub(crate) async fn send_second_factor_demanded(tx: &mut Tx, shop: &Shop, to: &ContactDetails) -> Result<(), DbError> {
    notify(tx, shop, Locale::default(), Notice::SecondFactorDemanded, Recipient::new(to)).await
}

/// Tells that a recovery code was used, and how many are left.
pub(crate) async fn send_recovery_used(tx: &mut Tx, shop: &Shop, locale: Locale, to: &ContactDetails, left: i64) -> Result<(), DbError> {
    notify(tx, shop, locale, Notice::RecoveryUsed, Recipient { count: left, ..Recipient::new(to) }).await
}

/// Tells how many wrong codes were typed in a row after the right password.
pub(crate) async fn send_wrong_codes(tx: &mut Tx, shop: &Shop, locale: Locale, to: &ContactDetails, count: i64) -> Result<(), DbError> {
    notify(tx, shop, locale, Notice::WrongCodes, Recipient { count, ..Recipient::new(to) }).await
}

async fn notify(tx: &mut Tx, shop: &Shop, locale: Locale, about: Notice, to: Recipient) -> Result<(), DbError> {
    if !shop.mailer().is_configured() {
        return Ok(());
    }
    let (notice, at) = (tx.id(), tx.now());
    let sealed = contacts::seal(shop, SEALED_KIND, notice.as_bytes(), &to);
    enqueue(tx, &SendAccountMail { notice, about, sealed, locale: locale.code().to_owned(), at }, at, None).await
}

pub(super) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<SendAccountMail>();
}

fn compose(shop: &Shop, job: &SendAccountMail) -> Result<Mail, ContactError> {
    let Recipient { contact, undo, origin, count } = contacts::unseal(shop, SEALED_KIND, job.notice.as_bytes(), &job.sealed)?;
    let locale = Locale::parse(&job.locale).unwrap_or_default();
    let content = match job.about {
        Notice::EmailChanged if undo.is_empty() => AccountMail {
            subject: t::MAIL_EMAIL_CHANGED_SUBJECT,
            body: t::MAIL_EMAIL_REPLACED_BODY,
            action: (t::MAIL_EMAIL_REPLACED_ACTION, "/"),
            facts: Vec::new(),
            note: None,
        },
        Notice::EmailChanged => AccountMail {
            subject: t::MAIL_EMAIL_CHANGED_SUBJECT,
            body: t::MAIL_EMAIL_CHANGED_BODY,
            action: (t::MAIL_EMAIL_CHANGED_ACTION, &undo),
            facts: Vec::new(),
            note: None,
        },
        Notice::PasswordChanged => AccountMail {
            subject: t::MAIL_PASSWORD_CHANGED_SUBJECT,
            body: t::MAIL_PASSWORD_CHANGED_BODY,
            action: (t::MAIL_RESET_ACTION, "/forgot-password"),
            facts: Vec::new(),
            note: None,
        },
        Notice::SecondFactorOn => to_security(t::MAIL_FACTOR_ON_SUBJECT, t::MAIL_FACTOR_ON_BODY),
        Notice::SecondFactorOff => to_security(t::MAIL_FACTOR_OFF_SUBJECT, t::MAIL_FACTOR_OFF_BODY),
        Notice::SecondFactorDemanded => to_security(t::MAIL_FACTOR_DEMANDED_SUBJECT, t::MAIL_FACTOR_DEMANDED_BODY),
        Notice::RecoveryUsed => AccountMail {
            facts: vec![(t::MAIL_RECOVERY_USED_LEFT.text(locale).to_owned(), locale.number(count))],
            ..to_security(t::MAIL_RECOVERY_USED_SUBJECT, t::MAIL_RECOVERY_USED_BODY)
        },
        Notice::WrongCodes => AccountMail {
            facts: vec![(t::MAIL_WRONG_CODES_COUNT.text(locale).to_owned(), locale.number(count))],
            action: (t::MAIL_RESET_ACTION, "/forgot-password"),
            ..to_security(t::MAIL_WRONG_CODES_SUBJECT, t::MAIL_WRONG_CODES_BODY)
        },
        Notice::NewDevice => AccountMail {
            subject: t::MAIL_NEW_DEVICE_SUBJECT,
            body: t::MAIL_NEW_DEVICE_BODY,
            action: (t::MAIL_NEW_DEVICE_ACTION, "/account/security"),
            facts: device_facts(shop, locale, &origin, job.at),
            note: Some(t::MAIL_NEW_DEVICE_NOTE),
        },
    };
    Ok(content.to(shop, locale, contact, job.notice))
}

/// A mail that leads to where its reader protects their account.
const fn to_security(subject: Msg, body: Msg) -> AccountMail<'static> {
    AccountMail { subject, body, facts: Vec::new(), action: (t::MAIL_FACTOR_ACTION, "/account/security"), note: None }
}

/// What is known of a browser that signed in, and when it did.
fn device_facts(shop: &Shop, locale: Locale, (device, address): &(Device, String), at: Timestamp) -> Vec<(String, String)> {
    let zone = settings::time_zone(shop);
    let facts = [
        (t::MAIL_NEW_DEVICE_BROWSER, device.name(locale)),
        (t::MAIL_NEW_DEVICE_ADDRESS, address.clone()),
        (t::MAIL_NEW_DEVICE_AT, locale.date_time(at, zone)),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    facts.map(|(label, value)| (label.text(locale).to_owned(), value)).collect()
}
