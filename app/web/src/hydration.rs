//! When a page is hydrated.
//!
//! A page whose code is loaded later is hydrated later than the layout around it, and must until then look as the
//! server rendered it. What only the browser has (its cart, the state of its network) is shown after that.

use leptos::prelude::*;

pub use ui::HYDRATED;

/// Runs something in the browser as soon as the page is hydrated; never on the server.
pub fn when_hydrated(run: impl Fn() + Clone + Send + Sync + 'static) {
    Effect::new(move || {
        if document().document_element().is_some_and(|root| root.has_attribute(HYDRATED)) {
            run();
        } else {
            let run = run.clone();
            let waiting = window_event_listener_untyped(HYDRATED, move |_| run());
            on_cleanup(move || waiting.remove());
        }
    });
}
