//! What surrounds every request: id, log line, metrics, largest body and time-out.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use backend::Shop;
use backend::platform::context::Client;
use domain::id::RequestId;
use futures::FutureExt;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use metrics::{counter, gauge, histogram};
use tokio::sync::Semaphore;
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;
use web::language::visitor_locale;

use super::bounds::{Bounds, Exceeded, LimitedBody};
use super::client::{Proxies, rate_limit_key};
use super::error_page;
use crate::api::Problem;
use crate::cache::is_html;
use crate::metrics::{IN_FLIGHT, REQUEST_SECONDS, REQUESTS};

/// The header that names a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Uploads that are handled at the same time; others wait unread.
const MAX_UPLOADS: usize = 2;

#[derive(Clone)]
pub struct RequestLayer {
    proxies: Proxies,
    uploads: Arc<Semaphore>,
    shop: Option<Shop>,
}

impl RequestLayer {
    #[must_use]
    pub fn new(proxies: Proxies, shop: Option<Shop>) -> Self {
        Self { proxies, uploads: Arc::new(Semaphore::new(MAX_UPLOADS)), shop }
    }

    /// The id that a trusted proxy gave this request, else a new one. Clients must not choose ids: they stand in logs and events.
    fn request_id(&self, request: &Request) -> RequestId {
        let given = || request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
        let id = if self.proxies.is_from_proxy(request) { given() } else { None };
        id.unwrap_or_else(|| RequestId(Uuid::now_v7()))
    }

    fn is_database_away(&self) -> bool {
        self.shop.as_ref().is_some_and(|shop| shop.db().is_away())
    }
}

/// Gives the request an id, logs it without query, cookie or body (they may name a shopper), counts it, and limits it. A panic of a handler
/// is logged and answered like any other failure.
pub async fn observe(State(layer): State<RequestLayer>, mut request: Request, next: Next) -> Response {
    let (id, client) = (layer.request_id(&request), layer.proxies.client(&request));
    request.extensions_mut().insert(id);
    // The rate limits count by client, and so does the backend: guesses at passwords and discount codes, cash orders.
    request.extensions_mut().insert(Client(rate_limit_key(client)));
    let method = request.method().clone();
    let page_locale = error_page::wants_page(request.uri().path(), request.headers()).then(|| visitor_locale(request.headers()));
    let is_server_function = error_page::is_server_function(request.uri().path());
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "other".to_owned());
    let span = tracing::info_span!("request", id = %id, method = method_label(&method), route = %route, account = Empty, client = Empty);
    let in_flight = InFlight::begin(span.clone(), method_label(&method), route, client);
    let mut answer = with_bounds(&layer, id, request, next).instrument(span).await;
    if answer.status() == StatusCode::INTERNAL_SERVER_ERROR && layer.is_database_away() {
        answer = database_away(answer, page_locale.is_some());
    }
    if error_page::is_problem(&answer) {
        answer = match page_locale {
            Some(locale) => error_page::render(answer, locale, id),
            None if is_server_function => error_page::to_app_error(answer),
            None => answer,
        };
    }
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
    }
    in_flight.end(answer.status());
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        answer.headers_mut().insert(REQUEST_ID, value);
    }
    answer
}

/// A failure while the database does not answer can be retried: 503 instead of 500. A page that could be rendered has its own status.
fn database_away(mut answer: Response, is_page: bool) -> Response {
    if is_page && is_html(answer.headers()) {
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return answer;
    }
    Problem::busy().into_response()
}

/// Runs the handler with a limited body and a time-out.
async fn with_bounds(layer: &RequestLayer, id: RequestId, request: Request, next: Next) -> Response {
    // It has no path, so the router cannot answer 405 as for other unknown methods.
    if *request.method() == Method::CONNECT {
        return Problem::new(StatusCode::NOT_IMPLEMENTED, "not_implemented", "The shop is no proxy.").into_response();
    }
    let bounds = Bounds::of(&request);
    let too_large =
        || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("At most {} bytes can be sent here.", bounds.max_bytes));
    if request.body().size_hint().lower() > bounds.max_bytes as u64 {
        return too_large().into_response();
    }
    let exceeded = Exceeded::default();
    let request = request.map(|body| Body::new(LimitedBody::new(body, bounds.max_bytes, exceeded.clone())));
    let handled = std::panic::AssertUnwindSafe(async {
        // A sender who may not upload is refused before the first byte is read, which frees the permit at once.
        let _permit = if bounds.is_upload { layer.uploads.acquire().await.ok() } else { None };
        next.run(request).await
    });
    match tokio::time::timeout(bounds.timeout, handled.catch_unwind()).await {
        Ok(Ok(answer)) if exceeded.is_true() && !answer.status().is_success() => too_large().into_response(),
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => {
            tracing::error!("the handler panicked");
            Problem::unexpected(id).into_response()
        }
        Err(_) => {
            tracing::error!(seconds = bounds.timeout.as_secs(), "no answer in time");
            Problem::new(
                StatusCode::GATEWAY_TIMEOUT,
                "timeout",
                "The answer took too long. Whatever was begun is finished or undone; look before you try again.",
            )
            .into_response()
        }
    }
}

/// The status in logs and metrics of a request whose client disconnected before the answer; it is never sent.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A request that is being answered. Dropped before [`InFlight::end`], its client has disconnected.
struct InFlight {
    began: Instant,
    span: tracing::Span,
    method: &'static str,
    route: String,
    client: IpAddr,
    ended: bool,
}

impl InFlight {
    fn begin(span: tracing::Span, method: &'static str, route: String, client: IpAddr) -> Self {
        gauge!(IN_FLIGHT).increment(1);
        Self { began: Instant::now(), span, method, route, client, ended: false }
    }

    fn end(mut self, status: StatusCode) {
        self.ended = true;
        let elapsed = self.record(status.as_u16());
        histogram!(REQUEST_SECONDS, "route" => self.route.clone()).record(elapsed.as_secs_f64());
    }

    /// Logs and counts the request, and returns how long it took. Only refused and failed requests are logged with the client's address, to
    /// make attacks visible.
    fn record(&self, status: u16) -> Duration {
        let elapsed = self.began.elapsed();
        let milliseconds = elapsed.as_secs_f64() * 1_000.0;
        if status >= 400 && status != CLIENT_CLOSED_REQUEST {
            self.span.record("client", tracing::field::display(self.client));
        }
        self.span.in_scope(|| match status {
            503 => tracing::warn!(status, milliseconds, "answered"),
            CLIENT_CLOSED_REQUEST => tracing::info!(status, milliseconds, "the client went away"),
            // An unknown method is the client's mistake.
            501 => tracing::info!(status, milliseconds, "answered"),
            500.. => tracing::error!(status, milliseconds, "answered"),
            _ => tracing::info!(status, milliseconds, "answered"),
        });
        counter!(REQUESTS, "method" => self.method, "route" => self.route.clone(), "status" => status.to_string()).increment(1);
        elapsed
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        gauge!(IN_FLIGHT).decrement(1);
        if !self.ended {
            self.record(CLIENT_CLOSED_REQUEST);
        }
    }
}

/// A method as logs and metrics name it. Clients can invent methods, so all others share one label.
fn method_label(method: &Method) -> &'static str {
    const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    METHODS.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;
    use axum::Router;
    use axum::extract::ConnectInfo;
    use axum::middleware::from_fn_with_state;
    use axum::routing::{get, post};
    use std::collections::BTreeMap;
    use std::net::SocketAddr;
    use tower::ServiceExt;

    fn layer(trusted: &str) -> RequestLayer {
        let flags = BTreeMap::from([("trusted-proxies", trusted.to_owned())]);
        let config = Sources::gather(&flags, &|_| None, None).unwrap().check().unwrap();
        RequestLayer::new(Proxies::new(&config.trusted_proxies), None)
    }

    #[tokio::test]
    async fn a_request_whose_client_left_is_not_counted_as_in_flight() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let metrics = recorder.handle();
        let _counting = metrics::set_default_local_recorder(&recorder);
        let router = Router::new().route("/slow", get(std::future::pending::<()>)).layer(from_fn_with_state(layer(""), observe));
        let mut asking = Box::pin(router.oneshot(Request::get("/slow").body(Body::empty()).unwrap()));
        assert!(futures::poll!(&mut asking).is_pending());
        assert!(metrics.render().contains(&format!("{IN_FLIGHT} 1")), "{}", metrics.render());
        drop(asking);
        let after = metrics.render();
        assert!(after.contains(&format!("{IN_FLIGHT} 0")) && after.contains("status=\"499\""), "{after}");
    }

    #[tokio::test]
    async fn only_a_trusted_proxy_may_set_the_request_id() {
        let named = "req_0199a0b0c0d07e10b2f3a4b5c6d7e8f9";
        let peer: SocketAddr = "203.0.113.5:9".parse().unwrap();
        for (trusted, kept) in [("", false), ("10.0.0.0/8", false), ("203.0.113.0/24", true)] {
            let router = Router::new().route("/", get(async || ())).layer(from_fn_with_state(layer(trusted), observe));
            let request = Request::get("/").header(REQUEST_ID, named).extension(ConnectInfo(peer)).body(Body::empty()).unwrap();
            let answer = router.oneshot(request).await.unwrap();
            assert_eq!(answer.headers()[REQUEST_ID].to_str().unwrap() == named, kept, "{trusted}");
        }
    }

    #[tokio::test]
    async fn a_body_without_a_length_is_cut_off_too() {
        let router = Router::new().route("/cart", post(async |body: String| body)).layer(from_fn_with_state(layer(""), observe));
        let endless = futures::stream::iter((0..200).map(|_| Ok::<_, std::convert::Infallible>(vec![b'a'; 1024])));
        let answer = router.oneshot(Request::post("/cart").body(Body::from_stream(endless)).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
