//! The door: takes connections, reads their requests (HTTP/1.1; what terminates TLS stands in front), and sees everybody out.
//!
//! Connections are held in [`Halls`], threads with a loop each that share nothing: what is at hand is answered there and wakes
//! nobody. Everything else is worked on by the runtime that opened the door, whose threads help each other.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse;
use bytes::Bytes;
use futures::future::{self, BoxFuture, Ready, ready};
use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use http_body::{Frame, SizeHint};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::api::Problem;
use crate::cache::Pages;

/// A connection on which nothing has begun and nothing is under way for so long is closed: one that rests between requests, a
/// client that sends a byte now and then to hold it, or one that does not read its answer. Longer than proxies keep theirs (60 s),
/// so that they close first.
const PATIENCE: Duration = Duration::from_secs(75);
/// How often connections look whether they rest for too long.
const LOOKS: Duration = Duration::from_secs(5);
/// How long a connection may rest while others wait for a place.
const CROWDED: Duration = Duration::from_secs(2);
/// How long a client may send its request while others wait for a place: one that sends a byte a second is in nobody's way before.
const SENDING: Duration = Duration::from_secs(10);
/// Bytes of a request that are read before somebody asks for them; its head must fit.
const AHEAD: usize = 64 << 10;
/// When the system has no room for another connection.
const BREATH: Duration = Duration::from_secs(1);

/// What connections are told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Whoever rests for so long may go.
    Look(Duration),
    /// End after what is under way.
    Close,
}

/// Somebody who has come in.
struct Arrival {
    stream: std::net::TcpStream,
    guest: Guest,
    told: watch::Receiver<Word>,
}

/// Places for connections: as many as are wanted, and no more than three quarters of the files that the system lets the program
/// open, for the database and the site need some too.
#[must_use]
pub fn places(wanted: u32) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse::<usize>().ok());
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
    files.map_or(wanted, |files| wanted.min(files / 4 * 3)).max(1)
}

/// Threads that hold connections, each as many as the others. Without any, the workers hold them too.
pub struct Halls {
    pages: Arc<Pages>,
    workers: Handle,
    halls: Vec<mpsc::UnboundedSender<Arrival>>,
    next: usize,
    room: Arc<Semaphore>,
}

impl Halls {
    /// Opens so many, for at most so many connections together; they close when this is dropped. Called in the runtime of the
    /// workers.
    ///
    /// # Errors
    /// The system's, when it has no more threads.
    pub fn open(count: usize, connections: usize, pages: Arc<Pages>) -> std::io::Result<Self> {
        let halls = (0..count).map(|_| hall()).collect::<Result<_, _>>()?;
        Ok(Self { pages, workers: Handle::current(), halls, next: 0, room: Arc::new(Semaphore::new(connections)) })
    }

    fn take(
        &mut self,
        (stream, peer): (TcpStream, SocketAddr),
        place: OwnedSemaphorePermit,
        told: watch::Receiver<Word>,
    ) -> std::io::Result<()> {
        let guest = Guest { pages: self.pages.clone(), peer, life: Arc::default(), workers: self.workers.clone(), _place: place };
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
    let tell = watch::Sender::new(Word::Look(PATIENCE));
    let mut looks = tokio::time::interval(LOOKS);
    let mut stop = pin!(stop);
    let mut crowded = false;
    loop {
        let entering = enter(&listener, &halls.room);
        let taken = tokio::select! {
            taken = entering => taken,
            _ = looks.tick() => {
                // With every place taken, whoever rests gives theirs to those who wait at the door.
                let full = halls.room.available_permits() == 0;
                if full && !crowded {
                    tracing::warn!("every place for a connection is taken; those that rest are closed early");
                }
                crowded = full;
                tell.send_replace(Word::Look(if full { CROWDED } else { PATIENCE }));
                continue;
            }
            () = stop.as_mut() => break,
        };
        match taken {
            Ok((place, connection)) => {
                // It hears what is said from now on, also while it waits for its hall.
                if let Err(error) = halls.take(connection, place, tell.subscribe()) {
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

/// The next connection, when there is a place for it. Until then it waits with the system.
async fn enter(listener: &TcpListener, room: &Arc<Semaphore>) -> std::io::Result<(OwnedSemaphorePermit, (TcpStream, SocketAddr))> {
    let place = Arc::clone(room).acquire_owned().await.map_err(std::io::Error::other)?;
    Ok((place, listener.accept().await?))
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
    let mut serving = pin!(http1::Builder::new().max_buf_size(AHEAD).serve_connection(TokioIo::new(stream), guest));
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
            Word::Look(patience) if life.rests_for(patience) || life.sends_for_too_long(patience) => return,
            Word::Look(_) => {}
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// What happens on a connection. Requests and answers that take a while hold it as long as they do.
struct Life {
    came: Instant,
    /// Milliseconds after it came at which something last happened.
    last: AtomicU64,
    /// An answer waits for its reader, and not for the shop.
    unread: AtomicBool,
    /// Milliseconds after it came at which a request began whose body is not here yet; 0 when there is none.
    sending: AtomicU64,
}

impl Default for Life {
    fn default() -> Self {
        Self { came: Instant::now(), last: AtomicU64::new(0), unread: AtomicBool::new(false), sending: AtomicU64::new(0) }
    }
}

impl Life {
    /// Something happens.
    fn stirs(&self) {
        self.last.store(self.millis(), Ordering::Relaxed);
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.came.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Has a client been sending the same request for longer than it may while others wait?
    fn sends_for_too_long(&self, patience: Duration) -> bool {
        let since = self.sending.load(Ordering::Relaxed);
        patience == CROWDED && since > 0 && self.came.elapsed() >= SENDING + Duration::from_millis(since)
    }

    /// Is nothing under way, or only what the client does not read, and that for so long? The connection's task and its guest hold
    /// the life as well.
    fn rests_for(self: &Arc<Self>, patience: Duration) -> bool {
        let busy = Arc::strong_count(self) > 2 && !self.unread.load(Ordering::Relaxed);
        !busy && self.came.elapsed() >= patience + Duration::from_millis(self.last.load(Ordering::Relaxed))
    }
}

/// Answers the requests of one connection.
struct Guest {
    pages: Arc<Pages>,
    peer: SocketAddr,
    life: Arc<Life>,
    workers: Handle,
    _place: OwnedSemaphorePermit,
}

/// Does the request name the host it is for, once? What stands in front might else have read another one than we do (RFC 9112, 3.2).
fn names_its_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(_), None) => true,
        (None, _) => request.version() == Version::HTTP_10,
        (Some(_), Some(_)) => false,
    }
}

fn hostless() -> Answer {
    let mut answer = Problem::malformed("A request names its host, once.").into_response();
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer.map(|body| Either::Right(Lasting { body, life: Arc::default() }))
}

type Answer = Response<Either<Full<Bytes>, Lasting>>;

impl Service<Request<Incoming>> for Guest {
    type Response = Answer;
    type Error = Infallible;
    type Future = future::Either<Ready<Result<Answer, Infallible>>, BoxFuture<'static, Result<Answer, Infallible>>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.life.stirs();
        if !names_its_host(&request) {
            return future::Either::Left(ready(Ok(hostless())));
        }
        if let Some(answer) = self.pages.at_hand(&request) {
            return future::Either::Left(ready(Ok(answer.map(Either::Left))));
        }
        let mut request = request.map(|body| Sent::new(body, &self.life));
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let (pages, life) = (self.pages.clone(), self.life.clone());
        let work = AbortOnDropHandle::new(self.workers.spawn(async move { pages.answer(request).await }));
        future::Either::Right(Box::pin(async move {
            let answer = work.await.unwrap_or_else(|failed| match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The workers end before their guests only when time is up.
                Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            });
            Ok(answer.map(|body| Either::Right(Lasting { body, life })))
        }))
    }
}

/// The body of a request while it comes in.
struct Sent {
    body: Incoming,
    life: Arc<Life>,
}

impl Sent {
    fn new(body: Incoming, life: &Arc<Life>) -> Body {
        if http_body::Body::is_end_stream(&body) {
            return Body::new(body);
        }
        life.sending.store(life.millis().max(1), Ordering::Relaxed);
        Body::new(Self { body, life: life.clone() })
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.life.sending.store(0, Ordering::Relaxed);
    }
}

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if !matches!(polled, Poll::Ready(Some(Ok(_))) | Poll::Pending) {
            self.life.sending.store(0, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer that may take a while, a stream of events for example.
struct Lasting {
    body: Body,
    life: Arc<Life>,
}

impl Drop for Lasting {
    fn drop(&mut self) {
        self.life.stirs();
        self.life.unread.store(false, Ordering::Relaxed);
    }
}

impl http_body::Body for Lasting {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        // Whoever was given a piece asks for the next one when the client has read enough of it.
        self.life.stirs();
        self.life.unread.store(polled.is_ready(), Ordering::Relaxed);
        polled
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
        open_for(100).await
    }

    /// The same for so many connections.
    async fn open_for(most: usize) -> (tokio::task::JoinHandle<()>, SocketAddr, tokio::sync::oneshot::Sender<()>) {
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
        let large = async || Body::from_stream(futures::stream::repeat_with(|| Ok::<_, Infallible>(vec![b'a'; 1 << 16])));
        let router = Router::new().route("/account", get(async || "quick")).route("/slow", get(slow)).route("/long", get(long));
        let read = axum::routing::post(async |body: Bytes| body.len().to_string());
        let router = router.route("/large", get(large)).route("/read", read);
        let pages = Arc::new(Pages::new(router, 0, Policy::new(None, None)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (close, closed) = tokio::sync::oneshot::channel();
        let halls = Halls::open(0, most, pages).unwrap();
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
        let begun = Instant::now();
        client.write_all(b"GET /account HTTP/1.1\r\nhost: sh").await.unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert!(!String::from_utf8_lossy(&rest).contains("quick"));
        assert!(begun.elapsed() >= PATIENCE && begun.elapsed() <= PATIENCE + LOOKS, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_rests_is_closed_when_the_documentation_says() {
        let (_serving, address, _close) = open().await;
        tokio::time::sleep(LOOKS / 2).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let begun = Instant::now();
        assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
        assert!(begun.elapsed() >= PATIENCE && begun.elapsed() <= PATIENCE + LOOKS, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_its_answer_is_sent_away() {
        let (_serving, address, _close) = open().await;
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET /large HTTP/1.1\r\nhost: shop\r\n\r\n").await.unwrap();
        tokio::time::sleep(PATIENCE + LOOKS * 2).await;
        let mut rest = vec![0; 1 << 16];
        loop {
            match client.read(&mut rest).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_rests_gives_their_place_to_those_who_wait() {
        let (_serving, address, _close) = open_for(2).await;
        let _resting = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        let begun = Instant::now();
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET /account HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("quick") && begun.elapsed() <= LOOKS * 2, "{:?} {answer}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_names_its_host_once() {
        let (_serving, address, _close) = open().await;
        for (hosts, status) in [("", "400"), ("host: a\r\nhost: b\r\n", "400"), ("host: a\r\n", "200")] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(format!("GET /account HTTP/1.1\r\n{hosts}connection: close\r\n\r\n").as_bytes()).await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{hosts:?} {answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_a_request_byte_by_byte_makes_room_for_others() {
        let (_serving, address, _close) = open_for(1).await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"POST /read HTTP/1.1\r\nhost: shop\r\ncontent-length: 1000\r\n\r\n").await.unwrap();
        let dripping = tokio::spawn(async move {
            let mut sent = 0_u32;
            while sent < 600 && slow.write_all(b"a").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
                sent += 1;
            }
            sent
        });
        let begun = Instant::now();
        let mut next = TcpStream::connect(address).await.unwrap();
        next.write_all(b"GET /account HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        next.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("quick"), "{answer}");
        assert!(begun.elapsed() >= SENDING && begun.elapsed() <= SENDING + LOOKS * 2, "{:?}", begun.elapsed());
        assert!(dripping.await.unwrap() < 30);
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
