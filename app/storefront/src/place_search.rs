//! One typed search for barangay, city, province and postal code, above the lists of an address form.

use std::time::Duration;

use domain::view::DeliveryPlace;
use leptos::html;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use ui::{Field, Icon, icon, tr, trn};
use wasm_bindgen::JsCast;
use web::{Access, Answer, AppError, LatestRequest, access, access_of};

use crate::address::{ChosenPlace, Level};

#[cfg(feature = "ssr")]
use web::request;

/// How long nobody types before the server is asked.
const TYPING_PAUSE: Duration = Duration::from_millis(200);

/// The lists of an address form with a place chosen, and the postal code there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceLevels {
    pub levels: Vec<Level>,
    /// Empty where the place has several.
    pub postal_code: String,
}

/// The barangays, cities and municipalities that match these words.
#[server(endpoint = "find_address_places", input = GetUrl, output = Answer)]
pub async fn find_address_places(words: String) -> Result<Vec<DeliveryPlace>, AppError> {
    let words: String = words.chars().take(80).collect();
    Ok(backend::contacts::find_address_places(request::locale(), &words))
}
access!(FindAddressPlaces, Access::Public);

/// The lists with this place chosen.
#[server(endpoint = "read_place_levels", input = GetUrl, output = Answer)]
pub async fn read_place_levels(place: String) -> Result<PlaceLevels, AppError> {
    let levels = crate::address::levels(&crate::address::chain(&place));
    Ok(PlaceLevels { levels, postal_code: backend::contacts::address_tree::postal_code(&place).unwrap_or_default() })
}
access!(ReadPlaceLevels, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<FindAddressPlaces>(), access_of::<ReadPlaceLevels>()];

/// The search; a script's only, since the lists below do the same.
#[component]
pub(crate) fn PlaceSearch(
    place: ChosenPlace,
    /// Of the form's field names.
    prefix: &'static str,
    /// Called with the code of the place that was chosen.
    on_change: Callback<String>,
) -> impl IntoView {
    let words = RwSignal::new(String::new());
    // None until something was searched for, and while another answer is on its way.
    let found = RwSignal::new(None::<Vec<DeliveryPlace>>);
    let list = NodeRef::<html::Ul>::new();
    let request = LatestRequest::after(TYPING_PAUSE);
    // Of two choices the later one counts.
    let choices = LatestRequest::after(Duration::ZERO);
    // What the field shows of a chosen place is not searched for.
    let chosen = StoredValue::new(String::new());
    Effect::new(move || {
        let words = words.get();
        if words.trim().chars().count() < 3 || chosen.with_value(|chosen| *chosen == words) {
            request.cancel();
            found.set(None);
            return;
        }
        // Enter must not choose what was found for other words.
        found.set(None);
        // On an error the lists below are still there.
        request.ask(move || find_address_places(words), move |places| found.set(Some(places.unwrap_or_default())));
    });
    let choose = move |one: DeliveryPlace| {
        request.cancel();
        found.set(None);
        let label = format!("{}, {}", one.name, one.within);
        chosen.set_value(label.clone());
        words.set(label);
        focus_field(prefix);
        let code = one.code.clone();
        let show = move |read: Result<PlaceLevels, AppError>| {
            // On an error nothing is filled in, and the lists can be used. The form may be of another country by now.
            let Ok(read) = read else { return };
            if place.levels.try_set(read.levels).is_none() {
                place.fill_postal_code(read.postal_code);
                on_change.run(one.code);
            }
        };
        choices.ask(move || read_place_levels(code), show);
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| match event.key().as_str() {
        "Enter" => {
            // It chooses and does not send the form.
            event.prevent_default();
            if let Some(first) = found.with_untracked(|found| found.as_ref().and_then(|found| found.first().cloned())) {
                choose(first);
            }
        }
        "ArrowDown" => {
            event.prevent_default();
            focus_first(list);
        }
        _ => {}
    };
    let status = move || {
        found.with(|found| {
            found.as_ref().map(|found| if found.is_empty() { tr!(ADDRESS_FIND_NONE).to_owned() } else { trn!(ADDRESS_FOUND, found.len()) })
        })
    };
    view! {
        <div class="needs-script sm:col-span-2">
            <div on:keydown=on_key>
                <Field label=tr!(ADDRESS_FIND) name=format!("{prefix}find_place") bind=words hint=tr!(ADDRESS_FIND_HINT) autocomplete="off" optional=true maxlength=80/>
            </div>
            <p role="status" class=move || if found.with(|found| found.as_ref().is_some_and(Vec::is_empty)) { "text-sm text-quiet mt-1" } else { "sr-only" }>{status}</p>
            {move || found.get().filter(|found| !found.is_empty()).map(|found| view! {
                <ul node_ref=list class="mt-1 divide-y divide-hairline border border-hairline rounded-field" aria-label=tr!(ADDRESS_FIND)>
                    {found.into_iter().map(|one| found_place(one, choose)).collect_view()}
                </ul>
            }.into_any())}
        </div>
    }
    .into_any()
}

fn found_place(one: DeliveryPlace, choose: impl Fn(DeliveryPlace) + Copy + Send + 'static) -> AnyView {
    let (name, within) = (one.name.clone(), one.within.clone());
    view! {
        <li>
            <button type="button" class="w-full flex items-center gap-3 min-h-12 px-3 py-1.5 text-start cursor-pointer hover:bg-base-200" on:click=move |_| choose(one.clone())>
                <Icon shape=icon::MAP_PIN class="size-5 text-quiet shrink-0"/>
                <span class="min-w-0"><span class="font-medium">{name}</span><span class="text-quiet">", "{within}</span></span>
            </button>
        </li>
    }
    .into_any()
}

fn focus_field(prefix: &str) {
    let field =
        document().get_element_by_id(&format!("{prefix}find_place")).and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(field) = field {
        // A field that is gone takes none.
        let _ = field.focus();
    }
}

fn focus_first(list: NodeRef<html::Ul>) {
    let button = list.get_untracked().and_then(|list| list.query_selector("button").ok().flatten());
    if let Some(button) = button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = button.focus();
    }
}
