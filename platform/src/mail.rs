//! Mail by SMTP.

use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No server is configured.
    #[error("no mail server is configured; set --smtp")]
    NoServer,
    /// The address of the server cannot be read.
    #[error("the mail server's address cannot be read: {0}")]
    Url(String),
    /// An address is none.
    #[error("a mail address is wrong")]
    Address,
    /// The server said no, and will say so again; the code of its answer (RFC 5321, 4.2.1).
    #[error("the mail server refused with {0}")]
    Refused(u16),
    /// The server was not ready, or did not answer.
    #[error("the mail server: {0}")]
    Server(String),
}

#[derive(Clone, Debug)]
pub struct Mail {
    /// Name (may be empty) and address of the reader.
    pub to: (String, String),
    /// Name and address of the shop.
    pub from: (String, String),
    /// Where answers go, when not to `from`.
    pub reply_to: Option<String>,
    /// What names this mail among all mails of all shops, without brackets: `order-mail@shop.example` (RFC 5322, 3.6.4). The same in
    /// each try, so that a mail that comes twice because nobody saw it leave is known as one.
    pub id: String,
    pub subject: String,
    /// For readers without HTML.
    pub text: String,
    /// With HTML.
    pub html: String,
}

/// A way to send mail.
#[derive(Clone)]
pub struct Mailer(Option<AsyncSmtpTransport<Tokio1Executor>>);

impl Mailer {
    /// By a server such as `smtp://127.0.0.1:2525` or `smtps://user:password@host`; without one nothing can be sent.
    ///
    /// # Errors
    /// [`MailError::Url`].
    pub fn open(url: Option<&str>) -> Result<Self, MailError> {
        let Some(url) = url else { return Ok(Self(None)) };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|e| MailError::Url(e.to_string()))?;
        Ok(Self(Some(builder.timeout(Some(std::time::Duration::from_secs(15))).build())))
    }

    /// Can mail be sent at all?
    #[must_use]
    pub const fn is_configured(&self) -> bool {
        self.0.is_some()
    }

    /// Sends a mail.
    ///
    /// # Errors
    /// See [`MailError`].
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let transport = self.0.as_ref().ok_or(MailError::NoServer)?;
        let mailbox = |(name, address): &(String, String)| -> Result<Mailbox, MailError> {
            Ok(Mailbox::new((!name.is_empty()).then(|| name.clone()), address.parse().map_err(|_| MailError::Address)?))
        };
        let mut message = Message::builder().from(mailbox(&mail.from)?).to(mailbox(&mail.to)?);
        if let Some(address) = &mail.reply_to {
            message = message.reply_to(mailbox(&(mail.from.0.clone(), address.clone()))?);
        }
        let message = message
            .message_id(Some(format!("<{}>", mail.id)))
            .subject(&mail.subject)
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|e| MailError::Server(e.to_string()))?;
        transport.send(message).await.map_err(|error| match error.status() {
            Some(code) if error.is_permanent() => MailError::Refused(code.into()),
            _ => MailError::Server(error.to_string()),
        })?;
        Ok(())
    }
}
