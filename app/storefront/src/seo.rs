//! Metadata for search engines and other programs.

use std::sync::Arc;

use domain::view::ProductView;
#[cfg(feature = "ssr")]
use domain::view::{FactProperty, FactView};
use leptos::prelude::*;
use leptos_meta::{Link, Meta};
#[cfg(feature = "ssr")]
use serde_json::json;
use ui::picture_url;
use web::use_brand;

#[cfg(feature = "ssr")]
use crate::query::product_address;

/// The page's own address, and, where each language has one, all of its addresses: `(language, path)`. Who has chosen no language gets the
/// page of an address in its language.
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

/// What a link to the page shows where people share it: its title, and a picture where there is one.
#[component]
pub fn LinkPreview(
    #[prop(into)] title: String,
    #[prop(into)] path: String,
    #[prop(optional_no_strip)] picture: Option<String>,
) -> impl IntoView {
    let brand = use_brand();
    let picture = picture.map(|id| format!("{}{}", brand.origin, picture_url(&id, 1280, "webp")));
    view! {
        <Meta property="og:type" content="website"/>
        <Meta property="og:title" content=title/>
        <Meta property="og:url" content=format!("{}{path}", brand.origin)/>
        <Meta property="og:site_name" content=brand.name/>
        {picture.map(|picture| view! { <Meta property="og:image" content=picture/> })}
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

/// What a product states: by its property of schema.org where it has one, else as a property with its label.
#[cfg(feature = "ssr")]
fn state(data: &mut serde_json::Value, facts: &[FactView]) {
    let mut others = Vec::new();
    for FactView { label, value, property } in facts {
        match property {
            FactProperty::Other => others.push(json!({ "@type": "PropertyValue", "name": label, "value": value })),
            FactProperty::Manufacturer => data[property.as_str()] = json!({ "@type": "Organization", "name": value }),
            FactProperty::Material | FactProperty::CountryOfOrigin => data[property.as_str()] = json!(value),
        }
    }
    if !others.is_empty() {
        data["additionalProperty"] = json!(others);
    }
}

/// Each variant is an offer with an address of its own, where the page shows the same price.
#[cfg(feature = "ssr")]
fn product_data(product: &ProductView) -> String {
    let origin = use_brand().origin;
    let address = format!("{origin}/p/{}", product.slug);
    let has_options = !product.options.is_empty();
    let offers: Vec<_> = product
        .variants
        .iter()
        .map(|variant| {
            json!({
                "@type": "Offer",
                "sku": variant.sku,
                "url": format!("{origin}{}", product_address(&product.slug, if has_options { variant.sku.as_str() } else { "" })),
                "price": variant.price.decimal(),
                "priceCurrency": variant.price.currency.code(),
                "availability": if variant.available > 0 { "https://schema.org/InStock" } else { "https://schema.org/OutOfStock" },
            })
        })
        .collect();
    let images: Vec<_> =
        product.pictures.iter().map(|picture| format!("{origin}{}", picture_url(&picture.id.to_string(), 1280, "webp"))).collect();
    let mut data = json!({
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.name,
        "description": if product.summary.is_empty() { &product.description } else { &product.summary },
        "brand": { "@type": "Brand", "name": product.vendor },
        "image": images,
        "url": address,
        "offers": offers,
    });
    state(&mut data, &product.facts);
    // So that no text of a product ends the element.
    data.to_string().replace('<', "\\u003c")
}
