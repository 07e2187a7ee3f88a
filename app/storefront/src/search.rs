//! Search: suggestions while typing, and the results page.

use domain::view::SearchView;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use server_fn::codec::GetUrl;
use session::{Access, Answer, AppError, Title, access, access_of, lazy_page, loaded, resource};
use ui::{Alert, EmptyState, LinkButton, Look, Pager, SearchBox, SkeletonCards, tr, trn};

use crate::error_page::ErrorPage;
use crate::listing::Card;
use crate::query::address;
use crate::seo::NotIndexed;

/// People do not type longer queries.
#[cfg(feature = "ssr")]
const MAX_CHARS: usize = 200;

/// Suggestions for the words so far: names and slugs of products.
#[server(endpoint = "suggest", input = GetUrl, output = Answer)]
pub async fn suggest(words: String) -> Result<Vec<(String, String)>, AppError> {
    use session::request;
    let words: String = words.chars().take(MAX_CHARS).collect();
    backend::search::suggest(&request::shop()?, request::locale(), &words).await.map_err(|error| request::unexpected(&error))
}
access!(Suggest, Access::Public);

#[server(endpoint = "find", input = GetUrl, output = Answer)]
pub async fn find(words: String, after: Option<String>) -> Result<SearchView, AppError> {
    use session::request;
    let words: String = words.chars().take(MAX_CHARS).collect();
    backend::search::search(&request::shop()?, request::locale(), &words, after.as_deref())
        .await
        .map_err(|error| request::unexpected(&error))
}
access!(Find, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<Suggest>(), access_of::<Find>()];

#[derive(Debug)]
pub struct SearchPage;

lazy_page!(SearchPage, browsing, search_page);

fn search_page() -> AnyView {
    let query = use_query_map();
    let words = Memo::new(move |_| query.with(|query| query.get("q").unwrap_or_default()));
    let after = Memo::new(move |_| query.with(|query| query.get("after").filter(|after| !after.is_empty())));
    let found = resource(
        move || (words.get(), after.get()),
        |(words, after)| async move { if words.trim().is_empty() { Ok(None) } else { find(words, after).await.map(Some) } },
    );
    view! {
        <NotIndexed/>
        <Transition fallback=|| view! { <div class="mt-8"><SkeletonCards/></div> }>
            {loaded(found, |found| match found {
                Ok(Some(found)) => view! { <Found found/> }.into_any(),
                Ok(None) => view! { <Ask/> }.into_any(),
                Err(error) => view! { <ErrorPage error/> }.into_any(),
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Ask() -> impl IntoView {
    view! {
        <Title text=tr!(LISTING_SEARCH_TITLE)/>
        <h1 class="text-3xl mt-4 mb-6">{tr!(LISTING_SEARCH_TITLE)}</h1>
        <div class="max-w-xl"><SearchBox id="search-page" label=tr!(LISTING_SEARCH_ASK)/></div>
        <p class="mt-6"><LinkButton href="/categories" look=Look::Outline>{tr!(SHELL_ALL_CATEGORIES)}</LinkButton></p>
    }
    .into_any()
}

#[component]
fn Found(found: SearchView) -> impl IntoView {
    let title = tr!(LISTING_RESULTS_FOR, query = found.query);
    let count = found.products.len();
    if count == 0 {
        return view! {
            <Title text=title/>
            <EmptyState title=tr!(LISTING_NO_RESULTS_TITLE, query = found.query) body=tr!(LISTING_NO_RESULTS_BODY) level=1>
                <LinkButton href="/categories" look=Look::Outline>{tr!(SHELL_ALL_CATEGORIES)}</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let more = found.next.as_ref().map(|after| address("/search", [("q", found.query.as_str()), ("after", after.as_str())].into_iter()));
    let plus = more.is_some();
    view! {
        <Title text=title.clone()/>
        <h1 class="text-3xl mt-4 mb-2">{title}</h1>
        <h2 class="font-sans text-base font-normal tracking-normal text-quiet mb-6">{trn!(LISTING_RESULTS, count)}{plus.then_some("+")}</h2>
        {found.corrected.then(|| view! { <div class="mb-6"><Alert>{tr!(LISTING_CORRECTED)}</Alert></div> })}
        <div class="product-grid" id="products">{found.products.into_iter().enumerate().map(|(at, product)| view! { <Card product first=at < 4/> }).collect_view()}</div>
        {more.map(|next| view! { <Pager next/> })}
    }
    .into_any()
}
