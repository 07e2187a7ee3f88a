//! Dialogs and drawers, with the browser's `<dialog>` (focus stays inside, Escape closes).

use leptos::html;
use leptos::prelude::*;

use crate::{IconButton, icon, tr};

/// Where a dialog opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// Centred; on phones at the bottom.
    #[default]
    Middle,
    /// At the end side: the cart, a side panel.
    End,
    /// At the start side: the menu.
    Start,
    /// At the end side; on phones at the bottom: filters.
    Sheet,
}

impl Placement {
    const fn classes(self) -> &'static str {
        match self {
            Self::Middle => "sheet sheet-dialog",
            Self::End => "sheet sheet-end",
            Self::Start => "sheet sheet-start",
            Self::Sheet => "sheet sheet-end sheet-bottom",
        }
    }
}

/// A dialog or drawer. Needs a script, so its content must also have a page of its own.
#[component]
pub fn Dialog(
    #[prop(into)] title: String,
    /// A short id, unique on its page.
    id: &'static str,
    /// Read and written: the dialog closes itself.
    open: RwSignal<bool>,
    #[prop(optional)] placement: Placement,
    /// The buttons at its foot, always visible.
    #[prop(optional, into)]
    foot: Option<ViewFn>,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        show_or_close(node, open.get());
    });
    let heading = format!("{id}-title");
    let labelled_by = heading.clone();
    let on_backdrop = move |event: leptos::ev::MouseEvent| {
        if is_backdrop(node, &event) {
            open.set(false);
        }
    };
    view! {
        <dialog
            node_ref=node
            id=id
            class=placement.classes()
            aria-labelledby=labelled_by
            on:close=move |_| closed(node, open)
            on:click=on_backdrop
        >
            <header class="flex items-center justify-between gap-4 ps-5 pe-3 py-3 border-b border-hairline">
                <h2 id=heading class="text-xl">{title}</h2>
                <IconButton shape=icon::CLOSE label=tr!(COMMON_CLOSE) on:click=move |_| open.set(false)/>
            </header>
            <div class="grow overflow-y-auto overscroll-contain px-5 py-4">{children()}</div>
            {foot.map(|foot| view! { <footer class="border-t border-hairline px-5 py-4">{foot.run()}</footer> }.into_any())}
        </dialog>
    }
    .into_any()
}

/// Opens or closes the dialog as wanted; whether it was opened.
pub(crate) fn show_or_close(node: NodeRef<html::Dialog>, should_open: bool) -> bool {
    let Some(dialog) = node.get() else { return false };
    if should_open && !dialog.open() {
        // Fails only when the element is not in the page.
        let _ = dialog.show_modal();
        return true;
    }
    if !should_open && dialog.open() {
        dialog.close();
    }
    false
}

/// The browser closed the dialog, by Escape or Back. The event comes late: the dialog may have been opened again since.
pub(crate) fn closed(node: NodeRef<html::Dialog>, open: RwSignal<bool>) {
    if node.get_untracked().is_none_or(|dialog| !dialog.open()) {
        open.set(false);
    }
}

/// Was the dialog's backdrop pressed, and nothing inside of it?
pub(crate) fn is_backdrop(node: NodeRef<html::Dialog>, event: &leptos::ev::MouseEvent) -> bool {
    let Some(dialog) = node.get_untracked() else { return false };
    event.target().is_some_and(|target| *AsRef::<web_sys::EventTarget>::as_ref(&dialog) == target)
}
