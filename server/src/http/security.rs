//! Protection of browsers: the content security policy, smaller security headers and `Cache-Control`.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use url::Url;

use crate::cache::{CachePolicy, is_html};

/// A content security policy with room for what a render adds. Everything comes from the shop itself; nothing is inline but
/// what the render named; nobody frames it. Forms may lead to the card gateway, whose page the shopper pays on.
#[derive(Clone, Debug)]
pub struct Policy {
    form_action: String,
    connect: String,
}

impl Policy {
    /// `gateway` is the card gateway's address; `reload` the socket that reloads pages in development.
    #[must_use]
    pub fn new(gateway: Option<&str>, reload: Option<&str>) -> Self {
        let origin = gateway.and_then(|address| Url::parse(address).ok()).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        Self {
            form_action: format!("'self' {origin}").trim_end().to_owned(),
            connect: format!("'self' {}", reload.unwrap_or_default()).trim_end().to_owned(),
        }
    }

    /// For one visitor's page: inline elements carry the nonce.
    #[must_use]
    pub fn with_nonce(&self, nonce: &str) -> String {
        let source = if nonce.is_empty() { String::new() } else { format!(" 'nonce-{nonce}'") };
        self.write(&source, &source)
    }

    /// For a cached page: inline elements are named by hash.
    #[must_use]
    pub fn with_hashes(&self, scripts: &[String], styles: &[String]) -> String {
        let list = |sources: &[String]| sources.iter().map(|source| format!(" {source}")).collect::<String>();
        self.write(&list(scripts), &list(styles))
    }

    fn write(&self, scripts: &str, styles: &str) -> String {
        let Self { form_action, connect } = self;
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; img-src 'self' data: blob:; \
             font-src 'self'; connect-src {connect}; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
             form-action {form_action}; frame-ancestors 'none'"
        )
    }
}

/// Sets headers of every answer. `is_https`: the shop is reached by https only.
pub async fn headers(is_https: bool, request: Request, next: Next) -> Response {
    let cache_policy = CachePolicy::of(&request);
    let is_read = request.method().is_safe();
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, cache_policy.header(headers));
    }
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
        ),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    // Whatever is no page may load nothing. Pages get their policy where the nonce is known.
    let is_page = is_html(headers);
    if is_page && is_read {
        // With Back, a browser revalidates a page when its cookies have changed, as after an order.
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding, accept-language, cookie"));
    }
    if !is_page {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(nothing);
    }
    if is_https {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static("max-age=63072000"));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_may_lead_to_the_gateway_and_nowhere_else() {
        let policy = Policy::new(Some("https://pay.example:8443/v1/"), None).with_nonce("n");
        assert!(policy.contains("form-action 'self' https://pay.example:8443;"), "{policy}");
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval' 'nonce-n';") && !policy.contains("unsafe-inline"));
        assert!(Policy::new(None, None).with_nonce("").contains("form-action 'self';"));
    }
}
