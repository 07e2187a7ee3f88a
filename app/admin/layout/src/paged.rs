//! The pages of a list, in its address: behind a row (`after`) or before one (`before`).

use domain::view::PageAt;
use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use ui::Pager;

use crate::address;

/// Where the page is that an address asks for.
#[must_use]
pub fn page_at(query: &ParamsMap) -> PageAt {
    PageAt { after: query.get("after").unwrap_or_default(), before: query.get("before").unwrap_or_default() }
}

/// Links to the pages around this one of the list at an address with this query.
#[must_use]
pub fn pager(path: &str, query: &[(&str, &str)], at: &PageAt, previous: Option<String>, next: Option<String>) -> AnyView {
    let to = |name: &'static str, key: &str| address(path, &[query, &[(name, key)]].concat());
    let previous = previous.map(|key| to("before", &key));
    let next = next.map(|key| to("after", &key));
    let first = (!at.is_first()).then(|| address(path, query));
    view! { <Pager nostrip:previous=previous nostrip:next=next nostrip:first=first/> }.into_any()
}
