use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::{Icon, Shape, icon, tr};

/// The most commands shown at once.
const MAX_SHOWN: usize = 12;

/// An entry of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub label: String,
    /// The section it belongs to, for example the orders.
    pub group: String,
    pub href: String,
    pub shape: Shape,
    /// Words that find the command although its name does not hold them.
    pub keywords: String,
}

impl Command {
    /// Is each word of the query the start of a word of the command?
    fn fits(&self, query: &str) -> bool {
        let words = format!("{} {} {}", self.label, self.group, self.keywords).to_lowercase();
        query.to_lowercase().split_whitespace().all(|part| words.split_whitespace().any(|word| word.starts_with(part)))
    }
}

/// Opens by Ctrl K (Command K), or through `open`. Arrow keys choose, Enter goes there.
#[component]
pub fn CommandPalette(
    #[prop(into)] commands: Signal<Vec<Command>>,
    /// Read and written: the palette closes itself.
    open: RwSignal<bool>,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let query = RwSignal::new(String::new());
    let chosen = RwSignal::new(0_usize);
    let fitting = Memo::new(move |_| {
        if !open.get() {
            return Vec::new();
        }
        let query = query.get();
        commands.with(|commands| commands.iter().filter(|command| command.fits(&query)).take(MAX_SHOWN).cloned().collect::<Vec<_>>())
    });
    Effect::new(move || {
        let should_open = open.get();
        let Some(dialog) = node.get() else { return };
        if should_open && !dialog.open() {
            query.set(String::new());
            chosen.set(0);
            // Fails only when the element is not in the page.
            let _ = dialog.show_modal();
        } else if !should_open && dialog.open() {
            dialog.close();
        }
    });
    Effect::new(move || {
        let listener = window_event_listener(leptos::ev::keydown, move |event| {
            if (event.ctrl_key() || event.meta_key()) && event.key() == "k" {
                event.prevent_default();
                open.update(|open| *open = !*open);
            }
        });
        on_cleanup(move || listener.remove());
    });
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        let last = fitting.with_untracked(Vec::len).saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => chosen.update(|at| *at = (*at + 1).min(last)),
            "ArrowUp" => chosen.update(|at| *at = at.saturating_sub(1)),
            "Enter" => follow(node, chosen.get_untracked()),
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <dialog
            node_ref=node
            id="commands"
            class="sheet sheet-dialog mt-[12dvh]!"
            aria-label=tr!(UI_COMMANDS_TITLE)
            on:close=move |_| open.set(false)
            on:click=move |event| {
                let on_backdrop = node
                    .get_untracked()
                    .is_some_and(|dialog| event.target().is_some_and(|target| *AsRef::<web_sys::EventTarget>::as_ref(&dialog) == target));
                if on_backdrop {
                    open.set(false);
                }
            }
        >
            <div class="flex items-center gap-3 px-4 border-b border-hairline">
                <Icon shape=icon::SEARCH class="size-5 text-quiet"/>
                <input
                    type="text"
                    role="combobox"
                    aria-expanded="true"
                    aria-controls="commands-list"
                    aria-autocomplete="list"
                    aria-activedescendant=move || format!("command-{}", chosen.get())
                    aria-label=tr!(UI_COMMANDS_PLACEHOLDER)
                    placeholder=tr!(UI_COMMANDS_PLACEHOLDER)
                    autocomplete="off"
                    autofocus=true
                    class="grow min-w-0 h-14 bg-transparent outline-none! shadow-none! placeholder:text-quiet"
                    prop:value=move || query.get()
                    on:input=move |event| {
                        query.set(event_target_value(&event));
                        chosen.set(0);
                    }
                    on:keydown=on_key
                />
                <kbd class="kbd kbd-sm">"Esc"</kbd>
            </div>
            <ul id="commands-list" role="listbox" aria-label=tr!(UI_COMMANDS_TITLE) class="grow overflow-y-auto p-2 min-h-24">
                {move || {
                    let each = fitting.get().into_iter().enumerate();
                    each.map(|(at, command)| view! { <Offer command at chosen open/> }).collect_view()
                }}
            </ul>
            <p class="px-4 py-2.5 text-xs text-quiet border-t border-hairline" role="status">
                {move || if fitting.with(Vec::is_empty) { tr!(UI_COMMANDS_EMPTY) } else { tr!(UI_COMMANDS_HINT) }}
            </p>
        </dialog>
    }
    .into_any()
}

#[component]
fn Offer(command: Command, at: usize, chosen: RwSignal<usize>, open: RwSignal<bool>) -> impl IntoView {
    let is_chosen = move || chosen.get() == at;
    view! {
        <li id=format!("command-{at}") role="option" aria-selected=move || if is_chosen() { "true" } else { "false" }>
            <a
                href=command.href
                tabindex="-1"
                class="flex items-center gap-3 min-h-11 px-3 rounded-field hover:bg-base-200"
                class=("bg-base-200", is_chosen)
                on:click=move |_| open.set(false)
            >
                <Icon shape=command.shape class="size-5 text-quiet"/>
                <span class="grow min-w-0 truncate">{command.label}</span>
                <span class="text-sm text-quiet">{command.group}</span>
            </a>
        </li>
    }
}

/// Follows the chosen command by its own link, so that the router sees it.
fn follow(node: NodeRef<html::Dialog>, chosen: usize) {
    let link = node.get_untracked().and_then(|dialog| dialog.query_selector(&format!("#command-{chosen} a")).ok().flatten());
    if let Some(link) = link.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok()) {
        link.click();
    }
}

#[cfg(test)]
mod tests {
    use super::Command;
    use crate::icon;

    fn a_command(label: &str, keywords: &str) -> Command {
        Command { label: label.into(), group: "Orders".into(), href: "/".into(), shape: icon::TAG, keywords: keywords.into() }
    }

    #[test]
    fn a_command_is_found_by_the_starts_of_its_words() {
        let command = a_command("Orders to pack", "fulfil");
        for query in ["", "ord", "pack ord", "FUL", "to"] {
            assert!(command.fits(query), "{query}");
        }
        for query in ["rders", "pack shoes"] {
            assert!(!command.fits(query), "{query}");
        }
    }
}
