//! Choosing units of an order's lines: to cancel those that did not leave, to refund their price, to write off those that came back
//! broken.

use std::collections::BTreeMap;

use admin_frame::StaffForm;
use domain::credit::{self, CreditRequest, Part};
use domain::id::OrderLineId;
use domain::view::{OrderLineView, OrderView};
use domain::{Currency, Money};
use leptos::prelude::*;
use session::{AppError, ProblemSummary, Typed, problem, typed, wrong};
use ui::{Button, Checkbox, Disclosure, Field, Look, SumLine, tr, use_locale};

use crate::order::Actions;

/// The units typed beside each line, by the line's id.
pub(crate) type TypedUnits = BTreeMap<String, String>;

/// Reads the units typed beside lines; what is empty is left out. `form` is what the ids of its fields begin with.
#[cfg(feature = "ssr")]
pub(crate) fn read_units(units: &TypedUnits, form: &str) -> Result<Vec<(OrderLineId, i64)>, AppError> {
    use session::request;
    let (mut lines, mut invalid) = (Vec::new(), Vec::new());
    for (line, text) in units.iter().filter(|(_, text)| !text.trim().is_empty()) {
        let id = line.parse::<OrderLineId>().map_err(|_| request::not_found())?;
        match domain::number::whole(text) {
            Ok(units) => lines.push((id, units)),
            Err(error) => invalid.push((field_id(form, id), error.of_whole().text(request::locale()).to_owned())),
        }
    }
    if invalid.is_empty() { Ok(lines) } else { Err(request::invalid(invalid)) }
}

/// The id of a line's field, which errors name too.
pub(crate) fn field_id(form: &str, line: OrderLineId) -> String {
    format!("{form}-units-{line}")
}

/// A line that units can be chosen of.
pub(crate) struct Choosable {
    pub(crate) line: OrderLineId,
    pub(crate) label: String,
    pub(crate) most: i64,
}

/// These lines with the units that can be chosen of each, as far as there are any.
pub(crate) fn choosable(lines: &[OrderLineView], most: impl Fn(OrderLineId) -> i64) -> Vec<Choosable> {
    let lines = lines.iter().map(|line| Choosable {
        line: line.id,
        label: format!("{} {}", line.name, line.options).trim().to_owned(),
        most: most(line.id),
    });
    lines.filter(|choosable| choosable.most > 0).collect()
}

/// What is typed beside each line.
pub(crate) type Chosen = Vec<(OrderLineId, RwSignal<String>)>;

/// A field for the units of each line, with its error beside it.
pub(crate) fn unit_fields(form: &str, lines: Vec<Choosable>, typed: &Typed, problem: Signal<Option<AppError>>) -> (Chosen, AnyView) {
    let locale = use_locale();
    let (mut chosen, mut fields) = (Chosen::new(), Vec::new());
    for Choosable { line, label, most } in lines {
        let name = format!("units[{line}]");
        let text = RwSignal::new(typed.or(&name, ""));
        let (id, hint) = (field_id(form, line), tr!(ORDER_ERROR_AT_MOST_UNITS, units = locale.number(most)));
        chosen.push((line, text));
        let error = wrong(problem, id.clone());
        fields.push(view! { <Field label name id bind=text inputmode="numeric" optional=true hint error/> }.into_any());
    }
    (chosen, fields.into_any())
}

fn units_of(chosen: &Chosen) -> Vec<(OrderLineId, i64)> {
    let units = |(line, text): &(OrderLineId, RwSignal<String>)| (*line, domain::number::whole(&text.get()).unwrap_or(0));
    chosen.iter().map(units).filter(|(_, units)| *units > 0).collect()
}

/// An amount and the tax inside it, as they are before the button is pressed; nothing for what is not possible.
fn preview(label: &'static str, currency: Currency, sum: impl Fn() -> Option<(i64, i64)> + Send + Sync + 'static) -> AnyView {
    let locale = use_locale();
    let money = move |minor: i64| locale.money(Money::new(minor, currency));
    let sum = Memo::new(move |_| sum().filter(|(amount, _)| *amount > 0));
    let shown = move |of: fn((i64, i64)) -> i64| Signal::derive(move || sum.get().map_or_else(|| "–".to_owned(), |sum| money(of(sum))));
    view! {
        <dl class="needs-script flex flex-col gap-1.5" aria-live="polite">
            <SumLine label amount=shown(|sum| sum.0)/>
            <SumLine label=tr!(ADMIN_ORDERS_CREDITED_TAX) amount=shown(|sum| sum.1)/>
        </dl>
    }
    .into_any()
}

/// The form to cancel units of lines that did not leave yet.
pub(crate) fn cancelling_units(order: &OrderView, key: &str, actions: Actions) -> AnyView {
    let open = choosable(&order.lines, |id| order.lines.iter().find(|line| line.id == id).map_or(0, OrderLineView::open));
    if order.unsent < 2 {
        return ().into_any();
    }
    let action = actions.cancel_units;
    let (problem, typed) = actions.fallback.with_value(|fallback| (problem(action, fallback), typed(action, fallback)));
    let (id, key, currency) = (order.id.to_string(), typed.or("key", key), order.total.currency);
    let (chosen, fields) = unit_fields("cancel", open, &typed, problem);
    let fee = RwSignal::new(typed.ticked("fee", "true", false));
    let price = order.price.clone();
    let sum = move || Some(credit::sum(&credit::of_units(&price, &units_of(&chosen), fee.get())));
    view! {
        <Disclosure title=tr!(ADMIN_ORDERS_ACTION_CANCEL_UNITS) open=problem.get_untracked().is_some()>
            <ProblemSummary problem/>
            <StaffForm action>
                <input type="hidden" name="order" value=id/>
                <input type="hidden" name="key" value=key/>
                <div class="flex flex-col gap-3">
                    <p class="text-sm text-quiet">{tr!(ADMIN_ORDERS_CANCEL_UNITS_BODY)}</p>
                    {fields}
                    <Checkbox label=tr!(ADMIN_ORDERS_CANCEL_WITH_FEE) name="fee" id="cancel-fee" checked=fee on_change=Callback::new(move |on| fee.set(on))/>
                    {preview(tr!(ADMIN_ORDERS_REDUCED_BY), currency, sum)}
                    <Field label=tr!(ADMIN_ORDERS_REASON) name="reason" id="cancel-units-reason" value=typed.or("reason", "") maxlength=200 error=wrong(problem, "cancel-units-reason")/>
                    <div><Button kind="submit" look=Look::Danger busy=action.pending()>{tr!(ADMIN_ORDERS_ACTION_CANCEL_UNITS)}</Button></div>
                </div>
            </StaffForm>
        </Disclosure>
    }
    .into_any()
}

/// The form to refund units of lines, a part of the delivery fee, or another amount.
pub(crate) fn refunding(order: &OrderView, key: &str, left: Money, actions: Actions) -> AnyView {
    let locale = use_locale();
    let action = actions.refund;
    let (problem, typed) = actions.fallback.with_value(|fallback| (problem(action, fallback), typed(action, fallback)));
    let (id, key, currency) = (order.id.to_string(), typed.or("key", key), left.currency);
    let price = if order.cancelled.is_some() { Vec::new() } else { order.price.clone() };
    let units_left = |id| price.iter().find(|part| part.part == Part::Line(id)).map_or(0, credit::PricePart::units_left);
    let (chosen, fields) = unit_fields("refund", choosable(&order.lines, units_left), &typed, problem);
    let fee_left = price.iter().find(|part| part.part.is_delivery()).map_or(0, credit::PricePart::left);
    let (fee, amount) = (RwSignal::new(typed.or("fee", "")), RwSignal::new(typed.or("amount", "")));
    let fee_field = (fee_left > 0).then(|| {
        let hint = tr!(ORDER_ERROR_AT_MOST, amount = locale.money(Money::new(fee_left, currency)));
        view! { <Field label=tr!(ADMIN_ORDERS_REFUND_FEE) name="fee" id="refund-fee" bind=fee inputmode="decimal" optional=true hint error=wrong(problem, "refund-fee")/> }
            .into_any()
    });
    let hint = tr!(ADMIN_ORDERS_REFUND_AMOUNT_HINT, amount = locale.money(left));
    let sum = move || {
        let minor = |text: RwSignal<String>| {
            text.with(|text| if text.trim().is_empty() { Some(0) } else { Money::parse(text, currency).ok().map(|money| money.minor) })
        };
        let wanted = CreditRequest { lines: units_of(&chosen), fee: minor(fee)?, amount: minor(amount)? };
        credit::credits(&price, &wanted).ok().map(|credits| credit::sum(&credits)).filter(|sum| sum.0 <= left.minor)
    };
    view! {
        <Disclosure title=tr!(ADMIN_ORDERS_ACTION_REFUND) open=problem.get_untracked().is_some()>
            <ProblemSummary problem/>
            <StaffForm action>
                <input type="hidden" name="order" value=id/>
                <input type="hidden" name="key" value=key/>
                <div class="flex flex-col gap-3">
                    {fields}
                    {fee_field}
                    <Field label=tr!(ADMIN_ORDERS_AMOUNT) name="amount" id="refund-amount" bind=amount inputmode="decimal" optional=true hint error=wrong(problem, "refund-amount")/>
                    {preview(tr!(ADMIN_ORDERS_CREDITED), currency, sum)}
                    <Field label=tr!(ADMIN_ORDERS_REASON) name="reason" id="refund-reason" value=typed.or("reason", "") maxlength=200 error=wrong(problem, "refund-reason")/>
                    <div><Button kind="submit" look=Look::Danger busy=action.pending()>{tr!(ADMIN_ORDERS_ACTION_REFUND)}</Button></div>
                </div>
            </StaffForm>
        </Disclosure>
    }
    .into_any()
}
