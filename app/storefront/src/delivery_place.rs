//! The delivery place: chosen once, stored in a cookie that holds nothing but the code of a city or country;
//! each page shows the fee and the days for it. The cookie is part of the key of the server's page cache.

use std::time::Duration;

use domain::Money;
use domain::view::{DeliveryPlace, DeliveryPromise, DeliveryTo};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use server_fn::codec::GetUrl;
use ui::{Button, Dialog, Field, Icon, Look, SkeletonText, icon, tr, use_locale, use_time_zone};
use wasm_bindgen::JsCast;
use web::{
    Access, Answer, AppError, PostForm, ProblemSummary, Title, access, access_of, lazy_page, lazy_view, loaded, part, problem, resource,
    use_form_fallback,
};

use crate::query::address;
use crate::seo::NotIndexed;

#[cfg(feature = "ssr")]
use web::{cookies, request};

#[cfg(feature = "ssr")]
const COOKIE_SECONDS: i64 = 365 * 86_400;

/// How long the search waits for the next character.
const TYPING_PAUSE: Duration = Duration::from_millis(200);

/// The code in the cookie; empty before a place is chosen.
#[cfg(feature = "ssr")]
pub(crate) fn code() -> String {
    request::cookie(cookies::DELIVERY_PLACE).unwrap_or_default()
}

/// Keeps the place's code in a cookie.
#[cfg(feature = "ssr")]
pub(crate) fn remember(code: &str) {
    request::set_cookie(cookies::DELIVERY_PLACE, code, "/", COOKIE_SECONDS);
}

/// The place of the cookie.
#[cfg(feature = "ssr")]
pub(crate) fn chosen() -> Option<DeliveryPlace> {
    backend::contacts::delivery_place(request::locale(), &code())
}

/// What delivery to the chosen place costs and how long it takes, or to anywhere in the country before one is chosen.
#[cfg(feature = "ssr")]
pub(crate) async fn delivery() -> Result<DeliveryTo, AppError> {
    backend::checkout::delivery_to(&request::shop()?, request::locale(), &code()).await.map_err(|error| request::unexpected(&error))
}

/// What delivery to the chosen place costs and how long it takes, or to anywhere in the country before one is chosen.
#[server(endpoint = "read_delivery", input = GetUrl, output = Answer)]
pub async fn read_delivery() -> Result<DeliveryTo, AppError> {
    delivery().await
}
access!(ReadDelivery, Access::Public);

/// The places that match these words; some big cities without words.
#[server(endpoint = "find_places", input = GetUrl, output = Answer)]
pub async fn find_places(words: String) -> Result<Vec<DeliveryPlace>, AppError> {
    let words: String = words.chars().take(80).collect();
    Ok(backend::contacts::find_delivery_places(request::locale(), &words))
}
access!(FindPlaces, Access::Public);

/// Chooses the delivery place. Without a script it redirects to `back`.
#[server(endpoint = "choose_place", output = Answer)]
pub async fn choose_place(place: String, #[server(default)] back: Option<String>) -> Result<DeliveryTo, AppError> {
    use domain::messages::t;
    let Some(chosen) = backend::contacts::delivery_place(request::locale(), &place) else {
        return Err(request::refused(422, t::PLACE_NONE_FOUND));
    };
    remember(&chosen.code);
    request::redirect(&back.filter(|back| request::is_inside(back)).unwrap_or_else(|| "/".to_owned()));
    backend::checkout::delivery_to(&request::shop()?, request::locale(), &chosen.code).await.map_err(|error| request::unexpected(&error))
}
access!(ChoosePlace, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadDelivery>(), access_of::<FindPlaces>(), access_of::<ChoosePlace>()];

/// The delivery place as chosen on this page, in context.
#[derive(Clone, Copy)]
pub struct DeliveryContext {
    /// Chosen since the page was loaded.
    chosen: RwSignal<Option<DeliveryTo>>,
    pub open: RwSignal<bool>,
}

/// Called once by the layout.
pub(crate) fn provide_delivery() -> DeliveryContext {
    let context = DeliveryContext { chosen: RwSignal::new(None), open: RwSignal::new(false) };
    provide_context(context);
    context
}

fn use_delivery() -> DeliveryContext {
    use_context().unwrap_or_else(provide_delivery)
}

/// The current delivery: as chosen since the page was loaded, else as rendered.
#[must_use]
pub(crate) fn current(rendered: DeliveryTo) -> Signal<DeliveryTo> {
    let chosen = use_delivery().chosen;
    Signal::derive(move || chosen.get().unwrap_or_else(|| rendered.clone()))
}

/// The days of a promise: `Tue 24 Nov`, or the first and the last; with the cutoff, if there is one.
#[must_use]
pub(crate) fn days(promise: &DeliveryPromise) -> String {
    let (locale, zone) = (use_locale(), use_time_zone());
    let (from, to) = (locale.weekday_date(promise.from, zone), locale.weekday_date(promise.to, zone));
    let days = if from == to { to } else { format!("{from} – {to}") };
    match promise.order_by {
        Some(by) => tr!(PLACE_ORDER_BY, date = days, time = locale.time(by, zone)),
        None => days,
    }
}

/// A fee in words: "Free" for zero.
#[must_use]
pub(crate) fn fee(fee: Money) -> String {
    if fee.minor == 0 { tr!(CART_DELIVERY_FREE).to_owned() } else { use_locale().money(fee) }
}

/// The fees before a place is chosen: `₱89.00 – ₱159.00`.
#[must_use]
pub(crate) fn range((low, high): (Money, Money)) -> String {
    if low == high { fee(low) } else { format!("{} – {}", fee(low), fee(high)) }
}

/// Opens the dialog where a script runs; otherwise a link to its page.
#[component]
pub fn ChooseLink(#[prop(default = "link")] class: &'static str, children: Children) -> impl IntoView {
    let open = use_delivery().open;
    let location = leptos_router::hooks::use_location();
    let href = move || {
        let (path, search) = (location.pathname.get(), location.search.get());
        let here = if search.is_empty() { path } else { format!("{path}?{}", search.trim_start_matches('?')) };
        address("/delivery-place", [("back", here.as_str())].into_iter())
    };
    let choose = move |event: leptos::ev::MouseEvent| {
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            event.stop_propagation();
            mark_opener(&event);
            open.set(true);
        }
    };
    view! { <a class=class href=href rel="nofollow" on:click=choose>{children()}</a> }.into_any()
}

/// The attribute that marks where the dialog was opened.
const OPENER: &str = "data-place-opener";

/// Marks where the dialog was opened. The link itself is rebuilt when another place is chosen, so a live region around it is marked.
fn mark_opener(event: &leptos::ev::MouseEvent) {
    if let Some(before) = opener() {
        // Removing a missing attribute is no error.
        let _ = before.remove_attribute(OPENER);
    }
    let pressed = event.target().and_then(|pressed| pressed.dyn_into::<web_sys::Element>().ok());
    if let Some(link) = pressed.and_then(|pressed| pressed.closest("a").ok().flatten()) {
        let stays = link.closest("[aria-live]").ok().flatten().unwrap_or(link);
        // On an error only the focus is not given back.
        let _ = stays.set_attribute(OPENER, "");
    }
}

fn opener() -> Option<web_sys::Element> {
    document().query_selector(&format!("[{OPENER}]")).ok().flatten()
}

/// After a place was chosen the focus goes back to the link that opened the dialog, or to its replacement.
fn focus_opener() {
    let Some(place) = opener() else { return };
    let link = if place.matches("a").unwrap_or(false) { Some(place) } else { place.query_selector("a").ok().flatten() };
    if let Some(link) = link.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok()) {
        // On an error the focus stays.
        let _ = link.focus();
    }
}

/// The delivery place in the header.
#[component]
pub fn DeliverTo(
    /// The place that the server rendered the page with; shown until another is chosen.
    place: Option<DeliveryPlace>,
) -> impl IntoView {
    let chosen = use_delivery().chosen;
    let words = move || {
        let place = chosen.with(|chosen| chosen.as_ref().and_then(|chosen| chosen.place.clone())).or_else(|| place.clone());
        place.map_or_else(|| tr!(PLACE_DELIVER_WHERE).to_owned(), |place| tr!(PLACE_DELIVER_TO, place = place.name))
    };
    view! {
        <ChooseLink class="flex items-center gap-1.5 min-h-11 text-sm font-medium border-b-3 border-transparent hover:underline underline-offset-4 decoration-1">
            <Icon shape=icon::MAP_PIN class="size-4 shrink-0"/>
            <span class="min-w-0 truncate" data-deliver-to>{words}</span>
        </ChooseLink>
    }
    .into_any()
}

/// The delivery's fee and days; before a place is chosen, the range of fees.
#[component]
pub fn DeliveryLine(
    /// The fee and days that the server rendered the page with.
    delivery: DeliveryTo,
    /// Price and weight in grams of the items; `None` if they cannot be bought, and nothing is promised.
    #[prop(into)]
    contents: Signal<Option<(Money, i64)>>,
) -> impl IntoView {
    let delivery = current(delivery);
    let words = move || {
        let (price, weight_g) = contents.get()?;
        delivery.with(|delivery| {
            let Some(place) = &delivery.place else {
                let fees = delivery.fees(price, weight_g)?;
                return Some(
                    view! {
                        <span class="block">{tr!(PLACE_FEES, fees = range(fees))}</span>
                        <span class="block"><ChooseLink>{tr!(PLACE_CHOOSE)}</ChooseLink></span>
                    }
                    .into_any(),
                );
            };
            let ways = delivery.ways(price, weight_g);
            let soonest = ways.iter().min_by_key(|(cost, way)| (way.to, cost.minor)).copied();
            let Some((cost, cheapest)) = ways.first().copied() else {
                return Some(
                    view! {
                        <span class="block">{tr!(PLACE_NOT_THERE, place = place.name.clone())}</span>
                        <span class="block"><ChooseLink>{tr!(COMMON_CHANGE)}</ChooseLink></span>
                    }
                    .into_any(),
                );
            };
            let sooner = soonest
                .filter(|(_, way)| way.to < cheapest.to)
                .map(|(cost, way)| tr!(PLACE_SOONER, name = way.name, fee = fee(cost), date = days(way)));
            Some(
                view! {
                    <span class="block">
                        {tr!(PLACE_PROMISE, place = place.name, fee = fee(cost), date = days(cheapest))}" "
                        <ChooseLink>{tr!(COMMON_CHANGE)}</ChooseLink>
                    </span>
                    {sooner.map(|sooner| view! { <span class="block text-quiet mt-1">{sooner}</span> }.into_any())}
                }
                .into_any(),
            )
        })
    };
    view! {
        <div id="delivery-promise" aria-live="polite">
            {move || words().map(|words| view! {
                <p class="flex gap-3 items-start"><Icon shape=icon::TRUCK class="size-6 text-primary shrink-0"/><span class="min-w-0">{words}</span></p>
            }.into_any())}
        </div>
    }
    .into_any()
}

/// The dialog that chooses the delivery place.
#[component]
pub fn PlaceDialog() -> impl IntoView {
    let open = use_delivery().open;
    let inside = move || {
        let content = || {
            let chooser = part(|| Box::pin(place_chooser()));
            view! { <Suspense fallback=|| view! { <SkeletonText lines=4/> }.into_any()>{Suspend::new(chooser)}</Suspense> }.into_any()
        };
        if open.get() { content() } else { ().into_any() }
    };
    view! { <Dialog title=tr!(PLACE_TITLE) id="where" open>{inside}</Dialog> }.into_any()
}

lazy_view!(place_chooser, buying, load_place_chooser, place_chooser_content);

fn place_chooser_content() -> AnyView {
    let open = use_delivery().open;
    let on_done = Callback::new(move |()| {
        open.set(false);
        // After the dialog closed and the choice is shown.
        request_animation_frame(focus_opener);
    });
    view! { <PlaceChooser id="place-words" back=String::new() begin=String::new() on_done/> }.into_any()
}

/// The same on a page of its own, for shoppers without a script.
#[derive(Debug)]
pub struct DeliveryPlacePage;

lazy_page!(DeliveryPlacePage, buying, place_page);

fn place_page() -> AnyView {
    let query = use_query_map();
    let fallback = use_form_fallback();
    let value =
        |name: &str| query.with_untracked(|query| query.get(name)).or_else(|| fallback.value(name).map(str::to_owned)).unwrap_or_default();
    let (back, begin) = (value("back"), value("q"));
    let back = if back.starts_with('/') && !back.starts_with("//") { back } else { "/".to_owned() };
    let navigate = use_navigate();
    let next = back.clone();
    let on_done = Callback::new(move |()| navigate(&next, NavigateOptions::default()));
    view! {
        <Title text=tr!(PLACE_TITLE)/>
        <NotIndexed/>
        <div class="max-w-md mx-auto mt-6 md:mt-10">
            <h1 class="text-3xl mb-6">{tr!(PLACE_TITLE)}</h1>
            <PlaceChooser id="q" back begin on_done/>
        </div>
    }
    .into_any()
}

#[component]
fn PlaceChooser(
    /// The search field's id: dialog and page may be in one document.
    id: &'static str,
    /// The page to return to.
    back: String,
    begin: String,
    /// Called when a place was chosen.
    on_done: Callback<()>,
) -> impl IntoView {
    let action = ServerAction::<ChoosePlace>::new();
    let fallback = use_form_fallback();
    let problem = problem(action, &fallback);
    let chosen = use_delivery().chosen;
    Effect::new(move || {
        let answer = action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned()));
        if let Some(delivery) = answer {
            chosen.set(Some(delivery));
            on_done.run(());
        }
    });
    let typed = RwSignal::new(begin.clone());
    let searched = RwSignal::new(begin);
    follow_after_pause(typed, searched);
    let found = resource(move || searched.get(), find_places);
    let (search_back, form_back) = (back.clone(), back);
    let on_search = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        searched.set(typed.get_untracked());
    };
    view! {
        <div class="flex flex-col gap-4">
            <p class="text-quiet">{tr!(PLACE_BODY)}</p>
            <form method="get" action="/delivery-place" class="flex items-end gap-2" on:submit=on_search>
                {(!search_back.is_empty()).then(|| view! { <input type="hidden" name="back" value=search_back/> }.into_any())}
                <div class="grow"><Field label=tr!(PLACE_FIND) name="q" id bind=typed hint=tr!(PLACE_FIND_HINT) autocomplete="off" maxlength=80/></div>
                <span class="without-script mb-6"><Button kind="submit" look=Look::Outline>{tr!(COMMON_SEARCH)}</Button></span>
            </form>
            <ProblemSummary problem/>
            <PostForm action page="/delivery-place">
                {(!form_back.is_empty()).then(|| view! { <input type="hidden" name="back" value=form_back/> }.into_any())}
                <Transition fallback=|| view! { <SkeletonText lines=4/> }.into_any()>{loaded(found, place_list)}</Transition>
            </PostForm>
        </div>
    }
    .into_any()
}

/// Sets `searched` to what is typed once nothing more is typed for a moment.
fn follow_after_pause(typed: RwSignal<String>, searched: RwSignal<String>) {
    Effect::new(move |before: Option<String>| {
        let words = typed.get();
        if before.is_some_and(|before| before != words) {
            let mine = words.clone();
            set_timeout(
                move || {
                    if typed.try_get_untracked().as_ref() == Some(&mine) {
                        searched.set(mine);
                    }
                },
                TYPING_PAUSE,
            );
        }
        words
    });
}

/// The places that were found, each a button that chooses it.
fn place_list(places: Result<Vec<DeliveryPlace>, AppError>) -> AnyView {
    let places = match places {
        Err(error) => return view! { <p class="tone-danger tone-ink font-medium">{error.text(use_locale())}</p> }.into_any(),
        Ok(places) if places.is_empty() => return view! { <p class="text-quiet">{tr!(PLACE_NONE_FOUND)}</p> }.into_any(),
        Ok(places) => places,
    };
    let each = |place: DeliveryPlace| {
        view! {
            <li>
                <button type="submit" name="place" value=place.code class="w-full flex items-center gap-3 min-h-12 px-2 py-1.5 rounded-field text-start cursor-pointer hover:bg-base-200">
                    <Icon shape=icon::MAP_PIN class="size-5 text-quiet shrink-0"/>
                    <span class="min-w-0">
                        <span class="font-medium">{place.name}</span>
                        {(!place.within.is_empty()).then(|| view! { <span class="text-quiet">", "{place.within}</span> }.into_any())}
                    </span>
                </button>
            </li>
        }
        .into_any()
    };
    // By code, so that no button becomes another place's while it is pressed.
    view! { <ul class="divide-y divide-hairline"><For each=move || places.clone() key=|place| place.code.clone() let:place>{each(place)}</For></ul> }.into_any()
}
