//! `/health/live` and `/health/ready`: does the program run, and may it be sent requests?

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
/// The writer is probed at most this often.
const PROBE_INTERVAL: Duration = Duration::from_secs(2);
/// A writer that has not finished a probe after this time hangs. It may have long work before it, such as an import.
const WRITER_TIMEOUT: Duration = Duration::from_secs(15);

/// Set when the server begins to shut down: it is then no longer ready.
#[derive(Clone, Default)]
pub struct ShutdownFlag(Arc<AtomicBool>);

impl ShutdownFlag {
    pub fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[derive(Clone, Copy, Default)]
struct WriterProbe {
    /// When the probe that is under way began.
    begun: Option<Instant>,
    /// When the last probe ended.
    ended: Option<Instant>,
    failure: Option<&'static str>,
}

#[derive(Clone)]
pub struct Readiness {
    shop: Shop,
    shutdown: ShutdownFlag,
    probe: watch::Sender<WriterProbe>,
}

impl Readiness {
    #[must_use]
    pub fn new(shop: Shop, shutdown: ShutdownFlag) -> Self {
        Self { shop, shutdown, probe: watch::Sender::default() }
    }

    /// Why nothing can be written; none when it can, or when that is not known yet.
    async fn writer_failure(&self) -> Option<&'static str> {
        let mut begins = false;
        self.probe.send_if_modified(|probe| {
            begins = probe.begun.is_none() && probe.ended.is_none_or(|ended| ended.elapsed() >= PROBE_INTERVAL);
            if begins {
                probe.begun = Some(Instant::now());
            }
            begins
        });
        if begins {
            let (shop, probe) = (self.shop.clone(), self.probe.clone());
            tokio::spawn(async move {
                let failure = match shop.db().try_to_write(shop.id()).await {
                    Ok(()) => None,
                    Err(error) => {
                        tracing::warn!(%error, "not ready: nothing can be written");
                        Some(if matches!(error, DbError::Full) { "storage_full" } else { "database" })
                    }
                };
                probe.send_replace(WriterProbe { begun: None, ended: Some(Instant::now()), failure });
            });
        }
        let mut probes = self.probe.subscribe();
        let ended = tokio::time::timeout(CHECK_TIMEOUT, probes.wait_for(|probe| probe.begun.is_none())).await;
        let probe = ended.ok().and_then(Result::ok).map(|probe| *probe).unwrap_or_else(|| *self.probe.borrow());
        match probe.begun {
            Some(begun) if begun.elapsed() >= WRITER_TIMEOUT => Some("writer"),
            _ => probe.failure,
        }
    }

    async fn not_ready_reason(&self) -> Option<&'static str> {
        if self.shutdown.0.load(Ordering::SeqCst) {
            return Some("ending");
        }
        let sql = "select cast(1 as bigint) from _sqlx_migrations limit 1";
        match tokio::time::timeout(CHECK_TIMEOUT, self.shop.db().fetch_optional_scalar::<i64>(sql, &[])).await {
            Ok(Ok(_)) => self.writer_failure().await,
            Ok(Err(error)) => {
                tracing::warn!(%error, "not ready");
                Some("database")
            }
            Err(_) => Some("database"),
        }
    }
}

pub async fn live() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "status": "live" }))).into_response()
}

/// The process can serve: its database answers and can be written to, and it is not shutting down.
pub async fn ready(State(readiness): State<Readiness>) -> Response {
    let (status, body) = match readiness.not_ready_reason().await {
        None => (StatusCode::OK, json!({ "status": "ready" })),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "not ready", "reason": reason })),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
