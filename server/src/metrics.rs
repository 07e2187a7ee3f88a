//! Metrics for Prometheus at `/metrics`.

use metrics::{Counter, counter, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Seconds until an answer began.
pub const REQUEST_SECONDS: &str = "tindahan_http_request_seconds";
/// Answers by method, route and status.
pub const REQUESTS: &str = "tindahan_http_requests_total";
/// Requests that are being answered.
pub const IN_FLIGHT: &str = "tindahan_http_requests_in_flight";
/// Pages from the cache, rendered for it, or rendered past it.
pub const PAGES: &str = "tindahan_pages_total";
/// Requests refused by a rate limit.
pub const LIMITED: &str = "tindahan_rate_limited_total";

/// Statements that were sent to the database.
pub const STATEMENTS: &str = "tindahan_database_statements_total";

const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Starts recording.
///
/// # Errors
/// This process records metrics already.
pub fn start() -> Result<PrometheusHandle, String> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), BUCKETS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| format!("metrics cannot be recorded: {error}"))?;
    describe_counter!(REQUESTS, "Answers by method, route and status");
    describe_histogram!(REQUEST_SECONDS, metrics::Unit::Seconds, "Time until the answer began");
    describe_gauge!(IN_FLIGHT, "Requests that are being answered");
    describe_counter!(PAGES, "Pages by how they came: hit, miss (rendered and kept) or fresh (rendered for one visitor)");
    describe_counter!(STATEMENTS, "Statements sent to the database, those that begin and end transactions among them");
    describe_counter!(LIMITED, "Requests refused by a rate limit");
    Ok(handle)
}

/// The counters of the page cache, looked up once.
#[derive(Clone)]
pub struct PageCounters {
    pub hit: Counter,
    /// Rendered, then put into the cache.
    pub miss: Counter,
    /// Rendered for one visitor.
    pub fresh: Counter,
}

impl PageCounters {
    #[must_use]
    pub fn new() -> Self {
        Self { hit: counter!(PAGES, "from" => "hit"), miss: counter!(PAGES, "from" => "miss"), fresh: counter!(PAGES, "from" => "fresh") }
    }
}
