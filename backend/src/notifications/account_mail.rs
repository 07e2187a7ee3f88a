//! Mails about an account: to its old address when its e-mail was changed.

use domain::messages::t;
use domain::view::ContactDetails;
use domain::{Locale, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::platform::db::{DbError, Tx};
use crate::platform::jobs::{self, Done, Failure, Handlers};
use crate::platform::mail::Mail;
use crate::{Shop, customers, settings};

use super::template::{MailTemplate, greeting};
use super::{order_mail, send};

const JOB: &str = "mail.account";
const SEALED: &str = "notice";

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    /// Of the mail: its `Message-ID` begins with it.
    notice: Uuid,
    /// The old contact details, which the account no longer has.
    sealed: Vec<u8>,
    locale: String,
    at: Timestamp,
}

/// Sends a mail about the change to the old address.
pub(crate) async fn send_email_changed(tx: &mut Tx, shop: &Shop, locale: Locale, before: &ContactDetails) -> Result<(), DbError> {
    if !shop.mailer().is_configured() {
        return Ok(());
    }
    let (notice, at) = (shop.id(), shop.now());
    let sealed = customers::seal(shop, SEALED, notice.as_bytes(), before);
    let payload = json!(Payload { notice, sealed, locale: locale.code().to_owned(), at });
    jobs::enqueue(tx, shop, JOB, &payload, at, None).await
}

pub(super) fn register(handlers: &mut Handlers) {
    handlers.insert(JOB, Box::new(|shop, payload| -> Done { Box::pin(deliver(shop, payload)) }));
}

async fn deliver(shop: Shop, payload: Value) -> Result<(), Failure> {
    let payload: Payload = serde_json::from_value(payload).map_err(|e| e.to_string())?;
    let to: ContactDetails =
        customers::unseal(&shop, SEALED, payload.notice.as_bytes(), &payload.sealed).map_err(|error| error.to_string())?;
    let locale = Locale::parse(&payload.locale).unwrap_or_default();
    let settings = settings::shop(&shop);
    let (sender, reply_to) = order_mail::sender(shop.config().mail_from.as_deref(), &settings.contact_email);
    let subject = t::MAIL_EMAIL_CHANGED_SUBJECT.text(locale).to_owned();
    let template = MailTemplate {
        locale,
        shop: settings.name.clone(),
        subject: subject.clone(),
        greeting: greeting(locale, &to.name),
        body: t::MAIL_EMAIL_CHANGED_BODY.with(locale, &[("shop", &settings.name)]),
        title: subject.clone(),
        rows: Vec::new(),
        sums: Vec::new(),
        action: (t::MAIL_EMAIL_CHANGED_ACTION.text(locale).to_owned(), format!("{}/", shop.config().public_url)),
        footer: t::MAIL_ACCOUNT_FOOTER.with(locale, &[("shop", &settings.name)]),
    };
    let mail = Mail {
        to: (String::new(), to.email),
        id: format!("{}@{}", payload.notice.simple(), sender.rsplit('@').next().unwrap_or_default()),
        from: (settings.name, sender),
        reply_to,
        text: template.text(),
        html: template.html(&settings.primary),
        subject,
    };
    send(&shop, &mail).await
}
