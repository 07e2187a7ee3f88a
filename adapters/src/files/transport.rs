//! How a bucket is asked over HTTP: by the client that all else is asked by, with time-outs of its own.

use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt;
use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService};

/// Time until a connection is made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Time until an answer begins, and between two of its parts.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// What is sent in a second at the least: a file that takes longer is given up.
const MIN_BYTES_A_SECOND: u64 = 500_000;

/// The time that one try of sending so many bytes may take.
pub(super) fn sending_time(bytes: usize) -> Duration {
    ANSWER_TIMEOUT + Duration::from_secs(bytes as u64 / MIN_BYTES_A_SECOND)
}

#[derive(Clone, Debug)]
pub(super) struct Transport {
    /// Gives up when nothing arrives for a while.
    reading: reqwest::Client,
    /// Nothing arrives while a file is sent.
    sending: reqwest::Client,
}

impl Transport {
    /// # Errors
    /// Those of the TLS library, such as no certificates of authorities on this machine.
    pub(super) fn new() -> Result<Self, String> {
        // A redirect is the answer of a wrong region, and its signature would not be valid elsewhere.
        let client = || platform::http::client().connect_timeout(CONNECT_TIMEOUT).redirect(reqwest::redirect::Policy::none());
        let failed = |error: reqwest::Error| super::refusal::cause(&error);
        let reading = client().read_timeout(ANSWER_TIMEOUT).build().map_err(failed)?;
        Ok(Self { reading, sending: client().build().map_err(failed)? })
    }
}

impl HttpConnector for Transport {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Transport {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url = reqwest::Url::parse(&parts.uri.to_string()).map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        let bytes = body.content_length();
        let client = if bytes == 0 { &self.reading } else { &self.sending };
        let mut sent = client.request(parts.method, url).headers(parts.headers);
        if bytes > 0 {
            sent = sent.body(reqwest::Body::wrap(body)).timeout(sending_time(bytes));
        }
        let answer: http::Response<reqwest::Body> = sent.send().await.map_err(failed)?.into();
        Ok(answer.map(|body| HttpResponseBody::new(body.map_err(failed))))
    }
}

/// Without the address, which the message names anyway.
fn failed(error: reqwest::Error) -> HttpError {
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else if error.is_decode() {
        HttpErrorKind::Decode
    } else {
        HttpErrorKind::Interrupted
    };
    HttpError::new(kind, error.without_url())
}
