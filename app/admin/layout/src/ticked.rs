//! The ticked rows of a list, in its address: so that they are ticked again when one comes back, and other pages can be told of them.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use leptos::prelude::*;
use ui::{Column, TickBox, tr};
use wasm_bindgen::JsValue;

/// The ids in a text, separated by dots.
#[must_use]
pub fn ids<T: FromStr + Ord>(text: &str) -> BTreeSet<T> {
    text.split('.').filter_map(|id| id.parse().ok()).collect()
}

/// The text that [`ids`] reads.
#[must_use]
pub fn dotted<T: Display>(ids: &BTreeSet<T>) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

/// Writes the ticked rows into the address of this page in the browser's history (`ticked=`), so that they are ticked again on Back.
pub fn keep_ticked<T: Display>(ticked: &BTreeSet<T>) {
    let (window, ticked) = (window(), dotted(ticked));
    let (Ok(search), Ok(path), Ok(history)) = (window.location().search(), window.location().pathname(), window.history()) else { return };
    let others = search.trim_start_matches('?').split('&').filter(|part| !part.is_empty() && !part.starts_with("ticked="));
    let parts: Vec<String> = others.map(str::to_owned).chain((!ticked.is_empty()).then(|| format!("ticked={ticked}"))).collect();
    let to = if parts.is_empty() { path } else { format!("{path}?{}", parts.join("&")) };
    // Without the address the ticks are lost on Back, and nothing else.
    let _ = history.replace_state_with_url(&history.state().unwrap_or(JsValue::NULL), "", Some(&to));
}

/// Forgets ticks of rows that are not on the page: only what is in sight is acted on, and counted.
pub fn forget_others<T: Ord + Send + Sync + 'static>(ticked: RwSignal<BTreeSet<T>>, rows: &[T]) {
    if ticked.with_untracked(|ticked| ticked.iter().any(|id| !rows.contains(id))) {
        ticked.update(|ticked| ticked.retain(|id| rows.contains(id)));
    }
}

/// The column of the boxes that tick these rows, with one for all of them.
pub fn tick_column<T: Ord + Copy + Send + Sync + 'static>(ticked: RwSignal<BTreeSet<T>>, rows: Vec<T>) -> Column {
    let all = rows.clone();
    let are_all = Signal::derive(move || ticked.with(|ticked| all.iter().all(|id| ticked.contains(id))));
    let tick_all = Callback::new(move |on: bool| ticked.set(if on { rows.iter().copied().collect() } else { BTreeSet::new() }));
    Column::ticks(tr!(UI_SELECT_ALL), are_all, tick_all)
}

/// Is this row ticked?
pub fn is_ticked<T: Ord + Copy + Send + Sync + 'static>(ticked: RwSignal<BTreeSet<T>>, row: T) -> Signal<bool> {
    Signal::derive(move || ticked.with(|ticked| ticked.contains(&row)))
}

/// The box that ticks a row, which a form sends as `field`.
pub fn tick_box<T>(ticked: RwSignal<BTreeSet<T>>, row: T, field: &'static str, name: &str) -> AnyView
where
    T: Ord + Copy + Display + Send + Sync + 'static,
{
    let on_change = Callback::new(move |on: bool| {
        ticked.update(|ticked| {
            if on {
                ticked.insert(row);
            } else {
                ticked.remove(&row);
            }
        });
    });
    view! { <TickBox name=field value=row.to_string() label=tr!(UI_SELECT_ROW, name = name) checked=is_ticked(ticked, row) on_change/> }
        .into_any()
}
