//! The filters of a listing: stock, price, and the options of its products.

use domain::Money;
use domain::view::{Facet, FacetValue};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use ui::{Button, CheckChip, Checkbox, FilterChip, tr, trn, use_locale};

use crate::listing::{CURRENCY, ListingState, is_filter, query_of, without};
use crate::price_filter::{PriceFields, PriceFilter};

/// The filters of a listing. With a script each change applies at once, and in a sheet the button, which has how many products there are,
/// closes it (`on_done`). Without a script there is a button that applies them.
#[component]
pub(crate) fn Filters(shown: ListingState, prefix: &'static str, #[prop(optional)] on_done: Option<Callback<()>>) -> impl IntoView {
    let node = NodeRef::<leptos::html::Form>::new();
    let navigate = StoredValue::new(use_navigate());
    let prices = PriceFields::new(shown);
    let in_sheet = on_done.is_some();
    // One step Back leaves all that was chosen in a sheet.
    let has_gone = StoredValue::new(false);
    let go = move |done: bool| {
        let Some(form) = node.get_untracked() else { return };
        let fields = fields_of(&form);
        let typed = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default();
        if !prices.send(typed("min"), typed("max")) {
            return;
        }
        if query_of(&fields, None) != untrack(|| shown.query()).first_page() {
            let chosen = shown.path.with_value(|path| without(path, &fields, |_, _| false));
            let replace = in_sheet && has_gone.get_value();
            navigate.with_value(|navigate| navigate(&chosen, NavigateOptions { scroll: false, replace, ..NavigateOptions::default() }));
            has_gone.set_value(true);
        }
        if let Some(on_done) = on_done.filter(|_| done) {
            on_done.run(());
        }
    };
    let words = untrack(|| shown.parameter("q"));
    let in_stock = Signal::derive(move || shown.query().in_stock);
    let button = move || if in_sheet { trn!(LISTING_SHOW, shown.total()) } else { tr!(LISTING_SHOW_RESULTS).to_owned() };
    view! {
        <form
            node_ref=node
            method="get"
            action=shown.path.get_value()
            on:change=move |_| go(false)
            on:submit=move |event| {
                event.prevent_default();
                go(true);
            }
        >
            <input type="hidden" name="sort" value=move || shown.query().sort.as_str()/>
            {(!words.is_empty()).then(|| view! { <input type="hidden" name="q" value=words/> }.into_any())}
            <fieldset class="border-b border-hairline pb-4 mb-4">
                <legend class="font-semibold mb-1">{tr!(LISTING_AVAILABILITY)}</legend>
                <Checkbox label=tr!(LISTING_IN_STOCK_ONLY) name="in_stock" id=format!("{prefix}-in-stock") checked=in_stock/>
            </fieldset>
            <PriceFilter shown fields=prices prefix/>
            <For each=move || shown.listing.with(|listing| listing.facets.clone()) key=|facet| option_of(facet).map(str::to_owned) let:facet>
                {facet_group(facet, shown, prefix)}
            </For>
            <div class=if in_sheet { "sticky bottom-0 bg-base-100 pt-3" } else { "without-script" }>
                <Button kind="submit" wide=true>{button}</Button>
            </div>
        </form>
    }
    .into_any()
}

/// The values of an option, with how many products each has.
fn facet_group(facet: Facet, shown: ListingState, prefix: &'static str) -> AnyView {
    let option = option_of(&facet).unwrap_or_default().to_owned();
    let values = Memo::new(move |_| {
        shown.listing.with(|listing| {
            listing
                .facets
                .iter()
                .find(|facet| option_of(facet) == Some(option.as_str()))
                .map(|facet| facet.values.clone())
                .unwrap_or_default()
        })
    });
    let one = move |value: FacetValue| {
        let key = value.key.clone();
        let now =
            Memo::new(move |_| values.with(|values| values.iter().find(|value| value.key == key).map(|value| (value.count, value.chosen))));
        let count = Signal::derive(move || now.get().map_or(0, |(count, _)| count).to_string());
        let checked = Signal::derive(move || now.get().is_some_and(|(_, chosen)| chosen));
        let id = format!("{prefix}-{}", value.key);
        view! { <CheckChip label=value.name name="option" value=value.key id checked count swatch=value.swatch/> }
    };
    view! {
        <fieldset class="border-b border-hairline pb-4 mb-4">
            <legend class="font-semibold mb-2">{facet.name}</legend>
            <div class="flex flex-wrap gap-2">
                <For each=move || values.get() key=|value| value.key.clone() let:value>{one(value)}</For>
            </div>
        </fieldset>
    }
    .into_any()
}

/// The option that a facet is of.
fn option_of(facet: &Facet) -> Option<&str> {
    facet.values.first().and_then(|value| value.key.split_once(':')).map(|(option, _)| option)
}

/// The fields of a form that are not empty.
fn fields_of(form: &web_sys::HtmlFormElement) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let elements = form.elements();
    for at in 0..elements.length() {
        let Some(input) = elements.item(at).and_then(|element| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlInputElement>(element).ok())
        else {
            continue;
        };
        let counts = !matches!(input.type_().as_str(), "checkbox" | "radio") || input.checked();
        if counts && !input.name().is_empty() && !input.value().is_empty() {
            fields.push((input.name(), input.value()));
        }
    }
    fields
}

/// The active filters, each with a link that removes it.
pub(crate) fn chosen_filters(shown: ListingState) -> Option<AnyView> {
    let mut chips = Vec::new();
    shown.listing.with(|listing| {
        for value in listing.facets.iter().flat_map(|facet| facet.values.iter().filter(|value| value.chosen)) {
            chips.push((value.name.clone(), shown.without(|name, chosen| name == "option" && chosen == value.key)));
        }
    });
    let query = shown.query();
    if query.in_stock {
        chips.push((tr!(LISTING_IN_STOCK_ONLY).to_owned(), shown.without(|name, _| name == "in_stock")));
    }
    for (name, label, amount) in [("min", tr!(LISTING_PRICE_FROM), query.price_min), ("max", tr!(LISTING_PRICE_TO), query.price_max)] {
        if let Some(minor) = amount {
            let amount = use_locale().money(Money::new(minor, CURRENCY));
            chips.push((format!("{label} {amount}"), shown.without(|key, _| key == name)));
        }
    }
    let clear = shown.without(|name, _| is_filter(name));
    (!chips.is_empty()).then(|| {
        view! {
            <nav class="flex flex-wrap items-center gap-2 mb-5" aria-label=tr!(LISTING_CHOSEN_FILTERS)>
                {chips.into_iter().map(|(label, href)| view! { <FilterChip label href/> }.into_any()).collect_view()}
                <a href=clear class="inline-flex items-center min-h-11 px-2 font-medium underline underline-offset-4 decoration-1">{tr!(LISTING_CLEAR_FILTERS)}</a>
            </nav>
        }
        .into_any()
    })
}
