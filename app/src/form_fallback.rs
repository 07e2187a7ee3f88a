//! The form fallback: forms that a browser without a script sends to the address of their own page. The page's server function is
//! called with the fields, and the answer is the next page, or the same one again with what was typed and what is wrong.

use std::convert::Infallible;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos_axum::{ResponseOptions, handle_server_fns_with_context};
use multer::Multipart;
use serde::de::DeserializeOwned;
use server_fn::ServerFn;
use server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};
use web::language::visitor_locale;
use web::request::SHOWN;
use web::{AppError, FormFallback, TO};

use crate::router::Pages;

/// Bytes of a form, at most.
const MAX_BYTES: usize = 1 << 20;

/// Bytes of a form with files.
const MAX_BYTES_WITH_FILES: usize = 16 << 20;

/// The field and value that ask for the form again without submitting it: with the provinces of a region, with another row. What is
/// asked for may follow: `look:later`.
const LOOK: (&str, &str) = ("step", "look");

/// A form as it was sent.
struct SentForm {
    parts: Parts,
    bytes: Bytes,
    values: Vec<(String, String)>,
    is_complete: bool,
}

impl SentForm {
    /// Reads it; `None` when it has more than [`MAX_BYTES`].
    async fn receive(request: Request) -> Option<Self> {
        let (parts, body) = request.into_parts();
        let bytes = to_bytes(body, MAX_BYTES).await.ok()?;
        let values = storefront::query::pairs(&String::from_utf8_lossy(&bytes));
        Some(Self { parts, bytes, values, is_complete: true })
    }

    /// Reads a form with files, keeping the values of its other fields. What is over the limit is read and dropped: a browser shows no
    /// answer while it is still sending.
    async fn receive_files(request: Request, boundary: String) -> Self {
        let (parts, body) = request.into_parts();
        let (mut bytes, mut is_complete, mut pieces) = (Vec::new(), true, body.into_data_stream());
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(piece) => {
                    let room = piece.len().min(MAX_BYTES_WITH_FILES - bytes.len());
                    bytes.extend_from_slice(&piece[..room]);
                    is_complete &= room == piece.len();
                }
                Err(_) => {
                    is_complete = false;
                    break;
                }
            }
        }
        let bytes = Bytes::from(bytes);
        let mut fields = Multipart::new(stream::iter([Ok::<_, Infallible>(bytes.clone())]), boundary);
        let mut values = Vec::new();
        // A form that cannot be parsed is refused by its server function.
        while let Ok(Some(field)) = fields.next_field().await {
            if let (None, Some(name)) = (field.file_name(), field.name().map(str::to_owned)) {
                values.push((name, field.text().await.unwrap_or_default()));
            }
        }
        Self { parts, bytes, values, is_complete }
    }

    /// Is the form only to be shown again?
    fn is_look(&self) -> bool {
        let asks = |value: &str| value.strip_prefix(LOOK.1).is_some_and(|more| more.is_empty() || more.starts_with(':'));
        self.values.iter().any(|(name, value)| name == LOOK.0 && asks(value))
    }

    /// Redirects to the function's `Location`, else to the form's own page.
    fn redirect(&self, headers: HeaderMap) -> Response {
        let mut answer = StatusCode::SEE_OTHER.into_response();
        answer.headers_mut().extend(headers);
        if !answer.headers().contains_key(header::LOCATION)
            && let Some(own) = self.parts.uri.path_and_query().and_then(|own| own.as_str().parse().ok())
        {
            answer.headers_mut().insert(header::LOCATION, own);
        }
        answer
    }

    /// Shows the form's page again, with what was typed and the result.
    async fn show_again(self, pages: &Pages, to: &str, error: Option<AppError>, answer: Option<Vec<u8>>) -> Response {
        let mut page = http::Request::new(Body::empty());
        *page.method_mut() = Method::GET;
        *page.uri_mut() = self.parts.uri;
        *page.headers_mut() = self.parts.headers;
        *page.extensions_mut() = self.parts.extensions;
        page.headers_mut().remove(header::CONTENT_LENGTH);
        page.headers_mut().remove(header::CONTENT_TYPE);
        let mut values = self.values;
        values.retain(|(name, _)| !name.contains("password"));
        let status = error.as_ref().and_then(|error| StatusCode::from_u16(error.status).ok());
        let mut rendered = pages.render(page, Some(FormFallback { to: to.to_owned(), values, error, answer })).await;
        if let Some(status) = status.filter(|_| rendered.status() == StatusCode::OK) {
            *rendered.status_mut() = status;
        }
        rendered
    }
}

/// The multipart boundary; `None` for a form without files.
pub(crate) fn boundary(headers: &HeaderMap) -> Option<String> {
    headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).and_then(|kind| multer::parse_boundary(kind).ok())
}

/// Answers the form of a page that has one.
pub async fn answer<F>(pages: Pages, request: Request) -> Response
where
    F: ServerFn<Error = AppError> + DeserializeOwned + Send + 'static,
{
    let Some(sent) = SentForm::receive(request).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let options = ResponseOptions::default();
    let done = if sent.is_look() {
        Err(None)
    } else {
        match serde_qs::Config::new(5, false).deserialize_bytes::<F>(&sent.bytes) {
            Ok(fields) => run(&pages, sent.parts.clone(), options.clone(), fields).await.map_err(Some),
            Err(_) => Err(Some(AppError::new(400))),
        }
    };
    match done {
        Ok(()) => sent.redirect(take_headers(&options)),
        Err(error) => sent.show_again(&pages, F::PATH, error, None).await,
    }
}

/// Answers a form that names its server function, on managers' pages with several forms.
pub async fn answer_named(pages: Pages, request: Request) -> Response {
    // Callers who are not staff are redirected to sign in, before the body is read.
    if !pages.is_staff(request.extensions()) {
        let sent = SentForm { parts: request.into_parts().0, bytes: Bytes::new(), values: Vec::new(), is_complete: true };
        return sent.show_again(&pages, "", None, None).await;
    }
    let sent = match boundary(request.headers()) {
        Some(_) if !pages.may_send_files(request.extensions()) => {
            let sent = SentForm { parts: request.into_parts().0, bytes: Bytes::new(), values: Vec::new(), is_complete: true };
            return sent.show_again(&pages, "", Some(AppError::new(StatusCode::FORBIDDEN.as_u16())), None).await;
        }
        Some(boundary) => Some(SentForm::receive_files(request, boundary).await),
        None => SentForm::receive(request).await,
    };
    let Some(sent) = sent else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let named = sent.values.iter().find(|(name, _)| name == TO).map(|(_, to)| to.as_str()).unwrap_or_default();
    let (to, may) = pages.may_call(named, &sent.parts);
    if let Err(status) = may {
        return sent.show_again(&pages, to, Some(AppError::new(status.as_u16())), None).await;
    }
    if sent.is_look() {
        return sent.show_again(&pages, to, None, None).await;
    }
    if !sent.is_complete {
        let too_long =
            AppError::with_message(StatusCode::PAYLOAD_TOO_LARGE.as_u16(), ui::file_too_large(visitor_locale(&sent.parts.headers)));
        return sent.show_again(&pages, to, Some(too_long), None).await;
    }
    let mut call = http::Request::new(Body::from(sent.bytes.clone()));
    *call.method_mut() = Method::POST;
    *call.uri_mut() = http::Uri::from_static(to);
    *call.headers_mut() = sent.parts.headers.clone();
    *call.extensions_mut() = sent.parts.extensions.clone();
    call.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/html"));
    call.headers_mut().remove(header::REFERER);
    // The function's headers apart from those that Leptos adds for its own forms.
    let options = ResponseOptions::default();
    let context = {
        let (pages, options) = (pages.clone(), options.clone());
        move || {
            provide_context(options.clone());
            pages.provide();
        }
    };
    let (head, body) = handle_server_fns_with_context(context, call).await.into_response().into_parts();
    let body = to_bytes(body, MAX_BYTES).await.unwrap_or_default();
    if head.headers.contains_key(SERVER_FN_ERROR_HEADER) || head.status.is_client_error() || head.status.is_server_error() {
        let error = AppError::de(body);
        return sent.show_again(&pages, to, Some(error), None).await;
    }
    let mut headers = take_headers(&options);
    if headers.remove(SHOWN).is_some() {
        return sent.show_again(&pages, to, None, Some(body.to_vec())).await;
    }
    sent.redirect(headers)
}

/// The headers that a function set.
fn take_headers(options: &ResponseOptions) -> HeaderMap {
    options.0.write().map(|mut parts| std::mem::take(&mut parts.headers)).unwrap_or_default()
}

/// Calls the function as a script would.
async fn run<F>(pages: &Pages, parts: Parts, options: ResponseOptions, fields: F) -> Result<(), AppError>
where
    F: ServerFn<Error = AppError> + Send + 'static,
{
    let owner = Owner::new();
    let pages = pages.clone();
    owner
        .with(|| {
            ScopedFuture::new(async move {
                provide_context(parts);
                provide_context(options);
                pages.provide();
                fields.run_body().await.map(drop)
            })
        })
        .await
}
