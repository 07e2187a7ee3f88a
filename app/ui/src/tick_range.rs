//! Ticking several rows of a table at once. Boxes are clicked as a user would, so that whoever listens to them hears each.

use std::cell::Cell;

use leptos::prelude::request_animation_frame;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement};

/// Marks the row whose box was ticked last: where a range begins.
const ANCHOR: &str = "data-anchor";

thread_local! {
    /// Boxes are being clicked by this file: a range does not begin at them.
    static CLICKING: Cell<bool> = const { Cell::new(false) };
}

/// The box of a row.
pub(crate) fn box_of(row: &Element) -> Option<HtmlInputElement> {
    row.query_selector("input[type=checkbox]").ok()??.dyn_into().ok()
}

/// Gives boxes this state.
pub(crate) fn set(boxes: impl IntoIterator<Item = HtmlInputElement>, on: bool) {
    CLICKING.set(true);
    for tick in boxes.into_iter().filter(|tick| tick.checked() != on) {
        tick.click();
    }
    CLICKING.set(false);
}

/// Ticks every row, or, where all are ticked, none. False where the rows have no boxes.
pub(crate) fn tick_all(rows: &[HtmlElement]) -> bool {
    let boxes: Vec<HtmlInputElement> = rows.iter().filter_map(|row| box_of(row)).collect();
    let (any, on) = (!boxes.is_empty(), boxes.iter().any(|tick| !tick.checked()));
    set(boxes, on);
    any
}

/// The boxes of the rows between the one that was ticked last and this one, both included; none where none was.
fn range_to(row: &Element) -> Vec<HtmlInputElement> {
    let rows = siblings(row);
    let anchor = rows.iter().position(|row| row.has_attribute(ANCHOR));
    let (Some(anchor), Some(here)) = (anchor, rows.iter().position(|other| other == row)) else { return Vec::new() };
    rows[anchor.min(here)..=anchor.max(here)].iter().filter_map(box_of).collect()
}

/// Turns the box of this row, and gives its state to all rows from the one that was ticked last. False where none was.
pub(crate) fn tick_to(row: &Element) -> bool {
    let (boxes, own) = (range_to(row), box_of(row));
    let (false, Some(own)) = (boxes.is_empty(), own) else { return false };
    set(boxes, !own.checked());
    true
}

fn siblings(row: &Element) -> Vec<Element> {
    let Some(rows) = row.parent_element().map(|body| body.children()) else { return Vec::new() };
    (0..rows.length()).filter_map(|at| rows.item(at)).collect()
}

/// With Shift, a click on a box gives its state to all rows from the one that was ticked last; the next range begins at it.
pub(crate) fn on_click(event: &leptos::ev::MouseEvent) {
    let tick = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    let row = tick.as_ref().filter(|tick| tick.type_() == "checkbox").and_then(|tick| tick.closest("tbody tr").ok().flatten());
    let (Some(tick), Some(row)) = (tick, row) else { return };
    if CLICKING.get() {
        return;
    }
    if event.shift_key() {
        let boxes = range_to(&row);
        // Once whoever listens to this box has heard its change: until then it would be put back with the others.
        request_animation_frame(move || set(boxes, tick.checked()));
    }
    for other in siblings(&row) {
        // Fails for no attribute's name that is valid.
        let _ = other.remove_attribute(ANCHOR);
    }
    let _ = row.set_attribute(ANCHOR, "");
}

/// A click with Shift on a box selects no text.
pub(crate) fn keep_text(event: &leptos::ev::MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    if event.shift_key() && target.is_some_and(|target| target.closest("label").ok().flatten().is_some()) {
        event.prevent_default();
    }
}
