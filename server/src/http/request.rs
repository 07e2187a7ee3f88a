//! Around every request: its id, its log line, its figures, its largest body and its longest time.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use backend::Shop;
use domain::id::RequestId;
use futures::FutureExt;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use metrics::{counter, gauge, histogram};
use tokio::sync::Semaphore;
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use super::bounds::{Bounded, Bounds, Passed};
use super::client::Proxies;
use super::trouble;
use crate::api::Problem;
use crate::metrics::{IN_FLIGHT, REQUEST_SECONDS, REQUESTS};

/// The header that names a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Photographs and lists of goods that are taken at the same time; others wait, unread.
const UPLOADS: usize = 2;

/// What surrounds requests.
#[derive(Clone)]
pub struct Around {
    proxies: Proxies,
    uploads: Arc<Semaphore>,
    shop: Option<Shop>,
}

impl Around {
    /// Around the requests to this shop, behind these proxies.
    #[must_use]
    pub fn new(proxies: Proxies, shop: Option<Shop>) -> Self {
        Self { proxies, uploads: Arc::new(Semaphore::new(UPLOADS)), shop }
    }

    /// The id that a trusted proxy gave this request, or a new one: what strangers write would stand in the log and in events.
    fn id_of(&self, request: &Request) -> RequestId {
        let given = || request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
        let id = if self.proxies.sent(request) { given() } else { None };
        id.unwrap_or_else(|| RequestId(Uuid::now_v7()))
    }

    /// Does the database not answer?
    fn is_away(&self) -> bool {
        self.shop.as_ref().is_some_and(|shop| shop.db().is_away())
    }
}

/// Gives the request an id, logs it without query, cookie or body (they may name a shopper), counts it, and bounds it.
/// A handler that panics is answered and logged like any other failure.
pub async fn observe(State(around): State<Around>, mut request: Request, next: Next) -> Response {
    let (id, client) = (around.id_of(&request), around.proxies.client(&request));
    request.extensions_mut().insert(id);
    let method = request.method().clone();
    let reader = trouble::wants_page(request.uri().path(), request.headers()).then(|| trouble::locale(request.headers()));
    let is_called = trouble::is_server_function(request.uri().path());
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "other".to_owned());
    let span = tracing::info_span!("request", id = %id, method = known(&method), route = %route, account = Empty, client = Empty);
    let under_way = UnderWay::begin(span.clone(), known(&method), route, client);
    let mut answer = bounded(&around, id, request, next).instrument(span).await;
    if answer.status() == StatusCode::INTERNAL_SERVER_ERROR && around.is_away() {
        answer = without_database(answer, reader.is_some());
    }
    if trouble::is_problem(&answer) {
        answer = match reader {
            Some(locale) => trouble::page(answer, locale, id),
            None if is_called => trouble::told(answer),
            None => answer,
        };
    }
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
    }
    under_way.end(answer.status());
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        answer.headers_mut().insert(REQUEST_ID, value);
    }
    answer
}

/// What failed because the database does not answer is no mistake of the shop's: it can be tried again. A page that could be
/// rendered says so itself.
fn without_database(mut answer: Response, is_page: bool) -> Response {
    let is_html = answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page && is_html {
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return answer;
    }
    Problem::busy().into_response()
}

/// Has the request answered within its bounds.
async fn bounded(around: &Around, id: RequestId, request: Request, next: Next) -> Response {
    // It names no address that a route could refuse, as all other methods that are not ours are refused with 405.
    if *request.method() == Method::CONNECT {
        return Problem::new(StatusCode::NOT_IMPLEMENTED, "not_implemented", "The shop is no proxy.").into_response();
    }
    let bounds = Bounds::of(&request);
    let too_large =
        || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("At most {} bytes can be sent here.", bounds.bytes));
    if request.body().size_hint().lower() > bounds.bytes as u64 {
        return too_large().into_response();
    }
    let passed = Passed::default();
    let request = request.map(|body| Body::new(Bounded::new(body, bounds.bytes, passed.clone())));
    let handled = std::panic::AssertUnwindSafe(async {
        // Whoever may not send files is refused before the first byte is read, and gives back the place at once.
        let _place = if bounds.has_files { around.uploads.acquire().await.ok() } else { None };
        next.run(request).await
    });
    match tokio::time::timeout(bounds.time, handled.catch_unwind()).await {
        Ok(Ok(answer)) if passed.is_true() && !answer.status().is_success() => too_large().into_response(),
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => {
            tracing::error!("the handler panicked");
            unexpected(id)
        }
        Err(_) => {
            tracing::error!(seconds = bounds.time.as_secs(), "no answer in time");
            Problem::new(
                StatusCode::GATEWAY_TIMEOUT,
                "timeout",
                "The answer took too long. Whatever was begun is finished or undone; look before you try again.",
            )
            .into_response()
        }
    }
}

/// How a request ends whose client went away before it was answered; nobody is sent it.
const GONE: u16 = 499;

/// A request that is being answered. Dropped before its end, it is one whose client went away.
struct UnderWay {
    began: Instant,
    span: tracing::Span,
    method: &'static str,
    route: String,
    client: IpAddr,
    ended: bool,
}

impl UnderWay {
    fn begin(span: tracing::Span, method: &'static str, route: String, client: IpAddr) -> Self {
        gauge!(IN_FLIGHT).increment(1);
        Self { began: Instant::now(), span, method, route, client, ended: false }
    }

    fn end(mut self, status: StatusCode) {
        self.ended = true;
        let took = self.note(status.as_u16());
        histogram!(REQUEST_SECONDS, "route" => self.route.clone()).record(took.as_secs_f64());
    }

    /// Logs and counts how it ended, and says after how long. Of what was refused or failed the line names the client, so that an
    /// attack can be told; of all others it does not.
    fn note(&self, status: u16) -> Duration {
        let took = self.began.elapsed();
        let milliseconds = took.as_secs_f64() * 1_000.0;
        if status >= 400 && status != GONE {
            self.span.record("client", tracing::field::display(self.client));
        }
        self.span.in_scope(|| match status {
            503 => tracing::warn!(status, milliseconds, "answered"),
            GONE => tracing::info!(status, milliseconds, "the client went away"),
            // A method that there is not: the client's mistake.
            501 => tracing::info!(status, milliseconds, "answered"),
            500.. => tracing::error!(status, milliseconds, "answered"),
            _ => tracing::info!(status, milliseconds, "answered"),
        });
        counter!(REQUESTS, "method" => self.method, "route" => self.route.clone(), "status" => status.to_string()).increment(1);
        took
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        gauge!(IN_FLIGHT).decrement(1);
        if !self.ended {
            self.note(GONE);
        }
    }
}

/// Methods that no address takes.
const UNKNOWN: &str = "other";

/// A method as figures count it: clients may make up others, without end.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|name| *name == method.as_str()).unwrap_or(UNKNOWN)
}

fn unexpected(id: RequestId) -> Response {
    Problem::unexpected(id).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use axum::Router;
    use axum::extract::ConnectInfo;
    use axum::middleware::from_fn_with_state;
    use axum::routing::{get, post};
    use std::collections::BTreeMap;
    use std::net::SocketAddr;
    use tower::ServiceExt;

    fn around(trusted: &str) -> Around {
        let flags = BTreeMap::from([("trusted-proxies", trusted.to_owned())]);
        let config = Settings::gather(&flags, &|_| None, None).unwrap().check().unwrap();
        Around::new(Proxies::new(&config.trusted_proxies), None)
    }

    #[tokio::test]
    async fn whoever_goes_away_is_under_way_no_more() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let figures = recorder.handle();
        let _counting = metrics::set_default_local_recorder(&recorder);
        let router = Router::new().route("/slow", get(std::future::pending::<()>)).layer(from_fn_with_state(around(""), observe));
        let mut asking = Box::pin(router.oneshot(Request::get("/slow").body(Body::empty()).unwrap()));
        assert!(futures::poll!(&mut asking).is_pending());
        assert!(figures.render().contains(&format!("{IN_FLIGHT} 1")), "{}", figures.render());
        drop(asking);
        let after = figures.render();
        assert!(after.contains(&format!("{IN_FLIGHT} 0")) && after.contains("status=\"499\""), "{after}");
    }

    #[tokio::test]
    async fn only_a_trusted_proxy_names_requests() {
        let named = "req_0199a0b0c0d07e10b2f3a4b5c6d7e8f9";
        let peer: SocketAddr = "203.0.113.5:9".parse().unwrap();
        for (trusted, kept) in [("", false), ("10.0.0.0/8", false), ("203.0.113.0/24", true)] {
            let router = Router::new().route("/", get(async || ())).layer(from_fn_with_state(around(trusted), observe));
            let request = Request::get("/").header(REQUEST_ID, named).extension(ConnectInfo(peer)).body(Body::empty()).unwrap();
            let answer = router.oneshot(request).await.unwrap();
            assert_eq!(answer.headers()[REQUEST_ID].to_str().unwrap() == named, kept, "{trusted}");
        }
    }

    #[tokio::test]
    async fn a_body_without_a_length_is_cut_off_too() {
        let router = Router::new().route("/cart", post(async |body: String| body)).layer(from_fn_with_state(around(""), observe));
        let endless = futures::stream::iter((0..200).map(|_| Ok::<_, std::convert::Infallible>(vec![b'a'; 1024])));
        let answer = router.oneshot(Request::post("/cart").body(Body::from_stream(endless)).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
