//! The values of fields while the page is hydrated.

use leptos::html;
use leptos::prelude::*;

/// The attribute that the frontend sets on the root element once the page is hydrated, and the name of the event that it
/// sends then.
pub const HYDRATED: &str = "data-hydrated";

/// Is the page still being hydrated? Its fields may hold what the user chose already.
pub(crate) fn is_hydrating() -> bool {
    cfg!(feature = "hydrate") && document().document_element().is_some_and(|root| !root.has_attribute(HYDRATED))
}

/// The value to set on a checkbox or option, also where a view is changed in place and the user chose otherwise
/// before. None during hydration: what the user chose before it stays.
pub(crate) fn unless_hydrating(value: bool) -> Option<bool> {
    (!is_hydrating()).then_some(value)
}

/// Reports, as soon as the page is hydrated, that another option is chosen than was rendered: the user was quicker,
/// or the browser filled it in.
pub(crate) fn report_early_choice(node: NodeRef<html::Select>, on_change: Callback<String>) {
    once_hydrated(move || {
        let Some(list) = node.get_untracked() else { return };
        let rendered = list.query_selector("option[selected]").ok().flatten().or_else(|| list.query_selector("option").ok().flatten());
        let rendered = rendered.and_then(|answer| answer.get_attribute("value")).unwrap_or_default();
        if list.value() != rendered {
            on_change.run(list.value());
        }
    });
}

/// Reports, as soon as the page is hydrated, that a checkbox differs from what was rendered: the user was quicker.
pub(crate) fn report_early_change(node: NodeRef<html::Input>, on_change: Callback<bool>) {
    once_hydrated(move || {
        if let Some(input) = node.get_untracked().filter(|input| input.checked() != input.default_checked()) {
            on_change.run(input.checked());
        }
    });
}

/// Runs `report` as soon as the page is hydrated; never where it is hydrated already.
fn once_hydrated(report: impl Fn() + Clone + 'static) {
    if !is_hydrating() {
        return;
    }
    Effect::new(move || {
        if is_hydrating() {
            let report = report.clone();
            let waiting = window_event_listener_untyped(HYDRATED, move |_| report());
            on_cleanup(move || waiting.remove());
        } else {
            report();
        }
    });
}
