//! Protection against requests that another site makes with a visitor's cookies.

use axum::body::Body;
use axum::response::IntoResponse;
use http::{Method, StatusCode};
use tower_http::csrf::{CsrfLayer, ProtectionError, ResponseForProtectionError};

use crate::api::Problem;

/// Refuses cross-site requests that change something. The API and webhooks use no cookies, so nothing can be forged there.
///
/// # Errors
/// `public_url` has no valid origin.
pub fn csrf_layer(public_url: &str) -> Result<CsrfLayer<impl ResponseForProtectionError<Body> + Send + Sync + 'static>, String> {
    let layer = CsrfLayer::new().add_trusted_origin(public_url).map_err(|error| format!("public-url = “{public_url}”: {error}"))?;
    let layer = layer.with_insecure_bypass(|_: &Method, uri| {
        let path = uri.path();
        // A bank may lead its customer back by a form. That changes nothing either: it leads on to the page.
        path.starts_with("/api/v1/") || path.starts_with("/webhooks/") || path == "/checkout/return"
    });
    Ok(layer.with_rejection_response(|_: ProtectionError| {
        let detail = "This request came from another site, and was refused. Open the shop and try again.";
        Problem::new(StatusCode::FORBIDDEN, "forbidden", detail).into_response()
    }))
}
