//! The focus after a form that had it is rendered again or gone.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// The id of the nearest element with one around the submitted form, for [`refocus`] afterwards.
#[must_use]
pub fn enclosing_id(event: &SubmitEvent) -> Option<String> {
    let form = event.target()?.dyn_into::<Element>().ok()?;
    let section = form.parent_element()?.closest("[id]").ok()??;
    Some(section.id())
}

/// Focuses the first of these elements that is in the page once it is rendered again, if the focus was lost with the button that had
/// it: keyboard users would start at the top of the page again.
pub fn refocus(selectors: Vec<String>) {
    request_animation_frame(move || {
        let document = document();
        if document.active_element().is_some_and(|active| active.tag_name() != "BODY") {
            return;
        }
        let found = selectors.iter().find_map(|selector| document.query_selector(selector).ok().flatten());
        if let Some(target) = found.and_then(|target| target.dyn_into::<HtmlElement>().ok()) {
            target.set_tab_index(-1);
            // With a tabindex a heading takes the focus.
            let _ = target.focus();
        }
    });
}
