//! The door: takes connections, reads their requests (HTTP/1.1; what terminates TLS stands in front), and sees everybody out.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use futures::future::{BoxFuture, Either, Ready, ready};
use http::{Request, Response};
use http_body_util::{Either as EitherBody, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::cache::Pages;

/// A connection that has sent no whole head for so long is closed: one that rests between requests, or a client that sends a byte
/// now and then to hold it. Longer than proxies keep theirs (60 s), so that they close first.
const PATIENCE: Duration = Duration::from_secs(75);
/// When the system has no room for another connection.
const BREATH: Duration = Duration::from_secs(1);

/// Takes connections until `stop` is done; then answers the requests that have begun, and closes each connection after its own.
pub async fn serve(listener: TcpListener, pages: Arc<Pages>, stop: impl Future<Output = ()>) {
    let (closing, is_closing) = watch::channel(false);
    let mut stop = pin!(stop);
    loop {
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            () = stop.as_mut() => break,
        };
        match taken {
            Ok((stream, peer)) => {
                tokio::spawn(attend(stream, Guest { pages: pages.clone(), peer }, is_closing.clone()));
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken; it is tried again");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop((listener, is_closing));
    closing.send_replace(true);
    closing.closed().await;
}

/// The client went away before it was let in.
fn is_the_clients(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}

/// Serves one connection to its end.
async fn attend(stream: TcpStream, guest: Guest, mut closing: watch::Receiver<bool>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays slow");
    }
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    let mut serving = pin!(http.serve_connection(TokioIo::new(stream), guest));
    let ended = tokio::select! {
        biased;
        served = serving.as_mut() => Some(served),
        _ = closing.wait_for(|closing| *closing) => None,
    };
    let served = match ended {
        Some(served) => served,
        None => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Answers the requests of one connection.
struct Guest {
    pages: Arc<Pages>,
    peer: SocketAddr,
}

type Answer = Response<EitherBody<Full<Bytes>, Body>>;

impl Service<Request<Incoming>> for Guest {
    type Response = Answer;
    type Error = Infallible;
    type Future = Either<Ready<Result<Answer, Infallible>>, BoxFuture<'static, Result<Answer, Infallible>>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        if let Some(answer) = self.pages.at_hand(&request) {
            return Either::Left(ready(Ok(answer.map(EitherBody::Left))));
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let pages = self.pages.clone();
        Either::Right(Box::pin(async move { Ok(pages.answer(request).await.map(EitherBody::Right)) }))
    }
}
