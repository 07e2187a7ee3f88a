//! Choices: a list, cards, chips, a checkbox.

use leptos::html;
use leptos::prelude::*;

use crate::field::{ErrorLine, FieldFrame, FieldNames, described_by};
use crate::hydration::{report_early_change, report_early_choice, unless_hydrating};
use crate::{Icon, Picture, Shape, icon};

/// An option of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    /// Shown to the user.
    pub label: String,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

#[component]
pub fn SelectField(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    /// The options; they may change, as provinces do with the region.
    #[prop(into)]
    choices: Signal<Vec<Choice>>,
    #[prop(optional, into)] selected: Signal<String>,
    /// The text of an empty first option, for example "Choose a region".
    #[prop(optional, into)]
    empty: Option<String>,
    /// The element's id; by default the name, which two forms on a page may share.
    #[prop(optional, into)]
    id: Option<String>,
    /// Help that is always visible.
    #[prop(optional, into)]
    hint: Option<String>,
    /// What is wrong and what to do.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Required by the browser.
    #[prop(optional)]
    required: bool,
    /// Says "optional" beside the label.
    #[prop(optional)]
    optional: bool,
    /// Autofill token, for example `shipping country`.
    #[prop(optional)]
    autocomplete: Option<&'static str>,
    /// While the choices are not known yet.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Called with the new value.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.clone());
    let describe = described_by(&id, hint.is_some(), error);
    let node = NodeRef::<html::Select>::new();
    if let Some(on_change) = on_change {
        report_early_choice(node, on_change);
    }
    view! {
        <FieldFrame id=id.clone() label hint error optional>
            <select
                node_ref=node
                id=id
                name=name
                class="select w-full"
                required=required
                autocomplete=autocomplete
                disabled=move || disabled.get()
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=describe
                on:change=move |event| {
                    if let Some(on_change) = on_change {
                        on_change.run(event_target_value(&event));
                    }
                }
            >
                {empty.map(|words| view! { <option value="" selected=move || selected.with(String::is_empty) prop:selected=move || unless_hydrating(selected.with(String::is_empty))>{words}</option> }.into_any())}
                {move || {
                    let chosen = selected.get();
                    choices
                        .get()
                        .into_iter()
                        .map(|choice| {
                            let is_chosen = choice.value == chosen;
                            view! { <option value=choice.value selected=is_chosen prop:selected=unless_hydrating(is_chosen)>{choice.label}</option> }.into_any()
                        })
                        .collect_view()
                }}
            </select>
        </FieldFrame>
    }
}

/// A checkbox with the whole line as target.
#[component]
pub fn Checkbox(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    /// What the form sends when it is checked.
    #[prop(default = "true".into(), into)]
    value: String,
    #[prop(optional, into)] checked: Signal<bool>,
    /// Help that is always visible.
    #[prop(optional, into)]
    hint: Option<String>,
    /// The element's id, where name and value are not unique on the page.
    #[prop(optional, into)]
    id: Option<String>,
    /// Called with the new value.
    #[prop(optional, into)]
    on_change: Option<Callback<bool>>,
) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    if let Some(on_change) = on_change {
        report_early_change(node, on_change);
    }
    let id = id.unwrap_or_else(|| format!("{name}-{value}"));
    let hint_id = hint.is_some().then(|| format!("{id}-hint"));
    view! {
        <div class="flex flex-col">
            <label class="target flex items-center gap-3 cursor-pointer py-1.5">
                <input
                    node_ref=node
                    id=id
                    type="checkbox"
                    name=name
                    value=value
                    class="checkbox checkbox-primary"
                    checked=move || checked.get()
                    prop:checked=move || unless_hydrating(checked.get())
                    aria-describedby=hint_id.clone()
                    on:change=move |event| {
                        if let Some(on_change) = on_change {
                            on_change.run(event_target_checked(&event));
                        }
                    }
                />
                <span class="grow">{label}</span>
            </label>
            {hint.map(|hint| view! { <p id=hint_id class="text-sm text-quiet ps-9 -mt-1">{hint}</p> }.into_any())}
        </div>
    }
}

/// How a colour looks, beside its name. The content policy forbids inline styles, so it is drawn.
#[component]
pub fn Swatch(
    /// `#rrggbb`.
    #[prop(into)]
    colour: String,
) -> impl IntoView {
    view! {
        <svg viewBox="0 0 18 18" class="size-4.5 shrink-0" aria-hidden="true">
            <circle cx="9" cy="9" r="8.25" fill=colour class="stroke-field"/>
        </svg>
    }
    .into_any()
}

/// A checkbox as a chip, with a count, as for the values of a filter.
#[component]
pub fn CheckChip(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    /// What the form sends when it is checked.
    #[prop(into)]
    value: String,
    /// The element's id, unique on its page.
    #[prop(into)]
    id: String,
    #[prop(into)] checked: Signal<bool>,
    #[prop(into)] count: Signal<String>,
    /// The colour that the value is, `#rrggbb`.
    #[prop(into)]
    swatch: Option<String>,
) -> impl IntoView {
    view! {
        <label class="relative inline-flex items-center gap-2 min-h-11 px-3.5 rounded-full border border-field bg-raised cursor-pointer transition-colors hover:border-primary has-checked:border-primary has-checked:bg-primary has-checked:text-primary-content has-focus-visible:outline-3 has-focus-visible:outline-accent has-focus-visible:outline-offset-2">
            <input
                id=id
                type="checkbox"
                name=name
                value=value
                class="absolute inset-0 opacity-0 cursor-pointer"
                checked=move || checked.get()
                prop:checked=move || unless_hydrating(checked.get())
            />
            {swatch.map(|colour| view! { <Swatch colour/> })}
            <span>{label}</span>
            <span class="figures text-sm opacity-75">{move || count.get()}</span>
        </label>
    }
    .into_any()
}

/// A choice with an explanation: a payment method, a delivery method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RadioCard {
    pub value: String,
    pub title: String,
    /// A sentence below the title.
    pub detail: Option<String>,
    /// At the end of the line, for example the price.
    pub aside: Option<String>,
    /// An icon before it.
    pub icon: Option<Shape>,
    /// It cannot be chosen; `detail` has the reason.
    pub disabled: bool,
}

/// Reports a choice made before the page was hydrated.
fn report_early_pick(node: NodeRef<html::Input>, value: &str, on_change: Option<Callback<String>>) {
    if let Some(on_change) = on_change {
        let value = value.to_owned();
        report_early_change(
            node,
            Callback::new(move |picked| {
                if picked {
                    on_change.run(value.clone());
                }
            }),
        );
    }
}

/// Radio buttons as cards. The chosen one shows without a script.
#[component]
pub fn RadioCards(
    #[prop(into)] legend: String,
    #[prop(into)] name: String,
    cards: Vec<RadioCard>,
    #[prop(optional, into)] selected: Signal<String>,
    /// The legend is for screen readers only: the question is visible elsewhere.
    #[prop(optional)]
    quiet_legend: bool,
    /// What is wrong with the choice.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Called with the new value.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
) -> impl IntoView {
    FieldNames::add(&name, &legend);
    let error_id = format!("{name}-error");
    let shown_error = error_id.clone();
    let cards = cards
        .into_iter()
        .map(|card| {
            let (value, picked) = (card.value.clone(), card.value.clone());
            let sent = card.value.clone();
            let node = NodeRef::<html::Input>::new();
            report_early_pick(node, &card.value, on_change);
            view! {
                <label class="flex items-start gap-3 p-4 bg-raised border border-hairline rounded-card cursor-pointer transition-colors hover:border-field has-checked:border-primary has-checked:ring-1 has-checked:ring-primary has-disabled:cursor-not-allowed has-disabled:bg-base-200 has-focus-visible:outline-3 has-focus-visible:outline-accent has-focus-visible:outline-offset-2">
                    <input
                        node_ref=node
                        type="radio"
                        name=name.clone()
                        value=card.value
                        class="radio radio-primary radio-sm mt-0.5 focus-visible:outline-none focus-visible:shadow-none"
                        checked=move || selected.with(|chosen| *chosen == value)
                        prop:checked=move || unless_hydrating(selected.with(|chosen| *chosen == picked))
                        disabled=card.disabled
                        on:change=move |_| {
                            if let Some(on_change) = on_change {
                                on_change.run(sent.clone());
                            }
                        }
                    />
                    {card.icon.map(|shape| view! { <Icon shape class="size-6 text-primary"/> }.into_any())}
                    <span class="grow min-w-0">
                        <span class="block font-medium">{card.title}</span>
                        {card.detail.map(|detail| view! { <span class="block text-sm text-quiet mt-0.5">{detail}</span> }.into_any())}
                    </span>
                    {card.aside.map(|aside| view! { <span class="money font-medium">{aside}</span> }.into_any())}
                </label>
            }.into_any()
        })
        .collect_view();
    view! {
        <fieldset class="flex flex-col gap-2.5 min-w-0" aria-describedby=move || error.with(Option::is_some).then(|| shown_error.clone())>
            <legend class=if quiet_legend { "sr-only" } else { "font-medium text-sm mb-2" }>{legend}</legend>
            {cards}
            {move || error.get().map(|error| view! { <ErrorLine id=error_id.clone() error/> }.into_any())}
        </fieldset>
    }
}

/// A short choice: a size, a colour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chip {
    pub value: String,
    /// Shown to the user.
    pub label: String,
    /// A picture instead of the label, as for patterns.
    pub picture: Option<String>,
    /// The colour that the value is, `#rrggbb`, before the label.
    pub swatch: Option<String>,
    /// In stock; otherwise it is struck through, and can still be chosen.
    pub available: bool,
}

/// Radio buttons as chips or pictures, as for the options of a product.
#[component]
pub fn RadioChips(
    /// Names the group for screen readers, for example "Size".
    #[prop(into)]
    legend: String,
    #[prop(into)] name: String,
    #[prop(into)] chips: Signal<Vec<Chip>>,
    #[prop(optional, into)] selected: Signal<String>,
    /// The name of the chosen chip, shown after the legend.
    #[prop(optional, into)]
    chosen_name: Signal<String>,
    /// The group's element; by default the name.
    #[prop(optional, into)]
    id: Option<String>,
    /// What is wrong with the choice.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The page opens with the focus here.
    #[prop(optional)]
    autofocus: bool,
    /// Called with the new value.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.clone());
    let error_id = format!("{id}-error");
    let shown_error = error_id.clone();
    let each = move |at: usize, chip: Chip, name: String| {
        let (value, picked) = (chip.value.clone(), chip.value.clone());
        let sent = chip.value.clone();
        let node = NodeRef::<html::Input>::new();
        report_early_pick(node, &chip.value, on_change);
        let label = chip.label.clone();
        let words = if chip.available { chip.label } else { crate::tr!(PRODUCT_UNAVAILABLE_CHOICE, option = chip.label) };
        let title = words.clone();
        let look = if chip.picture.is_some() {
            "tile block size-16 p-0.5 border-2 border-transparent has-checked:border-primary"
        } else {
            "btn font-medium border-field bg-raised has-checked:border-primary has-checked:bg-primary has-checked:text-primary-content"
        };
        let struck = if chip.available { "" } else { "not-has-checked:opacity-70 line-through decoration-1" };
        view! {
            <label class=format!("relative cursor-pointer has-focus-visible:outline-3 has-focus-visible:outline-accent has-focus-visible:outline-offset-2 {look} {struck}") title=title>
                <input
                    node_ref=node
                    type="radio"
                    name=name
                    value=chip.value
                    class="absolute inset-0 opacity-0 cursor-pointer scroll-my-44"
                    autofocus=autofocus && at == 0
                    aria-label=words
                    checked=move || selected.with(|chosen| *chosen == value)
                    prop:checked=move || unless_hydrating(selected.with(|chosen| *chosen == picked))
                    on:change=move |_| {
                        if let Some(on_change) = on_change {
                            on_change.run(sent.clone());
                        }
                    }
                />
                {match chip.picture {
                    Some(picture) => view! { <span class="tile block"><Picture id=picture alt="" sizes="64px"/></span> }.into_any(),
                    None => view! { {chip.swatch.map(|colour| view! { <Swatch colour/> })}<span>{label}</span> }.into_any(),
                }}
            </label>
        }.into_any()
    };
    view! {
        <fieldset id=id class="min-w-0" aria-describedby=move || error.with(Option::is_some).then(|| shown_error.clone())>
            <legend class="text-sm mb-2">
                <span class="font-medium">{legend}</span>
                {move || {
                    let name = chosen_name.get();
                    (!name.is_empty()).then(|| view! { <span class="text-quiet">": "{name}</span> }.into_any())
                }}
            </legend>
            <div class="flex flex-wrap gap-2">
                {move || chips.get().into_iter().enumerate().map(|(at, chip)| each(at, chip, name.clone())).collect_view()}
            </div>
            {move || error.get().map(|error| view! { <div class="mt-2"><ErrorLine id=error_id.clone() error/></div> }.into_any())}
        </fieldset>
    }
}

/// An active filter with a link that removes it.
#[component]
pub fn FilterChip(
    #[prop(into)] label: String,
    /// The page without this filter.
    #[prop(into)]
    href: String,
) -> impl IntoView {
    let drop = crate::tr!(LISTING_REMOVE_FILTER, name = label);
    view! {
        <a href=href class="btn btn-sm rounded-full border-hairline bg-base-200 font-normal ps-4 pe-3" aria-label=drop>
            {label}
            <Icon shape=icon::CLOSE class="size-4"/>
        </a>
    }
}
