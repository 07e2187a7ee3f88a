//! The page cache: what an anonymous visitor sees is rendered once and cached as bytes.
//!
//! It is the outermost service: a hit is one look-up and copied references, and never reaches the router. A page's key has its address,
//! language, theme, currency and delivery place. A render which began before a change is never served after it. One render per key at a
//! time; pages that are used least are evicted when the memory is full.

mod cache_control;
mod invalidate;
mod key;
mod page;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use backend::platform::cache::Cache;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tokio::sync::Semaphore;
use tower::ServiceExt;

pub use cache_control::CachePolicy;
pub use invalidate::Invalidation;
pub use page::Encoding;

use crate::http::security::Policy;
use crate::metrics::PageCounters;
use key::Key;
use page::Page;

/// The header in which a render names its nonce. It is removed here.
const NONCE: &str = "x-render-nonce";

/// Whether the page of a path is the same for every anonymous visitor.
fn is_cacheable(path: &str) -> bool {
    const PAGES: &[&str] = &["/", "/c", "/categories", "/search"];
    const FOLDERS: &[&str] = &["/c/", "/p/", "/pages/"];
    PAGES.contains(&path) || FOLDERS.iter().any(|folder| path.starts_with(folder))
}

#[derive(Clone)]
enum CachedPage {
    Page(Arc<Page>),
    /// The answer is not for everybody, or there is no such page: it is rendered for each request.
    Uncacheable,
}

/// The memory that an entry takes.
fn weight_bytes(key: &str, cached: &CachedPage) -> u64 {
    let page_bytes = match cached {
        CachedPage::Page(page) => page.weight_bytes(),
        CachedPage::Uncacheable => 0,
    };
    page_bytes + key.len() as u64 + 128
}

/// The usual size of a page in its three codings, to estimate how many there will be.
const TYPICAL_PAGE_BYTES: u64 = 100_000;

/// The cache, over the router that renders the pages.
pub struct PageCache {
    router: Router,
    entries: Option<Cache<String, CachedPage>>,
    policy: Policy,
    counters: PageCounters,
    /// Limits how many pages are compressed at the same time: each takes megabytes.
    compressing: Semaphore,
}

impl PageCache {
    /// Caches up to `max_bytes` of pages; none with 0.
    #[must_use]
    pub fn new(router: Router, max_bytes: u64, policy: Policy) -> Self {
        let typical_count = usize::try_from(max_bytes / TYPICAL_PAGE_BYTES).unwrap_or(usize::MAX).max(16);
        let entries = (max_bytes > 0).then(|| Cache::weighed(typical_count, max_bytes, |key: &String, page| weight_bytes(key, page)));
        let compressing = Semaphore::new(std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
        Self { router, entries, policy, counters: PageCounters::new(), compressing }
    }

    /// Drops all pages, as what the shop shows has changed. Renders that are under way are not cached either.
    pub fn invalidate(&self) {
        if let Some(entries) = &self.entries {
            entries.invalidate();
        }
    }

    /// The answer to a request whose page is cached.
    #[must_use]
    pub fn cached_response<B>(&self, request: &Request<B>) -> Option<Response<Full<Bytes>>> {
        let key = Key::of(request, is_cacheable)?;
        match self.entries.as_ref()?.get(key.text.as_str())? {
            CachedPage::Page(page) => Some(self.hit(&page, request)),
            CachedPage::Uncacheable => None,
        }
    }

    fn hit<B>(&self, page: &Page, request: &Request<B>) -> Response<Full<Bytes>> {
        self.counters.hit.increment(1);
        page.answer(request.method(), request.headers())
    }

    pub async fn answer(&self, mut request: Request<Body>) -> Response<Body> {
        let (Some(entries), Some(key)) = (&self.entries, Key::of(&request, is_cacheable)) else {
            return self.render_uncached(request).await;
        };
        let reservation = match entries.get_or_reserve(&key.text).await {
            Ok(CachedPage::Page(page)) => return self.hit(&page, &request).map(Body::new),
            Ok(CachedPage::Uncacheable) => return self.render_uncached(request).await,
            Err(reservation) => reservation,
        };
        let (method, headers) = (request.method().clone(), request.headers().clone());
        key.canonicalize(&mut request);
        let (answer, entry) = match self.render(request).await {
            Ok(page) => (page.answer(&method, &headers).map(Body::new), Some(CachedPage::Page(page))),
            // Other failures may concern this request alone.
            Err(answer) => {
                let entry = matches!(answer.status(), StatusCode::OK | StatusCode::NOT_FOUND).then_some(CachedPage::Uncacheable);
                (answer, entry)
            }
        };
        if let Some(entry) = entry {
            reservation.insert(entry);
        }
        answer
    }

    async fn render_uncached(&self, request: Request<Body>) -> Response<Body> {
        let answer = self.route(request).await;
        self.with_policy(answer)
    }

    async fn route(&self, request: Request<Body>) -> Response<Body> {
        let answer: Result<_, Infallible> = self.router.clone().oneshot(request).await;
        answer.unwrap_or_else(|never| match never {})
    }

    /// A page that can be cached, or an answer that cannot.
    async fn render(&self, request: Request<Body>) -> Result<Arc<Page>, Response<Body>> {
        let answer = self.route(request).await;
        let headers = answer.headers();
        let is_cacheable =
            answer.status() == StatusCode::OK && is_html(headers) && !headers.contains_key(header::SET_COOKIE) && !forbids_sharing(headers);
        if !is_cacheable {
            return Err(self.with_policy(answer));
        }
        let (mut parts, body) = answer.into_parts();
        let nonce = nonce_of(&mut parts.headers);
        let html = match body.collect().await.map(http_body_util::Collected::to_bytes) {
            Ok(bytes) => String::from_utf8(bytes.into()).ok(),
            Err(error) => {
                tracing::warn!(%error, "a page could not be rendered to its end");
                None
            }
        };
        let Some(html) = html else {
            return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        };
        let policy = self.policy.clone();
        // Compressing takes milliseconds of processor time: not on a thread that answers requests.
        let _permit = self.compressing.acquire().await;
        let compressed = tokio::task::spawn_blocking(move || Page::new(&html, &nonce, &parts.headers, &policy)).await;
        match compressed {
            Ok(Ok(page)) => {
                self.counters.miss.increment(1);
                Ok(Arc::new(page))
            }
            _ => Err(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        }
    }

    /// Sets the security policy of an uncached page, and counts it.
    fn with_policy(&self, mut answer: Response<Body>) -> Response<Body> {
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

/// Is the answer a page?
pub(crate) fn is_html(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn forbids_sharing(headers: &HeaderMap) -> bool {
    headers.get(header::CACHE_CONTROL).is_some_and(|value| {
        ["no-store", "private"].iter().any(|word| value.as_bytes().windows(word.len()).any(|part| part == word.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn pages(renders: Arc<AtomicUsize>) -> Arc<PageCache> {
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
        Arc::new(PageCache::new(router, 1 << 20, Policy::new(None, None)))
    }

    async fn read(pages: &PageCache, path: &str, cookie: &str) -> (Response<()>, String) {
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
    async fn a_change_invalidates_at_once_and_a_late_render_is_not_cached() {
        let renders = Arc::new(AtomicUsize::new(0));
        let pages = pages(renders.clone());
        let late = tokio::spawn({
            let pages = pages.clone();
            async move { read(&pages, "/", "").await.1 }
        });
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        pages.invalidate();
        let after = read(&pages, "/", "").await.1;
        assert_ne!(late.await.unwrap(), after);
        assert_eq!(read(&pages, "/", "").await.1, after);
    }

    #[tokio::test]
    async fn a_signed_in_visitor_gets_a_page_of_their_own() {
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
    async fn errors_and_personal_pages_are_not_cached() {
        let renders = Arc::new(AtomicUsize::new(0));
        let pages = pages(renders.clone());
        assert_eq!(read(&pages, "/p/none", "").await.0.status(), StatusCode::NOT_FOUND);
        read(&pages, "/account", "").await;
        read(&pages, "/account", "").await;
        assert_eq!(renders.load(Ordering::SeqCst), 2);
    }
}
