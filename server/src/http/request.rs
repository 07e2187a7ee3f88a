//! Around every request: its id, its log line, its figures, its largest body and its longest time.

use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::id::RequestId;
use futures::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::Limited;
use metrics::{counter, gauge, histogram};
use tracing::Instrument;
use uuid::Uuid;

use super::trouble;
use crate::api::Problem;
use crate::metrics::{IN_FLIGHT, REQUEST_SECONDS, REQUESTS};

/// The header that names a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The largest body of a form or an API call.
const FORM: usize = 1 << 20;
/// The largest photograph or list of goods that staff send.
const UPLOAD: usize = 40 << 20;
/// The longest that an answer may take to begin.
const PATIENCE: Duration = Duration::from_secs(30);
/// For staff's uploads, which are resized while they wait.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(300);

/// The id that a proxy gave this request, when it looks like one of ours, or a new one.
fn id_of(headers: &HeaderMap) -> RequestId {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    given.unwrap_or_else(|| RequestId(Uuid::now_v7()))
}

/// Does staff send photographs or files here?
fn is_upload(request: &Request) -> bool {
    let path = request.uri().path();
    let multipart = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    multipart && !path.starts_with("/api/v1/")
}

/// Gives the request an id, logs it without query, cookie or body (they may name a shopper), counts it, and bounds it.
/// A handler that panics is answered and logged like any other failure.
pub async fn observe(mut request: Request, next: Next) -> Response {
    let id = id_of(request.headers());
    request.extensions_mut().insert(id);
    let (most, patience) = if is_upload(&request) { (UPLOAD, UPLOAD_PATIENCE) } else { (FORM, PATIENCE) };
    let method = request.method().clone();
    let reader = trouble::wants_page(request.uri().path(), request.headers()).then(|| trouble::locale(request.headers()));
    let is_called = trouble::is_server_function(request.uri().path());
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "other".to_owned());
    let span = tracing::info_span!("request", id = %id, method = %method, route = %route);
    let under_way = UnderWay::begin(span.clone(), known(&method), route);
    let answer = async {
        if request.body().size_hint().lower() > most as u64 {
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("At most {most} bytes can be sent here."))
                .into_response();
        }
        let request = request.map(|body| Body::new(Limited::new(body, most)));
        let handled = std::panic::AssertUnwindSafe(next.run(request)).catch_unwind();
        match tokio::time::timeout(patience, handled).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                tracing::error!("the handler panicked");
                unexpected(id)
            }
            Err(_) => {
                tracing::error!(seconds = patience.as_secs(), "no answer in time");
                Problem::new(
                    StatusCode::GATEWAY_TIMEOUT,
                    "timeout",
                    "The answer took too long. Whatever was begun is finished or undone; look before you try again.",
                )
                .into_response()
            }
        }
    };
    let mut answer = answer.instrument(span).await;
    if trouble::is_problem(&answer) {
        answer = match reader {
            Some(locale) => trouble::page(answer, locale, id),
            None if is_called => trouble::told(answer),
            None => answer,
        };
    }
    under_way.end(answer.status());
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        answer.headers_mut().insert(REQUEST_ID, value);
    }
    answer
}

/// How a request ends whose client went away before it was answered; nobody is sent it.
const GONE: u16 = 499;

/// A request that is being answered. Dropped before its end, it is one whose client went away.
struct UnderWay {
    began: Instant,
    span: tracing::Span,
    method: &'static str,
    route: String,
    ended: bool,
}

impl UnderWay {
    fn begin(span: tracing::Span, method: &'static str, route: String) -> Self {
        gauge!(IN_FLIGHT).increment(1);
        Self { began: Instant::now(), span, method, route, ended: false }
    }

    fn end(mut self, status: StatusCode) {
        self.ended = true;
        let took = self.note(status.as_u16());
        histogram!(REQUEST_SECONDS, "route" => self.route.clone()).record(took.as_secs_f64());
    }

    /// Logs and counts how it ended, and says after how long.
    fn note(&self, status: u16) -> Duration {
        let took = self.began.elapsed();
        let milliseconds = took.as_secs_f64() * 1_000.0;
        self.span.in_scope(|| match status {
            GONE => tracing::info!(status, milliseconds, "the client went away"),
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

/// A method as figures count it: clients may make up others, without end.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}

fn unexpected(id: RequestId) -> Response {
    Problem::unexpected(id).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt;

    #[tokio::test]
    async fn whoever_goes_away_is_under_way_no_more() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let figures = recorder.handle();
        let _counting = metrics::set_default_local_recorder(&recorder);
        let router = Router::new().route("/slow", get(std::future::pending::<()>)).layer(from_fn(observe));
        let mut asking = Box::pin(router.oneshot(Request::get("/slow").body(Body::empty()).unwrap()));
        assert!(futures::poll!(&mut asking).is_pending());
        assert!(figures.render().contains(&format!("{IN_FLIGHT} 1")), "{}", figures.render());
        drop(asking);
        let after = figures.render();
        assert!(after.contains(&format!("{IN_FLIGHT} 0")) && after.contains("status=\"499\""), "{after}");
    }
}
