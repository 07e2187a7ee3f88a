//! Search: suggestions while typing, and the results page.

use domain::view::{CategoryView, ListingView, ProductCardView, SearchView, SuggestionView};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use server_fn::codec::GetUrl;
use ui::{Alert, Button, EmptyState, LinkButton, Look, SkeletonCards, tr};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, loaded, resource, when_hydrated};

use crate::error_page::ErrorPage;
use crate::listing::{Card, ListingState, Products};
use crate::recent;
use crate::seo::NotIndexed;

/// People do not type longer queries.
#[cfg(feature = "ssr")]
const MAX_CHARS: usize = 200;

/// Suggestions for the words so far; what is popular before anything is typed.
#[server(endpoint = "suggest", input = GetUrl, output = Answer)]
pub async fn suggest(words: String) -> Result<Vec<SuggestionView>, AppError> {
    use web::request;
    let words: String = words.chars().take(MAX_CHARS).collect();
    backend::search::suggest(&request::shop()?, request::locale(), &words).await.map_err(|error| request::unexpected(&error))
}
access!(Suggest, Access::Public);

/// What a search finds: its words, filters and order are in the query of its address.
#[server(endpoint = "find", input = GetUrl, output = Answer)]
pub async fn find(query: String) -> Result<SearchView, AppError> {
    use web::request;
    let typed = crate::listing::parameters(&query).into_iter().find(|(name, _)| name == "q");
    let words: String = typed.map(|(_, words)| words).unwrap_or_default().chars().take(MAX_CHARS).collect();
    let query = crate::listing::listing_query(&query, None);
    backend::search::search(&request::shop()?, request::locale(), &words, &query).await.map_err(|error| request::unexpected(&error))
}
access!(Find, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<Suggest>(), access_of::<Find>()];

#[derive(Debug)]
pub struct SearchPage;

lazy_page!(SearchPage, browsing, search_page);

fn search_page() -> AnyView {
    let (query, location) = (use_query_map(), use_location());
    // They keep their value while leaving for another page.
    let words = Memo::new(move |before: Option<&String>| {
        let is_search = location.pathname.with(|path| path == "/search");
        if is_search { query.with(|query| query.get("q").unwrap_or_default()) } else { before.cloned().unwrap_or_default() }
    });
    // Read once for these words; changes of the filters are read by the listing.
    let found = resource(move || words.get(), move |_| find(location.search.get_untracked()));
    view! {
        <NotIndexed/>
        <Transition fallback=|| view! { <div class="mt-8"><SkeletonCards/></div> }>
            {loaded(found, move |found| match found {
                Ok(SearchView { listing: Some(listing), query, corrected, .. }) => {
                    let search = location.search.get_untracked();
                    view! { <Found listing query corrected search/> }.into_any()
                }
                Ok(found) if found.query.is_empty() => view! { <Ask found/> }.into_any(),
                Ok(found) => view! { <Nothing found/> }.into_any(),
                Err(error) => view! { <ErrorPage error/> }.into_any(),
            })}
        </Transition>
    }
    .into_any()
}

/// The page before anything is searched.
#[component]
fn Ask(found: SearchView) -> impl IntoView {
    view! {
        <Title text=tr!(LISTING_SEARCH_TITLE)/>
        <h1 class="text-3xl mt-4 mb-6">{tr!(LISTING_SEARCH_TITLE)}</h1>
        <Recent/>
        <Offers title=tr!(SEARCH_POPULAR) products=found.nearest/>
        <Categories categories=found.categories/>
    }
    .into_any()
}

#[component]
fn Found(listing: ListingView, query: String, corrected: bool, search: String) -> impl IntoView {
    let title = tr!(LISTING_RESULTS_FOR, query = query);
    let shown = ListingState::new(listing, "/search", search, None);
    Effect::new(move || recent::remember(&query));
    view! {
        <Title text=title.clone()/>
        <h1 class="text-3xl mt-4 mb-6 wrap-anywhere">{title}</h1>
        {corrected.then(|| view! { <div class="mb-6"><Alert>{tr!(LISTING_CORRECTED)}</Alert></div> })}
        <Products shown/>
    }
    .into_any()
}

/// The page when nothing was found: what comes nearest, else what is popular.
#[component]
fn Nothing(found: SearchView) -> impl IntoView {
    let title = if found.is_near { tr!(SEARCH_NEAR) } else { tr!(SEARCH_POPULAR) };
    view! {
        <Title text=tr!(LISTING_RESULTS_FOR, query = found.query)/>
        <EmptyState title=tr!(LISTING_NO_RESULTS_TITLE, query = found.query) body=tr!(LISTING_NO_RESULTS_BODY) level=1>
            <LinkButton href="/categories" look=Look::Outline>{tr!(SHELL_ALL_CATEGORIES)}</LinkButton>
        </EmptyState>
        <Offers title products=found.nearest/>
        <Categories categories=found.categories/>
    }
    .into_any()
}

#[component]
fn Offers(title: &'static str, products: Vec<ProductCardView>) -> impl IntoView {
    (!products.is_empty()).then(|| {
        view! {
            <section class="mt-10" id="offers">
                <h2 class="text-2xl mb-5">{title}</h2>
                <div class="product-grid">{products.into_iter().map(|product| view! { <Card product/> }.into_any()).collect_view()}</div>
            </section>
        }
        .into_any()
    })
}

const CHIP: &str = "btn btn-sm min-h-11 rounded-full border-hairline bg-base-200 font-normal px-4 max-w-full";

/// Links in a row that wraps.
fn chips(links: impl Iterator<Item = (String, String)>) -> AnyView {
    let link =
        |(href, name)| view! { <li class="max-w-full"><a href=href class=CHIP><span class="truncate">{name}</span></a></li> }.into_any();
    view! { <ul class="flex flex-wrap gap-2">{links.map(link).collect_view()}</ul> }.into_any()
}

#[component]
fn Categories(categories: Vec<CategoryView>) -> impl IntoView {
    (!categories.is_empty()).then(|| {
        view! {
            <nav class="mt-10" aria-labelledby="search-categories">
                <h2 id="search-categories" class="text-2xl mb-4">{tr!(HOME_CATEGORIES_TITLE)}</h2>
                {chips(categories.into_iter().map(|category| (format!("/c/{}", category.slug), category.name)))}
            </nav>
        }
        .into_any()
    })
}

/// The latest searches of this browser, once a script runs.
#[component]
fn Recent() -> impl IntoView {
    let recent = RwSignal::new(Vec::<SuggestionView>::new());
    when_hydrated(move || recent.set(recent::searches()));
    let clear = move |_: leptos::ev::MouseEvent| {
        recent::forget();
        recent.set(Vec::new());
    };
    move || {
        let recent = recent.get();
        (!recent.is_empty()).then(|| {
            view! {
                <section class="mt-8" id="recent">
                    <div class="flex flex-wrap items-center justify-between gap-x-4 mb-2">
                        <h2 class="text-xl">{tr!(SEARCH_RECENT)}</h2>
                        <Button look=Look::Ghost on:click=clear>{tr!(SEARCH_CLEAR_RECENT)}</Button>
                    </div>
                    {chips(recent.into_iter().map(|search| (search.href, search.label)))}
                </section>
            }
            .into_any()
        })
    }
}
