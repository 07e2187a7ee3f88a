//! The stock movements of a variant.

use admin_frame::shown;
use domain::permission::Permission;
use domain::view::MovementView;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};
use session::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};
use ui::{Breadcrumbs, Column, EmptyState, FigureCell, PageHeader, Panel, Row, SkeletonRows, Table, When, tr, use_locale};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovementsView {
    pub sku: String,
    pub name: String,
    /// Newest first.
    pub movements: Vec<MovementView>,
}

/// The latest movements of a variant.
#[server(endpoint = "admin/stock/movements", output = Answer)]
pub async fn list_movements(variant: String) -> Result<MovementsView, AppError> {
    use session::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadStock))?, request::shop()?);
    let Ok(variant) = variant.parse() else { return Err(request::not_found()) };
    let found = backend::inventory::sku_and_name(&shop, &ctx, request::locale(), variant).await;
    let (sku, name) = found.map_err(|error| crate::stock::inventory_error(&error))?;
    let movements = backend::inventory::movements(&shop, &ctx, variant).await.map_err(|error| crate::stock::inventory_error(&error))?;
    Ok(MovementsView { sku, name, movements })
}
access!(ListMovements, Access::Staff(Permission::ReadStock));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListMovements>()];

/// `/admin/stock/:variant`
#[derive(Debug)]
pub struct Movements;

lazy_page!(Movements, products, movements_page);

fn movements_page() -> AnyView {
    let params = use_params_map();
    let movements = resource(move || params.with(|params| params.get("variant").unwrap_or_default()), list_movements);
    view! {
        <Suspense fallback=|| view! { <SkeletonRows/> }>
            {shown(movements, page)}
        </Suspense>
    }
    .into_any()
}

fn page(view: MovementsView) -> AnyView {
    let MovementsView { sku, name, movements } = view;
    let above = vec![("/admin/stock".to_owned(), tr!(ADMIN_STOCK).to_owned())];
    let detail = format!("{sku} · {name}");
    view! {
        <Title text=format!("{}: {detail}", tr!(ADMIN_PRODUCTS_MOVEMENTS))/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=sku/>
            <PageHeader title=tr!(ADMIN_PRODUCTS_MOVEMENTS) detail/>
            {table(movements)}
        </div>
    }
    .into_any()
}

fn table(movements: Vec<MovementView>) -> AnyView {
    if movements.is_empty() {
        return view! { <EmptyState title=tr!(ADMIN_PRODUCTS_STOCK_EMPTY_TITLE) body=tr!(ADMIN_PRODUCTS_MOVEMENTS_EMPTY)/> }.into_any();
    }
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADMIN_ORDERS_COLUMN_DATE)),
        Column::new(tr!(ADMIN_STOCK)),
        Column::figures(tr!(ADMIN_PRODUCTS_MOVEMENT_QUANTITY)),
        Column::new(tr!(ADMIN_ORDERS_REASON)),
    ];
    let row = |movement: MovementView| {
        let kind = match movement.kind.as_str() {
            "received" => tr!(ADMIN_PRODUCTS_KIND_RECEIVED),
            "shipped" => tr!(ADMIN_PRODUCTS_KIND_SHIPPED),
            "returned" => tr!(ADMIN_PRODUCTS_KIND_RETURNED),
            _ => tr!(ADMIN_PRODUCTS_KIND_ADJUSTED),
        };
        let order = movement
            .order
            .map(|order| view! { <a class="link" href=format!("/admin/orders/{order}")>{tr!(ADMIN_ORDERS_COLUMN_NUMBER)}</a> " " });
        view! {
            <Row>
                <td class="whitespace-nowrap"><When at=movement.at/></td>
                <td>{kind}</td>
                <FigureCell>{locale.number(movement.quantity)}</FigureCell>
                <td>{order}{movement.reason}</td>
            </Row>
        }
    };
    let rows = movements.into_iter().map(row).collect_view();
    view! { <Panel title=tr!(ADMIN_PRODUCTS_MOVEMENTS) flush=true><Table caption=tr!(ADMIN_PRODUCTS_MOVEMENTS) columns>{rows}</Table></Panel> }.into_any()
}
