//! A rendered page as it is cached: brotli, gzip and plain bytes, each with its finished headers.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use sha2::{Digest, Sha256};

use crate::http::security::Policy;

/// Fast enough for the first visit. 9 makes a page half a percent smaller, for ten times the work and 33 MB of memory instead of 8.
const BROTLI_QUALITY: u32 = 7;
/// A window of 256 kB, more than any page.
const BROTLI_WINDOW: u32 = 18;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    /// The best that the client accepts.
    #[must_use]
    pub fn accepted(headers: &HeaderMap) -> Self {
        match headers.get(header::ACCEPT_ENCODING).map(HeaderValue::as_bytes) {
            Some(list) if accepts(list, b"br") => Self::Brotli,
            Some(list) if accepts(list, b"gzip") => Self::Gzip,
            _ => Self::Identity,
        }
    }
}

/// Whether the header's list names this coding with a weight above zero.
fn accepts(list: &[u8], coding: &[u8]) -> bool {
    list.split(|byte| *byte == b',').any(|item| {
        let mut parts = item.split(|byte| *byte == b';');
        let name = parts.next().unwrap_or_default().trim_ascii();
        let is_zero = |part: &[u8]| matches!(part.trim_ascii(), b"q=0" | b"q=0.0" | b"q=0.00" | b"q=0.000");
        name.eq_ignore_ascii_case(coding) && !parts.any(is_zero)
    })
}

/// A page in one content coding.
struct EncodedPage {
    headers: HeaderMap,
    body: Bytes,
    tag: HeaderValue,
}

/// A rendered page in each content coding.
pub struct Page {
    brotli: EncodedPage,
    gzip: EncodedPage,
    identity: EncodedPage,
}

impl Page {
    /// Packs a page that was rendered with `nonce`. Scripts and styles that carried the nonce are named by their hash in the
    /// page's policy, and the nonce is taken out, so that equal pages are equal bytes. `headers` are those of the render.
    ///
    /// # Errors
    /// A policy or a length that is no valid header value.
    pub fn new(html: &str, nonce: &str, headers: &HeaderMap, policy: &Policy) -> Result<Self, http::Error> {
        let scripts = hashes(html, "script", nonce);
        let styles = hashes(html, "style", nonce);
        let html = without_nonce(html, nonce);
        let digest = STANDARD.encode(&Sha256::digest(html.as_bytes())[..12]);
        let mut common = HeaderMap::with_capacity(headers.len() + 6);
        for (name, value) in headers {
            let replaced = [
                header::CONTENT_LENGTH,
                header::CONTENT_ENCODING,
                header::TRANSFER_ENCODING,
                header::VARY,
                header::CACHE_CONTROL,
                header::DATE,
                header::SET_COOKIE,
            ];
            if !replaced.contains(name) && name != "x-request-id" {
                common.append(name.clone(), value.clone());
            }
        }
        common.insert(header::VARY, HeaderValue::from_static("accept-encoding, accept-language, cookie"));
        // Browsers revalidate each time; the usual answer is a short 304.
        common.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        common.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy.with_hashes(&scripts, &styles))?);
        let encoded = |body: Vec<u8>, coding: Option<&'static str>| -> Result<EncodedPage, http::Error> {
            let mut headers = common.clone();
            let tag = HeaderValue::try_from(format!("\"{digest}{}\"", coding.unwrap_or_default()))?;
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
            headers.insert(header::ETAG, tag.clone());
            if let Some(coding) = coding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            }
            Ok(EncodedPage { headers, body: Bytes::from(body), tag })
        };
        Ok(Self {
            brotli: encoded(brotli(html.as_bytes()), Some("br"))?,
            gzip: encoded(gzip(html.as_bytes()), Some("gzip"))?,
            identity: encoded(html.into_bytes(), None)?,
        })
    }

    #[must_use]
    pub fn answer(&self, method: &Method, request: &HeaderMap) -> Response<Full<Bytes>> {
        let encoded = match Encoding::accepted(request) {
            Encoding::Brotli => &self.brotli,
            Encoding::Gzip => &self.gzip,
            Encoding::Identity => &self.identity,
        };
        let is_unchanged = request.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == encoded.tag);
        let body = if is_unchanged || method == Method::HEAD { Full::default() } else { Full::new(encoded.body.clone()) };
        let mut answer = Response::new(body);
        *answer.headers_mut() = encoded.headers.clone();
        if is_unchanged {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            answer.headers_mut().remove(header::CONTENT_LENGTH);
            answer.headers_mut().remove(header::CONTENT_ENCODING);
        }
        answer
    }

    /// The approximate memory that it takes.
    #[must_use]
    pub fn weight_bytes(&self) -> u64 {
        [&self.brotli, &self.gzip, &self.identity].iter().map(|encoded| encoded.body.len() as u64 + 1_500).sum()
    }
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(bytes.len() / 4);
    let mut writer = brotli::CompressorWriter::new(&mut packed, 32 * 1024, BROTLI_QUALITY, BROTLI_WINDOW);
    // Writing into memory does not fail.
    let written = writer.write_all(bytes);
    drop(writer);
    debug_assert!(written.is_ok());
    packed
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 4), flate2::Compression::new(9));
    writer.write_all(bytes).and_then(|()| writer.finish()).unwrap_or_default()
}

/// The policy sources of the inline elements that carry this render's nonce, each once. Injected elements do not know the nonce, so they
/// stay blocked.
fn hashes(html: &str, element: &str, nonce: &str) -> Vec<String> {
    let mut sources = Vec::new();
    if nonce.is_empty() {
        return sources;
    }
    let (open, close, attribute) = (format!("<{element}"), format!("</{element}>"), format!(" nonce=\"{nonce}\""));
    let mut rest = html;
    while let Some((_, after)) = rest.split_once(&open) {
        let Some((attributes, after)) = after.split_once('>') else { break };
        let Some((content, after)) = after.split_once(&close) else { break };
        rest = after;
        if attributes.contains(&attribute) && !attributes.contains(" src=") && !content.is_empty() {
            let source = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(content.as_bytes())));
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
    }
    sources
}

/// Leptos writes the nonce into `crossorigin` too.
fn without_nonce(html: &str, nonce: &str) -> String {
    if nonce.is_empty() {
        return html.to_owned();
    }
    html.replace(&format!(" nonce=\"{nonce}\""), "").replace(&format!("crossorigin=\"{nonce}\""), "crossorigin")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = "<html><style nonce=\"n1\">a{}</style><script nonce=\"n1\">go()</script><script>evil()</script>\
        <script nonce=\"n1\" src=\"/x.js\"></script><p>Hello</p></html>";

    fn page() -> Page {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert("x-request-id", HeaderValue::from_static("req_1"));
        Page::new(HTML, "n1", &headers, &Policy::new(None, None)).unwrap()
    }

    fn request(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn only_scripts_with_the_nonce_are_allowed() {
        let policy = page().identity.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        assert!(policy.contains(&hash("go()")) && policy.contains(&hash("a{}")) && !policy.contains(&hash("evil()")));
        assert!(!policy.contains("nonce"));
    }

    #[test]
    fn equal_pages_are_equal_bytes_whatever_their_nonce() {
        let other = Page::new(&HTML.replace("n1", "zz"), "zz", &HeaderMap::new(), &Policy::new(None, None)).unwrap();
        assert_eq!(page().identity.body, other.identity.body);
        assert_eq!(page().identity.tag, other.identity.tag);
    }

    #[test]
    fn a_client_gets_a_coding_that_it_accepts() {
        let page = page();
        let coding = |accept: &str| {
            let answer = page.answer(&Method::GET, &request(header::ACCEPT_ENCODING, accept));
            answer.headers().get(header::CONTENT_ENCODING).map(|v| v.to_str().unwrap().to_owned())
        };
        assert_eq!(coding("gzip, deflate, br").as_deref(), Some("br"));
        assert_eq!(coding("br;q=0, gzip").as_deref(), Some("gzip"));
        assert_eq!(coding("identity"), None);
    }

    #[test]
    fn a_request_id_is_never_cached_and_an_unchanged_page_is_not_sent_again() {
        let page = page();
        let first = page.answer(&Method::GET, &HeaderMap::new());
        assert!(!first.headers().contains_key("x-request-id"));
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(page.answer(&Method::GET, &request(header::IF_NONE_MATCH, &tag)).status(), StatusCode::NOT_MODIFIED);
    }
}
