//! The HTTP server: routes, the layers around them, start and shutdown.
//!
//! From the outside in: connections ([`connections`]), the page cache ([`crate::cache`]), request id, log and bounds ([`request`]),
//! security headers ([`security`]), compression, the site's files ([`site`]), rate limits ([`rate_limits`]), CSRF protection
//! ([`csrf`]), and then the routes.

mod bounds;
pub mod client;
mod connections;
mod csrf;
mod error_page;
mod health;
mod live;
mod pictures;
mod rate_limits;
pub mod request;
pub mod security;
pub mod site;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use backend::Shop;
use http::header;
use leptos::prelude::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::compression::CompressionLayer;
use tower_http::compression::CompressionLevel;

use crate::api;
use crate::cache::{Invalidation, PageCache};
use crate::config::Config;
use crate::metrics::STATEMENTS;
use crate::workers::Workers;
use client::Proxies;
use connections::ConnectionThreads;
use health::{Readiness, ShutdownFlag};
use live::LiveState;
use rate_limits::RateLimits;
use request::RequestLayer;
use security::Policy;
use site::Site;

/// How long open requests may take after the shutdown has begun.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(25);

/// A server that is set up but does not serve yet.
pub struct Server {
    pages: Arc<PageCache>,
    threads: ConnectionThreads,
    shop: Shop,
    limits: RateLimits,
    not_ready: ShutdownFlag,
    shutdown: watch::Sender<bool>,
    changes: watch::Sender<u64>,
    drain: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// Ctrl C: shut down at once.
    Interrupt,
    /// SIGTERM: shut down after load balancers have noticed that the server is not ready.
    Terminate,
}

impl Server {
    /// # Errors
    /// The site's files cannot be used, or no thread can be started.
    pub fn new(config: &Config, shop: Shop, metrics: PrometheusHandle) -> Result<Self, String> {
        let site = Site::find(config.site_dir.as_deref());
        if !site.exists() {
            tracing::warn!(?site, "the site was not built: pages will have no style and no script; run `make build`");
        }
        let frontends = app::Frontends { options: leptos_options(&site, config), files: site.files()? };
        let reload_port = frontends.options.reload_port;
        let reload = std::env::var("LEPTOS_WATCH").ok().map(|_| format!("ws://127.0.0.1:{reload_port} ws://localhost:{reload_port}"));
        let policy = Policy::new(shop.config().gateway.as_ref().map(|gateway| gateway.url.as_str()), reload.as_deref());
        let (not_ready, limits) = (ShutdownFlag::default(), RateLimits::new(config));
        let (shutdown, shutdown_seen) = watch::channel(false);
        let (changes, changes_seen) = watch::channel(0);
        let is_https = shop.config().public_url.is_https();
        let live = LiveState { shop: shop.clone(), changes: changes_seen, shutdown: shutdown_seen };
        let routes = app::router(frontends, shop.clone())
            .merge(api::router(shop.clone()))
            .merge(process_routes(&shop, not_ready.clone(), live, metrics))
            .layer(csrf::csrf_layer(shop.config().public_url.as_str())?)
            .layer(from_fn_with_state(limits.clone(), rate_limits::limit))
            .layer(from_fn_with_state(site, site::serve))
            // The fastest quality: these pages are for one visitor each, and the next quality is hardly smaller.
            .layer(CompressionLayer::new().quality(CompressionLevel::Precise(0)))
            .layer(from_fn(move |request, next| security::headers(is_https, request, next)))
            // `request::observe` limits bodies, by their path.
            .layer(DefaultBodyLimit::disable())
            .layer(from_fn_with_state(RequestLayer::new(Proxies::new(&config.trusted_proxies), Some(shop.clone())), request::observe));
        let pages = Arc::new(PageCache::new(routes, config.page_cache_bytes, policy));
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = ConnectionThreads::start(count, connections::limit(config.max_connections), pages.clone())
            .map_err(|error| format!("no connections can be taken: {error}"))?;
        Ok(Self { pages, threads, shop, limits, not_ready, shutdown, changes, drain: config.drain })
    }

    /// Serves until `stop` completes. Then the server is not ready while it drains, answers the requests that have begun, closes the
    /// streams, and finishes what waits to be written. A second `stop` ends the draining.
    pub async fn serve(self, listener: TcpListener, workers: Workers, stop: impl AsyncFn() -> StopSignal) {
        let Self { pages, threads, shop, limits, not_ready, shutdown, changes, drain } = self;
        let invalidation = Invalidation::start(&shop, &pages, changes);
        let limits_cleaner = tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(60)).await;
                limits.drop_idle();
            }
        });
        let (closing, mut is_closing) = watch::channel(());
        let serving = connections::serve(listener, threads, async move {
            let signal = stop().await;
            not_ready.set();
            if signal == StopSignal::Terminate && !drain.is_zero() {
                tracing::info!(seconds = drain.as_secs(), "shutting down: not ready, connections are still accepted");
                let _ = tokio::time::timeout(drain, stop()).await;
            }
            tracing::info!("shutting down: no new connections, open requests are answered");
            shutdown.send_replace(true);
            closing.send_replace(());
        });
        let limit = async move {
            if is_closing.changed().await.is_ok() {
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
        drop(invalidation);
        limits_cleaner.abort();
        shop.close().await;
        tracing::info!("shut down; everything that was begun is written");
    }
}

/// The routes that are neither pages nor API.
fn process_routes(shop: &Shop, not_ready: ShutdownFlag, live: LiveState, metrics: PrometheusHandle) -> Router {
    let (upkeep, handle) = (metrics.clone(), metrics);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            upkeep.run_upkeep();
        }
    });
    let db = shop.db().clone();
    let render_metrics = async move || {
        metrics::counter!(STATEMENTS).absolute(db.statements());
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
    };
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready).with_state(Readiness::new(shop.clone(), not_ready)))
        .route("/metrics", get(render_metrics))
        .route("/pictures/{id}/{file}", get(pictures::picture).with_state(shop.clone()))
        .route(adapters::WEBHOOK_PATH, post(webhook::receive).with_state(shop.clone()))
        .route("/admin/live", get(live::live).with_state(live))
}

/// Leptos' options, the same as in the workspace's `Cargo.toml`.
fn leptos_options(site: &Site, config: &Config) -> LeptosOptions {
    let root = match site {
        Site::Folder(folder) => folder.display().to_string(),
        #[cfg(feature = "embed")]
        Site::Embedded => "/nonexistent".to_owned(),
    };
    let is_watched = std::env::var("LEPTOS_WATCH").is_ok();
    LeptosOptions::builder()
        .output_name("tindahan")
        .site_root(root)
        .site_pkg_dir("pkg")
        .site_addr(config.listen)
        .reload_port(std::env::var("LEPTOS_RELOAD_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3001))
        .env(if is_watched { leptos::config::Env::DEV } else { leptos::config::Env::PROD })
        .build()
}
