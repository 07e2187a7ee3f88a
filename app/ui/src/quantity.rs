//! A number with a button on each side.

use leptos::prelude::*;

use crate::{Icon, icon, tr, trn};

/// A whole number from `min` to `max`. Without a script it is a plain number field.
#[component]
pub fn QuantityStepper(
    #[prop(into)] name: String,
    /// Read and written: units.
    value: RwSignal<u32>,
    /// The accessible name; "Quantity" by default.
    #[prop(optional, into)]
    label: Option<String>,
    #[prop(default = 1)] min: u32,
    #[prop(default = 99.into(), into)] max: Signal<u32>,
    /// Called with each number the user chooses.
    #[prop(optional, into)]
    on_change: Option<Callback<u32>>,
) -> impl IntoView {
    // The most there is, shown when more was asked for.
    let cut = RwSignal::new(None::<u32>);
    let choose = move |requested: u32| {
        let most = max.get_untracked().max(min);
        let number = requested.clamp(min, most);
        cut.set((requested > most).then_some(most));
        value.set(number);
        if let Some(on_change) = on_change {
            on_change.run(number);
        }
    };
    let label = label.unwrap_or_else(|| tr!(PRODUCT_QUANTITY).to_owned());
    let group_label = label.clone();
    let at_least = Signal::derive(move || value.get() <= min);
    let at_most = Signal::derive(move || value.get() >= max.get());
    let side = "needs-script grid place-items-center size-11 shrink-0 cursor-pointer rounded-field hover:bg-base-200 disabled:text-quiet disabled:opacity-50 disabled:cursor-default";
    view! {
        <div class="flex flex-col gap-1 w-fit">
        <div class="inline-flex w-fit items-center rounded-field border border-field bg-raised" role="group" aria-label=group_label>
            <button
                type="button"
                class=side
                aria-label=tr!(PRODUCT_QUANTITY_LESS)
                disabled=at_least
                on:click=move |_| choose(value.get_untracked().saturating_sub(1))
            >
                <Icon shape=icon::MINUS class="size-4"/>
            </button>
            <input
                type="number"
                inputmode="numeric"
                name=name
                class="figures h-11 w-11 text-center bg-transparent rounded-field appearance-none [-moz-appearance:textfield] [&::-webkit-inner-spin-button]:appearance-none"
                aria-label=label
                min=min
                max=move || max.get()
                value=value.get_untracked()
                prop:value=move || value.get().to_string()
                on:change=move |event| choose(event_target_value(&event).parse().unwrap_or(min))
            />
            <button
                type="button"
                class=side
                aria-label=tr!(PRODUCT_QUANTITY_MORE)
                disabled=at_most
                on:click=move |_| choose(value.get_untracked().saturating_add(1))
            >
                <Icon shape=icon::PLUS class="size-4"/>
            </button>
        </div>
        <p role="status" class="text-sm font-medium tone-danger tone-ink empty:hidden">{move || cut.get().map(|most| trn!(PRODUCT_FEW_LEFT, i64::from(most)))}</p>
        </div>
    }
    .into_any()
}
