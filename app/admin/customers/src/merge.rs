//! Making one customer of two: who it is with, then the question, then it is done.

use admin_layout::{StaffForm, address, on_done, shown};
use domain::id::ContactId;
use domain::permission::Permission;
use domain::view::{CustomerMergeView, CustomerRowView};
use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use ui::{Alert, Breadcrumbs, Button, Field, LinkButton, Look, PageHeader, Panel, SkeletonText, Tone, icon, tr, use_locale};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, use_form_fallback,
};

#[cfg(feature = "ssr")]
use crate::customer_error;
use crate::rows::{LIST, table};

/// A customer, who a search for the other finds, and who was chosen.
#[server(endpoint = "admin/customer/merge/look", output = Answer)]
pub async fn read_merge(
    customer: String,
    #[server(default)] search: String,
    #[server(default)] chosen: String,
) -> Result<CustomerMergeView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::WriteCustomers))?, request::shop()?);
    let Ok(customer) = customer.parse::<ContactId>() else { return Err(request::not_found()) };
    backend::customers::merge_view(&shop, &ctx, customer, &search, chosen.parse().ok()).await.map_err(|error| customer_error(&error))
}
access!(ReadMerge, Access::Staff(Permission::WriteCustomers));

/// Makes one customer a part of another; without a script it redirects to the one that stays.
#[server(endpoint = "admin/customer/merge", output = Answer)]
pub async fn merge_customers(into: ContactId, from: ContactId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteCustomers))?;
    backend::customers::merge(&request::shop()?, &ctx, into, from).await.map_err(|error| customer_error(&error))?;
    request::redirect(&format!("{LIST}/{into}"));
    Ok(())
}
access!(MergeCustomers, Access::Staff(Permission::WriteCustomers));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadMerge>(), access_of::<MergeCustomers>()];

/// `/admin/customers/:customer/merge`
#[derive(Debug)]
pub struct Merge;

lazy_page!(Merge, orders, merge_page);

/// What the address of the page asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Query {
    customer: String,
    search: String,
    chosen: String,
}

fn merge_page() -> AnyView {
    let (params, address_query) = (use_params_map(), use_query_map());
    let query = Memo::new(move |_| {
        let of = |name: &str| address_query.with(|query| query.get(name).unwrap_or_default());
        let customer = params.with(|params| params.get("customer").unwrap_or_default());
        Query { customer, search: of("q"), chosen: of("with") }
    });
    let fallback = StoredValue::new(use_form_fallback());
    let merge = ServerAction::<MergeCustomers>::new();
    let navigate = use_navigate();
    on_done(merge, tr!(ADMIN_CUSTOMERS_MERGED), move |()| {
        let customer = query.with_untracked(|query| query.customer.clone());
        navigate(&format!("{LIST}/{customer}"), Default::default());
    });
    let read = resource(
        move || query.get(),
        |query| {
            let Query { customer, search, chosen } = query;
            read_merge(customer, search, chosen)
        },
    );
    view! {
        <Transition fallback=|| view! { <SkeletonText/> }>
            {shown(read, move |view| page(view, query.get_untracked(), merge, fallback))}
        </Transition>
    }
    .into_any()
}

fn page(view: CustomerMergeView, query: Query, merge: ServerAction<MergeCustomers>, fallback: StoredValue<FormFallback>) -> AnyView {
    let (id, name) = (view.customer.id, view.customer.contact.name.clone());
    let own = format!("{LIST}/{id}");
    let here = format!("{own}/merge");
    let title = tr!(ADMIN_CUSTOMERS_MERGE_TITLE, name = name);
    let above = vec![(LIST.to_owned(), tr!(ADMIN_CUSTOMERS).to_owned()), (own.clone(), name.clone())];
    let question = view.chosen.clone().map(|(other, orders)| question(&view, other, orders, (&own, &here, &query.search), merge, fallback));
    let search = query.search.clone();
    let found = if search.trim().is_empty() {
        ().into_any()
    } else if view.found.is_empty() {
        view! { <p class="text-quiet">{tr!(ADMIN_CUSTOMERS_NOBODY_BODY)}</p> }.into_any()
    } else {
        let link = |other: &CustomerRowView| address(&here, &[("q", &search), ("with", &other.id.to_string())]);
        let table = table(view.found, link);
        view! { <Panel title=tr!(ADMIN_CUSTOMERS_MERGE_CHOOSE) flush=true>{table}</Panel> }.into_any()
    };
    let action = here.clone();
    view! {
        <Title text=title.clone()/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=tr!(ADMIN_CUSTOMERS_MERGE)/>
            <PageHeader title detail=tr!(ADMIN_CUSTOMERS_MERGE_BODY)/>
            {question}
            <Form method="GET" action>
                <div class="flex flex-wrap gap-x-3 gap-y-2 items-end">
                    <div class="grow max-w-xl"><Field label=tr!(ADMIN_CUSTOMERS_MERGE_SEARCH) name="q" kind="search" value=query.search/></div>
                    <Button kind="submit" look=Look::Outline icon=icon::SEARCH>{tr!(COMMON_SEARCH)}</Button>
                </div>
            </Form>
            {found}
        </div>
    }
    .into_any()
}

/// Asks before it is done.
fn question(
    view: &CustomerMergeView,
    other: CustomerRowView,
    orders: i64,
    (own, here, search): (&str, &str, &str),
    merge: ServerAction<MergeCustomers>,
    fallback: StoredValue<FormFallback>,
) -> AnyView {
    let locale = use_locale();
    let own = own.to_owned();
    let (into, from) = (view.customer.id.to_string(), other.id.to_string());
    let ask = tr!(ADMIN_CUSTOMERS_MERGE_ASK, other = other.contact.name, name = view.customer.contact.name);
    let reach = [other.contact.email, other.contact.phone, ui::t::ADMIN_CUSTOMERS_MERGE_ORDERS.with(locale, orders, &[])];
    let reach = reach.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    let problem = fallback.with_value(|fallback| problem(merge, fallback));
    let again = address(here, &[("q", search)]);
    let answer = if view.refused {
        view! { <Alert tone=Tone::Warning>{tr!(ADMIN_CUSTOMERS_ERROR_TWO_ACCOUNTS)}</Alert> }.into_any()
    } else {
        view! {
            <StaffForm action=merge>
                <input type="hidden" name="into" value=into/>
                <input type="hidden" name="from" value=from/>
                <div class="flex flex-wrap gap-3">
                    <Button kind="submit" busy=merge.pending()>{tr!(ADMIN_CUSTOMERS_MERGE_DO)}</Button>
                    <LinkButton href=again look=Look::Outline>{tr!(ADMIN_CUSTOMERS_MERGE_OTHER)}</LinkButton>
                    <LinkButton href=own look=Look::Ghost>{tr!(COMMON_BACK)}</LinkButton>
                </div>
            </StaffForm>
        }
        .into_any()
    };
    view! {
        <div id="question">
            <Panel title=ask>
                <div class="flex flex-col gap-4">
                    <p class="wrap-anywhere">{reach}</p>
                    <p>{tr!(ADMIN_CUSTOMERS_MERGE_FOR_GOOD)}</p>
                    <ProblemSummary problem/>
                    {answer}
                </div>
            </Panel>
        </div>
    }
    .into_any()
}
