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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::security::Policy;
    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A door that is open, its address, and what closes it.
    async fn open() -> (tokio::task::JoinHandle<()>, SocketAddr, tokio::sync::oneshot::Sender<()>) {
        let slow = async || {
            tokio::time::sleep(Duration::from_secs(5)).await;
            "slow"
        };
        let router = Router::new().route("/account", get(async || "quick")).route("/slow", get(slow));
        let pages = Arc::new(Pages::new(router, 0, Policy::new(None, None)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (close, closed) = tokio::sync::oneshot::channel();
        let serving = tokio::spawn(serve(listener, pages, async move { drop(closed.await) }));
        (serving, address, close)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_ends_its_request_is_sent_away() {
        let (_serving, address, _close) = open().await;
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET /account HTTP/1.1\r\nhost: shop\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 4096];
        let length = client.read(&mut answer).await.unwrap();
        assert!(String::from_utf8_lossy(&answer[..length]).ends_with("quick"));
        let begun = tokio::time::Instant::now();
        client.write_all(b"GET /account HTTP/1.1\r\nhost: sh").await.unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert!(!String::from_utf8_lossy(&rest).contains("quick"));
        assert!(begun.elapsed() <= PATIENCE + Duration::from_secs(1), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_begun_is_answered_and_what_rests_is_closed_at_the_end() {
        let (serving, address, close) = open().await;
        let mut resting = TcpStream::connect(address).await.unwrap();
        let mut asking = TcpStream::connect(address).await.unwrap();
        asking.write_all(b"GET /slow HTTP/1.1\r\nhost: shop\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        close.send(()).unwrap();
        let mut answer = String::new();
        asking.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close") && answer.ends_with("slow"), "{answer}");
        assert_eq!(resting.read(&mut [0; 1]).await.unwrap(), 0);
        serving.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
