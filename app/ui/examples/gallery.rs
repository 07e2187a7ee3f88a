//! Writes the gallery as plain pages, to be looked at without a server:
//! `cargo run -p ui --example gallery --features ssr,gallery -- FOLDER`.

use std::path::PathBuf;
use std::{env, fs, io};

use domain::Locale;
use leptos::prelude::*;
use ui::{Gallery, GalleryAdmin, GalleryShop, Theme, ToastRegion, provide_toasts};

const PICTURES: [&str; 10] = [
    "stoneware-mug",
    "tsinelas",
    "capiz-pendant",
    "dried-mango",
    "barako-coffee",
    "bayong-tote",
    "ube-halaya",
    "inabel-scarf",
    "fiesta-hamper",
    "travel-speaker",
];

fn page(locale: Locale, theme: Theme, body: impl FnOnce() -> AnyView) -> String {
    let owner = Owner::new();
    let html = owner.with(|| {
        provide_context(locale);
        provide_context(theme);
        provide_toasts();
        body().to_html()
    });
    let attribute = theme.data_theme().map(|name| format!(" data-theme=\"{name}\"")).unwrap_or_default();
    let tag = locale.tag();
    format!(
        "<!DOCTYPE html><html lang=\"{tag}\" dir=\"{}\"{attribute}><head><meta charset=\"utf-8\"><title>ui</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\
         <link rel=\"stylesheet\" href=\"/main.css\"></head><body>{html}</body></html>",
        locale.dir()
    )
}

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).map_or_else(env::temp_dir, PathBuf::from);
    let pictures = || PICTURES.map(str::to_owned).to_vec();
    for locale in Locale::ALL {
        for theme in [Theme::Light, Theme::Dark] {
            let name = |page: &str| folder.join(format!("{page}-{}-{}.html", locale.code(), theme.code()));
            let gallery = || view! { <main id="content"><Gallery pictures=pictures()/></main><ToastRegion/> }.into_any();
            fs::write(name("gallery"), page(locale, theme, gallery))?;
            fs::write(name("shop"), page(locale, theme, || view! { <GalleryShop pictures=pictures()/> }.into_any()))?;
            fs::write(name("admin"), page(locale, theme, || view! { <GalleryAdmin/> }.into_any()))?;
        }
    }
    Ok(())
}
