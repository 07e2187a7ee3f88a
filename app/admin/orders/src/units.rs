//! Choosing units of an order's lines: to cancel those that did not leave, to refund their price, to write off those that came back
//! broken.

use admin_layout::StaffForm;
use domain::credit;
use domain::id::OrderLineId;
use domain::order::ReturnedItems;
use domain::view::{OrderLineView, OrderView};
use domain::{Currency, Money};
use leptos::prelude::*;
use ui::{Button, Checkbox, Disclosure, Field, Look, RadioCard, RadioCards, SumLine, tr, use_locale};
use web::{AppError, ProblemSummary, Typed, problem, typed, wrong};

#[cfg(feature = "ssr")]
use backend::{order_management::OrderChangeError, payments::PaymentError};
#[cfg(feature = "ssr")]
use domain::{credit::CreditRequest, id::OrderId, messages::t, view::FieldErrors};
#[cfg(feature = "ssr")]
use web::{TypedUnits, request};

use crate::order::Actions;

/// An amount as typed, in the shop's currency, minor units; or what is wrong with it.
#[cfg(feature = "ssr")]
pub(crate) fn amount_of(text: &str, shop: &backend::Shop) -> Result<i64, String> {
    let read = domain::number_input::decimal(text, backend::settings::shop_currency(shop).exponent());
    read.map_err(|error| error.of_amount().text(request::locale()).to_owned())
}

/// Adds what is wrong with a reason to what is wrong in its form.
#[cfg(feature = "ssr")]
fn check_reason(reason: &str, field: &str, wrong: &mut FieldErrors) {
    if domain::text::reason(reason).is_none() {
        wrong.push((field.to_owned(), t::ORDER_ERROR_REASON.text(request::locale()).to_owned()));
    }
}

/// The units that are to be cancelled; the errors of all fields come together.
#[cfg(feature = "ssr")]
pub(crate) fn read_cancelled(units: &TypedUnits, reason: &str) -> Result<Vec<(OrderLineId, i64)>, AppError> {
    let locale = request::locale();
    let mut read = web::read_units(units, locale, |line| field_id("cancel", line))?.at_least_one(locale);
    check_reason(reason, "cancel-units-reason", &mut read.wrong);
    if read.wrong.is_empty() { Ok(read.lines) } else { Err(request::invalid(read.wrong)) }
}

/// What is to be refunded; the errors of all fields come together.
#[cfg(feature = "ssr")]
pub(crate) fn read_refund(
    shop: &backend::Shop,
    units: &TypedUnits,
    fee: &str,
    amount: &str,
    reason: &str,
) -> Result<CreditRequest, AppError> {
    let locale = request::locale();
    let read = web::read_units(units, locale, |line| field_id("refund", line))?;
    let mut wrong = read.wrong.clone();
    let too_little = t::ORDER_ERROR_AMOUNT.text(locale).to_owned();
    let mut minor = |text: &str, field: &str| match amount_of(text, shop) {
        _ if text.trim().is_empty() => 0,
        Ok(minor) if minor >= 0 => minor,
        Ok(_) => {
            wrong.push((field.to_owned(), too_little.clone()));
            0
        }
        Err(message) => {
            wrong.push((field.to_owned(), message));
            0
        }
    };
    let wanted = CreditRequest { fee: minor(fee, "refund-fee"), amount: minor(amount, "refund-amount"), lines: read.lines.clone() };
    if wrong.is_empty() && wanted == CreditRequest::default() {
        // Beside what was typed: an amount of 0, or units of 0.
        let zeros = [(fee, "refund-fee"), (amount, "refund-amount")].into_iter().filter(|(text, _)| !text.trim().is_empty());
        wrong.extend(zeros.map(|(_, field)| (field.to_owned(), too_little.clone())));
        if units.values().any(|text| !text.trim().is_empty()) {
            wrong.extend(read.at_least_one(locale).wrong);
        }
        if wrong.is_empty() {
            wrong.push(("refund-amount".to_owned(), too_little));
        }
    }
    check_reason(reason, "refund-reason", &mut wrong);
    if wrong.is_empty() { Ok(wanted) } else { Err(request::invalid(wrong)) }
}

#[cfg(feature = "ssr")]
fn at_most(units: i64) -> String {
    let locale = request::locale();
    t::ORDER_ERROR_AT_MOST_UNITS.with(locale, &[("units", &locale.number(units))])
}

/// Everything in a refund that is more than is left, where that is why it was refused.
#[cfg(feature = "ssr")]
pub(crate) async fn refund_faults(
    shop: &backend::Shop,
    ctx: &backend::platform::Context,
    order: OrderId,
    error: &PaymentError,
    wanted: &CreditRequest,
) -> Option<AppError> {
    use domain::credit::CreditError;
    let locale = request::locale();
    if !matches!(error, PaymentError::TooManyUnits { .. } | PaymentError::TooMuchFee(_)) {
        return None;
    }
    let order = backend::order_management::view(shop, ctx, locale, order).await.ok()?;
    let fault = |fault| match fault {
        CreditError::TooManyUnits { line, left } => Some((field_id("refund", line), at_most(left))),
        CreditError::TooMuchFee(left) => {
            let left = locale.money(Money::new(left, order.total.currency));
            Some(("refund-fee".to_owned(), t::ORDER_ERROR_AT_MOST.with(locale, &[("amount", &left)])))
        }
        CreditError::Unknown | CreditError::TooMuch(_) => None,
    };
    let wrong: FieldErrors = credit::faults(&order.price, wanted).into_iter().filter_map(fault).collect();
    (!wrong.is_empty()).then(|| request::invalid(wrong))
}

/// Why units were not cancelled; beside each line of which fewer are open.
#[cfg(feature = "ssr")]
pub(crate) async fn cancel_faults(
    shop: &backend::Shop,
    ctx: &backend::platform::Context,
    order: OrderId,
    error: &OrderChangeError,
    wanted: &[(OrderLineId, i64)],
) -> AppError {
    if matches!(error, OrderChangeError::TooManyUnits { .. })
        && let Ok(order) = backend::order_management::view(shop, ctx, request::locale(), order).await
    {
        let open = |id| order.lines.iter().find(|line| line.id == id).map_or(0, OrderLineView::open);
        let wrong =
            wanted.iter().filter(|(line, units)| *units > open(*line)).map(|(line, _)| (field_id("cancel", *line), at_most(open(*line))));
        let wrong: FieldErrors = wrong.collect();
        if !wrong.is_empty() {
            return request::invalid(wrong);
        }
    }
    crate::list::order_change_error(error)
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
    let lines = lines.iter().map(|line| Choosable { line: line.id, label: line.label(), most: most(line.id) });
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

pub(crate) fn units_of(chosen: &Chosen) -> Vec<(OrderLineId, i64)> {
    let units = |(line, text): &(OrderLineId, RwSignal<String>)| (*line, domain::number_input::whole(&text.get()).unwrap_or(0));
    chosen.iter().map(units).filter(|(_, units)| *units > 0).collect()
}

/// An amount and the tax inside it, as they are before the button is pressed; nothing for what is not possible.
pub(crate) fn preview(label: &'static str, currency: Currency, sum: impl Fn() -> Option<(i64, i64)> + Send + Sync + 'static) -> AnyView {
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

/// What becomes of items that do not go to the shopper.
pub(crate) fn items_cards() -> Vec<RadioCard> {
    let card = |items: ReturnedItems, title: &str| RadioCard { value: items.to_string(), title: title.to_owned(), ..RadioCard::default() };
    vec![
        card(ReturnedItems::Restock, tr!(ADMIN_ORDERS_BACK_ITEMS_RESTOCK)),
        card(ReturnedItems::WriteOff, tr!(ADMIN_ORDERS_BACK_ITEMS_WRITE_OFF)),
    ]
}

/// The form to cancel units of lines that did not leave yet.
pub(crate) fn cancel_units_form(order: &OrderView, key: &str, actions: Actions) -> AnyView {
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
                    <RadioCards legend=tr!(ADMIN_ORDERS_BACK_ITEMS) name="items" cards=items_cards() selected=typed.or("items", ReturnedItems::Restock.as_str())/>
                    <Checkbox label=tr!(ADMIN_ORDERS_CANCEL_WITH_FEE) name="fee" id="cancel-fee" checked=fee on_change=Callback::new(move |on| fee.set(on))/>
                    {preview(tr!(ADMIN_ORDERS_REDUCED_BY), currency, sum)}
                    <Field label=tr!(ADMIN_ORDERS_REASON_CANCEL_UNITS) name="reason" id="cancel-units-reason" value=typed.or("reason", "") maxlength=200 error=wrong(problem, "cancel-units-reason")/>
                    <div><Button kind="submit" look=Look::Danger busy=action.pending()>{tr!(ADMIN_ORDERS_ACTION_CANCEL_UNITS)}</Button></div>
                </div>
            </StaffForm>
        </Disclosure>
    }
    .into_any()
}
