//! The money of an order on its page.

use std::time::Duration;

use admin_layout::{StaffForm, is_typing};
use domain::Money;
use domain::id::OrderId;
use domain::order::{AttemptState, DeliveryState, ParcelState, PaymentMethod, PaymentState};
use domain::permission::Permission;
use domain::view::{OrderView, PaymentView, RefundView};
use leptos::prelude::*;
use ui::{Alert, Badge, Button, Facts, Field, Look, Panel, Tone, When, icon, tr, use_locale};
use web::{ProblemSummary, problem, typed, wrong};

use crate::order::Actions;
use crate::refund::refund_form;

/// The cash to collect for the last open parcel of an order.
pub(crate) fn cash_of_last(order: &OrderView) -> Option<Money> {
    let underway = order.parcels.iter().filter(|parcel| parcel.state == ParcelState::Shipped).count();
    let is_last = order.unsent == 0 && underway == 1;
    Some(order.due()).filter(|due| is_last && due.minor > 0 && order.payment_method == PaymentMethod::Cash)
}

/// The panel: payment method, what was captured and refunded, what the bank holds, and the actions. `may` says what the user may do.
pub(crate) fn money(order: &OrderView, key: &str, may: impl Fn(Permission) -> bool, actions: Actions) -> AnyView {
    let locale = use_locale();
    let method = order.payment_method.words(order.delivery_address.is_some()).text(locale);
    let in_cash = order.payment_method == PaymentMethod::Cash;
    // Everything was delivered, and less cash came than was due.
    let missing = Some(order.due()).filter(|due| due.minor > 0 && in_cash && order.delivery == DeliveryState::Delivered);
    let left = order.refundable();
    let to_pay = if missing.is_some() { tr!(ADMIN_ORDERS_STILL_DUE) } else { tr!(ORDER_TO_PAY) };
    let received = if in_cash { tr!(ADMIN_ORDERS_RECEIVED_SO_FAR) } else { tr!(ADMIN_ORDERS_CAPTURED_SO_FAR) };
    let is_returning = order.returning.minor > 0;
    let facts = [
        (tr!(CART_TOTAL), order.total, true),
        (tr!(ORDER_WAIVED), Money::new(-order.waived.minor, order.waived.currency), order.waived.minor > 0),
        (to_pay, order.due(), order.due().minor > 0),
        (tr!(ADMIN_ORDERS_BEING_CHARGED), order.capturing, order.capturing.minor > 0),
        (received, order.captured, true),
        (tr!(ADMIN_ORDERS_REFUNDED_SO_FAR), order.refunded, true),
        (tr!(ADMIN_ORDERS_RETURNING), order.returning, is_returning),
        (tr!(ADMIN_ORDERS_REFUNDABLE), left, is_returning),
    ];
    let facts = facts.into_iter().filter(|(_, _, is_shown)| *is_shown).map(|(label, money, _)| (label.to_owned(), locale.money(money)));
    let facts = [(tr!(ORDER_PAYMENT).to_owned(), method.to_owned())].into_iter().chain(facts).chain(held(order)).collect::<Vec<_>>();
    let (refunds, key) = (refunds(&order.refunds, may(Permission::FulfilOrders), actions), key.to_owned());
    let failed = order.payment_failure.clone();
    let id = order.id;
    let refund_form = (may(Permission::RefundPayments) && left.minor > 0).then(|| refund_form(order, &key, left, actions));
    let is_charging = order.capturing.minor > 0;
    // A card was captured in part: the bank may hold more by another attempt. Otherwise the rest comes in cash or by transfer.
    let has_rest = !in_cash && order.captured.minor > 0 && order.due().minor > 0;
    let is_held = order.payments.iter().any(|payment| payment.state == AttemptState::Authorised);
    let is_rest_in_cash = has_rest && !is_held;
    let to_capture =
        may(Permission::CapturePayments) && !is_charging && (order.payment == PaymentState::Authorised || missing.is_some() || has_rest);
    let charging = is_charging.then(|| {
        reread_soon(actions);
        let text = tr!(ADMIN_ORDERS_BEING_CHARGED_BODY, amount = locale.money(order.capturing));
        view! { <Alert tone=Tone::Info>{text}</Alert> }.into_any()
    });
    let words = if missing.is_some() || is_rest_in_cash { tr!(ADMIN_ORDERS_ACTION_CASH) } else { tr!(ADMIN_ORDERS_ACTION_CAPTURE) };
    view! {
        <Panel title=tr!(ORDER_PAYMENT)>
            <div class="flex flex-col gap-4">
                <Facts facts/>
                {failed.map(|reason| view! { <Alert tone=Tone::Danger>{reason}</Alert> })}
                {refunds}
                {charging}
                {(to_capture && is_rest_in_cash).then(|| view! { <p class="text-sm text-quiet">{tr!(ADMIN_ORDERS_REST_IN_CASH)}</p> }.into_any())}
                {to_capture.then(|| capture_form(id, &key, words, actions))}
                {refund_form}
            </div>
        </Panel>
    }
    .into_any()
}

/// What the bank holds for payments of the order, and until when where that is known.
fn held(order: &OrderView) -> Vec<(String, String)> {
    let locale = use_locale();
    let authorised = order.payments.iter().filter(|payment| payment.state == AttemptState::Authorised);
    let fact = |payment: &PaymentView| {
        let amount = locale.money(payment.authorised);
        let words = match payment.authorised_until {
            Some(until) => tr!(ADMIN_ORDERS_HELD_UNTIL, amount = amount, date = locale.date(until, ui::use_time_zone())),
            None => amount,
        };
        (tr!(ADMIN_ORDERS_HELD_BY_BANK).to_owned(), words)
    };
    authorised.map(fact).collect()
}

/// Reads the page again in a moment, unless somebody is typing then: the bank answers soon.
fn reread_soon(actions: Actions) {
    const SOON: Duration = Duration::from_secs(2);
    Effect::new(move || {
        let timer = set_interval_with_handle(
            move || {
                if !is_typing() {
                    actions.stale.run(());
                }
            },
            SOON,
        );
        on_cleanup(move || {
            if let Ok(timer) = timer {
                timer.clear();
            }
        });
    });
}

/// The refunds; those that the staff hand over with a button that says that they did.
fn refunds(refunds: &[RefundView], may_hand_over: bool, actions: Actions) -> AnyView {
    if refunds.is_empty() {
        return ().into_any();
    }
    let locale = use_locale();
    let one = |refund: &RefundView| {
        let (tone, state) = match refund.state.as_str() {
            "done" if refund.handed_over.is_some() => (Tone::Success, tr!(ADMIN_ORDERS_REFUND_HANDED_OVER)),
            "done" if refund.by_hand => (Tone::Info, tr!(ADMIN_ORDERS_REFUND_BY_HAND)),
            "done" => (Tone::Success, tr!(ADMIN_ORDERS_REFUND_DONE)),
            "failed" => (Tone::Danger, tr!(ADMIN_ORDERS_REFUND_FAILED)),
            _ => (Tone::Warning, tr!(ADMIN_ORDERS_REFUND_PENDING)),
        };
        let failure = refund.failure.clone().map(|failure| view! { <p class="tone-danger tone-ink text-sm">{failure}</p> }.into_any());
        let part = |(what, amount): &(String, Money)| format!("{what}: {}", locale.money(*amount));
        let tax = (refund.tax.minor > 0).then(|| tr!(ADMIN_ORDERS_REFUND_TAX, amount = locale.money(refund.tax)));
        let of: Vec<String> = refund.of.iter().map(part).chain(tax).collect();
        let of = (!of.is_empty()).then(|| view! { <p class="text-sm">{of.join(" · ")}</p> }.into_any());
        let by_hand = match &refund.handed_over {
            Some((at, actor)) => {
                let words = format!("{}: {actor}", tr!(ADMIN_ORDERS_REFUND_HANDED_OVER));
                view! { <p class="text-sm text-quiet">{words}" · "<When at=*at/></p> }.into_any()
            }
            None if refund.by_hand => handing_over(refund, may_hand_over, actions),
            None => ().into_any(),
        };
        view! {
            <li class="py-2">
                <p class="flex items-center justify-between gap-3">
                    <span class="figures font-medium">{locale.money(refund.amount)}</span>
                    <Badge tone>{state}</Badge>
                </p>
                {of}
                <p class="break-words">{refund.reason.clone()}</p>
                <p class="text-sm text-quiet">{refund.actor.clone()}" · "<When at=refund.at/></p>
                {by_hand}
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

/// What the staff are to hand over, and the button that says that they did.
fn handing_over(refund: &RefundView, may: bool, actions: Actions) -> AnyView {
    let (action, id) = (actions.hand_over, refund.id.to_string());
    let problem = actions.fallback.with_value(|fallback| problem(action, fallback));
    let form = may.then(|| {
        view! {
            <ProblemSummary problem/>
            <StaffForm action>
                <input type="hidden" name="refund" value=id/>
                <Button kind="submit" look=Look::Outline icon=icon::CHECK busy=action.pending()>{tr!(ADMIN_ORDERS_ACTION_HANDED_OVER)}</Button>
            </StaffForm>
        }
        .into_any()
    });
    view! {
        <p class="text-sm mb-2">{tr!(ADMIN_ORDERS_REFUND_BY_HAND_BODY)}</p>
        {form}
    }
    .into_any()
}

fn capture_form(order: OrderId, key: &str, words: &'static str, actions: Actions) -> AnyView {
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
