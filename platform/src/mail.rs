//! Mails, and the trait of what sends them.

use std::sync::Arc;

use async_trait::async_trait;

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No server is configured.
    #[error("no mail server is configured; set --smtp")]
    NoServer,
    /// A mail address is invalid.
    #[error("a mail address is wrong")]
    Address,
    /// The server refused for good; the code of its answer (RFC 5321, 4.2.1).
    #[error("the mail server refused with {0}")]
    Refused(u16),
    /// The server was not ready, or did not answer.
    #[error("the mail server: {0}")]
    Server(String),
}

#[derive(Clone, Debug)]
pub struct Mail {
    /// Name (may be empty) and address of the recipient.
    pub to: (String, String),
    /// Name and address of the shop.
    pub from: (String, String),
    /// Where answers go, when not to `from`.
    pub reply_to: Option<String>,
    /// What names this mail among all mails of all shops, without brackets: `order-mail@shop.example` (RFC 5322, 3.6.4). The same in
    /// each try, so that a mail sent twice because its answer was lost is recognised as one.
    pub id: String,
    pub subject: String,
    /// For programs that show no HTML.
    pub text: String,
    /// The same text with its layout.
    pub html: String,
}

/// Carries mails to their recipients.
#[async_trait]
pub trait MailTransport: Send + Sync {
    /// Hands a mail over.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

/// A way to send mail, or none.
#[derive(Clone, Default)]
pub struct Mailer(Option<Arc<dyn MailTransport>>);

impl Mailer {
    /// Without a transport nothing can be sent.
    #[must_use]
    pub const fn new(transport: Option<Arc<dyn MailTransport>>) -> Self {
        Self(transport)
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
        self.0.as_ref().ok_or(MailError::NoServer)?.send(mail).await
    }
}
