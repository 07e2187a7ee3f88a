//! Where the focus goes when the form that had it is drawn anew, or is gone with what it was about.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// The id of what the form stands in that is being sent, to be gone to by [`refocus`] afterwards.
#[must_use]
pub fn place_of(event: &SubmitEvent) -> Option<String> {
    let form = event.target()?.dyn_into::<Element>().ok()?;
    let place = form.parent_element()?.closest("[id]").ok()??;
    Some(place.id())
}

/// Gives the focus to the first of these elements that is in the page once it is drawn anew, where it went away with the button that had
/// it: a keyboard would begin at the top of the page again.
pub fn refocus(selectors: Vec<String>) {
    request_animation_frame(move || {
        let document = document();
        if document.active_element().is_some_and(|active| active.tag_name() != "BODY") {
            return;
        }
        let found = selectors.iter().find_map(|selector| document.query_selector(selector).ok().flatten());
        if let Some(place) = found.and_then(|place| place.dyn_into::<HtmlElement>().ok()) {
            place.set_tab_index(-1);
            // A heading takes the focus now.
            let _ = place.focus();
        }
    });
}
