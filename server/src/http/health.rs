//! Is it alive, and can it serve?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use backend::Shop;
use backend::platform::db::DbError;
use http::{StatusCode, header};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;

/// How long the database may take to answer before the server counts as not ready.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a trial of the writer counts.
const FRESH: Duration = Duration::from_secs(2);
/// A writer that has not come back from a trial after this time hangs. It may have long work before it: a list of goods.
const HANGS: Duration = Duration::from_secs(15);

/// Set while the server is ending.
#[derive(Clone, Default)]
pub struct Ending(Arc<AtomicBool>);

impl Ending {
    /// From now on it is not ready for more.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// How the last trial of the writer ended, and whether one is under way.
#[derive(Clone, Copy, Default)]
struct Trial {
    begun: Option<Instant>,
    ended: Option<Instant>,
    refused: Option<&'static str>,
}

/// What readiness depends on.
#[derive(Clone)]
pub struct Ready {
    shop: Shop,
    ending: Ending,
    trial: watch::Sender<Trial>,
}

impl Ready {
    /// Of this shop.
    #[must_use]
    pub fn new(shop: Shop, ending: Ending) -> Self {
        Self { shop, ending, trial: watch::Sender::default() }
    }

    /// Why nothing can be written; none when it can, or when nobody knows yet. Tried at most every two seconds, whoever asks.
    async fn refused(&self) -> Option<&'static str> {
        let mut begins = false;
        self.trial.send_if_modified(|trial| {
            begins = trial.begun.is_none() && trial.ended.is_none_or(|ended| ended.elapsed() >= FRESH);
            if begins {
                trial.begun = Some(Instant::now());
            }
            begins
        });
        if begins {
            let (shop, trial) = (self.shop.clone(), self.trial.clone());
            tokio::spawn(async move {
                let refused = match shop.db().try_to_write(shop.id()).await {
                    Ok(()) => None,
                    Err(error) => {
                        tracing::warn!(%error, "not ready: nothing can be written");
                        Some(if matches!(error, DbError::Full) { "storage_full" } else { "database" })
                    }
                };
                trial.send_replace(Trial { begun: None, ended: Some(Instant::now()), refused });
            });
        }
        let mut told = self.trial.subscribe();
        let ended = tokio::time::timeout(CHECK_TIMEOUT, told.wait_for(|trial| trial.begun.is_none())).await;
        let trial = ended.ok().and_then(Result::ok).map(|trial| *trial).unwrap_or_else(|| *self.trial.borrow());
        match trial.begun {
            Some(begun) if begun.elapsed() >= HANGS => Some("writer"),
            _ => trial.refused,
        }
    }

    async fn why_not(&self) -> Option<&'static str> {
        if self.ending.0.load(Ordering::SeqCst) {
            return Some("ending");
        }
        let sql = "select cast(1 as bigint) from schema_migrations limit 1";
        match tokio::time::timeout(CHECK_TIMEOUT, self.shop.db().fetch_optional::<(i64,)>(sql, &[])).await {
            Ok(Ok(_)) => self.refused().await,
            Ok(Err(error)) => {
                tracing::warn!(%error, "not ready");
                Some("database")
            }
            Err(_) => Some("database"),
        }
    }
}

/// The process runs.
pub async fn live() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "status": "live" }))).into_response()
}

/// The process can serve: its database answers and takes what is written, and it is not ending.
pub async fn ready(State(ready): State<Ready>) -> Response {
    let (status, body) = match ready.why_not().await {
        None => (StatusCode::OK, json!({ "status": "ready" })),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "not ready", "reason": reason })),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
