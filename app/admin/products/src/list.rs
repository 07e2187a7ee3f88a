//! The list of products: search, status, pages by key.

use std::collections::BTreeSet;

use admin_layout::{address, dotted, forget_others, ids, is_ticked, keep_ticked, page_at, pager, shown, tick_box, tick_column};
use domain::id::ProductId;
use domain::permission::Permission;
use domain::view::{PageAt, ProductListView, ProductRowView};
use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;
use ui::{
    BulkBar, Button, Column, EmptyState, Field, FigureCell, LinkButton, Look, PageHeader, Panel, Picture, Row, SkeletonRows, Tab, Table,
    Tabs, icon, tr, use_locale,
};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

#[server(endpoint = "admin/products", output = Answer)]
pub async fn list_products(
    search: String,
    status: String,
    category: String,
    #[server(default)] at: PageAt,
) -> Result<ProductListView, AppError> {
    use backend::search::SearchError;
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::ReadProducts))?;
    let list = backend::search::admin_list(&request::shop()?, &ctx, &search, &status, category.parse().ok(), &at).await;
    list.map_err(|error| match error {
        SearchError::Catalog(error) => crate::catalog_error(*error),
        other => request::unexpected(&other),
    })
}
access!(ListProducts, Access::Staff(Permission::ReadProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListProducts>()];

/// `/admin/products`
#[derive(Debug)]
pub struct Products;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Query {
    search: String,
    status: String,
    /// A category's id, or empty for all.
    category: String,
    at: PageAt,
}

lazy_page!(Products, products, products_page);

fn products_page() -> AnyView {
    let query_map = use_query_map();
    let query = Memo::new(move |_| {
        query_map.with(|query| {
            let of = |name: &str| query.get(name).unwrap_or_default();
            Query { search: of("q"), status: of("status"), category: of("category"), at: page_at(query) }
        })
    });
    let products = resource(move || query.get(), |query| list_products(query.search, query.status, query.category, query.at));
    let may_write = admin_layout::may(Permission::WriteProducts);
    // Back from a bulk edit the address names them.
    let ticked = RwSignal::new(ids(&query_map.with_untracked(|query| query.get("ticked").unwrap_or_default())));
    let making = || {
        view! {
            <LinkButton href="/admin/products/import" look=Look::Outline icon=icon::UPLOAD>{tr!(ADMIN_PRODUCTS_IMPORT)}</LinkButton>
            <LinkButton href="/admin/products/new" icon=icon::PLUS>{tr!(ADMIN_PRODUCTS_NEW)}</LinkButton>
        }
    };
    let actions = move || {
        view! {
            // A file, not a page of the router.
            <LinkButton href="/admin/products.csv" look=Look::Outline icon=icon::DOWNLOAD attr:rel="external" attr:download="">{tr!(ADMIN_PRODUCTS_EXPORT)}</LinkButton>
            <LinkButton href="/admin/product-types" look=Look::Outline icon=icon::RULER>{tr!(ADMIN_TYPES_TITLE)}</LinkButton>
            {move || may_write.get().then(|| view! { <LinkButton href=crate::bulk::PAGE look=Look::Outline icon=icon::PENCIL>{tr!(ADMIN_BULK_TITLE)}</LinkButton> })}
            <LinkButton href="/admin/categories" look=Look::Outline icon=icon::GRID>{tr!(ADMIN_CATEGORIES_TITLE)}</LinkButton>
            {move || may_write.get().then(making)}
        }
    };
    view! {
                <Title text=tr!(ADMIN_PRODUCTS)/>
                <div class="flex flex-col gap-5">
                    <PageHeader title=tr!(ADMIN_PRODUCTS) actions/>
                    {move || search(&query.get())}
                    <Transition fallback=|| view! { <SkeletonRows/> }>
                        {shown(products, move |found| {
     let query = query.get_untracked();
     page(found, &query, may_write.get_untracked(), ticked)
    })}
                    </Transition>
                </div>
            }
    .into_any()
}

fn search(query: &Query) -> AnyView {
    let tab = |name: &str, status: &str| Tab {
        href: address("/admin/products", &[("q", &query.search), ("category", &query.category), ("status", status)]),
        name: name.to_owned(),
        count: None,
        current: query.status == status,
    };
    let tabs = vec![
        tab(tr!(ADMIN_ORDERS_FILTER_ALL), ""),
        tab(tr!(ADMIN_PRODUCTS_STATE_PUBLISHED), "published"),
        tab(tr!(ADMIN_PRODUCTS_STATE_DRAFT), "draft"),
        tab(tr!(ADMIN_PRODUCTS_STATE_ARCHIVED), "archived"),
    ];
    let (words, status) = (query.search.clone(), query.status.clone());
    view! {
        <Form method="GET" action="/admin/products">
            <input type="hidden" name="status" value=status/>
            <div class="grid md:grid-cols-[1fr_auto] gap-3 items-end max-w-xl">
                <Field label=tr!(COMMON_SEARCH) name="q" kind="search" value=words/>
                <Button kind="submit" look=Look::Outline icon=icon::SEARCH>{tr!(COMMON_SEARCH)}</Button>
            </div>
        </Form>
        <Tabs label=tr!(ADMIN_PRODUCTS) tabs/>
    }
    .into_any()
}

fn page(found: ProductListView, query: &Query, may_write: bool, ticked: RwSignal<BTreeSet<ProductId>>) -> AnyView {
    let filters = [("q", &*query.search), ("category", &*query.category), ("status", &*query.status)];
    let pager = pager("/admin/products", &filters, &query.at, found.previous, found.next);
    if found.products.is_empty() {
        return view! { <EmptyState title=tr!(ADMIN_PRODUCTS_EMPTY_TITLE) body=tr!(ADMIN_PRODUCTS_EMPTY_BODY)/> }.into_any();
    }
    // All of them are in the requested category.
    let category = found.products.first().filter(|_| !query.category.is_empty()).map(|product| product.category.clone());
    let title = category.unwrap_or_else(|| tr!(ADMIN_PRODUCTS).to_owned());
    forget_others(ticked, &found.products.iter().map(|product| product.id).collect::<Vec<_>>());
    let table = table(found.products, may_write, ticked);
    let panel = view! { <Panel title flush=true>{table}</Panel> };
    let list = if may_write { choosing(panel.into_any(), query, ticked) } else { panel.into_any() };
    view! {
        {list}
        {pager}
    }
    .into_any()
}

/// The list as a form that leads to a bulk edit of the products that are ticked, and a link to one of all that the list has.
fn choosing(list: AnyView, query: &Query, ticked: RwSignal<BTreeSet<ProductId>>) -> AnyView {
    let count = Signal::derive(move || ticked.with(BTreeSet::len));
    let edit = move || address(crate::bulk::PAGE, &[("products", &ticked.with(dotted))]);
    let all = [("all", "1"), ("q", &*query.search), ("status", &*query.status), ("category", &*query.category)];
    let all = address(crate::bulk::PAGE, &all);
    view! {
        <Form method="GET" action=crate::bulk::PAGE>
            <div class="flex flex-col gap-4">
                {list}
                <noscript><Button kind="submit" look=Look::Outline>{tr!(ADMIN_BULK_EDIT_TICKED)}</Button></noscript>
                <BulkBar count>
                    <a class="btn btn-sm btn-primary" href=edit on:click=move |_| ticked.with_untracked(keep_ticked)>{tr!(ADMIN_BULK_EDIT_TICKED)}</a>
                </BulkBar>
                <p class="text-sm"><a class="link" href=all>{tr!(ADMIN_BULK_EDIT_ALL)}</a></p>
            </div>
        </Form>
    }
    .into_any()
}

fn table(products: Vec<ProductRowView>, may_write: bool, ticked: RwSignal<BTreeSet<ProductId>>) -> AnyView {
    let locale = use_locale();
    let ticks = may_write.then(|| tick_column(ticked, products.iter().map(|product| product.id).collect()));
    let columns = ticks.into_iter().chain([
        Column::hidden(tr!(ADMIN_PRODUCTS_PICTURES)),
        Column::new(tr!(ADMIN_PRODUCTS_NAME)),
        Column::new(tr!(ADMIN_PRODUCTS_CATEGORY)).wide_only(),
        Column::figures(tr!(ADMIN_PRODUCTS_VARIANTS)).wide_only(),
        Column::figures(tr!(ADMIN_PRODUCTS_AVAILABLE)),
        Column::figures(tr!(ADMIN_PRODUCTS_PRICE)),
        Column::new(tr!(COMMON_STATUS)).wide_only(),
    ]);
    let columns = columns.collect();
    let row = |product: ProductRowView| {
        let tick = may_write.then(|| view! { <td>{tick_box(ticked, product.id, "products", &product.name)}</td> });
        let picture = product.picture.map(|picture| view! { <Picture id=picture.id.to_string() alt="" sizes="3rem"/> });
        let stock = format!("/admin/stock?q={}", admin_layout::escaped(&product.name));
        view! {
            <Row selected=is_ticked(ticked, product.id)>
                {tick}
                <td><span class="tile block size-12 overflow-hidden rounded-field">{picture}</span></td>
                <td><a class="font-medium hover:underline underline-offset-4" href=format!("/admin/products/{}", product.id)>{product.name}</a></td>
                <td class="max-md:hidden text-quiet">{product.category}</td>
                <td class="max-md:hidden figures text-end">{locale.number(product.variants)}</td>
                <FigureCell><a class="hover:underline underline-offset-4" href=stock>{locale.number(product.available)}</a></FigureCell>
                <FigureCell>{locale.money(product.price_from)}</FigureCell>
                <td class="max-md:hidden">{crate::status(&product.status)}</td>
            </Row>
        }
    };
    let rows = products.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_PRODUCTS) columns>{rows}</Table> }.into_any()
}
