//! The admin's home: sales, open tasks, low stock; updated while it is open.

use std::time::Duration;

use admin_layout::{address, shown};
use domain::Money;
use domain::permission::Permission;
use domain::view::{DashboardView, Missing, OrderRowView, StockRowView};
use leptos::prelude::*;
use ui::{
    Badge, Bar, BarChart, Column, EmptyState, FigureCell, PageHeader, Panel, Row, SkeletonRows, Sparkline, StatTile, Table, Tone, When, tr,
    use_locale, use_time_zone,
};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};
use web_sys::{EventSource, MessageEvent};

use crate::{refusals, states};

#[server(endpoint = "admin/today", output = Answer)]
pub async fn read_today() -> Result<DashboardView, AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::ReadDashboard))?;
    backend::dashboard::today(&request::shop()?, &ctx, request::locale()).await.map_err(|error| request::unexpected(&error))
}
access!(ReadToday, Access::Staff(Permission::ReadDashboard));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadToday>()];

/// The orders that the day's figures are made of.
const SALES_TODAY: &str = "/admin/orders?sales=1&period=today";

/// `/admin`
#[derive(Debug)]
pub struct Home;

lazy_page!(Home, orders, home_page);

fn home_page() -> AnyView {
    let first = resource(|| (), |()| read_today());
    let newer = RwSignal::new(None::<DashboardView>);
    let is_live = RwSignal::new(false);
    follow(newer, is_live);
    view! {
        <Suspense fallback=|| view! { <SkeletonRows/> }>
            {shown(first, move |first: DashboardView| day(Signal::derive(move || newer.get().unwrap_or_else(|| first.clone())), newer, is_live))}
        </Suspense>
    }
    .into_any()
}

/// The figures are not live any more when nothing has come for so long; the server sends them at least every 15 seconds.
const SILENCE: Duration = Duration::from_secs(35);
/// After a refusal, as of a server that is being replaced, a browser does not connect again by itself.
const CONNECT_AGAIN: Duration = Duration::from_secs(5);

/// Follows the figures by server-sent events for as long as the page is open. Where none come, those of before stay, and are not live.
fn follow(newer: RwSignal<Option<DashboardView>>, is_live: RwSignal<bool>) {
    let connection = RwSignal::new(0_u32);
    Effect::new(move || {
        connection.track();
        let Ok(source) = EventSource::new("/admin/live") else { return };
        let silence = StoredValue::new(None::<TimeoutHandle>);
        let end_silence = move || {
            let _ = silence.try_update_value(|silence| silence.take().map(|silence| silence.clear()));
        };
        let on_figures = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(today) = event.data().as_string().and_then(|text| serde_json::from_str(&text).ok()) {
                let _ = newer.try_set(Some(today));
                let _ = is_live.try_set(true);
                end_silence();
                let waits = set_timeout_with_handle(move || _ = is_live.try_set(false), SILENCE).ok();
                let _ = silence.try_set_value(waits);
            }
        });
        let failing = source.clone();
        let on_error = Closure::<dyn FnMut()>::new(move || {
            let _ = is_live.try_set(false);
            if failing.ready_state() == EventSource::CLOSED {
                set_timeout(move || _ = connection.try_update(|times| *times += 1), CONNECT_AGAIN);
            }
        });
        let _ = source.add_event_listener_with_callback("today", on_figures.as_ref().unchecked_ref());
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let held = StoredValue::new_local((source, on_figures, on_error));
        on_cleanup(move || {
            end_silence();
            let _ = held.try_with_value(|(source, ..)| source.close());
        });
    });
}

fn day(today: Signal<DashboardView>, newer: RwSignal<Option<DashboardView>>, is_live: RwSignal<bool>) -> AnyView {
    let locale = use_locale();
    let number = move |of: fn(&DashboardView) -> i64| Signal::derive(move || locale.number(today.with(of)));
    let money = move |minor: i64| locale.money(Money::new(minor, today.with_untracked(|today| today.sales.currency)));
    let course: Vec<i64> = today.with_untracked(|today| today.last_days.iter().map(|(_, minor)| *minor).collect());
    let (from, to) = (money(course.first().copied().unwrap_or(0)), money(course.last().copied().unwrap_or(0)));
    let sales = Signal::derive(move || locale.money(today.with(|today| today.sales)));
    let average = Signal::derive(move || {
        today.with(|today| locale.money(Money::new(today.sales.minor.checked_div(today.orders).unwrap_or(0), today.sales.currency)))
    });
    let week_ago = move |figure: String| tr!(ADMIN_HOME_WEEK_AGO, figure = figure);
    let sales_then = Signal::derive(move || week_ago(today.with(|today| locale.money(Money::new(today.week_ago.1, today.sales.currency)))));
    let orders_then = Signal::derive(move || week_ago(locale.number(today.with(|today| today.week_ago.0))));
    let changed = Callback::new(move |()| {
        leptos::task::spawn_local(async move {
            if let Ok(today) = read_today().await {
                // The page may have been left.
                let _ = newer.try_set(Some(today));
            }
        });
    });
    let low_count = Signal::derive(move || {
        let count = today.with(|today| today.low_stock_count);
        if count > DashboardView::MOST_COUNTED { format!("{}+", locale.number(DashboardView::MOST_COUNTED)) } else { locale.number(count) }
    });
    let refused = refusals::panel(today, changed);
    let live = move || is_live.get().then(|| view! { <Badge tone=Tone::Success>{tr!(ADMIN_HOME_LIVE)}</Badge> });
    view! {
        <Title text=tr!(ADMIN_HOME_TITLE)/>
        <div class="flex flex-col gap-6">
            <PageHeader title=tr!(ADMIN_HOME_TITLE) actions=move || live.into_any()/>
            {refused}
            <Panel title=tr!(ADMIN_HOME_ATTENTION)>{move || today.with(attention)}</Panel>
            <div class="grid grid-cols-2 xl:grid-cols-4 gap-3 md:gap-4" id="today">
                <StatTile label=tr!(ADMIN_HOME_SALES_TODAY) value=sales beside=sales_then href=SALES_TODAY>
                    <Sparkline title=tr!(ADMIN_HOME_SALES_TODAY) values=course first=from last=to/>
                </StatTile>
                <StatTile label=tr!(ADMIN_HOME_ORDERS_TODAY) value=number(|today| today.orders) beside=orders_then href=SALES_TODAY/>
                <StatTile label=tr!(ADMIN_HOME_AVERAGE_ORDER) value=average href=SALES_TODAY/>
                <StatTile label=tr!(ADMIN_HOME_LOW_STOCK) value=low_count href="/admin/stock?low=true"/>
            </div>
            <Panel title=tr!(ADMIN_HOME_SOLD)>{move || today.with(sold)}</Panel>
            <div class="grid grid-cols-1 xl:grid-cols-2 gap-6 items-start">
                <Panel title=tr!(ADMIN_HOME_LATEST) flush=true>{move || today.with(|today| latest(&today.latest))}</Panel>
                <div id="low"><Panel title=tr!(ADMIN_HOME_LOW_STOCK) flush=true>{move || today.with(low)}</Panel></div>
            </div>
        </div>
    }
    .into_any()
}

fn attention(today: &DashboardView) -> AnyView {
    let (locale, zone) = (use_locale(), use_time_zone());
    let missing = today.missing.iter().map(|missing| match missing {
        Missing::Delivery => (tr!(ADMIN_HOME_MISSING_DELIVERY).to_owned(), 0, "/admin/settings/delivery/new"),
        Missing::Products => (tr!(ADMIN_HOME_MISSING_PRODUCTS).to_owned(), 0, "/admin/products/import"),
        Missing::Tax => (tr!(ADMIN_HOME_MISSING_TAX).to_owned(), 0, "/admin/settings/taxes"),
    });
    // What is to be packed has a time: the next cut-off, after which no parcel leaves today.
    let to_pack = match today.cut_off {
        Some(at) => tr!(ADMIN_HOME_TO_PACK_BEFORE, time = locale.time(at, zone)),
        None => tr!(ADMIN_ORDERS_FILTER_TO_PACK).to_owned(),
    };
    let waits = [
        (to_pack, today.queues.to_pack, "/admin/orders?queue=to_pack"),
        (tr!(ADMIN_ORDERS_FILTER_TO_SHIP).to_owned(), today.queues.to_ship, "/admin/orders?queue=to_ship"),
        (tr!(ADMIN_ORDERS_FILTER_UNPAID).to_owned(), today.queues.unpaid, "/admin/orders?queue=unpaid"),
        (tr!(ADMIN_ORDERS_FILTER_CASH_DUE).to_owned(), today.queues.cash_due, "/admin/orders?queue=cash_due"),
    ];
    let waits: Vec<_> = missing.chain(waits.into_iter().filter(|(_, count, _)| *count > 0)).collect();
    if waits.is_empty() {
        return view! { <p class="text-quiet">{tr!(ADMIN_HOME_ATTENTION_NONE)}</p> }.into_any();
    }
    let each = |(name, count, href): (String, i64, &'static str)| {
        let count = (count > 0).then(|| view! { <span class="figures font-semibold">{locale.number(count)}</span> });
        let words = view! { <span class="grow">{name}</span>{count} };
        view! { <li><a class="flex gap-4 py-2 hover:underline underline-offset-4" href=href>{words}</a></li> }.into_any()
    };
    view! { <ul class="divide-y divide-hairline">{waits.into_iter().map(each).collect_view()}</ul> }.into_any()
}

fn sold(today: &DashboardView) -> AnyView {
    let (locale, zone) = (use_locale(), use_time_zone());
    let bars: Vec<Bar> = today
        .last_days
        .iter()
        .map(|(day, minor)| {
            let date = zone.date(*day).to_string();
            Bar {
                label: locale.weekday_date(*day, zone),
                value: *minor,
                shown: locale.money(Money::new(*minor, today.sales.currency)),
                href: Some(address("/admin/orders", &[("sales", "1"), ("from", &date), ("to", &date)])),
            }
        })
        .collect();
    let shown = |bar: Option<&Bar>| bar.map(|bar| bar.shown.clone()).unwrap_or_default();
    let summary = tr!(ADMIN_HOME_LAST_DAYS_SUMMARY, first = shown(bars.first()), last = shown(bars.last()));
    view! { <BarChart title=tr!(ADMIN_HOME_LAST_DAYS) summary bars/> }.into_any()
}

fn latest(orders: &[OrderRowView]) -> AnyView {
    if orders.is_empty() {
        return view! { <EmptyState title=tr!(ADMIN_ORDERS_EMPTY_TITLE) body=tr!(ADMIN_ORDERS_EMPTY_BODY) plain=true/> }.into_any();
    }
    let locale = use_locale();
    // Two columns: the panel is narrow, and the total must be visible.
    let columns = vec![Column::new(tr!(ADMIN_ORDERS_COLUMN_NUMBER)), Column::figures(tr!(ADMIN_ORDERS_COLUMN_TOTAL))];
    let row = |order: OrderRowView| {
        view! {
            <Row>
                <td>
                    <div class="grid md:grid-cols-[9rem_1fr] gap-x-4 gap-y-1">
                        <div>
                            <a class="figures font-medium hover:underline underline-offset-4" href=format!("/admin/orders/{}", order.id)>{order.number.clone()}</a>
                            <p class="text-xs text-quiet"><When at=order.placed_at/></p>
                        </div>
                        <div class="min-w-0">
                            <p>{order.customer.clone().unwrap_or_else(|| tr!(ORDER_AT_COUNTER).to_owned())}</p>
                            <div class="flex flex-wrap gap-1 mt-1">
                                {states::payment(order.payment, order.method)}
                                {states::fulfilment(order.fulfilment, order.delivery, order.payment, order.method)}
                            </div>
                        </div>
                    </div>
                </td>
                <FigureCell>{locale.money(order.price())}</FigureCell>
            </Row>
        }
    };
    let rows = orders.iter().cloned().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_HOME_LATEST) columns>{rows}</Table> }.into_any()
}

fn low(today: &DashboardView) -> AnyView {
    let stock = &today.low_stock;
    if stock.is_empty() {
        return view! { <p class="p-5 text-quiet">{tr!(ADMIN_HOME_LOW_STOCK_NONE)}</p> }.into_any();
    }
    let locale = use_locale();
    let columns =
        vec![Column::new(tr!(ADMIN_PRODUCTS_SKU)), Column::new(tr!(ADMIN_PRODUCTS_NAME)), Column::figures(tr!(ADMIN_PRODUCTS_AVAILABLE))];
    let row = |row: StockRowView| {
        view! {
            <Row>
                <td><a class="figures font-medium hover:underline underline-offset-4" href=format!("/admin/stock?q={}", admin_layout::escaped(&row.sku))>{row.sku.clone()}</a></td>
                <td>{row.name.clone()} <span class="block text-xs text-quiet">{row.location_name.clone()}</span></td>
                <FigureCell>{locale.number(row.available)}</FigureCell>
            </Row>
        }
    };
    let rows = stock.iter().cloned().map(row).collect_view();
    let is_cut = i64::try_from(stock.len()).is_ok_and(|shown| shown < today.low_stock_count);
    let all = is_cut.then(
        || view! { <p class="px-5 py-3 text-sm"><a class="link" href="/admin/stock?low=true">{tr!(ADMIN_HOME_LOW_STOCK_ALL)}</a></p> },
    );
    view! {
        <Table caption=tr!(ADMIN_HOME_LOW_STOCK) columns>{rows}</Table>
        {all}
    }
    .into_any()
}
