//! What browsers are told not to do: the content security policy and its lesser relatives, and what not to keep.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};

use crate::cache::Asked;

/// A content security policy with room for what a render adds. Everything comes from the shop itself; nothing is inline but
/// what the render named; nobody frames it. Forms may lead to the card gateway, whose page the shopper pays on.
#[derive(Clone, Debug)]
pub struct Policy {
    form_action: String,
    connect: String,
}

impl Policy {
    /// `gateway` is the card gateway's address; `reload` the socket that tells a development page to reload.
    #[must_use]
    pub fn new(gateway: Option<&str>, reload: Option<&str>) -> Self {
        let origin = gateway.map(origin_of).unwrap_or_default();
        Self {
            form_action: format!("'self' {origin}").trim_end().to_owned(),
            connect: format!("'self' {}", reload.unwrap_or_default()).trim_end().to_owned(),
        }
    }

    /// For one reader's page: inline elements carry the nonce.
    #[must_use]
    pub fn with_nonce(&self, nonce: &str) -> String {
        let source = if nonce.is_empty() { String::new() } else { format!(" 'nonce-{nonce}'") };
        self.write(&source, &source)
    }

    /// For a page that many readers get: inline elements are named by hash.
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

/// `https://pay.example` of `https://pay.example/v1`.
fn origin_of(address: &str) -> &str {
    let begin = address.find("://").map_or(0, |at| at + 3);
    let end = address[begin..].find('/').map_or(address.len(), |at| begin + at);
    &address[..end]
}

/// Headers on every answer. `secure`: the shop is reached by https only.
pub async fn headers(secure: bool, request: Request, next: Next) -> Response {
    let asked = Asked::of(&request);
    let reads = request.method().is_safe();
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, asked.keeping(headers));
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
    // What is no page runs nothing, wherever it is opened. Pages get theirs where the nonce is known.
    let page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if page && reads {
        // A browser that goes back asks again when what it is known by is other than before, as after an order.
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding, accept-language, cookie"));
    }
    if !page {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(nothing);
    }
    if secure {
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
