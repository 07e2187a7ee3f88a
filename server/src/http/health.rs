//! Is it alive, and can it serve?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use backend::Shop;
use http::{StatusCode, header};
use serde_json::json;

/// How long the database may take to answer before the server counts as not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// Set while the server is ending.
#[derive(Clone, Default)]
pub struct Ending(Arc<AtomicBool>);

impl Ending {
    /// From now on it is not ready for more.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// The process runs.
pub async fn live() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(json!({ "status": "live" }))).into_response()
}

/// The process can serve: its database answers, and it is not ending.
pub async fn ready(State((shop, ending)): State<(Shop, Ending)>) -> Response {
    let asked: Result<Result<Option<(i64,)>, _>, _> =
        tokio::time::timeout(PATIENCE, shop.db().fetch_optional("select cast(1 as bigint) from schema_migrations limit 1", &[])).await;
    let reason = match asked {
        _ if ending.0.load(Ordering::SeqCst) => Some("ending"),
        Ok(Ok(_)) => None,
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            Some("database")
        }
        Err(_) => Some("database"),
    };
    let (status, body) = match reason {
        None => (StatusCode::OK, json!({ "status": "ready" })),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "not ready", "reason": reason })),
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
