//! The door: takes connections, reads their requests (HTTP/1.1; what terminates TLS stands in front), and sees everybody out.
//!
//! Connections are held in [`Halls`], threads with a loop each that share nothing: what is at hand is answered there and wakes
//! nobody. Everything else is worked on by the runtime that opened the door, whose threads help each other.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse;
use bytes::Bytes;
use futures::future::{self, BoxFuture, Ready, ready};
use http::{Request, Response, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::cache::Pages;

/// A connection on which nothing has begun and nothing is under way for so long is closed: one that rests between requests, or a
/// client that sends a byte now and then to hold it. Longer than proxies keep theirs (60 s), so that they close first.
const PATIENCE: Duration = Duration::from_secs(75);
/// When the system has no room for another connection.
const BREATH: Duration = Duration::from_secs(1);

/// What connections are told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Whoever rests since the last time may go.
    Look,
    /// End after what is under way.
    Close,
}

/// Somebody who has come in.
struct Arrival {
    stream: std::net::TcpStream,
    guest: Guest,
    told: watch::Receiver<Word>,
}

/// Threads that hold connections, each as many as the others. Without any, the workers hold them too.
pub struct Halls {
    pages: Arc<Pages>,
    workers: Handle,
    halls: Vec<mpsc::UnboundedSender<Arrival>>,
    next: usize,
}

impl Halls {
    /// Opens so many; they close when this is dropped. Called in the runtime of the workers.
    ///
    /// # Errors
    /// The system's, when it has no more threads.
    pub fn open(count: usize, pages: Arc<Pages>) -> std::io::Result<Self> {
        let halls = (0..count).map(|_| hall()).collect::<Result<_, _>>()?;
        Ok(Self { pages, workers: Handle::current(), halls, next: 0 })
    }

    fn take(&mut self, stream: TcpStream, peer: SocketAddr, told: watch::Receiver<Word>) -> std::io::Result<()> {
        let guest = Guest { pages: self.pages.clone(), peer, life: Arc::default(), workers: self.workers.clone() };
        self.next = (self.next + 1) % self.halls.len().max(1);
        match self.halls.get(self.next) {
            // A hall ends with the door only.
            Some(hall) => drop(hall.send(Arrival { stream: stream.into_std()?, guest, told })),
            None => drop(tokio::spawn(attend(stream, guest, told))),
        }
        Ok(())
    }
}

fn hall() -> std::io::Result<mpsc::UnboundedSender<Arrival>> {
    let (hall, mut arrivals) = mpsc::unbounded_channel::<Arrival>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let attending = async move {
        while let Some(Arrival { stream, guest, told }) = arrivals.recv().await {
            match TcpStream::from_std(stream) {
                Ok(stream) => drop(tokio::spawn(attend(stream, guest, told))),
                Err(error) => tracing::error!(%error, "a connection cannot be held"),
            }
        }
    };
    std::thread::Builder::new().name("hall".into()).spawn(move || runtime.block_on(attending))?;
    Ok(hall)
}

/// Takes connections until `stop` is done; then answers the requests that have begun, and closes each connection after its own.
pub async fn serve(listener: TcpListener, mut halls: Halls, stop: impl Future<Output = ()>) {
    let tell = watch::Sender::new(Word::Look);
    let mut looks = tokio::time::interval(PATIENCE);
    let mut stop = pin!(stop);
    loop {
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            _ = looks.tick() => {
                tell.send_replace(Word::Look);
                continue;
            }
            () = stop.as_mut() => break,
        };
        match taken {
            Ok((stream, peer)) => {
                // It hears what is said from now on, also while it waits for its hall.
                if let Err(error) = halls.take(stream, peer, tell.subscribe()) {
                    tracing::error!(%error, "a connection cannot be held");
                }
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken; it is tried again");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    tell.send_replace(Word::Close);
    tell.closed().await;
}

/// The client went away before it was let in.
fn is_the_clients(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}

/// Serves one connection to its end.
async fn attend(stream: TcpStream, guest: Guest, mut told: watch::Receiver<Word>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection stays slow");
    }
    let life = guest.life.clone();
    let mut serving = pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), guest));
    // What had begun at the last look; a connection that came after it has until the next one but one.
    let mut seen = None;
    let served = loop {
        let word = tokio::select! {
            biased;
            served = serving.as_mut() => break served,
            _ = told.changed() => *told.borrow_and_update(),
        };
        match word {
            Word::Close => {
                serving.as_mut().graceful_shutdown();
                break serving.await;
            }
            Word::Look if seen == Some(life.begun()) && !life.is_busy() => return,
            Word::Look => seen = Some(life.begun()),
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// What happens on a connection. Requests and answers that take a while hold it as long as they do.
#[derive(Default)]
struct Life(AtomicU64);

impl Life {
    /// Requests that have begun so far.
    fn begun(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn begin(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Is anything under way? The connection's task and its guest hold the life as well.
    fn is_busy(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 2
    }
}

/// Answers the requests of one connection.
struct Guest {
    pages: Arc<Pages>,
    peer: SocketAddr,
    life: Arc<Life>,
    workers: Handle,
}

type Answer = Response<Either<Full<Bytes>, Lasting>>;

impl Service<Request<Incoming>> for Guest {
    type Response = Answer;
    type Error = Infallible;
    type Future = future::Either<Ready<Result<Answer, Infallible>>, BoxFuture<'static, Result<Answer, Infallible>>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.life.begin();
        if let Some(answer) = self.pages.at_hand(&request) {
            return future::Either::Left(ready(Ok(answer.map(Either::Left))));
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let (pages, life) = (self.pages.clone(), self.life.clone());
        let work = AbortOnDropHandle::new(self.workers.spawn(async move { pages.answer(request).await }));
        future::Either::Right(Box::pin(async move {
            let answer = work.await.unwrap_or_else(|failed| match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The workers end before their guests only when time is up.
                Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            });
            Ok(answer.map(|body| Either::Right(Lasting { body, _life: life })))
        }))
    }
}

/// The body of an answer that may take a while, a stream of events for example.
struct Lasting {
    body: Body,
    _life: Arc<Life>,
}

impl http_body::Body for Lasting {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::security::Policy;
    use axum::Router;
    use axum::routing::get;
    use futures::StreamExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A door that is open, its address, and what closes it.
    async fn open() -> (tokio::task::JoinHandle<()>, SocketAddr, tokio::sync::oneshot::Sender<()>) {
        let slow = async || {
            tokio::time::sleep(Duration::from_secs(5)).await;
            "slow"
        };
        let long = async || {
            let late = futures::stream::once(async {
                tokio::time::sleep(PATIENCE * 5).await;
                "done"
            });
            Body::from_stream(futures::stream::iter(["begun"]).chain(late).map(Ok::<_, Infallible>))
        };
        let router = Router::new().route("/account", get(async || "quick")).route("/slow", get(slow)).route("/long", get(long));
        let pages = Arc::new(Pages::new(router, 0, Policy::new(None, None)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (close, closed) = tokio::sync::oneshot::channel();
        let halls = Halls::open(0, pages).unwrap();
        let serving = tokio::spawn(serve(listener, halls, async move { drop(closed.await) }));
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
        assert!(begun.elapsed() <= PATIENCE * 2, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_just_before_a_look_has_until_the_next_one() {
        let (_serving, address, _close) = open().await;
        tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let begun = tokio::time::Instant::now();
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
        assert!(begun.elapsed() >= PATIENCE, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_takes_long_is_waited_for() {
        let (_serving, address, _close) = open().await;
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET /long HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("begun") && answer.contains("done"), "{answer}");
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
