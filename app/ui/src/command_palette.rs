//! The command palette: the search over the admin's pages, and what else is found by the words.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::dialog::{closed, is_backdrop, show_or_close};
use crate::{Icon, Shape, icon, tr};

/// The most commands shown at once.
const MAX_SHOWN: usize = 12;

/// What an entry does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommandKind {
    /// Goes to the page at its address.
    #[default]
    Page,
    /// Downloads the file at its address.
    File,
    /// Sends the form of the page with this id.
    Form(&'static str),
}

/// An entry of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub label: String,
    /// The section it belongs to, for example the orders.
    pub group: String,
    /// Empty for one that sends a form.
    pub href: String,
    pub kind: CommandKind,
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

/// What is found beside the commands, by who has the words. Made by whoever asks the server.
#[derive(Clone, Copy, Debug)]
pub struct PaletteSearch {
    /// What is typed; empty when the palette opens.
    pub words: RwSignal<String>,
    /// Follows the commands that fit. It is of the words before while [`PaletteSearch::waits`].
    pub found: RwSignal<Vec<Command>>,
    /// The answer to the words is not there yet.
    pub waits: RwSignal<bool>,
}

impl PaletteSearch {
    #[must_use]
    pub fn new() -> Self {
        Self { words: RwSignal::new(String::new()), found: RwSignal::new(Vec::new()), waits: RwSignal::new(false) }
    }
}

impl Default for PaletteSearch {
    fn default() -> Self {
        Self::new()
    }
}

/// Opens by Ctrl K (Command K), or through `open`. Arrow keys choose, Enter goes there.
#[component]
pub fn CommandPalette(
    #[prop(into)] commands: Signal<Vec<Command>>,
    /// Read and written: the palette closes itself.
    open: RwSignal<bool>,
    /// What is found beside the commands.
    search: PaletteSearch,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let PaletteSearch { words: query, found, waits } = search;
    let chosen = RwSignal::new(0_usize);
    let fitting = Memo::new(move |_| {
        if !open.get() {
            return Vec::new();
        }
        let query = query.get();
        let mut fitting =
            commands.with(|commands| commands.iter().filter(|command| command.fits(&query)).take(MAX_SHOWN).cloned().collect::<Vec<_>>());
        // After the commands, so that an answer moves none of them.
        found.with(|found| fitting.extend_from_slice(found));
        fitting
    });
    // Enter was pressed while the answer was on its way: it goes where the answer leads.
    let pressed = RwSignal::new(false);
    Effect::new(move || {
        if pressed.get() && !waits.get() {
            pressed.set(false);
            // Once the answer is in the page.
            request_animation_frame(move || {
                if open.get_untracked() {
                    follow(node, chosen.get_untracked());
                }
            });
        }
    });
    Effect::new(move || {
        if show_or_close(node, open.get()) {
            query.set(String::new());
            chosen.set(0);
            pressed.set(false);
        }
    });
    Effect::new(move || keep_in_sight(node, chosen.get()));
    open_by_key(open);
    // Is this entry, or the place for one, among what the server finds?
    let is_found = move |at: usize| {
        let query = query.get_untracked();
        commands.with_untracked(|commands| commands.iter().filter(|command| command.fits(&query)).take(MAX_SHOWN).count()) <= at
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        let last = fitting.with_untracked(Vec::len).saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => chosen.update(|at| *at = (*at + 1).min(last)),
            "ArrowUp" => chosen.update(|at| *at = at.saturating_sub(1)),
            "Enter" if waits.get_untracked() && is_found(chosen.get_untracked()) => pressed.set(true),
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
            on:close=move |_| closed(node, open)
            on:click=move |event| {
                if is_backdrop(node, &event) {
                    open.set(false);
                }
            }
        >
            <div class="flex items-center gap-3 px-4 border-b border-hairline">
                <Icon shape=icon::SEARCH class="size-5 text-quiet"/>
                {words_field(query, chosen, on_key)}
                <kbd class="kbd kbd-sm">"Esc"</kbd>
            </div>
            <ul id="commands-list" role="listbox" aria-label=tr!(UI_COMMANDS_TITLE) class="grow overflow-y-auto p-2 min-h-24">
                {move || {
                    let each = fitting.get().into_iter().enumerate();
                    each.map(|(at, command)| view! { <Offer command at chosen open/> }).collect_view()
                }}
            </ul>
            <p class="px-4 py-2.5 text-xs text-quiet border-t border-hairline" role="status">
                {move || match (fitting.with(Vec::is_empty), waits.get()) {
                    (true, true) => tr!(UI_COMMANDS_SEARCHING),
                    (true, false) => tr!(UI_COMMANDS_EMPTY),
                    (false, _) => tr!(UI_COMMANDS_HINT),
                }}
            </p>
        </dialog>
    }
    .into_any()
}

/// The field for words; what is typed makes the first command the chosen one.
fn words_field(query: RwSignal<String>, chosen: RwSignal<usize>, on_key: impl Fn(leptos::ev::KeyboardEvent) + Send + 'static) -> AnyView {
    view! {
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
    }
    .into_any()
}

/// Ctrl K (Command K) opens and closes the palette, as long as the component is there.
fn open_by_key(open: RwSignal<bool>) {
    Effect::new(move || {
        let listener = window_event_listener(leptos::ev::keydown, move |event| {
            if (event.ctrl_key() || event.meta_key()) && event.key() == "k" {
                event.prevent_default();
                open.update(|open| *open = !*open);
            }
        });
        on_cleanup(move || listener.remove());
    });
}

#[component]
fn Offer(command: Command, at: usize, chosen: RwSignal<usize>, open: RwSignal<bool>) -> impl IntoView {
    const CLASS: &str = "flex w-full items-center gap-3 min-h-11 px-3 rounded-field text-start hover:bg-base-200 aria-selected:bg-base-200";
    let Command { label, group, href, kind, shape, .. } = command;
    let is_chosen = move || if chosen.get() == at { "true" } else { "false" };
    let id = format!("command-{at}");
    let inside = view! {
        <Icon shape class="size-5 text-quiet"/>
        <span class="grow min-w-0 truncate">{label}</span>
        <span class="text-sm text-quiet">{group}</span>
    };
    let close = move |_| open.set(false);
    let offer = match kind {
        CommandKind::Form(form) => {
            view! { <button type="submit" form=form id=id role="option" aria-selected=is_chosen tabindex="-1" class=CLASS on:click=close>{inside}</button> }.into_any()
        }
        CommandKind::Page | CommandKind::File => {
            let file = kind == CommandKind::File;
            view! {
                <a id=id role="option" aria-selected=is_chosen href=href rel=file.then_some("external") download=file.then_some("") tabindex="-1" class=CLASS on:click=close>
                    {inside}
                </a>
            }
            .into_any()
        }
    };
    view! { <li role="none">{offer}</li> }
}

/// Scrolls the list until the chosen command is in sight.
fn keep_in_sight(node: NodeRef<html::Dialog>, chosen: usize) {
    let found = |selector: &str| node.get_untracked().and_then(|dialog| dialog.query_selector(selector).ok().flatten());
    let (Some(list), Some(command)) = (found("#commands-list"), found(&format!("#command-{chosen}"))) else { return };
    let (list_box, command_box) = (list.get_bounding_client_rect(), command.get_bounding_client_rect());
    let (above, below) = (command_box.top() - list_box.top(), command_box.bottom() - list_box.bottom());
    if above < 0.0 {
        list.scroll_by_with_x_and_y(0.0, above);
    } else if below > 0.0 {
        list.scroll_by_with_x_and_y(0.0, below);
    }
}

/// Follows the chosen command by its own link, so that the router sees it.
fn follow(node: NodeRef<html::Dialog>, chosen: usize) {
    let link = node.get_untracked().and_then(|dialog| dialog.query_selector(&format!("#command-{chosen}")).ok().flatten());
    if let Some(link) = link.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok()) {
        link.click();
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, CommandKind};
    use crate::icon;

    fn a_command(label: &str, keywords: &str) -> Command {
        let (label, keywords) = (label.into(), keywords.into());
        Command { label, group: "Orders".into(), href: "/".into(), kind: CommandKind::Page, shape: icon::TAG, keywords }
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
