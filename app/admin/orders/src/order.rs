//! An order's page: lines, customer, payment, parcels, timeline; and every action on it.

use admin_frame::{StaffForm, enclosing_id, on_done, refocus, shown};
use domain::Money;
use domain::id::OrderId;
use domain::order::PaymentState;
use domain::permission::Permission;
use domain::view::{OrderLineView, OrderView, TimelineEntry};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use server_fn::ServerFn;
use server_fn::client::Client;
use session::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};
use ui::{
    Alert, Breadcrumbs, Button, Column, Field, FigureCell, Look, Moment, PageHeader, Panel, PostalLabel, Reached, Row, Shape, SkeletonText,
    SumLine, Table, Timeline, Tone, icon, tr, use_locale, use_time_zone,
};

#[cfg(feature = "ssr")]
use crate::list::{order_change_error, order_error};
use crate::money::{cash_of_last, money};
use crate::parcel::{Allowed, Parcel, ParcelActions};
use crate::states;
use crate::units::{TypedUnits, cancelling_units};

/// An order, and the user's permissions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPageView {
    pub order: OrderView,
    pub may: Vec<Permission>,
    /// The request key of the page's forms that move money.
    pub key: String,
}

#[cfg(feature = "ssr")]
fn payment_error(error: &backend::payments::PaymentError, form: &str) -> AppError {
    use backend::payments::PaymentError;
    use session::request;
    match (error, error.message(request::locale())) {
        (PaymentError::Forbidden(_), _) => request::fail(AppError::new(403)),
        (PaymentError::Unknown, Some(message)) => request::fail(AppError::with_message(404, message)),
        (PaymentError::Amount | PaymentError::TooMuch(_) | PaymentError::TooMuchWith(..) | PaymentError::Capturing(_), Some(message)) => {
            request::invalid(vec![(format!("{form}-amount"), message)])
        }
        (PaymentError::TooManyUnits { line, .. }, Some(message)) => request::invalid(vec![(crate::units::field_id(form, *line), message)]),
        (PaymentError::TooMuchFee(_), Some(message)) => request::invalid(vec![(format!("{form}-fee"), message)]),
        (PaymentError::Reason, Some(message)) => request::invalid(vec![(format!("{form}-reason"), message)]),
        (_, Some(message)) => request::fail(AppError::with_message(409, message)),
        (_, None) => request::unexpected(error),
    }
}

/// An amount as typed in the field with this id, in the shop's currency; minor units.
#[cfg(feature = "ssr")]
fn amount_of(text: &str, shop: &backend::Shop, field: &str) -> Result<i64, AppError> {
    use session::request;
    domain::number::decimal(text, backend::settings::shop_currency(shop).exponent())
        .map_err(|error| request::invalid(vec![(field.to_owned(), error.of_amount().text(request::locale()).to_owned())]))
}

#[server(endpoint = "admin/order", output = Answer)]
pub async fn read_order_page(order: String) -> Result<OrderPageView, AppError> {
    use session::request;
    let ctx = request::authorize(Access::Staff(Permission::ReadOrders))?;
    let Ok(order) = order.parse::<OrderId>() else { return Err(request::not_found()) };
    let may = admin_frame::granted();
    let order =
        backend::order_management::view(&request::shop()?, &ctx, request::locale(), order).await.map_err(|error| order_error(&error))?;
    Ok(OrderPageView { order, may, key: request::shop()?.id().to_string() })
}
access!(ReadOrderPage, Access::Staff(Permission::ReadOrders));

/// Picks all open units.
#[server(endpoint = "admin/order/pick", output = Answer)]
pub async fn pick_order(order: OrderId) -> Result<(), AppError> {
    use session::request;
    let ctx = request::authorize(Access::Staff(Permission::FulfilOrders))?;
    backend::fulfilment::pick(&request::shop()?, &ctx, order).await.map_err(|error| crate::parcel::fulfilment_error(&error))?;
    Ok(())
}
access!(PickOrder, Access::Staff(Permission::FulfilOrders));

/// Captures an authorised payment; all of it without an amount.
#[server(endpoint = "admin/order/capture", output = Answer)]
pub async fn capture_payment(order: OrderId, amount: String, #[server(default)] key: String) -> Result<(), AppError> {
    use session::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::CapturePayments))?.with_key(&key), request::shop()?);
    let amount = if amount.trim().is_empty() { None } else { Some(amount_of(&amount, &shop, "capture-amount")?) };
    backend::payments::capture(&shop, &ctx, order, amount).await.map_err(|error| payment_error(&error, "capture"))
}
access!(CapturePayment, Access::Staff(Permission::CapturePayments));

/// Refunds units of lines, a part of the delivery fee, and another amount; what is empty is nothing.
#[server(endpoint = "admin/order/refund", output = Answer)]
pub async fn refund_payment(
    order: OrderId,
    #[server(default)] units: TypedUnits,
    #[server(default)] fee: String,
    #[server(default)] amount: String,
    reason: String,
    #[server(default)] key: String,
) -> Result<(), AppError> {
    use session::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::RefundPayments))?.with_key(&key), request::shop()?);
    let minor = |text: &str, field| if text.trim().is_empty() { Ok(0) } else { amount_of(text, &shop, field) };
    let lines = crate::units::read_units(&units, "refund")?;
    let wanted = domain::credit::CreditRequest { lines, fee: minor(&fee, "refund-fee")?, amount: minor(&amount, "refund-amount")? };
    backend::payments::refund(&shop, &ctx, order, wanted, &reason).await.map_err(|error| payment_error(&error, "refund"))?;
    Ok(())
}
access!(RefundPayment, Access::Staff(Permission::RefundPayments));

/// Cancels the order: stock, money and books are reversed together.
#[server(endpoint = "admin/order/cancel", output = Answer)]
pub async fn cancel_order(order: OrderId, reason: String) -> Result<(), AppError> {
    use session::request;
    let ctx = request::authorize(Access::Staff(Permission::CancelOrders))?;
    backend::order_management::cancel(&request::shop()?, &ctx, order, &reason).await.map_err(|error| order_change_error(&error))
}
access!(CancelOrder, Access::Staff(Permission::CancelOrders));

/// Cancels the units that are not shipped of an order that is partly shipped.
#[server(endpoint = "admin/order/cancel-rest", output = Answer)]
pub async fn cancel_rest(order: OrderId, reason: String) -> Result<(), AppError> {
    use session::request;
    let ctx = request::authorize(Access::Staff(Permission::CancelOrders))?;
    backend::order_management::cancel_rest(&request::shop()?, &ctx, order, &reason).await.map_err(|error| order_change_error(&error))
}
access!(CancelRest, Access::Staff(Permission::CancelOrders));

/// Cancels units of lines that did not leave yet; with their share of the delivery fee where `fee` is ticked.
#[server(endpoint = "admin/order/cancel-units", output = Answer)]
pub async fn cancel_units(
    order: OrderId,
    #[server(default)] units: TypedUnits,
    #[server(default)] fee: bool,
    reason: String,
    #[server(default)] key: String,
) -> Result<(), AppError> {
    use backend::order_management::OrderChangeError;
    use session::request;
    let ctx = request::authorize(Access::Staff(Permission::CancelOrders))?.with_key(&key);
    let lines = crate::units::read_units(&units, "cancel")?;
    let done = backend::order_management::cancel_units(&request::shop()?, &ctx, order, lines, fee, &reason).await;
    done.map_err(|error| match (&error, error.message(request::locale())) {
        (OrderChangeError::TooManyUnits { line, .. }, Some(message)) => {
            request::invalid(vec![(crate::units::field_id("cancel", *line), message)])
        }
        (OrderChangeError::Reason, Some(message)) => request::invalid(vec![("cancel-units-reason".into(), message)]),
        _ => order_change_error(&error),
    })
}
access!(CancelUnits, Access::Staff(Permission::CancelOrders));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[
    access_of::<ReadOrderPage>(),
    access_of::<PickOrder>(),
    access_of::<CapturePayment>(),
    access_of::<RefundPayment>(),
    access_of::<CancelOrder>(),
    access_of::<CancelRest>(),
    access_of::<CancelUnits>(),
];

/// The actions of an order's page.
#[derive(Clone, Copy)]
pub(crate) struct Actions {
    pick: ServerAction<PickOrder>,
    pub(crate) capture: ServerAction<CapturePayment>,
    pub(crate) refund: ServerAction<RefundPayment>,
    cancel: ServerAction<CancelOrder>,
    cancel_rest: ServerAction<CancelRest>,
    pub(crate) cancel_units: ServerAction<CancelUnits>,
    parcel: ParcelActions,
    /// The page's form fallback.
    pub(crate) fallback: StoredValue<FormFallback>,
}

/// The id of the section with the parcels and the button to pick.
const FULFILMENT: &str = "fulfilment";

/// `/admin/orders/:order`
#[derive(Debug)]
pub struct OrderPage;

lazy_page!(OrderPage, orders, order_page);

fn order_page() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("order").unwrap_or_default()));
    let version = RwSignal::new(0_u32);
    let changed = Callback::new(move |()| version.update(|times| *times += 1));
    let fallback = StoredValue::new(use_form_fallback());
    let actions = Actions {
        pick: ServerAction::new(),
        capture: ServerAction::new(),
        refund: ServerAction::new(),
        cancel: ServerAction::new(),
        cancel_rest: ServerAction::new(),
        cancel_units: ServerAction::new(),
        parcel: ParcelActions::new(changed, fallback),
        fallback,
    };
    on_done(actions.pick, tr!(ORDER_EVENT_PICKED), move |()| changed.run(()));
    on_done(actions.capture, tr!(COMMON_DONE), move |()| changed.run(()));
    on_done(actions.refund, tr!(COMMON_DONE), move |()| changed.run(()));
    on_done(actions.cancel, tr!(ORDER_EVENT_CANCELLED), move |()| changed.run(()));
    on_done(actions.cancel_rest, tr!(ORDER_EVENT_CANCELLED), move |()| changed.run(()));
    on_done(actions.cancel_units, tr!(COMMON_DONE), move |()| changed.run(()));
    let order = resource(move || (id.get(), version.get()), |(id, _)| read_order_page(id));
    let sent_from = StoredValue::new(None::<String>);
    view! {
        <Transition fallback=|| view! { <SkeletonText/> }>
            {shown(order, move |view| {
                if let Some(section) = sent_from.try_update_value(Option::take).flatten() {
                    refocus(focus_after(&section));
                }
                page(view, actions, sent_from)
            })}
        </Transition>
    }
    .into_any()
}

/// The selectors for the focus after a form in this section: the new parcel, the section's heading, or
/// the page's.
fn focus_after(section: &str) -> Vec<String> {
    let new_parcel = (section == FULFILMENT).then(|| format!("#{FULFILMENT} section section:last-child h3"));
    new_parcel.into_iter().chain([format!("#{section} :is(h2, h3)"), "main h1".to_owned()]).collect()
}

fn page(view: OrderPageView, actions: Actions, sent_from: StoredValue<Option<String>>) -> AnyView {
    let locale = use_locale();
    let OrderPageView { order, may, key } = view;
    let title = tr!(ORDER_NUMBER, number = order.number);
    let above = vec![("/admin/orders".to_owned(), tr!(ADMIN_ORDERS).to_owned())];
    let (payment, fulfilment) = ((order.payment, order.payment_method), (order.fulfilment, order.delivery));
    let cancelled =
        order.cancelled.clone().map(|(_, reason)| view! { <Alert tone=Tone::Warning title=tr!(ORDER_STATE_CANCELLED)>{reason}</Alert> });
    let may = |permission: Permission| may.contains(&permission);
    let allowed = Allowed {
        fulfil: may(Permission::FulfilOrders),
        refund: may(Permission::RefundPayments),
        paid: order.captured.minor > order.refunded.minor || order.payment == PaymentState::Authorised,
        cash: cash_of_last(&order),
        hand_over: order.delivery_name.is_none(),
    };
    let content = (lines(&order.lines), sums(&order));
    let moments: Vec<Moment> = order.timeline.iter().map(moment).collect();
    view! {
        <Title text=title.clone()/>
        <div class="flex flex-col gap-5" on:submit=move |event| sent_from.set_value(enclosing_id(&event))>
            <Breadcrumbs above here=order.number.clone()/>
            <PageHeader
                title
                detail=tr!(ORDER_PLACED_ON, date = locale.date_time(order.placed_at, use_time_zone()))
                actions=move || view! { {states::payment(payment.0, payment.1)} {states::fulfilment(fulfilment.0, fulfilment.1, payment.0, payment.1)} }.into_any()
            />
            {cancelled}
            <div class="grid xl:grid-cols-[1fr_24rem] gap-6 items-start">
                <div class="flex flex-col gap-6 min-w-0">
                    <Panel title=tr!(ORDER_CONTENTS) flush=true>{content}</Panel>
                    <div id=FULFILMENT>{parcels(&order, allowed, actions)}</div>
                    <Panel title=tr!(ORDER_TIMELINE)><Timeline moments/></Panel>
                </div>
                <div class="flex flex-col gap-6 min-w-0">
                    <div id="money">{money(&order, &key, may(Permission::CapturePayments), may(Permission::RefundPayments), actions)}</div>
                    {people(&order)}
                    {may(Permission::CancelOrders).then(|| cancelling(&order, &key, actions))}
                </div>
            </div>
        </div>
    }
    .into_any()
}

fn lines(lines: &[OrderLineView]) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADMIN_PRODUCTS_NAME)),
        Column::new(tr!(ADMIN_PRODUCTS_SKU)).wide_only(),
        Column::figures(tr!(ADMIN_ORDERS_COLUMN_ITEMS)),
        Column::figures(tr!(ADMIN_PRODUCTS_PRICE)).wide_only(),
        Column::figures(tr!(CART_LINE_TOTAL)),
    ];
    let row = |line: OrderLineView| {
        let stock = format!("/admin/stock?q={}", admin_frame::escaped(&line.sku));
        view! {
            <Row>
                <td>
                    <span class="font-medium">{line.name.clone()}</span>" "<span class="text-quiet">{line.options.clone()}</span>
                    {fates(&line).map(|fates| view! { <p class="text-sm text-quiet">{fates}</p> }.into_any())}
                </td>
                <td class="max-md:hidden"><a class="figures hover:underline underline-offset-4" href=stock>{line.sku.clone()}</a></td>
                <FigureCell>{locale.number(line.quantity)}</FigureCell>
                <td class="max-md:hidden figures text-end">{locale.money(line.unit_price)}</td>
                <FigureCell>{locale.money(line.total)}</FigureCell>
            </Row>
        }
    };
    let rows = lines.iter().cloned().map(row).collect_view();
    view! { <Table caption=tr!(ORDER_CONTENTS) columns>{rows}</Table> }.into_any()
}

/// What became of a line's units, where not all of them are simply sent: "1 cancelled · 2 came back".
fn fates(line: &OrderLineView) -> Option<String> {
    let locale = use_locale();
    let one = |units: i64, message: domain::messages::Msg| (units > 0).then(|| message.with(locale, &[("units", &locale.number(units))]));
    let fates = [
        one(line.cancelled, domain::messages::t::ADMIN_ORDERS_UNITS_CANCELLED),
        one(line.returned - line.restocked, domain::messages::t::ADMIN_ORDERS_UNITS_WRITTEN_OFF),
        one(line.restocked, domain::messages::t::ADMIN_ORDERS_UNITS_RESTOCKED),
    ];
    let fates: Vec<String> = fates.into_iter().flatten().collect();
    (!fates.is_empty()).then(|| fates.join(" · "))
}

fn sums(order: &OrderView) -> AnyView {
    let locale = use_locale();
    let discount = (order.discount.minor != 0).then(|| {
        let minus = Money::new(-order.discount.minor, order.discount.currency);
        view! { <SumLine label=format!("{} {}", tr!(CART_DISCOUNT), order.discount_code().unwrap_or_default()) amount=locale.money(minus)/> }
    });
    let waived = (order.waived.minor > 0).then(|| {
        let minus = Money::new(-order.waived.minor, order.waived.currency);
        view! { <SumLine label=tr!(ORDER_WAIVED) amount=locale.money(minus)/> }
    });
    let of_rate = |(rate_bp, net, tax): (i64, Money, Money)| {
        let label = tr!(ADMIN_ORDERS_TAX_OF, rate = locale.percent(rate_bp), amount = locale.money(net));
        view! { <SumLine label amount=locale.money(tax)/> }
    };
    let taxes = order.taxes_by_rate().into_iter().map(of_rate).collect_view();
    view! {
        <dl class="flex flex-col gap-1.5 px-5 py-4 border-t border-hairline ms-auto max-w-sm">
            <SumLine label=tr!(CART_SUBTOTAL) amount=locale.money(order.subtotal)/>
            {discount}
            <SumLine label=tr!(CART_SHIPPING) amount=locale.money(order.shipping)/>
            <SumLine label=tr!(CART_TAX) amount=locale.money(order.tax)/>
            {taxes}
            <SumLine label=tr!(CART_TOTAL) amount=locale.money(order.total) total=true/>
            {waived}
        </dl>
    }
    .into_any()
}

fn parcels(order: &OrderView, allowed: Allowed, actions: Actions) -> AnyView {
    let open = order.unpicked > 0 && order.cancelled.is_none() && order.payment.may_be_sent(order.payment_method);
    let (id, pick) = (order.id.to_string(), actions.pick);
    let fault = actions.fallback.with_value(|fallback| problem(pick, fallback));
    let picking = (allowed.fulfil && open).then(|| {
        view! {
            <ProblemSummary problem=fault/>
            <StaffForm action=pick>
                <input type="hidden" name="order" value=id/>
                <Button kind="submit" icon=icon::PACKAGE busy=pick.pending()>{tr!(ADMIN_ORDERS_ACTION_PICK)}</Button>
            </StaffForm>
        }
    });
    let none = order.parcels.is_empty().then(|| view! { <p class="text-quiet">{tr!(ADMIN_ORDERS_NO_PARCELS)}</p> });
    let lines = order.lines.clone();
    let each = order.parcels.iter().cloned().enumerate().map(|(at, parcel)| {
        view! { <Parcel number=at + 1 parcel lines=lines.clone() allowed actions=actions.parcel/> }
    });
    let each = each.collect_view();
    view! {
        <Panel title=tr!(ORDER_FULFILMENT)>
            <div class="flex flex-col gap-4">
                {none}
                <div class="divide-y divide-hairline">{each}</div>
                {picking}
            </div>
        </Panel>
    }
    .into_any()
}

/// The form to cancel the order, or its units that are not shipped.
fn cancelling(order: &OrderView, key: &str, actions: Actions) -> AnyView {
    if order.cancelled.is_some() || order.unsent == 0 {
        return ().into_any();
    }
    let (id, units) = (order.id.to_string(), cancelling_units(order, key, actions));
    if order.lines.iter().any(|line| line.shipped > 0) {
        cancel_panel(
            id,
            units,
            actions.cancel_rest,
            actions.fallback,
            tr!(ADMIN_ORDERS_ACTION_CANCEL_REST),
            tr!(ADMIN_ORDERS_CANCEL_REST_BODY),
        )
    } else {
        cancel_panel(id, units, actions.cancel, actions.fallback, tr!(ADMIN_ORDERS_ACTION_CANCEL), tr!(ADMIN_ORDERS_CANCEL_BODY))
    }
}

fn cancel_panel<F>(
    id: String,
    units: AnyView,
    action: ServerAction<F>,
    fallback: StoredValue<FormFallback>,
    title: &'static str,
    body: &'static str,
) -> AnyView
where
    F: DeserializeOwned + ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    <<F as ServerFn>::Client as Client<F::Error, F::InputStreamError, F::OutputStreamError>>::Request: Send,
    F::Output: Clone + Send + Sync + 'static,
{
    let (problem, typed) = fallback.with_value(|fallback| (problem(action, fallback), typed(action, fallback)));
    view! {
        <div id="cancelling">
            <Panel title>
                <ProblemSummary problem/>
                <StaffForm action>
                    <input type="hidden" name="order" value=id/>
                    <div class="flex flex-col gap-3">
                        <p class="text-sm text-quiet">{body}</p>
                        <Field label=tr!(ADMIN_ORDERS_REASON) name="reason" value=typed.or("reason", "") maxlength=200 error=wrong(problem, "reason")/>
                        <div><Button kind="submit" look=Look::Danger busy=action.pending()>{title}</Button></div>
                    </div>
                </StaffForm>
                {units}
            </Panel>
        </div>
    }
    .into_any()
}

fn people(order: &OrderView) -> AnyView {
    let contact = order.contact.clone().map(|contact| {
        let found = format!("/admin/orders?q={}", admin_frame::escaped(&contact.email));
        view! {
            <div>
                <p class="font-medium">{contact.name}</p>
                <p><a class="link" href=found>{contact.email}</a></p>
                <p class="figures">{contact.phone}</p>
            </div>
        }
        .into_any()
    });
    let contact = contact.unwrap_or_else(|| view! { <p class="text-quiet">{tr!(ADMIN_ORDERS_NO_CONTACT)}</p> }.into_any());
    let address = |title: &'static str, lines: &Vec<String>| {
        let lines = lines.clone();
        (!lines.is_empty()).then(|| view! { <div><h3 class="text-sm text-quiet">{title}</h3><PostalLabel lines/></div> }.into_any())
    };
    let addresses = [address(tr!(ORDER_DELIVER_TO), &order.shipping_label), address(tr!(ORDER_BILLED_TO), &order.billing_label)];
    let delivery = order.delivery_name.clone().unwrap_or_else(|| tr!(ORDER_AT_COUNTER).to_owned());
    view! {
        <Panel title=tr!(ADMIN_ORDERS_COLUMN_CUSTOMER)>
            <div class="flex flex-col gap-4">
                {contact}
                {addresses.into_iter().collect_view()}
                <p>{delivery}</p>
            </div>
        </Panel>
    }
    .into_any()
}

fn moment(entry: &TimelineEntry) -> Moment {
    Moment {
        title: entry.text.clone(),
        at: Some(entry.at),
        detail: (!entry.actor.is_empty()).then(|| entry.actor.clone()),
        shape: shape(&entry.kind),
        reached: Reached::Past,
    }
}

fn shape(kind: &str) -> Shape {
    match kind.split_once('.').map_or(kind, |(area, _)| area) {
        "payment" => icon::CREDIT_CARD,
        "parcel" => icon::TRUCK,
        "stock" => icon::BOXES,
        _ => icon::RECEIPT,
    }
}
