//! The rendered-page cache: what an anonymous visitor sees is rendered once and kept as bytes.
//!
//! It is the outermost service: a hit is one look-up and copied references, and never reaches the router. A page is kept under
//! its address, language, theme and currency, and under the *generation* of what the shop shows: [`Pages::forget`] begins a
//! new one, so that a render which began before a change can never be served after it. One render per key at a time; the
//! oldest pages make room when the memory is full.

mod cache_control;
mod key;
mod page;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use tower::ServiceExt;

pub use cache_control::Asked;
pub use key::cookies;
pub use page::Encoding;

use crate::http::security::Policy;
use crate::metrics::PageCounters;
use key::Key;
use page::Page;

/// The header in which a render tells its nonce. It never leaves the house.
const NONCE: &str = "x-render-nonce";

/// Paths whose pages show every anonymous visitor the same.
fn shared(path: &str) -> bool {
    const PAGES: &[&str] = &["/", "/c", "/categories", "/search"];
    const BELOW: &[&str] = &["/c/", "/p/"];
    PAGES.contains(&path) || BELOW.iter().any(|folder| path.starts_with(folder))
}

/// What is known of an address.
#[derive(Clone)]
enum Kept {
    Page(Arc<Page>),
    /// Its page is not for everybody, or there is none: whoever asks has it rendered.
    Alone,
}

/// Pages weigh their bytes.
#[derive(Clone)]
struct Weight;

impl Weighter<String, Kept> for Weight {
    fn weight(&self, key: &String, kept: &Kept) -> u64 {
        let page = match kept {
            Kept::Page(page) => page.weight(),
            Kept::Alone => 0,
        };
        page + key.len() as u64 + 128
    }
}

/// About what a page takes in its three forms, to guess how many there will be.
const TYPICAL_PAGE_BYTES: u64 = 100_000;

/// Rendered pages over the router that renders them.
pub struct Pages {
    router: Router,
    kept: Option<Cache<String, Kept, Weight>>,
    generation: AtomicU64,
    policy: Policy,
    counters: PageCounters,
    /// Pages are packed so many at a time: each takes megabytes while it is.
    packing: Semaphore,
}

impl Pages {
    /// Keeps up to `bytes` of pages; none with 0.
    #[must_use]
    pub fn new(router: Router, bytes: u64, policy: Policy) -> Self {
        let kept = (bytes > 0)
            .then(|| Cache::with_weighter(usize::try_from(bytes / TYPICAL_PAGE_BYTES).unwrap_or(usize::MAX).max(16), bytes, Weight));
        let packing = Semaphore::new(std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
        Self { router, kept, generation: AtomicU64::new(0), policy, counters: PageCounters::new(), packing }
    }

    /// What the shop shows has changed: nothing kept is served from now on.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        if let Some(kept) = &self.kept {
            kept.clear();
        }
    }

    /// The answer to a request whose page is kept, at once.
    #[must_use]
    pub fn cached_response<B>(&self, request: &Request<B>) -> Option<Response<Full<Bytes>>> {
        let key = self.key(request)?;
        match self.kept.as_ref()?.get(key.text.as_str())? {
            Kept::Page(page) => Some(self.hit(&page, request)),
            Kept::Alone => None,
        }
    }

    fn hit<B>(&self, page: &Page, request: &Request<B>) -> Response<Full<Bytes>> {
        self.counters.hit.increment(1);
        page.answer(request.method(), request.headers())
    }

    fn key<B>(&self, request: &Request<B>) -> Option<Key> {
        Key::of(request, self.generation.load(Ordering::SeqCst), shared)
    }

    /// Answers a request.
    pub async fn answer(&self, mut request: Request<Body>) -> Response<Body> {
        let (Some(kept), Some(key)) = (&self.kept, self.key(&request)) else {
            return self.fresh(request).await;
        };
        let guard = match kept.get_value_or_guard_async(key.text.as_str()).await {
            Ok(Kept::Page(page)) => return self.hit(&page, &request).map(Body::new),
            Ok(Kept::Alone) => return self.fresh(request).await,
            Err(guard) => guard,
        };
        let (method, headers) = (request.method().clone(), request.headers().clone());
        key.canonicalize(&mut request);
        let (answer, known) = match self.render(request).await {
            Ok(page) => (page.answer(&method, &headers).map(Body::new), Some(Kept::Page(page))),
            // What went wrong for one reader says nothing of others.
            Err(answer) => {
                let known = matches!(answer.status(), StatusCode::OK | StatusCode::NOT_FOUND).then_some(Kept::Alone);
                (answer, known)
            }
        };
        if let Some(known) = known {
            // It is given back when what the shop shows has changed meanwhile, which takes this key out of use anyway.
            let _ = guard.insert(known);
        }
        answer
    }

    async fn fresh(&self, request: Request<Body>) -> Response<Body> {
        let answer = self.route(request).await;
        self.guard(answer)
    }

    async fn route(&self, request: Request<Body>) -> Response<Body> {
        let answer: Result<_, Infallible> = self.router.clone().oneshot(request).await;
        answer.unwrap_or_else(|never| match never {})
    }

    /// A page that can be kept, or an answer that cannot.
    async fn render(&self, request: Request<Body>) -> Result<Arc<Page>, Response<Body>> {
        let answer = self.route(request).await;
        let headers = answer.headers();
        let keep = answer.status() == StatusCode::OK && is_html(headers) && !headers.contains_key(header::SET_COOKIE) && !forbids(headers);
        if !keep {
            return Err(self.guard(answer));
        }
        let (mut parts, body) = answer.into_parts();
        let nonce = nonce_of(&mut parts.headers);
        let html = match body.collect().await.map(http_body_util::Collected::to_bytes) {
            Ok(bytes) => String::from_utf8(bytes.into()).ok(),
            Err(error) => {
                tracing::warn!(%error, "a page broke off while it was rendered");
                None
            }
        };
        let Some(html) = html else {
            return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        };
        let policy = self.policy.clone();
        // Packing takes milliseconds of a processor: not on a thread that answers others.
        let _place = self.packing.acquire().await;
        let packed = tokio::task::spawn_blocking(move || Page::new(&html, &nonce, &parts.headers, &policy)).await;
        match packed {
            Ok(Ok(page)) => {
                self.counters.miss.increment(1);
                Ok(Arc::new(page))
            }
            _ => Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        }
    }

    /// Gives a page that is not kept its policy, and counts it.
    fn guard(&self, mut answer: Response<Body>) -> Response<Body> {
        let nonce = nonce_of(answer.headers_mut());
        if is_html(answer.headers()) {
            self.counters.fresh.increment(1);
            if let Ok(policy) = HeaderValue::try_from(self.policy.with_nonce(&nonce)) {
                answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            }
        }
        answer
    }
}

fn nonce_of(headers: &mut HeaderMap) -> String {
    headers.remove(NONCE).and_then(|nonce| nonce.to_str().ok().map(str::to_owned)).unwrap_or_default()
}

fn is_html(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn forbids(headers: &HeaderMap) -> bool {
    headers.get(header::CACHE_CONTROL).is_some_and(|value| {
        ["no-store", "private"].iter().any(|word| value.as_bytes().windows(word.len()).any(|part| part == word.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::sync::atomic::AtomicUsize;

    fn pages(renders: Arc<AtomicUsize>) -> Arc<Pages> {
        let page = move |headers: HeaderMap| {
            let renders = renders.clone();
            async move {
                let n = renders.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                let cookie = headers.get("cookie").map(|c| c.to_str().unwrap().to_owned()).unwrap_or_default();
                ([("content-type", "text/html"), (NONCE, "abc")], format!("<script nonce=\"abc\">x()</script>{n} {cookie}"))
            }
        };
        let router = Router::new()
            .route("/", get(page.clone()))
            .route("/account", get(page))
            .route("/p/none", get(|| async { (StatusCode::NOT_FOUND, "no") }));
        Arc::new(Pages::new(router, 1 << 20, Policy::new(None, None)))
    }

    async fn read(pages: &Pages, path: &str, cookie: &str) -> (Response<()>, String) {
        let mut request = Request::get(path);
        if !cookie.is_empty() {
            request = request.header("cookie", cookie);
        }
        let (parts, body) = pages.answer(request.body(Body::empty()).unwrap()).await.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (Response::from_parts(parts, ()), String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn many_visitors_at_once_cost_one_render() {
        let renders = Arc::new(AtomicUsize::new(0));
        let pages = pages(renders.clone());
        let visits = (0..16).map(|_| read(&pages, "/", ""));
        let answers = futures::future::join_all(visits).await;
        assert_eq!(renders.load(Ordering::SeqCst), 1);
        assert!(answers.iter().all(|(_, body)| *body == answers[0].1 && !body.contains("nonce")));
        assert!(answers[0].0.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("sha256-"));
    }

    #[tokio::test]
    async fn a_change_is_seen_at_once_and_a_late_render_is_not_kept() {
        let renders = Arc::new(AtomicUsize::new(0));
        let pages = pages(renders.clone());
        let late = tokio::spawn({
            let pages = pages.clone();
            async move { read(&pages, "/", "").await.1 }
        });
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        pages.forget();
        let after = read(&pages, "/", "").await.1;
        assert_ne!(late.await.unwrap(), after);
        assert_eq!(read(&pages, "/", "").await.1, after);
    }

    #[tokio::test]
    async fn a_signed_in_reader_gets_a_page_of_their_own() {
        let renders = Arc::new(AtomicUsize::new(0));
        let pages = pages(renders);
        let shared = read(&pages, "/", "").await;
        let own = read(&pages, "/", "session=secret").await;
        assert!(
            own.1.contains("session=secret") && own.0.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("'nonce-abc'")
        );
        assert_eq!(read(&pages, "/", "").await.1, shared.1);
        assert!(!own.0.headers().contains_key(NONCE) && !shared.0.headers().contains_key(NONCE));
    }

    #[tokio::test]
    async fn what_is_not_found_or_personal_is_not_kept() {
        let renders = Arc::new(AtomicUsize::new(0));
        let pages = pages(renders.clone());
        assert_eq!(read(&pages, "/p/none", "").await.0.status(), StatusCode::NOT_FOUND);
        read(&pages, "/account", "").await;
        read(&pages, "/account", "").await;
        assert_eq!(renders.load(Ordering::SeqCst), 2);
    }
}
