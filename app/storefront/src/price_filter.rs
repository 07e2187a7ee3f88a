//! The price filter: two fields, and a slider with two thumbs that fills them in.

use domain::Money;
use leptos::prelude::*;
use ui::{Field, tr, use_locale};

use crate::listing::{CURRENCY, ListingState};

/// A slider has at most so many steps, so that each is some pixels wide on a phone.
const MAX_STEPS: i64 = 100;
/// Whole units of the currency that a step may be.
const STEPS: &[i64] = &[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];

type Faults = (Option<&'static str>, Option<&'static str>);

/// The errors of the typed lowest and highest price.
fn price_faults(min: &str, max: &str) -> Faults {
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

/// The two price fields of a form of filters.
#[derive(Clone, Copy)]
pub(crate) struct PriceFields {
    min: PriceField,
    max: PriceField,
    faults: RwSignal<Faults>,
}

impl PriceFields {
    pub(crate) fn new(shown: ListingState) -> Self {
        let (min, max) = (PriceField::new(shown, "min"), PriceField::new(shown, "max"));
        // The address holds what was sent; what is typed is checked when the field is left.
        let faults = RwSignal::new(price_faults(&min.typed.get_untracked(), &max.typed.get_untracked()));
        Self { min, max, faults }
    }

    /// Checks what is to be sent, and notes it as sent; whether it can be.
    pub(crate) fn send(self, min: &str, max: &str) -> bool {
        let found = price_faults(min, max);
        self.faults.set(found);
        if found != (None, None) {
            return false;
        }
        self.min.sent.set_value(min.to_owned());
        self.max.sent.set_value(max.to_owned());
        true
    }
}

/// The prices that a slider goes over, in whole units of the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SliderRange {
    lowest: i64,
    highest: i64,
    step: i64,
}

impl SliderRange {
    /// From the step below the lowest price to the one above the highest. None where there is little to choose.
    fn of((lowest, highest): (Money, Money)) -> Option<Self> {
        let unit = 10_i64.checked_pow(CURRENCY.exponent().into())?;
        let (low, high) = (lowest.minor.div_euclid(unit), highest.minor.div_euclid(unit) + i64::from(highest.minor % unit > 0));
        let step = STEPS.iter().copied().find(|step| (high - low) / step <= MAX_STEPS)?;
        let up = |amount: i64| (amount + step - 1) / step * step;
        let range = Self { lowest: low / step * step, highest: up(high), step };
        (range.highest - range.lowest >= 4 * step).then_some(range)
    }

    /// Where the thumb stands for what is typed: at its own end for nothing, and for what cannot be read.
    fn position(self, typed: &str, end: i64) -> i64 {
        let unit = 10_i64.checked_pow(CURRENCY.exponent().into()).unwrap_or(1);
        Money::parse(typed, CURRENCY).map_or(end, |money| money.minor / unit).clamp(self.lowest, self.highest)
    }

    /// How far a price is along the slider, in thousandths.
    const fn thousandths(self, price: i64) -> i64 {
        (price - self.lowest) * 1_000 / (self.highest - self.lowest)
    }
}

/// The price's part of a form of filters.
#[component]
pub(crate) fn PriceFilter(shown: ListingState, fields: PriceFields, prefix: &'static str) -> impl IntoView {
    let PriceFields { min, max, faults } = fields;
    let fault = |which: fn(&Faults) -> Option<&'static str>| Signal::derive(move || faults.with(which).map(str::to_owned));
    let range = Memo::new(move |_| shown.listing.with(|listing| listing.prices.and_then(SliderRange::of)));
    view! {
        <fieldset class="border-b border-hairline pb-4 mb-4">
            <legend class="font-semibold mb-2">{tr!(LISTING_PRICE)}</legend>
            {move || range.get().map(|range| slider(range, min.typed, max.typed))}
            <div class="grid grid-cols-2 gap-3 items-start">
                <Field label=tr!(LISTING_PRICE_FROM) name="min" id=format!("{prefix}-min") inputmode="decimal" prefix="₱" bind=min.typed error=fault(|faults| faults.0) maxlength=20/>
                <Field label=tr!(LISTING_PRICE_TO) name="max" id=format!("{prefix}-max") inputmode="decimal" prefix="₱" bind=max.typed error=fault(|faults| faults.1) maxlength=20/>
            </div>
        </fieldset>
    }
    .into_any()
}

/// A thumb at its own end leaves its field empty. Without a script there are the fields.
fn slider(range: SliderRange, min: RwSignal<String>, max: RwSignal<String>) -> AnyView {
    let low = Memo::new(move |_| min.with(|typed| range.position(typed, range.lowest)));
    let high = Memo::new(move |_| max.with(|typed| range.position(typed, range.highest)));
    let words = |price: i64| use_locale().money(Money::new(price.saturating_mul(10_i64.pow(CURRENCY.exponent().into())), CURRENCY));
    let read = |event: &leptos::ev::Event| event_target_value(event).parse::<i64>().ok();
    let text = |price: i64, end: i64| if price == end { String::new() } else { price.to_string() };
    // The thumbs do not pass each other.
    let on_low = move |event| {
        let Some(price) = read(&event) else { return };
        let price = price.min(high.get_untracked());
        min.set(text(price, range.lowest));
        set_value(&event, price);
    };
    let on_high = move |event| {
        let Some(price) = read(&event) else { return };
        let price = price.max(low.get_untracked());
        max.set(text(price, range.highest));
        set_value(&event, price);
    };
    let (lowest, highest, step) = (range.lowest.to_string(), range.highest.to_string(), range.step.to_string());
    view! {
        <div class="price-slider needs-script">
            <svg viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true">
                <rect width="1000" height="1" class="fill-base-300"/>
                <rect
                    x=move || range.thousandths(low.get()).to_string()
                    width=move || (range.thousandths(high.get()) - range.thousandths(low.get())).max(0).to_string()
                    height="1"
                    class="fill-primary"
                />
            </svg>
            <input
                type="range"
                min=lowest.clone()
                max=highest.clone()
                step=step.clone()
                value=low.get_untracked().to_string()
                prop:value=move || low.get().to_string()
                aria-label=tr!(LISTING_PRICE_LOWEST)
                aria-valuetext=move || words(low.get())
                on:input=on_low
            />
            <input
                type="range"
                min=lowest
                max=highest
                step=step
                value=high.get_untracked().to_string()
                prop:value=move || high.get().to_string()
                aria-label=tr!(LISTING_PRICE_HIGHEST)
                aria-valuetext=move || words(high.get())
                on:input=on_high
            />
        </div>
    }
    .into_any()
}

/// Puts the thumb where its price is, also when the price did not change.
fn set_value(event: &leptos::ev::Event, price: i64) {
    event_target::<web_sys::HtmlInputElement>(event).set_value(&price.to_string());
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

    #[test]
    fn a_slider_goes_over_all_prices_in_steps_that_a_thumb_can_tell_apart() {
        let of = |low, high| SliderRange::of((Money::new(low, CURRENCY), Money::new(high, CURRENCY)));
        assert_eq!(of(4_550, 289_950), Some(SliderRange { lowest: 0, highest: 2_900, step: 50 }));
        assert_eq!(of(10_000, 10_350), Some(SliderRange { lowest: 100, highest: 104, step: 1 }));
        assert_eq!((of(10_000, 10_000), of(10_000, 10_200)), (None, None));
    }

    #[test]
    fn a_thumb_stands_at_its_end_where_nothing_readable_is_typed() {
        let range = SliderRange { lowest: 100, highest: 200, step: 1 };
        let positions = ["", "x", "150", "20", "1000"].map(|typed| range.position(typed, range.highest));
        assert_eq!(positions, [200, 200, 150, 100, 200]);
        assert_eq!(range.thousandths(150), 500);
    }
}
