//! The return page from the gateway: the payment's result, and the next step.

use std::time::Duration;

use domain::Money;
use domain::order::{PaymentMethod, PaymentState};
use domain::view::{CancelledMoney, UnpaidView};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;
use ui::{Alert, LinkButton, Look, SkeletonText, Tone, tr, use_locale};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

use super::{BackIntoCart, LINK, UnpaidActions};
use crate::error_page::ErrorPage;
use crate::seo::NotIndexed;

#[cfg(feature = "ssr")]
use domain::id::OrderId;
#[cfg(feature = "ssr")]
use web::request;

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadReturn>(), access_of::<SyncPayment>()];

/// The time between two requests to the gateway.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The payment status of an order, for the return page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentStatus {
    pub number: String,
    /// Less what is waived.
    pub total: Money,
    pub method: PaymentMethod,
    pub payment: PaymentState,
    /// What goes back of an order that was cancelled.
    pub returned_on_cancel: Money,
    pub refunded: Money,
    /// For an order that waits for its payment by card.
    pub unpaid: Option<UnpaidView>,
    /// The gateway has no result yet.
    pub bank: Option<Bank>,
    pub failure: Option<String>,
    /// Why it was cancelled.
    pub cancelled: Option<String>,
    /// The token of the order's signed link; only for the browser that placed it.
    pub token: Option<String>,
}

/// Why the gateway has no result yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bank {
    AtWork,
    /// The gateway could not be reached.
    Unreached,
}

impl PaymentStatus {
    fn is_paid(&self) -> bool {
        self.cancelled.is_none() && matches!(self.payment, PaymentState::Authorised | PaymentState::Paid)
    }
}

#[cfg(feature = "ssr")]
async fn payment_status(order: OrderId) -> Result<PaymentStatus, AppError> {
    let shop = request::shop()?;
    let bank = match backend::payments::sync_paced(&shop, order).await {
        Ok(at_work) => at_work.then_some(Bank::AtWork),
        Err(error) => {
            // The timer or the webhook does it later.
            tracing::warn!(%order, %error, "the gateway could not be reached");
            Some(Bank::Unreached)
        }
    };
    let view = backend::order_management::as_shopper(&shop, request::locale(), order).await.map_err(|error| match error {
        backend::orders::OrderError::Unknown => request::not_found(),
        other => request::unexpected(&other),
    })?;
    let is_theirs = super::unpaid::remembered_order(&shop) == Some(order);
    Ok(PaymentStatus {
        total: view.price_now(),
        number: view.number,
        method: view.payment_method,
        payment: view.payment,
        returned_on_cancel: view.returned_on_cancel,
        refunded: view.refunded,
        bank: bank.filter(|_| view.unpaid.is_some()),
        unpaid: view.unpaid,
        failure: view.payment_failure,
        // Shoppers know when they cancelled it themselves.
        cancelled: view.cancelled.map(|(_, reason)| if view.cancelled_by_shopper { String::new() } else { reason }),
        token: is_theirs.then(|| super::unpaid::token_of(&shop, order)),
    })
}

/// The payment status of an order. Asks the gateway, which changes nothing by itself.
#[server(endpoint = "read_return", input = Json, output = Answer)]
pub async fn read_return(order: String) -> Result<PaymentStatus, AppError> {
    let order: OrderId = order.parse().map_err(|_| request::not_found())?;
    let found = payment_status(order).await?;
    if let Some(token) = found.token.as_ref().filter(|_| found.is_paid()) {
        request::redirect(&format!("{LINK}{token}"));
    }
    Ok(found)
}
access!(ReadReturn, Access::Public);

/// Asks the gateway again.
#[server(endpoint = "sync_payment", input = Json, output = Answer)]
pub async fn sync_payment(order: String) -> Result<PaymentStatus, AppError> {
    let order: OrderId = order.parse().map_err(|_| request::not_found())?;
    payment_status(order).await
}
access!(SyncPayment, Access::Public);

#[derive(Debug)]
pub struct ReturnPage;

lazy_page!(ReturnPage, buying, return_page);

fn return_page() -> AnyView {
    let query = use_query_map();
    let order = Memo::new(move |_| query.with(|query| query.get("order").unwrap_or_default()));
    let found = resource(move || order.get(), read_return);
    view! {
        <Title text=tr!(CHECKOUT_PAYMENT_TITLE)/>
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=4/> }>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(status) => view! { <PaymentResult status order=order.get_untracked()/> }.into_any(),
                    Err(error) => view! { <ErrorPage error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn PaymentResult(status: PaymentStatus, order: String) -> impl IntoView {
    let number = status.number.clone();
    let here = format!("/checkout/return?order={order}");
    let now = RwSignal::new(status);
    let order = StoredValue::new(order);
    Effect::new(move || {
        let (waits, onward) = now.with(|now| (now.bank.is_some(), now.token.clone().filter(|_| now.is_paid())));
        if let Some(token) = onward {
            // When the page cannot be opened: the order's mail has the same link.
            let _ = window().location().replace(&format!("{LINK}{token}"));
        } else if waits {
            poll(order, now);
        }
    });
    view! {
        <div class="max-w-xl mx-auto py-10 flex flex-col gap-5">
            <h1 class="text-3xl">{tr!(ORDER_NUMBER, number = number)}</h1>
            <div id="payment-state" class="flex flex-col gap-5" data-state=move || now.with(|now| now.payment.as_str())>
                {move || result_view(&now.get(), here.clone())}
            </div>
        </div>
    }
    .into_any()
}

/// The payment's result, and the next steps.
fn result_view(now: &PaymentStatus, here: String) -> AnyView {
    let locale = use_locale();
    let alert = |tone: Tone, words: String| view! { <Alert tone><p>{words}</p></Alert> }.into_any();
    // Less prominent than the button to pay.
    let look = if now.unpaid.is_some() { Look::Outline } else { Look::Primary };
    let to_order = || {
        let link =
            |token: &String| view! { <LinkButton href=format!("{LINK}{token}") look>{tr!(CHECKOUT_TO_ORDER)}</LinkButton> }.into_any();
        now.token.as_ref().map(link)
    };
    let home = || view! { <LinkButton href="/" look=Look::Outline>{tr!(ERROR_HOME_ACTION)}</LinkButton> }.into_any();
    if let Some(reason) = &now.cancelled {
        let money = CancelledMoney::of(now.method, now.returned_on_cancel).words(locale);
        let words = match now.payment {
            PaymentState::Voided => tr!(CHECKOUT_CANCELLED_UNPAID).to_owned(),
            _ => format!("{} {money}", tr!(ORDER_CANCELLED_NOTE)),
        };
        let reason = (!reason.is_empty()).then(|| view! { <p class="text-sm mt-1">{reason.clone()}</p> }.into_any());
        let again = now.token.clone().map(|token| view! { <BackIntoCart words=tr!(CHECKOUT_BACK_INTO_CART) token/> }.into_any());
        return view! {
            <Alert tone=Tone::Warning><p>{words}</p>{reason}</Alert>
            {again}
            <div class="flex flex-wrap gap-3">{to_order()}{home()}</div>
        }
        .into_any();
    }
    let (words, pay) = match (now.bank, now.unpaid, now.payment) {
        (Some(Bank::AtWork), Some(_), _) => (alert(Tone::Info, tr!(CHECKOUT_PAYMENT_PENDING).into()), None),
        (Some(Bank::Unreached), Some(_), _) => (alert(Tone::Info, tr!(CHECKOUT_PAYMENT_UNREACHED).into()), None),
        (None, Some(_), PaymentState::Failed) => {
            let why = now.failure.clone().map(|why| view! { <p class="text-sm mt-1">{why}</p> }.into_any());
            let words = view! { <Alert tone=Tone::Danger><p>{tr!(CHECKOUT_PAYMENT_DECLINED_ORDER)}</p>{why}</Alert> }.into_any();
            (words, Some(tr!(CHECKOUT_RETRY)))
        }
        (None, Some(_), PaymentState::RequiresAction) => {
            (alert(Tone::Warning, tr!(CHECKOUT_PAYMENT_CONFIRM).into()), Some(tr!(CHECKOUT_GO_ON)))
        }
        (None, Some(_), _) => {
            let (title, words) =
                (tr!(CHECKOUT_WAITS_TITLE, number = now.number), tr!(CHECKOUT_WAITS_BODY, total = locale.money(now.total)));
            (view! { <Alert tone=Tone::Warning title><p>{words}</p></Alert> }.into_any(), Some(tr!(CHECKOUT_PAY_NOW)))
        }
        (_, None, _) if now.method == PaymentMethod::Cash => {
            (alert(Tone::Success, tr!(CHECKOUT_PAYMENT_CASH, amount = locale.money(now.total))), None)
        }
        (_, None, PaymentState::PartlyRefunded) => {
            (alert(Tone::Success, tr!(CHECKOUT_PAYMENT_PART_REFUNDED, amount = locale.money(now.refunded))), None)
        }
        (_, None, PaymentState::Refunded) => (alert(Tone::Info, tr!(CHECKOUT_PAYMENT_REFUNDED, amount = locale.money(now.refunded))), None),
        (_, None, _) => (alert(Tone::Success, tr!(CHECKOUT_PAYMENT_DONE).into()), None),
    };
    let actions = match (pay, now.unpaid, now.token.clone()) {
        (Some(pay), Some(unpaid), Some(token)) => view! { <UnpaidActions token unpaid pay/> }.into_any(),
        (Some(_), Some(_), None) => view! { <p>{tr!(CHECKOUT_PAYMENT_ELSEWHERE)}</p> }.into_any(),
        _ => ().into_any(),
    };
    let look_again = now
        .bank
        .map(|_| view! { <span class="without-script"><LinkButton href=here>{tr!(CHECKOUT_LOOK_AGAIN)}</LinkButton></span> }.into_any());
    view! {
        {words}
        {actions}
        <div class="flex flex-wrap gap-3">{look_again}{to_order()}{home()}</div>
    }
    .into_any()
}

/// Asks the gateway again after a while, until it has a result or the page is left.
fn poll(order: StoredValue<String>, now: RwSignal<PaymentStatus>) {
    set_timeout(
        move || {
            let Some(order_id) = order.try_get_value() else { return };
            spawn_local(async move {
                match sync_payment(order_id).await {
                    Ok(next) if now.try_with_untracked(|now| *now == next) == Some(true) => poll(order, now),
                    Ok(next) => drop(now.try_set(next)),
                    // No network: try again later.
                    Err(_) => poll(order, now),
                }
            });
        },
        POLL_INTERVAL,
    );
}
