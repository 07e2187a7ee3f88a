//! What a shopper chooses of a product: a value of each option, and how many. Nothing is chosen for them, apart from an option that has
//! one value only. The address of the page names the variant that is chosen, so that it can be shared, opened again and come back to; see
//! [`query::product_address`](crate::query::product_address).

use std::sync::Arc;

use domain::view::{CartLineView, OptionValueView, OptionView, ProductView, VariantView};
use domain::{Locale, Money, Quantity};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use server_fn::ServerFn;
use ui::{Alert, Button, Chip, Look, QuantityStepper, RadioChips, Size, Tone, icon, t, tr, use_locale};
use wasm_bindgen::JsCast;
use web::{AppError, FormFallback, when_hydrated};

use crate::cart::{ChangeCart, MAX_QUANTITY, use_cart};
use crate::query::{VARIANT, address, named_variant, pairs};
use crate::size_guide::{SizeGuide, is_beside};

/// `available` is at most this: from here on the stepper goes up to the cart's limit.
const PLENTY: i64 = 10;

/// What is chosen of a product.
#[derive(Clone, Copy)]
pub(crate) struct Chosen {
    product: StoredValue<Arc<ProductView>>,
    /// The value of each option, in order; empty while none is chosen.
    values: RwSignal<Vec<String>>,
    pub variant: Memo<Option<VariantView>>,
    /// Units of what can be bought with what is chosen so far.
    pub available: Memo<i64>,
    /// Was it to go into the cart before all was chosen?
    missed: RwSignal<bool>,
    /// The form that came back without a script.
    sent: StoredValue<FormFallback>,
}

/// What is asked of a shopper who has not chosen a value of this option.
pub(crate) fn choose(option: &str, locale: Locale) -> String {
    let begins_with_vowel = option.chars().next().is_some_and(|first| "aeioAEIO".contains(first));
    let message = if begins_with_vowel { t::PRODUCT_CHOOSE_AN } else { t::PRODUCT_CHOOSE };
    message.with(locale, &[("option", &in_a_sentence(option))])
}

/// What is asked where the chosen values are sold, but not together.
pub(crate) fn not_combined(last_option: &str, locale: Locale) -> String {
    t::PRODUCT_NOT_COMBINED.with(locale, &[("option", &in_a_sentence(last_option))])
}

/// The name of an option within a sentence: without its capital, unless it begins with an abbreviation.
fn in_a_sentence(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if !letters.as_str().starts_with(char::is_uppercase) => first.to_lowercase().chain(letters).collect(),
        _ => name.to_owned(),
    }
}

/// The name of the field with an option's value.
pub(crate) fn field_of(option: &OptionView) -> String {
    format!("choice[{}]", option.key)
}

impl Chosen {
    /// Begins with the variant that the address names, or with what the form held, if it came back without a script.
    pub fn new(product: Arc<ProductView>, search: &str, sent: &FormFallback) -> Self {
        // Another product's page may be opened from the one that came back.
        let is_own = sent.to == ChangeCart::PATH && sent.value("product") == Some(product.slug.as_str());
        let sent = if is_own { sent.clone() } else { FormFallback::default() };
        let mut first = choice_named(&product, named_variant(search).as_deref());
        for (option, value) in product.options.iter().zip(&mut first) {
            if let Some(key) = sent.value(&field_of(option)).filter(|key| option.values.iter().any(|value| value.key == *key)) {
                key.clone_into(value);
            }
        }
        let missed = RwSignal::new(sent.error.as_ref().is_some_and(is_about_options));
        let values = RwSignal::new(first);
        let all = Arc::clone(&product);
        let variant = Memo::new(move |_| values.with(|values| all.variant(values).cloned()));
        let all = Arc::clone(&product);
        let available =
            Memo::new(move |_| values.with(|values| all.fitting(values).map(|variant| variant.available).max().unwrap_or_default()));
        Self { product: StoredValue::new(product), values, variant, available, missed, sent: StoredValue::new(sent) }
    }

    /// Keeps the address and the choice the same from now on. The address is replaced, so that Back leaves the product.
    pub fn follow_address(self) {
        let (location, navigate) = (use_location(), use_navigate());
        let (pathname, query) = (location.pathname, location.search);
        let path = pathname.get_untracked();
        let own_path = path.clone();
        let sku = move || self.variant.with(|variant| variant.as_ref().map(|variant| variant.sku.clone()));
        let written = StoredValue::new(untrack(sku));
        let seen = StoredValue::new(named_variant(&query.get_untracked()));
        Effect::new(move || {
            let sku = sku();
            if written.with_value(|written| *written == sku) || pathname.with_untracked(|path| *path != own_path) {
                return;
            }
            written.set_value(sku.clone());
            seen.set_value(sku.clone());
            let others = pairs(&query.get_untracked());
            let others = others.iter().filter(|(name, _)| name != VARIANT).map(|(name, value)| (name.as_str(), value.as_str()));
            let own = sku.as_deref().map(|sku| (VARIANT, sku));
            navigate(&address(&own_path, others.chain(own)), NavigateOptions { replace: true, scroll: false, ..Default::default() });
        });
        Effect::new(move || {
            let named = named_variant(&query.get());
            if seen.with_value(|seen| *seen == named) || pathname.with(|now| *now != path) {
                return;
            }
            seen.set_value(named.clone());
            let choice = self.product.with_value(|product| choice_named(product, named.as_deref()));
            written.set_value(self.product.with_value(|product| product.variant(&choice).map(|variant| variant.sku.clone())));
            self.values.set(choice);
        });
    }

    /// The number of units that the form asked for which came back, else one.
    pub fn first_quantity(self) -> u32 {
        let sent = self.sent.with_value(|sent| sent.value("quantity").and_then(|sent| sent.parse().ok()));
        sent.filter(|count| (1..=MAX_QUANTITY).contains(count)).unwrap_or(1)
    }

    /// Why the form came back, if that does not stand beside an option.
    fn other_error(self) -> Option<String> {
        let error = self.sent.with_value(|sent| sent.error.clone()).filter(|error| !is_about_options(error))?;
        Some(error.fields.first().map_or_else(|| error.text(use_locale()), |(_, words)| words.clone()))
    }

    /// Reads the variants that have what is chosen so far.
    pub fn with_fitting<T>(self, read: impl FnOnce(&mut dyn Iterator<Item = &VariantView>) -> T) -> T {
        self.product.with_value(|product| self.values.with(|values| read(&mut product.fitting(values))))
    }

    /// Ids and names of the variants that fit, when all of them are sold out.
    pub fn sold_out(self) -> Vec<(String, String)> {
        self.product.with_value(|product| {
            self.values.with(|values| {
                if product.fitting(values).any(|variant| variant.available > 0) {
                    return Vec::new();
                }
                product.fitting(values).map(|variant| (variant.id.to_string(), option_names(product, variant))).collect()
            })
        })
    }

    /// The price of what fits: the lowest, the former one of that, and whether others cost more.
    pub fn price(self) -> Option<(Money, Option<Money>, bool)> {
        let of_fitting = self.with_fitting(|fitting| price_of(fitting));
        of_fitting.or_else(|| self.product.with_value(|product| price_of(&mut product.variants.iter())))
    }

    /// Price and weight that a delivery is offered for; the dearest there may be, as long as several variants fit. None when all of them
    /// are sold out.
    pub fn contents(self, count: i64) -> Option<(Money, i64)> {
        let (price, weight_g) = self.with_fitting(|fitting| {
            let (mut lowest, mut heaviest) = (None::<Money>, 0);
            for variant in fitting.filter(|variant| variant.available > 0) {
                lowest = Some(lowest.filter(|lowest| lowest.minor <= variant.price.minor).unwrap_or(variant.price));
                heaviest = heaviest.max(variant.weight_g);
            }
            Some((lowest?, heaviest))
        })?;
        Some((price.times(count).ok()?, weight_g.saturating_mul(count)))
    }

    fn choose(self, at: usize, value: String) {
        self.values.update(|values| {
            if let Some(own) = values.get_mut(at) {
                *own = value;
            }
        });
    }

    /// What is wrong with an option, once its product was to go into the cart.
    fn error(self, at: usize) -> Option<String> {
        if !self.missed.get() {
            return None;
        }
        let is_last = |product: &ProductView| at + 1 == product.options.len();
        self.product.with_value(|product| {
            let option = product.options.get(at)?;
            self.values.with(|values| {
                if values.get(at).is_none_or(String::is_empty) {
                    Some(choose(&option.name, use_locale()))
                } else if is_last(product) && values.iter().all(|value| !value.is_empty()) && product.variant(values).is_none() {
                    Some(not_combined(&option.name, use_locale()))
                } else {
                    None
                }
            })
        })
    }

    /// The first option that has no value.
    fn first_open(self) -> Option<usize> {
        self.values.with_untracked(|values| values.iter().position(String::is_empty))
    }

    /// Says what is still to be chosen, and goes there.
    fn ask(self) {
        self.missed.set(true);
        let Some(open) = self.first_open() else { return };
        // After the error is drawn, so that it is read out with the option.
        request_animation_frame(move || {
            let first = document().query_selector(&format!("#{} input", id_of(open))).ok().flatten();
            if let Some(first) = first.and_then(|first| first.dyn_into::<web_sys::HtmlElement>().ok()) {
                // On an error the focus stays.
                let _ = first.focus();
            }
        });
    }
}

/// What an address chooses that names this SKU. One that the product does not have chooses nothing.
fn choice_named(product: &ProductView, sku: Option<&str>) -> Vec<String> {
    let named = sku.and_then(|sku| product.variants.iter().find(|variant| variant.sku == sku));
    named.map_or_else(|| product.given_choice(), |variant| variant.values.clone())
}

/// Is this an address that the shop itself writes for this product? Pages of others are rendered for each request, so that made-up ones do
/// not fill the page cache.
#[cfg(feature = "ssr")]
pub(crate) fn is_own_address(product: &ProductView, search: &str) -> bool {
    let mut named = search.split('&').filter(|pair| pair.split('=').next() == Some(VARIANT));
    let Some(first) = named.next() else { return true };
    let is_known = |sku: &str| product.variants.iter().any(|variant| variant.sku == sku);
    named_variant(first).is_some_and(|sku| is_known(&sku) && address("", [(VARIANT, sku.as_str())].into_iter()) == format!("?{first}"))
        && named.next().is_none()
}

/// The element of an option by its position.
fn id_of(at: usize) -> String {
    format!("option-{at}")
}

fn price_of(variants: &mut dyn Iterator<Item = &VariantView>) -> Option<(Money, Option<Money>, bool)> {
    let mut cheapest: Option<&VariantView> = None;
    let mut varies = false;
    for variant in variants {
        varies |= cheapest.is_some_and(|cheapest| cheapest.price != variant.price);
        if cheapest.is_none_or(|cheapest| variant.price.minor < cheapest.price.minor) {
            cheapest = Some(variant);
        }
    }
    cheapest.map(|cheapest| (cheapest.price, cheapest.compare_at, varies))
}

fn is_about_options(error: &AppError) -> bool {
    error.fields.iter().any(|(field, _)| field.starts_with("choice["))
}

/// The form with the options and the quantity. Without a script it goes to an address below the cart's, where the browser sends the cookie
/// that names the cart; what is missing is said there on this same page.
#[component]
pub(crate) fn AddToCart(product: Arc<ProductView>, chosen: Chosen, quantity: RwSignal<u32>) -> impl IntoView {
    let cart = use_cart();
    let options =
        (0..product.options.len()).map(|at| view! { <OptionChoice product=Arc::clone(&product) at chosen/> }.into_any()).collect_view();
    // A large stock is not revealed: the cart reports when there is less.
    let most = Signal::derive(move || match chosen.available.get() {
        few @ 0..PLENTY => u32::try_from(few.max(1)).unwrap_or(1),
        _ => MAX_QUANTITY,
    });
    // Without a script another variant may be chosen although the one of the address is sold out.
    let is_alive = RwSignal::new(false);
    when_hydrated(move || is_alive.set(true));
    let all_sold_out = product.variants.iter().all(|variant| variant.available == 0);
    let is_sold_out = move || chosen.variant.with(|variant| variant.as_ref().is_some_and(|variant| variant.available == 0));
    let sold_out = Signal::derive(move || all_sold_out || (is_alive.get() && is_sold_out()));
    let slug = product.slug.clone();
    let action = format!("/cart/add/{slug}");
    let add = move || match chosen.variant.get_untracked() {
        Some(variant) if variant.available > 0 => {
            cart.add(cart_line(&product, variant, Quantity::clamped(i64::from(quantity.get_untracked()))));
        }
        Some(_) => {}
        None => chosen.ask(),
    };
    view! {
        <form
            method="post"
            action=action
            class="flex flex-col gap-5"
            on:submit=move |event| {
                event.prevent_default();
                add();
            }
        >
            <input type="hidden" name="product" value=slug/>
            <input type="hidden" name="step" value="add"/>
            {chosen.other_error().map(|words| view! { <Alert tone=Tone::Danger>{words}</Alert> }.into_any())}
            {options}
            <div class="bar flex flex-wrap items-center gap-3 max-md:sticky max-md:bottom-14 max-md:z-20 max-md:bg-base-100 max-md:-mx-4 max-md:px-4 max-md:py-3 max-md:border-t max-md:border-hairline">
                <QuantityStepper name="quantity" value=quantity max=most/>
                <div class="grow max-w-sm">
                    <Button look=Look::Buy size=Size::Large kind="submit" icon=icon::CART wide=true disabled=sold_out>
                        {move || if sold_out.get() { tr!(PRODUCT_OUT_OF_STOCK) } else { tr!(PRODUCT_ADD_TO_CART) }}
                    </Button>
                </div>
            </div>
        </form>
    }
    .into_any()
}

fn cart_line(product: &ProductView, variant: VariantView, quantity: Quantity) -> CartLineView {
    CartLineView {
        variant: variant.id,
        slug: product.slug.clone(),
        name: product.name.clone(),
        options: option_names(product, &variant),
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

/// The names of a variant's values.
pub(crate) fn option_names(product: &ProductView, variant: &VariantView) -> String {
    let names = product
        .options
        .iter()
        .zip(&variant.values)
        .filter_map(|(option, key)| option.values.iter().find(|value| value.key == *key).map(|value| value.name.as_str()));
    names.collect::<Vec<_>>().join(" · ")
}

/// The values of one option; those that cannot be bought with the other chosen values are struck through.
#[component]
fn OptionChoice(product: Arc<ProductView>, at: usize, chosen: Chosen) -> impl IntoView {
    let option = &product.options[at];
    let (legend, name) = (option.name.clone(), field_of(option));
    let guide = is_beside(&product, at).then(|| product.size_guide.clone()).flatten();
    let values = chosen.values;
    let selected = Signal::derive(move || values.with(|values| values.get(at).cloned().unwrap_or_default()));
    let all = Arc::clone(&product);
    let chosen_name = Signal::derive(move || {
        let selected = selected.get();
        all.options[at].values.iter().find(|value| value.key == selected).map(|value| value.name.clone()).unwrap_or_default()
    });
    let chips = Signal::derive(move || {
        let chip = |value: &OptionValueView| {
            let mut choice = values.get();
            // What is chosen already is struck only when it is sold out with whatever else is chosen.
            if choice.get(at) == Some(&value.key) {
                choice.iter_mut().for_each(String::clear);
            }
            if let Some(own) = choice.get_mut(at) {
                own.clone_from(&value.key);
            }
            let available = product.fitting(&choice).any(|variant| variant.available > 0);
            Chip { value: value.key.clone(), label: value.name.clone(), picture: None, swatch: value.swatch.clone(), available }
        };
        product.options[at].values.iter().map(chip).collect::<Vec<_>>()
    });
    let on_change = Callback::new(move |value: String| chosen.choose(at, value));
    let error = Signal::derive(move || chosen.error(at));
    // After a form without a script the page opens where something is to be chosen.
    let autofocus = chosen.missed.get_untracked() && chosen.first_open() == Some(at);
    view! {
        <div class="flex flex-col gap-1 items-start min-w-0">
            <RadioChips legend name id=id_of(at) chips selected chosen_name error autofocus on_change/>
            {guide.map(|guide| view! { <SizeGuide guide/> }.into_any())}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_asked_for_in_a_sentence() {
        assert_eq!(choose("Size (EU)", Locale::En), "Choose a size (EU)");
        assert_eq!(choose("Edition", Locale::En), "Choose an edition");
        assert_eq!(choose("EU size", Locale::En), "Choose an EU size");
        assert_eq!(choose("Sukat", Locale::Fil), "Pumili ng sukat");
    }
}
