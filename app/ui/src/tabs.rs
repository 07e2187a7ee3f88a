//! Tabs. They are links: the open tab follows from the address.

use leptos::html;
use leptos::prelude::*;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tab {
    pub href: String,
    pub name: String,
    /// How many entries it shows, when known.
    pub count: Option<i64>,
    pub current: bool,
}

#[component]
pub fn Tabs(
    /// Names the tabs for screen readers.
    #[prop(into)]
    label: String,
    tabs: Vec<Tab>,
) -> impl IntoView {
    let locale = crate::use_locale();
    let row = NodeRef::<html::Nav>::new();
    // On a phone the row is wider than the screen: scroll to the open tab.
    Effect::new(move || {
        let Some(row) = row.get() else { return };
        request_animation_frame(move || {
            let Some(here) = row.query_selector("[aria-current]").ok().flatten() else { return };
            let (row_box, here_box) = (row.get_bounding_client_rect(), here.get_bounding_client_rect());
            let off = here_box.left() + here_box.width() / 2.0 - row_box.left() - row_box.width() / 2.0;
            row.scroll_by_with_x_and_y(off, 0.0);
        });
    });
    view! {
        <nav node_ref=row aria-label=label class="overflow-x-auto border-b border-hairline">
            <ul class="flex gap-1">
                {tabs
                    .into_iter()
                    .map(|tab| {
                        let look = if tab.current { "border-primary text-primary font-semibold" } else { "border-transparent text-quiet hover:text-base-content" };
                        view! {
                            <li>
                                <a
                                    href=tab.href
                                    aria-current=tab.current.then_some("page")
                                    class=format!("flex items-center gap-2 min-h-11 px-3 border-b-2 -mb-px whitespace-nowrap {look}")
                                >
                                    {tab.name}
                                    {tab.count.map(|count| view! { <span class="figures text-xs rounded-full bg-base-200 px-2 py-0.5 text-base-content">{locale.number(count)}</span> })}
                                </a>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
        </nav>
    }
}
