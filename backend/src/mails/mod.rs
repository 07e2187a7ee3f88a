//! How a mail looks and is sent, and mails about accounts ([`account`]). Who gets a mail after which event, the area
//! `notifications` knows.

mod account;
mod template;

use std::fmt;

use domain::view::reasons;
use platform::jobs::{Failure, Handlers};
use platform::mail::{Mail, MailError};

use crate::{Shop, settings};

pub(crate) use account::{
    AccountMail, send_email_changed, send_new_device, send_password_changed, send_recovery_used, send_second_factor,
    send_second_factor_demanded, send_wrong_codes,
};
pub(crate) use template::{MailContent, greeting};

/// Registers the mail jobs about accounts.
pub(crate) fn register(handlers: &mut Handlers<Shop>) {
    account::register(handlers);
}

/// A mail of the shop to a name (which may be empty) and an address. `id` names it among all mails of this shop, the same in each try.
pub(crate) fn mail(shop: &Shop, to: (String, String), id: &str, content: MailContent) -> Mail {
    let settings = settings::shop(shop);
    let (from, reply_to) = sender(shop.config().mail_from.as_deref(), &settings.contact_email);
    Mail {
        to,
        id: format!("{id}@{}", from.rsplit('@').next().unwrap_or_default()),
        reply_to,
        text: content.text(),
        html: content.html(&settings.primary),
        subject: content.subject,
        from: (content.shop, from),
    }
}

/// The sender's address, and the one to reply to when it is another. The sender is the configured address, which the mail server may
/// send for, else the shop's contact address.
fn sender(configured: Option<&str>, contact: &str) -> (String, Option<String>) {
    match (configured, contact) {
        (Some(from), contact) => (from.to_owned(), (!contact.is_empty() && contact != from).then(|| contact.to_owned())),
        (None, "") => ("shop@localhost".to_owned(), None),
        (None, contact) => (contact.to_owned(), None),
    }
}

/// Sends what a job composed, when there is something to say.
pub(crate) async fn send_composed(shop: &Shop, composed: Result<Option<Mail>, impl fmt::Display>) -> Result<(), Failure> {
    match composed.map_err(|error| error.to_string())? {
        Some(mail) => send(shop, &mail).await,
        None => Ok(()),
    }
}

/// Sends a mail; a passing failure can be retried.
pub(crate) async fn send(shop: &Shop, mail: &Mail) -> Result<(), Failure> {
    // The mail server's answer may name the recipient, so it is not stored.
    shop.mailer().send(mail).await.map_err(|error| match error {
        MailError::NoServer => "no mail server is configured".into(),
        MailError::Address => Failure::Permanent("the recipient's or the shop's address is invalid".into()),
        MailError::Refused(code) => Failure::Permanent(format!("{}{code}", reasons::MAIL)),
        MailError::Server(_) => "the mail server was not ready, or did not answer".into(),
    })
}
