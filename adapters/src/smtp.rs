//! The mail server, by SMTP.

use std::time::Duration;

use async_trait::async_trait;
use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use platform::mail::{Mail, MailError, MailTransport};

const TIMEOUT: Duration = Duration::from_secs(15);

pub(crate) struct Smtp(AsyncSmtpTransport<Tokio1Executor>);

impl Smtp {
    /// A server such as `smtp://127.0.0.1:2525` or `smtps://user:password@host`; otherwise what is wrong with the address.
    pub(crate) fn open(url: &str) -> Result<Self, String> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| error.to_string())?;
        Ok(Self(builder.timeout(Some(TIMEOUT)).build()))
    }
}

fn mailbox((name, address): &(String, String)) -> Result<Mailbox, MailError> {
    Ok(Mailbox::new((!name.is_empty()).then(|| name.clone()), address.parse().map_err(|_| MailError::Address)?))
}

#[async_trait]
impl MailTransport for Smtp {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let mut message = Message::builder().from(mailbox(&mail.from)?).to(mailbox(&mail.to)?);
        if let Some(address) = &mail.reply_to {
            message = message.reply_to(mailbox(&(mail.from.0.clone(), address.clone()))?);
        }
        let message = message
            .message_id(Some(format!("<{}>", mail.id)))
            .subject(&mail.subject)
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|error| MailError::Server(error.to_string()))?;
        self.0.send(message).await.map_err(|error| match error.status() {
            Some(code) if error.is_permanent() => MailError::Refused(code.into()),
            _ => MailError::Server(error.to_string()),
        })?;
        Ok(())
    }
}
