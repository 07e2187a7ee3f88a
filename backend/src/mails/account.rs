//! Mails about an account: to its old address when its e-mail was changed.

use domain::messages::t;
use domain::view::ContactDetails;
use domain::{Locale, Timestamp};
use platform::db::{DbError, Tx};
use platform::jobs::{Failure, Handlers, Job, enqueue};
use platform::mail::Mail;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::template::{MailTemplate, greeting};
use super::{mail, send};
use crate::customers::CustomerError;
use crate::{Shop, customers, settings};

/// What the sealed contact details are bound to.
const SEALED_KIND: &str = "notice";

#[derive(Debug, Serialize, Deserialize)]
struct SendEmailChangedMail {
    /// Of the mail: its `Message-ID` begins with it.
    notice: Uuid,
    /// The old contact details, which the account no longer has.
    sealed: Vec<u8>,
    locale: String,
    at: Timestamp,
}

impl Job for SendEmailChangedMail {
    const KIND: &'static str = "account_mail.send";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        let mail = compose(&shop, &self).map_err(|error| error.to_string())?;
        send(&shop, &mail).await
    }
}

/// Sends a mail about the change to the old address.
pub(crate) async fn send_email_changed(tx: &mut Tx, shop: &Shop, locale: Locale, before: &ContactDetails) -> Result<(), DbError> {
    if !shop.mailer().is_configured() {
        return Ok(());
    }
    let (notice, at) = (tx.id(), tx.now());
    let sealed = customers::seal(shop, SEALED_KIND, notice.as_bytes(), before);
    enqueue(tx, &SendEmailChangedMail { notice, sealed, locale: locale.code().to_owned(), at }, at, None).await
}

pub(super) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<SendEmailChangedMail>();
}

fn compose(shop: &Shop, job: &SendEmailChangedMail) -> Result<Mail, CustomerError> {
    let to: ContactDetails = customers::unseal(shop, SEALED_KIND, job.notice.as_bytes(), &job.sealed)?;
    let locale = Locale::parse(&job.locale).unwrap_or_default();
    let name = settings::shop(shop).name;
    let subject = t::MAIL_EMAIL_CHANGED_SUBJECT.text(locale).to_owned();
    let template = MailTemplate {
        locale,
        shop: name.clone(),
        title: subject.clone(),
        subject,
        greeting: greeting(locale, &to.name),
        body: t::MAIL_EMAIL_CHANGED_BODY.with(locale, &[("shop", &name)]),
        facts: Vec::new(),
        rows: Vec::new(),
        sums: Vec::new(),
        note: String::new(),
        action: (t::MAIL_EMAIL_CHANGED_ACTION.text(locale).to_owned(), format!("{}/", shop.config().public_url)),
        footer: t::MAIL_ACCOUNT_FOOTER.with(locale, &[("shop", &name)]),
    };
    Ok(mail(shop, (String::new(), to.email), &job.notice.simple().to_string(), template))
}
