//! Log lines: structured, one an event, on standard error, each with the request it belongs to and without personal data.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::config::LogFormat;

/// Starts logging in this format; `filter` as in `info,backend=debug`. A second call changes nothing.
///
/// # Errors
/// A filter that cannot be read.
pub fn start(format: LogFormat, filter: &str) -> Result<(), String> {
    // Statements may hold values; they are logged only when the filter names their target.
    let filter =
        EnvFilter::builder().parse(format!("sqlx=warn,tantivy=warn,{filter}")).map_err(|error| format!("log = “{filter}”: {error}"))?;
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            registry.with(fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false)).try_init()
        }
        LogFormat::Json => registry
            .with(fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false).with_writer(std::io::stderr))
            .try_init(),
    };
    // It fails only when logging has begun already.
    drop(started);
    Ok(())
}
