//! Who is asking: the session cookie of a request is turned into its [`Visitor`], and calls that they may not make are refused.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use backend::platform::Context;
use backend::platform::context::Client;
use domain::Locale;
use domain::id::RequestId;
use http::request::Parts;
use http::{Method, StatusCode, header};
use server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};
use web::AppError;
use web::cookies;
use web::language::{AddressLanguage, chosen_locale, visitor_locale};
use web::request::{Visitor, signed_out};

use crate::form_fallback;
use crate::router::{Pages, file_functions, status_of};

/// Authenticates the caller, once per request, and refuses server functions that the caller may not call. A function without declared
/// access cannot be called at all.
pub(crate) async fn authenticate(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let id = parts.extensions.get::<RequestId>().copied().unwrap_or_else(|| RequestId(pages.shop.id()));
    let client = parts.extensions.get::<Client>().map(|client| client.0);
    let mut visitor = Visitor { context: Context::nobody(id).from(client), ..pages.nobody() };
    let device = cookies::find(&parts.headers, cookies::DEVICE).map(str::to_owned);
    let user_agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_owned);
    if let Some(token) = cookies::session_token(&parts.headers, visitor.secure) {
        match backend::identity::authenticate(&pages.shop, token).await {
            Ok(Some(signed_in)) => {
                visitor.context = signed_in.context(id, pages.shop.now()).from(client);
                visitor.me = Some(signed_in.me);
                visitor.token = Some(token.to_owned());
            }
            Ok(None) => {}
            // When the database does not answer, a signed-in user is not treated as signed out.
            Err(error) => {
                tracing::warn!(%error, request = %id, "a session was not read");
                return busy();
            }
        }
    }
    (visitor.context.device, visitor.context.user_agent) = (device, user_agent);
    if let Some(refused) = refusal(&pages, &parts, &visitor) {
        return refused;
    }
    if visitor.me.is_some() {
        tracing::Span::current().record("account", tracing::field::display(visitor.context.actor));
    }
    parts.extensions.insert(visitor);
    if let Some(locale) = address_language(&pages, &parts).await {
        parts.extensions.insert(AddressLanguage(locale));
    }
    let is_called = parts.uri.path().starts_with("/api/");
    let answer = next.run(Request::from_parts(parts, body)).await;
    if is_called { with_status(answer).await } else { answer }
}

/// The language of the slug in the address of a product, category or page, where it is a slug in one language only and the visitor chose none.
async fn address_language(pages: &Pages, parts: &Parts) -> Option<Locale> {
    if !matches!(parts.method, Method::GET | Method::HEAD) || chosen_locale(&parts.headers).is_some() {
        return None;
    }
    let path = parts.uri.path();
    let found = if let Some(slug) = path.strip_prefix("/p/") {
        backend::catalog::language_of_product(&pages.shop, slug).await
    } else if let Some(slug) = path.strip_prefix("/pages/") {
        backend::content::language_of_page(&pages.shop, slug).await.map_err(Into::into)
    } else {
        backend::catalog::language_of_category(&pages.shop, path.strip_prefix("/c/")?).await
    };
    found.unwrap_or_else(|error| {
        tracing::warn!(%error, "the language of an address was not read");
        None
    })
}

/// The outer layers turn it into a page, or into an answer for a script.
fn busy() -> Response {
    let problem = r##"{"type":"/api#problem-busy","title":"Service Unavailable","status":503,"code":"busy","detail":"The shop is busy. Try again in a moment."}"##;
    let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store"), (header::RETRY_AFTER, "1")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, problem).into_response()
}

/// The longest body of an error.
const MAX_ERROR_BYTES: usize = 64 << 10;

/// Errors from decoding a function's arguments have status 500 whatever they are. They get the status of their `AppError`.
async fn with_status(answer: Response) -> Response {
    if answer.status() != StatusCode::INTERNAL_SERVER_ERROR || !answer.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, MAX_ERROR_BYTES).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    if let Ok(status) = StatusCode::from_u16(AppError::de(bytes.clone()).status)
        && (status.is_client_error() || status.is_server_error())
    {
        head.status = status;
    }
    Response::from_parts(head, Body::from(bytes))
}

/// The answer to a call that is refused. A function that declares no access cannot be called.
fn refusal(pages: &Pages, parts: &Parts, visitor: &Visitor) -> Option<Response> {
    let path = parts.uri.path();
    if !path.starts_with("/api/") {
        return None;
    }
    let status = match pages.access.get(path).map(|access| visitor.authorize(&pages.shop, *access)) {
        Some(Ok(())) if !file_functions().any(|function| function == path) || form_fallback::boundary(&parts.headers).is_some() => {
            return None;
        }
        Some(Ok(())) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Some(Err(denied)) => status_of(denied),
        None => StatusCode::NOT_FOUND,
    };
    let error = match status {
        StatusCode::UNAUTHORIZED => signed_out(Some(&parts.headers), visitor_locale(&parts.headers)),
        other => AppError::new(other.as_u16()),
    };
    Some((status, [(header::CONTENT_TYPE, "application/octet-stream")], error.ser()).into_response())
}
