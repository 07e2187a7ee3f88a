//! Accepts connections, reads their requests (HTTP/1.1; a proxy in front terminates TLS), and closes them at shutdown.
//!
//! Connections live on [`ConnectionThreads`], each with an event loop of its own: a page from the cache is answered there without waking
//! another thread. All other requests are handled by the runtime that started the threads, whose workers share their load.

mod activity;
mod service;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::cache::PageCache;
use service::ConnectionService;

/// An idle connection is closed after this time: one between two requests, one whose client sends a byte now and then to keep it open,
/// and one whose client does not read the answer. Longer than proxies keep idle connections (60 s), so that they close first.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// How often connections check whether they have been idle for too long.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);
/// The idle time-out while the limit of connections is reached.
const IDLE_TIMEOUT_WHEN_FULL: Duration = Duration::from_secs(2);
/// How long a client may take to send a request's body while the limit of connections is reached.
const SEND_TIMEOUT_WHEN_FULL: Duration = Duration::from_secs(10);
/// The size of a connection's read buffer. The head of a request must fit into it.
const READ_BUFFER_BYTES: usize = 64 << 10;
/// The pause after the system refused another connection, as when it is out of file handles.
const ACCEPT_BACKOFF: Duration = Duration::from_secs(1);

/// What is sent to all connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signal {
    /// Close if idle for this long.
    SweepIdle(Duration),
    /// Close after the current request.
    Close,
}

/// A connection that is handed to the thread that serves it.
struct Accepted {
    stream: std::net::TcpStream,
    service: ConnectionService,
    signals: watch::Receiver<Signal>,
}

/// The limit of connections: as configured, and at most three quarters of the files that the system lets the program open, because the
/// database and the site need some too.
#[must_use]
pub fn limit(configured: u32) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse::<usize>().ok());
    let configured = usize::try_from(configured).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
    files.map_or(configured, |files| configured.min(files / 4 * 3)).max(1)
}

/// Threads that serve connections, which are dealt to them in turn. Without any, the runtime's workers serve them.
pub struct ConnectionThreads {
    pages: Arc<PageCache>,
    workers: Handle,
    threads: Vec<mpsc::UnboundedSender<Accepted>>,
    next: usize,
    permits: Arc<Semaphore>,
}

impl ConnectionThreads {
    /// Starts `count` threads for at most `connections` connections together. They end when this is dropped. Called on the runtime that
    /// handles the requests.
    ///
    /// # Errors
    /// The system's, when it has no more threads.
    pub fn start(count: usize, connections: usize, pages: Arc<PageCache>) -> std::io::Result<Self> {
        let threads = (0..count).map(|_| start_thread()).collect::<Result<_, _>>()?;
        Ok(Self { pages, workers: Handle::current(), threads, next: 0, permits: Arc::new(Semaphore::new(connections)) })
    }

    fn dispatch(
        &mut self,
        (stream, peer): (TcpStream, SocketAddr),
        permit: OwnedSemaphorePermit,
        signals: watch::Receiver<Signal>,
    ) -> std::io::Result<()> {
        let service = ConnectionService::new(self.pages.clone(), peer, self.workers.clone(), permit);
        self.next = (self.next + 1) % self.threads.len().max(1);
        match self.threads.get(self.next) {
            // The threads outlive all connections.
            Some(thread) => drop(thread.send(Accepted { stream: stream.into_std()?, service, signals })),
            None => drop(tokio::spawn(serve_connection(stream, service, signals))),
        }
        Ok(())
    }
}

fn start_thread() -> std::io::Result<mpsc::UnboundedSender<Accepted>> {
    let (sender, mut accepted) = mpsc::unbounded_channel::<Accepted>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let event_loop = async move {
        while let Some(Accepted { stream, service, signals }) = accepted.recv().await {
            match TcpStream::from_std(stream) {
                Ok(stream) => drop(tokio::spawn(serve_connection(stream, service, signals))),
                Err(error) => tracing::error!(%error, "a connection cannot be served"),
            }
        }
    };
    std::thread::Builder::new().name("connections".into()).spawn(move || runtime.block_on(event_loop))?;
    Ok(sender)
}

/// Accepts connections until `stop` completes; then answers the requests that have begun, and closes each connection after its own.
pub async fn serve(listener: TcpListener, mut threads: ConnectionThreads, stop: impl Future<Output = ()>) {
    let signals = watch::Sender::new(Signal::SweepIdle(IDLE_TIMEOUT));
    let mut sweeps = tokio::time::interval(SWEEP_INTERVAL);
    let mut stop = pin!(stop);
    let mut was_full = false;
    loop {
        let accepting = accept(&listener, &threads.permits);
        let accepted = tokio::select! {
            accepted = accepting => accepted,
            _ = sweeps.tick() => {
                // At the limit idle connections are closed early, for those that wait to be accepted.
                let is_full = threads.permits.available_permits() == 0;
                if is_full && !was_full {
                    tracing::warn!("the limit of connections is reached; idle ones are closed early");
                }
                was_full = is_full;
                signals.send_replace(Signal::SweepIdle(if is_full { IDLE_TIMEOUT_WHEN_FULL } else { IDLE_TIMEOUT }));
                continue;
            }
            () = stop.as_mut() => break,
        };
        match accepted {
            Ok((permit, connection)) => {
                // Subscribed now, so that no signal is missed on the way to the thread.
                if let Err(error) = threads.dispatch(connection, permit, signals.subscribe()) {
                    tracing::error!(%error, "a connection cannot be served");
                }
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted; it is tried again");
                tokio::time::sleep(ACCEPT_BACKOFF).await;
            }
        }
    }
    drop(listener);
    signals.send_replace(Signal::Close);
    signals.closed().await;
}

/// The next connection, once there is a permit for it. Until then it waits in the system's backlog.
async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> std::io::Result<(OwnedSemaphorePermit, (TcpStream, SocketAddr))> {
    let permit = Arc::clone(permits).acquire_owned().await.map_err(std::io::Error::other)?;
    Ok((permit, listener.accept().await?))
}

/// The client closed the connection before it was accepted.
fn is_the_clients(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}

/// Serves one connection to its end.
async fn serve_connection(stream: TcpStream, service: ConnectionService, mut signals: watch::Receiver<Signal>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let activity = service.activity();
    let mut serving = pin!(http1::Builder::new().max_buf_size(READ_BUFFER_BYTES).serve_connection(TokioIo::new(stream), service));
    let served = loop {
        let signal = tokio::select! {
            biased;
            served = serving.as_mut() => break served,
            _ = signals.changed() => *signals.borrow_and_update(),
        };
        match signal {
            Signal::Close => {
                serving.as_mut().graceful_shutdown();
                break serving.await;
            }
            Signal::SweepIdle(timeout) if activity.is_idle_for(timeout) => return,
            // Only at the limit of connections is the time to send a request bounded as well.
            Signal::SweepIdle(IDLE_TIMEOUT_WHEN_FULL) if activity.is_sending_for(SEND_TIMEOUT_WHEN_FULL) => return,
            Signal::SweepIdle(_) => {}
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection was broken off");
    }
}
