//! The HTTP API `/api/v1`, its description `/api/openapi.json`, and the page `/api` that people read.
//!
//! It calls the same functions of the backend as the pages. Reading requests is strict ([`read`]), every error is a problem
//! document ([`Problem`]), and the description is exact ([`openapi`]): the contract test holds each answer against it.

mod caller;
mod carts;
mod errors;
mod openapi;
mod orders;
mod page;
mod problem;
mod products;
mod read;
mod schema;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use backend::Shop;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use problem::Problem;

pub fn router(shop: Shop) -> Router {
    let (operations, document) = operations();
    let v1 = operations
        .fallback(async || Problem::not_found("address"))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This address does not take that method; see Allow.")
        })
        .layer(middleware::from_fn(check_uri))
        .with_state(shop);
    let page = Bytes::from(page::render(&document).into_string());
    let document = Bytes::from(document.to_json().unwrap_or_default());
    let cached = || [(header::CACHE_CONTROL, "public, max-age=300")];
    Router::new()
        .nest("/api/v1", v1)
        .route("/api/openapi.json", get(async move || ([(header::CONTENT_TYPE, "application/json")], cached(), document.clone())))
        .route(
            "/api/page.css",
            get(async move || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], cached(), include_str!("page.css"))),
        )
        .route("/api", get(async move || ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], cached(), page.clone())))
}

/// The routes below `/api/v1`, and the document that describes them.
fn operations() -> (Router<Shop>, OpenApi) {
    let operations = OpenApiRouter::default().merge(products::routes()).merge(carts::routes()).merge(orders::routes());
    let (routes, document) = operations.split_for_parts();
    (routes, openapi::document(document))
}

/// Refuses paths that cannot be decoded, and sets `Vary` and `Cache-Control`.
async fn check_uri(request: Request, next: Next) -> Response {
    let uri = request.uri();
    let has_nul = [uri.path(), uri.query().unwrap_or_default()].iter().any(|part| part.contains("%00"));
    if has_nul {
        return Problem::malformed("The character U+0000 is not allowed.").into_response();
    }
    let mut answer = next.run(request).await;
    // The router itself refuses a path that is not UTF-8, in plain text.
    let is_plain = answer.status() == StatusCode::BAD_REQUEST
        && answer.headers().get(header::CONTENT_TYPE) != Some(&HeaderValue::from_static("application/problem+json"));
    if is_plain {
        answer = Problem::malformed("The address cannot be read.").into_response();
    }
    let headers = answer.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-language, authorization"));
    answer
}
