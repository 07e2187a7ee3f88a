//! The money of an order on its page.

use admin_frame::StaffForm;
use domain::id::OrderId;
use domain::order::{AttemptState, DeliveryState, ParcelState, PaymentMethod, PaymentState};
use domain::view::{OrderView, RefundView};
use domain::Money;
use leptos::prelude::*;
use session::{ProblemSummary, problem, typed, wrong};
use ui::{Alert, Badge, Button, Facts, Field, Panel, Tone, When, icon, tr, use_locale};

use crate::order::Actions;
use crate::units::refunding;

/// The amount still due.
fn due(order: &OrderView) -> Money {
    Money::new(order.total.minor - order.waived.minor - order.captured.minor, order.total.currency)
}

/// The cash to collect for the last open parcel of an order.
pub(crate) fn cash_of_last(order: &OrderView) -> Option<Money> {
    let underway = order.parcels.iter().filter(|parcel| parcel.state == ParcelState::Shipped).count();
    let is_last = order.unsent == 0 && underway == 1;
    Some(due(order)).filter(|due| is_last && due.minor > 0 && order.payment_method == PaymentMethod::Cod)
}

/// The panel: payment method, what was captured and refunded, what the bank holds, and the actions.
pub(crate) fn money(order: &OrderView, key: &str, may_capture: bool, may_refund: bool, actions: Actions) -> AnyView {
    let locale = use_locale();
    let method = match order.payment_method {
        PaymentMethod::Cod => tr!(CHECKOUT_PAYMENT_COD),
        PaymentMethod::Card => tr!(CHECKOUT_PAYMENT_CARD),
    };
    let mut facts = vec![
        (tr!(ORDER_PAYMENT).to_owned(), method.to_owned()),
        (tr!(CART_TOTAL).to_owned(), locale.money(order.total)),
        (tr!(ADMIN_ORDERS_CAPTURED_SO_FAR).to_owned(), locale.money(order.captured)),
        (tr!(ADMIN_ORDERS_REFUNDED_SO_FAR).to_owned(), locale.money(order.refunded)),
    ];
    for held in order.payments.iter().filter(|payment| payment.state == AttemptState::Authorised) {
        let amount = locale.money(held.authorised);
        let words = match held.authorised_until {
            Some(until) => tr!(ADMIN_ORDERS_HELD_UNTIL, amount = amount, date = locale.date(until, ui::use_time_zone())),
            None => amount,
        };
        facts.push((tr!(ADMIN_ORDERS_HELD_BY_BANK).to_owned(), words));
    }
    let left = Money::new(order.captured.minor - order.refunded.minor - order.returning.minor, order.captured.currency);
    if order.returning.minor > 0 {
        facts.push((tr!(ADMIN_ORDERS_RETURNING).to_owned(), locale.money(order.returning)));
        facts.push((tr!(ADMIN_ORDERS_REFUNDABLE).to_owned(), locale.money(left)));
    }
    // Everything was delivered, and less cash came than was due.
    let missing = Some(due(order))
        .filter(|due| due.minor > 0 && order.payment_method == PaymentMethod::Cod && order.delivery == DeliveryState::Delivered);
    if let Some(missing) = missing {
        facts.push((tr!(ADMIN_ORDERS_STILL_DUE).to_owned(), locale.money(missing)));
    }
    let (refunds, key) = (refunds(&order.refunds), key.to_owned());
    let failed = order.payment_failure.clone();
    let id = order.id;
    let refund_form = (may_refund && left.minor > 0).then(|| refunding(order, &key, left, actions));
    let to_capture = may_capture && (order.payment == PaymentState::Authorised || missing.is_some());
    let words = if missing.is_some() { tr!(ADMIN_ORDERS_ACTION_CASH) } else { tr!(ADMIN_ORDERS_ACTION_CAPTURE) };
    view! {
        <Panel title=tr!(ORDER_PAYMENT)>
            <div class="flex flex-col gap-4">
                <Facts facts/>
                {failed.map(|reason| view! { <Alert tone=Tone::Danger>{reason}</Alert> })}
                {refunds}
                {to_capture.then(|| capturing(id, &key, words, actions))}
                {refund_form}
            </div>
        </Panel>
    }
    .into_any()
}

fn refunds(refunds: &[RefundView]) -> AnyView {
    if refunds.is_empty() {
        return ().into_any();
    }
    let locale = use_locale();
    let one = |refund: &RefundView| {
        let (tone, state) = match refund.state.as_str() {
            "done" => (Tone::Success, tr!(ADMIN_ORDERS_REFUND_DONE)),
            "failed" => (Tone::Danger, tr!(ADMIN_ORDERS_REFUND_FAILED)),
            _ => (Tone::Warning, tr!(ADMIN_ORDERS_REFUND_PENDING)),
        };
        let failure = refund.failure.clone().map(|failure| view! { <p class="tone-danger tone-ink text-sm">{failure}</p> }.into_any());
        view! {
            <li class="py-2">
                <p class="flex items-center justify-between gap-3">
                    <span class="figures font-medium">{locale.money(refund.amount)}</span>
                    <Badge tone>{state}</Badge>
                </p>
                <p class="break-words">{refund.reason.clone()}</p>
                <p class="text-sm text-quiet">{refund.actor.clone()}" · "<When at=refund.at/></p>
                {failure}
            </li>
        }
        .into_any()
    };
    let all = refunds.iter().map(one).collect_view();
    view! {
        <div>
            <h3 class="text-sm text-quiet">{tr!(ADMIN_ORDERS_REFUNDS)}</h3>
            <ul class="divide-y divide-hairline">{all}</ul>
        </div>
    }
    .into_any()
}

fn capturing(order: OrderId, key: &str, words: &'static str, actions: Actions) -> AnyView {
    let action = actions.capture;
    let (problem, typed) = actions.fallback.with_value(|fallback| (problem(action, fallback), typed(action, fallback)));
    let key = typed.or("key", key);
    view! {
        <ProblemSummary problem/>
        <StaffForm action>
            <input type="hidden" name="order" value=order.to_string()/>
            <input type="hidden" name="key" value=key/>
            <div class="flex flex-col gap-3">
                <Field label=tr!(ADMIN_ORDERS_AMOUNT) name="amount" id="capture-amount" value=typed.or("amount", "") inputmode="decimal" optional=true hint=tr!(ADMIN_ORDERS_AMOUNT_ALL) error=wrong(problem, "capture-amount")/>
                <div><Button kind="submit" icon=icon::CREDIT_CARD busy=action.pending()>{words}</Button></div>
            </div>
        </StaffForm>
    }
    .into_any()
}
