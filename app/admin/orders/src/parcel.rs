//! A parcel on an order's page: pack, ship, deliver, undo, take back.

use admin_layout::StaffForm;
use domain::Money;
use domain::id::ParcelId;
use domain::order::{ParcelState, ReturnCause, ReturnedItems, ReturnedMoney};
use domain::permission::Permission;
use domain::view::{OrderLineView, ParcelView};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use server_fn::ServerFn;
use server_fn::client::Client;
use ui::{Button, Disclosure, Field, Look, RadioCard, RadioCards, When, icon, tr, use_locale};
use web::{Access, Answer, AppError, FormFallback, ProblemSummary, TypedUnits, access, access_of, problem, typed, wrong};

use crate::answers::{Page, on_answer};
use crate::states;
use crate::units::{Choosable, choosable, items_cards, unit_fields};

#[cfg(feature = "ssr")]
pub(crate) fn fulfilment_error(error: &backend::fulfilment::FulfilmentError) -> AppError {
    use backend::fulfilment::FulfilmentError;
    use backend::payments::PaymentError;
    use web::request;
    match (error, error.message(request::locale())) {
        (FulfilmentError::Forbidden(_), _) => request::fail(AppError::new(403)),
        (FulfilmentError::Unknown, Some(message)) => request::fail(AppError::with_message(404, message)),
        (FulfilmentError::Courier, Some(message)) => request::invalid(vec![("courier".into(), message)]),
        (FulfilmentError::Payment(PaymentError::TooMuch(_)), Some(message)) => request::invalid(vec![("received".into(), message)]),
        (_, Some(message)) => request::fail(AppError::with_message(409, message)),
        (_, None) => request::unexpected(error),
    }
}

/// Marks a parcel as packed.
#[server(endpoint = "admin/parcels/pack", output = Answer)]
pub async fn pack_parcel(parcel: ParcelId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::FulfilOrders))?;
    backend::fulfilment::pack(&request::shop()?, &ctx, parcel).await.map_err(|error| fulfilment_error(&error))
}
access!(PackParcel, Access::Staff(Permission::FulfilOrders));

/// Marks a parcel as handed to the courier; at a counter as handed over, without courier and tracking number.
#[server(endpoint = "admin/parcels/ship", output = Answer)]
pub async fn ship_parcel(
    parcel: ParcelId,
    #[server(default)] courier: String,
    #[server(default)] tracking: String,
) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::FulfilOrders))?;
    backend::fulfilment::ship(&request::shop()?, &ctx, parcel, &courier, &tracking).await.map_err(|error| fulfilment_error(&error))
}
access!(ShipParcel, Access::Staff(Permission::FulfilOrders));

/// Marks a parcel as delivered, with the cash received. Empty is what the form showed as due for it, `due`, which is empty where it showed
/// none.
#[server(endpoint = "admin/parcels/deliver", output = Answer)]
pub async fn deliver_parcel(parcel: ParcelId, #[server(default)] received: String, #[server(default)] due: String) -> Result<(), AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::FulfilOrders))?, request::shop()?);
    let cash = if received.trim().is_empty() { due } else { received };
    let received = if cash.trim().is_empty() { None } else { Some(cash_of(&cash, &shop)?) };
    backend::fulfilment::deliver_for(&shop, &ctx, parcel, received).await.map_err(|error| fulfilment_error(&error))
}
access!(DeliverParcel, Access::Staff(Permission::FulfilOrders));

/// Cash as typed, in the shop's currency; minor units.
#[cfg(feature = "ssr")]
fn cash_of(text: &str, shop: &backend::Shop) -> Result<i64, AppError> {
    use domain::number_input::{NumberError, decimal};
    use web::request;
    let read = decimal(text, backend::settings::shop_currency(shop).exponent());
    let read = read.and_then(|minor| if minor < 0 { Err(NumberError::Malformed) } else { Ok(minor) });
    read.map_err(|error| request::invalid(vec![("received".into(), error.of_amount().text(request::locale()).to_owned())]))
}

/// Unpacks a parcel that is not shipped: its items go back into stock.
#[server(endpoint = "admin/parcels/unpack", output = Answer)]
pub async fn unpack_parcel(parcel: ParcelId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::FulfilOrders))?;
    backend::fulfilment::unpack(&request::shop()?, &ctx, parcel).await.map_err(|error| fulfilment_error(&error))
}
access!(UnpackParcel, Access::Staff(Permission::FulfilOrders));

/// Records that a parcel came back. Without a choice about money, what was paid is refunded. `units` of lines are written off where the
/// others are restocked.
#[server(endpoint = "admin/parcels/take-back", output = Answer)]
pub async fn take_parcel_back(
    parcel: ParcelId,
    cause: ReturnCause,
    items: ReturnedItems,
    #[server(default)] money: Option<ReturnedMoney>,
    #[server(default)] units: TypedUnits,
    note: String,
) -> Result<(), AppError> {
    use backend::fulfilment::{FulfilmentError, Returned};
    use backend::order_management::OrderChangeError;
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::FulfilOrders))?;
    let field = |line| crate::units::field_id(&broken_form(&parcel.to_string()), line);
    let read = web::read_units(&units, request::locale(), field)?;
    if !read.wrong.is_empty() {
        return Err(request::invalid(read.wrong));
    }
    let back = Returned { cause, items, money: money.unwrap_or(ReturnedMoney::Refund), note, written_off: read.lines };
    let done = backend::order_management::take_back(&request::shop()?, &ctx, parcel, back).await;
    done.map_err(|error| match (&error, error.message(request::locale())) {
        (
            OrderChangeError::Parcel(FulfilmentError::TooManyDamaged { line, .. } | FulfilmentError::AllAndSomeDamaged { line }),
            Some(message),
        ) => request::invalid(vec![(field(*line), message)]),
        _ => crate::list::order_change_error(&error),
    })
}
access!(TakeParcelBack, Access::Staff(Permission::FulfilOrders));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[
    access_of::<PackParcel>(),
    access_of::<ShipParcel>(),
    access_of::<DeliverParcel>(),
    access_of::<UnpackParcel>(),
    access_of::<TakeParcelBack>(),
];

/// The actions on parcels; owned by the page, so that an error outlives the parcel's view.
#[derive(Clone, Copy)]
pub(crate) struct ParcelActions {
    pack: ServerAction<PackParcel>,
    ship: ServerAction<ShipParcel>,
    deliver: ServerAction<DeliverParcel>,
    unpack: ServerAction<UnpackParcel>,
    back: ServerAction<TakeParcelBack>,
    fallback: StoredValue<FormFallback>,
}

impl ParcelActions {
    /// `fallback` is the page's form fallback.
    pub(crate) fn new(fallback: StoredValue<FormFallback>) -> Self {
        Self {
            pack: ServerAction::new(),
            ship: ServerAction::new(),
            deliver: ServerAction::new(),
            unpack: ServerAction::new(),
            back: ServerAction::new(),
            fallback,
        }
    }

    pub(crate) fn answer(self, page: Page) {
        on_answer(self.pack, tr!(ORDER_EVENT_PACKED), page);
        on_answer(self.ship, tr!(ORDER_STATE_SHIPPED), page);
        on_answer(self.deliver, tr!(ORDER_EVENT_DELIVERED), page);
        on_answer(self.unpack, tr!(ADMIN_ORDERS_UNDONE), page);
        on_answer(self.back, tr!(ADMIN_ORDERS_BACK_DONE), page);
    }

    /// Forgets what was wrong in any of the forms.
    pub(crate) fn forget_errors(self) {
        self.pack.clear();
        self.ship.clear();
        self.deliver.clear();
        self.unpack.clear();
        self.back.clear();
    }
}

/// What the user may do with an order's parcels.
#[derive(Clone, Copy)]
pub(crate) struct Allowed {
    /// Pick, pack, ship, take back.
    pub(crate) fulfil: bool,
    /// May the user give money back?
    pub(crate) refund: bool,
    /// Is there money to refund?
    pub(crate) paid: bool,
    /// The cash to collect for the last parcel.
    pub(crate) cash: Option<Money>,
    /// Are its parcels handed over at the counter, in place of a courier?
    pub(crate) hand_over: bool,
}

/// A parcel and its next step.
#[component]
pub(crate) fn Parcel(
    number: usize,
    parcel: ParcelView,
    lines: Vec<OrderLineView>,
    /// What is refunded when it comes back and its money is to be refunded.
    refund: Money,
    allowed: Allowed,
    actions: ParcelActions,
) -> impl IntoView {
    let locale = use_locale();
    let id = parcel.id.to_string();
    let content: Vec<_> = parcel
        .lines
        .iter()
        .map(|(line, units)| {
            let units = locale.number(*units);
            let (name, sku) = lines.iter().find(|own| own.id == *line).map(|line| (line.label(), line.sku.clone())).unwrap_or_default();
            let name = view! { <span class="min-w-0">{name}" "<span class="figures">{sku}</span></span> };
            view! { <li class="flex justify-between gap-4">{name}<span class="figures">{units}</span></li> }
        })
        .collect();
    let units_in = |id| parcel.lines.iter().find(|(line, _)| *line == id).map_or(0, |(_, units)| *units);
    let broken = choosable(&lines, units_in);
    let step = allowed.fulfil.then(|| match parcel.state {
        ParcelState::Picking => {
            let next = pressing(id.clone(), actions.pack, tr!(ADMIN_ORDERS_ACTION_PACK), actions);
            (next, undoing(id, tr!(ADMIN_ORDERS_ACTION_UNDO_PICKING), actions)).into_any()
        }
        ParcelState::Packed => {
            let next = if allowed.hand_over {
                pressing(id.clone(), actions.ship, tr!(ADMIN_ORDERS_ACTION_HAND_OVER), actions)
            } else {
                shipping(id.clone(), number, actions)
            };
            (next, undoing(id, tr!(ADMIN_ORDERS_ACTION_UNDO_PACKING), actions)).into_any()
        }
        ParcelState::Shipped => {
            (delivering(id.clone(), number, allowed.cash, actions), coming_back(id, number, broken, refund, allowed, actions)).into_any()
        }
        ParcelState::Delivered | ParcelState::Cancelled | ParcelState::Returned => ().into_any(),
    });
    let returned = parcel.returned.map(|(at, cause, note)| {
        view! {
            <p class="text-sm text-quiet">{cause_words(cause)}" · "<When at/></p>
            {(!note.is_empty()).then(|| view! { <p class="text-sm">{note}</p> })}
        }
    });
    let sent = parcel.courier.map(|courier| {
        let tracking = parcel.tracking_number.unwrap_or_default();
        view! { <p class="text-sm">{courier}" "<span class="figures">{tracking}</span></p> }
    });
    view! {
        <section id=format!("parcel-{number}") class="flex flex-col gap-3 py-4 first:pt-0 last:pb-0">
            <h3 class="flex items-center justify-between gap-3 font-medium">{tr!(ADMIN_ORDERS_PARCEL, number = number)}{states::parcel(parcel.state)}</h3>
            <ul class="text-sm text-quiet">{content}</ul>
            {sent}
            {parcel.shipped_at.map(|at| view! { <p class="text-sm text-quiet">{tr!(ORDER_STATE_SHIPPED)}" "<When at/></p> })}
            {parcel.delivered_at.map(|at| view! { <p class="text-sm text-quiet">{tr!(ORDER_STATE_DELIVERED)}" "<When at/></p> })}
            {returned}
            {step}
        </section>
    }
    .into_any()
}

/// A step that needs nothing but a press of its button.
fn pressing<F>(id: String, action: ServerAction<F>, what: &'static str, actions: ParcelActions) -> AnyView
where
    F: DeserializeOwned + ServerFn<Output = (), Error = AppError> + Clone + Send + Sync + 'static,
    <<F as ServerFn>::Client as Client<F::Error, F::InputStreamError, F::OutputStreamError>>::Request: Send,
{
    let problem = actions.fallback.with_value(|fallback| problem(action, fallback));
    view! {
        <ProblemSummary problem/>
        <StaffForm action>
            <input type="hidden" name="parcel" value=id/>
            <Button kind="submit" icon=icon::PACKAGE_CHECK busy=action.pending()>{what}</Button>
        </StaffForm>
    }
    .into_any()
}

/// The errors with field names of one parcel: each parcel has the same fields.
fn in_parcel(problem: Signal<Option<AppError>>, number: usize) -> Signal<Option<AppError>> {
    Signal::derive(move || {
        let mut problem = problem.get()?;
        problem.fields.iter_mut().for_each(|(field, _)| *field = format!("{field}-{number}"));
        Some(problem)
    })
}

fn shipping(id: String, number: usize, actions: ParcelActions) -> AnyView {
    let action = actions.ship;
    let (problem, typed) = actions.fallback.with_value(|fallback| (problem(action, fallback), typed(action, fallback).of("parcel", &id)));
    let here = in_parcel(problem, number);
    view! {
        <ProblemSummary problem=here/>
        <StaffForm action>
            <input type="hidden" name="parcel" value=id/>
            <div class="flex flex-col gap-3">
                <Field label=tr!(ADMIN_ORDERS_COURIER) name="courier" id=format!("courier-{number}") value=typed.or("courier", "") maxlength=100 error=wrong(problem, "courier")/>
                <Field label=tr!(ORDER_TRACKING_NUMBER) name="tracking" id=format!("tracking-{number}") value=typed.or("tracking", "") maxlength=100 optional=true/>
                <div><Button kind="submit" icon=icon::TRUCK busy=action.pending()>{tr!(ADMIN_ORDERS_ACTION_SHIP)}</Button></div>
            </div>
        </StaffForm>
    }
    .into_any()
}

fn delivering(id: String, number: usize, cash: Option<Money>, actions: ParcelActions) -> AnyView {
    let action = actions.deliver;
    let (problem, typed) = actions.fallback.with_value(|fallback| (problem(action, fallback), typed(action, fallback).of("parcel", &id)));
    let here = in_parcel(problem, number);
    let received = cash.map(|due| {
        let hint = tr!(ADMIN_ORDERS_CASH_RECEIVED_HINT, amount = use_locale().money(due));
        view! {
            <input type="hidden" name="due" value=due.decimal()/>
            <Field label=tr!(ADMIN_ORDERS_CASH_RECEIVED) name="received" id=format!("received-{number}") value=typed.or("received", due.decimal()) inputmode="decimal" suffix=due.currency.code() hint optional=true error=wrong(problem, "received")/>
        }
        .into_any()
    });
    view! {
        <ProblemSummary problem=here/>
        <StaffForm action>
            <input type="hidden" name="parcel" value=id/>
            <div class="flex flex-col gap-3">
                {received}
                <div><Button kind="submit" icon=icon::CHECK busy=action.pending()>{tr!(ADMIN_ORDERS_ACTION_DELIVER)}</Button></div>
            </div>
        </StaffForm>
    }
    .into_any()
}

/// The form that undoes picking or packing, after a confirmation.
fn undoing(id: String, what: &'static str, actions: ParcelActions) -> AnyView {
    let action = actions.unpack;
    let problem = actions.fallback.with_value(|fallback| problem(action, fallback));
    view! {
        <Disclosure title=what>
            <ProblemSummary problem/>
            <StaffForm action>
                <input type="hidden" name="parcel" value=id/>
                <p class="text-sm text-quiet mb-3">{tr!(ADMIN_ORDERS_UNDO_ASK)}</p>
                <Button kind="submit" look=Look::Outline icon=icon::UNDO busy=action.pending()>{what}</Button>
            </StaffForm>
        </Disclosure>
    }
    .into_any()
}

fn cause_words(cause: ReturnCause) -> &'static str {
    match cause {
        ReturnCause::Refused => tr!(ADMIN_ORDERS_BACK_CAUSE_REFUSED),
        ReturnCause::Undeliverable => tr!(ADMIN_ORDERS_BACK_CAUSE_UNDELIVERABLE),
    }
}

/// What the ids of a parcel's fields for broken units begin with.
fn broken_form(parcel: &str) -> String {
    format!("broken-{parcel}")
}

fn coming_back(id: String, number: usize, broken: Vec<Choosable>, refund: Money, allowed: Allowed, actions: ParcelActions) -> AnyView {
    let action = actions.back;
    let (problem, typed) = actions.fallback.with_value(|fallback| (problem(action, fallback), typed(action, fallback).of("parcel", &id)));
    let card = |value: &str, title: &str| RadioCard { value: value.to_owned(), title: title.to_owned(), ..RadioCard::default() };
    let causes = ReturnCause::ALL.iter().map(|cause| card(cause.as_str(), cause_words(*cause))).collect::<Vec<_>>();
    let mut moneys = vec![card(ReturnedMoney::Keep.as_str(), tr!(ADMIN_ORDERS_BACK_MONEY_KEEP))];
    if allowed.refund {
        let aside = (refund.minor > 0).then(|| use_locale().money(refund));
        moneys.insert(0, RadioCard { aside, ..card(ReturnedMoney::Refund.as_str(), tr!(ADMIN_ORDERS_BACK_MONEY_REFUND)) });
    }
    let first = moneys[0].value.clone();
    let money = if allowed.paid {
        view! { <RadioCards legend=tr!(ADMIN_ORDERS_BACK_MONEY) name="money" cards=moneys selected=typed.or("money", &first)/> }.into_any()
    } else {
        view! { <p class="text-sm">{tr!(ADMIN_ORDERS_BACK_MONEY_CASH)}</p> }.into_any()
    };
    let some_broken = (broken.iter().map(|line| line.most).sum::<i64>() > 1).then(|| {
        let (_, fields) = unit_fields(&broken_form(&id), broken, &typed, problem);
        view! {
            <fieldset class="flex flex-col gap-3">
                <legend class="text-sm text-quiet mb-2">{tr!(ADMIN_ORDERS_BACK_BROKEN)}" "{tr!(ADMIN_ORDERS_BACK_ITEMS_ALL_HINT)}</legend>
                {fields}
            </fieldset>
        }
        .into_any()
    });
    view! {
        <Disclosure title=tr!(ADMIN_ORDERS_BACK) open=typed.is_any() || problem.get_untracked().is_some()>
            <ProblemSummary problem/>
            <StaffForm action>
                <input type="hidden" name="parcel" value=id/>
                <div class="flex flex-col gap-4 max-w-md">
                    <RadioCards legend=tr!(ADMIN_ORDERS_BACK_CAUSE) name="cause" cards=causes selected=typed.or("cause", ReturnCause::Refused.as_str())/>
                    <RadioCards legend=tr!(ADMIN_ORDERS_BACK_ITEMS) name="items" cards=items_cards() selected=typed.or("items", ReturnedItems::Restock.as_str())/>
                    {some_broken}
                    {money}
                    <Field label=tr!(ADMIN_ORDERS_BACK_NOTE) name="note" id=format!("note-{number}") value=typed.or("note", "") maxlength=200 optional=true/>
                    <div><Button kind="submit" look=Look::Danger icon=icon::UNDO busy=action.pending()>{tr!(ADMIN_ORDERS_ACTION_BACK)}</Button></div>
                </div>
            </StaffForm>
        </Disclosure>
    }
    .into_any()
}
