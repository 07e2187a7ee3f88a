//! What opens over the page: dialogs and drawers, by the browser's own `<dialog>` (focus stays inside, Escape closes).

use leptos::html;
use leptos::prelude::*;

use crate::{IconButton, icon, tr};

/// Where a dialog stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// In the middle; from below on phones.
    #[default]
    Middle,
    /// Along the end of the line: the cart, a side panel.
    End,
    /// Along the start of the line: the menu.
    Start,
    /// Along the end on desks, from below on phones: filters.
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

/// A dialog or drawer. Needs a script: what it offers must be reachable on a page of its own as well.
#[component]
pub fn Dialog(
    /// Its heading.
    #[prop(into)]
    title: String,
    /// A short id, alone on its page.
    id: &'static str,
    /// Open or not, followed both ways.
    open: RwSignal<bool>,
    /// Where it stands.
    #[prop(optional)]
    placement: Placement,
    /// The buttons at its foot, always in sight.
    #[prop(optional, into)]
    foot: Option<ViewFn>,
    /// The content.
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let wanted = open.get();
        let Some(dialog) = node.get() else { return };
        if wanted && !dialog.open() {
            // Fails only where the element is not in the page, and then there is nothing to show.
            let _ = dialog.show_modal();
        } else if !wanted && dialog.open() {
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
