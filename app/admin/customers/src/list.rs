//! The list of customers: search, tags, pages by key.

use admin_layout::{page_at, pager, shown};
use domain::permission::Permission;
use domain::view::{CustomerListView, CustomerQuery};
use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use ui::{Button, EmptyState, Field, LinkButton, Look, PageHeader, Panel, SkeletonRows, icon, tr};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

#[cfg(feature = "ssr")]
use crate::customer_error;
use crate::rows::{LIST, table};

/// A page of customers, and what the user may do with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomersView {
    pub list: CustomerListView,
    pub may_export: bool,
}

#[server(endpoint = "admin/customers", output = Answer)]
pub async fn list_customers(query: CustomerQuery) -> Result<CustomersView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadCustomers))?, request::shop()?);
    let list = backend::customers::list(&shop, &ctx, &query).await.map_err(|error| customer_error(&error))?;
    Ok(CustomersView { list, may_export: ctx.may(Permission::ExportCustomers) })
}
access!(ListCustomers, Access::Staff(Permission::ReadCustomers));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListCustomers>()];

/// `/admin/customers`
#[derive(Debug)]
pub struct Customers;

lazy_page!(Customers, orders, customers_page);

fn customers_page() -> AnyView {
    let address_query = use_query_map();
    let query = Memo::new(move |_| {
        address_query.with(|address_query| {
            let of = |name: &str| address_query.get(name).unwrap_or_default();
            CustomerQuery { search: of("q"), tag: of("tag"), at: page_at(address_query) }
        })
    });
    let customers = resource(move || query.get(), list_customers);
    view! {
        <Title text=tr!(ADMIN_CUSTOMERS)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_CUSTOMERS)/>
            {move || search_form(query.with(|query| if query.tag.is_empty() { query.search.clone() } else { query.tag.clone() }))}
            <Transition fallback=|| view! { <SkeletonRows/> }>
                {shown(customers, move |found| page(found, &query.get_untracked()))}
            </Transition>
        </div>
    }
    .into_any()
}

fn search_form(words: String) -> AnyView {
    view! {
        <Form method="GET" action=LIST>
            <div class="flex flex-wrap gap-x-3 gap-y-2 items-end">
                <div class="grow max-w-xl"><Field label=tr!(ADMIN_CUSTOMERS_SEARCH) name="q" kind="search" value=words/></div>
                <Button kind="submit" look=Look::Outline icon=icon::SEARCH>{tr!(COMMON_SEARCH)}</Button>
            </div>
        </Form>
    }
    .into_any()
}

fn page(found: CustomersView, query: &CustomerQuery) -> AnyView {
    let CustomerQuery { search, tag, at } = query;
    let pager = pager(LIST, &[("q", search), ("tag", tag)], at, found.list.previous, found.list.next);
    let is_all = search.is_empty() && tag.is_empty();
    let list = if !found.list.customers.is_empty() {
        table(found.list.customers, |customer| format!("{LIST}/{}", customer.id))
    } else if is_all {
        view! { <EmptyState title=tr!(ADMIN_CUSTOMERS_EMPTY_TITLE) body=tr!(ADMIN_CUSTOMERS_EMPTY_BODY) plain=true/> }.into_any()
    } else {
        view! {
            <EmptyState title=tr!(ADMIN_CUSTOMERS_NOBODY_TITLE) body=tr!(ADMIN_CUSTOMERS_NOBODY_BODY) plain=true>
                <LinkButton href=LIST look=Look::Outline>{tr!(ADMIN_CUSTOMERS_ALL)}</LinkButton>
            </EmptyState>
        }
        .into_any()
    };
    let title = if tag.is_empty() { tr!(ADMIN_CUSTOMERS).to_owned() } else { tr!(ADMIN_CUSTOMERS_TAGGED, tag = tag) };
    view! {
        <Panel title flush=true>{list}</Panel>
        {pager}
        {found.may_export.then(|| view! { <p class="text-sm"><a class="tap link" href="/admin/customers.csv" rel="external" download="">{tr!(ADMIN_ORDERS_EXPORT_CUSTOMERS)}</a></p> })}
    }
    .into_any()
}
