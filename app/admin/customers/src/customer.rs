//! A customer's page: what they spent, orders, notes, tags, contact and addresses.

use admin_layout::{page_at, pager, shown, states};
use domain::Locale;
use domain::permission::Permission;
use domain::view::{ContactDetails, CustomerAccountView, CustomerView, OrderRowView, PageAt, SpentView};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};
use ui::{
    Breadcrumbs, Column, FigureCell, LinkButton, Look, PageHeader, Panel, PostalLabel, Row, SkeletonText, Table, When, icon, tr,
    use_locale, use_time_zone,
};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource, use_form_fallback};

#[cfg(feature = "ssr")]
use crate::customer_error;
use crate::notes::{Actions, notes, tags};
use crate::rows::LIST;

/// A customer, and what the user may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerPageView {
    pub customer: CustomerView,
    pub may_write: bool,
    pub may_read_orders: bool,
    /// The request key of the form for a note.
    pub key: String,
}

/// A customer by one of their contacts, with a page of their orders.
#[server(endpoint = "admin/customer", output = Answer)]
pub async fn read_customer(customer: String, #[server(default)] at: PageAt) -> Result<CustomerPageView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadCustomers))?, request::shop()?);
    let Ok(customer) = customer.parse::<domain::id::ContactId>() else { return Err(request::not_found()) };
    let customer = backend::customers::view(&shop, &ctx, request::locale(), customer, &at).await.map_err(|error| customer_error(&error))?;
    Ok(CustomerPageView {
        customer,
        may_write: ctx.may(Permission::WriteCustomers),
        may_read_orders: ctx.may(Permission::ReadOrders),
        key: shop.id().to_string(),
    })
}
access!(ReadCustomer, Access::Staff(Permission::ReadCustomers));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadCustomer>()];

/// `/admin/customers/:customer`
#[derive(Debug)]
pub struct CustomerPage;

lazy_page!(CustomerPage, orders, customer_page);

fn customer_page() -> AnyView {
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| params.with(|params| params.get("customer").unwrap_or_default()));
    let at = Memo::new(move |_| query.with(page_at));
    let version = RwSignal::new(0_u32);
    let changed = Callback::new(move |()| {
        // A page that was left is not read again.
        let _ = version.try_update(|times| *times += 1);
    });
    let actions = Actions::new(use_form_fallback(), changed);
    let customer = resource(move || (id.get(), at.get(), version.get()), |(id, at, _)| read_customer(id, at));
    view! {
        <Transition fallback=|| view! { <SkeletonText/> }>
            {shown(customer, move |view| page(view, actions, &at.get_untracked()))}
        </Transition>
    }
    .into_any()
}

fn page(view: CustomerPageView, actions: Actions, at: &PageAt) -> AnyView {
    let CustomerPageView { customer, may_write, may_read_orders, key } = view;
    let above = vec![(LIST.to_owned(), tr!(ADMIN_CUSTOMERS).to_owned())];
    let (own, name) = (format!("{LIST}/{}", customer.id), customer.contact.name.clone());
    let merge = may_write.then(|| format!("{own}/merge"));
    let header = move || {
        let merge = merge.clone();
        merge
            .map(|href| view! { <LinkButton href look=Look::Outline icon=icon::USERS>{tr!(ADMIN_CUSTOMERS_MERGE)}</LinkButton> })
            .into_any()
    };
    let orders = orders(customer.list.orders.clone(), may_read_orders);
    let pager = pager(&own, &[], at, customer.list.previous.clone(), customer.list.next.clone());
    view! {
        <Title text=name.clone()/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=name.clone()/>
            <PageHeader title=name actions=header/>
            {figures(&customer)}
            <div class="grid xl:grid-cols-[1fr_24rem] gap-6 items-start">
                <div class="flex flex-col gap-6 min-w-0">
                    <div>
                        <Panel title=tr!(ADMIN_ORDERS) flush=true>{orders}</Panel>
                        {pager}
                    </div>
                    {notes(&customer, &key, may_write, actions)}
                </div>
                <div class="flex flex-col gap-6 min-w-0">
                    {contact(&customer)}
                    {tags(&customer, may_write, actions)}
                    {addresses(&customer.addresses)}
                </div>
            </div>
        </div>
    }
    .into_any()
}

/// What they spent, how many orders they have, and when the last was.
fn figures(customer: &CustomerView) -> AnyView {
    let (locale, zone) = (use_locale(), use_time_zone());
    let money = |of: fn(&SpentView) -> domain::Money| {
        let amounts: Vec<String> = customer.spent.iter().map(|spent| locale.money(of(spent))).collect();
        if amounts.is_empty() { tr!(COMMON_NONE).to_owned() } else { amounts.join(" · ") }
    };
    let last = customer.last_order.map_or_else(|| tr!(COMMON_NONE).to_owned(), |at| locale.date(at, zone));
    let figures = [
        (tr!(ADMIN_CUSTOMERS_SPENT), money(|spent| spent.total), Some(tr!(ADMIN_CUSTOMERS_SPENT_BODY))),
        (tr!(ADMIN_CUSTOMERS_ORDERS), locale.number(customer.orders), sales(locale, customer)),
        (tr!(ADMIN_HOME_AVERAGE_ORDER), money(|spent| spent.average), None),
        (tr!(ADMIN_CUSTOMERS_LAST_ORDER), last, None),
    ];
    let figures = figures.map(|(name, figure, detail)| {
        view! {
            <div class="flex flex-col gap-1 bg-raised border border-hairline rounded-card p-4">
                <dt class="text-sm text-quiet">{name}</dt>
                <dd class="text-xl font-semibold figures leading-tight wrap-anywhere">{figure}</dd>
                {detail.map(|detail| view! { <dd class="text-sm text-quiet">{detail}</dd> })}
            </div>
        }
    });
    view! { <dl class="grid grid-cols-1 min-[22rem]:grid-cols-2 xl:grid-cols-4 gap-3">{figures.into_iter().collect_view()}</dl> }.into_any()
}

/// Says that not all orders are sales, where that is so.
fn sales(locale: Locale, customer: &CustomerView) -> Option<&'static str> {
    let sales: i64 = customer.spent.iter().map(|spent| spent.orders).sum();
    (sales < customer.orders).then(|| ui::t::ADMIN_CUSTOMERS_NOT_ALL_SALES.text(locale))
}

fn orders(orders: Vec<OrderRowView>, may_open: bool) -> AnyView {
    if orders.is_empty() {
        return view! { <p class="p-4 md:p-5 text-quiet">{tr!(ADMIN_CUSTOMERS_NO_ORDERS)}</p> }.into_any();
    }
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADMIN_ORDERS_COLUMN_NUMBER)),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_DATE)).wide_only(),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_PAYMENT)).wide_only(),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_FULFILMENT)).wide_only(),
        Column::figures(tr!(ADMIN_ORDERS_COLUMN_TOTAL)),
    ];
    let row = move |order: OrderRowView| {
        let price = order.price();
        let number = if may_open {
            let href = format!("/admin/orders/{}", order.id);
            view! { <a class="tap figures font-medium hover:underline underline-offset-4" href=href>{order.number}</a> }.into_any()
        } else {
            view! { <span class="figures font-medium">{order.number}</span> }.into_any()
        };
        let payment = move || states::payment(order.payment, order.method);
        let fulfilment = move || states::fulfilment(order.fulfilment, order.delivery, order.payment, order.method);
        view! {
            <Row>
                <td>
                    {number}
                    <div class="md:hidden">
                        <p class="text-quiet"><When at=order.placed_at/></p>
                        <div class="flex flex-wrap gap-1 mt-1">{payment()}{fulfilment()}</div>
                    </div>
                </td>
                <td class="max-md:hidden text-quiet whitespace-nowrap"><When at=order.placed_at/></td>
                <td class="max-md:hidden">{payment()}</td>
                <td class="max-md:hidden">{fulfilment()}</td>
                <FigureCell>{locale.money(price)}</FigureCell>
            </Row>
        }
    };
    let rows = orders.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_ORDERS) columns>{rows}</Table> }.into_any()
}

fn contact(customer: &CustomerView) -> AnyView {
    let accounts = customer.accounts.iter().map(account).collect_view();
    let guest = customer.accounts.is_empty().then(|| view! { <p class="text-quiet">{tr!(ADMIN_CUSTOMERS_GUEST)}</p> });
    let others = (!customer.others.is_empty()).then(|| {
        let others = customer.others.iter().map(|other| view! { <li class="mt-2">{details(other)}</li> }).collect_view();
        view! {
            <div>
                <h3 class="text-sm text-quiet font-sans tracking-normal">{tr!(ADMIN_CUSTOMERS_OTHERS)}</h3>
                <ul>{others}</ul>
            </div>
        }
    });
    let own = details(&customer.contact);
    view! {
        <Panel title=tr!(ADMIN_CUSTOMERS_CONTACT)>
            <div class="flex flex-col gap-4">
                {own}
                <div>{accounts}{guest}</div>
                {others}
            </div>
        </Panel>
    }
    .into_any()
}

fn details(contact: &ContactDetails) -> AnyView {
    let ContactDetails { name, email, phone } = contact.clone();
    view! {
        <p class="font-medium wrap-anywhere">{name}</p>
        {(!email.is_empty()).then(|| view! { <p><a class="link inline-flex items-center min-h-11 wrap-anywhere" href=format!("mailto:{email}")>{email.clone()}</a></p> })}
        {(!phone.is_empty()).then(|| view! { <p><a class="link inline-flex items-center min-h-11 figures" href=format!("tel:{phone}")>{phone.clone()}</a></p> })}
    }
    .into_any()
}

fn account(account: &CustomerAccountView) -> AnyView {
    let since = use_locale().date(account.since, use_time_zone());
    view! {
        <p>{tr!(ADMIN_CUSTOMERS_ACCOUNT_SINCE, date = since)}</p>
        {(!account.active).then(|| view! { <p class="text-quiet">{tr!(ADMIN_CUSTOMERS_INACTIVE)}</p> })}
        {account.news.then(|| view! { <p class="text-quiet">{tr!(ADMIN_CUSTOMERS_NEWS)}</p> })}
    }
    .into_any()
}

fn addresses(labels: &[Vec<String>]) -> AnyView {
    let none = labels.is_empty().then(|| view! { <p class="text-quiet">{tr!(ADMIN_CUSTOMERS_NO_ADDRESSES)}</p> });
    let labels = labels.iter().map(|lines| view! { <li><PostalLabel lines=lines.clone()/></li> }).collect_view();
    view! {
        <Panel title=tr!(ADMIN_CUSTOMERS_ADDRESSES)>
            {none}
            <ul class="flex flex-col gap-4">{labels}</ul>
        </Panel>
    }
    .into_any()
}
