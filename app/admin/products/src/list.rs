//! The list of products: search, status, pages by key.

use admin_layout::{address, shown};
use domain::permission::Permission;
use domain::view::{ProductListView, ProductRowView};
use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;
use session::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};
use ui::{
    Button, Column, EmptyState, Field, FigureCell, LinkButton, Look, PageHeader, Pager, Panel, Picture, Row, SkeletonRows, Tab, Table,
    Tabs, icon, tr, use_locale,
};

#[server(endpoint = "admin/products", output = Answer)]
pub async fn list_products(search: String, status: String, category: String, after: String) -> Result<ProductListView, AppError> {
    use backend::search::SearchError;
    use session::request;
    let ctx = request::authorize(Access::Staff(Permission::ReadProducts))?;
    let after = Some(after.as_str()).filter(|after| !after.is_empty());
    let list = backend::search::admin_list(&request::shop()?, &ctx, &search, &status, category.parse().ok(), after).await;
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
    after: String,
}

lazy_page!(Products, products, products_page);

fn products_page() -> AnyView {
    let query = use_query_map();
    let query = Memo::new(move |_| {
        query.with(|query| {
            let of = |name: &str| query.get(name).unwrap_or_default();
            Query { search: of("q"), status: of("status"), category: of("category"), after: of("after") }
        })
    });
    let products = resource(move || query.get(), |query| list_products(query.search, query.status, query.category, query.after));
    let may_write = admin_layout::may(Permission::WriteProducts);
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
     page(found, &query)
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

fn page(found: ProductListView, query: &Query) -> AnyView {
    let to = |after: &str| {
        let query = [("q", &*query.search), ("category", &*query.category), ("status", &*query.status), ("after", after)];
        address("/admin/products", &query)
    };
    let next = found.next.as_deref().map(to);
    let first = (!query.after.is_empty()).then(|| to(""));
    if found.products.is_empty() {
        return view! { <EmptyState title=tr!(ADMIN_PRODUCTS_EMPTY_TITLE) body=tr!(ADMIN_PRODUCTS_EMPTY_BODY)/> }.into_any();
    }
    // All of them are in the requested category.
    let category = found.products.first().filter(|_| !query.category.is_empty()).map(|product| product.category.clone());
    let title = category.unwrap_or_else(|| tr!(ADMIN_PRODUCTS).to_owned());
    let table = table(found.products);
    view! {
        <Panel title flush=true>{table}</Panel>
        <Pager nostrip:next=next nostrip:first=first/>
    }
    .into_any()
}

fn table(products: Vec<ProductRowView>) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::hidden(tr!(ADMIN_PRODUCTS_PICTURES)),
        Column::new(tr!(ADMIN_PRODUCTS_NAME)),
        Column::new(tr!(ADMIN_PRODUCTS_CATEGORY)).wide_only(),
        Column::figures(tr!(ADMIN_PRODUCTS_VARIANTS)).wide_only(),
        Column::figures(tr!(ADMIN_PRODUCTS_AVAILABLE)),
        Column::figures(tr!(ADMIN_PRODUCTS_PRICE)),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_FULFILMENT)).wide_only(),
    ];
    let row = |product: ProductRowView| {
        let picture = product.picture.map(|picture| view! { <Picture id=picture.id.to_string() alt="" sizes="3rem"/> });
        let stock = format!("/admin/stock?q={}", admin_layout::escaped(&product.name));
        view! {
            <Row>
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
