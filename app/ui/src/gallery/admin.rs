//! The admin's home in its layout, with sample figures.

use leptos::prelude::*;

use super::{A_MOMENT, pesos};
use crate::*;
use domain::Timestamp;

#[component]
pub fn GalleryAdmin() -> impl IntoView {
    let item = |name: &str, href: &str, shape, waiting| NavItem { href: href.into(), name: name.into(), shape, waiting };
    let navigation = vec![
        item(tr!(ADMIN_HOME), "/admin", icon::HOME, None),
        item(tr!(ADMIN_ORDERS), "/admin/orders", icon::CLIPBOARD, Some(12)),
        item(tr!(ADMIN_PRODUCTS), "/admin/products", icon::TAG, None),
        item(tr!(ADMIN_STOCK), "/admin/stock", icon::BOXES, Some(3)),
        item(tr!(ADMIN_BUYING), "/admin/buying", icon::BUYING, None),
        item(tr!(ADMIN_MAKING), "/admin/making", icon::FACTORY, None),
        item(tr!(ADMIN_CUSTOMERS), "/admin/customers", icon::USERS, None),
        item(tr!(ADMIN_MARKETING), "/admin/marketing", icon::MEGAPHONE, None),
        item(tr!(ADMIN_DELIVERIES), "/admin/deliveries", icon::TRUCK, None),
        item(tr!(ADMIN_RETURNS), "/admin/returns", icon::RETURN, None),
        item(tr!(ADMIN_BOOKS), "/admin/books", icon::BOOK_OPEN, None),
        item(tr!(ADMIN_STORES), "/admin/stores", icon::STORE, None),
        item(tr!(ADMIN_SETTINGS), "/admin/settings", icon::SETTINGS, None),
    ];
    let commands: Vec<_> = navigation
        .iter()
        .map(|item| Command {
            label: item.name.clone(),
            group: tr!(ADMIN_TITLE).into(),
            href: item.href.clone(),
            kind: CommandKind::Page,
            shape: item.shape,
            keywords: String::new(),
        })
        .collect();
    view! {
        <AdminLayout shop_name="tindahan".to_owned() user_name="Liza Reyes".to_owned() navigation path="/admin/orders".to_owned() commands>
            {first_page()}
        </AdminLayout>
    }
}

fn first_page() -> AnyView {
    view! {
        <div class="flex flex-col gap-6">
            <PageHeader
                title=tr!(ADMIN_ORDERS)
                actions=|| view! {
                    <Button look=Look::Outline icon=icon::DOWNLOAD>"CSV"</Button>
                    <Button icon=icon::PLUS>{tr!(COMMON_ADD)}</Button>
                }
            />
            <div class="grid grid-cols-2 xl:grid-cols-4 gap-3 md:gap-4">
                <StatTile label=tr!(ADMIN_HOME_SALES_TODAY) value="₱48,210.00".to_owned() href="#content" beside=Signal::stored("A week ago until now: ₱44,100.00".to_owned())>
                    <Sparkline title=tr!(ADMIN_HOME_SALES_TODAY) values=vec![12, 18, 9, 22, 31, 28, 40] first="₱12,000.00" last="₱40,000.00"/>
                </StatTile>
                <StatTile label=tr!(ADMIN_HOME_ORDERS_TODAY) value="37".to_owned() href="#content" beside=Signal::stored("A week ago until now: 32".to_owned())>
                    <Sparkline title=tr!(ADMIN_HOME_ORDERS_TODAY) values=vec![4, 6, 3, 8, 7, 9, 11] first="4" last="11"/>
                </StatTile>
                <StatTile label=tr!(ADMIN_HOME_TO_PACK) value="12".to_owned() href="#content" />
                <StatTile label=tr!(ADMIN_HOME_LOW_STOCK) value="3".to_owned() href="#content"/>
            </div>
            {super::order_tabs()}
            <Panel title=tr!(ADMIN_ORDERS_FILTER_TO_PACK) flush=true>{orders_table()}</Panel>
            <Pager next="#content"/>
        </div>
    }
    .into_any()
}

const ORDERS: [(&str, &str, i64, Tone, bool); 6] = [
    ("TND-1042", "Maria Santos", 93_000, Tone::Warning, true),
    ("TND-1041", "Jose Dimaculangan", 1_245_050, Tone::Warning, false),
    ("TND-1040", "Ana Villanueva-Macaraeg", 18_000, Tone::Info, true),
    ("TND-1039", "Ramon Cruz", 246_000, Tone::Success, true),
    ("TND-1038", "Grace Lim", 65_000, Tone::Danger, false),
    ("TND-1037", "Paolo Reyes", 324_500, Tone::Success, true),
];

/// A table of orders in several states.
pub(super) fn orders_table() -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::hidden(tr!(UI_SELECT_ALL)),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_NUMBER)).sorting("#content", Some(Sorted::Descending)),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_DATE)).sorting("#content", None).wide_only(),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_CUSTOMER)),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_PAYMENT)),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_FULFILMENT)),
        Column::figures(tr!(ADMIN_ORDERS_COLUMN_TOTAL)).sorting("#content", None),
    ];
    let rows = ORDERS
        .iter()
        .zip(0_i64..)
        .map(|((number, customer, total, tone, paid), at)| {
            let placed_at = Timestamp::from_millis(A_MOMENT - at * 47 * 60_000);
            let state = match tone {
                Tone::Info => tr!(ORDER_STATE_IN_TRANSIT),
                Tone::Success => tr!(ORDER_STATE_DELIVERED),
                Tone::Danger => tr!(ORDER_STATE_CANCELLED),
                Tone::Neutral | Tone::Warning | Tone::Accent | Tone::Sale => tr!(ORDER_STATE_UNFULFILLED),
            };
            let settled = matches!(tone, Tone::Success | Tone::Danger);
            let payment = if *paid {
                view! { <StatusBadge tone=Tone::Success settled=true text=tr!(ORDER_STATE_PAID)/> }
            } else {
                view! { <StatusBadge text=tr!(ORDER_STATE_CASH_DUE)/> }
            };
            view! {
                <Row selected=at == 1>
                    <td><TickBox name="order" value=*number label=tr!(UI_SELECT_ROW, name = number) checked=at == 1/></td>
                    <td><a class="figures font-medium hover:underline underline-offset-4" href="#content">{*number}</a></td>
                    <td class="max-md:hidden text-quiet whitespace-nowrap"><When at=placed_at/></td>
                    <td class="whitespace-nowrap">{*customer}</td>
                    <td>{payment}</td>
                    <td><StatusBadge tone=*tone settled text=state/></td>
                    <FigureCell>{locale.money(pesos(*total))}</FigureCell>
                </Row>
            }
        })
        .collect_view();
    view! { <Table caption=tr!(ADMIN_ORDERS) columns>{rows}</Table> }.into_any()
}
