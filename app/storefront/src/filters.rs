//! The filters of a listing: stock, price, and the options of its products.

use domain::Money;
use domain::view::{Facet, FacetValue};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use ui::{Button, Checkbox, Field, tr};

use crate::listing::{CURRENCY, ListingState, without};

/// The errors of the typed lowest and highest price.
fn price_faults(min: &str, max: &str) -> (Option<&'static str>, Option<&'static str>) {
    let read = |text: &str| match text.trim() {
        "" => Ok(None),
        text => Money::parse(text, CURRENCY).ok().filter(|money| money.minor >= 0).map(|money| Some(money.minor)).ok_or(()),
    };
    match (read(min), read(max)) {
        (Ok(Some(min)), Ok(Some(max))) if min > max => (None, Some(tr!(LISTING_PRICE_ORDER))),
        (min, max) => (min.is_err().then(|| tr!(LISTING_PRICE_INVALID)), max.is_err().then(|| tr!(LISTING_PRICE_INVALID))),
    }
}

/// A price field: holds what was typed, and follows the address when its amount differs from what this field sent. The result of
/// its own request may arrive while the next amount is typed, and must not change it.
#[derive(Clone, Copy)]
struct PriceField {
    typed: RwSignal<String>,
    sent: StoredValue<String>,
}

impl PriceField {
    fn new(shown: ListingState, name: &'static str) -> Self {
        let first = untrack(|| shown.parameter(name));
        let field = Self { typed: RwSignal::new(first.clone()), sent: StoredValue::new(first) };
        let address = Memo::new(move |_| shown.parameter(name));
        Effect::new(move || {
            let now = address.get();
            if field.sent.with_value(|sent| *sent != now) {
                field.sent.set_value(now.clone());
                field.typed.set(now);
            }
        });
        field
    }
}

/// The filters of a listing. With a script each change applies at once; without one there is a button.
#[component]
pub(crate) fn Filters(shown: ListingState, prefix: &'static str, #[prop(optional)] on_done: Option<Callback<()>>) -> impl IntoView {
    let node = NodeRef::<leptos::html::Form>::new();
    let navigate = StoredValue::new(use_navigate());
    let (min, max) = (PriceField::new(shown, "min"), PriceField::new(shown, "max"));
    // The address holds what was sent; what is typed is checked when the field is left.
    let faults = RwSignal::new(price_faults(&min.typed.get_untracked(), &max.typed.get_untracked()));
    #[allow(clippy::type_complexity, reason = "one of two faults")]
    let fault = |which: fn(&(Option<&'static str>, Option<&'static str>)) -> Option<&'static str>| {
        Signal::derive(move || faults.with(which).map(str::to_owned))
    };
    let go = move |done: bool| {
        let Some(form) = node.get_untracked() else { return };
        let fields = fields_of(&form);
        let typed = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default();
        let found = price_faults(typed("min"), typed("max"));
        faults.set(found);
        if found != (None, None) {
            return;
        }
        min.sent.set_value(typed("min").to_owned());
        max.sent.set_value(typed("max").to_owned());
        let chosen = shown.path.with_value(|path| without(path, &fields, |_, _| false));
        navigate.with_value(|navigate| navigate(&chosen, leptos_router::NavigateOptions { scroll: false, ..Default::default() }));
        if let Some(on_done) = on_done.filter(|_| done) {
            on_done.run(());
        }
    };
    let at_once = on_done.is_none();
    let group = move |facet: Facet| {
        let option =
            facet.values.first().and_then(|value| value.key.split_once(':')).map(|(option, _)| option.to_owned()).unwrap_or_default();
        let values = Memo::new(move |_| {
            shown.listing.with(|listing| {
                listing.facets.iter().find(|facet| is_of(facet, &option)).map(|facet| facet.values.clone()).unwrap_or_default()
            })
        });
        let one = move |value: FacetValue| {
            let key = value.key.clone();
            let now = Memo::new(move |_| {
                values.with(|values| values.iter().find(|value| value.key == key).map(|value| (value.count, value.chosen)))
            });
            let count = Signal::derive(move || Some(now.get().map_or(0, |(count, _)| count).to_string()));
            let checked = Signal::derive(move || now.get().is_some_and(|(_, chosen)| chosen));
            let id = format!("{prefix}-{}", value.key);
            view! { <Checkbox label=value.name name="option" value=value.key id checked count/> }
        };
        view! {
            <fieldset class="border-b border-hairline pb-4 mb-4">
                <legend class="font-semibold mb-1">{facet.name}</legend>
                <div class="max-h-72 overflow-y-auto">
                    <For each=move || values.get() key=|value| value.key.clone() let:value>{one(value)}</For>
                </div>
            </fieldset>
        }
        .into_any()
    };
    let in_stock = Signal::derive(move || shown.query().in_stock);
    view! {
        <form
            node_ref=node
            method="get"
            action=shown.path.get_value()
            on:change=move |_| if at_once { go(false) }
            on:submit=move |event| {
                event.prevent_default();
                go(true);
            }
        >
            <input type="hidden" name="sort" value=move || shown.query().sort.as_str()/>
            <fieldset class="border-b border-hairline pb-4 mb-4">
                <legend class="font-semibold mb-1">{tr!(LISTING_AVAILABILITY)}</legend>
                <Checkbox label=tr!(LISTING_IN_STOCK_ONLY) name="in_stock" id=format!("{prefix}-in-stock") checked=in_stock/>
            </fieldset>
            <fieldset class="border-b border-hairline pb-4 mb-4">
                <legend class="font-semibold mb-2">{tr!(LISTING_PRICE)}</legend>
                <div class="grid grid-cols-2 gap-3 items-start">
                    <Field label=tr!(LISTING_PRICE_FROM) name="min" id=format!("{prefix}-min") inputmode="decimal" prefix="₱" bind=min.typed error=fault(|faults| faults.0) maxlength=20/>
                    <Field label=tr!(LISTING_PRICE_TO) name="max" id=format!("{prefix}-max") inputmode="decimal" prefix="₱" bind=max.typed error=fault(|faults| faults.1) maxlength=20/>
                </div>
            </fieldset>
            <For each=move || shown.listing.with(|listing| listing.facets.clone()) key=|facet| facet.values.first().and_then(|value| value.key.split_once(':')).map(|(option, _)| option.to_owned()) let:facet>
                {group(facet)}
            </For>
            <div class=if at_once { "without-script" } else { "sticky bottom-0 bg-base-100 pt-3" }>
                <Button kind="submit" wide=true>{tr!(LISTING_SHOW_RESULTS)}</Button>
            </div>
        </form>
    }
    .into_any()
}

/// Is it the facet of this option?
fn is_of(facet: &Facet, option: &str) -> bool {
    facet.values.first().and_then(|value| value.key.split_once(':')).is_some_and(|(own, _)| own == option)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_price_filter_gives_an_error_beside_its_field() {
        let (invalid, order) = (Some(tr!(LISTING_PRICE_INVALID)), Some(tr!(LISTING_PRICE_ORDER)));
        assert_eq!(price_faults("200", " 300 "), (None, None));
        assert_eq!(price_faults("", ""), (None, None));
        assert_eq!(price_faults("-5", "cheap"), (invalid, invalid));
        assert_eq!(price_faults("300", "200"), (None, order));
        assert_eq!(price_faults("200", "200"), (None, None));
    }
}
