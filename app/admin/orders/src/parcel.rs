//! A parcel on an order's page: pack it, hand it to a courier, mark it delivered.

use admin_frame::{StaffForm, on_done};
use domain::id::ShipmentId;
use domain::order::ShipmentState;
use domain::permission::Permission;
use domain::view::{OrderLineView, ShipmentView};
use leptos::prelude::*;
use session::{Access, Answer, AppError, Posted, ProblemSummary, access, problem, stated, typed, wrong};
use ui::{Button, Field, When, icon, tr, use_locale};

use crate::states;

#[cfg(feature = "ssr")]
pub(crate) fn refused(error: &backend::fulfilment::FulfilmentError) -> AppError {
    use backend::fulfilment::FulfilmentError;
    use session::request;
    match (error, error.message(request::locale())) {
        (FulfilmentError::Forbidden(_), _) => request::fail(AppError::new(403)),
        (FulfilmentError::Unknown, Some(said)) => request::fail(AppError::told(404, said)),
        (FulfilmentError::Carrier, Some(said)) => request::invalid(vec![("carrier".into(), said)]),
        (_, Some(said)) => request::fail(AppError::told(409, said)),
        (_, None) => request::unexpected(error),
    }
}

/// The goods are in the box.
#[server(endpoint = "admin/parcels/pack", output = Answer)]
pub async fn pack_parcel(parcel: ShipmentId) -> Result<(), AppError> {
    use session::request;
    let ctx = request::admitted(Access::Staff(Permission::FulfilOrders))?;
    backend::fulfilment::pack(&request::shop()?, &ctx, parcel).await.map_err(|error| refused(&error))
}
access!(PackParcel, Access::Staff(Permission::FulfilOrders));

/// The courier has it.
#[server(endpoint = "admin/parcels/ship", output = Answer)]
pub async fn ship_parcel(parcel: ShipmentId, carrier: String, tracking: String) -> Result<(), AppError> {
    use session::request;
    let ctx = request::admitted(Access::Staff(Permission::FulfilOrders))?;
    backend::fulfilment::ship(&request::shop()?, &ctx, parcel, &carrier, &tracking).await.map_err(|error| refused(&error))
}
access!(ShipParcel, Access::Staff(Permission::FulfilOrders));

/// It arrived.
#[server(endpoint = "admin/parcels/deliver", output = Answer)]
pub async fn deliver_parcel(parcel: ShipmentId) -> Result<(), AppError> {
    use session::request;
    let ctx = request::admitted(Access::Staff(Permission::FulfilOrders))?;
    backend::fulfilment::deliver(&request::shop()?, &ctx, parcel).await.map_err(|error| refused(&error))
}
access!(DeliverParcel, Access::Staff(Permission::FulfilOrders));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[stated::<PackParcel>(), stated::<ShipParcel>(), stated::<DeliverParcel>()];

/// What can be done with a parcel; kept by the page, so that an error outlives the parcel's own drawing.
#[derive(Clone, Copy)]
pub(crate) struct ParcelActions {
    pack: ServerAction<PackParcel>,
    ship: ServerAction<ShipParcel>,
    deliver: ServerAction<DeliverParcel>,
    posted: StoredValue<Posted>,
}

impl ParcelActions {
    /// The actions; `changed` is run after each that was done, `posted` is what was sent without a script.
    pub(crate) fn new(changed: Callback<()>, posted: StoredValue<Posted>) -> Self {
        let actions = Self { pack: ServerAction::new(), ship: ServerAction::new(), deliver: ServerAction::new(), posted };
        on_done(actions.pack, tr!(ORDER_EVENT_PACKED), move |()| changed.run(()));
        on_done(actions.ship, tr!(ORDER_STATE_SHIPPED), move |()| changed.run(()));
        on_done(actions.deliver, tr!(ORDER_EVENT_DELIVERED), move |()| changed.run(()));
        actions
    }
}

/// One parcel and its next step.
#[component]
pub(crate) fn Parcel(
    number: usize,
    parcel: ShipmentView,
    lines: Vec<OrderLineView>,
    may_fulfil: bool,
    actions: ParcelActions,
) -> impl IntoView {
    let locale = use_locale();
    let id = parcel.id.to_string();
    let content: Vec<_> = parcel
        .lines
        .iter()
        .map(|(line, units)| {
            let units = locale.number(*units);
            let name = lines.iter().find(|known| known.id == *line).map(|line| line.sku.clone()).unwrap_or_default();
            view! { <li class="flex justify-between gap-4"><span>{name}</span><span class="figures">{units}</span></li> }
        })
        .collect();
    let step = may_fulfil.then(|| match parcel.state {
        ShipmentState::Picked => packing(id, actions),
        ShipmentState::Packed => shipping(id, number, actions),
        ShipmentState::Shipped => delivering(id, actions),
        ShipmentState::Delivered | ShipmentState::Cancelled => ().into_any(),
    });
    let sent = parcel.carrier.map(|carrier| {
        let tracking = parcel.tracking_number.unwrap_or_default();
        view! { <p class="text-sm">{carrier}" "<span class="figures">{tracking}</span></p> }
    });
    view! {
        <section class="flex flex-col gap-3 py-4 first:pt-0 last:pb-0">
            <h3 class="flex items-center justify-between gap-3 font-medium">{tr!(ADMIN_ORDERS_PARCEL, number = number)}{states::parcel(parcel.state)}</h3>
            <ul class="text-sm text-quiet">{content}</ul>
            {sent}
            {parcel.shipped_at.map(|at| view! { <p class="text-sm text-quiet">{tr!(ORDER_STATE_SHIPPED)}" "<When at/></p> })}
            {parcel.delivered_at.map(|at| view! { <p class="text-sm text-quiet">{tr!(ORDER_STATE_DELIVERED)}" "<When at/></p> })}
            {step}
        </section>
    }
    .into_any()
}

fn packing(id: String, actions: ParcelActions) -> AnyView {
    let action = actions.pack;
    let problem = actions.posted.with_value(|posted| problem(action, posted));
    view! {
        <ProblemSummary problem/>
        <StaffForm action>
            <input type="hidden" name="parcel" value=id/>
            <Button kind="submit" icon=icon::PACKAGE_CHECK busy=action.pending()>{tr!(ADMIN_ORDERS_ACTION_PACK)}</Button>
        </StaffForm>
    }
    .into_any()
}

fn shipping(id: String, number: usize, actions: ParcelActions) -> AnyView {
    let action = actions.ship;
    let (problem, typed) = actions.posted.with_value(|posted| (problem(action, posted), typed(action, posted).of("parcel", &id)));
    // A page has as many of these fields as parcels.
    let here = Signal::derive(move || {
        let mut problem = problem.get()?;
        problem.fields.iter_mut().for_each(|(field, _)| *field = format!("{field}-{number}"));
        Some(problem)
    });
    view! {
        <ProblemSummary problem=here/>
        <StaffForm action>
            <input type="hidden" name="parcel" value=id/>
            <div class="flex flex-col gap-3">
                <Field label=tr!(ADMIN_ORDERS_COURIER) name="carrier" id=format!("carrier-{number}") value=typed.or("carrier", "") maxlength=100 error=wrong(problem, "carrier")/>
                <Field label=tr!(ORDER_TRACKING_NUMBER) name="tracking" id=format!("tracking-{number}") value=typed.or("tracking", "") maxlength=100 optional=true/>
                <div><Button kind="submit" icon=icon::TRUCK busy=action.pending()>{tr!(ADMIN_ORDERS_ACTION_SHIP)}</Button></div>
            </div>
        </StaffForm>
    }
    .into_any()
}

fn delivering(id: String, actions: ParcelActions) -> AnyView {
    let action = actions.deliver;
    let problem = actions.posted.with_value(|posted| problem(action, posted));
    view! {
        <ProblemSummary problem/>
        <StaffForm action>
            <input type="hidden" name="parcel" value=id/>
            <Button kind="submit" icon=icon::CHECK busy=action.pending()>{tr!(ADMIN_ORDERS_ACTION_DELIVER)}</Button>
        </StaffForm>
    }
    .into_any()
}
