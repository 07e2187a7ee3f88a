//! How much a request may send, and how long it may take, by where it goes.
//!
//! Nothing is read here: a body waits in its connection until a handler asks for it, and handlers that take files ask only after
//! the router has found out who sent it (`app/src/router.rs`).

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, header};
use http_body::{Frame, SizeHint};

/// What a request may send and how long its answer may take to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of its body.
    pub bytes: usize,
    /// Until its answer begins.
    pub time: Duration,
    /// Is it one of the few that may be large? They are taken a few at a time.
    pub has_files: bool,
}

const SECONDS: Duration = Duration::from_secs(30);

/// What anybody may send: a cart of 200 lines, an order form with two addresses, a webhook, many times over.
const ANYBODY: Bounds = Bounds { bytes: 128 << 10, time: SECONDS, has_files: false };
/// Staff's forms, which are refused unread when others send them: a product of 250 variants.
const STAFF: Bounds = Bounds { bytes: 1 << 20, time: SECONDS, has_files: false };
/// Staff's photographs and lists of goods. Photographs are resized while they wait.
const FILES: Bounds = Bounds { bytes: 40 << 20, time: Duration::from_secs(300), has_files: true };

impl Bounds {
    /// What this request may do.
    pub fn of<B>(request: &Request<B>) -> Self {
        let path = request.uri().path();
        let multipart = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
        if multipart && *request.method() == Method::POST && app::takes_files(path) {
            FILES
        } else if path.starts_with("/api/admin/") || path.starts_with("/admin/") {
            STAFF
        } else {
            ANYBODY
        }
    }
}

/// A body that breaks off when it is longer than it may be, and remembers that it was.
pub struct Bounded {
    body: Body,
    left: usize,
    passed: Passed,
}

/// Was more sent than may be?
#[derive(Clone, Default)]
pub struct Passed(Arc<AtomicBool>);

impl Passed {
    /// Was it?
    pub fn is_true(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Bounded {
    /// At most so many bytes of this body.
    pub fn new(body: Body, most: usize, passed: Passed) -> Self {
        Self { body, left: most, passed }
    }
}

impl http_body::Body for Bounded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            match self.left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(left) => self.left = left,
                None => {
                    self.passed.0.store(true, Ordering::Relaxed);
                    return Poll::Ready(Some(Err(axum::Error::new(std::io::Error::other("longer than may be sent here")))));
                }
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: Method, path: &str, kind: &str) -> Bounds {
        Bounds::of(&Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, kind).body(()).unwrap())
    }

    #[test]
    fn only_what_takes_files_may_be_large() {
        let files = "multipart/form-data; boundary=edge";
        for path in ["/api/admin/products/picture", "/api/admin/products/import", "/api/admin/settings/logo", "/admin/products/import"] {
            assert_eq!(of(Method::POST, path, files), FILES, "{path}");
            assert_eq!(of(Method::POST, path, "application/x-www-form-urlencoded"), STAFF, "{path}");
        }
        assert_eq!(of(Method::POST, "/api/admin/product/save", files), STAFF);
        for path in ["/webhooks/stripe", "/api/place_order", "/api/sign_in", "/cart", "/checkout", "/", "/api/v1/carts", "/metrics"] {
            assert_eq!(of(Method::POST, path, files), ANYBODY, "{path}");
        }
    }
}
