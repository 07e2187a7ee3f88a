//! The frontend's files: style sheet, script and WebAssembly.

use std::collections::HashMap;

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The `files.json` of a built site: names of files change with their content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteFiles {
    /// Address of the style sheet.
    pub css: String,
    /// The script and the WebAssembly of the shop's pages.
    pub shop: WasmFiles,
    pub admin: WasmFiles,
}

/// A WebAssembly with its script, `tindahan.js` and `tindahan.wasm` in one folder, and the parts that load later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasmFiles {
    /// The address of the folder, without a slash at its end.
    pub folder: String,
    /// For each part of the code, the names of the files that it needs, without `.wasm`.
    #[serde(default)]
    pub parts: HashMap<String, Vec<String>>,
}

impl WasmFiles {
    #[must_use]
    pub fn files_of(&self, part: &str) -> Vec<String> {
        self.parts.get(part).into_iter().flatten().map(|file| format!("{}/{file}.wasm", self.folder)).collect()
    }
}

impl Default for SiteFiles {
    /// The names that `cargo leptos` gives while developing: one WebAssembly for all pages.
    fn default() -> Self {
        let wasm = WasmFiles { folder: "/pkg".into(), parts: HashMap::new() };
        Self { css: "/pkg/tindahan.css".into(), shop: wasm.clone(), admin: wasm }
    }
}

/// Loads the style sheet and the script, and hydrates the page.
#[component]
pub fn Load(css: String, wasm: WasmFiles) -> impl IntoView {
    let script = format!("{}/tindahan.js", wasm.folder);
    let module = format!("{}/tindahan.wasm", wasm.folder);
    // The script imports it. `cargo leptos` gives it another name.
    let parts = (!wasm.parts.is_empty()).then(|| format!("{}/__wasm_split.js", wasm.folder));
    let nonce = use_nonce();
    let begin = format!("import({script:?}).then(page => page.default({{ module_or_path: {module:?} }}).then(() => page.hydrate()))");
    view! {
        // With this id, a changed style sheet is reloaded in development.
        <link id="leptos" rel="stylesheet" href=css/>
        <link rel="modulepreload" href=script crossorigin="anonymous"/>
        {parts.map(|parts| view! { <link rel="modulepreload" href=parts crossorigin="anonymous"/> })}
        // With low priority: until it is there, links and forms work without it.
        <link rel="preload" href=module r#as="fetch" r#type="application/wasm" crossorigin="anonymous" fetchpriority="low"/>
        <script type="module" nonce=nonce>{begin}</script>
    }
}
