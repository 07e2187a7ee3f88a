//! Plain forms, sent to the address of their own page by a browser without a script: the page's server function is called
//! with the fields, and the answer is the next page, or the same one again with what was typed and what is wrong.

use std::convert::Infallible;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use domain::messages::t;
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
use session::request::SHOWN;
use session::{AppError, Posted, TO};

use crate::router::{Pages, locale_of};

/// The most that a form may send.
const MAX_BYTES: usize = 1 << 20;

/// The most that a form with files may send.
const MAX_BYTES_WITH_FILES: usize = 16 << 20;

/// The field that asks for more of a form, not for its doing: the provinces of a region, another row. What is asked for may
/// stand after it: `look:later`.
const LOOK: (&str, &str) = ("step", "look");

/// A plain form as it was sent.
struct Sent {
    parts: Parts,
    bytes: Bytes,
    values: Vec<(String, String)>,
    /// Nothing was left out.
    whole: bool,
}

impl Sent {
    /// Reads it; None when it is longer than a form.
    async fn receive(request: Request) -> Option<Self> {
        let (parts, body) = request.into_parts();
        let bytes = to_bytes(body, MAX_BYTES).await.ok()?;
        let values = storefront::query::pairs(&String::from_utf8_lossy(&bytes));
        Some(Self { parts, bytes, values, whole: true })
    }

    /// Reads one with files; what was typed beside them is kept. The rest of what is too long is read and dropped, so that the
    /// browser comes to hear the answer.
    async fn receive_files(request: Request, boundary: String) -> Self {
        let (parts, body) = request.into_parts();
        let (mut bytes, mut whole, mut pieces) = (Vec::new(), true, body.into_data_stream());
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(piece) => {
                    let room = piece.len().min(MAX_BYTES_WITH_FILES - bytes.len());
                    bytes.extend_from_slice(&piece[..room]);
                    whole &= room == piece.len();
                }
                Err(_) => {
                    whole = false;
                    break;
                }
            }
        }
        let bytes = Bytes::from(bytes);
        let mut fields = Multipart::new(stream::iter([Ok::<_, Infallible>(bytes.clone())]), boundary);
        let mut values = Vec::new();
        // What cannot be read is not one of our forms; the function says so.
        while let Ok(Some(field)) = fields.next_field().await {
            if let (None, Some(name)) = (field.file_name(), field.name().map(str::to_owned)) {
                values.push((name, field.text().await.unwrap_or_default()));
            }
        }
        Self { parts, bytes, values, whole }
    }

    fn is_look(&self) -> bool {
        let asks = |value: &str| value.strip_prefix(LOOK.1).is_some_and(|more| more.is_empty() || more.starts_with(':'));
        self.values.iter().any(|(name, value)| name == LOOK.0 && asks(value))
    }

    /// What was done leads on: to where the function says, or back to the form's own page.
    fn onward(&self, told: HeaderMap) -> Response {
        let mut answer = StatusCode::SEE_OTHER.into_response();
        answer.headers_mut().extend(told);
        if !answer.headers().contains_key(header::LOCATION)
            && let Some(own) = self.parts.uri.path_and_query().and_then(|own| own.as_str().parse().ok())
        {
            answer.headers_mut().insert(header::LOCATION, own);
        }
        answer
    }

    /// The form's page again, with what was typed and what came of it.
    async fn page(self, pages: &Pages, to: &str, error: Option<AppError>, answer: Option<Vec<u8>>) -> Response {
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
        let mut rendered = pages.render(page, Some(Posted { to: to.to_owned(), values, error, answer })).await;
        if let Some(status) = status.filter(|_| rendered.status() == StatusCode::OK) {
            *rendered.status_mut() = status;
        }
        rendered
    }
}

/// What separates the fields of a form with files; None for one without.
fn boundary(headers: &HeaderMap) -> Option<String> {
    headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).and_then(|kind| multer::parse_boundary(kind).ok())
}

/// Answers the plain form of a page that has one.
pub async fn answer<F>(pages: Pages, request: Request) -> Response
where
    F: ServerFn<Error = AppError> + DeserializeOwned + Send + 'static,
{
    let Some(sent) = Sent::receive(request).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
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
        Ok(()) => sent.onward(told(&options)),
        Err(error) => sent.page(&pages, F::PATH, error, None).await,
    }
}

/// Answers a plain form that names the server function it is for, as managers' pages with several forms do.
pub async fn answer_named(pages: Pages, request: Request) -> Response {
    // Whoever is no staff is asked to sign in; what they sent is not even read.
    if !pages.is_staff(request.extensions()) {
        let sent = Sent { parts: request.into_parts().0, bytes: Bytes::new(), values: Vec::new(), whole: true };
        return sent.page(&pages, "", None, None).await;
    }
    let sent = match boundary(request.headers()) {
        Some(_) if !pages.may_send_files(request.extensions()) => {
            let sent = Sent { parts: request.into_parts().0, bytes: Bytes::new(), values: Vec::new(), whole: true };
            return sent.page(&pages, "", Some(AppError::new(StatusCode::FORBIDDEN.as_u16())), None).await;
        }
        Some(boundary) => Some(Sent::receive_files(request, boundary).await),
        None => Sent::receive(request).await,
    };
    let Some(sent) = sent else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let named = sent.values.iter().find(|(name, _)| name == TO).map(|(_, to)| to.as_str()).unwrap_or_default();
    let to = match pages.may_call(named, &sent.parts) {
        Ok(to) => to,
        Err(status) => return sent.page(&pages, "", Some(AppError::new(status.as_u16())), None).await,
    };
    if sent.is_look() {
        return sent.page(&pages, to, None, None).await;
    }
    if !sent.whole {
        let too_long =
            AppError::told(StatusCode::PAYLOAD_TOO_LARGE.as_u16(), t::ADMIN_PRODUCTS_PICTURE_TOO_BIG.text(locale_of(&sent.parts)));
        return sent.page(&pages, to, Some(too_long), None).await;
    }
    let mut call = http::Request::new(Body::from(sent.bytes.clone()));
    *call.method_mut() = Method::POST;
    *call.uri_mut() = http::Uri::from_static(to);
    *call.headers_mut() = sent.parts.headers.clone();
    *call.extensions_mut() = sent.parts.extensions.clone();
    call.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/html"));
    call.headers_mut().remove(header::REFERER);
    // What the function tells the browser is kept apart from what Leptos adds for forms of its own.
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
        return sent.page(&pages, to, Some(error), None).await;
    }
    let mut told = told(&options);
    if told.remove(SHOWN).is_some() {
        return sent.page(&pages, to, None, Some(body.to_vec())).await;
    }
    sent.onward(told)
}

/// What a function told the browser beside its answer.
fn told(options: &ResponseOptions) -> HeaderMap {
    options.0.write().map(|mut parts| std::mem::take(&mut parts.headers)).unwrap_or_default()
}

/// Calls the function as if a script had.
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
