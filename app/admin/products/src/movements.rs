//! The stock movements of a variant.

use admin_layout::{page_at, pager, shown};
use domain::permission::Permission;
use domain::view::{MovementListView, MovementView, PageAt};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};
use ui::{Breadcrumbs, Column, EmptyState, FigureCell, PageHeader, Panel, Row, SkeletonRows, Table, When, tr, use_locale};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovementsView {
    pub sku: String,
    pub name: String,
    /// Their actors by name.
    pub list: MovementListView,
    /// Which page it is.
    pub at: PageAt,
}

/// The movements of a variant, the latest first.
#[server(endpoint = "admin/stock/movements", output = Answer)]
pub async fn list_movements(variant: String, #[server(default)] at: PageAt) -> Result<MovementsView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadStock))?, request::shop()?);
    let Ok(variant) = variant.parse() else { return Err(request::not_found()) };
    let found = backend::inventory::sku_and_name(&shop, &ctx, request::locale(), variant).await;
    let (sku, name) = found.map_err(|error| crate::stock::inventory_error(&error))?;
    let found = backend::inventory::movements(&shop, &ctx, variant, &at).await;
    let mut list = found.map_err(|error| crate::stock::inventory_error(&error))?;
    let actors = list.movements.iter().map(|movement| movement.actor.clone()).collect();
    let names = backend::order_management::actor_names(&shop, request::locale(), &actors).await;
    let names = names.map_err(|error| request::unexpected(&error))?;
    for movement in &mut list.movements {
        movement.actor = names.get(&movement.actor).cloned().unwrap_or_default();
    }
    Ok(MovementsView { sku, name, list, at })
}
access!(ListMovements, Access::Staff(Permission::ReadStock));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListMovements>()];

/// `/admin/stock/:variant`
#[derive(Debug)]
pub struct Movements;

lazy_page!(Movements, products, movements_page);

fn movements_page() -> AnyView {
    let (params, query) = (use_params_map(), use_query_map());
    let variant = move || params.with(|params| params.get("variant").unwrap_or_default());
    let at = move || query.with(page_at);
    let movements = resource(move || (variant(), at()), |(variant, at)| list_movements(variant, at));
    view! {
        <Transition fallback=|| view! { <SkeletonRows/> }>
            {shown(movements, move |view| page(view, &format!("/admin/stock/{}", params.with_untracked(|params| params.get("variant").unwrap_or_default()))))}
        </Transition>
    }
    .into_any()
}

/// `path` is the page's own.
fn page(view: MovementsView, path: &str) -> AnyView {
    let MovementsView { sku, name, list, at } = view;
    let pager = pager(path, &[], &at, list.previous, list.next);
    let above = vec![("/admin/stock".to_owned(), tr!(ADMIN_STOCK).to_owned())];
    let detail = format!("{sku} · {name}");
    view! {
        <Title text=format!("{}: {detail}", tr!(ADMIN_PRODUCTS_MOVEMENTS))/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=sku/>
            <PageHeader title=tr!(ADMIN_PRODUCTS_MOVEMENTS) detail/>
            {table(list.movements)}
            {pager}
        </div>
    }
    .into_any()
}

fn table(movements: Vec<MovementView>) -> AnyView {
    if movements.is_empty() {
        return view! { <EmptyState title=tr!(ADMIN_PRODUCTS_STOCK_EMPTY_TITLE) body=tr!(ADMIN_PRODUCTS_MOVEMENTS_EMPTY)/> }.into_any();
    }
    let locale = use_locale();
    let with_value = movements.iter().any(|movement| movement.value.is_some());
    // On a phone the reason is under what happened, with who did it.
    let mut columns = vec![
        Column::new(tr!(ADMIN_ORDERS_COLUMN_DATE)),
        Column::new(tr!(ADMIN_PRODUCTS_KIND)),
        Column::new(tr!(ADMIN_PRODUCTS_LOCATION)).wide_only(),
        Column::new(tr!(ADMIN_PRODUCTS_MOVED_BY)).wide_only(),
        Column::figures(tr!(ADMIN_PRODUCTS_MOVEMENT_QUANTITY)),
        Column::figures(tr!(ADMIN_PRODUCTS_BALANCE)),
    ];
    if with_value {
        columns.push(Column::figures(tr!(ADMIN_PRODUCTS_VALUE)).wide_only());
    }
    let row = |movement: MovementView| {
        let kind = match movement.kind.as_str() {
            "received" => tr!(ADMIN_PRODUCTS_KIND_RECEIVED),
            "shipped" => tr!(ADMIN_PRODUCTS_KIND_SHIPPED),
            "returned" => tr!(ADMIN_PRODUCTS_KIND_RETURNED),
            _ => tr!(ADMIN_PRODUCTS_KIND_ADJUSTED),
        };
        let order = movement.order.zip(movement.order_number).map(|(order, number)| {
            view! { " " <a class="link figures" href=format!("/admin/orders/{order}")>{number}</a> }
        });
        let note = (!movement.note.is_empty()).then(|| format!(": {}", movement.note));
        let below = format!("{} · {}", movement.location_name, movement.actor);
        view! {
            <Row>
                <td class="whitespace-nowrap"><When at=movement.at/></td>
                <td>
                    {kind}
                    <span class="block text-sm text-quiet">{crate::stock::reason_name(movement.reason)}{order}{note}</span>
                    <span class="md:hidden block text-sm text-quiet">{below}</span>
                </td>
                <td class="max-md:hidden">{movement.location_name}</td>
                <td class="max-md:hidden">{movement.actor}</td>
                <FigureCell>{locale.number(movement.quantity)}</FigureCell>
                <FigureCell>{locale.number(movement.balance)}</FigureCell>
                {with_value.then(|| view! { <td class="max-md:hidden figures text-end">{movement.value.map(|value| locale.money(value))}</td> })}
            </Row>
        }
    };
    let rows = movements.into_iter().map(row).collect_view();
    view! { <Panel title=tr!(ADMIN_PRODUCTS_MOVEMENTS) flush=true><Table caption=tr!(ADMIN_PRODUCTS_MOVEMENTS) columns>{rows}</Table></Panel> }.into_any()
}
