//! What every page's `<head>` links to.

use leptos::prelude::*;

/// Preloaded typefaces, icons, the manifest and theme colours, for the `<head>`.
#[component]
pub fn HeadLinks() -> impl IntoView {
    view! {
        <link rel="preload" href="/fonts/figtree.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
        <link rel="preload" href="/fonts/fraunces.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
        <link rel="icon" href="/icons/icon.svg" r#type="image/svg+xml"/>
        <link rel="apple-touch-icon" href="/icons/apple-touch-icon.png"/>
        <link rel="manifest" href="/manifest.webmanifest"/>
        <meta name="theme-color" content="#0f5c4a"/>
        <meta name="color-scheme" content="light dark"/>
    }
}
