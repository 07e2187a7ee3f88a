//! The form to refund.

use admin_layout::StaffForm;
use domain::Money;
use domain::credit::{self, CreditRequest, Part};
use domain::order::Tender;
use domain::view::OrderView;
use leptos::prelude::*;
use ui::{Button, Disclosure, Field, Look, tr, use_locale};
use web::{ProblemSummary, problem, typed, wrong};

use crate::order::Actions;
use crate::units::{choosable, preview, unit_fields, units_of};

/// The form to refund units of lines, a part of the delivery fee, or another amount.
pub(crate) fn refund_form(order: &OrderView, key: &str, left: Money, actions: Actions) -> AnyView {
    let locale = use_locale();
    let action = actions.refund;
    let (problem, typed) = actions.fallback.with_value(|fallback| (problem(action, fallback), typed(action, fallback)));
    let (id, key, currency) = (order.id.to_string(), typed.or("key", key), left.currency);
    // A cancelled order has no price any more: what goes back is a debt, without tax.
    let (price, overpaid) =
        if order.cancelled.is_some() { (Vec::new(), left.minor) } else { (order.price.clone(), order.overpaid().minor) };
    let units_left = |id| price.iter().find(|part| part.part == Part::Line(id)).map_or(0, credit::PricePart::units_left);
    let (chosen, fields) = unit_fields("refund", choosable(&order.lines, units_left), &typed, problem);
    let fee_left = price.iter().find(|part| part.part.is_delivery()).map_or(0, credit::PricePart::left);
    let (fee, amount) = (RwSignal::new(typed.or("fee", "")), RwSignal::new(typed.or("amount", "")));
    let fee_field = (fee_left > 0).then(|| {
        let hint = tr!(ORDER_ERROR_AT_MOST, amount = locale.money(Money::new(fee_left, currency)));
        view! { <Field label=tr!(ADMIN_ORDERS_REFUND_FEE) name="fee" id="refund-fee" bind=fee inputmode="decimal" optional=true hint error=wrong(problem, "refund-fee")/> }
            .into_any()
    });
    // It is of the payment with the most left first.
    let largest = order.payments.iter().max_by_key(|payment| payment.captured.minor - payment.refunded.minor);
    let in_cash = largest.is_some_and(|payment| payment.tender == Tender::Cash);
    let hint = tr!(ADMIN_ORDERS_REFUND_AMOUNT_HINT, amount = locale.money(left));
    let sum = move || {
        let minor = |text: RwSignal<String>| {
            text.with(|text| if text.trim().is_empty() { Some(0) } else { Money::parse(text, currency).ok().map(|money| money.minor) })
        };
        let wanted = CreditRequest { lines: units_of(&chosen), fee: minor(fee)?, amount: minor(amount)? };
        let (amount, credits) = credit::refund(&price, overpaid, &wanted).ok().filter(|(amount, _)| *amount <= left.minor)?;
        Some((amount, credit::sum(&credits).1))
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
                    {in_cash.then(|| view! { <p class="text-sm">{tr!(ADMIN_ORDERS_REFUND_CASH_NOTE)}</p> })}
                    <Field label=tr!(ADMIN_ORDERS_REASON_REFUND) name="reason" id="refund-reason" value=typed.or("reason", "") maxlength=200 error=wrong(problem, "refund-reason")/>
                    <div><Button kind="submit" look=Look::Danger busy=action.pending()>{tr!(ADMIN_ORDERS_ACTION_REFUND)}</Button></div>
                </div>
            </StaffForm>
        </Disclosure>
    }
    .into_any()
}
