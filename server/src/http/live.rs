//! `/admin/live`: the dashboard's figures as they change, by server-sent events. Needs the permission `read_dashboard`.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use backend::platform::Context;
use backend::{Shop, dashboard, identity};
use domain::id::RequestId;
use domain::permission::{Access, Permission};
use futures::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::sync::watch;
use uuid::Uuid;
use web::cookies;
use web::language::visitor_locale;

const ACCESS: Access = Access::Staff(Permission::ReadDashboard);
/// Figures are sent at most this often.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// Figures are sent at least this often: the day may end and so may the session, without any event. The page counts on it.
const MAX_INTERVAL: Duration = Duration::from_secs(15);

#[derive(Clone)]
pub struct LiveState {
    pub shop: Shop,
    /// Counts batches of events.
    pub changes: watch::Receiver<u64>,
    /// Becomes true when the server shuts down.
    pub shutdown: watch::Receiver<bool>,
}

/// The context of a session that may see the figures, else the status to answer with.
async fn authorize(shop: &Shop, token: &str, id: RequestId) -> Result<Context, StatusCode> {
    let signed_in = identity::authenticate_without_renewal(shop, token).await.map_err(|error| {
        tracing::warn!(%error, "a session cannot be read");
        StatusCode::SERVICE_UNAVAILABLE
    })?;
    let context = signed_in.map_or_else(|| Context::nobody(id), |signed_in| signed_in.context(id, shop.now()));
    match context.authorize(ACCESS) {
        Ok(()) => Ok(context),
        Err(denied) => Err(StatusCode::from_u16(denied.status()).unwrap_or(StatusCode::FORBIDDEN)),
    }
}

/// Sends today's figures at once and after each change: events `today` with a `DashboardView` as JSON. Ends when the user is signed out, locked
/// out or has lost the permission.
pub async fn live(State(live): State<LiveState>, request: Option<Extension<RequestId>>, headers: HeaderMap) -> Response {
    let id = request.map_or_else(|| RequestId(Uuid::now_v7()), |Extension(id)| id);
    let is_https = live.shop.config().public_url.is_https();
    let Some(token) = cookies::session_token(&headers, is_https).map(str::to_owned) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    if let Err(status) = authorize(&live.shop, &token, id).await {
        return status.into_response();
    }
    let locale = visitor_locale(&headers);
    let events = stream::unfold((live, token, true), move |(mut live, token, first)| async move {
        if !first && !next(&mut live).await {
            return None;
        }
        if *live.shutdown.borrow() {
            return None;
        }
        let context = authorize(&live.shop, &token, id).await.ok()?;
        live.changes.mark_unchanged();
        let event = match dashboard::today(&live.shop, &context, locale).await {
            Ok(today) => Event::default().event("today").json_data(today).unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "today's figures cannot be read");
                Event::default().comment("later")
            }
        };
        Some((Ok::<_, Infallible>(event), (live, token, false)))
    });
    let mut answer = Sse::new(events).keep_alive(KeepAlive::default()).into_response();
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Waits for a change; false when the server shuts down.
async fn next(live: &mut LiveState) -> bool {
    let (changes, shutdown) = (&mut live.changes, &mut live.shutdown);
    let change = async {
        tokio::time::sleep(MIN_INTERVAL).await;
        tokio::time::timeout(MAX_INTERVAL, changes.changed()).await.map_or(true, |changed| changed.is_ok())
    };
    tokio::select! {
        is_open = change => is_open,
        _ = shutdown.wait_for(|shutdown| *shutdown) => false,
    }
}
