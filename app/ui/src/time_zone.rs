//! The shop's time zone in views.

use domain::TimeZone;
use leptos::prelude::*;

/// The time zone whose days and clock a page shows, provided once by the shell with `provide_context(zone)`; the default without one.
#[must_use]
pub fn use_time_zone() -> TimeZone {
    use_context().unwrap_or(TimeZone::DEFAULT)
}
