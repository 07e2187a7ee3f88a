//! Listings: the products of a category, all of them, or what a search found; sorted, filtered, paged. Filters are links and a form, so
//! that each choice has an address and works without a script.

use domain::view::{BySlug, CategoryView, ListingQuery, ListingView, ProductCardView, Sort};
use domain::{Currency, Money};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::{use_location, use_navigate, use_params_map};
use server_fn::codec::GetUrl;
use ui::{
    Breadcrumbs, Button, Choice, Dialog, EmptyState, IconButton, Look, Pager, Placement, ProductCard, SelectField, SkeletonCards, icon, tr,
    trn, use_locale,
};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, loaded, resource};

use crate::cart::{line_of_card, use_cart};
use crate::error_page::ErrorPage;
use crate::filters::{Filters, chosen_filters};
use crate::query::{address, pairs, product_address};
use crate::redirect::Moved;
use crate::search::find;
use crate::seo::{Addresses, Description, NotIndexed};

/// A page of a category, or of all products; where a category is now whose address changed.
#[server(endpoint = "read_listing", input = GetUrl, output = Answer)]
pub async fn read_listing(query: String, category: Option<String>) -> Result<BySlug<ListingView>, AppError> {
    use web::request;
    let (shop, locale) = (request::shop()?, request::locale());
    let query = listing_query(&query, category);
    let found = backend::catalog::listing(&shop, locale, &query).await.map_err(|error| request::unexpected(&error))?;
    let Some(slug) = query.category.filter(|_| found.category.is_none()) else { return Ok(BySlug::Here(found)) };
    let moved = backend::catalog::moved_category(&shop, locale, &slug).await.map_err(|error| request::unexpected(&error))?;
    moved.map(BySlug::Moved).ok_or_else(request::not_found)
}
access!(ReadListing, Access::Public);

#[server(endpoint = "read_categories", input = GetUrl, output = Answer)]
pub async fn read_categories() -> Result<Vec<CategoryView>, AppError> {
    use web::request;
    backend::catalog::categories(&request::shop()?, request::locale()).await.map_err(|error| request::unexpected(&error))
}
access!(ReadCategories, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadListing>(), access_of::<ReadCategories>()];

/// The currency that price filters are typed in.
pub(crate) const CURRENCY: Currency = Currency::PHP;

/// The parameters of a listing's address. Others (advertisers add them) are ignored: the server caches
/// one page for all of these addresses.
const PARAMETERS: [&str; 8] = ["after", "before", "in_stock", "max", "min", "option", "q", "sort"];

/// Is this parameter a filter, which is gone when all are cleared?
pub(crate) fn is_filter(name: &str) -> bool {
    !matches!(name, "q" | "sort")
}

/// Does this parameter say which page of the listing it is?
fn is_place(name: &str) -> bool {
    matches!(name, "after" | "before")
}

/// A listing's parameters from its address, sorted by name, as the server renders them.
pub(crate) fn parameters(text: &str) -> Vec<(String, String)> {
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let pairs_of_listing = text.trim_start_matches('?').split('&').filter(|pair| PARAMETERS.contains(&name(pair).as_str()));
    let mut found: Vec<_> = pairs_of_listing.flat_map(pairs).filter(|(_, value)| !value.is_empty()).collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

/// Reads the address of a listing. Invalid values are ignored.
#[cfg(feature = "ssr")]
pub(crate) fn listing_query(text: &str, category: Option<String>) -> ListingQuery {
    query_of(&parameters(text), category)
}

/// The query of a listing's parameters. Invalid values are ignored, and so are two prices of which the lowest is the higher.
pub(crate) fn query_of(map: &[(String, String)], category: Option<String>) -> ListingQuery {
    let first = |name: &str| map.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.clone());
    let usual = if first("q").is_some() { Sort::Best } else { Sort::Newest };
    let amount =
        |name: &str| first(name).and_then(|text| Money::parse(&text, CURRENCY).ok()).map(|money| money.minor).filter(|minor| *minor >= 0);
    let (price_min, price_max) = match (amount("min"), amount("max")) {
        (Some(min), Some(max)) if min > max => (None, None),
        amounts => amounts,
    };
    ListingQuery {
        category,
        sort: first("sort").and_then(|sort| sort.parse().ok()).unwrap_or(usual),
        options: map
            .iter()
            .filter(|(name, value)| name == "option" && value.contains(':'))
            .map(|(_, value)| value.clone())
            .take(40)
            .collect(),
        price_min,
        price_max,
        in_stock: first("in_stock").is_some(),
        after: first("after"),
        before: first("before"),
    }
}

/// The address of a listing without some of its parameters; always from the first page.
pub(crate) fn without(path: &str, map: &[(String, String)], drop: impl Fn(&str, &str) -> bool) -> String {
    let remaining = map.iter().filter(|(name, value)| !is_place(name) && !value.is_empty() && !drop(name, value));
    address(path, remaining.map(|(name, value)| (name.as_str(), value.as_str())))
}

/// The same listing at another place: `after` or `before` a product.
fn at_place(path: &str, map: &[(String, String)], place: (&str, &str)) -> String {
    let remaining = map.iter().filter(|(name, value)| !is_place(name) && !value.is_empty());
    address(path, remaining.map(|(name, value)| (name.as_str(), value.as_str())).chain([place]))
}

/// A category's page, or that of all products.
#[derive(Debug)]
pub struct ListingPage;

lazy_page!(ListingPage, browsing, listing_page);

fn listing_page() -> AnyView {
    let params = use_params_map();
    let location = use_location();
    // It keeps its value while leaving for another kind of page.
    let category = Memo::new(move |before: Option<&Option<String>>| {
        let is_list = location.pathname.with(|path| path == "/c" || path.starts_with("/c/"));
        if is_list { params.with(|params| params.get("slug")) } else { before.cloned().flatten() }
    });
    // Read once per category; changes of the filters are read by `follow_address`.
    let listing = resource(move || category.get(), move |category| read_listing(location.search.get_untracked(), category));
    view! {
        <Transition fallback=|| view! { <div class="mt-8"><SkeletonCards count=12/></div> }.into_any()>
            {loaded(listing, move |listing| {
                let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
                match listing {
                    Ok(BySlug::Moved(slug)) => view! { <Moved path=format!("/c/{slug}")/> }.into_any(),
                    Ok(BySlug::Here(listing)) => view! { <Listing listing path search category=category.get_untracked()/> }.into_any(),
                    Err(error) => view! { <ErrorPage error/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

/// A listing on the page: its parameters and products.
#[derive(Clone, Copy)]
pub struct ListingState {
    pub(crate) path: StoredValue<String>,
    category: StoredValue<Option<String>>,
    map: RwSignal<Vec<(String, String)>>,
    pub(crate) listing: RwSignal<ListingView>,
    read_error: RwSignal<Option<AppError>>,
}

impl ListingState {
    /// The listing of an address, which is read again when its filters or its order change.
    pub(crate) fn new(listing: ListingView, path: &str, search: String, category: Option<String>) -> Self {
        let shown = Self {
            path: StoredValue::new(path.to_owned()),
            category: StoredValue::new(category),
            map: RwSignal::new(parameters(&search)),
            listing: RwSignal::new(listing),
            read_error: RwSignal::new(None),
        };
        follow_address(shown, search);
        shown
    }

    /// The products for the parameters of an address.
    async fn read(self, search: String) -> Result<ListingView, AppError> {
        if self.path.with_value(|path| path == "/search") {
            find(search).await.map(|found| found.listing.unwrap_or_default())
        } else {
            match read_listing(search, self.category.get_value()).await? {
                BySlug::Here(listing) => Ok(listing),
                // While the page is open; a reload leads on.
                BySlug::Moved(_) => Err(AppError::new(404)),
            }
        }
    }

    /// How many products there are on all pages.
    pub(crate) fn total(self) -> i64 {
        self.listing.with(|listing| listing.total)
    }

    pub(crate) fn query(self) -> ListingQuery {
        self.map.with(|map| query_of(map, None))
    }

    /// The address of this listing without some of its parameters.
    pub(crate) fn without(self, drop: impl Fn(&str, &str) -> bool) -> String {
        self.map.with(|map| self.path.with_value(|path| without(path, map, drop)))
    }

    /// The value of a parameter; empty without one.
    pub(crate) fn parameter(self, name: &str) -> String {
        self.map.with(|map| map.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default())
    }
}

/// The address of a page of a listing for search engines: what it is filtered and sorted by shows the same products.
fn own_address(path: &str, parameters: &[(String, String)]) -> String {
    address(path, parameters.iter().filter(|(name, _)| is_place(name)).map(|(name, value)| (name.as_str(), value.as_str())))
}

/// A listing stays in the page while it is filtered and sorted: only what changes is updated, and a field that is typed in is left alone.
#[component]
fn Listing(listing: ListingView, path: String, search: String, category: Option<String>) -> impl IntoView {
    let title = listing.category.as_ref().map_or_else(|| tr!(LISTING_ALL_PRODUCTS).to_owned(), |category| category.name.clone());
    let blurb = listing.category.as_ref().map(|category| category.blurb.clone()).filter(|blurb| !blurb.is_empty());
    let description = blurb.clone().unwrap_or_else(|| tr!(SHELL_FOOTER_ABOUT).to_owned());
    // That of the language which is shown, whichever the page was opened by.
    let main = listing.category.as_ref().map_or_else(|| path.clone(), |category| format!("/c/{}", category.slug));
    let own = own_address(&main, &parameters(&search));
    let is_first = own == main;
    let goes_back = parameters(&search).iter().any(|(name, _)| name == "before");
    let languages = listing.languages.iter().filter(|_| is_first).map(|(language, slug)| (language.clone(), format!("/c/{slug}")));
    let languages = languages.collect();
    let shown = ListingState::new(listing, &path, search, category);
    view! {
        <Title text=title.clone()/>
        <Description text=description/>
        <Addresses path=own languages/>
        // The way back shows the products that the way on shows from other addresses.
        {goes_back.then(|| view! { <NotIndexed/> })}
        <div class="pt-1"><Breadcrumbs above=vec![("/".to_owned(), tr!(SHELL_HOME).to_owned())] here=title.clone()/></div>
        <header class="mt-2 mb-6 md:mb-8">
            <h1 class="text-3xl">{title}</h1>
            {blurb.map(|blurb| view! { <p class="text-quiet mt-2 prose-line">{blurb}</p> }.into_any())}
        </header>
        <Products shown/>
    }
    .into_any()
}

/// The products of a listing with its filters and its order.
#[component]
pub(crate) fn Products(shown: ListingState) -> impl IntoView {
    let filters_open = RwSignal::new(false);
    let read_error = shown.read_error;
    view! {
        <div class="grid lg:grid-cols-[15rem_1fr] gap-x-10">
            <aside class="max-lg:hidden">
                <h2 class="sr-only">{tr!(LISTING_FILTERS)}</h2>
                <Filters shown prefix="side"/>
            </aside>
            <div class="min-w-0">
                <div class="flex flex-wrap items-center justify-between gap-3 mb-4">
                    <div class="flex items-center gap-3">
                        <span class="needs-script lg:hidden"><Button look=Look::Outline icon=icon::SLIDERS on:click=move |_| filters_open.set(true)>{tr!(LISTING_FILTERS)}</Button></span>
                        <h2 class="font-sans text-base font-normal tracking-normal text-quiet" aria-live="polite">
                            {move || trn!(LISTING_RESULTS, shown.total())}
                        </h2>
                    </div>
                    <SortBy shown/>
                </div>
                {move || read_error.get().map(|error| view! { <p class="tone-danger tone-ink font-medium mb-4" role="alert">{error.text(use_locale())}</p> }.into_any())}
                {move || chosen_filters(shown)}
                {move || found(shown)}
            </div>
        </div>
        <details class="without-script lg:hidden mt-8 border-t border-hairline pt-4">
            <summary class="target font-medium">{tr!(LISTING_FILTERS)}</summary>
            <Filters shown prefix="plain"/>
        </details>
        <Dialog title=tr!(LISTING_FILTERS) id="filters" open=filters_open placement=Placement::Sheet>
            {move || filters_open.get().then(|| view! { <Filters shown prefix="sheet" on_done=Callback::new(move |()| filters_open.set(false))/> }.into_any())}
        </Dialog>
    }
    .into_any()
}

/// Reads the listing again whenever its parameters change. For other words, as for another category, there is another one.
fn follow_address(shown: ListingState, search: String) {
    let location = use_location();
    let words = untrack(|| shown.parameter("q"));
    let newest = StoredValue::new(search);
    Effect::new(move || {
        let (path, search) = (location.pathname.get(), location.search.get());
        if shown.path.with_value(|own| *own != path) || newest.with_value(|newest| *newest == search) {
            return;
        }
        let map = parameters(&search);
        if map.iter().find(|(name, _)| name == "q").map(|(_, value)| value.as_str()).unwrap_or_default() != words {
            return;
        }
        newest.set_value(search.clone());
        // At once, so that a choice made while the products are read keeps the one before it.
        shown.map.set(map);
        spawn_local(async move {
            let answer = shown.read(search.clone()).await;
            // The parameters changed meanwhile, or the page was left.
            if newest.try_with_value(|newest| *newest == search) != Some(true) {
                return;
            }
            match answer {
                Ok(listing) => {
                    shown.read_error.set(None);
                    shown.listing.set(listing);
                }
                Err(error) => {
                    shown.read_error.set(Some(error));
                    // The same address may be requested again.
                    newest.set_value(String::from("?"));
                }
            }
        });
    });
}

/// The products, and links to further pages. The links belong to the products that are shown, so they change with these only.
fn found(shown: ListingState) -> AnyView {
    let listing = shown.listing.get();
    let (query, map) = untrack(|| (shown.query(), shown.map.get()));
    let path = shown.path.get_value();
    let next = listing.next.as_ref().map(|after| at_place(&path, &map, ("after", after)));
    let previous = listing.previous.as_ref().map(|before| at_place(&path, &map, ("before", before)));
    let first = previous.is_some().then(|| without(&path, &map, |_, _| false));
    let products = if listing.products.is_empty() {
        let filtered = !query.options.is_empty() || query.in_stock || query.price_min.is_some() || query.price_max.is_some();
        let body = if filtered { tr!(LISTING_NO_RESULTS_FILTERED) } else { tr!(LISTING_EMPTY_BODY) };
        view! {
            <EmptyState title=tr!(LISTING_EMPTY_TITLE) body=body>
                {move || filtered.then(|| {
                    let clear = shown.without(|name, _| is_filter(name));
                    view! { <ui::LinkButton href=clear look=Look::Outline>{tr!(LISTING_CLEAR_FILTERS)}</ui::LinkButton> }.into_any()
                })}
            </EmptyState>
        }
        .into_any()
    } else {
        let card = |(at, product)| view! { <Card product first=at < 4/> }.into_any();
        view! { <div class="product-grid" id="products">{listing.products.into_iter().enumerate().map(card).collect_view()}</div> }
            .into_any()
    };
    view! {
        {products}
        <Pager nostrip:first=first nostrip:previous=previous nostrip:next=next/>
    }
    .into_any()
}

/// The order of the listing: a form that submits itself where a script runs.
#[component]
fn SortBy(shown: ListingState) -> impl IntoView {
    let navigate = use_navigate();
    let best = untrack(|| !shown.parameter("q").is_empty()).then(|| Choice::new(Sort::Best.as_str(), tr!(LISTING_SORT_BEST)));
    let choices = best.into_iter().chain([
        Choice::new(Sort::Newest.as_str(), tr!(LISTING_SORT_NEWEST)),
        Choice::new(Sort::PriceUp.as_str(), tr!(LISTING_SORT_PRICE_UP)),
        Choice::new(Sort::PriceDown.as_str(), tr!(LISTING_SORT_PRICE_DOWN)),
    ]);
    let choices: Vec<Choice> = choices.collect();
    let on_change = Callback::new(move |value: String| {
        let address = untrack(|| shown.without(|name, _| name == "sort"));
        let sign = if address.contains('?') { '&' } else { '?' };
        navigate(&format!("{address}{sign}sort={value}"), leptos_router::NavigateOptions { scroll: false, ..Default::default() });
    });
    let hidden = move || {
        let map = shown.map.get();
        let remaining = map.into_iter().filter(|(name, value)| name != "sort" && !is_place(name) && !value.is_empty());
        remaining.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }.into_any()).collect_view()
    };
    let selected = Signal::derive(move || shown.query().sort.as_str().to_owned());
    view! {
        <form method="get" action=shown.path.get_value() class="flex items-end gap-2">
            {hidden}
            <SelectField label=tr!(LISTING_SORT) name="sort" choices selected on_change/>
            <span class="without-script"><Button kind="submit" look=Look::Outline>{tr!(COMMON_APPLY)}</Button></span>
        </form>
    }
    .into_any()
}

/// A product card, with a button that adds the product to the cart when it has a single variant.
#[component]
pub fn Card(
    product: ProductCardView,
    /// Among the first on the page.
    #[prop(optional)]
    first: bool,
) -> impl IntoView {
    let cart = use_cart();
    let href = product_address(&product.slug, "");
    let picture = product.picture.as_ref().map(|picture| picture.id.to_string()).unwrap_or_default();
    let (name, price, compare_at, from, in_stock) =
        (product.name.clone(), product.price_from, product.compare_at, product.price_varies, product.in_stock);
    let vendor = Some(product.vendor.clone()).filter(|vendor| !vendor.is_empty());
    match line_of_card(&product).filter(|_| in_stock) {
        Some(line) => {
            let label = format!("{}: {}", tr!(PRODUCT_ADD_TO_CART), product.name);
            let action = move || {
                let line = line.clone();
                view! {
                    <span class="needs-script">
                        <IconButton shape=icon::PLUS label=label.clone() look=Look::Primary on:click=move |_| cart.add(line.clone())/>
                    </span>
                }
                .into_any()
            };
            view! { <ProductCard href name picture price compare_at from note=vendor first action/> }.into_any()
        }
        None => view! { <ProductCard href name picture price compare_at from note=vendor first sold_out=!in_stock/> }.into_any(),
    }
}

#[derive(Debug)]
pub struct CategoriesPage;

lazy_page!(CategoriesPage, browsing, categories_page);

fn categories_page() -> AnyView {
    let categories = resource(|| (), |()| read_categories());
    view! {
        <Title text=tr!(SHELL_ALL_CATEGORIES)/>
        <h1 class="text-3xl mt-4 mb-6">{tr!(HOME_CATEGORIES_TITLE)}</h1>
        <Suspense fallback=|| view! { <SkeletonCards/> }.into_any()>
            {move || Suspend::new(async move {
                match categories.await {
                    Ok(categories) => view! {
                        <Addresses path="/categories"/>
                        <div class="grid grid-cols-2 sm:grid-cols-3 lg:grid-cols-4 gap-x-4 md:gap-x-6 gap-y-8">
                            {categories.into_iter().map(|category| {
                                let picture = category.picture.map(|picture| picture.id.to_string()).unwrap_or_default();
                                view! {
                                    <div>
                                        <ui::CategoryTile href=format!("/c/{}", category.slug) name=category.name picture/>
                                        <p class="text-sm text-quiet mt-1">{category.blurb}</p>
                                    </div>
                                }.into_any()
                            }).collect_view()}
                        </div>
                        <p class="mt-8"><ui::LinkButton href="/c" look=Look::Outline>{tr!(LISTING_ALL_PRODUCTS)}</ui::LinkButton></p>
                    }.into_any(),
                    Err(error) => view! { <ErrorPage error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_a_listing_query_without_invalid_parameters() {
        let query = listing_query("?sort=price_up&option=size%3Al&option=size:m&option=x&min=100&max=-5&in_stock=true", None);
        assert_eq!(query.sort, Sort::PriceUp);
        assert_eq!(query.options, ["size:l", "size:m"]);
        assert_eq!((query.price_min, query.price_max, query.in_stock), (Some(10_000), None, true));
    }

    #[test]
    fn parameters_of_advertisers_are_no_part_of_a_listing_query() {
        let plain = parameters("in_stock=true&option=size%3Al&option=size%3Am&sort=newest");
        assert_eq!(parameters("?fbclid=abc&sort=newest&option=size:l&utm_source=x&option=size:m&max=&in_stock=true"), plain);
    }

    #[test]
    fn the_page_cache_key_holds_every_parameter_of_a_listing() {
        let key = include_str!("../../../server/src/cache/key.rs");
        let line = key.lines().find(|line| line.starts_with("const PARAMETERS")).unwrap_or_default();
        assert!(PARAMETERS.iter().all(|name| line.contains(&format!("{name:?}"))), "{line}");
    }

    #[test]
    fn a_lowest_price_above_the_highest_filters_nothing() {
        let query = listing_query("min=300&max=200", None);
        assert_eq!((query.price_min, query.price_max), (None, None));
    }

    #[test]
    fn dropping_a_filter_goes_back_to_the_first_page() {
        let map = pairs("option=size:l&option=size:m&after=x&before=y&sort=newest");
        let address = without("/c/mugs", &map, |name, value| name == "option" && value == "size:l");
        assert_eq!(address, "/c/mugs?option=size%3Am&sort=newest");
    }
}
