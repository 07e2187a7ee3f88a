//! The files that make a page look and work: its style sheet, script and WebAssembly.

use leptos::nonce::use_nonce;
use leptos::prelude::*;

/// Their addresses. Leptos would read the list of hashes from the disk, twice a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    css: String,
    js: String,
    wasm: String,
}

impl Files {
    /// The addresses; `hashes` is the list that `cargo leptos` writes for a release (`js: 4xTqTjKk`, a line each). Without one, names
    /// carry no hash.
    #[must_use]
    pub fn new(hashes: Option<&str>) -> Self {
        let hash = |kind: &str| {
            let mut lines = hashes.unwrap_or_default().lines().filter_map(|line| line.split_once(':'));
            lines.find(|(name, _)| name.trim() == kind).map(|(_, hash)| format!(".{}", hash.trim())).unwrap_or_default()
        };
        let file = |kind: &str| format!("/pkg/tindahan{}.{kind}", hash(kind));
        Self { css: file("css"), js: file("js"), wasm: file("wasm") }
    }
}

/// Links to the files, and begins what they make of the page.
#[component]
pub fn Load(files: Files) -> impl IntoView {
    let Files { css, js, wasm } = files;
    let nonce = use_nonce();
    let begin = format!("import({js:?}).then(page => page.default({{ module_or_path: {wasm:?} }}).then(() => page.hydrate()))");
    view! {
        // Named like this, a changed style sheet is loaded again while developing.
        <link id="leptos" rel="stylesheet" href=css/>
        <link rel="modulepreload" href=js crossorigin="anonymous"/>
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
        <script type="module" nonce=nonce>{begin}</script>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_hashes_that_there_are() {
        let hashed = Files::new(Some("js: Ab1\nwasm: Cd2\n\ncss: Ef3\nsplit: Gh4\n"));
        assert_eq!(
            (hashed.css.as_str(), hashed.js.as_str(), hashed.wasm.as_str()),
            ("/pkg/tindahan.Ef3.css", "/pkg/tindahan.Ab1.js", "/pkg/tindahan.Cd2.wasm")
        );
        assert_eq!(Files::new(None).wasm, "/pkg/tindahan.wasm");
    }
}
