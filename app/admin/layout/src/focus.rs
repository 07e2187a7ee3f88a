//! The focus after a form that had it is rendered again or gone.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// How often the focus is looked at after a form is sent, and how many times: as long as an answer may take.
const PAUSE: Duration = Duration::from_millis(100);
const TIMES: u32 = 100;
/// The same once it was given back: lists of the page that are read again may render the form once more.
const TIMES_AFTER: u32 = 30;
/// Frames after which a page that is rendered again has taken the focus, if it takes it: an element in a part that folds keeps it until
/// the next one.
const FRAMES: u32 = 10;

/// The id of the nearest element with one around the submitted form, for [`refocus`] afterwards.
#[must_use]
pub fn enclosing_id(event: &SubmitEvent) -> Option<String> {
    let form = event.target()?.dyn_into::<Element>().ok()?;
    let section = form.parent_element()?.closest("[id]").ok()??;
    Some(section.id())
}

/// Focuses the first of these elements that is in the page once it is rendered again, if the focus was lost with the button or the field
/// that had it: keyboard users would start at the top of the page again.
pub fn refocus(selectors: Vec<String>) {
    after_frames(focused(), selectors, FRAMES);
}

fn after_frames(had: Option<Element>, selectors: Vec<String>, frames: u32) {
    request_animation_frame(move || match focused() {
        None => {
            focus_first(&selectors);
        }
        now if now == had && frames > 0 => after_frames(had, selectors, frames - 1),
        // Somebody moved it meanwhile.
        Some(_) => {}
    });
}

/// The element with the focus; none where nothing has it.
fn focused() -> Option<Element> {
    document().active_element().filter(|active| active.tag_name() != "BODY")
}

fn focus_first(selectors: &[String]) -> bool {
    let found = selectors.iter().find_map(|selector| document().query_selector(selector).ok().flatten());
    let Some(target) = found.and_then(|target| target.dyn_into::<HtmlElement>().ok()) else { return false };
    if target.tab_index() < 0 {
        target.set_tab_index(-1);
    }
    // With a tabindex a heading takes the focus.
    target.focus().is_ok() && focused().is_some()
}

/// Goes to the field whose id stands behind `#` in the address of a page that is opened, as soon as the page has it.
pub(crate) fn go_to_field() {
    let location = use_location();
    Effect::new(move || {
        let (_, hash) = (location.pathname.get(), location.hash.get());
        if hash.len() > 1 {
            when_there(hash.trim_start_matches('#').to_owned(), TIMES_AFTER);
        }
    });
}

fn when_there(id: String, times: u32) {
    set_timeout(
        move || {
            let place = document().get_element_by_id(&id).and_then(|place| place.dyn_into::<HtmlElement>().ok());
            match place {
                // A place that is no field is scrolled to by the router.
                Some(field) if field.matches("input, select, textarea").unwrap_or_default() => {
                    field.scroll_into_view();
                    // A field that is read only is still in sight.
                    let _ = field.focus();
                }
                None if times > 0 => when_there(id, times - 1),
                _ => {}
            }
        },
        PAUSE,
    );
}

/// Keeps the focus near every form of the page that is sent: when the field or button that had it is gone by the time of the answer, it
/// goes to the field of the same id, to the heading of the nearest part of the page with an id, or to the page's heading.
pub(crate) fn keep_focus() {
    Effect::new(|| {
        let listener = window_event_listener_untyped("submit", |event| {
            let Some(form) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
            let Some(had) = focused() else { return };
            let by_id =
                |id: String, within: &str| (!id.is_empty()).then(|| format!("main [id=\"{}\"]{within}", id.replace(['"', '\\'], "")));
            let parts = std::iter::successors(Some(form), |part: &Element| part.parent_element())
                .filter_map(|part| by_id(part.id(), " :is(h2, h3)"));
            let selectors = by_id(had.id(), "").into_iter().chain(parts).chain(["main h1".to_owned()]).collect();
            let path = window().location().pathname().unwrap_or_default();
            while_answered(Watched { place: place_of(&had), had, selectors, path }, TIMES);
        });
        on_cleanup(move || listener.remove());
    });
}

/// What has the focus while an answer is awaited.
struct Watched {
    had: Element,
    /// Where it is at first. A list that is read again in another order may give the element to another row.
    place: String,
    /// What takes the focus instead, the best first.
    selectors: Vec<String>,
    path: String,
}

/// The id of an element, or of the nearest around it that has one: its row's.
fn place_of(element: &Element) -> String {
    element.closest("[id]").ok().flatten().map(|place| place.id()).unwrap_or_default()
}

fn while_answered(watched: Watched, times: u32) {
    set_timeout(
        move || {
            if times == 0 || window().location().pathname().unwrap_or_default() != watched.path {
                return;
            }
            let had = &watched.had;
            let is_same = had.is_connected() && place_of(had) == watched.place;
            // A busy button is disabled, and has the focus again afterwards.
            let is_busy = is_same && had.has_attribute("disabled");
            match focused() {
                Some(now) if now != *had => {}
                Some(_) if is_same => while_answered(watched, times - 1),
                None if is_busy => while_answered(watched, times - 1),
                _ => {
                    let again =
                        is_same && had.clone().dyn_into::<HtmlElement>().is_ok_and(|had| had.focus().is_ok()) && focused().is_some();
                    if again {
                        while_answered(watched, times - 1);
                    } else if focus_first(&watched.selectors)
                        && let Some(now) = focused()
                    {
                        while_answered(Watched { place: place_of(&now), had: now, ..watched }, times.min(TIMES_AFTER));
                    }
                }
            }
        },
        PAUSE,
    );
}
