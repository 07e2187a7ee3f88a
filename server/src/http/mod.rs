//! The HTTP side of the process: what is served where, what surrounds it, and how it begins and ends.
//!
//! From the outside in: the connection ([`connections`]), the rendered-page cache ([`crate::cache`]), request id, log and bounds
//! ([`request`]), security headers ([`security`]), compression, the site's files ([`site`]), rate limits ([`limits`]), protection
//! against forged requests, and then the routes.

mod bounds;
pub mod client;
mod connections;
mod health;
mod limits;
mod live;
mod pictures;
pub mod request;
pub mod security;
pub mod site;
mod trouble;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use backend::Shop;
use backend::platform::events::RecordedEvent;
use http::{Method, StatusCode, header};
use leptos::prelude::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::compression::CompressionLayer;
use tower_http::compression::CompressionLevel;
use tower_http::csrf::{CsrfLayer, ProtectionError, ResponseForProtectionError};

use crate::api;
use crate::cache::Pages;
use crate::config::Config;
use crate::work::Workers;
use client::Proxies;
use connections::ConnectionThreads;
use health::{Ending, Ready};
use limits::Limits;
use live::Live;
use request::Around;
use security::Policy;
use site::Site;

/// How long open requests may take to end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(25);
/// Stock moves with every order. Pages that show it are rendered anew at most so often.
const STOCK_PAUSE: Duration = Duration::from_secs(1);

/// A server that is set up and not yet serving.
pub struct Server {
    pages: Arc<Pages>,
    threads: ConnectionThreads,
    shop: Shop,
    limits: Limits,
    ending: Ending,
    over: watch::Sender<bool>,
    changed: watch::Sender<u64>,
    drain: Duration,
}

/// How the program was asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// By whoever sits before it (Ctrl C): at once.
    Interrupted,
    /// By what looks after it (SIGTERM): when nobody is sent here any more.
    Terminated,
}

impl Server {
    /// Sets everything up over an open shop. `gateway` is where forms may lead to.
    ///
    /// # Errors
    /// The site's files cannot be used; says why.
    pub fn new(config: &Config, shop: Shop, figures: PrometheusHandle) -> Result<Self, String> {
        let site = Site::find(config.site_dir.as_deref());
        if !site.is_there() {
            tracing::warn!(?site, "the site was not built: pages will have no style and no script; run `make build`");
        }
        let frontends = app::Frontends { options: options(&site, config), files: site.files()? };
        let reload_port = frontends.options.reload_port;
        let reload = std::env::var("LEPTOS_WATCH").ok().map(|_| format!("ws://127.0.0.1:{reload_port} ws://localhost:{reload_port}"));
        let policy = Policy::new(shop.config().gateway.as_ref().map(|gateway| gateway.url.as_str()), reload.as_deref());
        let (ending, limits) = (Ending::default(), Limits::new(config));
        let (over, is_over) = watch::channel(false);
        let (changed, changes) = watch::channel(0);
        let secure = shop.config().public_url.starts_with("https://");
        let live = Live { shop: shop.clone(), changes, ending: is_over };
        let routes = app::router(frontends, shop.clone())
            .merge(api::router(shop.clone()))
            .merge(own_routes(&shop, ending.clone(), live, figures))
            .layer(forged(&shop)?)
            .layer(from_fn_with_state(limits.clone(), limits::limit))
            .layer(from_fn_with_state(site, site::serve))
            // The least quality: page after page for one reader alone, and the next ones are hardly smaller.
            .layer(CompressionLayer::new().quality(CompressionLevel::Precise(0)))
            .layer(from_fn(move |request, next| security::headers(secure, request, next)))
            // Bodies are bounded once, by what they are for.
            .layer(DefaultBodyLimit::disable())
            .layer(from_fn_with_state(Around::new(Proxies::new(&config.trusted_proxies), Some(shop.clone())), request::observe));
        let pages = Arc::new(Pages::new(routes, config.page_cache, policy));
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = ConnectionThreads::start(count, connections::limit(config.max_connections), pages.clone())
            .map_err(|error| format!("no connections can be taken: {error}"))?;
        Ok(Self { pages, threads, shop, limits, ending, over, changed, drain: config.drain })
    }

    /// Serves until `stop` is done; then is not ready for as long as it drains, answers what has begun, closes the streams, and
    /// finishes what waits to be written. A second `stop` ends the draining.
    pub async fn serve(self, listener: TcpListener, workers: Workers, stop: impl AsyncFn() -> Asked) {
        let Self { pages, threads, shop, limits, ending, over, changed, drain } = self;
        let follower = follow(&shop, pages.clone(), changed);
        let turns = tokio::spawn(turn(shop.clone(), pages.clone()));
        let tidier = tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(60)).await;
                limits.tidy();
            }
        });
        let (begun, mut begins) = watch::channel(());
        let serving = connections::serve(listener, threads, async move {
            let asked = stop().await;
            ending.begin();
            if asked == Asked::Terminated && !drain.is_zero() {
                tracing::info!(seconds = drain.as_secs(), "ending: not ready for more, connections are still taken");
                let _ = tokio::time::timeout(drain, stop()).await;
            }
            tracing::info!("ending: no new connections, open requests are answered");
            over.send_replace(true);
            begun.send_replace(());
        });
        let limit = async move {
            if begins.changed().await.is_ok() {
                tokio::time::sleep(SHUTDOWN_GRACE).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = serving => {}
            () = limit => tracing::warn!(seconds = SHUTDOWN_GRACE.as_secs(), "some requests did not end in time"),
        }
        workers.stop();
        follower.abort();
        turns.abort();
        tidier.abort();
        shop.close().await;
        tracing::info!("ended; everything that was begun is written");
    }
}

/// The routes that belong to the process itself.
fn own_routes(shop: &Shop, ending: Ending, live: Live, figures: PrometheusHandle) -> Router {
    let upkeep = figures.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            upkeep.run_upkeep();
        }
    });
    let metrics = async move || ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], figures.render());
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready).with_state(Ready::new(shop.clone(), ending)))
        .route("/metrics", get(metrics))
        .route("/pictures/{id}/{file}", get(pictures::picture).with_state(shop.clone()))
        .route("/webhooks/stripe", post(webhook::stripe).with_state(shop.clone()))
        .route("/admin/live", get(live::live).with_state(live))
}

/// Refuses changes that another site makes a shopper's browser ask for. The API and webhooks know no cookies, so there is
/// nothing to forge.
fn forged(shop: &Shop) -> Result<CsrfLayer<impl ResponseForProtectionError<Body> + Send + Sync + 'static>, String> {
    let public = &shop.config().public_url;
    let layer = CsrfLayer::new().add_trusted_origin(public).map_err(|error| format!("public-url = “{public}”: {error}"))?;
    let layer = layer.with_insecure_bypass(|_: &Method, uri| uri.path().starts_with("/api/v1/") || uri.path().starts_with("/webhooks/"));
    Ok(layer.with_rejection_response(|_: ProtectionError| {
        let detail = "This request came from another site, and was refused. Open the shop and try again.";
        api::Problem::new(StatusCode::FORBIDDEN, "forbidden", detail).into_response()
    }))
}

/// What Leptos is told; the same as in the workspace's `Cargo.toml`.
fn options(site: &Site, config: &Config) -> LeptosOptions {
    let root = match site {
        Site::Folder(folder) => folder.display().to_string(),
        #[cfg(feature = "embed")]
        Site::Inside => "/nonexistent".to_owned(),
    };
    let watched = std::env::var("LEPTOS_WATCH").is_ok();
    LeptosOptions::builder()
        .output_name("tindahan")
        .site_root(root)
        .site_pkg_dir("pkg")
        .site_addr(config.listen)
        .reload_port(std::env::var("LEPTOS_RELOAD_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3001))
        .env(if watched { leptos::config::Env::DEV } else { leptos::config::Env::PROD })
        .build()
}

/// Follows the events from now on: pages are forgotten when what they show has changed, and whoever watches is told.
fn follow(shop: &Shop, pages: Arc<Pages>, changed: watch::Sender<u64>) -> tokio::task::JoinHandle<()> {
    let (stale, mut is_stale) = watch::channel(());
    let later = pages.clone();
    tokio::spawn(async move {
        while is_stale.changed().await.is_ok() {
            tokio::time::sleep(STOCK_PAUSE).await;
            is_stale.mark_unchanged();
            later.forget();
        }
    });
    let told = shop.clone();
    backend::platform::events::watch(shop, move |events: &[RecordedEvent]| {
        let touches = |areas: &[&str]| events.iter().any(|event| areas.iter().any(|area| event.kind.starts_with(area)));
        if touches(&["settings."]) {
            tokio::spawn(settle_settings(told.clone(), pages.clone()));
        } else if touches(&["product.", "category.", "catalog.", "delivery.", "tax."]) {
            pages.forget();
        }
        // Others keep copies too and follow the same events: a page that was rendered just before they heard is rendered again.
        if touches(&["settings.", "product.", "category.", "catalog.", "delivery.", "tax.", "stock."]) {
            stale.send_replace(());
        }
        changed.send_modify(|n| *n += 1);
    })
}

/// Pages promise days: they are forgotten when the clock makes those others, at midnight and when it is too late for today.
async fn turn(shop: Shop, pages: Arc<Pages>) {
    // Rules may change meanwhile.
    const MAX_WAIT: Duration = Duration::from_secs(60);
    loop {
        let next = backend::checkout::next_turn(&shop).await;
        let wait = next.as_ref().ok().map(|next| next.millis().saturating_sub(shop.now().millis()));
        let wait = wait.and_then(|millis| u64::try_from(millis).ok()).map_or(MAX_WAIT, Duration::from_millis);
        tokio::time::sleep(wait.min(MAX_WAIT)).await;
        if next.is_ok_and(|next| shop.now() >= next) {
            pages.forget();
        }
    }
}

/// Reads the settings again, which another node may have changed, before pages are rendered with them.
async fn settle_settings(shop: Shop, pages: Arc<Pages>) {
    shop.settings().forget();
    if let Err(error) = backend::settings::load(&shop).await {
        tracing::warn!(%error, "the settings cannot be read; those of before stay until they change again");
    }
    pages.forget();
}
