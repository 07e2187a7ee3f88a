//! The sandbox card gateway.
//!
//! It speaks the public wire format of Stripe's payment intents, so that a shop's adapter for the real gateway runs against it unchanged:
//! form-encoded requests, a `Bearer sk_test_…` key, `Idempotency-Key`, JSON answers and errors, signed webhooks. Beside the API it has the
//! pages a shopper sees: the card page and the bank's authentication page. Tests control it by `/_control/…`.

mod api;
mod books;
mod cards;
mod charges;
mod control;
pub mod earlier;
mod errors;
mod form;
mod idempotency;
mod intents;
mod ledger;
mod pages;
mod request;
pub mod webhooks;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    http::{Method, Uri},
};
use tokio::{sync::watch, time::sleep};

use books::Books;
use errors::ApiError;
use idempotency::Answers;
use webhooks::Webhooks;

/// The version of the wire format, as events and answers name it.
pub(crate) const API_VERSION: &str = "2024-06-20";

/// The gateway, shared by its routes.
#[derive(Debug, Clone)]
pub struct Gateway {
    sandbox: Arc<Mutex<Sandbox>>,
    webhooks: Webhooks,
    stopping: watch::Receiver<bool>,
}

/// The state, which one request at a time changes.
#[derive(Debug)]
struct Sandbox {
    books: Books,
    answers: Answers,
    hold: Duration,
    fail_next: u32,
    fail_reads: u32,
}

impl Gateway {
    /// A gateway at `base`, its own address as browsers see it. `hold` is how long the late card keeps a client waiting.
    pub fn new(base: &str, hold: Duration, webhooks: Webhooks, stopping: watch::Receiver<bool>) -> Self {
        let sandbox = Sandbox { books: Books::at(base), answers: Answers::default(), hold, fail_next: 0, fail_reads: 0 };
        Self { sandbox: Arc::new(Mutex::new(sandbox)), webhooks, stopping }
    }

    pub fn router(self) -> Router {
        Router::new()
            .merge(api::router())
            .merge(pages::router())
            .merge(control::router())
            .fallback(unknown_url)
            .method_not_allowed_fallback(unknown_url)
            .with_state(self)
    }

    fn lock(&self) -> MutexGuard<'_, Sandbox> {
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Acts on the books and sends the events that this caused. `request` and `key` name the API request that causes it, if it is one.
    fn act<T>(&self, sandbox: &mut Sandbox, request: Option<&str>, key: Option<&str>, act: impl FnOnce(&mut Books) -> T) -> T {
        let result = act(&mut sandbox.books);
        for event in sandbox.books.take_events() {
            self.webhooks.enqueue(&event, request, key);
        }
        result
    }

    /// Keeps a client waiting, unless the simulator is being stopped.
    async fn hold(&self) {
        let hold = self.lock().hold;
        let mut stopping = self.stopping.clone();
        tokio::select! {
            () = sleep(hold) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    }
}

async fn unknown_url(method: Method, uri: Uri) -> ApiError {
    ApiError::unknown_url(method.as_str(), uri.path())
}
