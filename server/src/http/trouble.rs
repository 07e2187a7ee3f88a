//! A problem as a page, for a reader whose browser sent a plain form or opened an address, and as what a server function says,
//! for the script that called one.

use axum::response::{IntoResponse, Response};
use domain::Locale;
use domain::id::RequestId;
use domain::messages::t;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use server_fn::error::FromServerFnError;
use session::AppError;

use crate::cache::cookies;

/// Does this reader look at pages? Scripts and programs ask for data and are given the problem document.
pub fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let html = headers.get(header::ACCEPT).is_some_and(|kinds| kinds.as_bytes().windows(9).any(|kind| kind == b"text/html"));
    html && !path.starts_with("/api/v1/")
}

/// Is the answer a problem document?
pub fn is_problem(answer: &Response) -> bool {
    answer.headers().get(header::CONTENT_TYPE) == Some(&HeaderValue::from_static("application/problem+json"))
}

/// Does a page's script ask here, by a server function?
pub fn is_server_function(path: &str) -> bool {
    path.starts_with("/api/") && !path.starts_with("/api/v1/")
}

/// The answer in place of a problem document as server functions say what went wrong: `AppError` with a status alone. A page
/// has words of its own for each.
pub fn told(problem: Response) -> Response {
    let status = problem.status();
    let error = AppError::new(status.as_u16()).ser();
    instead(&problem, (status, [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")], error))
}

/// When to try again is said in whatever form.
fn instead(problem: &Response, answer: impl IntoResponse) -> Response {
    let mut answer = answer.into_response();
    if let Some(wait) = problem.headers().get(header::RETRY_AFTER) {
        answer.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    answer
}

/// The reader's language, as pages find it.
pub fn locale(headers: &HeaderMap) -> Locale {
    let chosen = cookies(headers).find(|(name, _)| *name == "lang").and_then(|(_, code)| Locale::parse(code));
    let asked = || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map_or(Locale::En, Locale::negotiate);
    chosen.unwrap_or_else(asked)
}

/// The page in place of a problem document; it stands alone, for the app itself may be what failed.
pub fn page(problem: Response, locale: Locale, request: RequestId) -> Response {
    let status = problem.status();
    let (title, body) = match status {
        StatusCode::FORBIDDEN => (t::ERROR_UNEXPECTED_TITLE, t::ERROR_UNEXPECTED_BODY),
        StatusCode::NOT_FOUND => (t::ERROR_NOT_FOUND_TITLE, t::ERROR_NOT_FOUND_BODY),
        StatusCode::TOO_MANY_REQUESTS => (t::ERROR_BUSY_TITLE, t::ERROR_TOO_MANY_REQUESTS),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => (t::ERROR_BUSY_TITLE, t::ERROR_BUSY_BODY),
        _ => (t::ERROR_UNEXPECTED_TITLE, t::ERROR_UNEXPECTED_BODY),
    };
    let (tag, dir, title, body) = (locale.tag(), locale.dir(), title.text(locale), body.text(locale));
    let (home, reference) = (t::ERROR_HOME_ACTION.text(locale), t::ERROR_REQUEST_ID.with(locale, &[("id", &request.to_string())]));
    // All of these are the catalogue's own words or an id: nothing in them is markup.
    let html = format!(
        "<!DOCTYPE html><html lang=\"{tag}\" dir=\"{dir}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title><link rel=\"icon\" href=\"/icons/icon.svg\"><link rel=\"stylesheet\" href=\"/offline.css\"></head>\
         <body><div class=\"front\"></div><div class=\"awning\"></div><main><section><h1>{title}</h1><p>{body}</p><p><a href=\"/\">{home}</a></p><p>{reference}</p></section></main></body></html>"
    );
    instead(&problem, (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], html))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Problem;

    #[test]
    fn a_reader_gets_a_page_in_their_language_and_a_program_its_problem() {
        let headers = HeaderMap::from_iter([
            (header::ACCEPT, HeaderValue::from_static("text/html,*/*")),
            (header::COOKIE, HeaderValue::from_static("lang=fil")),
        ]);
        assert!(wants_page("/checkout", &headers) && !wants_page("/api/v1/carts", &headers) && !wants_page("/checkout", &HeaderMap::new()));
        let problem = Problem::busy().into_response();
        assert!(is_problem(&problem));
        let page = page(problem, locale(&headers), RequestId(uuid::Uuid::nil()));
        assert_eq!((page.status(), page.headers()[header::RETRY_AFTER].to_str().unwrap()), (StatusCode::SERVICE_UNAVAILABLE, "1"));
        assert!(page.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    }

    #[tokio::test]
    async fn a_script_can_read_what_went_wrong() {
        assert!(is_server_function("/api/sync_cart") && !is_server_function("/api/v1/carts") && !is_server_function("/cart"));
        let answer = told(Problem::busy().into_response());
        assert_eq!((answer.status(), answer.headers()[header::RETRY_AFTER].to_str().unwrap()), (StatusCode::SERVICE_UNAVAILABLE, "1"));
        let bytes = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!(AppError::de(bytes), AppError::new(503));
    }
}
