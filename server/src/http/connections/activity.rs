//! Tracks activity on a connection, to close idle ones.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

/// The activity of a connection. Requests under way and answers that are being sent hold a reference.
pub(super) struct Activity {
    accepted: Instant,
    /// Milliseconds from `accepted` to the last activity.
    last_ms: AtomicU64,
    /// A part of an answer waits for the client to read it, not for the shop.
    is_unread: AtomicBool,
    /// Milliseconds from `accepted` to the begin of the request whose body is still being received; 0 when there is none.
    sending_since_ms: AtomicU64,
}

impl Default for Activity {
    fn default() -> Self {
        let (last_ms, is_unread, sending_since_ms) = (AtomicU64::new(0), AtomicBool::new(false), AtomicU64::new(0));
        Self { accepted: Instant::now(), last_ms, is_unread, sending_since_ms }
    }
}

impl Activity {
    pub(super) fn touch(&self) {
        self.last_ms.store(self.elapsed_ms(), Ordering::Relaxed);
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.accepted.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether the client has been sending the body of one request for this long.
    pub(super) fn is_sending_for(&self, time: Duration) -> bool {
        let since = self.sending_since_ms.load(Ordering::Relaxed);
        since > 0 && self.accepted.elapsed() >= time + Duration::from_millis(since)
    }

    /// Whether nothing happened for this long, or the client did not read for this long. The connection's task and its service hold a
    /// reference each, anything under way holds more.
    pub(super) fn is_idle_for(self: &Arc<Self>, time: Duration) -> bool {
        let is_busy = Arc::strong_count(self) > 2 && !self.is_unread.load(Ordering::Relaxed);
        !is_busy && self.accepted.elapsed() >= time + Duration::from_millis(self.last_ms.load(Ordering::Relaxed))
    }
}

/// The body of a request while it is received.
pub(super) struct TrackedRequest {
    body: Incoming,
    activity: Arc<Activity>,
}

impl TrackedRequest {
    pub(super) fn body(body: Incoming, activity: &Arc<Activity>) -> Body {
        if http_body::Body::is_end_stream(&body) {
            return Body::new(body);
        }
        activity.sending_since_ms.store(activity.elapsed_ms().max(1), Ordering::Relaxed);
        Body::new(Self { body, activity: activity.clone() })
    }
}

impl Drop for TrackedRequest {
    fn drop(&mut self) {
        self.activity.sending_since_ms.store(0, Ordering::Relaxed);
    }
}

impl http_body::Body for TrackedRequest {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let is_over = match &polled {
            Poll::Pending => false,
            Poll::Ready(Some(Ok(_))) => self.body.is_end_stream(),
            Poll::Ready(_) => true,
        };
        if is_over {
            self.activity.sending_since_ms.store(0, Ordering::Relaxed);
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
pub(super) struct TrackedAnswer {
    body: Body,
    activity: Arc<Activity>,
}

impl TrackedAnswer {
    pub(super) const fn new(body: Body, activity: Arc<Activity>) -> Self {
        Self { body, activity }
    }
}

impl Drop for TrackedAnswer {
    fn drop(&mut self) {
        self.activity.touch();
        self.activity.is_unread.store(false, Ordering::Relaxed);
    }
}

impl http_body::Body for TrackedAnswer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        // The next part is produced when the client has read enough of this one.
        self.activity.touch();
        self.activity.is_unread.store(polled.is_ready(), Ordering::Relaxed);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
