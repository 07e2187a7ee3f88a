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
        let should_open = open.get();
        let Some(dialog) = node.get() else { return };
        if should_open && !dialog.open() {
            // Fails only when the element is not in the page.
            let _ = dialog.show_modal();
        } else if !should_open && dialog.open() {
            dialog.close();
        }
    });
    let heading = format!("{id}-title");
    let labelled_by = heading.clone();
    let on_backdrop = move |event: leptos::ev::MouseEvent| {
        let outside = node
            .get_untracked()
            .is_some_and(|dialog| event.target().is_some_and(|target| *AsRef::<web_sys::EventTarget>::as_ref(&dialog) == target));
        if outside {
            open.set(false);
        }
    };
    view! {
        <dialog
            node_ref=node
            id=id
            class=placement.classes()
            aria-labelledby=labelled_by
            on:close=move |_| open.set(false)
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
