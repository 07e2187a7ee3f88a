//! What went wrong, as a page can show it.

use std::fmt;

use domain::Locale;
use domain::messages::t;
use domain::view::FieldErrors;
use serde::{Deserialize, Serialize};
use server_fn::error::{FromServerFnError, ServerFnErrorErr};
use server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};

/// Why a server function did not do what was asked. The service worker answers in this form too when there is no network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppError {
    /// The HTTP status; 0 when the shop was not reached.
    pub status: u16,
    /// What to tell, in the reader's language; empty where the status says it all.
    pub message: String,
    /// What is wrong with each field of a form.
    pub fields: FieldErrors,
}

impl AppError {
    /// A status without words of its own.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self { status, message: String::new(), fields: Vec::new() }
    }

    /// A status and what to tell.
    #[must_use]
    pub fn told(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), fields: Vec::new() }
    }

    /// Fields of a form that need another look.
    #[must_use]
    pub const fn fields(fields: FieldErrors) -> Self {
        Self { status: 422, message: String::new(), fields }
    }

    /// The shop was not reached.
    #[must_use]
    pub const fn is_offline(&self) -> bool {
        self.status == 0
    }

    /// There is no such thing.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        self.status == 404
    }

    /// Nobody is signed in, and somebody must be.
    #[must_use]
    pub const fn is_signed_out(&self) -> bool {
        self.status == 401
    }

    /// What to tell the reader.
    #[must_use]
    pub fn said(&self, locale: Locale) -> String {
        if !self.message.is_empty() {
            return self.message.clone();
        }
        let message = match self.status {
            0 => t::ERROR_NETWORK,
            401 => t::ERROR_SESSION_EXPIRED,
            403 => t::ERROR_FORBIDDEN_BODY,
            404 => t::ERROR_NOT_FOUND_BODY,
            409 => t::ERROR_STALE,
            426 => t::ERROR_OTHER_RELEASE,
            429 => t::ERROR_TOO_MANY_REQUESTS,
            503 => t::ERROR_BUSY_BODY,
            _ => t::ERROR_UNEXPECTED_BODY,
        };
        message.text(locale).to_owned()
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.said(Locale::En))
    }
}

impl std::error::Error for AppError {}

impl FromServerFnError for AppError {
    type Encoder = Told;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // The network, or an answer from something that stands between.
            ServerFnErrorErr::Request(_) => Self::new(0),
            // The page is older than the shop, or the shop older than the page.
            ServerFnErrorErr::Deserialization(_) => Self::new(426),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::new(400),
            _ => Self::new(500),
        }
    }
}

/// How an error travels: packed, without the mark of a release. The service worker writes this form too, and a page must
/// understand what goes wrong with a server of another release.
#[derive(Debug)]
pub struct Told;

impl ContentType for Told {
    const CONTENT_TYPE: &'static str = "application/octet-stream";
}

impl FormatType for Told {
    const FORMAT_TYPE: Format = Format::Binary;
}

impl Encodes<AppError> for Told {
    type Error = postcard::Error;

    fn encode(error: &AppError) -> Result<Bytes, Self::Error> {
        postcard::to_allocvec(error).map(Bytes::from)
    }
}

impl Decodes<AppError> for Told {
    type Error = postcard::Error;

    fn decode(bytes: Bytes) -> Result<AppError, Self::Error> {
        postcard::from_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_worker_writes_what_pages_read() {
        let worker = include_str!("../../../public/sw.js");
        let unreached = AppError::new(0).ser();
        assert!(worker.contains(&format!("new Uint8Array({:?})", &unreached[..])), "{unreached:?}");
        assert_eq!(AppError::de(unreached), AppError::new(0));
    }
}
