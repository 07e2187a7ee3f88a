//! What is to be taken from the shelf for some orders, to be printed: one line an article, with the orders it is for.

use admin_frame::shown;
use domain::permission::Permission;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use session::{Access, Answer, AppError, Title, access, lazy_page, resource, stated};
use ui::{Button, Column, FigureCell, Look, PageHeader, Row, SkeletonRows, Table, icon, tr, use_locale};

/// The most orders of a list: as many as a page of the orders' list.
#[cfg(feature = "ssr")]
const MOST: usize = 50;

/// An article of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickLine {
    /// Stock keeping unit.
    pub sku: String,
    /// Product and options.
    pub name: String,
    /// Units over all orders.
    pub units: i64,
    /// The orders' numbers.
    pub orders: Vec<String>,
}

/// What is open of these orders, by article. `orders` are ids with dots between them.
#[server(endpoint = "admin/orders/pick-list", output = Answer)]
pub async fn read_pick_list(orders: String) -> Result<Vec<PickLine>, AppError> {
    use session::request;
    let (ctx, shop) = (request::admitted(Access::Staff(Permission::ReadOrders))?, request::shop()?);
    let mut lines = std::collections::BTreeMap::<String, PickLine>::new();
    for id in orders.split('.').filter_map(|id| id.parse::<domain::id::OrderId>().ok()).take(MOST) {
        let order = backend::orders::view(&shop, &ctx, request::locale(), id).await.map_err(|error| crate::list::refused(&error))?;
        for line in order.lines.into_iter().filter(|line| line.quantity > line.shipped) {
            let of_article = lines.entry(line.sku.clone()).or_default();
            of_article.sku = line.sku;
            of_article.name = format!("{} {}", line.name, line.options).trim().to_owned();
            of_article.units += line.quantity - line.shipped;
            of_article.orders.push(order.number.clone());
        }
    }
    Ok(lines.into_values().collect())
}
access!(ReadPickList, Access::Staff(Permission::ReadOrders));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[stated::<ReadPickList>()];

/// `/admin/orders/pick-list`
#[derive(Debug)]
pub struct PickList;

lazy_page!(PickList, orders, pick_list_page);

fn pick_list_page() -> AnyView {
    let query = use_query_map();
    let lines = resource(move || query.with(|query| query.get("orders").unwrap_or_default()), read_pick_list);
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

fn table(lines: Vec<PickLine>) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADMIN_PRODUCTS_SKU)),
        Column::new(tr!(ADMIN_PRODUCTS_NAME)),
        Column::figures(tr!(ADMIN_ORDERS_COLUMN_ITEMS)),
        Column::new(tr!(ADMIN_ORDERS)),
    ];
    let row = |line: PickLine| {
        view! {
            <Row>
                <td class="figures font-medium">{line.sku}</td>
                <td>{line.name}</td>
                <FigureCell>{locale.number(line.units)}</FigureCell>
                <td class="figures">{line.orders.join(", ")}</td>
            </Row>
        }
    };
    let rows = lines.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_ORDERS_PICK_LIST) columns>{rows}</Table> }.into_any()
}
