//! The HTTP API `/api/v1`, its description `/api/openapi.json`, and the page `/api` that people read.
//!
//! It follows the same functions of the backend as the pages. Reading requests is strict ([`read`]), every error is a problem
//! document ([`Problem`]), and the description is exact ([`openapi`]): the contract test holds each answer against it.

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
use utoipa::OpenApi;

pub use problem::Problem;

/// The API's routes.
pub fn router(shop: Shop) -> Router {
    let v1 = Router::new()
        .merge(products::routes())
        .merge(carts::routes())
        .merge(orders::routes())
        .fallback(async || Problem::not_found("address"))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This address does not take that method; see Allow.")
        })
        .layer(middleware::from_fn(tidy))
        .with_state(shop);
    let description = Bytes::from(openapi::Description::openapi().to_json().unwrap_or_default());
    let readable = Bytes::from(page::write(&openapi::Description::openapi()));
    let kept = || [(header::CACHE_CONTROL, "public, max-age=300")];
    Router::new()
        .nest("/api/v1", v1)
        .route("/api/openapi.json", get(async move || ([(header::CONTENT_TYPE, "application/json")], kept(), description.clone())))
        .route("/api/page.css", get(async move || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], kept(), include_str!("page.css"))))
        .route("/api", get(async move || ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], kept(), readable.clone())))
}

/// Refuses what no part of the API could take, and says what answers depend on.
async fn tidy(request: Request, next: Next) -> Response {
    let uri = request.uri();
    let nothing = [uri.path(), uri.query().unwrap_or_default()].iter().any(|part| part.contains("%00"));
    if nothing {
        return Problem::malformed("The character U+0000 is not allowed.").into_response();
    }
    let mut answer = next.run(request).await;
    // A path that is no UTF-8 is refused by the router itself, in plain text.
    let plain = answer.status() == StatusCode::BAD_REQUEST
        && answer.headers().get(header::CONTENT_TYPE) != Some(&HeaderValue::from_static("application/problem+json"));
    if plain {
        answer = Problem::malformed("The address cannot be read.").into_response();
    }
    let headers = answer.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-language, authorization"));
    answer
}
