use std::sync::Arc;

use domain::Quantity;
use domain::view::{CartLineView, DeliveryTo, OptionValueView, ProductView, VariantView};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use session::{Access, Answer, AppError, Title, access, access_of, loaded, resource};
use ui::{
    Badge, Breadcrumbs, Button, Chip, Disclosure, Facts, Look, Picture, Price, QuantityStepper, RadioChips, Size, SkeletonCards, Tone,
    deferred, icon, tr, trn, use_locale,
};

use crate::cart::use_cart;
use crate::delivery_place::DeliveryLine;
use crate::error_page::ErrorPage;
use crate::listing::Card;
use crate::seo::{Addresses, Description, ProductData};

/// A product with its delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductPageView {
    pub product: ProductView,
    /// To the chosen place, or to anywhere in the country.
    pub delivery: DeliveryTo,
}

/// A product by its slug in any language.
#[server(endpoint = "read_product", input = GetUrl, output = Answer)]
pub async fn read_product(slug: String) -> Result<ProductPageView, AppError> {
    use session::request;
    let shop = request::shop()?;
    let found = backend::catalog::product(&shop, request::locale(), &slug).await.map_err(|error| request::unexpected(&error))?;
    let product = found.ok_or_else(request::not_found)?;
    Ok(ProductPageView { product, delivery: crate::delivery_place::delivery().await? })
}
access!(ReadProduct, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadProduct>()];

/// Below this many units the number left is shown.
const FEW: i64 = 5;
/// `available` is at most this: from here on the stepper goes up to the cart's limit.
const PLENTY: i64 = 10;

#[component]
pub fn ProductPage() -> impl IntoView {
    let params = use_params_map();
    let slug = Memo::new(move |_| params.with(|params| params.get("slug").unwrap_or_default()));
    let product = resource(move || slug.get(), read_product);
    view! {
        <Transition fallback=|| view! { <div class="mt-8"><SkeletonCards count=2/></div> }.into_any()>
            {loaded(product, |found| match found {
                Ok(view) => view! { <Product product=view.product delivery=view.delivery/> }.into_any(),
                Err(error) if error.is_not_found() => view! { <ErrorPage error=AppError::with_message(404, tr!(PRODUCT_NOT_FOUND_BODY))/> }.into_any(),
                Err(error) => view! { <ErrorPage error/> }.into_any(),
            })}
        </Transition>
    }
}

#[component]
fn Product(product: ProductView, delivery: DeliveryTo) -> impl IntoView {
    let title = if product.seo_title.is_empty() { product.name.clone() } else { product.seo_title.clone() };
    let description = [&product.seo_description, &product.summary, &product.description]
        .into_iter()
        .find(|text| !text.is_empty())
        .cloned()
        .unwrap_or_default();
    let languages = product.slugs.iter().map(|(language, slug)| (language.clone(), format!("/p/{slug}"))).collect();
    let mut above = vec![("/".to_owned(), tr!(SHELL_HOME).to_owned())];
    if let Some(category) = &product.category {
        above.push((format!("/c/{}", category.slug), category.name.clone()));
    }
    // The first variant that is in stock.
    let first = product
        .variants
        .iter()
        .find(|variant| variant.available > 0)
        .or(product.variants.first())
        .map(|variant| variant.values.clone())
        .unwrap_or_default();
    let product = Arc::new(product);
    // The chosen value of each option, in order.
    let chosen = RwSignal::new(first);
    let all = Arc::clone(&product);
    let variant = Memo::new(move |_| chosen.with(|chosen| all.variants.iter().find(|variant| variant.values == *chosen).cloned()));
    let related = product.related.clone();
    view! {
        <Title text=title/>
        <Description text=description/>
        <Addresses path=format!("/p/{}", product.slug) languages/>
        <ProductData product=Arc::clone(&product)/>
        <div class="pt-1 pb-2"><Breadcrumbs above here=product.name.clone()/></div>
        <article class="grid md:grid-cols-2 gap-x-8 lg:gap-x-14 gap-y-6 items-start">
            <Gallery product=Arc::clone(&product) variant/>
            <BuyBox product chosen variant delivery/>
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

/// The pictures: one large, the others as thumbnails; a variant with its own picture shows that.
#[component]
fn Gallery(product: Arc<ProductView>, variant: Memo<Option<VariantView>>) -> impl IntoView {
    let (all, large) = (Arc::clone(&product), Arc::clone(&product));
    let shown = RwSignal::new(0_usize);
    Effect::new(move |before: Option<Option<_>>| {
        let own = variant.with(|variant| variant.as_ref().and_then(|variant| variant.picture));
        // Not at first: the rendered page stays.
        if let Some(at) = own.filter(|_| before.is_some()).and_then(|own| all.pictures.iter().position(|picture| picture.id == own)) {
            shown.set(at);
        }
        own
    });
    let total = product.pictures.len();
    let large = move || {
        large.pictures.get(shown.get()).cloned().map(|picture| {
            view! { <Picture id=picture.id.to_string() alt=picture.alt sizes="(width < 48rem) 92vw, 38rem" first=true/> }.into_any()
        })
    };
    let thumbs = product
        .pictures
        .iter()
        .enumerate()
        .map(|(at, picture)| {
            let id = picture.id.to_string();
            view! {
                <button
                    type="button"
                    class="tile size-16 md:size-20 cursor-pointer border-2 border-transparent aria-pressed:border-primary"
                    aria-pressed=move || if shown.get() == at { "true" } else { "false" }
                    aria-label=tr!(PRODUCT_PICTURE_OF, number = at + 1, total = total)
                    on:click=move |_| shown.set(at)
                >
                    <Picture id alt="" sizes="80px"/>
                </button>
            }
            .into_any()
        })
        .collect_view();
    let others = product
        .pictures
        .iter()
        .skip(1)
        .map(|picture| view! { <div class="tile"><Picture id=picture.id.to_string() alt=picture.alt.clone() sizes="(width < 48rem) 46vw, 18rem"/></div> }.into_any())
        .collect_view();
    view! {
        <section aria-label=tr!(PRODUCT_GALLERY, name = product.name) class="min-w-0">
            <div class="tile">{move || large()}</div>
            {(total > 1).then(|| view! {
                <div class="needs-script flex flex-wrap gap-2 mt-3">{thumbs}</div>
                <div class="without-script grid grid-cols-2 gap-3 mt-3">{others}</div>
            }.into_any())}
        </section>
    }
    .into_any()
}

/// Price, options, delivery, and the button.
#[component]
fn BuyBox(
    product: Arc<ProductView>,
    chosen: RwSignal<Vec<String>>,
    variant: Memo<Option<VariantView>>,
    delivery: DeliveryTo,
) -> impl IntoView {
    let quantity = RwSignal::new(1_u32);
    // No delivery is promised for what is sold out.
    let contents = Signal::derive(move || {
        let variant = variant.get().filter(|variant| variant.available > 0)?;
        let count = i64::from(quantity.get());
        Some((variant.price.times(count).ok()?, variant.weight_g.saturating_mul(count)))
    });
    view! {
        <div class="flex flex-col gap-5 min-w-0">
            <header>
                {(!product.vendor.is_empty()).then(|| view! { <p class="text-sm text-quiet mb-1">{product.vendor.clone()}</p> }.into_any())}
                <h1 class="text-3xl" id="product-name">{product.name.clone()}</h1>
                {(!product.summary.is_empty()).then(|| view! { <p class="text-lg text-quiet mt-3 prose-line">{product.summary.clone()}</p> }.into_any())}
            </header>
            <PriceAndStock product=Arc::clone(&product) variant/>
            <AddToCart product=Arc::clone(&product) chosen variant quantity/>
            <DeliveryLine delivery contents/>
            <Details product variant/>
        </div>
    }
    .into_any()
}

#[component]
fn PriceAndStock(product: Arc<ProductView>, variant: Memo<Option<VariantView>>) -> impl IntoView {
    let cheapest = product.variants.iter().map(|variant| variant.price).min_by_key(|price| price.minor);
    let price = move || match variant.get() {
        Some(variant) => view! { <Price amount=variant.price compare_at=variant.compare_at class="text-2xl"/> }.into_any(),
        None => cheapest.map(|amount| view! { <Price amount from=true class="text-2xl"/> }.into_any()).unwrap_or_else(|| ().into_any()),
    };
    let available = Memo::new(move |_| available(variant));
    let stock = move || match available.get() {
        0 => view! { <Badge>{tr!(PRODUCT_OUT_OF_STOCK)}</Badge> }.into_any(),
        few @ 1..FEW => view! { <Badge tone=Tone::Sale>{trn!(PRODUCT_FEW_LEFT, few)}</Badge> }.into_any(),
        _ => view! { <Badge tone=Tone::Success>{tr!(PRODUCT_IN_STOCK)}</Badge> }.into_any(),
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

fn available(variant: Memo<Option<VariantView>>) -> i64 {
    variant.with(|variant| variant.as_ref().map_or(0, |variant| variant.available))
}

/// The form with the options and the quantity.
#[component]
fn AddToCart(
    product: Arc<ProductView>,
    chosen: RwSignal<Vec<String>>,
    variant: Memo<Option<VariantView>>,
    quantity: RwSignal<u32>,
) -> impl IntoView {
    let cart = use_cart();
    let available = Memo::new(move |_| available(variant));
    let options =
        (0..product.options.len()).map(|at| view! { <OptionChoice product=Arc::clone(&product) at chosen/> }.into_any()).collect_view();
    // A large stock is not revealed: the cart reports when there is less.
    let most = Signal::derive(move || match available.get() {
        few @ 0..PLENTY => u32::try_from(few.max(1)).unwrap_or(1),
        _ => crate::cart::MAX_QUANTITY,
    });
    let slug = product.slug.clone();
    let add = move || {
        if let Some(variant) = variant.get_untracked().filter(|variant| variant.available > 0) {
            cart.add(cart_line(&product, variant, Quantity::clamped(i64::from(quantity.get_untracked()))));
        }
    };
    view! {
        <form
            method="post"
            action="/cart"
            class="flex flex-col gap-5"
            on:submit=move |event| {
                event.prevent_default();
                add();
            }
        >
            <input type="hidden" name="product" value=slug/>
            <input type="hidden" name="step" value="add"/>
            {options}
            <div class="flex flex-wrap items-center gap-3 max-md:sticky max-md:bottom-14 max-md:z-20 max-md:bg-base-100 max-md:-mx-4 max-md:px-4 max-md:py-3 max-md:border-t max-md:border-hairline">
                <QuantityStepper name="quantity" value=quantity max=most/>
                <div class="grow max-w-sm">
                    <Button look=Look::Buy size=Size::Large kind="submit" icon=icon::CART wide=true disabled=Signal::derive(move || available.get() == 0)>
                        {move || if available.get() == 0 { tr!(PRODUCT_OUT_OF_STOCK) } else { tr!(PRODUCT_ADD_TO_CART) }}
                    </Button>
                </div>
            </div>
        </form>
    }
    .into_any()
}

fn cart_line(product: &ProductView, variant: VariantView, quantity: Quantity) -> CartLineView {
    let names = product
        .options
        .iter()
        .zip(&variant.values)
        .filter_map(|(option, key)| option.values.iter().find(|value| value.key == *key).map(|value| value.name.as_str()));
    CartLineView {
        variant: variant.id,
        slug: product.slug.clone(),
        name: product.name.clone(),
        options: names.collect::<Vec<_>>().join(" · "),
        sku: variant.sku,
        picture: variant.picture.or(product.pictures.first().map(|picture| picture.id)),
        quantity,
        unit_price: variant.price,
        total: variant.price.times(quantity.get()).unwrap_or(variant.price),
        tax_rate_bp: product.tax_rate_bp,
        weight_g: variant.weight_g,
        available: variant.available,
    }
}

/// The description, and facts about the chosen variant.
#[component]
fn Details(product: Arc<ProductView>, variant: Memo<Option<VariantView>>) -> impl IntoView {
    let locale = use_locale();
    let paragraphs =
        product.description.split("\n\n").map(|text| view! { <p class="mt-3 first:mt-0">{text.to_owned()}</p> }.into_any()).collect_view();
    let facts = move || {
        variant.get().map(|variant| {
            let mut facts = vec![(tr!(PRODUCT_SKU_LABEL).to_owned(), variant.sku)];
            if variant.weight_g > 0 {
                facts.push((tr!(PRODUCT_WEIGHT).to_owned(), format!("{}\u{a0}g", locale.number(variant.weight_g))));
            }
            view! { <Facts facts/> }.into_any()
        })
    };
    view! {
        <div class="border-t border-hairline">
            <Disclosure title=tr!(PRODUCT_DESCRIPTION_TITLE) open=true><div class="prose-line">{paragraphs}</div></Disclosure>
            <Disclosure title=tr!(PRODUCT_CARE_TITLE)>{move || facts()}</Disclosure>
        </div>
    }
    .into_any()
}

/// The values of one option; those that cannot be bought with the other chosen values are struck through.
#[component]
fn OptionChoice(product: Arc<ProductView>, at: usize, chosen: RwSignal<Vec<String>>) -> impl IntoView {
    let option = &product.options[at];
    let (legend, name) = (option.name.clone(), format!("choice[{}]", option.key));
    let selected = Signal::derive(move || chosen.with(|chosen| chosen.get(at).cloned().unwrap_or_default()));
    let all = Arc::clone(&product);
    let chosen_name = Signal::derive(move || {
        let selected = selected.get();
        all.options[at].values.iter().find(|value| value.key == selected).map(|value| value.name.clone()).unwrap_or_default()
    });
    let chips = Signal::derive(move || {
        let chip = |value: &OptionValueView| {
            let mut values = chosen.get();
            if let Some(own) = values.get_mut(at) {
                own.clone_from(&value.key);
            }
            let available = product.variants.iter().any(|variant| variant.values == values && variant.available > 0);
            Chip { value: value.key.clone(), label: value.name.clone(), picture: None, available }
        };
        product.options[at].values.iter().map(chip).collect::<Vec<_>>()
    });
    let on_change = Callback::new(move |value: String| {
        chosen.update(|chosen| {
            if let Some(own) = chosen.get_mut(at) {
                *own = value;
            }
        });
    });
    view! { <RadioChips legend name chips selected chosen_name on_change/> }.into_any()
}
