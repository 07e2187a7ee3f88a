//! When a page has come to life.
//!
//! A page whose code is loaded later is brought to life later than the frame around it, and must until then look as the
//! server rendered it. What only the browser knows (its cart, its network) is shown after that.

use leptos::prelude::*;

pub use ui::ALIVE;

/// Runs something in the browser as soon as the page has come to life; never on the server.
pub fn when_alive(run: impl Fn() + Clone + Send + Sync + 'static) {
    Effect::new(move || {
        if document().document_element().is_some_and(|root| root.has_attribute(ALIVE)) {
            run();
        } else {
            let run = run.clone();
            let waiting = window_event_listener_untyped(ALIVE, move |_| run());
            on_cleanup(move || waiting.remove());
        }
    });
}
