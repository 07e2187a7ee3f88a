//! Paging of lists. Lists page by key, so there is a next and a previous page and no page 7.

use leptos::prelude::*;

use crate::{Icon, icon, tr};

/// Links to the pages around this one. Shows nothing when there is only one.
#[component]
pub fn Pager(
    /// Address of the page before.
    #[prop(optional, into)]
    previous: Option<String>,
    /// Address of the page after.
    #[prop(optional, into)]
    next: Option<String>,
    /// Address of the first page, when this is far from it.
    #[prop(optional, into)]
    first: Option<String>,
) -> impl IntoView {
    let any = previous.is_some() || next.is_some() || first.is_some();
    let link = "btn border-hairline bg-raised hover:bg-base-200 font-medium";
    // Three links are too many for one line of a phone.
    let below = if previous.is_some() { "max-sm:order-last max-sm:basis-full" } else { "" };
    any.then(|| {
        view! {
            <nav aria-label=tr!(UI_PAGES) class="flex flex-wrap items-center justify-between gap-3 py-6">
                <div class="contents sm:flex sm:gap-2">
                    {first.map(|href| view! { <a class=format!("{link} {below}") href=href>{tr!(UI_PAGE_FIRST)}</a> })}
                    {previous.map(|href| {
                        view! {
                            <a class=link href=href rel="prev">
                                <Icon shape=icon::ARROW_LEFT/>
                                {tr!(UI_PAGE_PREVIOUS)}
                            </a>
                        }
                    })}
                </div>
                {next.map(|href| {
                    view! {
                        <a class=link href=href rel="next">
                            {tr!(UI_PAGE_NEXT)}
                            <Icon shape=icon::ARROW_RIGHT/>
                        </a>
                    }
                })}
            </nav>
        }
    })
}
