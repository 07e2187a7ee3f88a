//! The browser's entry.

use leptos::mount::hydrate_from_async;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// Brings the page to life. The mark on the root element tells tests, and style sheets, that it is.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    spawn_local(async {
        let Some(body) = document().body() else { return };
        hydrate_from_async(body, app::App).await.forget();
        if let Some(root) = document().document_element() {
            // An attribute with this name can always be set.
            let _ = root.set_attribute("data-hydrated", "");
        }
    });
}
