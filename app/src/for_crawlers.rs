//! What search engines read first: `/robots.txt` and `/sitemap.xml`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::router::Pages;

/// What is about one person, costs a search, or is the staff's.
const NOT_FOR_CRAWLERS: &[&str] = &["/admin", "/account", "/back-in-stock", "/cart", "/checkout", "/orders", "/api/", "/search"];
/// The pages that every shop has.
const PAGES: [&str; 3] = ["/", "/c", "/categories"];
const HOUR: &str = "public, max-age=3600";

pub async fn robots(State(pages): State<Pages>) -> impl IntoResponse {
    let mut text = "User-agent: *\n".to_owned();
    for path in NOT_FOR_CRAWLERS {
        text.push_str(&format!("Disallow: {path}\n"));
    }
    text.push_str(&format!("Sitemap: {}/sitemap.xml\n", pages.shop().config().public_url));
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, HOUR)], text)
}

pub async fn sitemap(State(pages): State<Pages>) -> Response {
    let goods = backend::catalog::public_paths(pages.shop()).await;
    let written = backend::content::public_paths(pages.shop()).await;
    let paths = match goods.and_then(|goods| Ok([written?, goods].concat())) {
        Ok(paths) => paths,
        Err(error) => {
            tracing::warn!(%error, "the addresses of the sitemap cannot be read");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let origin = pages.shop().config().public_url.to_string();
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n".to_owned();
    // Slugs are small letters, digits and hyphens: nothing in an address needs to be escaped.
    for path in PAGES.into_iter().chain(paths.iter().map(String::as_str)) {
        xml.push_str(&format!("<url><loc>{origin}{path}</loc></url>\n"));
    }
    xml.push_str("</urlset>\n");
    ([(header::CONTENT_TYPE, "application/xml; charset=utf-8"), (header::CACHE_CONTROL, HOUR)], xml).into_response()
}
