//! Answers the requests of one connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::response::IntoResponse;
use bytes::Bytes;
use futures::future::{self, BoxFuture, Ready, ready};
use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::service::Service;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::AbortOnDropHandle;

use super::activity::{Activity, TrackedAnswer, TrackedRequest};
use crate::api::Problem;
use crate::cache::PageCache;

/// The service of one connection. The permit counts it towards the limit.
pub(super) struct ConnectionService {
    pages: Arc<PageCache>,
    peer: SocketAddr,
    activity: Arc<Activity>,
    workers: Handle,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionService {
    pub(super) fn new(pages: Arc<PageCache>, peer: SocketAddr, workers: Handle, permit: OwnedSemaphorePermit) -> Self {
        Self { pages, peer, activity: Arc::default(), workers, _permit: permit }
    }

    pub(super) fn activity(&self) -> Arc<Activity> {
        self.activity.clone()
    }
}

/// Whether the request has exactly one `Host`. A proxy in front might otherwise read another one than this program (RFC 9112, 3.2).
fn has_one_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(_), None) => true,
        (None, _) => request.version() == Version::HTTP_10,
        (Some(_), Some(_)) => false,
    }
}

fn host_problem() -> Answer {
    let mut answer = Problem::malformed("A request names its host, once.").into_response();
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer.map(|body| Either::Right(TrackedAnswer::new(body, Arc::default())))
}

type Answer = Response<Either<Full<Bytes>, TrackedAnswer>>;

impl Service<Request<Incoming>> for ConnectionService {
    type Response = Answer;
    type Error = Infallible;
    type Future = future::Either<Ready<Result<Answer, Infallible>>, BoxFuture<'static, Result<Answer, Infallible>>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.activity.touch();
        if !has_one_host(&request) {
            return future::Either::Left(ready(Ok(host_problem())));
        }
        if let Some(answer) = self.pages.cached_response(&request) {
            return future::Either::Left(ready(Ok(answer.map(Either::Left))));
        }
        let mut request = request.map(|body| TrackedRequest::body(body, &self.activity));
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let (pages, activity) = (self.pages.clone(), self.activity.clone());
        let task = AbortOnDropHandle::new(self.workers.spawn(async move { pages.answer(request).await }));
        future::Either::Right(Box::pin(async move {
            let answer = task.await.unwrap_or_else(|failed| match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Cancelled: the grace period of the shutdown is over.
                Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            });
            Ok(answer.map(|body| Either::Right(TrackedAnswer::new(body, activity))))
        }))
    }
}
