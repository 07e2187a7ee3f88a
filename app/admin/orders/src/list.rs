//! The list of orders: search, views, saved filters, bulk picking, pages by key.

use std::collections::BTreeSet;

use admin_layout::{StaffForm, address, dotted, forget_others, ids, is_ticked, keep_ticked, on_done, shown, tick_box, tick_column};
use domain::id::{OrderId, SavedFilterId};
use domain::order::{FulfilmentState, OrderQueue, PaymentState};
use domain::permission::Permission;
use domain::view::{OrderListView, OrderQuery, OrderRowView, OrderSort, PickedOrdersView, QueueCounts, SavedFilterView};
use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use ui::{
    BulkBar, Button, Choice, Column, Disclosure, EmptyState, Field, FigureCell, IconButton, Look, PageHeader, Pager, Panel, Row,
    SelectField, Size, SkeletonRows, Tab, Table, Tabs, When, icon, tr, use_locale,
};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, answer, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

use crate::bulk_outcome::Outcome;
use crate::list_dates::{days_and_sorting, hidden, sorting, to_list};
use crate::states;

/// A page of orders with the user's saved filters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrdersView {
    pub list: OrderListView,
    pub filters: Vec<SavedFilterView>,
    /// The number of orders in each queue.
    pub queues: QueueCounts,
    pub may_fulfil: bool,
    pub may_export: bool,
    pub may_export_customers: bool,
}

#[cfg(feature = "ssr")]
pub(crate) fn order_error(error: &backend::orders::OrderError) -> AppError {
    use backend::orders::OrderError;
    use web::request;
    match (error, error.message(request::locale())) {
        (OrderError::Forbidden(_), _) => request::fail(AppError::new(403)),
        (OrderError::Unknown, Some(message)) => request::fail(AppError::with_message(404, message)),
        (OrderError::FilterName, Some(message)) => request::invalid(vec![("name".into(), message)]),
        (_, Some(message)) => request::fail(AppError::with_message(409, message)),
        (_, None) => request::unexpected(error),
    }
}

#[cfg(feature = "ssr")]
pub(crate) fn order_change_error(error: &backend::order_management::OrderChangeError) -> AppError {
    use backend::order_management::OrderChangeError;
    use web::request;
    match (error, error.message(request::locale())) {
        (OrderChangeError::Forbidden(_), _) => request::fail(AppError::new(403)),
        (OrderChangeError::Unknown, Some(message)) => request::fail(AppError::with_message(404, message)),
        (OrderChangeError::Reason, Some(message)) => request::invalid(vec![("reason".into(), message)]),
        (_, Some(message)) => request::fail(AppError::with_message(409, message)),
        (_, None) => request::unexpected(error),
    }
}

#[server(endpoint = "admin/orders", output = Answer)]
pub async fn list_orders(query: OrderQuery) -> Result<OrdersView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadOrders))?, request::shop()?);
    let list = backend::orders::list(&shop, &ctx, &query).await.map_err(|error| order_error(&error))?;
    let filters = backend::orders::saved_filters(&shop, &ctx).await.map_err(|error| order_error(&error))?;
    let queues = backend::orders::queues(&shop, &ctx).await.map_err(|error| order_error(&error))?;
    Ok(OrdersView {
        list,
        filters,
        queues,
        may_fulfil: ctx.may(Permission::FulfilOrders),
        may_export: ctx.may(Permission::ExportOrders),
        may_export_customers: ctx.may(Permission::ExportCustomers),
    })
}
access!(ListOrders, Access::Staff(Permission::ReadOrders));

/// Saves the filters under a name.
#[server(endpoint = "admin/orders/filters/save", output = Answer)]
pub async fn save_order_filter(name: String, query: String) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::ReadOrders))?;
    backend::orders::save_filter(&request::shop()?, &ctx, &name, &query).await.map_err(|error| order_error(&error))?;
    Ok(())
}
access!(SaveOrderFilter, Access::Staff(Permission::ReadOrders));

#[server(endpoint = "admin/orders/filters/delete", output = Answer)]
pub async fn delete_order_filter(filter: SavedFilterId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::ReadOrders))?;
    backend::orders::delete_filter(&request::shop()?, &ctx, filter).await.map_err(|error| order_error(&error))
}
access!(DeleteOrderFilter, Access::Staff(Permission::ReadOrders));

/// Picks all open units of each order; the answer says of each what became of it.
#[server(endpoint = "admin/orders/pick-many", output = Answer)]
pub async fn pick_orders(#[server(default)] orders: Vec<OrderId>) -> Result<PickedOrdersView, AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::FulfilOrders))?;
    if orders.is_empty() {
        return Err(request::refused(422, ui::t::ADMIN_ORDERS_BULK_NONE));
    }
    let outcome = backend::fulfilment::pick_many(&request::shop()?, &ctx, request::locale(), &orders).await;
    let outcome = outcome.map_err(|error| crate::parcel::fulfilment_error(&error))?;
    request::show();
    Ok(outcome)
}
access!(PickOrders, Access::Staff(Permission::FulfilOrders));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] =
    &[access_of::<ListOrders>(), access_of::<SaveOrderFilter>(), access_of::<DeleteOrderFilter>(), access_of::<PickOrders>()];

/// `/admin/orders`
#[derive(Debug)]
pub struct Orders;

lazy_page!(Orders, orders, orders_page);

fn orders_page() -> AnyView {
    let address_query = use_query_map();
    let query = Memo::new(move |_| {
        address_query.with(|address_query| {
            let of = |name: &str| address_query.get(name).unwrap_or_default();
            OrderQuery {
                search: of("q"),
                payment: of("payment"),
                fulfilment: of("fulfilment"),
                queue: of("queue"),
                sales: of("sales"),
                period: of("period"),
                from: of("from"),
                to: of("to"),
                sort: of("sort"),
                after: of("after"),
                before: of("before"),
            }
        })
    });
    let fallback = StoredValue::new(use_form_fallback());
    let changed = RwSignal::new(0_u32);
    let orders = resource(move || (query.get(), changed.get()), |(query, _)| list_orders(query));
    let actions = Actions { pick: ServerAction::new(), save: ServerAction::new(), delete: ServerAction::new(), fallback };
    // Back from the pick list the address names them.
    let ticked = RwSignal::new(ids(&address_query.with_untracked(|query| query.get("ticked").unwrap_or_default())));
    on_done(actions.pick, "", move |_| {
        ticked.set(BTreeSet::new());
        keep_ticked(&BTreeSet::<OrderId>::new());
        changed.update(|times| *times += 1);
    });
    let outcome = fallback.with_value(|fallback| answer(actions.pick, fallback));
    on_done(actions.save, tr!(COMMON_SAVED), move |()| changed.update(|times| *times += 1));
    on_done(actions.delete, "", move |()| changed.update(|times| *times += 1));
    view! {
                <Title text=tr!(ADMIN_ORDERS)/>
                <div class="flex flex-col gap-5">
                    <PageHeader title=tr!(ADMIN_ORDERS)/>
                    {move || view! { <Search query=query.get()/> }}
                    {move || query.with(days_and_sorting)}
                    <Outcome outcome/>
                    <Transition fallback=|| view! { <SkeletonRows/> }>
                        {shown(orders, move |found| {
     let query = query.get_untracked();
     page(found, query, actions, ticked)
    })}
                    </Transition>
                </div>
            }
    .into_any()
}

#[component]
fn Search(query: OrderQuery) -> impl IntoView {
    let payments = vec![
        Choice::new(PaymentState::Pending.as_str(), tr!(ADMIN_ORDERS_FILTER_PENDING)),
        Choice::new(PaymentState::Authorised.as_str(), tr!(ORDER_STATE_AUTHORISED)),
        Choice::new(PaymentState::PartlyPaid.as_str(), tr!(ORDER_STATE_PART_PAID)),
        Choice::new(PaymentState::Paid.as_str(), tr!(ORDER_STATE_PAID)),
        Choice::new(PaymentState::PartlyRefunded.as_str(), tr!(ORDER_STATE_PART_REFUNDED)),
        Choice::new(PaymentState::Refunded.as_str(), tr!(ORDER_STATE_REFUNDED)),
        Choice::new(PaymentState::Failed.as_str(), tr!(ORDER_STATE_FAILED)),
        Choice::new(PaymentState::Voided.as_str(), tr!(ORDER_STATE_VOIDED)),
    ];
    let fulfilments = vec![
        Choice::new(FulfilmentState::Unfulfilled.as_str(), tr!(ORDER_STATE_UNFULFILLED)),
        Choice::new(FulfilmentState::Partial.as_str(), tr!(ORDER_STATE_PART_SHIPPED)),
        Choice::new(FulfilmentState::Fulfilled.as_str(), tr!(ORDER_STATE_SHIPPED)),
        Choice::new(FulfilmentState::Cancelled.as_str(), tr!(ORDER_STATE_CANCELLED)),
        Choice::new(FulfilmentState::Returned.as_str(), tr!(ORDER_STATE_RETURNED)),
    ];
    let hidden = hidden(&query, &["period", "from", "to", "sort"]);
    view! {
        <Form method="GET" action="/admin/orders">
            {hidden}
            <div class="grid grid-cols-[1fr_1fr_auto] md:grid-cols-[1fr_12rem_12rem_auto] gap-3 items-end">
                <div class="max-md:col-span-3"><Field label=tr!(ADMIN_ORDERS_SEARCH) name="q" kind="search" value=query.search/></div>
                <SelectField label=tr!(ADMIN_ORDERS_COLUMN_PAYMENT) name="payment" empty=tr!(ADMIN_ORDERS_FILTER_ALL) choices=payments selected=query.payment/>
                <SelectField label=tr!(ADMIN_ORDERS_COLUMN_FULFILMENT) name="fulfilment" empty=tr!(ADMIN_ORDERS_FILTER_ALL) choices=fulfilments selected=query.fulfilment/>
                <Button kind="submit" look=Look::Outline icon=icon::SEARCH>{tr!(COMMON_SEARCH)}</Button>
            </div>
        </Form>
    }
    .into_any()
}

/// The page's actions, and its form fallback.
#[derive(Clone, Copy)]
struct Actions {
    pick: ServerAction<PickOrders>,
    save: ServerAction<SaveOrderFilter>,
    delete: ServerAction<DeleteOrderFilter>,
    fallback: StoredValue<FormFallback>,
}

fn page(found: OrdersView, query: OrderQuery, actions: Actions, ticked: RwSignal<BTreeSet<OrderId>>) -> AnyView {
    let pick = actions.pick;
    let previous = found.list.previous.as_deref().map(|before| to_list(&query, &[("before", before)]));
    let next = found.list.next.as_deref().map(|after| to_list(&query, &[("after", after)]));
    let first = (!query.after.is_empty() || !query.before.is_empty()).then(|| to_list(&query, &[]));
    let filters_query = to_list(&query, &[]).split_once('?').map(|(_, filters_query)| filters_query.to_owned()).unwrap_or_default();
    let (may_export, may_export_customers) = (found.may_export, found.may_export_customers);
    let file = if filters_query.is_empty() { "/admin/orders.csv".to_owned() } else { format!("/admin/orders.csv?{filters_query}") };
    let orders = found.list.orders;
    forget_others(ticked, &orders.iter().map(|order| order.id).collect::<Vec<_>>());
    let (count, problem) =
        (Signal::derive(move || ticked.with(BTreeSet::len)), actions.fallback.with_value(|fallback| problem(pick, fallback)));
    let list = if orders.is_empty() {
        view! { <EmptyState title=tr!(ADMIN_ORDERS_EMPTY_TITLE) body=tr!(ADMIN_ORDERS_EMPTY_BODY) plain=true/> }.into_any()
    } else {
        table(orders, &query, ticked)
    };
    let print = move || address("/admin/orders/pick-list", &[("orders", &ticked.with(dotted))]);
    view! {
        {views(&query, found.queues)}
        <SavedFilters filters=found.filters filters_query actions/>
        <ProblemSummary problem/>
        <StaffForm action=pick>
            <div class="flex flex-col gap-4">
                <Panel title=tr!(ADMIN_ORDERS) flush=true>{list}</Panel>
                {found.may_fulfil.then(|| view! {
                    <noscript><Button kind="submit" look=Look::Outline>{tr!(ADMIN_ORDERS_BULK_PICK)}</Button></noscript>
                    <BulkBar count>
                        <Button kind="submit" size=Size::Small icon=icon::PACKAGE busy=pick.pending()>{tr!(ADMIN_ORDERS_BULK_PICK)}</Button>
                        <a class="btn btn-sm btn-ghost text-neutral-content hover:bg-white/10" href=print on:click=move |_| ticked.with_untracked(keep_ticked)>{tr!(ADMIN_ORDERS_BULK_PRINT)}</a>
                    </BulkBar>
                })}
            </div>
        </StaffForm>
        <Pager nostrip:previous=previous nostrip:next=next nostrip:first=first/>
        <p class="flex flex-wrap gap-x-6 gap-y-2 text-sm">
            {may_export.then(|| view! { <a class="link" href=file rel="external" download="">{tr!(ADMIN_ORDERS_EXPORT)}</a> })}
            {may_export_customers.then(|| view! { <a class="link" href="/admin/customers.csv" rel="external" download="">{tr!(ADMIN_ORDERS_EXPORT_CUSTOMERS)}</a> })}
        </p>
    }
    .into_any()
}

/// Tabs: all orders, those that are sales, and each queue. Days and sorting stay.
fn views(query: &OrderQuery, counts: QueueCounts) -> AnyView {
    let open: Option<OrderQueue> = query.queue.parse().ok();
    let plain = OrderQuery {
        period: query.period.clone(),
        from: query.from.clone(),
        to: query.to.clone(),
        sort: query.sort.clone(),
        ..OrderQuery::default()
    };
    let tab = |queue: OrderQueue, name: &str, count: i64| Tab {
        href: to_list(&OrderQuery { queue: queue.as_str().to_owned(), ..plain.clone() }, &[]),
        name: name.to_owned(),
        count: Some(count),
        current: open == Some(queue),
    };
    let here = OrderQuery { after: String::new(), before: String::new(), ..query.clone() };
    let sales = OrderQuery { sales: "1".to_owned(), ..plain.clone() };
    let tabs = vec![
        Tab { href: to_list(&plain, &[]), name: tr!(ADMIN_ORDERS_FILTER_ALL).into(), count: None, current: here == plain },
        Tab { href: to_list(&sales, &[]), name: tr!(ADMIN_ORDERS_FILTER_SALES).into(), count: None, current: here == sales },
        tab(OrderQueue::ToPack, tr!(ADMIN_ORDERS_FILTER_TO_PACK), counts.to_pack),
        tab(OrderQueue::ToShip, tr!(ADMIN_ORDERS_FILTER_TO_SHIP), counts.to_ship),
        tab(OrderQueue::Unpaid, tr!(ADMIN_ORDERS_FILTER_UNPAID), counts.unpaid),
        tab(OrderQueue::CashDue, tr!(ADMIN_ORDERS_FILTER_CASH_DUE), counts.cash_due),
    ];
    view! { <Tabs label=tr!(ADMIN_ORDERS) tabs/> }.into_any()
}

#[component]
fn SavedFilters(filters: Vec<SavedFilterView>, filters_query: String, actions: Actions) -> impl IntoView {
    let Actions { save, delete, fallback, .. } = actions;
    let (problem, typed) = fallback.with_value(|fallback| (problem(save, fallback), typed(save, fallback)));
    let each = move |filter: SavedFilterView| {
        view! {
            <li class="flex items-center rounded-full border border-hairline bg-raised ps-3">
                <a class="hover:underline underline-offset-4" href=format!("/admin/orders?{}", filter.query)>{filter.name.clone()}</a>
                <StaffForm action=delete>
                    <input type="hidden" name="filter" value=filter.id.to_string()/>
                    <IconButton kind="submit" size=Size::Small shape=icon::CLOSE label=format!("{}: {}", tr!(COMMON_DELETE), filter.name)/>
                </StaffForm>
            </li>
        }
    };
    let any = !filters.is_empty();
    let shown = filters.into_iter().map(each).collect_view();
    view! {
        {any.then(|| view! { <ul class="flex flex-wrap gap-2" aria-label=tr!(ADMIN_ORDERS_SAVED_FILTERS)>{shown}</ul> })}
        {(!filters_query.is_empty()).then(|| view! {
            <Disclosure title=tr!(ADMIN_ORDERS_SAVE_FILTER) open=typed.is_any()>
                <StaffForm action=save>
                    <input type="hidden" name="query" value=filters_query/>
                    <div class="flex flex-wrap gap-3 items-end">
                        <Field label=tr!(ADMIN_ORDERS_FILTER_NAME) name="name" value=typed.or("name", "") maxlength=60 error=wrong(problem, "name")/>
                        <Button kind="submit" look=Look::Outline busy=save.pending()>{tr!(COMMON_SAVE)}</Button>
                    </div>
                </StaffForm>
            </Disclosure>
        })}
    }
    .into_any()
}

fn table(orders: Vec<OrderRowView>, query: &OrderQuery, ticked: RwSignal<BTreeSet<OrderId>>) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        tick_column(ticked, orders.iter().map(|order| order.id).collect()),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_NUMBER)),
        sorting(Column::new(tr!(ADMIN_ORDERS_COLUMN_DATE)).wide_only(), query, OrderSort::Newest, OrderSort::Oldest),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_CUSTOMER)).wide_only(),
        Column::figures(tr!(ADMIN_ORDERS_COLUMN_ITEMS)).wide_only(),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_PAYMENT)).wide_only(),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_FULFILMENT)).wide_only(),
        sorting(Column::figures(tr!(ADMIN_ORDERS_COLUMN_TOTAL)), query, OrderSort::TotalDown, OrderSort::TotalUp),
    ];
    let row = move |order: OrderRowView| {
        let (id, price) = (order.id, order.price());
        let customer = order.customer.unwrap_or_else(|| tr!(ORDER_AT_COUNTER).to_owned());
        let payment = move || states::payment(order.payment, order.method);
        let fulfilment = move || states::fulfilment(order.fulfilment, order.delivery, order.payment, order.method);
        view! {
            <Row selected=is_ticked(ticked, id)>
                <td>{tick_box(ticked, id, "orders[]", &order.number)}</td>
                <td><a class="tap figures font-medium hover:underline underline-offset-4" href=format!("/admin/orders/{id}")>{order.number}</a>
                    // On a phone, so that the total is in sight.
                    <div class="md:hidden">
                        <p>{customer.clone()}</p>
                        <div class="flex flex-wrap gap-1 mt-1">{payment()}{fulfilment()}</div>
                    </div>
                </td>
                <td class="max-md:hidden text-quiet whitespace-nowrap"><When at=order.placed_at/></td>
                <td class="max-md:hidden whitespace-nowrap">{customer.clone()}</td>
                <td class="max-md:hidden figures text-end">{locale.number(order.units)}</td>
                <td class="max-md:hidden">{payment()}</td>
                <td class="max-md:hidden">{fulfilment()}</td>
                <FigureCell>{locale.money(price)}</FigureCell>
            </Row>
        }
    };
    let rows = orders.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_ORDERS) columns>{rows}</Table> }.into_any()
}
