//! Tables of the admin: dense, sortable by links, with keyboard navigation.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::tick_range::{self, box_of};
use crate::{Icon, icon, tr};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sorted {
    /// Small to large, A to Z, old to new.
    Ascending,
    Descending,
}

#[derive(Clone, Debug, Default)]
pub struct Column {
    pub name: String,
    /// The name is for screen readers only, as over checkboxes or buttons.
    pub hidden: bool,
    /// Figures: aligned to the end of the cell.
    pub figures: bool,
    /// The address of the list sorted by this column.
    pub sort_href: Option<String>,
    /// The current sorting by it.
    pub sorted: Option<Sorted>,
    /// Hidden on narrow screens.
    pub wide_only: bool,
    /// A checkbox for all rows: is it ticked, and what to call with each change.
    pub tick_all: Option<(Signal<bool>, Callback<bool>)>,
}

impl Column {
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// A column of checkboxes or buttons: its name is for screen readers only.
    pub fn hidden(name: impl Into<String>) -> Self {
        Self { name: name.into(), hidden: true, ..Self::default() }
    }

    /// A column of [`TickBox`]es, with one for all rows in its heading.
    pub fn ticks(name: impl Into<String>, all: Signal<bool>, on_change: Callback<bool>) -> Self {
        Self { name: name.into(), tick_all: Some((all, on_change)), ..Self::default() }
    }

    /// A column of figures.
    pub fn figures(name: impl Into<String>) -> Self {
        Self { name: name.into(), figures: true, ..Self::default() }
    }

    /// The same column, with a link that sorts by it.
    #[must_use]
    pub fn sorting(self, href: impl Into<String>, sorted: Option<Sorted>) -> Self {
        Self { sort_href: Some(href.into()), sorted, ..self }
    }

    /// The same column, hidden on narrow screens. Its cells need the class `max-md:hidden`.
    #[must_use]
    pub fn wide_only(self) -> Self {
        Self { wide_only: true, ..self }
    }
}

/// A table. Its children are [`Row`]s.
///
/// Arrow keys, `j` and `k`, Home and End move between rows; Enter opens a row's first link; Space ticks its checkbox. With Shift, Space and
/// a click tick all rows from the one that was ticked last, and an arrow takes the tick of the row along; Ctrl A ticks every row.
#[component]
pub fn Table(
    /// Names the table for screen readers.
    #[prop(into)]
    caption: String,
    columns: Vec<Column>,
    children: Children,
) -> impl IntoView {
    view! {
        <div
            class="rows overflow-x-auto rounded-card"
            role="region"
            aria-label=caption
            tabindex="0"
            on:keydown=|event| walk(&event)
            on:mousedown=|event| tick_range::keep_text(&event)
            on:click=|event| tick_range::on_click(&event)
        >
            <table class="w-full border-collapse text-sm">
                <thead class="text-quiet text-start border-b border-hairline">
                    <tr>{columns.into_iter().map(|column| view! { <Head column/> }).collect_view()}</tr>
                </thead>
                <tbody class="divide-y divide-hairline">{children()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Head(column: Column) -> impl IntoView {
    let align = if column.figures { "text-end" } else { "text-start" };
    let narrow = if column.wide_only { "max-md:hidden" } else { "" };
    let sorted = column.sorted.map(|sorted| match sorted {
        Sorted::Ascending => "ascending",
        Sorted::Descending => "descending",
    });
    let arrow = match column.sorted {
        Some(Sorted::Ascending) => view! { <Icon shape=icon::ARROW_UP class="size-3.5"/> }.into_any(),
        Some(Sorted::Descending) => view! { <Icon shape=icon::ARROW_DOWN class="size-3.5"/> }.into_any(),
        None => view! { <Icon shape=icon::SORT class="size-3.5 opacity-60"/> }.into_any(),
    };
    let head = match column.sort_href {
        None if column.tick_all.is_some() => {
            let tick = column.tick_all.map(|(checked, on_change)| {
                view! { <span class="needs-script"><TickBox name="" value="" label=column.name checked on_change/></span> }
            });
            tick.into_any()
        }
        Some(href) => {
            let says = tr!(UI_SORT_BY, column = column.name);
            view! {
                <a href=href class="inline-flex items-center gap-1 min-h-9 hover:text-base-content" aria-label=says>
                    {column.name}
                    {arrow}
                </a>
            }
            .into_any()
        }
        None if column.hidden => view! { <span class="sr-only">{column.name}</span> }.into_any(),
        None => column.name.into_any(),
    };
    view! { <th scope="col" class=format!("px-3 first:ps-5 last:pe-5 py-2 font-medium whitespace-nowrap {align} {narrow}") aria-sort=sorted>{head}</th> }
}

/// A row of a [`Table`]. Cells are plain `<td>`; [`FigureCell`] is for figures.
#[component]
pub fn Row(
    /// Selected for a bulk action.
    #[prop(optional, into)]
    selected: Signal<bool>,
    children: Children,
) -> impl IntoView {
    view! {
        <tr
            tabindex="-1"
            class="hover:bg-base-200 [&>td]:px-3 [&>td]:py-2.5 [&>td:first-child]:ps-5 [&>td:last-child]:pe-5"
            class=("bg-base-200", move || selected.get())
        >
            {children()}
        </tr>
    }
}

/// A cell for a figure, aligned to the end.
#[component]
pub fn FigureCell(children: Children) -> impl IntoView {
    view! { <td class="figures text-end">{children()}</td> }
}

/// The checkbox that selects a row for a bulk action, in the first cell.
#[component]
pub fn TickBox(
    /// Names the table for screen readers.
    #[prop(into)]
    label: String,
    #[prop(into)] name: String,
    #[prop(into)] value: String,
    #[prop(optional, into)] checked: Signal<bool>,
    /// Called with each change.
    #[prop(optional, into)]
    on_change: Option<Callback<bool>>,
) -> impl IntoView {
    view! {
        // What is ticked here is chosen, and no change of a form.
        <label data-choice="" class="relative inline-grid align-middle place-items-center size-6 after:absolute after:-inset-2 cursor-pointer">
            <input
                type="checkbox"
                class="checkbox checkbox-primary checkbox-sm"
                name=name
                value=value
                aria-label=label
                checked=checked.get_untracked()
                prop:checked=move || checked.get()
                on:change=move |event| {
                    if let Some(on_change) = on_change {
                        on_change.run(event_target_checked(&event));
                    }
                }
            />
        </label>
    }
}

/// The actions for the selected rows. Visible while there are any.
#[component]
pub fn BulkBar(
    /// The number of selected rows.
    #[prop(into)]
    count: Signal<usize>,
    children: Children,
) -> impl IntoView {
    view! {
        <div
            class="bar sticky bottom-4 z-20 mx-auto w-fit flex flex-wrap items-center gap-3 rounded-card bg-neutral text-neutral-content shadow-soft ps-5 pe-2 py-2"
            role="status"
            hidden=move || count.get() == 0
        >
            <span class="font-medium figures">{move || crate::trn!(UI_SELECTED, count.get())}</span>
            {children()}
        </div>
    }
}

/// Moves the focus between rows, opens or selects the focused row.
fn walk(event: &leptos::ev::KeyboardEvent) {
    let is_all = (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("a");
    if (event.ctrl_key() || event.meta_key() || event.alt_key()) && !is_all {
        return;
    }
    let Some(target) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else {
        return;
    };
    if matches!(target.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA" | "BUTTON" | "A") && !event.key().starts_with("Arrow") {
        return;
    }
    let Ok(Some(region)) = target.closest(".rows") else {
        return;
    };
    let Ok(rows) = region.query_selector_all("tbody tr[tabindex]") else {
        return;
    };
    let rows: Vec<web_sys::HtmlElement> = (0..rows.length()).filter_map(|at| rows.item(at)?.dyn_into().ok()).collect();
    let Some(last) = rows.len().checked_sub(1) else {
        return;
    };
    if is_all {
        if tick_range::tick_all(&rows) {
            event.prevent_default();
        }
        return;
    }
    let row = target.closest("tr[tabindex]").ok().flatten();
    let here = row.as_ref().and_then(|row| rows.iter().position(|other| other.is_same_node(Some(row))));
    let next = match event.key().as_str() {
        "ArrowDown" | "j" => here.map_or(0, |here| (here + 1).min(last)),
        "ArrowUp" | "k" => here.map_or(last, |here| here.saturating_sub(1)),
        "Home" => 0,
        "End" => last,
        "Enter" => return press(event, row, "a[href], button"),
        " " if event.shift_key() && row.as_ref().is_some_and(tick_range::tick_to) => return event.prevent_default(),
        " " => return press(event, row, "input[type=checkbox]"),
        _ => return,
    };
    event.prevent_default();
    if event.shift_key()
        && let Some(from) = row.as_ref().and_then(box_of)
        && let Some(to) = rows.get(next).and_then(|row| box_of(row))
    {
        tick_range::set([from, to], true);
    }
    if let Some(row) = rows.get(next) {
        // When the row cannot take the focus, it stays where it is.
        let _ = row.focus();
    }
}

fn press(event: &leptos::ev::KeyboardEvent, row: Option<web_sys::Element>, selector: &str) {
    let control = row.and_then(|row| row.query_selector(selector).ok().flatten());
    if let Some(control) = control.and_then(|control| control.dyn_into::<web_sys::HtmlElement>().ok()) {
        event.prevent_default();
        control.click();
    }
}
