//! The browser's entry: hydrates the page that the server rendered.

use leptos::mount::hydrate_from_async;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    spawn_local(async {
        let Some(body) = document().body() else { return };
        hydrate_from_async(body, app::App).await.forget();
        app::hydrate_deferred(say_hydrated);
    });
}

/// Says that the whole page is hydrated: on the root element for tests and style sheets, by an event for the app.
fn say_hydrated() {
    if let Some(root) = document().document_element() {
        // An attribute with this name can always be set.
        let _ = root.set_attribute(app::HYDRATED, "");
    }
    if let Ok(event) = web_sys::Event::new(app::HYDRATED) {
        // It is never cancelled.
        let _ = window().dispatch_event(&event);
    }
}
