//! Metadata for search engines and other programs.

use std::sync::Arc;

use domain::view::ProductView;
use leptos::prelude::*;
use leptos_meta::{Link, Meta};
#[cfg(feature = "ssr")]
use serde_json::json;
use session::use_brand;
#[cfg(feature = "ssr")]
use ui::picture_url;

/// The page's own address and its addresses in other languages: `(language tag, path)`.
#[component]
pub fn Addresses(#[prop(into)] path: String, #[prop(optional)] languages: Vec<(String, String)>) -> impl IntoView {
    let origin = use_brand().origin;
    let others = languages
        .into_iter()
        .map(|(language, path)| view! { <Link rel="alternate" hreflang=language href=format!("{origin}{path}")/> }.into_any())
        .collect_view();
    view! {
        <Link rel="canonical" href=format!("{origin}{path}")/>
        {others}
    }
}

/// The description that a search engine shows.
#[component]
pub fn Description(#[prop(into)] text: String) -> impl IntoView {
    let text = text.chars().take(300).collect::<String>();
    view! {
        <Meta name="description" content=text.clone()/>
        <Meta property="og:description" content=text/>
    }
}

/// The page is not for search engines.
#[component]
pub fn NotIndexed() -> impl IntoView {
    view! { <Meta name="robots" content="noindex"/> }
}

/// A product by schema.org, as JSON-LD. It is data, not a script, so the content policy allows it. It is rendered only on
/// the server, where those that read it get it.
#[component]
pub fn ProductData(product: Arc<ProductView>) -> impl IntoView {
    #[cfg(feature = "ssr")]
    let data = product_data(&product);
    #[cfg(not(feature = "ssr"))]
    let data = {
        drop(product);
        String::new()
    };
    view! { <script type="application/ld+json" inner_html=data></script> }
}

#[cfg(feature = "ssr")]
fn product_data(product: &ProductView) -> String {
    let origin = use_brand().origin;
    let address = format!("{origin}/p/{}", product.slug);
    let offers: Vec<_> = product
        .variants
        .iter()
        .map(|variant| {
            json!({
                "@type": "Offer",
                "sku": variant.sku,
                "url": address,
                "price": variant.price.decimal(),
                "priceCurrency": variant.price.currency.code(),
                "availability": if variant.available > 0 { "https://schema.org/InStock" } else { "https://schema.org/OutOfStock" },
            })
        })
        .collect();
    let images: Vec<_> =
        product.pictures.iter().map(|picture| format!("{origin}{}", picture_url(&picture.id.to_string(), 1280, "webp"))).collect();
    let data = json!({
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.name,
        "description": if product.summary.is_empty() { &product.description } else { &product.summary },
        "brand": { "@type": "Brand", "name": product.vendor },
        "image": images,
        "url": address,
        "offers": offers,
    });
    // So that no text of a product ends the element.
    data.to_string().replace('<', "\\u003c")
}
