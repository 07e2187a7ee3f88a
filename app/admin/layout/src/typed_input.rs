//! What is typed into a page's fields and not sent, while the page is read and rendered again.

use leptos::prelude::*;
use server_fn::ServerFn;
use wasm_bindgen::JsCast;
use web::TO;
use web_sys::{Element, Event, HtmlFormElement, HtmlInputElement};

use crate::unsaved::restore;

/// A field that differs from how it was rendered, or was edited.
struct Kept {
    /// Finds it in the page that is rendered again.
    selector: String,
    value: String,
    checked: bool,
}

/// The elements of the page that match a selector, as far as they are of this type.
fn all<T: JsCast>(selector: &str) -> Vec<T> {
    let Ok(found) = document().query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect()
}

fn quoted(text: &str) -> String {
    text.replace(['"', '\\'], "")
}

/// The mark of a field that the user edited, maybe back to what it was rendered with.
const EDITED: &str = "data-edited";

/// Notes that the user edited a field.
pub(crate) fn mark_edited(field: &Element) {
    // Fails for no name that is valid.
    let _ = field.set_attribute(EDITED, "");
}

/// Forgets that a field was edited. What is typed into it from then on is newer than what was kept of it.
fn unmark_edited(field: &Element) {
    // Fails for no name that is valid.
    let _ = field.remove_attribute(EDITED);
}

/// Fields with an id are found by it, radio buttons by their value within the nearest part of the page with an id.
fn kept(field: &HtmlInputElement) -> Option<Kept> {
    let can_be_ticked = matches!(field.type_().as_str(), "checkbox" | "radio");
    let is_changed = if can_be_ticked {
        field.checked() && !field.default_checked()
    } else {
        field.value() != field.default_value() || field.has_attribute(EDITED)
    };
    if field.type_() == "hidden" || !is_changed {
        return None;
    }
    let selector = if field.id().is_empty() {
        let part = field.closest("[id]").ok().flatten()?.id();
        format!("[id=\"{}\"] input[name=\"{}\"][value=\"{}\"]", quoted(&part), quoted(&field.name()), quoted(&field.value()))
    } else {
        format!("input[id=\"{}\"]", quoted(&field.id()))
    };
    Some(Kept { selector, value: field.value(), checked: can_be_ticked })
}

/// Puts what is typed and not sent back into its fields once the page is rendered again. To be called when it is about to be.
///
/// That is before the browser takes the next press: a form that was sent in between would be sent empty.
pub fn keep_typed() {
    let fields = all::<HtmlInputElement>("main form input");
    let (was, typed): (Vec<HtmlInputElement>, Vec<Kept>) = fields.iter().filter_map(|field| Some((field.clone(), kept(field)?))).unzip();
    if typed.is_empty() {
        return;
    }
    fields.iter().for_each(|field| unmark_edited(field));
    queue_microtask(move || {
        let is_rendered = was.iter().all(|field| !field.is_connected());
        let missing = if is_rendered { put_back(typed) } else { typed };
        if !missing.is_empty() {
            // A part of the page may come a moment later.
            request_animation_frame(move || drop(put_back(missing)));
        }
    });
}

/// Puts back what was typed; returns what has no field in the page.
fn put_back(typed: Vec<Kept>) -> Vec<Kept> {
    let mut missing = Vec::new();
    for kept in typed {
        let Some(field) = all::<HtmlInputElement>(&kept.selector).into_iter().next() else {
            missing.push(kept);
            continue;
        };
        // The user was faster.
        if field.has_attribute(EDITED) {
            continue;
        }
        restore(&field, || {
            if kept.checked {
                field.set_checked(true);
            } else {
                field.set_value(&kept.value);
                mark_edited(&field);
            }
        });
        // Signals that are bound to it hear it; it does not bubble, so nobody takes it for the user's.
        for name in ["input", "change"] {
            if let Ok(event) = Event::new(name) {
                // Without a listener the value is there all the same.
                let _ = field.dispatch_event(&event);
            }
        }
    }
    missing
}

/// Empties the forms of a function that was called: what is typed there is sent, and [`keep_typed`] leaves it.
pub fn empty_forms<F: ServerFn>() {
    for form in all::<HtmlFormElement>(&format!("main form:has(input[name=\"{TO}\"][value=\"{}\"])", F::PATH)) {
        form.reset();
        let edited = form.query_selector_all(&format!("[{EDITED}]")).ok();
        let edited = edited.into_iter().flat_map(|found| (0..found.length()).filter_map(move |at| found.item(at)));
        edited.filter_map(|field| field.dyn_into::<Element>().ok()).for_each(|field| unmark_edited(&field));
    }
}

/// Is a field of the page in use?
#[must_use]
pub fn is_typing() -> bool {
    document().active_element().is_some_and(|active| matches!(active.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}
