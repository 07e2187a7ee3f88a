//! An order's page: lines, customer, payment, parcels, timeline; and every action on it.

use admin_layout::{StaffForm, enclosing_id, keep_typed, refocus, shown};
use domain::id::{OrderId, RefundId};
use domain::order::{PaymentState, ReturnedItems};
use domain::permission::Permission;
use domain::view::{OrderView, TimelineEntry};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use server_fn::ServerFn;
use server_fn::client::Client;
use ui::{
    Alert, Breadcrumbs, Button, Field, Look, Moment, PageHeader, Panel, PostalLabel, Reached, Shape, SkeletonText, Timeline, Tone, icon,
    tr, use_locale, use_time_zone,
};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, TypedUnits, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

use crate::answers::{Page, on_answer};
use crate::contents::{lines, sums};
#[cfg(feature = "ssr")]
use crate::list::{order_change_error, order_error};
use crate::money::{cash_of_last, money};
use crate::parcel::{Allowed, Parcel, ParcelActions};
use crate::states;
use crate::units::cancel_units_form;

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
    use web::request;
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

#[server(endpoint = "admin/order", output = Answer)]
pub async fn read_order_page(order: String) -> Result<OrderPageView, AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::ReadOrders))?;
    let Ok(order) = order.parse::<OrderId>() else { return Err(request::not_found()) };
    let may = admin_layout::granted();
    let order =
        backend::order_management::view(&request::shop()?, &ctx, request::locale(), order).await.map_err(|error| order_error(&error))?;
    Ok(OrderPageView { order, may, key: request::shop()?.id().to_string() })
}
access!(ReadOrderPage, Access::Staff(Permission::ReadOrders));

/// Picks all open units.
#[server(endpoint = "admin/order/pick", output = Answer)]
pub async fn pick_order(order: OrderId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::FulfilOrders))?;
    backend::fulfilment::pick(&request::shop()?, &ctx, order).await.map_err(|error| crate::parcel::fulfilment_error(&error))?;
    Ok(())
}
access!(PickOrder, Access::Staff(Permission::FulfilOrders));

/// Captures an authorised payment; all of it without an amount.
#[server(endpoint = "admin/order/capture", output = Answer)]
pub async fn capture_payment(order: OrderId, amount: String, #[server(default)] key: String) -> Result<(), AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::CapturePayments))?.with_key(&key), request::shop()?);
    let amount = if amount.trim().is_empty() {
        None
    } else {
        let read = crate::units::amount_of(&amount, &shop);
        Some(read.map_err(|message| request::invalid(vec![("capture-amount".into(), message)]))?)
    };
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
    use web::request;
    let (ctx, shop) = (request::authorize(Access::ConfirmedStaff(Permission::RefundPayments))?.with_key(&key), request::shop()?);
    let wanted = crate::units::read_refund(&shop, &units, &fee, &amount, &reason)?;
    if let Err(error) = backend::payments::refund(&shop, &ctx, order, wanted.clone(), &reason).await {
        let several = crate::units::refund_faults(&shop, &ctx, order, &error, &wanted).await;
        return Err(several.unwrap_or_else(|| payment_error(&error, "refund")));
    }
    Ok(())
}
access!(RefundPayment, Access::ConfirmedStaff(Permission::RefundPayments));

/// Records that the cash of a refund was handed over or transferred.
#[server(endpoint = "admin/order/refund/handed-over", output = Answer)]
pub async fn hand_over_refund(refund: RefundId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::FulfilOrders))?;
    backend::payments::hand_over_refund(&request::shop()?, &ctx, refund).await.map_err(|error| payment_error(&error, "refund"))
}
access!(HandOverRefund, Access::Staff(Permission::FulfilOrders));

/// Cancels the order: stock, money and books are reversed together.
#[server(endpoint = "admin/order/cancel", output = Answer)]
pub async fn cancel_order(order: OrderId, reason: String) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::CancelOrders))?;
    backend::order_management::cancel(&request::shop()?, &ctx, order, &reason).await.map_err(|error| order_change_error(&error))
}
access!(CancelOrder, Access::Staff(Permission::CancelOrders));

/// Cancels the units that are not shipped of an order that is partly shipped.
#[server(endpoint = "admin/order/cancel-rest", output = Answer)]
pub async fn cancel_rest(order: OrderId, reason: String) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::CancelOrders))?;
    backend::order_management::cancel_rest(&request::shop()?, &ctx, order, &reason).await.map_err(|error| order_change_error(&error))
}
access!(CancelRest, Access::Staff(Permission::CancelOrders));

/// Cancels units of lines that did not leave yet; with their share of the delivery fee where `fee` is ticked. `items` says whether they
/// are for sale again.
#[server(endpoint = "admin/order/cancel-units", output = Answer)]
pub async fn cancel_units(
    order: OrderId,
    #[server(default)] units: TypedUnits,
    #[server(default)] fee: bool,
    #[server(default)] items: Option<ReturnedItems>,
    reason: String,
    #[server(default)] key: String,
) -> Result<(), AppError> {
    use backend::order_management::CancelledUnits;
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::CancelOrders))?.with_key(&key), request::shop()?);
    let lines = crate::units::read_cancelled(&units, &reason)?;
    let cancelled = CancelledUnits { lines: lines.clone(), with_fee: fee, items: items.unwrap_or(ReturnedItems::Restock) };
    match backend::order_management::cancel_some(&shop, &ctx, order, cancelled, &reason).await {
        Ok(()) => Ok(()),
        Err(error) => Err(crate::units::cancel_faults(&shop, &ctx, order, &error, &lines).await),
    }
}
access!(CancelUnits, Access::Staff(Permission::CancelOrders));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[
    access_of::<ReadOrderPage>(),
    access_of::<PickOrder>(),
    access_of::<CapturePayment>(),
    access_of::<RefundPayment>(),
    access_of::<HandOverRefund>(),
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
    pub(crate) hand_over: ServerAction<HandOverRefund>,
    cancel: ServerAction<CancelOrder>,
    cancel_rest: ServerAction<CancelRest>,
    pub(crate) cancel_units: ServerAction<CancelUnits>,
    parcel: ParcelActions,
    pub(crate) fallback: StoredValue<FormFallback>,
    /// Reads the page again.
    pub(crate) stale: Callback<()>,
}

impl Actions {
    fn answer(self, page: Page) {
        on_answer(self.pick, tr!(ORDER_EVENT_PICKING), page);
        on_answer(self.capture, tr!(COMMON_DONE), page);
        on_answer(self.refund, tr!(COMMON_DONE), page);
        on_answer(self.hand_over, tr!(COMMON_DONE), page);
        on_answer(self.cancel, tr!(ORDER_EVENT_CANCELLED), page);
        on_answer(self.cancel_rest, tr!(ORDER_EVENT_CANCELLED), page);
        on_answer(self.cancel_units, tr!(COMMON_DONE), page);
        self.parcel.answer(page);
    }

    /// Forgets what was wrong in any of the forms.
    fn forget_errors(self) {
        self.fallback.set_value(FormFallback::default());
        self.pick.clear();
        self.capture.clear();
        self.refund.clear();
        self.hand_over.clear();
        self.cancel.clear();
        self.cancel_rest.clear();
        self.cancel_units.clear();
        self.parcel.forget_errors();
    }
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
    let fallback = StoredValue::new(use_form_fallback());
    let stale = Callback::new(move |()| {
        // A page that was left is not read again.
        let _ = version.try_update(|times| *times += 1);
    });
    let actions = Actions {
        pick: ServerAction::new(),
        capture: ServerAction::new(),
        refund: ServerAction::new(),
        hand_over: ServerAction::new(),
        cancel: ServerAction::new(),
        cancel_rest: ServerAction::new(),
        cancel_units: ServerAction::new(),
        parcel: ParcelActions::new(fallback),
        fallback,
        stale,
    };
    let changed = Callback::new(move |()| {
        actions.forget_errors();
        stale.run(());
    });
    actions.answer(Page { changed, stale });
    let order = resource(move || (id.get(), version.get()), |(id, _)| read_order_page(id));
    let (sent_from, is_first) = (StoredValue::new(None::<String>), StoredValue::new(true));
    view! {
        <Transition fallback=|| view! { <SkeletonText/> }>
            {shown(order, move |view| {
                if !is_first.try_update_value(|first| std::mem::replace(first, false)).unwrap_or(true) {
                    keep_typed();
                }
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
        paid: order.refundable().minor > 0 || order.payment == PaymentState::Authorised,
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
                    <Panel title=tr!(ADMIN_ORDERS_COLUMN_ITEMS) flush=true>{content}</Panel>
                    <div id=FULFILMENT>{parcels(&order, allowed, actions)}</div>
                    <Panel title=tr!(ORDER_TIMELINE)><Timeline moments/></Panel>
                </div>
                <div class="flex flex-col gap-6 min-w-0">
                    <div id="money">{money(&order, &key, may, actions)}</div>
                    {people(&order, may(Permission::ReadCustomers))}
                    {may(Permission::CancelOrders).then(|| cancelling(&order, &key, actions))}
                </div>
            </div>
        </div>
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
        let refund = order.refund_of(&parcel);
        view! { <Parcel number=at + 1 parcel lines=lines.clone() refund allowed actions=actions.parcel/> }
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
    let (id, units) = (order.id.to_string(), cancel_units_form(order, key, actions));
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
                        <Field label=tr!(ADMIN_ORDERS_REASON_CANCEL) name="reason" value=typed.or("reason", "") maxlength=200 error=wrong(problem, "reason")/>
                        <div><Button kind="submit" look=Look::Danger busy=action.pending()>{title}</Button></div>
                    </div>
                </StaffForm>
                {units}
            </Panel>
        </div>
    }
    .into_any()
}

fn people(order: &OrderView, may_open: bool) -> AnyView {
    let customer = order.customer.filter(|_| may_open);
    let contact = order.contact.clone().map(|contact| {
        let found = format!("/admin/orders?q={}", admin_layout::escaped(&contact.email));
        let name = match customer {
            Some(id) => view! { <a class="link" href=format!("/admin/customers/{id}")>{contact.name}</a> }.into_any(),
            None => contact.name.into_any(),
        };
        view! {
            <div>
                <p class="font-medium">{name}</p>
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
    let addresses = [address(tr!(ORDER_DELIVER_TO), &order.delivery_label), address(tr!(ORDER_BILLED_TO), &order.billing_label)];
    let delivery = order.delivery_name.clone().unwrap_or_else(|| tr!(ORDER_AT_COUNTER).to_owned());
    let gift_note = order.gift_note.clone();
    view! {
        <Panel title=tr!(ADMIN_ORDERS_COLUMN_CUSTOMER)>
            <div class="flex flex-col gap-4">
                {contact}
                {addresses.into_iter().collect_view()}
                <p>{delivery}</p>
                {gift_note.map(|note| view! {
                    <div id="gift-note">
                        <h3 class="text-sm text-quiet">{tr!(ORDER_GIFT_NOTE)}</h3>
                        <p class="whitespace-pre-line wrap-anywhere">{note}</p>
                    </div>
                }.into_any())}
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
