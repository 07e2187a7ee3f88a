//! The pick list of some orders, for printing: a line for each location and variant, with its orders.

use admin_layout::shown;
use domain::permission::Permission;
use domain::view::{PickLine, PickListView};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{
    Alert, Button, Column, EmptyState, FigureCell, LinkButton, Look, PageHeader, Row, SkeletonRows, Table, icon, tr, use_locale,
    use_time_zone,
};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

/// The pick list of these orders, ids separated by dots; or of the newest of a queue.
#[server(endpoint = "admin/orders/pick-list", output = Answer)]
pub async fn read_pick_list(orders: String, #[server(default)] queue: String) -> Result<PickListView, AppError> {
    use domain::order::OrderQueue;
    use domain::view::OrderQuery;
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadOrders))?, request::shop()?);
    let mut ids: Vec<domain::id::OrderId> = orders.split('.').filter_map(|id| id.parse().ok()).collect();
    let mut cut_at = None;
    if queue.parse::<OrderQueue>().is_ok() {
        let query = OrderQuery { queue, ..OrderQuery::default() };
        let list = backend::orders::list(&shop, &ctx, &query).await.map_err(|error| crate::list::order_error(&error))?;
        ids = list.orders.iter().map(|order| order.id).collect();
        cut_at = list.next.and_then(|_| i64::try_from(ids.len()).ok());
    }
    let list = backend::fulfilment::pick_list(&shop, &ctx, request::locale(), &ids).await;
    let list = list.map_err(|error| crate::parcel::fulfilment_error(&error))?;
    Ok(PickListView { cut_at, ..list })
}
access!(ReadPickList, Access::Staff(Permission::ReadOrders));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadPickList>()];

/// `/admin/orders/pick-list`
#[derive(Debug)]
pub struct PickList;

lazy_page!(PickList, orders, pick_list_page);

fn pick_list_page() -> AnyView {
    let query = use_query_map();
    let of = move |name: &str| query.with(|query| query.get(name).unwrap_or_default());
    let lines = resource(move || (of("orders"), of("queue")), |(orders, queue)| read_pick_list(orders, queue));
    let print = || {
        view! {
            <span class="screen-only needs-script">
                <Button look=Look::Outline icon=icon::PRINTER on:click=|_| { let _ = window().print(); }>{tr!(COMMON_PRINT)}</Button>
            </span>
        }
    };
    view! {
        <Title text=tr!(ADMIN_ORDERS_PICK_LIST)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_ORDERS_PICK_LIST) actions=print/>
            <Suspense fallback=|| view! { <SkeletonRows/> }>
                {shown(lines, table)}
            </Suspense>
        </div>
    }
    .into_any()
}

fn table(list: PickListView) -> AnyView {
    let locale = use_locale();
    // On a phone the name and the location are under the SKU, so that the orders are visible.
    let columns = vec![
        Column::new(tr!(ADMIN_PRODUCTS_SKU)),
        Column::new(tr!(ADMIN_PRODUCTS_NAME)).wide_only(),
        Column::new(tr!(ADMIN_ORDERS_LOCATION)).wide_only(),
        Column::figures(tr!(ADMIN_ORDERS_COLUMN_ITEMS)),
        Column::new(tr!(ADMIN_ORDERS)),
    ];
    let row = |line: PickLine| {
        let PickLine { location, sku, name, units, orders } = line;
        let (location_below, name_below) = (location.clone(), name.clone());
        let one = |(order, units): (String, i64)| {
            view! { <span class="figures whitespace-nowrap">{format!("{order} × {}", locale.number(units))}</span> }.into_any()
        };
        let orders = orders.into_iter().map(one).collect_view();
        view! {
            <Row>
                <td>
                    <div class="flex gap-3">
                        // A box to tick with a pencil.
                        <span class="hidden print:block size-4 shrink-0 border border-base-content" aria-hidden="true"></span>
                        <div class="min-w-0">
                            <span class="font-medium">{sku}</span>
                            <p class="md:hidden">{name_below}</p>
                            <p class="md:hidden text-quiet">{location_below}</p>
                        </div>
                    </div>
                </td>
                <td class="max-md:hidden">{name}</td>
                <td class="max-md:hidden">{location}</td>
                <FigureCell>{locale.number(units)}</FigureCell>
                <td><div class="flex flex-wrap gap-x-3">{orders}</div></td>
            </Row>
        }
    };
    let left_out = crate::bulk_outcome::left_out(list.left_out);
    let cut = list.cut_at.map(|count| view! { <Alert>{tr!(ADMIN_ORDERS_PICK_LIST_CUT, count = locale.number(count))}</Alert> });
    let content = if list.lines.is_empty() {
        view! {
            <EmptyState title=tr!(ADMIN_ORDERS_PICK_LIST_EMPTY_TITLE) body=tr!(ADMIN_ORDERS_PICK_LIST_EMPTY_BODY)>
                <LinkButton href="/admin/orders?queue=to_pack" look=Look::Outline>{tr!(ADMIN_ORDERS_FILTER_TO_PACK)}</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows = list.lines.into_iter().map(row).collect_view();
        view! {
            <p class="text-sm text-quiet">{tr!(ADMIN_ORDERS_PICK_LIST_AS_OF, date = locale.date_time(list.made_at, use_time_zone()))}</p>
            <Table caption=tr!(ADMIN_ORDERS_PICK_LIST) columns>{rows}</Table>
            {gift_notes(list.gift_notes)}
        }
        .into_any()
    };
    view! {
        {cut}
        {left_out}
        {content}
    }
    .into_any()
}

/// The cards that are to be written, by order.
fn gift_notes(notes: Vec<(String, String)>) -> Option<AnyView> {
    let one = |(order, note): (String, String)| {
        view! {
            <dt class="figures font-medium">{order}</dt>
            <dd class="whitespace-pre-line wrap-anywhere mb-3">{note}</dd>
        }
        .into_any()
    };
    (!notes.is_empty()).then(|| {
        view! {
            <section>
                <h2 class="text-xl mb-3">{tr!(ORDER_GIFT_NOTES)}</h2>
                <dl>{notes.into_iter().map(one).collect_view()}</dl>
            </section>
        }
        .into_any()
    })
}
