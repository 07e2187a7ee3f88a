//! The search box: a plain form, with suggestions where a script runs.
//!
//! With suggestions it is a combobox: the focus stays in the field, the arrow keys choose a suggestion, Enter follows it.

use domain::view::SuggestionView;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::{Icon, Picture, icon, tr, trn};

/// What is offered for the text so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suggestions {
    /// Searches of this browser.
    pub recent: Vec<SuggestionView>,
    pub found: Vec<SuggestionView>,
    /// Are these popular, as nothing is typed yet?
    pub popular: bool,
}

impl Suggestions {
    fn count(&self) -> usize {
        self.recent.len() + self.found.len()
    }
}

/// How a search box gets its suggestions.
#[derive(Clone, Copy, Debug)]
pub struct Suggester {
    pub suggestions: Signal<Suggestions>,
    /// Called with the text when the field gets the focus and with each change.
    pub on_query: Callback<String>,
    /// Forgets the recent searches.
    pub on_forget: Callback<()>,
}

/// The suggestion that the arrow keys chose, and whether suggestions are shown.
#[derive(Clone, Copy)]
struct Choosing {
    suggester: Suggester,
    chosen: RwSignal<Option<usize>>,
    open: RwSignal<bool>,
}

impl Choosing {
    fn new(suggester: Suggester) -> Self {
        Self { suggester, chosen: RwSignal::new(None), open: RwSignal::new(false) }
    }

    fn count(self) -> usize {
        self.suggester.suggestions.with(Suggestions::count)
    }

    fn is_open(self) -> bool {
        self.open.get() && self.count() > 0
    }

    fn typed(self, text: String) {
        self.open.set(true);
        self.chosen.set(None);
        self.suggester.on_query.run(text);
    }
}

/// A search box that sends `q` to `action`.
#[component]
pub fn SearchBox(
    #[prop(default = "/search")] action: &'static str,
    /// Names the field for screen readers.
    #[prop(optional, into)]
    label: Option<String>,
    /// An example in the empty field.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// Unique on its page.
    #[prop(default = "search")]
    id: &'static str,
    /// The text of the last search.
    #[prop(optional, into)]
    query: Signal<String>,
    #[prop(optional_no_strip)] suggester: Option<Suggester>,
) -> impl IntoView {
    let label = label.unwrap_or_else(|| tr!(SHELL_SEARCH_LABEL).to_owned());
    let landmark = label.clone();
    let placeholder = placeholder.unwrap_or_else(|| tr!(SHELL_SEARCH_PLACEHOLDER).to_owned());
    let choosing = suggester.map(Choosing::new);
    let is_open = move || choosing.is_some_and(Choosing::is_open);
    let with_list = choosing.is_some();
    let chosen = move || choosing.and_then(|choosing| choosing.chosen.get()).filter(|_| is_open()).map(|at| format!("{id}-{at}"));
    let typed = move |text: String| {
        if let Some(choosing) = choosing {
            choosing.typed(text);
        }
    };
    view! {
        <form
            role="search"
            aria-label=landmark
            action=action
            method="get"
            class="sm:relative group/search w-full"
            on:keydown=move |event| {
                if let Some(choosing) = choosing {
                    on_key(&event, choosing, id);
                }
            }
        >
            <div class="flex items-center h-11 rounded-field bg-raised text-base-content border border-field ps-3.5 pe-1 focus-within:outline-3 focus-within:outline-accent focus-within:outline-offset-1">
                <Icon shape=icon::SEARCH class="size-5 text-quiet"/>
                <input
                    id=id
                    type="search"
                    name="q"
                    autocomplete="off"
                    enterkeyhint="search"
                    class="grow min-w-0 h-full bg-transparent px-3 outline-none! shadow-none! placeholder:text-quiet [&::-webkit-search-cancel-button]:appearance-none"
                    aria-label=label
                    placeholder=placeholder
                    value=move || query.get()
                    role=with_list.then_some("combobox")
                    aria-autocomplete=with_list.then_some("list")
                    aria-expanded=move || with_list.then(|| if is_open() { "true" } else { "false" })
                    aria-controls=with_list.then(|| format!("{id}-list"))
                    aria-activedescendant=chosen
                    on:focus=move |event| typed(event_target_value(&event))
                    on:input=move |event| typed(event_target_value(&event))
                />
                <button type="submit" class="btn btn-sm btn-ghost max-sm:hidden">{tr!(COMMON_SEARCH)}</button>
            </div>
            {choosing.map(|choosing| view! { <SuggestionList choosing id/> }.into_any())}
        </form>
    }
    .into_any()
}

#[component]
fn SuggestionList(choosing: Choosing, id: &'static str) -> impl IntoView {
    let Suggester { suggestions, on_forget, .. } = choosing.suggester;
    let is_shown = move || choosing.is_open();
    let list = move || {
        let Suggestions { recent, found, popular } = suggestions.get();
        let begin = recent.len();
        let heading = if popular { Some(tr!(SEARCH_POPULAR)) } else { None };
        view! {
            {group(id, choosing, recent, 0, Some(tr!(SEARCH_RECENT)))}
            {group(id, choosing, found, begin, heading)}
        }
        .into_any()
    };
    view! {
        <div
            class="absolute z-30 mt-1 p-1.5 inset-x-2 top-14 sm:inset-x-0 sm:top-full max-h-[70dvh] overflow-y-auto rounded-card bg-raised text-base-content border border-hairline shadow-soft invisible group-focus-within/search:visible"
            hidden=move || !is_shown()
        >
            <div id=format!("{id}-list") role="listbox" aria-label=tr!(SHELL_SEARCH_LABEL)>{list}</div>
            {move || suggestions.with(|suggestions| !suggestions.recent.is_empty()).then(|| view! {
                <button type="button" class="btn btn-ghost w-full min-h-11" on:click=move |_| on_forget.run(())>{tr!(SEARCH_CLEAR_RECENT)}</button>
            }.into_any())}
        </div>
        <p class="sr-only" role="status">{move || is_shown().then(|| trn!(SEARCH_SUGGESTIONS, choosing.count()))}</p>
    }
}

/// Suggestions of one kind, with a heading where the kind needs one.
fn group(id: &'static str, choosing: Choosing, list: Vec<SuggestionView>, begin: usize, heading: Option<&'static str>) -> Option<AnyView> {
    (!list.is_empty()).then(|| {
        let options = list.into_iter().enumerate().map(|(at, suggestion)| option(id, choosing, begin + at, suggestion)).collect_view();
        view! {
            <div role="group" aria-label=heading.unwrap_or(tr!(SHELL_SEARCH_LABEL))>
                {heading.map(|heading| view! { <p class="px-2 pt-1.5 pb-1 text-sm font-semibold text-quiet" aria-hidden="true">{heading}</p> }.into_any())}
                {options}
            </div>
        }
        .into_any()
    })
}

fn option(id: &'static str, choosing: Choosing, at: usize, suggestion: SuggestionView) -> AnyView {
    let is_chosen = move || choosing.chosen.get() == Some(at);
    view! {
        <a
            id=format!("{id}-{at}")
            role="option"
            tabindex="-1"
            aria-selected=move || if is_chosen() { "true" } else { "false" }
            class="flex items-center gap-3 min-h-11 px-2 py-1.5 rounded-field hover:bg-base-200 aria-selected:bg-base-200 aria-selected:outline-2 aria-selected:-outline-offset-2 aria-selected:outline-accent"
            href=suggestion.href
            on:click=move |_| choosing.open.set(false)
        >
            {match suggestion.picture {
                Some(picture) => view! { <span class="tile size-10 shrink-0"><Picture id=picture alt="" sizes="40px"/></span> }.into_any(),
                None => view! { <Icon shape=icon::SEARCH class="size-5 mx-2.5 shrink-0 text-quiet"/> }.into_any(),
            }}
            <span class="grow min-w-0">
                <span class="block truncate">{suggestion.label}</span>
                {suggestion.category.map(|category| view! { <span class="block truncate text-sm text-quiet">{category}</span> }.into_any())}
            </span>
            {suggestion.price.map(|price| view! { <span class="money text-sm shrink-0">{price}</span> }.into_any())}
        </a>
    }
    .into_any()
}

/// Arrow keys choose, Enter follows what is chosen, Escape hides the suggestions.
fn on_key(event: &leptos::ev::KeyboardEvent, choosing: Choosing, id: &str) {
    let (count, chosen) = untrack(|| (choosing.count(), choosing.chosen.get()));
    match event.key().as_str() {
        "ArrowDown" if count > 0 => {
            choosing.open.set(true);
            choosing.chosen.set(match chosen {
                None => Some(0),
                Some(at) => Some(at + 1).filter(|next| *next < count),
            });
        }
        "ArrowUp" if count > 0 => choosing.chosen.set(match chosen {
            None => Some(count - 1),
            Some(at) => at.checked_sub(1),
        }),
        "Enter" => {
            let Some(link) = chosen.and_then(|at| document().get_element_by_id(&format!("{id}-{at}"))) else { return };
            if let Some(link) = link.dyn_ref::<web_sys::HtmlElement>() {
                // By its own link, so that the router sees it.
                link.click();
            }
        }
        "Escape" if untrack(|| choosing.is_open()) => choosing.open.set(false),
        _ => return,
    }
    event.prevent_default();
}
