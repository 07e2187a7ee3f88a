//! The largest body and the time-out of a request, by its path.
//!
//! No body is read here: it waits in its connection until a handler reads it, and handlers that take files read only after the sender was
//! authenticated (`app/src/router.rs`).

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, header};
use http_body::{Frame, SizeHint};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the request's body, at most.
    pub max_bytes: usize,
    /// Time until the answer begins.
    pub timeout: Duration,
    /// Large uploads are handled a few at a time.
    pub is_upload: bool,
}

const TIMEOUT: Duration = Duration::from_secs(30);

/// For everybody: a cart of 200 lines, an order form with two addresses, a webhook, many times over.
const PUBLIC: Bounds = Bounds { max_bytes: 128 << 10, timeout: TIMEOUT, is_upload: false };
/// Staff's forms, which are refused unread from others: a product of 250 variants.
const STAFF: Bounds = Bounds { max_bytes: 1 << 20, timeout: TIMEOUT, is_upload: false };
/// Staff's pictures and product files. Pictures are resized before the answer.
const UPLOAD: Bounds = Bounds { max_bytes: 40 << 20, timeout: Duration::from_secs(300), is_upload: true };

impl Bounds {
    pub fn of<B>(request: &Request<B>) -> Self {
        let path = request.uri().path();
        let is_multipart =
            request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
        if is_multipart && *request.method() == Method::POST && app::takes_files(path) {
            UPLOAD
        } else if path.starts_with("/api/admin/") || path.starts_with("/admin/") {
            STAFF
        } else {
            PUBLIC
        }
    }
}

/// A body that fails when it is longer than allowed, and sets a flag.
pub struct LimitedBody {
    body: Body,
    bytes_left: usize,
    exceeded: Exceeded,
}

/// Set when a body was longer than allowed.
#[derive(Clone, Default)]
pub struct Exceeded(Arc<AtomicBool>);

impl Exceeded {
    pub fn is_true(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl LimitedBody {
    pub fn new(body: Body, max_bytes: usize, exceeded: Exceeded) -> Self {
        Self { body, bytes_left: max_bytes, exceeded }
    }
}

impl http_body::Body for LimitedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            match self.bytes_left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(left) => self.bytes_left = left,
                None => {
                    self.exceeded.0.store(true, Ordering::Relaxed);
                    return Poll::Ready(Some(Err(axum::Error::new(std::io::Error::other("the body is too large")))));
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
    fn only_addresses_that_take_files_have_large_limits() {
        let files = "multipart/form-data; boundary=edge";
        for path in ["/api/admin/products/picture", "/api/admin/products/import", "/api/admin/settings/logo", "/admin/products/import"] {
            assert_eq!(of(Method::POST, path, files), UPLOAD, "{path}");
            assert_eq!(of(Method::POST, path, "application/x-www-form-urlencoded"), STAFF, "{path}");
        }
        assert_eq!(of(Method::POST, "/api/admin/product/save", files), STAFF);
        for path in ["/webhooks/stripe", "/api/place_order", "/api/sign_in", "/cart", "/checkout", "/", "/api/v1/carts", "/metrics"] {
            assert_eq!(of(Method::POST, path, files), PUBLIC, "{path}");
        }
    }
}
