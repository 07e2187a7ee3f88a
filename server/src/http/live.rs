//! `/admin/live`: the day's figures as they change, by server-sent events. Needs the permission `read_dashboard`.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use backend::platform::Context;
use backend::{Shop, dashboard, identity};
use domain::id::RequestId;
use domain::permission::Permission;
use futures::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use session::request::SESSION_COOKIES;
use tokio::sync::watch;
use uuid::Uuid;

use crate::cache::cookies;

/// What needs this route.
const ACCESS: Permission = Permission::ReadDashboard;
/// A change is told at most so often.
const INTERVAL: Duration = Duration::from_secs(1);
/// The day ends also when nothing happens, and so does a session.
const IDLE: Duration = Duration::from_secs(60);

/// What the stream follows.
#[derive(Clone)]
pub struct Live {
    pub shop: Shop,
    /// Counts what happened.
    pub changes: watch::Receiver<u64>,
    /// Becomes true when the server ends.
    pub ending: watch::Receiver<bool>,
}

/// The session's token, as the cookie holds it.
fn token(headers: &HeaderMap) -> Option<String> {
    cookies(headers).find(|(name, _)| SESSION_COOKIES.contains(name)).map(|(_, token)| token.to_owned())
}

/// What whoever has this session may see, or the status that says why not.
async fn admit(shop: &Shop, token: &str, id: RequestId) -> Result<Context, StatusCode> {
    let me = identity::authenticate_without_renewal(shop, token).await.map_err(|error| {
        tracing::warn!(%error, "a session cannot be read");
        StatusCode::SERVICE_UNAVAILABLE
    })?;
    let context = identity::context_of(&me.ok_or(StatusCode::UNAUTHORIZED)?, id);
    if context.may(ACCESS) { Ok(context) } else { Err(StatusCode::FORBIDDEN) }
}

/// Sends today's figures at once, and again whenever something happened: events `today` with a `TodayView` as JSON. Ends when
/// whoever watches is signed out, locked out or has lost the permission.
pub async fn live(State(live): State<Live>, request: Option<Extension<RequestId>>, headers: HeaderMap) -> Response {
    let id = request.map_or_else(|| RequestId(Uuid::now_v7()), |Extension(id)| id);
    let Some(token) = token(&headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    if let Err(status) = admit(&live.shop, &token, id).await {
        return status.into_response();
    }
    let events = stream::unfold((live, token, true), move |(mut live, token, first)| async move {
        if !first && !next(&mut live).await {
            return None;
        }
        if *live.ending.borrow() {
            return None;
        }
        let context = admit(&live.shop, &token, id).await.ok()?;
        live.changes.mark_unchanged();
        let event = match dashboard::today(&live.shop, &context).await {
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

/// Waits for a change; false when the server ends.
async fn next(live: &mut Live) -> bool {
    let (changes, ending) = (&mut live.changes, &mut live.ending);
    let change = async {
        tokio::time::sleep(INTERVAL).await;
        tokio::time::timeout(IDLE, changes.changed()).await.map_or(true, |changed| changed.is_ok())
    };
    tokio::select! {
        go_on = change => go_on,
        _ = ending.wait_for(|ending| *ending) => false,
    }
}
