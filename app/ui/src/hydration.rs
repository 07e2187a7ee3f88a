//! What fields hold while the page is hydrated.

use leptos::html;
use leptos::prelude::*;

/// The mark that the browser's entry puts on the root element once the page is hydrated, and the name of the event that it
/// sends then.
pub const HYDRATED: &str = "data-hydrated";

/// Is the page still being hydrated? Its fields may hold what the reader chose already.
pub(crate) fn is_hydrating() -> bool {
    cfg!(feature = "hydrate") && document().document_element().is_some_and(|root| !root.has_attribute(HYDRATED))
}

/// What a box or an answer is set to: what is wanted, also where a view is changed in place and the reader chose otherwise
/// before. What they chose before the page was hydrated is left to them.
pub(crate) fn unless_hydrating(wanted: bool) -> Option<bool> {
    (!is_hydrating()).then_some(wanted)
}

/// Tells, as soon as the page is hydrated, that another answer of a list is chosen than was rendered: the reader was quicker,
/// or the browser filled it in.
pub(crate) fn report_early_choice(node: NodeRef<html::Select>, told: Callback<String>) {
    once_hydrated(move || {
        let Some(list) = node.get_untracked() else { return };
        let rendered = list.query_selector("option[selected]").ok().flatten().or_else(|| list.query_selector("option").ok().flatten());
        let rendered = rendered.and_then(|answer| answer.get_attribute("value")).unwrap_or_default();
        if list.value() != rendered {
            told.run(list.value());
        }
    });
}

/// Tells, as soon as the page is hydrated, that a box is otherwise than it was rendered: the reader was quicker.
pub(crate) fn report_early_change(node: NodeRef<html::Input>, told: Callback<bool>) {
    once_hydrated(move || {
        if let Some(input) = node.get_untracked().filter(|input| input.checked() != input.default_checked()) {
            told.run(input.checked());
        }
    });
}

/// Does something as soon as the page is hydrated; nothing where it is hydrated already.
fn once_hydrated(tell: impl Fn() + Clone + 'static) {
    if !is_hydrating() {
        return;
    }
    Effect::new(move || {
        if is_hydrating() {
            let tell = tell.clone();
            let waiting = window_event_listener_untyped(HYDRATED, move |_| tell());
            on_cleanup(move || waiting.remove());
        } else {
            tell();
        }
    });
}
