//! Errors as pages show them.

use std::fmt;

use domain::Locale;
use domain::messages::t;
use domain::permission::Denied;
use domain::view::FieldErrors;
use serde::{Deserialize, Serialize};
use server_fn::error::{FromServerFnError, ServerFnErrorErr};
use server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};

/// Why a server function failed. Without a network the service worker answers with this too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppError {
    /// The HTTP status; 0 when the shop was not reached.
    pub status: u16,
    /// In the user's language; empty to show the status's own message.
    pub message: String,
    /// For the fields of a form.
    pub fields: FieldErrors,
}

impl AppError {
    /// A status with its own message.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self { status, message: String::new(), fields: Vec::new() }
    }

    #[must_use]
    pub fn with_message(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), fields: Vec::new() }
    }

    /// Errors in the fields of a form: status 422.
    #[must_use]
    pub const fn fields(fields: FieldErrors) -> Self {
        Self { status: 422, message: String::new(), fields }
    }

    /// The shop was not reached.
    #[must_use]
    pub const fn is_offline(&self) -> bool {
        self.status == 0
    }

    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        self.status == 404
    }

    #[must_use]
    pub const fn is_signed_out(&self) -> bool {
        self.status == 401
    }

    /// Is the caller to show first that it is them?
    #[must_use]
    pub const fn is_unconfirmed(&self) -> bool {
        self.status == Denied::Unconfirmed.status()
    }

    /// The message, or the status's own.
    #[must_use]
    pub fn text(&self, locale: Locale) -> String {
        if !self.message.is_empty() {
            return self.message.clone();
        }
        let message = match self.status {
            0 => t::ERROR_NETWORK,
            401 => t::ERROR_SESSION_EXPIRED,
            403 => t::ERROR_FORBIDDEN_BODY,
            404 => t::ERROR_NOT_FOUND_BODY,
            409 => t::ERROR_STALE,
            413 => t::ERROR_TOO_LARGE,
            426 => t::ERROR_OTHER_RELEASE,
            428 => t::ERROR_CONFIRM_FIRST,
            429 => t::ERROR_TOO_MANY_REQUESTS,
            503 => t::ERROR_BUSY_BODY,
            504 => t::ERROR_IN_DOUBT_BODY,
            _ => t::ERROR_UNEXPECTED_BODY,
        };
        message.text(locale).to_owned()
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.text(Locale::En))
    }
}

impl std::error::Error for AppError {}

impl FromServerFnError for AppError {
    type Encoder = PackedError;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // The network, or an answer from a proxy.
            ServerFnErrorErr::Request(_) => Self::new(0),
            // The page is older than the shop, or the shop older than the page.
            ServerFnErrorErr::Deserialization(_) => Self::new(426),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::new(400),
            _ => Self::new(500),
        }
    }
}

/// The encoding of errors: packed, without the release mark. The service worker writes it too, and a page must
/// understand the errors of a server of another release.
#[derive(Debug)]
pub struct PackedError;

impl ContentType for PackedError {
    const CONTENT_TYPE: &'static str = "application/octet-stream";
}

impl FormatType for PackedError {
    const FORMAT_TYPE: Format = Format::Binary;
}

impl Encodes<AppError> for PackedError {
    type Error = postcard::Error;

    fn encode(error: &AppError) -> Result<Bytes, Self::Error> {
        postcard::to_allocvec(error).map(Bytes::from)
    }
}

impl Decodes<AppError> for PackedError {
    type Error = postcard::Error;

    fn decode(bytes: Bytes) -> Result<AppError, Self::Error> {
        postcard::from_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_worker_answers_in_the_form_that_pages_read() {
        let worker = include_str!("../../../public/sw.js");
        let unreached = AppError::new(0).ser();
        assert!(worker.contains(&format!("new Uint8Array({:?})", &unreached[..])), "{unreached:?}");
        assert_eq!(AppError::de(unreached), AppError::new(0));
    }
}
