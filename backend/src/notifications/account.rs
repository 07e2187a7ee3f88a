//! Mails about an account.

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

use super::template::{Template, greeting};
use super::{send, write};

const JOB: &str = "mail.account";
const SEALED: &str = "notice";

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    /// What the mail is named after.
    notice: Uuid,
    /// Whom it goes to: the account knows the former address no more, so it is sealed here.
    sealed: Vec<u8>,
    locale: String,
    at: Timestamp,
}

/// Tells the former address of an account that another one signs in from now on. In the transaction of the change.
pub(crate) async fn email_changed(tx: &mut Tx, shop: &Shop, locale: Locale, before: &ContactDetails) -> Result<(), DbError> {
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
    let face = settings::shop(&shop);
    let (sender, reply_to) = write::sender(shop.config().mail_from.as_deref(), &face.contact_email);
    let subject = t::MAIL_EMAIL_CHANGED_SUBJECT.text(locale).to_owned();
    let template = Template {
        locale,
        shop: face.name.clone(),
        subject: subject.clone(),
        greeting: greeting(locale, &to.name),
        body: t::MAIL_EMAIL_CHANGED_BODY.with(locale, &[("shop", &face.name)]),
        title: subject.clone(),
        rows: Vec::new(),
        sums: Vec::new(),
        action: (t::MAIL_EMAIL_CHANGED_ACTION.text(locale).to_owned(), format!("{}/", shop.config().public_url)),
        footer: t::MAIL_ACCOUNT_FOOTER.with(locale, &[("shop", &face.name)]),
    };
    let mail = Mail {
        to: (String::new(), to.email),
        id: format!("{}@{}", payload.notice.simple(), sender.rsplit('@').next().unwrap_or_default()),
        from: (face.name, sender),
        reply_to,
        text: template.text(),
        html: template.html(&face.primary),
        subject,
    };
    send(&shop, &mail).await
}
