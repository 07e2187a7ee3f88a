//! Choosing: one from a list, one from cards or chips, yes or no.

use leptos::html;
use leptos::prelude::*;

use crate::field::{ErrorLine, FieldFrame, FieldNames, described_by};
use crate::hydration::{report_early_change, report_early_choice, unless_hydrating};
use crate::{Icon, Picture, Shape, icon};

/// One answer of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What the reader sees.
    pub label: String,
}

impl Choice {
    /// An answer and its words.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into() }
    }
}

/// One answer from a list that unfolds.
#[component]
pub fn SelectField(
    /// What is asked for.
    #[prop(into)]
    label: String,
    /// The name in the form.
    #[prop(into)]
    name: String,
    /// The answers; may change, as provinces do with the region.
    #[prop(into)]
    choices: Signal<Vec<Choice>>,
    /// The answer that is chosen.
    #[prop(optional, into)]
    selected: Signal<String>,
    /// Words of an empty first answer, for example "Choose a region".
    #[prop(optional, into)]
    empty: Option<String>,
    /// The element's id; the name, unless two forms on a page share it.
    #[prop(optional, into)]
    id: Option<String>,
    /// Help that is always visible.
    #[prop(optional, into)]
    hint: Option<String>,
    /// What is wrong with it, and what to do.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The browser insists on an answer.
    #[prop(optional)]
    required: bool,
    /// Says "optional" beside the label.
    #[prop(optional)]
    optional: bool,
    /// Autofill token, for example `shipping country`.
    #[prop(optional)]
    autocomplete: Option<&'static str>,
    /// It cannot be answered yet.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Told the new answer.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.clone());
    let describe = described_by(&id, hint.is_some(), error);
    let node = NodeRef::<html::Select>::new();
    if let Some(told) = on_change {
        report_early_choice(node, told);
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
                    if let Some(told) = on_change {
                        told.run(event_target_value(&event));
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

/// Yes or no, with the whole line as target.
#[component]
pub fn Checkbox(
    /// What is asked.
    #[prop(into)]
    label: String,
    /// The name in the form.
    #[prop(into)]
    name: String,
    /// What the form sends for yes.
    #[prop(default = "true".into(), into)]
    value: String,
    /// Yes at first.
    #[prop(optional, into)]
    checked: Signal<bool>,
    /// Help that is always visible.
    #[prop(optional, into)]
    hint: Option<String>,
    /// How many there are, as in a facet.
    #[prop(optional, into)]
    count: Signal<Option<String>>,
    /// The element's id, where the name and what is sent are not alone on the page.
    #[prop(optional, into)]
    id: Option<String>,
    /// Told the new answer.
    #[prop(optional, into)]
    on_change: Option<Callback<bool>>,
) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    if let Some(told) = on_change {
        report_early_change(node, told);
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
                        if let Some(told) = on_change {
                            told.run(event_target_checked(&event));
                        }
                    }
                />
                <span class="grow">{label}</span>
                {move || count.get().map(|count| view! { <span class="figures text-sm text-quiet">{count}</span> }.into_any())}
            </label>
            {hint.map(|hint| view! { <p id=hint_id class="text-sm text-quiet ps-9 -mt-1">{hint}</p> }.into_any())}
        </div>
    }
}

/// One answer that needs explaining: a way to pay, a way to deliver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RadioCard {
    /// What the form sends.
    pub value: String,
    /// What it is.
    pub title: String,
    /// What it means for the reader.
    pub detail: Option<String>,
    /// What it costs, at the end of the line.
    pub aside: Option<String>,
    /// A sign before it.
    pub icon: Option<Shape>,
    /// It cannot be chosen, and `detail` says why.
    pub disabled: bool,
}

/// Tells that this answer was picked before the page was hydrated.
fn tell_pick(node: NodeRef<html::Input>, value: &str, on_change: Option<Callback<String>>) {
    if let Some(told) = on_change {
        let value = value.to_owned();
        report_early_change(
            node,
            Callback::new(move |picked| {
                if picked {
                    told.run(value.clone());
                }
            }),
        );
    }
}

/// One answer from a few cards. Which one is chosen shows without a script.
#[component]
pub fn RadioCards(
    /// What is asked.
    #[prop(into)]
    legend: String,
    /// The name in the form.
    #[prop(into)]
    name: String,
    /// The answers.
    cards: Vec<RadioCard>,
    /// The answer chosen at first.
    #[prop(optional, into)]
    selected: Signal<String>,
    /// The question is visible elsewhere, as in a heading.
    #[prop(optional)]
    quiet_legend: bool,
    /// What is wrong with the answer.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Told the new answer.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
) -> impl IntoView {
    FieldNames::tell(&name, &legend);
    let error_id = format!("{name}-error");
    let shown_error = error_id.clone();
    let cards = cards
        .into_iter()
        .map(|card| {
            let (value, picked) = (card.value.clone(), card.value.clone());
            let sent = card.value.clone();
            let node = NodeRef::<html::Input>::new();
            tell_pick(node, &card.value, on_change);
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
                            if let Some(told) = on_change {
                                told.run(sent.clone());
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

/// One answer that needs few words: a size, a colour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chip {
    /// What the form sends.
    pub value: String,
    /// What the reader sees.
    pub label: String,
    /// A picture in place of the words, as for colours.
    pub picture: Option<String>,
    /// It can be bought now; otherwise it is struck through and still can be looked at.
    pub available: bool,
}

/// One answer from short chips or pictures, as for the options of a product.
#[component]
pub fn RadioChips(
    /// What is asked, for example "Size".
    #[prop(into)]
    legend: String,
    /// The name in the form.
    #[prop(into)]
    name: String,
    /// The answers.
    #[prop(into)]
    chips: Signal<Vec<Chip>>,
    /// The answer that is chosen.
    #[prop(optional, into)]
    selected: Signal<String>,
    /// Words after the question, for example the chosen answer.
    #[prop(optional, into)]
    said: Signal<String>,
    /// Told the new answer.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
) -> impl IntoView {
    let each = move |chip: Chip, name: String| {
        let (value, picked) = (chip.value.clone(), chip.value.clone());
        let sent = chip.value.clone();
        let node = NodeRef::<html::Input>::new();
        tell_pick(node, &chip.value, on_change);
        let label = chip.label.clone();
        let words = if chip.available { chip.label } else { crate::tr!(PRODUCT_UNAVAILABLE_CHOICE, option = chip.label) };
        let title = words.clone();
        let look = if chip.picture.is_some() {
            "tile block size-16 p-0.5 border-2 border-transparent has-checked:border-primary"
        } else {
            "btn font-medium border-field bg-raised has-checked:border-primary has-checked:bg-primary has-checked:text-primary-content"
        };
        let struck = if chip.available { "" } else { "opacity-70 line-through decoration-1" };
        view! {
            <label class=format!("relative cursor-pointer has-focus-visible:outline-3 has-focus-visible:outline-accent has-focus-visible:outline-offset-2 {look} {struck}") title=title>
                <input
                    node_ref=node
                    type="radio"
                    name=name
                    value=chip.value
                    class="absolute inset-0 opacity-0 cursor-pointer"
                    aria-label=words
                    checked=move || selected.with(|chosen| *chosen == value)
                    prop:checked=move || unless_hydrating(selected.with(|chosen| *chosen == picked))
                    on:change=move |_| {
                        if let Some(told) = on_change {
                            told.run(sent.clone());
                        }
                    }
                />
                {match chip.picture {
                    Some(picture) => view! { <span class="tile block"><Picture id=picture alt="" sizes="64px"/></span> }.into_any(),
                    None => view! { <span>{label}</span> }.into_any(),
                }}
            </label>
        }.into_any()
    };
    view! {
        <fieldset class="min-w-0">
            <legend class="text-sm mb-2">
                <span class="font-medium">{legend}</span>
                {move || {
                    let said = said.get();
                    (!said.is_empty()).then(|| view! { <span class="text-quiet">": "{said}</span> }.into_any())
                }}
            </legend>
            <div class="flex flex-wrap gap-2">
                {move || chips.get().into_iter().map(|chip| each(chip, name.clone())).collect_view()}
            </div>
        </fieldset>
    }
}

/// What is filtered by, with a way to drop it: a link, so that it works without a script.
#[component]
pub fn FilterChip(
    /// What is filtered by.
    #[prop(into)]
    label: String,
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
