//! The search box: a plain form, with suggestions where a script runs.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::{Icon, Picture, icon, tr};

/// A suggestion for the text so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub href: String,
    pub label: String,
    /// For example a price.
    pub detail: Option<String>,
    pub picture: Option<String>,
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
    #[prop(optional, into)] suggestions: Signal<Vec<Suggestion>>,
    /// Called with each change of the text.
    #[prop(optional, into)]
    on_query: Option<Callback<String>>,
) -> impl IntoView {
    let label = label.unwrap_or_else(|| tr!(SHELL_SEARCH_LABEL).to_owned());
    let landmark = label.clone();
    let placeholder = placeholder.unwrap_or_else(|| tr!(SHELL_SEARCH_PLACEHOLDER).to_owned());
    view! {
        <form role="search" aria-label=landmark action=action method="get" class="relative group/search w-full" on:keydown=|event| walk(&event)>
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
                    on:input=move |event| {
                        if let Some(on_query) = on_query {
                            on_query.run(event_target_value(&event));
                        }
                    }
                />
                <button type="submit" class="btn btn-sm btn-ghost max-sm:hidden">{tr!(COMMON_SEARCH)}</button>
            </div>
            {move || {
                let list = suggestions.get();
                (!list.is_empty()).then(|| view! { <Suggestions list/> }.into_any())
            }}
        </form>
    }
    .into_any()
}

#[component]
fn Suggestions(list: Vec<Suggestion>) -> impl IntoView {
    view! {
        <ul class="absolute z-30 inset-x-0 top-full mt-1 p-1.5 rounded-card bg-raised text-base-content border border-hairline shadow-soft invisible group-focus-within/search:visible">
            {list
                .into_iter()
                .map(|suggestion| {
                    view! {
                        <li>
                            <a class="flex items-center gap-3 min-h-11 px-2 py-1.5 rounded-field hover:bg-base-200 focus:bg-base-200" href=suggestion.href>
                                {match suggestion.picture {
                                    Some(picture) => view! { <span class="tile size-10 shrink-0"><Picture id=picture alt="" sizes="40px"/></span> }.into_any(),
                                    None => view! { <Icon shape=icon::SEARCH class="size-5 mx-2.5 text-quiet"/> }.into_any(),
                                }}
                                <span class="grow min-w-0 truncate">{suggestion.label}</span>
                                {suggestion.detail.map(|detail| view! { <span class="money text-sm text-quiet">{detail}</span> }.into_any())}
                            </a>
                        </li>
                    }.into_any()
                })
                .collect_view()}
        </ul>
    }
}

/// Arrow keys go from the field into the suggestions and back; Escape leaves them.
fn walk(event: &leptos::ev::KeyboardEvent) {
    let down = match event.key().as_str() {
        "ArrowDown" => true,
        "ArrowUp" => false,
        "Escape" => {
            if let Some(target) = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok()) {
                // A focused element can always lose the focus.
                let _ = target.blur();
            }
            return;
        }
        _ => return,
    };
    let Some(target) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else {
        return;
    };
    let Ok(Some(form)) = target.closest("form") else {
        return;
    };
    let Ok(stops) = form.query_selector_all("input[type=search], li a") else {
        return;
    };
    let stops: Vec<web_sys::HtmlElement> = (0..stops.length()).filter_map(|at| stops.item(at)?.dyn_into().ok()).collect();
    let here = stops.iter().position(|stop| stop.is_same_node(Some(&target))).unwrap_or(0);
    let next = if down { here + 1 } else { here.saturating_sub(1) };
    if let Some(stop) = stops.get(next) {
        event.prevent_default();
        // A suggestion that is gone cannot take the focus.
        let _ = stop.focus();
    }
}
