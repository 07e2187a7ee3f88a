//! What is typed into a page's fields and not sent, while the page is read and rendered again.

use leptos::prelude::*;
use server_fn::ServerFn;
use session::TO;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlFormElement, HtmlInputElement};

/// A field that differs from how it was rendered.
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

/// Fields with an id are found by it, radio buttons by their value within the nearest part of the page with an id.
fn kept(field: &HtmlInputElement) -> Option<Kept> {
    let can_be_ticked = matches!(field.type_().as_str(), "checkbox" | "radio");
    let is_changed = if can_be_ticked { field.checked() && !field.default_checked() } else { field.value() != field.default_value() };
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
pub fn keep_typed() {
    let typed: Vec<Kept> = all::<HtmlInputElement>("main form input").iter().filter_map(kept).collect();
    if typed.is_empty() {
        return;
    }
    request_animation_frame(move || {
        for Kept { selector, value, checked } in typed {
            let Some(field) = all::<HtmlInputElement>(&selector).into_iter().next() else { continue };
            if checked {
                field.set_checked(true);
            } else {
                field.set_value(&value);
            }
            // Signals that are bound to it hear it; it does not bubble, so nobody takes it for the user's.
            for name in ["input", "change"] {
                if let Ok(event) = Event::new(name) {
                    // Without a listener the value is there all the same.
                    let _ = field.dispatch_event(&event);
                }
            }
        }
    });
}

/// Empties the forms of a function that was called: what is typed there is sent, and [`keep_typed`] leaves it.
pub fn empty_forms<F: ServerFn>() {
    for form in all::<HtmlFormElement>(&format!("main form:has(input[name=\"{TO}\"][value=\"{}\"])", F::PATH)) {
        form.reset();
    }
}

/// Is a field of the page in use?
#[must_use]
pub fn is_typing() -> bool {
    document().active_element().is_some_and(|active| matches!(active.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}
