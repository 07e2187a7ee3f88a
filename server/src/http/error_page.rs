//! Converts problem documents: into a page for a browser that opened an address or sent a plain form, and into an [`AppError`] for a script
//! that called a server function.

use axum::response::{IntoResponse, Response};
use domain::Locale;
use domain::id::RequestId;
use domain::messages::t;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use maud::{DOCTYPE, html};
use server_fn::error::FromServerFnError;
use web::AppError;

/// Whether the client accepts HTML. Scripts and programs get the problem document.
pub fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let html = headers.get(header::ACCEPT).is_some_and(|kinds| kinds.as_bytes().windows(9).any(|kind| kind == b"text/html"));
    html && !path.starts_with("/api/v1/")
}

pub fn is_problem(answer: &Response) -> bool {
    answer.headers().get(header::CONTENT_TYPE) == Some(&HeaderValue::from_static("application/problem+json"))
}

/// Whether this is the path of a server function.
pub fn is_server_function(path: &str) -> bool {
    path.starts_with("/api/") && !path.starts_with("/api/v1/")
}

/// The problem as server functions report errors: an [`AppError`] with the status alone, for which pages have texts.
pub fn to_app_error(problem: Response) -> Response {
    let status = problem.status();
    let error = AppError::new(status.as_u16()).ser();
    with_retry_after(&problem, (status, [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")], error))
}

/// Keeps the problem's `Retry-After`.
fn with_retry_after(problem: &Response, answer: impl IntoResponse) -> Response {
    let mut answer = answer.into_response();
    if let Some(wait) = problem.headers().get(header::RETRY_AFTER) {
        answer.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    answer
}

/// The problem as a page. It does not need the app, which may be what failed.
pub fn render(problem: Response, locale: Locale, request: RequestId) -> Response {
    let status = problem.status();
    let (title, body) = match status {
        StatusCode::FORBIDDEN => (t::ERROR_UNEXPECTED_TITLE, t::ERROR_UNEXPECTED_BODY),
        StatusCode::NOT_FOUND => (t::ERROR_NOT_FOUND_TITLE, t::ERROR_NOT_FOUND_BODY),
        StatusCode::PAYLOAD_TOO_LARGE => (t::ERROR_UNEXPECTED_TITLE, t::ERROR_TOO_LARGE),
        StatusCode::TOO_MANY_REQUESTS => (t::ERROR_BUSY_TITLE, t::ERROR_TOO_MANY_REQUESTS),
        StatusCode::SERVICE_UNAVAILABLE => (t::ERROR_BUSY_TITLE, t::ERROR_BUSY_BODY),
        // It may have been done.
        StatusCode::GATEWAY_TIMEOUT => (t::ERROR_IN_DOUBT_TITLE, t::ERROR_IN_DOUBT_BODY),
        _ => (t::ERROR_UNEXPECTED_TITLE, t::ERROR_UNEXPECTED_BODY),
    };
    let (title, body) = (title.text(locale), body.text(locale));
    let reference = t::ERROR_REQUEST_ID.with(locale, &[("id", &request.to_string())]);
    let html = html! {
        (DOCTYPE)
        html lang=(locale.tag()) dir=(locale.dir()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                link rel="icon" href="/icons/icon.svg";
                link rel="stylesheet" href="/offline.css";
            }
            body {
                div class="front" {}
                div class="awning" {}
                main {
                    section {
                        h1 { (title) }
                        p { (body) }
                        p { a href="/" { (t::ERROR_HOME_ACTION.text(locale)) } }
                        p { (reference) }
                    }
                }
            }
        }
    };
    with_retry_after(
        &problem,
        (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], html.into_string()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Problem;
    use web::language::visitor_locale;

    #[test]
    fn a_visitor_gets_a_page_in_their_language_and_a_program_its_problem() {
        let headers = HeaderMap::from_iter([
            (header::ACCEPT, HeaderValue::from_static("text/html,*/*")),
            (header::COOKIE, HeaderValue::from_static("lang=fil")),
        ]);
        assert!(wants_page("/checkout", &headers) && !wants_page("/api/v1/carts", &headers) && !wants_page("/checkout", &HeaderMap::new()));
        let problem = Problem::busy().into_response();
        assert!(is_problem(&problem));
        let page = render(problem, visitor_locale(&headers), RequestId(uuid::Uuid::nil()));
        assert_eq!((page.status(), page.headers()[header::RETRY_AFTER].to_str().unwrap()), (StatusCode::SERVICE_UNAVAILABLE, "1"));
        assert!(page.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    }

    #[tokio::test]
    async fn a_change_that_may_have_been_made_answers_with_how_to_see() {
        let page = render(Problem::timeout().into_response(), Locale::En, RequestId(uuid::Uuid::nil()));
        assert_eq!(page.status(), StatusCode::GATEWAY_TIMEOUT);
        let html = axum::body::to_bytes(page.into_body(), 10_000).await.unwrap();
        let html = String::from_utf8_lossy(&html);
        assert!(html.contains("It may have been done") && html.contains("to see") && !html.contains("crowded"), "{html}");
    }

    #[tokio::test]
    async fn server_functions_get_errors_in_their_own_form() {
        assert!(is_server_function("/api/sync_cart") && !is_server_function("/api/v1/carts") && !is_server_function("/cart"));
        let answer = to_app_error(Problem::busy().into_response());
        assert_eq!((answer.status(), answer.headers()[header::RETRY_AFTER].to_str().unwrap()), (StatusCode::SERVICE_UNAVAILABLE, "1"));
        let bytes = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!(AppError::de(bytes), AppError::new(503));
    }
}
