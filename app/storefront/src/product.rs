//! A product's page.

use std::sync::Arc;

use domain::view::{BySlug, DeliveryTo, ProductView};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use ui::{Badge, Breadcrumbs, Disclosure, Facts, Price, SkeletonCards, Tone, deferred, tr, trn, use_locale};
#[cfg(feature = "ssr")]
use web::request;
use web::{Access, Answer, AppError, FormFallback, Title, access, access_of, loaded, resource, use_form_fallback};

#[cfg(feature = "ssr")]
use crate::choice::is_own_address;
use crate::choice::{AddToCart, Chosen, option_names};
use crate::delivery_place::DeliveryLine;
use crate::error_page::ErrorPage;
use crate::listing::Card;
use crate::pictures::ProductPictures;
use crate::query::product_address;
use crate::redirect::Moved;
use crate::seo::{Addresses, Description, LinkPreview, ProductData};
use crate::size_guide::SizeGuide;
use crate::tell_when_back::TellWhenBack;

/// A product with its delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductPageView {
    pub product: ProductView,
    /// To the chosen place, or to anywhere in the country.
    pub delivery: DeliveryTo,
    /// Are shoppers told by mail when what is sold out is back?
    pub tells_when_back: bool,
}

/// A product by its slug in any language, or where it is now.
#[server(endpoint = "read_product", input = GetUrl, output = Answer)]
pub async fn read_product(slug: String) -> Result<BySlug<ProductPageView>, AppError> {
    let (shop, locale) = (request::shop()?, request::locale());
    if let Some(product) = backend::catalog::product(&shop, locale, &slug).await.map_err(|error| request::unexpected(&error))? {
        let tells_when_back = backend::back_in_stock::is_offered(&shop);
        return Ok(BySlug::Here(ProductPageView { product, delivery: crate::delivery_place::delivery().await?, tells_when_back }));
    }
    let moved = backend::catalog::moved_product(&shop, locale, &slug).await.map_err(|error| request::unexpected(&error))?;
    moved.map(BySlug::Moved).ok_or_else(request::not_found)
}
access!(ReadProduct, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadProduct>()];

/// Below this many units the number left is shown.
const FEW: i64 = 5;

#[component]
pub fn ProductPage() -> impl IntoView {
    let params = use_params_map();
    let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
    let product = resource(move || slug.get(), read_product);
    let sent = use_form_fallback();
    view! {
        <Transition fallback=|| view! { <div class="mt-8"><SkeletonCards count=2/></div> }.into_any()>
            {loaded(product, move |found| match found {
                Ok(BySlug::Moved(slug)) => view! { <Moved path=product_address(&slug, "")/> }.into_any(),
                Ok(BySlug::Here(view)) => view! { <Product page=view sent=sent.clone()/> }.into_any(),
                Err(error) if error.is_not_found() => view! { <ErrorPage error=AppError::with_message(404, tr!(PRODUCT_NOT_FOUND_BODY))/> }.into_any(),
                Err(error) => view! { <ErrorPage error/> }.into_any(),
            })}
        </Transition>
    }
}

#[component]
fn Product(page: ProductPageView, sent: FormFallback) -> impl IntoView {
    let ProductPageView { product, delivery, tells_when_back } = page;
    let title = if product.seo_title.is_empty() { product.name.clone() } else { product.seo_title.clone() };
    let description = [&product.seo_description, &product.summary, &product.description]
        .into_iter()
        .find(|text| !text.is_empty())
        .cloned()
        .unwrap_or_default();
    let languages = product.languages.iter().map(|(language, slug)| (language.clone(), product_address(slug, ""))).collect();
    let mut above = vec![("/".to_owned(), tr!(SHELL_HOME).to_owned())];
    if let Some(category) = &product.category {
        above.push((format!("/c/{}", category.slug), category.name.clone()));
    }
    let product = Arc::new(product);
    let search = use_location().search.get_untracked();
    #[cfg(feature = "ssr")]
    if !is_own_address(&product, &search) {
        // Of somebody who is signed in as well: what a page sets itself counts for all.
        request::answer().insert_header(http::header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    }
    let chosen = Chosen::new(Arc::clone(&product), &search, &sent);
    chosen.follow_address();
    let shown = chosen.variant.get_untracked();
    let preview = match &shown {
        Some(variant) if !product.options.is_empty() => {
            let (address, picture) = (product_address(&product.slug, &variant.sku), variant.picture);
            (format!("{title}, {}", option_names(&product, variant)), address, picture)
        }
        _ => (title.clone(), product_address(&product.slug, ""), None),
    };
    let picture = preview.2.or(product.pictures.first().map(|picture| picture.id)).map(|picture| picture.to_string());
    let related = product.related.clone();
    view! {
        <Title text=title.clone()/>
        <Description text=description/>
        <LinkPreview title=preview.0 path=preview.1 picture/>
        <Addresses path=product_address(&product.slug, "") languages/>
        <ProductData product=Arc::clone(&product)/>
        <div class="pt-1 pb-2"><Breadcrumbs above here=product.name.clone()/></div>
        <article class="grid md:grid-cols-2 gap-x-8 lg:gap-x-14 gap-y-6 items-start">
            <ProductPictures product=Arc::clone(&product) variant=chosen.variant/>
            <BuyBox product chosen delivery tell_when_back=tells_when_back.then_some(sent)/>
        </article>
        {(!related.is_empty()).then(|| view! {
            <section class="mt-14 md:mt-20">
                <h2 class="text-2xl mb-5">{tr!(PRODUCT_RELATED_TITLE)}</h2>
                <div class="product-grid">
                    {deferred(move || related.into_iter().take(4).map(|product| view! { <Card product/> }.into_any()).collect_view().into_any())}
                </div>
            </section>
        }.into_any())}
    }
    .into_any()
}

/// Price, options, delivery, and the button.
#[component]
fn BuyBox(
    product: Arc<ProductView>,
    chosen: Chosen,
    delivery: DeliveryTo,
    /// The form that came back without a script, where shoppers are told by mail of what is back.
    tell_when_back: Option<FormFallback>,
) -> impl IntoView {
    let quantity = RwSignal::new(chosen.first_quantity());
    // No delivery is promised for what is sold out.
    let contents = Signal::derive(move || chosen.contents(i64::from(quantity.get())));
    view! {
        <div class="flex flex-col gap-5 min-w-0">
            <header>
                {(!product.vendor.is_empty()).then(|| view! { <p class="text-sm text-quiet mb-1">{product.vendor.clone()}</p> }.into_any())}
                <h1 class="text-3xl" id="product-name">{product.name.clone()}</h1>
            </header>
            // Before the summary, so that a phone shows it without scrolling.
            <PriceAndStock chosen/>
            {(!product.summary.is_empty()).then(|| view! { <p class="text-lg text-quiet prose-line">{product.summary.clone()}</p> }.into_any())}
            <AddToCart product=Arc::clone(&product) chosen quantity/>
            {tell_when_back.map(|sent| view! { <TellWhenBack product=Arc::clone(&product) chosen sent/> }.into_any())}
            <DeliveryLine delivery contents/>
            <Details product chosen/>
        </div>
    }
    .into_any()
}

/// The price is "from …" as long as what fits the choice differs in price. Of the stock nothing is said before a variant is chosen, unless
/// all is sold out.
#[component]
fn PriceAndStock(chosen: Chosen) -> impl IntoView {
    let price = Memo::new(move |_| chosen.price());
    let price = move || price.get().map(|(amount, compare_at, from)| view! { <Price amount compare_at from class="text-2xl"/> }.into_any());
    let stock = Memo::new(move |_| (chosen.available.get(), chosen.variant.with(Option::is_some)));
    let stock = move || match stock.get() {
        (0, _) => view! { <Badge>{tr!(PRODUCT_OUT_OF_STOCK)}</Badge> }.into_any(),
        (_, false) => ().into_any(),
        (few @ 1..FEW, true) => view! { <Badge tone=Tone::Sale>{trn!(PRODUCT_FEW_LEFT, few)}</Badge> }.into_any(),
        (_, true) => view! { <Badge tone=Tone::Success>{tr!(PRODUCT_IN_STOCK)}</Badge> }.into_any(),
    };
    view! {
        <div class="flex flex-wrap items-center gap-x-4 gap-y-2">
            <p id="price" aria-live="polite">{move || price()}</p>
            <span class="text-sm text-quiet">{tr!(PRODUCT_TAX_INCLUDED)}</span>
            <span id="stock" aria-live="polite">{move || stock()}</span>
        </div>
    }
    .into_any()
}

/// The description, what the product states by the fields of its type, and facts about the chosen variant; before one is chosen the weight alone, where all have the same.
#[component]
fn Details(product: Arc<ProductView>, chosen: Chosen) -> impl IntoView {
    let locale = use_locale();
    let paragraphs =
        product.description.split("\n\n").map(|text| view! { <p class="mt-3 first:mt-0">{text.to_owned()}</p> }.into_any()).collect_view();
    let stated: Vec<(String, String)> = product.facts.iter().map(|fact| (fact.label.clone(), fact.value.clone())).collect();
    let is_open = !stated.is_empty();
    // Where there is an option, the guide stands beside it.
    let guide = product.size_guide.clone().filter(|_| product.options.is_empty());
    let facts = Memo::new(move |_| {
        let sku = chosen.variant.get().map(|variant| (tr!(PRODUCT_SKU_LABEL).to_owned(), variant.sku));
        let weight_g = chosen.with_fitting(|fitting| {
            let first = fitting.next()?.weight_g;
            fitting.map(|variant| variant.weight_g).all(|weight_g| weight_g == first).then_some(first)
        });
        let weight = weight_g
            .filter(|weight_g| *weight_g > 0)
            .map(|weight_g| (tr!(PRODUCT_WEIGHT).to_owned(), format!("{}\u{a0}g", locale.number(weight_g))));
        stated.iter().cloned().chain(sku).chain(weight).collect::<Vec<_>>()
    });
    view! {
        <div class="border-t border-hairline">
            <Disclosure title=tr!(PRODUCT_DESCRIPTION_TITLE) open=true><div class="prose-line">{paragraphs}</div></Disclosure>
            <div hidden=move || facts.with(Vec::is_empty)>
                <Disclosure title=tr!(PRODUCT_CARE_TITLE) open=is_open>{move || view! { <Facts facts=facts.get()/> }.into_any()}</Disclosure>
            </div>
            {guide.map(|guide| view! { <SizeGuide guide/> }.into_any())}
        </div>
    }
    .into_any()
}
